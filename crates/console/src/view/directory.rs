//! The appliance's LDAP directories.

use super::{Badge, Chrome, ErrorSummary, Moment};
use askama::Template;

/// `/appliance/directories`: posts to `.../{key}/test`, `.../{key}/preview` and `.../{key}/compare`.
#[derive(Debug, Clone, Template)]
#[template(path = "directories.html")]
pub struct DirectoriesPage {
    /// The frame.
    pub chrome: Chrome,
    /// The directories.
    pub directories: Vec<DirectoryRow>,
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
