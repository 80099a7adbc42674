//! The places on the disks, and whether they are encrypted.
//!
//! Every cluster of Debian's is looked at, and what its tablespaces lead to: the caller names no path, so he learns nothing
//! of others.

use std::fs;
use std::path::{Path, PathBuf};

use host::encryption::{self, Encryption};
use host::helper::{Place, PlaceKind, StorageReply};
use host::{postgresql, swap};

const PLACES_MAX: usize = 100;
/// Where programs of the machine write for a while.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];

pub(super) fn look() -> StorageReply {
    let mut places: Vec<Place> = Vec::new();
    for name in postgresql::cluster_names() {
        places.extend(cluster(&name));
    }
    places.extend(TEMPORARY.map(|path| of_folder(PlaceKind::Temporary, None, Path::new(path))));
    places.extend(swap_areas());
    let left_out = places.len().saturating_sub(PLACES_MAX);
    places.truncate(PLACES_MAX);
    StorageReply { places, left_out }
}

fn cluster(name: &str) -> Vec<Place> {
    let data = match postgresql::data_folder(name) {
        Ok(data) => data,
        Err(error) => {
            let why = format!("its settings do not say where its data lies ({error})");
            return vec![hidden(PlaceKind::Database, Some(name), name, why)];
        }
    };
    let mut places = vec![of_folder(PlaceKind::Database, Some(name), &data)];
    let links = data.join("pg_tblspc");
    match tablespaces(&links) {
        Ok(folders) => places.extend(
            folders
                .iter()
                .map(|folder| of_folder(PlaceKind::Tablespace, Some(name), folder)),
        ),
        Err(error) => {
            let path = links.display().to_string();
            places.push(hidden(
                PlaceKind::Tablespace,
                Some(name),
                &path,
                error.to_string(),
            ));
        }
    }
    places
}

/// A tablespace is a link in the data folder.
fn tablespaces(links: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(links)?.take(PLACES_MAX + 1) {
        folders.push(fs::read_link(entry?.path())?);
    }
    folders.sort();
    Ok(folders)
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
    use std::os::unix::fs::symlink;

    #[test]
    fn this_machines_temporary_folders_are_among_the_places() {
        let places = look().places;
        for path in TEMPORARY {
            assert!(places.iter().any(|place| place.path == path), "{places:?}");
        }
    }

    #[test]
    fn tablespaces_are_what_the_links_lead_to() {
        let folder = tempfile::tempdir().unwrap();
        symlink("/srv/fast", folder.path().join("16384")).unwrap();
        assert_eq!(tablespaces(folder.path()).unwrap(), [PathBuf::from("/srv/fast")]);
        assert!(tablespaces(&folder.path().join("gone")).is_err());
    }
}
