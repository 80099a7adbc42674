//! What the machine does at boot: unlock the volume (`/etc/crypttab`), mount it and its folders (`/etc/fstab`).
//!
//! Invariants: [`switch`] is one atomic write, and the only moment from which the volume counts; PostgreSQL starts
//! after its folder is mounted or not at all, so that it never runs on plain data that was kept. A disk that is gone does
//! not end in the emergency shell (`nofail`).

use super::{
    key::{KeyKind, Keys},
    plan::{Plan, Target},
    settings_folder,
    volume::{self, MOUNT, NAME, mapped},
};
use crate::failure::{CommandError, Exit};
use ::host::{
    luks, mount,
    tables::{self, HalfBlock},
    unit, write,
    write::Access,
};
use config::Config;
use std::{
    fs,
    path::{Path, PathBuf},
};

const FSTAB: &str = "/etc/fstab";
const CRYPTTAB: &str = "/etc/crypttab";
/// What systemd's generator makes of the line in crypttab (systemd-cryptsetup@.service(8)).
pub(super) const UNLOCK_UNIT: &str = "systemd-cryptsetup@strongroom_data.service";
/// Whoever types a passphrase takes his time. After systemd's usual 90 seconds the boot would go on without the folders, and
/// take the screen from the question.
const WAIT: &str = "x-systemd.device-timeout=infinity,";
/// The credential that systemd-cryptsetup asks for before it asks a person.
const CREDENTIAL: &str = "cryptsetup.passphrase";

/// Whether the volume counts.
pub(super) fn is_switched() -> Result<bool, CommandError> {
    Ok(tables::has_block(&table(FSTAB)?))
}

/// Writes what unlocks the volume, and has systemd itself unlock it where nobody needs to type.
pub(super) fn prepare(config: &Config, plan: &Plan, keys: &Keys) -> Result<(), CommandError> {
    if let (KeyKind::Host, Some(key)) = (plan.key, &keys.unlocking) {
        let sealed = luks::seal_for_host(CREDENTIAL, key)?;
        write::file(&sealed_key(config), sealed.as_bytes(), volume::root_only(0o600))?;
        let folder = drop_in_folder();
        write::folder(&folder, volume::root_only(0o755))?;
        let text = drop_in(&sealed_key(config));
        write::file(
            &folder.join("strongroom.conf"),
            text.as_bytes(),
            volume::root_only(0o644),
        )?;
    }
    put(CRYPTTAB, Some(&[crypttab_line(plan)]))?;
    unit::reload()?;
    if plan.key == KeyKind::Passphrase {
        return Ok(());
    }
    volume::close()?;
    unit::start(UNLOCK_UNIT)?;
    mount::attach(&mapped(), Path::new(MOUNT))?;
    Ok(())
}

/// From here on the volume counts.
pub(super) fn switch(plan: &Plan) -> Result<(), CommandError> {
    put(FSTAB, Some(&fstab_lines(plan)))?;
    unit::reload()?;
    Ok(())
}

/// From here on the plain data counts again.
pub(super) fn switch_back() -> Result<(), CommandError> {
    put(FSTAB, None)?;
    unit::reload()?;
    Ok(())
}

/// Takes back what [`prepare`] wrote.
pub(super) fn forget(config: &Config) -> Result<(), CommandError> {
    put(CRYPTTAB, None)?;
    for file in [sealed_key(config), drop_in_folder().join("strongroom.conf")] {
        if file.exists() {
            let what = format!("cannot remove {}", file.display());
            fs::remove_file(&file).map_err(CommandError::io(what))?;
        }
    }
    unit::reload()?;
    Ok(())
}

/// As a boot does it; what is mounted already stays.
pub(super) fn mount_all(plan: &Plan) -> Result<(), CommandError> {
    if !luks::is_open(NAME) {
        unit::start(UNLOCK_UNIT)?;
    }
    let places = plan.moves.iter().map(|moved| moved.place.as_path());
    for place in [Path::new(MOUNT)].into_iter().chain(places) {
        mount::attach_listed(place)?;
    }
    Ok(())
}

/// The other way round. PostgreSQL is down and must see its plain folder; in the others somebody may have something open.
pub(super) fn unmount_all(plan: &Plan) -> Result<(), CommandError> {
    for moved in plan.moves.iter().rev() {
        match moved.name == super::moved::DATABASE {
            true => mount::detach(&moved.place)?,
            false => mount::detach_lazily(&moved.place)?,
        }
    }
    Ok(())
}

/// Whether both tables can be read and hold no half block of ours.
pub(super) fn check_tables() -> Result<(), CommandError> {
    for path in [FSTAB, CRYPTTAB] {
        tables::without_block(&table(path)?).map_err(half(path))?;
    }
    Ok(())
}

