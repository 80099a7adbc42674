//! The root helper, asked from where nothing may block.

use crate::{Platform, PlatformError, error::Result};
use host::helper::{Helper, HelperError, Method};
use types::ProblemCode;

/// Calls one method of the root helper.
///
/// # Errors
/// [`HelperError`]; an invariant's failure when the thread that waits is lost.
pub(crate) async fn ask<M>(
    platform: &Platform,
    method: M,
) -> Result<std::result::Result<M::Reply, HelperError>>
where
    M: Method<Reply: Send> + Send + 'static,
{
    let path = platform.settings().helper.clone();
    let task = tokio::task::spawn_blocking(move || Helper::connect_to(&path)?.call(&method));
    task.await
        .map_err(|error| PlatformError::invariant(error.to_string()))
}

/// As a problem for whoever asked.
pub(crate) fn problem(error: &HelperError) -> PlatformError {
    let code = match error {
        HelperError::NotAllowed { .. } => ProblemCode::NotAllowed,
        HelperError::Refused { .. } => ProblemCode::Conflict,
        HelperError::Absent { .. }
        | HelperError::Failed { .. }
        | HelperError::Silent(_)
        | HelperError::Garbled { .. } => ProblemCode::Unavailable,
    };
    PlatformError::new(code, text(error))
}

/// The error with its causes.
pub(crate) fn text(error: &HelperError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(beneath) = cause {
        text.push_str(&format!(" ({beneath})"));
        cause = beneath.source();
    }
    text
}
