//! The promise register.

use crate::{answer::Answer, call::Call, refusal::Result};
use platform::promise;
use serde::Serialize;

#[derive(Serialize)]
struct PromisesView<T> {
    promises: T,
}

/// Every promise with what can be said of it now.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let promises = promise::register(call.platform(), &call.caller).await?;
    Ok(Answer::ok(&PromisesView { promises }))
}