fn crypttab_line(plan: &Plan) -> String {
    let source = match &plan.target {
        Target::Device(_) => format!("UUID={}", plan.uuid),
        Target::File(path, _) => tables::escaped(path),
    };
    let tpm = match plan.key {
        KeyKind::Tpm2 => ",tpm2-device=auto",
        KeyKind::Passphrase | KeyKind::Host => "",
    };
    format!("{NAME} {source} none luks,nofail{tpm}")
}

fn fstab_lines(plan: &Plan) -> Vec<String> {
    let cluster = format!("postgresql@{}.service", plan.cluster.replace('/', "-"));
    let mut lines = vec![format!(
        "{} {MOUNT} ext4 nodev,nosuid,noatime,nofail,{WAIT}x-systemd.requires={UNLOCK_UNIT} 0 2",
        mapped().display()
    )];
    lines.extend(plan.moves.iter().map(|moved| {
        let before = match moved.name.as_str() {
            super::moved::DATABASE => format!(",x-systemd.required-by={cluster},x-systemd.before={cluster}"),
            _ => String::new(),
        };
        format!(
            "{} {} none bind,nofail,x-systemd.requires-mounts-for={MOUNT}{before} 0 0",
            volume::folder(&moved.name).display(),
            tables::escaped(&moved.place)
        )
    }));
    lines
}

fn drop_in(sealed: &Path) -> String {
    format!(
        "# Written by `strongroom storage encrypt`.\n[Service]\nLoadCredentialEncrypted={CREDENTIAL}:{}\n",
        sealed.display()
    )
}

fn drop_in_folder() -> PathBuf {
    Path::new("/etc/systemd/system").join(format!("{UNLOCK_UNIT}.d"))
}

fn sealed_key(config: &Config) -> PathBuf {
    settings_folder(config).join("credentials/storage-key.sealed")
}

fn table(path: &str) -> Result<String, CommandError> {
    let text = write::read(Path::new(path))?.unwrap_or_default();
    String::from_utf8(text).map_err(|_| {
        let text = format!("{path} is not UTF-8 text, so it is not changed; correct it by hand");
        CommandError::said(Exit::Failed, text)
    })
}

/// With our block, or without; owner and mode stay.
fn put(path: &str, lines: Option<&[String]>) -> Result<(), CommandError> {
    let before = table(path)?;
    let after = match lines {
        Some(lines) => tables::with_block(&before, lines),
        None => tables::without_block(&before),
    };
    let after = after.map_err(half(path))?;
    let path = Path::new(path);
    let access = write::look(path)?.unwrap_or_else(|| volume::root_only(0o644));
    if after != before {
        write::file(path, after.as_bytes(), Access { ..access })?;
    }
    Ok(())
}

fn half(path: &str) -> impl FnOnce(HalfBlock) -> CommandError {
    let path = path.to_owned();
    move |error| CommandError::said(Exit::Failed, format!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::plan;
    use super::*;

    #[test]
    fn the_volume_is_found_by_its_number_and_never_stops_a_boot() {
        let mut plan = plan();
        assert_eq!(
            crypttab_line(&plan),
            format!("strongroom_data UUID={} none luks,nofail", plan.uuid)
        );
        plan.key = KeyKind::Tpm2;
        assert!(crypttab_line(&plan).ends_with(",tpm2-device=auto"));
        plan.target = Target::File("/srv/a b.luks".into(), 1);
        assert!(crypttab_line(&plan).contains(" /srv/a\\040b.luks none "));
        let lines = fstab_lines(&plan);
        assert!(lines.iter().all(|line| line.contains("nofail")));
        assert!(
            lines[0].contains("x-systemd.device-timeout=infinity"),
            "{}",
            lines[0]
        );
    }

    #[test]
    fn the_cluster_starts_after_its_folder_is_mounted_or_not_at_all() {
        let lines = fstab_lines(&plan());
        let line = lines
            .iter()
            .find(|line| line.contains("/var/lib/postgresql/17/strongroom"));
        let line = line.unwrap();
        for part in ["x-systemd.required-by=", "x-systemd.before="] {
            assert!(
                line.contains(&format!("{part}postgresql@17-strongroom.service")),
                "{line}"
            );
        }
        let columns: Vec<_> = lines.iter().map(|line| line.split(' ').count()).collect();
        assert_eq!(columns, [6; 4]);
    }

    #[test]
    fn the_drop_in_names_a_sealed_file_and_holds_no_key() {
        let text = drop_in(Path::new("/etc/strongroom/credentials/storage-key.sealed"));
        assert!(text.ends_with(
            "LoadCredentialEncrypted=cryptsetup.passphrase:/etc/strongroom/credentials/storage-key.sealed\n"
        ));
        assert!(drop_in_folder().ends_with("systemd-cryptsetup@strongroom_data.service.d"));
    }
}
