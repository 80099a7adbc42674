//! `strongroom dataset`

use super::Common;
use crate::{
    client::{
        Client, Connection,
        show::{items, member},
    },
    failure::{CommandError, Exit},
    output::{Format, talk},
};
use clap::{Args, Subcommand};
use serde_json::{Map, Value as Json, json};
use std::{fs, path::PathBuf};
use types::FieldKind;

#[derive(Debug, Args)]
pub(super) struct Dataset {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List datasets
    List,
    /// Show a dataset with its fields
    Show {
        /// The dataset's key
        dataset: String,
    },
    /// Create a dataset
    Create(Create),
    /// Add a field to a dataset
    AddField(AddField),
    /// Make a text field sensitive: sealed from then on, with no way back
    MakeSensitive {
        /// The dataset's key
        dataset: String,
        /// The field's key
        field: String,
    },
}

#[derive(Debug, Args)]
struct Create {
    /// Its name for people
    #[arg(required_unless_present = "file")]
    label: Option<String>,
    /// Its key in addresses; made from the name if not given
    #[arg(long)]
    key: Option<String>,
    /// What it is for
    #[arg(long)]
    description: Option<String>,
    /// A field; repeat for more, and add rules later
    #[arg(long = "field", value_name = "LABEL=KIND")]
    fields: Vec<String>,
    /// The whole definition as JSON, as the API takes it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["label", "key", "description", "fields"])]
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct AddField {
    /// The dataset's key
    dataset: String,
    /// The field's name for people
    label: String,
    /// What it holds
    #[arg(long, value_parser = kind)]
    kind: FieldKind,
    /// Its key; made from the name if not given
    #[arg(long)]
    key: Option<String>,
    /// Every record has a value
    #[arg(long)]
    required: bool,
    /// No two records have the same value
    #[arg(long)]
    unique: bool,
    /// The choices of a choice, joined by commas
    #[arg(long, value_delimiter = ',')]
    choices: Vec<String>,
    /// The dataset that a reference points to
    #[arg(long, value_name = "DATASET")]
    references: Option<String>,
    /// A sentence for those who fill it in
    #[arg(long = "about", value_name = "TEXT")]
    about: Option<String>,
}

impl Dataset {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let client = Client::open(common, &self.connection)?;
        let format = common.format();
        match &self.act {
            Act::List => list(&client, format),
            Act::Show { dataset } => show(&client.get(&["datasets", dataset], &[])?, format),
            Act::Create(create) => show(
                &client.post(&["datasets"], None, Some(&create.definition()?))?,
                format,
            ),
            Act::AddField(add) => {
                let parts = ["datasets", &add.dataset, "fields"];
                show(&client.post(&parts, None, Some(&add.definition()))?, format)
            }
            Act::MakeSensitive { dataset, field } => {
                let changed =
                    client.post(&["datasets", dataset, "fields", field, "sensitive"], None, None)?;
                talk(&format!("{field} is sensitive now; its values are sealed"));
                show(&changed, format)
            }
        }
    }
}

fn list(client: &Client, format: Format) -> Result<(), CommandError> {
    let answer = client.get(&["datasets"], &[])?;
    let row = |dataset: &Json| {
        let fields = items(dataset, "fields").len().to_string();
        vec![
            member(dataset, "key"),
            member(dataset, "label"),
            fields,
            member(dataset, "description"),
        ]
    };
    let rows = items(&answer, "datasets").iter().map(row).collect();
    format.list(&["key", "label", "fields", "description"], rows, &answer)
}

fn show(dataset: &Json, format: Format) -> Result<(), CommandError> {
    let row = |field: &Json| {
        let flag = |name: &str, on: &'static str| if field[name] == on { on } else { "" };
        let flags = [
            flag("presence", "required"),
            flag("uniqueness", "unique"),
            flag("indexing", "indexed"),
        ];
        let flags: Vec<&str> = flags.into_iter().filter(|flag| !flag.is_empty()).collect();
        let references = member(field, "references");
        let rules = if references.is_empty() {
            member(field, "rules")
        } else {
            format!("to {references}")
        };
        let rules = if rules == "{}" { String::new() } else { rules };
        vec![
            member(field, "key"),
            member(field, "label"),
            member(field, "kind"),
            flags.join(", "),
            rules,
        ]
    };
    if format == Format::Text {
        talk(&format!(
            "{}: {}",
            member(dataset, "key"),
            member(dataset, "label")
        ));
    }
    let rows = items(dataset, "fields").iter().map(row).collect();
    format.list(&["key", "label", "kind", "", "rules"], rows, dataset)
}

impl Create {
    fn definition(&self) -> Result<Json, CommandError> {
        if let Some(file) = &self.file {
            let text = fs::read(file).map_err(CommandError::io(format!("cannot read {}", file.display())))?;
            return serde_json::from_slice(&text).map_err(|error| {
                CommandError::said(Exit::Failed, format!("{} is not JSON: {error}", file.display()))
            });
        }
        let fields: Result<Vec<Json>, CommandError> =
            self.fields.iter().map(|field| field_of(field)).collect();
        let mut definition = json!({"label": self.label, "fields": fields?});
        put(&mut definition, "key", self.key.as_deref());
        put(&mut definition, "description", self.description.as_deref());
        Ok(definition)
    }
}

fn field_of(written: &str) -> Result<Json, CommandError> {
    let usage = |text: String| CommandError::said(Exit::Usage, text);
    let (label, name) = written
        .rsplit_once('=')
        .ok_or_else(|| usage(format!("{written:?} is not LABEL=KIND")))?;
    let kind = kind(name).map_err(usage)?;
    Ok(json!({"label": label, "kind": kind.as_str()}))
}

impl AddField {
    fn definition(&self) -> Json {
        let mut definition = json!({"label": self.label, "kind": self.kind.as_str()});
        put(&mut definition, "key", self.key.as_deref());
        put(&mut definition, "presence", self.required.then_some("required"));
        put(&mut definition, "uniqueness", self.unique.then_some("unique"));
        put(&mut definition, "references", self.references.as_deref());
        put(&mut definition, "help", self.about.as_deref());
        if !self.choices.is_empty() {
            definition["rules"] = json!({"choices": self.choices});
        }
        definition
    }
}

fn put(object: &mut Json, name: &str, value: Option<&str>) {
    let members: Option<&mut Map<String, Json>> = object.as_object_mut();
    if let (Some(members), Some(value)) = (members, value) {
        members.insert(name.to_owned(), json!(value));
    }
}

fn kind(name: &str) -> Result<FieldKind, String> {
    let known = || FieldKind::ALL.iter().copied();
    known().find(|kind| kind.as_str() == name).ok_or_else(|| {
        let names: Vec<&str> = known().map(FieldKind::as_str).collect();
        format!("{name:?} is no kind of field; the kinds are {}", names.join(", "))
    })
}
