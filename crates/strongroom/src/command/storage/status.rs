//! `strongroom storage status`

use super::Common;
use crate::{failure::CommandError, storage, storage::places};
use ::host::encryption::Encryption;
use config::{Config, Environment};
use serde_json::{Value, json};

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Status {}

impl Status {
    // One value for each command: all are called alike.
    #[expect(
        clippy::unused_self,
        reason = "every command is run by a method of its arguments"
    )]
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let settings = Config::place(common.config.as_deref(), &Environment::of_process());
        let config = Config::load(Some(&settings))?;
        let (mut rows, mut values) = (Vec::new(), Vec::new());
        for place in places::all(&config) {
            let (state, by) = told(&place.found);
            values.push(json!({"what": place.what, "path": place.path, "state": state, "by": by}));
            rows.push(vec![place.what.to_owned(), place.path, state.to_owned(), by]);
        }
        let json = json!({"places": values, "volume": volume(&config)});
        common
            .format()
            .list(&["what", "place", "state", "by"], rows, &json)
    }
}

/// The volume that was made here; only root may read of it.
fn volume(config: &Config) -> Value {
    match storage::plan::read(config) {
        Ok(Some(plan)) => json!({
            "name": storage::NAME,
            "on": plan.target.shown(),
            "uuid": plan.uuid,
            "key": plan.key,
            "done": plan.is_well,
        }),
        Ok(None) | Err(_) => Value::Null,
    }
}

fn told(found: &Encryption) -> (&'static str, String) {
    match found {
        Encryption::Encrypted { by, place } => ("encrypted", format!("{by} on {place}")),
        Encryption::Plain { place } => ("plain", place.clone()),
        Encryption::Memory => ("memory", String::new()),
        Encryption::Unknown { why } => ("unknown", why.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_unknown_and_says_why() {
        let why = "no device is shown here".to_owned();
        assert_eq!(told(&Encryption::Unknown { why: why.clone() }), ("unknown", why));
        assert_eq!(told(&Encryption::Memory).0, "memory");
    }
}
