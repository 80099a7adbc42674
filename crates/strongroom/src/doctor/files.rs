//! Owners and modes of our own files: what is secret is nobody else's to read, what is a setting nobody
//! else's to write.

use super::Hand;
use crate::finding::Finding;
use ::host::{
    account::{Account, user_name},
    write::{self, Access},
};
use config::{CREDENTIALS, Config, SecretSource};
use nix::unistd::Uid;
use std::path::{Path, PathBuf};

const CHECK: &str = "files";
/// Group and others, everything.
const SECRET: u32 = 0o077;
/// Group and others, writing; others, reading.
const SETTING: u32 = 0o027;
/// Group and others, writing.
const PUBLIC: u32 = 0o022;

/// A file or folder with the bits that it must not have.
struct Rule {
    path: PathBuf,
    forbidden: u32,
}

pub(super) fn check(settings: &Path, config: Option<&Config>, hand: Hand) -> Vec<Finding> {
    let mut findings: Vec<Finding> = rules(settings, config)
        .iter()
        .filter_map(|rule| judge(rule, hand))
        .collect();
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "owners and modes are as they should be"));
    }
    findings
}

fn rules(settings: &Path, config: Option<&Config>) -> Vec<Rule> {
    let folder = settings.parent().unwrap_or(Path::new("/"));
    let rule = |path: PathBuf, forbidden| Rule { path, forbidden };
    let mut rules = vec![
        rule(folder.to_owned(), PUBLIC),
        rule(settings.to_owned(), SETTING),
        rule(folder.join(CREDENTIALS), SECRET),
        rule(super::mutes::place(settings), PUBLIC),
    ];
    let Some(config) = config else { return rules };
    rules.push(rule(config.tls.certificate.clone(), PUBLIC));
    let secrets = [
        Some(&config.tls.key),
        config.database.password_file.as_ref(),
        Some(&config.keys.root_file),
    ];
    let paths = secrets
        .into_iter()
        .flatten()
        .filter_map(|source: &SecretSource| source.path().ok());
    rules.extend(paths.map(|path| rule(path, SECRET)));
    rules
}

/// Nothing where all is well, or where nothing is: what must be there, other checks miss.
fn judge(rule: &Rule, hand: Hand) -> Option<Finding> {
    let shown = rule.path.display();
    let found = match write::look(&rule.path) {
        Ok(found) => found?,
        Err(error) => {
            return Some(Finding::could_not_look(
                CHECK,
                error.to_string(),
                "run this as root",
            ));
        }
    };
    let closed = found.mode & !rule.forbidden;
    let (what, right) = if found.mode != closed {
        let what = format!(
            "{shown} is open to others (mode {:04o}, at most {closed:04o})",
            found.mode
        );
        (
            what,
            Access {
                mode: closed,
                ..found
            },
        )
    } else if !owners().contains(&found.user) {
        let what = format!("{shown} belongs to {}", user_name(found.user.as_raw()));
        (
            what,
            Access {
                user: Uid::from_raw(0),
                ..found
            },
        )
    } else {
        return None;
    };
    Some(match hand {
        Hand::Repair => repair(rule, what, right),
        Hand::Look => Finding::fault(CHECK, what, advice(rule, found, right)),
    })
}

/// Root, the daemons' user, and whoever runs this.
fn owners() -> Vec<Uid> {
    let daemons = Account::named("strongroom").map(|account| account.uid);
    [Some(Uid::from_raw(0)), Some(Uid::effective()), daemons]
        .into_iter()
        .flatten()
        .collect()
}

fn advice(rule: &Rule, found: Access, right: Access) -> String {
    let shown = rule.path.display();
    let command = match found.user == right.user {
        true => format!("chmod {:04o} {shown}", right.mode),
        false => format!("chown root {shown}"),
    };
    let changed = if rule.forbidden == SECRET {
        "; replace the secret if others may have read it"
    } else {
        ""
    };
    format!("run `strongroom doctor --repair` or `{command}`{changed}")
}

fn repair(rule: &Rule, what: String, right: Access) -> Finding {
    match write::access(&rule.path, right) {
        Ok(_) => {
            let mut finding = Finding::ok(CHECK, what);
            finding.repaired = Some(format!(
                "mode {:04o}, owner {}",
                right.mode,
                user_name(right.user.as_raw())
            ));
            finding
        }
        Err(error) => Finding::fault(CHECK, what, format!("{error}; run this as root")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use std::{fs, os::unix::fs::PermissionsExt};

    /// Settings with a secret, and the finding after a change of the secret's mode.
    fn found(mode: u32, hand: Hand) -> (Vec<Finding>, u32) {
        let folder = tempfile::tempdir().unwrap();
        let settings = folder.path().join("strongroom.toml");
        let secrets = folder.path().join(CREDENTIALS);
        fs::write(&settings, "").unwrap();
        fs::set_permissions(&settings, fs::Permissions::from_mode(0o640)).unwrap();
        fs::create_dir(&secrets).unwrap();
        fs::set_permissions(&secrets, fs::Permissions::from_mode(mode)).unwrap();
        let findings = check(&settings, None, hand);
        (
            findings,
            fs::metadata(&secrets).unwrap().permissions().mode() & 0o7777,
        )
    }

    #[test]
    fn a_secret_that_others_can_read_is_a_fault() {
        let (findings, mode) = found(0o755, Hand::Look);
        assert_eq!(
            (findings.len(), findings[0].level, mode),
            (1, Level::Fault, 0o755)
        );
        assert!(
            findings[0].what.contains("mode 0755, at most 0700"),
            "{findings:?}"
        );
        let (findings, _) = found(0o700, Hand::Look);
        assert_eq!(findings[0].level, Level::Ok, "{findings:?}");
    }

    #[test]
    fn repair_closes_it_and_says_so() {
        let (findings, mode) = found(0o755, Hand::Repair);
        assert_eq!((findings[0].level, mode), (Level::Ok, 0o700));
        assert!(findings[0].repaired.is_some(), "{findings:?}");
    }

    #[test]
    fn a_link_in_place_of_a_secret_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("link");
        std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
        let finding = judge(
            &Rule {
                path,
                forbidden: SECRET,
            },
            Hand::Repair,
        )
        .unwrap();
        assert_eq!(finding.level, Level::CouldNotLook, "{finding:?}");
    }
}
