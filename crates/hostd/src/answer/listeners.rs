//! Who listens.

use host::helper::{ErrorName, ListenersReply, Refusal};
use host::listener;

const LISTENERS_MAX: usize = 256;

pub(super) fn look() -> Result<ListenersReply, Refusal> {
    let mut listeners = listener::listeners()
        .map_err(|error| Refusal::new(ErrorName::Failed, format!("/proc/net cannot be read: {error}")))?;
    // Those that others reach come first, so that they are not the ones left out.
    listeners.sort_by_key(listener::Listener::is_local);
    let left_out = listeners.len().saturating_sub(LISTENERS_MAX);
    listeners.truncate(LISTENERS_MAX);
    Ok(ListenersReply { listeners, left_out })
}
