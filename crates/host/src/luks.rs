//! LUKS2 volumes (cryptsetup(8)): made, opened, closed.
//!
//! Invariants: a key goes in by the standard input, one line, never by an argument; each key is asked for before it is relied
//! on. Whether a device may be written to is the caller's question ([`crate::blank`]). Start at [`format`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::run::{Call, Program, RunError};

/// Argon2id takes seconds on purpose, and many more on a slow machine.
const KEY_DEADLINE: Duration = Duration::from_secs(300);
const FILE_SYSTEM_DEADLINE: Duration = Duration::from_secs(600);
/// Key material of 256 bits for each half of XTS: AES-256.
const CIPHER: [&str; 8] = [
    "--cipher",
    "aes-xts-plain64",
    "--key-size",
    "512",
    "--pbkdf",
    "argon2id",
    "--hash",
    "sha256",
];

/// A key as cryptsetup reads it from a line: text without a line break, wiped when dropped.
pub type Key = Zeroizing<String>;

/// Writes an empty volume over whatever is there, with one key. `source` is a device or a file.
///
/// # Errors
/// [`RunError`].
pub fn format(source: &Path, uuid: &str, label: &str, key: &Key) -> Result<(), RunError> {
    let call = Call::new(Program::Cryptsetup)
        .with(["luksFormat", "--batch-mode", "--type", "luks2"])
        .with(CIPHER)
        .with(["--uuid", uuid, "--label", label])
        .with([source.as_os_str()]);
    call.reading(lines(&[key])).within(KEY_DEADLINE).run().map(drop)
}

/// Adds a second key.
///
/// # Errors
/// [`RunError`]; also when the known key does not open it.
pub fn add_key(source: &Path, known: &Key, new: &Key) -> Result<(), RunError> {
    let call = Call::new(Program::Cryptsetup)
        .with(["luksAddKey", "--batch-mode", "--pbkdf", "argon2id"])
        .with([source.as_os_str()]);
    let call = call.reading(lines(&[known, new])).within(KEY_DEADLINE);
    call.run().map(drop)
}

/// Whether a key opens the volume; nothing is opened.
///
/// # Errors
/// [`RunError`], when it does not.
pub fn check_key(source: &Path, key: &Key) -> Result<(), RunError> {
    let call = Call::new(Program::Cryptsetup)
        .with(["open", "--batch-mode", "--test-passphrase", "--tries", "1"])
        .with([source.as_os_str()]);
    call.reading(lines(&[key])).within(KEY_DEADLINE).run().map(drop)
}

/// Opens a volume as [`mapped`].
///
/// # Errors
/// [`RunError`].
pub fn open(source: &Path, name: &str, key: &Key) -> Result<(), RunError> {
    let call = Call::new(Program::Cryptsetup)
        .with(["open", "--batch-mode", "--type", "luks2", "--tries", "1"])
        .with([source.as_os_str(), name.as_ref()]);
    call.reading(lines(&[key])).within(KEY_DEADLINE).run().map(drop)
}

/// Closes a volume, so that its key is gone from memory; one that is not open is left alone.
///
/// # Errors
/// [`RunError`], when somebody uses it.
pub fn close(name: &str) -> Result<(), RunError> {
    if !is_open(name) {
        return Ok(());
    }
    Call::new(Program::Cryptsetup)
        .with(["close", name])
        .run()
        .map(drop)
}

/// Whether a volume of that name is open.
#[must_use]
pub fn is_open(name: &str) -> bool {
    mapped(name).exists()
}

/// The device of an open volume.
#[must_use]
pub fn mapped(name: &str) -> PathBuf {
    Path::new("/dev/mapper").join(name)
}

/// The number that a volume bears; none where there is no whole header.
///
/// # Errors
/// [`RunError`].
pub fn uuid(source: &Path) -> Result<Option<String>, RunError> {
    let call = Call::new(Program::Cryptsetup)
        .with(["luksUUID"])
        .with([source.as_os_str()]);
    let said = call.ask()?;
    Ok((said.code == Some(0)).then(|| said.output.trim().to_owned()))
}

/// Adds a key that the machine's TPM2 keeps, bound to the state of Secure Boot (PCR 7).
///
/// # Errors
/// [`RunError`].
pub fn enroll_tpm(source: &Path, known: &Key) -> Result<(), RunError> {
    let call = Call::new(Program::SystemdCryptenroll)
        .with(["--unlock-key-file=/dev/stdin", "--tpm2-device=auto"])
        .with(["--tpm2-pcrs=7"])
        .with([source.as_os_str()]);
    // A key file is read as it is: without a line break.
    let input = Zeroizing::new(known.as_bytes().to_vec());
    call.reading(input).within(KEY_DEADLINE).run().map(drop)
}

/// What a machine has of a TPM2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tpm {
    /// systemd can use it.
    Ready,
    /// The kernel shows none.
    NoDevice,
    /// systemd has not the libraries that it loads when it is asked for one.
    NoLibraries,
}

/// Looks for a TPM2 of the kernel, and whether systemd can speak to one (systemd-cryptenroll(1), `--tpm2-device=list`).
///
/// # Errors
/// [`RunError`].
pub fn tpm() -> Result<Tpm, RunError> {
    if !Path::new("/sys/class/tpm/tpm0").exists() || !Path::new("/dev/tpmrm0").exists() {
        return Ok(Tpm::NoDevice);
    }
    let call = Call::new(Program::SystemdCryptenroll).with(["--tpm2-device=list"]);
    Ok(match call.ask()?.code {
        Some(0) => Tpm::Ready,
        _ => Tpm::NoLibraries,
    })
}

/// Seals a text with the machine's own key (systemd-creds(1)), for a unit that loads it as a credential of this name.
///
/// # Errors
/// [`RunError`].
pub fn seal_for_host(name: &str, text: &Key) -> Result<String, RunError> {
    let call = Call::new(Program::SystemdCreds)
        .with(["encrypt", "--with-key=host"])
        .with([format!("--name={name}"), "-".to_owned(), "-".to_owned()]);
    call.reading(Zeroizing::new(text.as_bytes().to_vec())).run()
}

/// Makes an ext4 file system on an open volume.
///
/// # Errors
/// [`RunError`].
pub fn make_file_system(name: &str, label: &str) -> Result<(), RunError> {
    let call = Call::new(Program::MkfsExt4)
        .with(["-q", "-F", "-m", "1", "-L", label])
        .with([mapped(name)]);
    call.within(FILE_SYSTEM_DEADLINE).run().map(drop)
}

fn lines(keys: &[&Key]) -> Zeroizing<Vec<u8>> {
    let length = keys.iter().map(|key| key.len() + 1).sum();
    let mut input = Zeroizing::new(Vec::with_capacity(length));
    for key in keys {
        input.extend_from_slice(key.as_bytes());
        input.push(b'\n');
    }
    input
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_in_as_lines_and_leave_no_copy_of_a_grown_buffer() {
        let (one, two) = (Key::new("a key".to_owned()), Key::new("another".to_owned()));
        let input = lines(&[&one, &two]);
        assert_eq!(input.as_slice(), b"a key\nanother\n");
        assert_eq!(
            input.capacity(),
            input.len(),
            "a grown buffer is left behind unwiped"
        );
    }

    #[test]
    fn the_cipher_is_aes_with_256_bits() {
        assert!(CIPHER.contains(&"aes-xts-plain64") && CIPHER.contains(&"512"));
    }
}
