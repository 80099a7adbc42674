//! Cursors: a place in a list, signed, so that nobody can make one up or use another list's.
//!
//! Text form: base64url of `turn(1) || JSON of the position || tag(32)`. The tag covers organization, dataset, sort order and
//! filter, so a cursor works only for the query that it was made for.

use crate::{
    Workspace,
    error::{PlatformError, Result},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};
use store::tenant::query::{Position, Turn};
use types::{Dataset, FieldKind, FieldRef, ProblemCode, RecordId, Sort, Value};
use vault::{Purpose, mac};

/// Longest text of a cursor.
const CURSOR_MAX: usize = 8_192;
const TAG: usize = 32;

/// What a cursor is tied to.
pub(crate) struct Scope {
    context: Vec<u8>,
}

impl Scope {
    /// The scope of a query, out of its text.
    pub(crate) fn new(dataset: &Dataset, query: &str) -> Self {
        Self {
            context: format!("list/{}/{query}", dataset.id).into_bytes(),
        }
    }
}

/// The text of a place.
pub(crate) fn write_cursor(
    workspace: &Workspace,
    scope: &Scope,
    position: &Position,
    turn: Turn,
) -> Result<String> {
    let values: Vec<Json> = position.values.iter().map(Value::to_json).collect();
    let mut bytes = vec![u8::from(turn == Turn::Backward)];
    bytes.extend(
        json!({"values": values, "id": position.id})
            .to_string()
            .into_bytes(),
    );
    let key = workspace.keys().current(Purpose::Cursors);
    let tag = mac::tag(key, &scope.context, &bytes);
    bytes.extend(tag);
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// The place of a text.
pub(crate) fn read_cursor(
    workspace: &Workspace,
    scope: &Scope,
    dataset: &Dataset,
    sort: &[Sort],
    text: &str,
) -> Result<(Position, Turn)> {
    let refused = || PlatformError::new(ProblemCode::BadCursor, "begin again without the cursor");
    let bytes = Some(text)
        .filter(|text| text.len() <= CURSOR_MAX)
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    let bytes = bytes.ok_or_else(refused)?;
    let (signed, tag) = bytes.split_at(bytes.len().checked_sub(TAG).ok_or_else(refused)?);
    let known = workspace.keys().newest_first(Purpose::Cursors);
    let mut tags = known.map(|key| mac::tag(key, &scope.context, signed));
    let right = tags.any(|made| openssl::memcmp::eq(&made, tag));
    let (turn, document) = signed.split_first().filter(|_| right).ok_or_else(refused)?;
    let json: Json = serde_json::from_slice(document).map_err(|_| refused())?;
    let position = read_position(dataset, sort, &json).ok_or_else(refused)?;
    Ok((position, if *turn == 1 { Turn::Backward } else { Turn::Forward }))
}

fn read_position(dataset: &Dataset, sort: &[Sort], json: &Json) -> Option<Position> {
    let id: RecordId = json.get("id")?.as_str()?.parse().ok()?;
    let values = json.get("values")?.as_array()?.iter();
    let kinds = sort.iter().map(|key| kind_of(dataset, key.field));
    let values: Option<Vec<Value>> = kinds
        .zip(values)
        .map(|(kind, json)| Value::from_json(kind, json).ok())
        .collect();
    values
        .filter(|values| values.len() == sort.len())
        .map(|values| Position { values, id })
}

fn kind_of(dataset: &Dataset, field: FieldRef) -> FieldKind {
    match field {
        FieldRef::Id => FieldKind::Reference,
        FieldRef::CreatedAt | FieldRef::UpdatedAt => FieldKind::Timestamp,
        FieldRef::Field(id) => dataset
            .field_by_id(id)
            .map_or(FieldKind::Text, |(_, field)| field.kind),
    }
}

/// A record's place in a sort order.
pub(crate) fn position_of(dataset: &Dataset, sort: &[Sort], record: &types::Record) -> Position {
    let value = |key: &Sort| match key.field {
        FieldRef::Id => Value::Reference(record.id),
        FieldRef::CreatedAt => Value::Timestamp(record.created_at),
        FieldRef::UpdatedAt => Value::Timestamp(record.updated_at),
        FieldRef::Field(id) => dataset
            .field_by_id(id)
            .and_then(|(place, _)| record.values.get(place).cloned())
            .unwrap_or(Value::Empty),
    };
    Position {
        values: sort.iter().map(value).collect(),
        id: record.id,
    }
}
