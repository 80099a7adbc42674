//! An emulated machine that boots a disk image by its firmware, as hardware would: slow, and no container's tricks.
//!
//! Its screen is a serial line, read in the background. The image is not changed: what the machine writes goes to a
//! layer that ends with it. The network is the emulator's own, with one port led in from localhost and no way out.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::workshop::Workshop;
use super::{base, remove_leftovers};
use crate::{port, process};
use anyhow::{Context, Result, bail, ensure};

/// The firmware's code and its variables, of Debian's package ovmf.
const FIRMWARE: &str = "/usr/share/OVMF/OVMF_CODE_4M.fd";
const VARIABLES: &str = "/usr/share/OVMF/OVMF_VARS_4M.fd";
/// Handed to the kernel by systemd-boot(7), so that the serial line is the machine's screen.
const SCREEN: &str = "type=11,value=io.systemd.boot.kernel-cmdline-extra=console=ttyS0";
/// Between a question and its answer.
const MOMENT: Duration = Duration::from_secs(2);
/// Where a TPM2's memory and its socket lie, in the machine's folder.
const TPM: &str = "tpm";
const TPM_DEADLINE: Duration = Duration::from_secs(20);
/// The screen so far, in the machine's folder, for whoever watches a test of half an hour.
const SCREEN_FILE: &str = "screen";
/// Most bytes of the screen that are kept.
const SCREEN_BYTES_MAX: usize = 4 << 20;

/// What a machine is built of.
#[derive(Debug, Clone, Copy)]
pub struct Hardware {
    /// Of the first disk, which begins with the image.
    pub disk_gib: u32,
    /// Of a second disk, which is blank.
    pub second_disk_gib: u32,
    /// Whether there is a TPM2.
    pub has_tpm: bool,
}

/// A machine that runs.
#[derive(Debug)]
pub struct Emulator {
    qemu: Child,
    /// It ends with the emulator's connection to it.
    tpm: Option<Child>,
    keys: ChildStdin,
    screen: Arc<Mutex<Vec<u8>>>,
    /// How much of the screen was looked at.
    seen: usize,
    port: u16,
    folder: PathBuf,
    workshop: Workshop,
}

