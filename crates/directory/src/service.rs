//! Where DNS says that a domain's directory servers are (RFC 2782). For root's command, which looks once and keeps what it
//! found: no daemon asks DNS.
//!
//! Invariants: only hosts of the domain that the service's name holds are taken, so that whoever forges an answer leads no
//! password out of the domain; every wait is within one deadline, and lists and answers are bounded. Start at [`look_up`].

mod exchange;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use simple_dns::RCODE;
use types::ServiceName;

use exchange::{Listed, ask};

/// Most hosts of one service.
pub const PLACES_MAX: usize = 64;
/// How often each server is asked.
const ROUNDS: usize = 2;

/// A host that DNS lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Lower ones are asked first.
    pub priority: u16,
    /// How often it is asked first among those of its priority.
    pub weight: u16,
    /// Its name: a host of the service's domain, in lower case.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
}

/// Why there are no places.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ServiceError {
    /// There is no such name, or nothing under it.
    #[error("DNS lists no servers under {name}; look for a typing error, or name the servers one by one")]
    Nothing {
        /// The service.
        name: String,
    },
    /// The domain says that it has no such service (RFC 2782, a target of `.`).
    #[error("the domain says that {name} is not offered there; name the servers one by one")]
    NotOffered {
        /// The service.
        name: String,
    },
    /// A record leads out of the domain, or is none.
    #[error(
        "DNS lists {host:?} under {name}, which is no host with a port below {domain}; name that server itself if it is meant"
    )]
    Outside {
        /// The service.
        name: String,
        /// The domain that its name holds.
        domain: String,
        /// What was listed, cut.
        host: String,
    },
    /// More than anybody means.
    #[error(
        "DNS lists {count} servers under {name}, more than {PLACES_MAX}; name the service of one site, or single servers"
    )]
    TooMany {
        /// The service.
        name: String,
        /// How many.
        count: usize,
    },
    /// No server of DNS gave an answer that counts.
    #[error(
        "no DNS server says what is listed under {name} ({why}); look at /etc/resolv.conf and at the way there"
    )]
    Unanswered {
        /// The service.
        name: String,
        /// What the last one did.
        why: String,
    },
}

/// What a service's name means, as these DNS servers say, asked in their order. Sorted. Blocks for at most `deadline`.
///
/// # Errors
/// [`ServiceError`].
pub fn look_up(
    name: &ServiceName,
    resolvers: &[SocketAddr],
    deadline: Duration,
) -> Result<Vec<Place>, ServiceError> {
    let until = Instant::now() + deadline;
    let unanswered = |why: String| ServiceError::Unanswered {
        name: name.to_string(),
        why,
    };
    let mut why = "there is none to ask".to_owned();
    for resolver in (0..ROUNDS).flat_map(|_| resolvers) {
        match ask(name, *resolver, until) {
            Ok(answer) => match answer.code {
                RCODE::NoError => return read(name, answer.listed),
                RCODE::NameError => return Err(nothing(name)),
                // Another server may do better.
                code => why = format!("{resolver} answers {code:?}"),
            },
            Err(error) => why = format!("{resolver}: {error}"),
        }
    }
    Err(unanswered(why))
}

fn nothing(name: &ServiceName) -> ServiceError {
    ServiceError::Nothing {
        name: name.to_string(),
    }
}

/// The places of an answer.
fn read(name: &ServiceName, listed: Vec<Listed>) -> Result<Vec<Place>, ServiceError> {
    if listed.len() > PLACES_MAX {
        return Err(ServiceError::TooMany {
            name: name.to_string(),
            count: listed.len(),
        });
    }
    let is_refused = listed.iter().any(Listed::is_none);
    let mut places = listed
        .into_iter()
        .filter(|listed| !listed.is_none())
        .map(|listed| place(name, listed))
        .collect::<Result<Vec<Place>, ServiceError>>()?;
    if places.is_empty() {
        return Err(match is_refused {
            false => nothing(name),
            true => ServiceError::NotOffered {
                name: name.to_string(),
            },
        });
    }
    places.sort();
    places.dedup();
    Ok(places)
}

fn place(name: &ServiceName, listed: Listed) -> Result<Place, ServiceError> {
    let Listed {
        priority,
        weight,
        port,
        host,
    } = listed;
    if port == 0 || !name.covers(&host) {
        return Err(ServiceError::Outside {
            name: name.to_string(),
            domain: name.domain().to_owned(),
            host: crate::failure::plain(&host),
        });
    }
    Ok(Place {
        priority,
        weight,
        host,
        port,
    })
}

/// Brings places into the order in which they are to be asked (RFC 2782, "Usage rules"): by priority, and within one by
/// chance according to their weights. `rank` gives priority and weight; `pick` a number from 0 to its argument, both included.
pub fn order<T>(
    mut places: Vec<T>,
    rank: impl Fn(&T) -> (u16, u16),
    mut pick: impl FnMut(u32) -> u32,
) -> Vec<T> {
    // Those with weight 0 come first, so that they are chosen seldom and not never.
    places.sort_by_key(&rank);
    let mut ordered = Vec::with_capacity(places.len());
    while let Some(first) = places.first() {
        let priority = rank(first).0;
        let weights = places
            .iter()
            .map(&rank)
            .take_while(|(other, _)| *other == priority)
            .map(|(_, weight)| u32::from(weight));
        let sum = weights.clone().sum();
        let chosen = pick(sum).min(sum);
        let mut running = 0;
        let at = weights
            .into_iter()
            .position(|weight| {
                running += weight;
                running >= chosen
            })
            .unwrap_or(0);
        ordered.push(places.remove(at));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranked(places: &[(u16, u16)], picks: impl FnMut(u32) -> u32) -> Vec<(u16, u16)> {
        order(places.to_vec(), |place| *place, picks)
    }

    #[test]
    fn lower_priorities_come_first_and_weights_decide_within_one() {
        let places = [(10, 5), (0, 30), (0, 0), (0, 10), (5, 0)];
        let least = ranked(&places, |_| 0);
        assert_eq!(least, [(0, 0), (0, 10), (0, 30), (5, 0), (10, 5)]);
        let most = ranked(&places, |sum| sum);
        assert_eq!(most, [(0, 30), (0, 10), (0, 0), (5, 0), (10, 5)]);
        assert_eq!(ranked(&[], |_| 0), []);
    }

    #[test]
    fn a_weight_three_times_as_large_is_asked_first_three_times_as_often() {
        let mut state: u32 = 1;
        // A linear congruential generator is chance enough, and the same in every run.
        let mut chance = |sum: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % (sum + 1)
        };
        let first = (0..4_000)
            .filter(|_| ranked(&[(0, 75), (0, 25)], &mut chance)[0].1 == 75)
            .count();
        assert!((2_850..3_150).contains(&first), "{first}");
    }
}
