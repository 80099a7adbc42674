//! Space, speed and encryption of the disks.

use super::DiskFacts;
use crate::finding::Finding;
use ::host::{encryption::Encryption, swap::Swap};
use std::time::Duration;

const FREE_BYTES_MIN: u64 = 1 << 30;
const FREE_BYTES_GOOD: u64 = 5 << 30;
const FREE_PERCENT_GOOD: u64 = 10;
/// A commit waits for one such write: above this, people feel it.
const SYNC_GOOD: Duration = Duration::from_millis(20);

pub(super) fn space(disk: &DiskFacts) -> Finding {
    const CHECK: &str = "disk-space";
    let place = format!("the disk of {} ({})", disk.purpose, disk.folder.display());
    let space = match &disk.space {
        Ok(space) => space,
        Err(error) => {
            let what = format!("the space on {place} cannot be seen ({error})");
            return Finding::could_not_look(CHECK, what, "run this as root");
        }
    };
    let what = format!(
        "{place} has {} MiB free of {}",
        space.free_bytes >> 20,
        space.total_bytes >> 20
    );
    let advice = "make room, or give it a larger disk";
    if space.free_bytes < FREE_BYTES_MIN {
        return Finding::fault(CHECK, format!("{what}, which is too little"), advice);
    }
    let share = space.free_bytes.saturating_mul(100) / space.total_bytes.max(1);
    if space.free_bytes < FREE_BYTES_GOOD || share < FREE_PERCENT_GOOD {
        return Finding::warning(CHECK, what, advice);
    }
    Finding::ok(CHECK, what)
}

pub(super) fn sync(disk: &DiskFacts, time: &Result<Duration, String>) -> Finding {
    const CHECK: &str = "disk-speed";
    let place = format!("the disk of {} ({})", disk.purpose, disk.folder.display());
    match time {
        Ok(time) if *time <= SYNC_GOOD => Finding::ok(
            CHECK,
            format!("{place} takes {} µs for a write", time.as_micros()),
        ),
        Ok(time) => Finding::warning(
            CHECK,
            format!(
                "{place} takes {} ms for a write, and every change waits for one",
                time.as_millis()
            ),
            "use a disk with a shorter fsync time, such as an SSD",
        ),
        Err(error) => Finding::fault(
            CHECK,
            format!("nothing can be written to {place} ({error})"),
            "run this as root; look at the disk's space and whether it is mounted read-only",
        ),
    }
}

/// A plain disk is no reason to stop: set-up goes on, and the promise register says it too.
pub(super) fn encryption(disk: &DiskFacts) -> Finding {
    const CHECK: &str = "disk-encryption";
    let place = format!("{} ({})", disk.purpose, disk.folder.display());
    match &disk.encryption {
        Encryption::Encrypted { by, place: device } => {
            Finding::ok(CHECK, format!("{place} lies on {device}, encrypted by {by}"))
        }
        Encryption::Memory => Finding::ok(CHECK, format!("{place} lies in memory only")),
        Encryption::Plain { place: device } => Finding::warning(
            CHECK,
            format!("{place} lies on {device}, which is not encrypted as far as this kernel can see"),
            "run `strongroom storage encrypt` once it is set up, or put it on a LUKS2 volume, ZFS with encryption, or a folder with fscrypt",
        ),
        Encryption::Unknown { why } => Finding::could_not_look(
            CHECK,
            format!("whether {place} is encrypted cannot be seen here: {why}"),
            "look on the host with `lsblk`; inside a container the kernel does not always say",
        ),
    }
}

pub(super) fn swap(areas: &Result<Vec<Swap>, String>) -> Finding {
    const CHECK: &str = "swap";
    let areas = match areas {
        Ok(areas) => areas,
        Err(error) => {
            let what = format!("/proc/swaps cannot be read ({error})");
            return Finding::could_not_look(CHECK, what, "run this on the host, as root");
        }
    };
    let named = |wanted: fn(&Encryption) -> bool| {
        let found = areas.iter().filter(|area| wanted(&area.encryption));
        found
            .map(|area| area.path.display().to_string())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let plain = named(|found| matches!(found, Encryption::Plain { .. }));
    let unknown = named(|found| matches!(found, Encryption::Unknown { .. }));
    if !plain.is_empty() {
        return Finding::warning(
            CHECK,
            format!("memory is written in the clear to {plain}"),
            "run `swapoff` on it, or encrypt it (a line with `swap` in /etc/crypttab)",
        );
    }
    if !unknown.is_empty() {
        let what = format!("whether {unknown} is encrypted cannot be seen here");
        return Finding::could_not_look(CHECK, what, "look on the host with `swapon --show` and `lsblk`");
    }
    match areas.len() {
        0 => Finding::ok(CHECK, "there is none"),
        many => Finding::ok(CHECK, format!("{many} areas, all encrypted or in memory")),
    }
}
