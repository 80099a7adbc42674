//! Columns as the house's own types. The types live in crates without diesel, so [`Column`] stands between.

use access::{MemberState, Role};
use diesel::{
    deserialize::{self, Queryable},
    pg::Pg,
    sql_types,
};
use types::{
    AccountId, DeletionId, EntryId, FactorId, GrantId, HoldId, JobId, OrganizationId, SchemaName, SessionId,
    SourceId, TokenId,
};
use uuid::Uuid;

/// A column's value on its way to a type of ours; named in `deserialize_as`.
#[allow(unreachable_pub, reason = "derived code of public rows names it")]
pub struct Column<T>(T);

macro_rules! id_columns {
    ($($name:ident),+) => {
        $(
            impl Queryable<sql_types::Uuid, Pg> for Column<$name> {
                type Row = Uuid;
                fn build(id: Uuid) -> deserialize::Result<Self> {
                    Ok(Self($name(id)))
                }
            }
            impl Queryable<sql_types::Nullable<sql_types::Uuid>, Pg> for Column<Option<$name>> {
                type Row = Option<Uuid>;
                fn build(id: Option<Uuid>) -> deserialize::Result<Self> {
                    Ok(Self(id.map($name)))
                }
            }
            impl From<Column<$name>> for $name {
                fn from(column: Column<$name>) -> Self {
                    column.0
                }
            }
            impl From<Column<Option<$name>>> for Option<$name> {
                fn from(column: Column<Option<$name>>) -> Self {
                    column.0
                }
            }
        )+
    };
}

id_columns!(
    AccountId,
    DeletionId,
    EntryId,
    FactorId,
    GrantId,
    HoldId,
    JobId,
    OrganizationId,
    SessionId,
    SourceId,
    TokenId
);

macro_rules! parsed_columns {
    ($($name:ident),+) => {
        $(
            impl Queryable<sql_types::Text, Pg> for Column<$name> {
                type Row = String;
                fn build(text: String) -> deserialize::Result<Self> {
                    Ok(Self(text.parse()?))
                }
            }
            impl From<Column<$name>> for $name {
                fn from(column: Column<$name>) -> Self {
                    column.0
                }
            }
        )+
    };
}

parsed_columns!(Role, SchemaName);

/// A member's state as text.
pub(super) fn member_state_name(state: MemberState) -> &'static str {
    match state {
        MemberState::Invited => "invited",
        MemberState::Active => "active",
        MemberState::Disabled => "disabled",
    }
}

impl Queryable<sql_types::Text, Pg> for Column<MemberState> {
    type Row = String;
    fn build(text: String) -> deserialize::Result<Self> {
        let states = [MemberState::Invited, MemberState::Active, MemberState::Disabled];
        let state = states.into_iter().find(|state| member_state_name(*state) == text);
        Ok(Self(
            state.ok_or_else(|| format!("{text:?} is no state of a member"))?,
        ))
    }
}

impl From<Column<MemberState>> for MemberState {
    fn from(column: Column<MemberState>) -> Self {
        column.0
    }
}

impl<const N: usize> Queryable<sql_types::Binary, Pg> for Column<[u8; N]> {
    type Row = Vec<u8>;
    fn build(bytes: Vec<u8>) -> deserialize::Result<Self> {
        let length = bytes.len();
        let bytes = bytes
            .try_into()
            .map_err(|_| format!("{length} bytes where {N} were promised"))?;
        Ok(Self(bytes))
    }
}

impl<const N: usize> From<Column<[u8; N]>> for [u8; N] {
    fn from(column: Column<[u8; N]>) -> Self {
        column.0
    }
}

/// An enum that is a text column with one name per variant.
macro_rules! text_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The name in the database and the API.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl diesel::deserialize::Queryable<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            type Row = String;
            fn build(text: String) -> diesel::deserialize::Result<Self> {
                match text.as_str() {
                    $($text => Ok(Self::$variant),)+
                    other => Err(format!("{other:?} is no {}", stringify!($name)).into()),
                }
            }
        }
    };
}

pub(super) use text_enum;
