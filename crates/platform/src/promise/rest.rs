//! What lies on the disk is encrypted: the database's data, its tablespaces, temporary files and swap, asked
//! of the kernel; by the root helper where a sandbox is in the way.
//!
//! Invariant: one plain place breaks the promise, whatever else cannot be seen; without one, a place that
//! cannot be seen makes it unknown. No local backups are made yet, so none are looked at.

use super::look::Look;
use crate::{Platform, PlatformError, error::Result, helper};
use host::{
    encryption::{self, Encryption},
    helper::{GetStorage, PlaceKind, StorageReply},
    postgresql, swap,
};
use promises::Outcome;
use std::path::Path;
use store::control::evidence::{self, StorageFact};

pub(super) const ID: &str = "rest-encryption";

/// Where programs of the machine write for a while.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

/// A place on a disk, and what the kernel says of it.
type Place = (&'static str, String, Encryption);

/// A daemon's sandbox hides swap and the data folder; root's command line sees them, and so does the root helper.
pub(super) fn is_blind(platform: &Platform) -> bool {
    is_sandboxed() && !platform.settings().helper.exists()
}

fn is_sandboxed() -> bool {
    !Path::new("/proc/swaps").exists()
}

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let storage = evidence::storage(&mut platform.control().read().await?).await?;
    if is_sandboxed() {
        return Ok(match helper::ask(platform, GetStorage {}).await? {
            Ok(reply) => judge(&told(&storage, &reply)),
            Err(error) => Outcome::could_not_look(helper::text(&error)),
        });
    }
    // The kernel may take its time over a disk that is away.
    let places = tokio::task::spawn_blocking(move || places(&storage)).await;
    Ok(judge(
        &places.map_err(|error| PlatformError::invariant(error.to_string()))?,
    ))
}

/// What the helper tells of the places that matter here. One that it does not know is hidden.
fn told(storage: &StorageFact, reply: &StorageReply) -> Vec<Place> {
    let hidden = |what, path: &str, why: String| (what, path.to_owned(), Encryption::Unknown { why });
    let name = &storage.cluster_name;
    let data = reply
        .places
        .iter()
        .find(|place| place.cluster.as_ref() == Some(name));
    let mut places = vec![match data {
        Some(place) => ("the database", place.path.clone(), place.encryption()),
        None => hidden(
            "the database",
            name,
            format!("the root helper does not know the cluster {name:?}"),
        ),
    }];
    for path in &storage.tablespaces {
        let why =
            "only root's own command line sees tablespaces: run `strongroom promises --check`".to_owned();
        places.push(hidden("a tablespace", path, why));
    }
    for place in &reply.places {
        let what = match place.kind {
            PlaceKind::Temporary => "temporary files",
            PlaceKind::Swap => "swap",
            PlaceKind::Database => continue,
        };
        places.push((what, place.path.clone(), place.encryption()));
    }
    if reply.left_out > 0 {
        let why = format!("{} places more than were looked at", reply.left_out);
        places.push(hidden("the machine", "the rest", why));
    }
    places
}

fn places(storage: &StorageFact) -> Vec<Place> {
    let folder = |what, folder: &Path| (what, folder.display().to_string(), encryption::of_folder(folder));
    let mut places = vec![match postgresql::data_folder(&storage.cluster_name) {
        Ok(data) => folder("the database", &data),
        Err(error) => {
            let why = format!(
                "where the cluster {:?} keeps its data is not known here ({error})",
                storage.cluster_name
            );
            (
                "the database",
                storage.cluster_name.clone(),
                Encryption::Unknown { why },
            )
        }
    }];
    places.extend(
        storage
            .tablespaces
            .iter()
            .map(|place| folder("a tablespace", Path::new(place))),
    );
    places.extend(TEMPORARY.map(|place| folder("temporary files", Path::new(place))));
    match swap::areas() {
        Ok(areas) => places.extend(
            areas
                .into_iter()
                .map(|area| ("swap", area.path.display().to_string(), area.encryption)),
        ),
        Err(error) => {
            let why = format!("/proc/swaps cannot be read ({error})");
            places.push(("swap", "/proc/swaps".to_owned(), Encryption::Unknown { why }));
        }
    }
    places
}

