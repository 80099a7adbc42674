//! `cargo xtask image`: a disk image of Debian 13 with Strongroom on it, which asks for set-up at its first start.
//!
//! Everything comes from Debian's archive as it is now, security updates included; what makes the image ours lies in
//! `packaging/image`. The machine boots by UEFI. Needs root. Start at [`build`].

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use nix::unistd::Uid;
use testkit::machine::Workshop;
use testkit::{install, process};

use crate::deb::{self, Profile};
use crate::program;

const RELEASE: &str = "trixie";
/// What a machine has beside what our package depends on. No SSH server: fewer doors than Debian's own images.
const PACKAGES: &str = "ca-certificates,cryptsetup,dbus,dosfstools,e2fsprogs,initramfs-tools,iproute2,kmod,less,\
    libnss-myhostname,libtss2-esys-3.0.2-0t64,libtss2-rc0t64,linux-image-amd64,nano,needrestart,nftables,passwd,systemd,systemd-boot,systemd-boot-efi,\
    systemd-cryptsetup,systemd-repart,systemd-resolved,systemd-sysv,systemd-timesyncd,udev,unattended-upgrades,zstd";

/// What `cargo xtask image` takes.
#[derive(Debug, Args)]
pub(crate) struct ImageArguments {
    /// `raw` for disks, `qcow2` for virtual machines
    #[arg(long, value_enum, default_value = "raw")]
    format: Format,
    /// Which build of the program is in it
    #[arg(long, value_enum, default_value = "release")]
    profile: Profile,
}

/// How the image is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Byte for byte what is on the disk.
    Raw,
    /// Small, for QEMU and what is built on it.
    Qcow2,
}

pub(crate) fn run(arguments: &ImageArguments) -> Result<()> {
    program::install(&[install::BUILD, install::PACKAGE, install::MACHINES])?;
    let raw = build(&deb::build(arguments.profile)?)?;
    let image = match arguments.format {
        Format::Raw => raw,
        Format::Qcow2 => compress(&raw)?,
    };
    println!("{}", image.display());
    Ok(())
}

/// Builds the raw image with a package on it and gives its path.
pub(crate) fn build(package: &Path) -> Result<PathBuf> {
    ensure!(
        Uid::effective().is_root(),
        "files of an image belong to its own users, which only root can write; run this as root"
    );
    let workshop = Workshop::ensure()?;
    let folder = program::target().join("image");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    lay(package, &folder.join("root"))?;
    let image = partition(&workshop, &folder)?;
    fs::remove_dir_all(folder.join("root")).context("cannot remove the image's root")?;
    Ok(image)
}

/// The files of the image.
fn lay(package: &Path, root: &Path) -> Result<()> {
    eprintln!("+ laying out the image's files, with Debian's archive as it is now");
    let ours = program::root().join("packaging/image");
    let hook = |name: &str| format!("\"{}\" \"$1\"", ours.join(name).display());
    let mut command = Command::new("mmdebstrap");
    command
        .args(["--quiet", "--variant=minbase"])
        .arg(format!("--include={PACKAGES}"))
        .arg(format!("--essential-hook={}", hook("lay")))
        .arg(format!("--customize-hook={}", hook("finish")))
        .arg(RELEASE)
        .arg(root)
        .env("STRONGROOM_PACKAGE", package)
        .stdin(Stdio::null());
    process::run(&mut command)
        .map(drop)
        .context("cannot lay out the image's files; it needs Debian's archive")
}

/// Partitions and file systems, without a device.
fn partition(workshop: &Workshop, folder: &Path) -> Result<PathBuf> {
    eprintln!("+ writing the image");
    let definitions = folder.join("partitions");
    fs::create_dir(&definitions)?;
    for entry in fs::read_dir(program::root().join("packaging/image/partitions"))? {
        let entry = entry?;
        fs::copy(entry.path(), definitions.join(entry.file_name()))?;
    }
    let name = concat!("strongroom_", env!("CARGO_PKG_VERSION"), "_amd64.raw");
    let mut command = workshop.command(folder);
    command
        .args(["systemd-repart", "--offline=yes", "--empty=create", "--size=auto"])
        .args([
            "--architecture=x86-64",
            "--root=/work/root",
            "--definitions=/work/partitions",
        ])
        .arg(format!("/work/{name}"));
    process::run(&mut command).context("cannot write the image")?;
    Ok(folder.join(name))
}

fn compress(raw: &Path) -> Result<PathBuf> {
    let image = raw.with_extension("qcow2");
    let folder = raw.parent().context("the image has no folder")?;
    let inside = |path: &Path| format!("/work/{}", path.file_name().unwrap_or_default().display());
    let mut command = Workshop::ensure()?.command(folder);
    command.args(["qemu-img", "convert", "-c", "-O", "qcow2"]);
    process::run(command.args([inside(raw), inside(&image)]))?;
    Ok(image)
}
