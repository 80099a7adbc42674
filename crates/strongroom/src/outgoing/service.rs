//! The hosts of a service of directories, as the DNS servers of this machine list them.
//!
//! Invariant: all of its hosts have addresses, or none is kept: half a list would be found out by a sign-in that fails.

use crate::failure::{CommandError, Exit};
use ::host::{
    name::{self, RESOLVERS},
    outgoing::{self, KeptPlace, KeptService},
};
use platform::directories::service;
use std::{path::Path, time::Duration};
use types::ServiceName;

/// `left` says how much of the time is left.
pub(super) fn look_up(name: &ServiceName, left: impl Fn() -> Duration) -> Result<KeptService, CommandError> {
    let resolvers = name::servers(Path::new(RESOLVERS))?;
    let listed = service::look_up(name, &resolvers, left());
    let listed = listed.map_err(|error| CommandError::said(Exit::Failed, error.to_string()))?;
    let mut places = Vec::with_capacity(listed.len());
    for place in listed {
        places.push(KeptPlace {
            priority: place.priority,
            weight: place.weight,
            target: outgoing::resolve(&place.host, place.port, left())?,
        });
    }
    Ok(KeptService {
        name: name.to_string(),
        places,
    })
}
