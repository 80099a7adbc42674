//! What a failed database operation means to the caller, found by SQLSTATE and constraint name, never by text.

use tokio_postgres::error::SqlState;

/// What a failure means.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row is not there, or not in this state.
    #[error("not found")]
    NotFound,
    /// A unique constraint refused the value.
    #[error("the value of {constraint} is taken")]
    Taken {
        /// The constraint's generated or given name.
        constraint: String,
    },
    /// A foreign key refused the value: what it refers to is not there, or is still referred to.
    #[error("a reference of {constraint} does not hold")]
    Dangling {
        /// The constraint's name.
        constraint: String,
    },
    /// Another check of the database refused the value.
    #[error("the database refused the value: {constraint}")]
    Refused {
        /// The constraint's name, or what it said.
        constraint: String,
    },
    /// The dataset was redefined since the caller read its definition: read it again and retry.
    #[error("the dataset was redefined meanwhile")]
    Redefined,
    /// A change without its audit entry; a bug of ours that the database stopped.
    #[error("a change without its audit entry was refused")]
    Unaudited,
    /// The appliance is in maintenance: nothing is written.
    #[error("maintenance is on")]
    Maintenance,
    /// The organization is cancelled: it is read and exported only.
    #[error("the organization is cancelled")]
    Cancelled,
    /// A legal hold is in force: nothing is deleted.
    #[error("a legal hold is in force")]
    Held,
    /// The database is away, restarting, or out of connections. Whether a commit in flight happened is unknown.
    #[error("the database is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A statement, lock or wait took too long.
    #[error("the database took too long")]
    Timeout,
    /// A bug of ours.
    #[error("the database refused a statement")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// An [`StoreError::Internal`] of a text, for rows that are not what our own schema promises.
    pub(crate) fn unexpected(what: impl Into<String>) -> Self {
        Self::Internal(what.into().into())
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(database) = error.as_db_error() else {
            return if error.is_closed() || error.source_is_io() {
                Self::Unavailable(Box::new(error))
            } else {
                Self::Internal(Box::new(error))
            };
        };
        let constraint = || database.constraint().unwrap_or_default().to_owned();
        match database.code().clone() {
            SqlState::UNIQUE_VIOLATION => Self::Taken {
                constraint: constraint(),
            },
            SqlState::FOREIGN_KEY_VIOLATION => Self::Dangling {
                constraint: constraint(),
            },
            SqlState::CHECK_VIOLATION
            | SqlState::NOT_NULL_VIOLATION
            | SqlState::STRING_DATA_RIGHT_TRUNCATION => Self::Refused {
                constraint: constraint(),
            },
            SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE | SqlState::T_R_DEADLOCK_DETECTED => {
                Self::Timeout
            }
            SqlState::UNDEFINED_COLUMN | SqlState::UNDEFINED_TABLE | SqlState::DATATYPE_MISMATCH => {
                Self::Redefined
            }
            code if code.code() == "SR001" => Self::Unaudited,
            code if code.code() == "SR002" => Self::Refused {
                constraint: constraint(),
            },
            code if code.code() == "SR003" => Self::Redefined,
            code if code.code() == "SR004" => Self::Maintenance,
            code if code.code() == "SR005" => Self::Cancelled,
            code if code.code() == "SR006" => Self::Held,
            code if code.code().starts_with("57P")
                || code.code().starts_with("08")
                || code.code().starts_with("53") =>
            {
                Self::Unavailable(Box::new(error))
            }
            _ => Self::Internal(Box::new(error)),
        }
    }
}

trait SourceIsIo {
    fn source_is_io(&self) -> bool;
}

impl SourceIsIo for tokio_postgres::Error {
    fn source_is_io(&self) -> bool {
        std::error::Error::source(self).is_some_and(<dyn std::error::Error>::is::<std::io::Error>)
    }
}
