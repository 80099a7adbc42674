//! The appliance's LDAP directories.

use super::{Badge, Chrome, ErrorSummary, FieldInput, Moment, NewcomerRow};
use askama::Template;

/// `/appliance/directories`: posts a new one to itself, to be tested or added.
#[derive(Debug, Clone, Template)]
#[template(path = "directories.html")]
pub struct DirectoriesPage {
    /// The frame.
    pub chrome: Chrome,
    /// The directories.
    pub directories: Vec<DirectoryRow>,
    /// Inputs of a new one.
    pub fields: Vec<FieldInput>,
    /// Whether the form is open.
    pub create_open: bool,
    /// What was just asked for.
    pub answer: Option<DirectoryAnswer>,
    /// Why what was just asked for was not done.
    pub failure: Option<ErrorSummary>,
}

/// A directory in the list.
#[derive(Debug, Clone)]
pub struct DirectoryRow {
    /// Its name.
    pub key: String,
    /// Active or disabled.
    pub state: Badge,
    /// Its servers.
    pub servers: String,
    /// What protects the connection.
    pub security: &'static str,
    /// What is wrong with its settings, if anything.
    pub alert: Option<&'static str>,
    /// What becomes of newcomers, in words.
    pub newcomers: &'static str,
    /// How many accounts it is known for.
    pub people: i64,
    /// When it was last compared, with what came of it.
    pub compared: Option<(Moment, Badge, String)>,
}

/// The answer to a test or a comparison.
#[derive(Debug, Clone)]
pub struct DirectoryAnswer {
    /// What it is.
    pub title: String,
    /// The columns.
    pub columns: Vec<&'static str>,
    /// The rows; a badge stands before what is good or not.
    pub rows: Vec<(Option<Badge>, Vec<String>)>,
}

/// `/appliance/directories/{key}`: posts to itself (`act` is `test`, `preview` or `save`) and to `/test`, `/preview`,
/// `/compare`, `/state`, `/remove`, `/newcomers` below.
#[derive(Debug, Clone, Template)]
#[template(path = "directory.html")]
pub struct DirectoryPage {
    /// The frame.
    pub chrome: Chrome,
    /// What the list says of it.
    pub directory: DirectoryRow,
    /// Whether its people may sign in.
    pub open: bool,
    /// What was just asked for.
    pub answer: Option<DirectoryAnswer>,
    /// Why what was just asked for was not done.
    pub failure: Option<ErrorSummary>,
    /// Who waits to be let in.
    pub newcomers: Vec<NewcomerRow>,
    /// Which groups give which roles.
    pub mappings: Vec<MappingRow>,
    /// Inputs of its settings.
    pub fields: Vec<FieldInput>,
}

/// A group that gives a role.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MappingRow {
    /// The group.
    pub group: String,
    /// The organization's slug.
    pub organization: String,
    /// The role.
    pub role: String,
}