fn judge(places: &[Place]) -> Outcome {
    let mut look = Look::new().fact("places", places.len());
    let mut plain = false;
    for (what, place, found) in places {
        let said = match found {
            Encryption::Encrypted { by, place } => format!("{by} ({place})"),
            Encryption::Memory => "in memory only".to_owned(),
            Encryption::Unknown { why } => format!("unknown: {why}"),
            Encryption::Plain { place: device } => {
                plain = true;
                look.fault(
                    format!("{what} lies on {device}, which is not encrypted as far as this kernel can see"),
                    place.as_str(),
                    match *what {
                        "the database" => "run `strongroom storage encrypt`, or put it on a LUKS2 volume, ZFS with encryption, or a folder with fscrypt",
                        "swap" => "run `swapoff` on it, or encrypt it (a line with `swap` in /etc/crypttab)",
                        _ => "put it on a LUKS2 volume, ZFS with encryption, or a folder with fscrypt; `strongroom storage status` shows all places",
                    },
                );
                continue;
            }
        };
        look = look.fact(&format!("{what} {place}"), said);
    }
    let hidden = places.iter().find_map(|(_, _, found)| match found {
        Encryption::Unknown { why } => Some(why),
        _ => None,
    });
    match hidden {
        Some(why) if !plain => Outcome::could_not_look(why),
        _ => look.done(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(found: Encryption) -> Place {
        ("the database", "/data".to_owned(), found)
    }

    fn encrypted() -> Place {
        place(Encryption::Encrypted {
            by: "dm-crypt LUKS2".to_owned(),
            place: "dm-0".to_owned(),
        })
    }

    fn plain() -> Place {
        place(Encryption::Plain {
            place: "vda".to_owned(),
        })
    }

    fn hidden() -> Place {
        place(Encryption::Unknown {
            why: "the sandbox".to_owned(),
        })
    }

    fn faults(places: &[Place]) -> Option<usize> {
        match judge(places) {
            Outcome::Looked { faults, .. } => Some(faults.len()),
            Outcome::CouldNotLook { .. } => None,
        }
    }

    #[test]
    fn encrypted_places_and_memory_keep_it() {
        assert_eq!(faults(&[encrypted(), place(Encryption::Memory)]), Some(0));
    }

    #[test]
    fn one_plain_place_breaks_it_whatever_else_is_hidden() {
        assert_eq!(faults(&[encrypted(), plain()]), Some(1));
        assert_eq!(faults(&[hidden(), plain(), plain()]), Some(2));
    }

    #[test]
    fn a_hidden_place_makes_it_unknown() {
        assert_eq!(faults(&[encrypted(), hidden()]), None);
    }

    #[test]
    fn a_cluster_that_is_none_of_debians_is_hidden_and_its_tablespaces_are_looked_at() {
        let storage = StorageFact {
            cluster_name: String::new(),
            tablespaces: vec!["/".to_owned()],
        };
        let places = places(&storage);
        assert!(matches!(places[0].2, Encryption::Unknown { .. }), "{places:?}");
        assert_eq!(places[1].0, "a tablespace");
    }

    #[test]
    fn what_the_helper_tells_counts_for_our_cluster_only_and_what_it_leaves_out_is_hidden() {
        let of = |kind, cluster: Option<&str>, path: &str, found| {
            host::helper::Place::new(kind, cluster.map(str::to_owned), path.to_owned(), found)
        };
        let dark = |place: Place| place.2;
        let mut reply = StorageReply {
            places: vec![
                of(PlaceKind::Database, Some("17/main"), "/main", dark(plain())),
                of(
                    PlaceKind::Database,
                    Some("17/strongroom"),
                    "/data",
                    dark(encrypted()),
                ),
                of(PlaceKind::Temporary, None, "/tmp", Encryption::Memory),
            ],
            left_out: 0,
        };
        let storage = |tablespaces: &[&str]| StorageFact {
            cluster_name: "17/strongroom".to_owned(),
            tablespaces: tablespaces.iter().map(|path| (*path).to_owned()).collect(),
        };
        assert_eq!(faults(&told(&storage(&[]), &reply)), Some(0));
        assert_eq!(faults(&told(&storage(&["/fast"]), &reply)), None);
        reply
            .places
            .push(of(PlaceKind::Swap, None, "/swap", dark(plain())));
        assert_eq!(faults(&told(&storage(&["/fast"]), &reply)), Some(1));
        reply.places.pop();
        reply.left_out = 1;
        assert_eq!(faults(&told(&storage(&[]), &reply)), None);
    }
}
