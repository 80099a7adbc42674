//! What processes cost: processor time and memory, out of `/proc`.
//!
//! Processor time per request is the steady measure: it changes little when others use the machine too.

use std::fs;

use anyhow::{Context, Result};
use testkit::process;

/// `USER_HZ`, in which proc(5) counts; 100 on every architecture that Debian has.
const TICKS_PER_SECOND: f64 = 100.0;

/// Processor seconds of a process, its threads, and its children that have ended.
pub(super) fn seconds(pid: i32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    let stat = stat.with_context(|| format!("process {pid} is gone"))?;
    read_stat(&stat).with_context(|| format!("cannot read the times of process {pid}"))
}

/// Fields 14 to 17 (utime, stime, cutime, cstime), counted from the parenthesis that ends field 2.
fn read_stat(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = (11..15).map(|place| fields.get(place)?.parse::<f64>().ok());
    let ticks: Option<f64> = ticks.sum();
    Some(ticks? / TICKS_PER_SECOND)
}

/// Processor seconds of PostgreSQL: the main process with the backends that have ended, and those that live.
pub(super) fn postgres_seconds(postmaster: i32) -> Result<f64> {
    let mut sum = seconds(postmaster)?;
    for child in process::children(postmaster) {
        // A backend that ends meanwhile moves its time to the main process; it is counted at the next look.
        sum += seconds(child).unwrap_or(0.0);
    }
    Ok(sum)
}

/// Memory of a process, in bytes.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub(super) struct Memory {
    /// Resident, shared pages counted whole.
    pub(super) resident: u64,
    /// Resident, shared pages counted by share.
    pub(super) proportional: u64,
}

pub(super) fn memory(pid: i32) -> Result<Memory> {
    let read = |file: &str, name: &str| -> Result<u64> {
        let text = fs::read_to_string(format!("/proc/{pid}/{file}"))?;
        let found =
            kibibytes(&text, name).with_context(|| format!("{file} of process {pid} has no {name}"))?;
        Ok(found * 1024)
    };
    Ok(Memory {
        resident: read("status", "VmRSS:")?,
        proportional: read("smaps_rollup", "Pss:")?,
    })
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_after_a_name_with_parentheses() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 25 25 20 0 1 0 100 1000 10";
        assert_eq!(read_stat(stat), Some(2.5));
        assert_eq!(read_stat("7 (a"), None);
    }

    #[test]
    fn our_own_memory_is_more_than_nothing() {
        let memory = memory(std::process::id().cast_signed()).unwrap();
        assert!(memory.resident > 1 << 20, "{memory:?}");
        assert!(memory.proportional <= memory.resident, "{memory:?}");
    }
}
