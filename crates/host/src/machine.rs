//! The machine: kernel, processors, memory, name.

use std::thread::available_parallelism;

use nix::sys::sysinfo::sysinfo;
use nix::sys::utsname::uname;

/// What the machine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The kernel's release, such as `6.12.48+deb13-amd64`.
    pub kernel: String,
    /// Its name, as the kernel has it.
    pub name: String,
    /// Processors that this process may use.
    pub processors: usize,
    /// Memory, in bytes; none where the kernel does not say.
    pub memory_bytes: Option<u64>,
}

impl Machine {
    /// This machine.
    #[must_use]
    pub fn of_process() -> Self {
        let names = uname().ok();
        let text = |value: Option<&std::ffi::OsStr>| {
            value.map_or_else(
                || "unknown".to_owned(),
                |value| value.to_string_lossy().into_owned(),
            )
        };
        Self {
            kernel: text(names.as_ref().map(|names| names.release())),
            name: text(names.as_ref().map(|names| names.nodename())),
            processors: available_parallelism().map_or(1, std::num::NonZero::get),
            memory_bytes: sysinfo().ok().map(|info| info.ram_total()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_kernel_a_processor_and_memory() {
        let machine = Machine::of_process();
        assert!(
            machine.kernel.starts_with(|first: char| first.is_ascii_digit()),
            "{machine:?}"
        );
        assert!(
            machine.processors >= 1 && machine.memory_bytes > Some(64 << 20),
            "{machine:?}"
        );
    }
}
