//! A connection with its prepared statements, bounded in number: the least recently used is closed first.

use crate::StoreError;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tokio_postgres::{Client, Statement};

/// Most prepared statements of one connection. Filters make many shapes; the oldest give way.
const STATEMENTS_MAX: usize = 256;

/// A connection with its prepared statements.
pub(crate) struct Cached {
    pub(crate) client: Client,
    statements: Mutex<Statements>,
}

#[derive(Default)]
struct Statements {
    by_text: HashMap<String, (Statement, u64)>,
    clock: u64,
}

impl Cached {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            statements: Mutex::default(),
        }
    }

    /// The prepared statement of a text.
    pub(crate) async fn prepare(&self, text: &str) -> Result<Statement, StoreError> {
        if let Some(statement) = self.lookup(text) {
            return Ok(statement);
        }
        let statement = self.client.prepare(text).await?;
        self.keep(text, statement.clone());
        Ok(statement)
    }

    fn lookup(&self, text: &str) -> Option<Statement> {
        let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        statements.clock += 1;
        let now = statements.clock;
        let (statement, used) = statements.by_text.get_mut(text)?;
        *used = now;
        Some(statement.clone())
    }

    fn keep(&self, text: &str, statement: Statement) {
        let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        if statements.by_text.len() >= STATEMENTS_MAX {
            let oldest = statements
                .by_text
                .iter()
                .min_by_key(|(_, (_, used))| *used)
                .map(|(text, _)| text.clone());
            oldest.map(|text| statements.by_text.remove(&text));
        }
        let now = statements.clock;
        statements.by_text.insert(text.to_owned(), (statement, now));
    }

    /// Forgets every prepared statement, after a dataset was redefined.
    pub(crate) fn forget_statements(&self) {
        self.statements
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .by_text
            .clear();
    }
}
