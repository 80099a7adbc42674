//! A Debian root with tools that the machine at hand may have in another release or not at all: to build disk images, and
//! to emulate machines that boot them.
//!
//! Commands run in it by chroot, in a mount namespace of their own that goes with them. It is no sandbox.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::{base, check_possible};
use crate::once;
use crate::process;

/// Debian 13's: its systemd-repart makes whole images without devices.
const RELEASE: &str = "trixie";
const TOOLS: &str =
    "dosfstools,e2fsprogs,mtools,ovmf,qemu-system-x86,qemu-utils,swtpm,systemd,systemd-repart";

/// `$1` the root, `$2` the folder to share; the rest is what runs.
const MOUNT_AND_RUN: &str = r#"
mount --bind "$2" "$1/work"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
root=$1
shift 2
exec chroot "$root" "$@"
"#;

/// The tools.
#[derive(Debug)]
pub struct Workshop {
    root: PathBuf,
}

impl Workshop {
    /// The tools; installed if they are not there, which takes a minute and Debian's archive.
    ///
    /// # Errors
    /// When we are not root, or Debian's archive cannot be reached.
    pub fn ensure() -> Result<Self> {
        check_possible()?;
        let name = format!("workshop-{:016x}", base::fingerprint(TOOLS));
        let root = once::ensure(&base::machines_folder()?.join(name), |draft| {
            let mut command = Command::new("mmdebstrap");
            command
                .args(["--quiet", "--variant=apt"])
                .arg(format!("--include={TOOLS}"))
                .arg("--customize-hook=mkdir \"$1/work\"")
                .arg(RELEASE)
                .arg(draft)
                .stdin(Stdio::null());
            process::run(&mut command)
                .map(drop)
                .context("cannot make a root with tools; it needs Debian's archive")
        })?;
        Ok(Self { root })
    }

    /// A command in there, which sees `shared` as `/work`. It ends with the process that starts it.
    pub fn command(&self, shared: &Path) -> Command {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig=KILL", "unshare", "--mount"])
            .args(["--propagation=private", "--", "sh", "-euc", MOUNT_AND_RUN, "sh"])
            .arg(&self.root)
            .arg(shared)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null());
        command
    }
}
