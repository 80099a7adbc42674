//! `strongroom storage encrypt`

use super::Common;
use crate::{
    failure::{CommandError, Exit},
    output::{self, Format},
    secret,
    storage::{self, KeyKind, Outcome, Talk, Target, Wish},
};
use config::{Config, Environment};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Encrypt {
    /// A blank block device, such as /dev/sdb; one that holds anything is refused
    #[arg(
        long,
        value_name = "PATH",
        required_unless_present = "file",
        conflicts_with = "file"
    )]
    device: Option<PathBuf>,
    /// A container file that is made, where there is no device to spare
    #[arg(long, value_name = "PATH", requires = "size")]
    file: Option<PathBuf>,
    /// The container file's size, such as 20G
    #[arg(long, value_name = "SIZE", value_parser = size, requires = "file")]
    size: Option<u64>,
    /// What unlocks it at boot
    #[arg(long, value_enum)]
    key: KeyKind,
    /// The passphrase in a file that only root can read; asked for at the terminal if not given
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Keep the plain data beside its old place
    #[arg(long)]
    keep_plain: bool,
    /// Say what would be done; change nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Do it: everybody waits while the data is copied, and the plain data is removed afterwards
    #[arg(long)]
    yes: bool,
}

impl Encrypt {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let settings = Config::place(common.config.as_deref(), &Environment::of_process());
        let passphrase = || secret::read_new(self.passphrase_file.as_deref(), "Passphrase of the volume: ");
        let recovery_key = |key: &str| show_recovery_key(common.format(), key);
        let talk = Talk {
            passphrase: &passphrase,
            recovery_key: &recovery_key,
        };
        let outcome = storage::encrypt(&settings, &self.wish()?, &talk)?;
        show(common.format(), &outcome)?;
        if !self.dry_run && !self.yes {
            let text = "nothing was changed; run it again with --yes, when nobody works";
            return Err(CommandError::said(Exit::Usage, text));
        }
        Ok(())
    }

    fn wish(&self) -> Result<Wish, CommandError> {
        let target = match (&self.device, &self.file, self.size) {
            (Some(device), _, _) => Target::Device(device.clone()),
            (None, Some(file), Some(size)) => Target::File(file.clone(), size),
            _ => {
                return Err(CommandError::said(
                    Exit::Usage,
                    "name --device, or --file and --size",
                ));
            }
        };
        Ok(Wish {
            target,
            key: self.key,
            keeps_plain: self.keep_plain,
            is_dry: self.dry_run || !self.yes,
        })
    }
}

/// Once, on stdout: it is what the caller must keep.
fn show_recovery_key(format: Format, key: &str) -> Result<(), CommandError> {
    output::talk(
        "  The recovery key opens the volume when nothing else does. It is shown now and never again; keep it off this machine:",
    );
    match format {
        Format::Json => output::data(&json!({"recovery_key": key}).to_string()),
        Format::Text => output::data(key),
    }
}

fn show(format: Format, outcome: &Outcome) -> Result<(), CommandError> {
    if let Some((state, faults)) = &outcome.promise {
        output::talk(&format!("The promise rest-encryption is {state}."));
        faults
            .iter()
            .for_each(|fault| output::talk(&format!("  {fault}")));
    }
    if outcome.is_changed {
        output::talk(
            "Done. Restart this machine once, so that programs which still run write nothing to the old place. A solid-state disk may \
             keep traces of what was removed: destroy it when it goes.",
        );
    }
    if format == Format::Json {
        let promise = outcome.promise.as_ref();
        let promise = promise.map(|(state, faults)| json!({"state": state, "faults": faults}));
        let json = json!({
            "changed": outcome.is_changed,
            "findings": outcome.findings,
            "rest_encryption": promise,
        });
        output::data(&json.to_string())?;
    }
    Ok(())
}

/// A number of bytes, or of KiB, MiB, GiB, TiB by a letter.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let shift = match &text[digits.len()..] {
        "" => 0,
        "K" => 10,
        "M" => 20,
        "G" => 30,
        "T" => 40,
        _ => return Err("expected a number with K, M, G or T, such as 20G".to_owned()),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "expected a number with K, M, G or T, such as 20G".to_owned())?;
    number
        .checked_mul(1 << shift)
        .filter(|bytes| *bytes > 0 && *bytes < 1 << 50)
        .ok_or_else(|| "expected a size above 0 and below 1 PiB".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_with_a_letter() {
        assert_eq!(size("20G"), Ok(20 << 30));
        assert_eq!(size("4096"), Ok(4096));
        for bad in [
            "",
            "G",
            "-1G",
            "20GB",
            "0",
            "1.5G",
            "99999999T",
            "18446744073709551616",
        ] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
