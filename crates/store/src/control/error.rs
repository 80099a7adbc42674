//! What diesel's errors mean. Diesel keeps a constraint's name and a kind; of other failures only the message, which
//! is never translated (`lc_messages` of `strongroom_app` is `C`).

use crate::StoreError;
use diesel::result::{DatabaseErrorInformation, DatabaseErrorKind, Error};

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NotFound,
            Error::DatabaseError(kind, information) => database_error(kind, information),
            other => Self::Internal(Box::new(other)),
        }
    }
}

fn database_error(
    kind: DatabaseErrorKind,
    information: Box<dyn DatabaseErrorInformation + Send + Sync>,
) -> StoreError {
    let constraint = information
        .constraint_name()
        .or(information.column_name())
        .unwrap_or_default()
        .to_owned();
    match kind {
        DatabaseErrorKind::UniqueViolation | DatabaseErrorKind::ExclusionViolation => {
            StoreError::Taken { constraint }
        }
        DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => {
            StoreError::Dangling { constraint }
        }
        DatabaseErrorKind::NotNullViolation | DatabaseErrorKind::CheckViolation => {
            StoreError::Refused { constraint }
        }
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => {
            StoreError::Unavailable(information.message().into())
        }
        _ if constraint == "require_entry" => StoreError::Unaudited,
        _ if constraint == "maintenance" => StoreError::Maintenance,
        _ if constraint == "cancelled" => StoreError::Cancelled,
        _ if constraint == "legal_hold" => StoreError::Held,
        _ if constraint == "still_seen" => StoreError::Timeout,
        _ => by_message(Error::DatabaseError(kind, information)),
    }
}

/// The failures that have neither a kind nor a constraint in diesel.
fn by_message(error: Error) -> StoreError {
    const TIMEOUTS: [&str; 2] = ["canceling statement due to ", "deadlock detected"];
    const AWAY: [&str; 3] = [
        "terminating connection due to ",
        "the database system is ",
        "sorry, too many clients",
    ];
    let message = error.to_string();
    let starts = |begins: &[&str]| begins.iter().any(|begin| message.starts_with(begin));
    if starts(&TIMEOUTS) {
        StoreError::Timeout
    } else if starts(&AWAY) {
        StoreError::Unavailable(Box::new(error))
    } else {
        StoreError::Internal(Box::new(error))
    }
}
