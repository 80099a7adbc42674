//! What the process takes from itself at once: nobody may attach to it or find its memory in a core file.

use nix::sys::{
    prctl,
    resource::{Resource, setrlimit},
};

/// Not dumpable (the limit alone is ignored where the core pattern is a pipe), and no core file. Where the kernel
/// refuses, the program still runs: it is a second line, not the first.
pub(crate) fn apply() {
    let undumpable = prctl::set_dumpable(false);
    let no_core = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    if undumpable.is_err() || no_core.is_err() {
        crate::output::talk("this process could not be protected from being dumped");
    }
}
