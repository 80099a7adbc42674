//! The places on the disks, and whether they are encrypted.
//!
//! Every cluster of Debian's is looked at: the caller names no path, so he learns nothing of others. Tablespaces are not
//! told: where they lie stands in a folder of PostgreSQL's that is closed to this process as well.

use std::path::Path;

use host::encryption::{self, Encryption};
use host::helper::{Place, PlaceKind, StorageReply};
use host::{postgresql, swap};

const PLACES_MAX: usize = 100;
/// Where programs of the machine write for a while.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

pub(super) fn look() -> StorageReply {
    let names = postgresql::cluster_names();
    let mut places: Vec<Place> = names.iter().map(|name| cluster(name)).collect();
    places.extend(TEMPORARY.map(|path| of_folder(PlaceKind::Temporary, None, Path::new(path))));
    places.extend(swap_areas());
    let left_out = places.len().saturating_sub(PLACES_MAX);
    places.truncate(PLACES_MAX);
    StorageReply { places, left_out }
}

fn cluster(name: &str) -> Place {
    match postgresql::data_folder(name) {
        Ok(data) => of_folder(PlaceKind::Database, Some(name), &data),
        Err(error) => {
            let why = format!("its settings do not say where its data lies ({error})");
            hidden(PlaceKind::Database, Some(name), name, why)
        }
    }
}

fn swap_areas() -> Vec<Place> {
    match swap::areas() {
        Ok(areas) => {
            let area = |area: swap::Swap| {
                let path = area.path.display().to_string();
                Place::new(PlaceKind::Swap, None, path, area.encryption)
            };
            areas.into_iter().map(area).collect()
        }
        Err(error) => vec![hidden(PlaceKind::Swap, None, "/proc/swaps", error.to_string())],
    }
}

fn of_folder(kind: PlaceKind, cluster: Option<&str>, folder: &Path) -> Place {
    let found = encryption::of_folder(folder);
    Place::new(
        kind,
        cluster.map(str::to_owned),
        folder.display().to_string(),
        found,
    )
}

fn hidden(kind: PlaceKind, cluster: Option<&str>, path: &str, why: String) -> Place {
    let found = Encryption::Unknown { why };
    Place::new(kind, cluster.map(str::to_owned), path.to_owned(), found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machines_temporary_folders_are_among_the_places() {
        let places = look().places;
        for path in TEMPORARY {
            assert!(places.iter().any(|place| place.path == path), "{places:?}");
        }
    }
}