impl Emulator {
    /// Switches a machine on with a copy of a raw image.
    ///
    /// # Errors
    /// When the tools cannot be had or the emulator does not start.
    pub fn boot(image: &Path, hardware: Hardware) -> Result<Self> {
        let Hardware {
            disk_gib,
            second_disk_gib,
            has_tpm,
        } = hardware;
        let workshop = Workshop::ensure()?;
        let runs = base::runs_folder()?;
        remove_leftovers(&runs)?;
        let folder = runs.join(format!("sr{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let inside = folder.join("image.raw");
        fs::hard_link(image, &inside)
            .or_else(|_| fs::copy(image, &inside).map(drop))
            .with_context(|| format!("cannot use {}", image.display()))?;
        let layer = format!(
            "qemu-img create -q -f qcow2 -b image.raw -F raw /work/disk.qcow2 {disk_gib}G
            qemu-img create -q -f qcow2 /work/second.qcow2 {second_disk_gib}G
            cp {VARIABLES} /work/variables"
        );
        process::run(workshop.command(&folder).args(["sh", "-euc", &layer]))?;
        let port = port::free(Ipv4Addr::LOCALHOST)?;
        let screen = Arc::default();
        let tpm = has_tpm
            .then(|| start_tpm(workshop.command(&folder), &folder))
            .transpose()?;
        let (qemu, keys) = start(workshop.command(&folder), port, has_tpm, &screen, &folder)?;
        Ok(Self {
            qemu,
            tpm,
            keys,
            screen,
            seen: 0,
            port,
            folder,
            workshop,
        })
    }

    /// Waits until the machine has gone down by itself, and switches it on again with the same disks.
    ///
    /// # Errors
    /// When it does not go down within the time.
    pub fn switch_on_again(&mut self, seconds_max: u64) -> Result<()> {
        self.wait_until_off(seconds_max)?;
        self.switch_on()
    }

    /// Cuts the power, and switches the machine on again with the same disks.
    ///
    /// # Errors
    /// When the emulator does not start.
    pub fn cut_power(&mut self) -> Result<()> {
        self.qemu.kill().context("the machine was off already")?;
        self.qemu.wait()?;
        self.switch_on()
    }

    /// Gives a machine that was told to go down another TPM2, as if its disks were put into another machine, and switches that on.
    ///
    /// # Errors
    /// When the machine does not go down within the time, or has no TPM2.
    pub fn switch_on_elsewhere(&mut self, seconds_max: u64) -> Result<()> {
        self.wait_until_off(seconds_max)?;
        self.stop_tpm()?;
        fs::remove_dir_all(self.folder.join(TPM)).context("this machine has no TPM2")?;
        self.switch_on()
    }

    fn wait_until_off(&mut self, seconds_max: u64) -> Result<()> {
        let is_off = process::poll(Duration::from_secs(seconds_max), || {
            !matches!(self.qemu.try_wait(), Ok(None))
        });
        ensure!(is_off, "the machine has not gone down after {seconds_max} s");
        Ok(())
    }

    fn stop_tpm(&mut self) -> Result<()> {
        let Some(tpm) = &mut self.tpm else { return Ok(()) };
        // It may have ended with the machine.
        tpm.kill().ok();
        tpm.wait().map(drop).context("cannot wait for the TPM2's end")
    }

    fn switch_on(&mut self) -> Result<()> {
        self.stop_tpm()?;
        if let Some(tpm) = &mut self.tpm {
            *tpm = start_tpm(self.workshop.command(&self.folder), &self.folder)?;
        }
        (self.qemu, self.keys) = start(
            self.workshop.command(&self.folder),
            self.port,
            self.tpm.is_some(),
            &self.screen,
            &self.folder,
        )?;
        Ok(())
    }

    /// The port on localhost that leads to the machine's HTTPS.
    pub fn https_port(&self) -> u16 {
        self.port
    }

    /// Waits until the screen shows a text after what was waited for last, and gives all in between.
    ///
    /// # Errors
    /// With the end of the screen, when the text does not come within the time or the machine is off.
    pub fn wait_for(&mut self, text: &str, seconds_max: u64) -> Result<String> {
        let mut found = None;
        process::poll(Duration::from_secs(seconds_max), || {
            let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
            found = find(&screen[self.seen..], text.as_bytes());
            found.is_some() || !matches!(self.qemu.try_wait(), Ok(None))
        });
        let screen = self.screen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = found else {
            let end = screen.len().saturating_sub(2_000);
            bail!(
                "{text:?} is not on the machine's screen after {seconds_max} s at most; it ends with:\n{}",
                String::from_utf8_lossy(&screen[end..])
            );
        };
        let between = String::from_utf8_lossy(&screen[self.seen..self.seen + at]).into_owned();
        self.seen += at + text.len();
        Ok(between)
    }

    /// Types a line.
    ///
    /// # Errors
    /// When the machine is off.
    pub fn type_line(&mut self, line: &str) -> Result<()> {
        ensure!(!line.contains(['\n', '\r']), "one line at a time");
        // Who asks for a password throws away what was typed before the line went silent.
        thread::sleep(MOMENT);
        // What Enter sends on a serial line.
        write!(self.keys, "{line}\r").context("the machine takes no keys")?;
        self.keys.flush().context("the machine takes no keys")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.qemu.kill().ok();
        self.qemu.wait().ok();
        self.stop_tpm().ok();
        // A test's result is not to hang on it: the next boot removes what is left.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Without an accelerator: what a virtual machine lends of its processor (nested KVM) may be there and end at the firmware's first
/// floating-point instruction, and there is no telling before.
fn start(
    mut command: Command,
    port: u16,
    has_tpm: bool,
    screen: &Arc<Mutex<Vec<u8>>>,
    folder: &Path,
) -> Result<(Child, ChildStdin)> {
    command
        .args(["qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-cpu", "max"])
        .args(["-smp", "2", "-m", "1536", "-no-reboot"])
        .args(["-display", "none", "-monitor", "none", "-serial", "stdio"])
        .arg("-nic")
        .arg(format!(
            "user,model=virtio-net-pci,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:443"
        ))
        .arg("-drive")
        .arg(format!("if=pflash,format=raw,readonly=on,file={FIRMWARE}"))
        .args(["-drive", "if=pflash,format=raw,file=/work/variables"])
        .args(["-drive", "if=virtio,format=qcow2,file=/work/disk.qcow2"])
        .args(["-drive", "if=virtio,format=qcow2,file=/work/second.qcow2"])
        .args(["-smbios", SCREEN]);
    if has_tpm {
        command
            .args(["-chardev", &format!("socket,id=tpm,path=/work/{TPM}/socket")])
            .args(["-tpmdev", "emulator,id=tpm,chardev=tpm"])
            .args(["-device", "tpm-crb,tpmdev=tpm"]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let file = File::options()
        .create(true)
        .append(true)
        .open(folder.join(SCREEN_FILE))
        .context("cannot write down the machine's screen")?;
    let mut qemu = command.spawn().context("cannot start the emulator")?;
    let keys = qemu.stdin.take().context("the emulator has no keyboard")?;
    let output = qemu.stdout.take().context("the emulator has no screen")?;
    read_in_background(output, screen, file);
    Ok((qemu, keys))
}

/// A TPM2 whose memory lies in the machine's folder (swtpm(8)); it ends when the emulator leaves it.
fn start_tpm(mut command: Command, folder: &Path) -> Result<Child> {
    let folder = folder.join(TPM);
    fs::create_dir_all(&folder)?;
    let socket = folder.join("socket");
    // One that is left from before would be taken for the new one.
    fs::remove_file(&socket).ok();
    let child = command
        .args(["swtpm", "socket", "--tpm2", "--terminate"])
        .args(["--tpmstate", &format!("dir=/work/{TPM}")])
        .args(["--ctrl", &format!("type=unixio,path=/work/{TPM}/socket")])
        .spawn()
        .context("cannot start the TPM2's emulator")?;
    ensure!(
        process::poll(TPM_DEADLINE, || socket.exists()),
        "the TPM2's emulator has no socket after {} s",
        TPM_DEADLINE.as_secs()
    );
    Ok(child)
}

fn read_in_background(mut output: impl Read + Send + 'static, screen: &Arc<Mutex<Vec<u8>>>, mut file: File) {
    let screen = Arc::clone(screen);
    thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(read @ 1..) = output.read(&mut part) {
            // Without it the test goes on as well.
            file.write_all(&part[..read]).ok();
            let mut screen = screen.lock().unwrap_or_else(PoisonError::into_inner);
            if screen.len() < SCREEN_BYTES_MAX {
                screen.extend_from_slice(&part[..read]);
            }
        }
    });
}

fn find(screen: &[u8], text: &[u8]) -> Option<usize> {
    screen.windows(text.len()).position(|window| window == text)
}
