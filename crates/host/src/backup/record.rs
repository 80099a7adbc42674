//! What became of backups, copies and drills on this machine.
//!
//! Invariants: root alone writes it and the daemons may read it; each file is there whole or not at all; every list has a
//! bound. It lies beside the database and not in it: a database that was gone back with would tell an older story, and one
//! that is lost none. Start at [`Folder`].

use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use nix::fcntl::{Flock, FlockArg};
use nix::unistd::{Gid, Uid};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::BackupError;
use super::engine::Kind;
use super::info::Info;
use super::plain::Searched;
use super::verify::Verified;
use super::wal::Gap;
use crate::account::Account;
use crate::disk::Space;
use crate::write::{self, Access};

mod under_way;

pub use under_way::{Doing, Step, UnderWay};

/// The newest of each kind that are kept.
const KEPT_MAX: usize = 60;
/// Most characters of a reason.
const SAID_CHARS_MAX: usize = 600;

/// The check of a drill that went to a moment between two marks.
pub const MOMENT: &str = "a moment";
/// The check of a drill that took one organization back, in the copy.
pub const ORGANIZATION: &str = "one organization";

/// How a run, a copy or a drill ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Well.
    Done,
    /// Not.
    Failed,
}

/// One of both places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Location {
    /// The repository that the cluster archives into.
    First,
    /// The copy elsewhere.
    Second,
}

impl Location {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Second => "second",
        }
    }
}

/// A backup that was taken, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// What it was to hold.
    pub kind: Kind,
    /// Its name in the repository.
    pub label: Option<String>,
    /// The point at its end that drills restore to.
    pub point: Option<String>,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How.
    pub outcome: Outcome,
    /// Why it did not end well.
    pub why: Option<String>,
    /// Bytes of the cluster.
    pub bytes: u64,
    /// Bytes that it added to the repository.
    pub stored_bytes: u64,
    /// What was done, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
}

/// One thing that a drill looked at in the restored copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// Whether it was right.
    pub is_right: bool,
    /// What was seen.
    pub said: String,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// A restore that was really carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// From which place.
    pub from: Location,
    /// What is sealed was opened with the recovery kit's key, and not with the machine's own.
    #[serde(default)]
    pub with_kit: bool,
    /// The backup.
    pub label: Option<String>,
    /// The point that was restored to.
    pub point: Option<String>,
    /// When that point was set.
    pub point_at: Option<Timestamp>,
    /// The moment after it, between two marks, that was restored to as well.
    #[serde(default)]
    pub moment: Option<Timestamp>,
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// How.
    pub outcome: Outcome,
    /// Why it did not end well.
    pub why: Option<String>,
    /// What was done and looked at, in order.
    pub checks: Vec<Check>,
}

/// How the last copy to the second location went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Where to, as people read it.
    pub to: String,
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub outcome: Outcome,
    /// Why it did not end well.
    pub why: Option<String>,
    /// Files that were new there.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The newest change that is there now.
    pub newest_change: Option<String>,
    /// Between which changes others are missing there, of the first ones a sentence each.
    #[serde(default)]
    pub holes: Vec<String>,
    /// What stays there although this machine deletes it; none where that was not seen.
    #[serde(default)]
    pub keeps: Option<Keeps>,
    /// Files that are not there yet; the next copy goes on with them.
    #[serde(default)]
    pub to_go: u64,
    /// The name of the oldest backup there; none where nobody looked.
    #[serde(default)]
    pub oldest_backup: Option<String>,
    /// The room that was left there, as far as the place says it.
    #[serde(default)]
    pub space: Option<Space>,
}

impl Copied {
    /// Everything that was here is there.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.outcome == Outcome::Done && self.to_go == 0
    }
}

/// What a place keeps although the key that this machine signs in with deletes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Keeps {
    /// All of it: the deletion was refused, and what is replaced is kept or refused, too.
    All,
    /// What is there can be replaced by something else, although its deletion was refused.
    Replaceable,
    /// What is deleted stays as an older version, for as long as the storage keeps those and nobody deletes them.
    Versions,
    /// Nothing: whoever takes this machine over can empty the place.
    Nothing,
}

impl Keeps {
    /// As people read it.
    #[must_use]
    pub fn told(self) -> &'static str {
        match self {
            Self::All => "refused by the other side",
            Self::Replaceable => {
                "refused, but files can be replaced: whoever takes this machine over can empty the copy; have the storage keep versions, or lock what is there"
            }
            Self::Versions => {
                "allowed; the storage keeps what is deleted as an older version, and whether this machine could delete those was not tried"
            }
            Self::Nothing => {
                "allowed: whoever takes this machine over can empty the copy; let its account there only add"
            }
        }
    }

    /// Whether something outlives whoever takes this machine over, as far as was seen.
    #[must_use]
    pub fn is_something(self) -> bool {
        matches!(self, Self::All | Self::Versions)
    }
}

/// What a place held when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// When.
    pub seen_at: Timestamp,
    /// What.
    pub info: Info,
    /// Between which changes since the oldest backup others are missing, of the first ones a sentence each; none where nobody
    /// looked.
    #[serde(default)]
    pub holes: Option<Vec<String>>,
    /// The same holes as stretches of time to which nothing can be taken back.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// When the oldest archived change came; none where there was none, or nobody looked.
    #[serde(default)]
    pub oldest_change_at: Option<Timestamp>,
    /// The room that was left on its disk; none where nobody looked.
    #[serde(default)]
    pub space: Option<Space>,
}

impl Report {
    /// The newest moment that can be gone back to, where the newest archived change is of that moment. Changes that went missing
    /// since the last backup end it there: what was archived after them cannot be reached before another backup.
    #[must_use]
    pub fn restorable_to(&self, archived: Option<Timestamp>) -> Option<Timestamp> {
        let open = self.gaps.iter().find(|gap| gap.until.is_none());
        open.map_or(archived, |gap| Some(gap.from))
    }
}

/// A place that was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Which.
    pub of: Location,
    /// Of the second, where that was.
    #[serde(default)]
    pub place: Option<String>,
    /// When it ended.
    pub at: Timestamp,
    /// What was found; none where it could not be looked at.
    pub found: Option<Verified>,
    /// Whether anything in it can be read without its key; none where that could not be looked at.
    #[serde(default)]
    pub searched: Option<Searched>,
    /// Why not.
    pub why: Option<String>,
}

/// The recovery kit, as far as the machine knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kit {
    /// When it was made.
    pub made_at: Timestamp,
    /// What it must hold is told by this: another means that a key or the repository is another.
    pub fingerprint: String,
    /// When it was last read back whole, with its passphrase.
    pub verified_at: Option<Timestamp>,
    /// The keys in use are those in it, as the last backup saw it.
    pub is_current: bool,
}

/// How far going back with the whole platform has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoingPhase {
    /// It was begun; whoever finds this was cut off.
    UnderWay,
    /// It is done, and what was there before is kept.
    Kept,
    /// It is being taken back.
    Undoing,
    /// What was there before is being let go of, and is not whole any more.
    Forgetting,
}

/// The whole platform gone back to a moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GoingBack {
    /// How far.
    pub phase: GoingPhase,
    /// To which moment.
    pub moment: Timestamp,
    /// When it began.
    pub began_at: Timestamp,
    /// Until when what was there before is kept.
    pub until: Timestamp,
    /// The database's folder.
    pub data: PathBuf,
    /// Where what was in it before is kept.
    pub before: PathBuf,
    /// What is to be done again when it is taken back, in the words of whoever does that.
    #[serde(default)]
    pub carried_over: serde_json::Value,
}

/// The folder of the record.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// One at a path.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Makes it; only for root.
    ///
    /// # Errors
    /// [`BackupError::Write`].
    pub fn prepare(&self) -> Result<(), BackupError> {
        write::folder(&self.path, shared(0o750))?;
        Ok(())
    }

    /// Keeps every other run out until what is given is dropped; none while another holds it.
    ///
    /// # Errors
    /// [`BackupError::Write`].
    pub fn lock(&self) -> Result<Option<Flock<File>>, BackupError> {
        let path = self.path.join("lock");
        write::file(&path, b"", shared(0o600))?;
        let file = File::open(&path).map_err(|source| BackupError::Refused {
            what: "open",
            path,
            source,
        })?;
        Ok(Flock::lock(file, FlockArg::LockExclusiveNonblock).ok())
    }

    /// The backups, newest first.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn runs(&self) -> Result<Vec<Run>, BackupError> {
        Ok(self.read("runs.json")?.unwrap_or_default())
    }

    /// Notes one.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn note_run(&self, run: &Run) -> Result<(), BackupError> {
        let mut run = Run {
            why: run.why.as_deref().map(bounded),
            ..run.clone()
        };
        under_way::bound(&mut run.steps);
        self.push("runs.json", self.runs()?, run)
    }

    /// The drills, newest first.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn drills(&self) -> Result<Vec<Drill>, BackupError> {
        Ok(self.read("drills.json")?.unwrap_or_default())
    }

    /// Notes one.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn note_drill(&self, drill: &Drill) -> Result<(), BackupError> {
        let mut drill = Drill {
            why: drill.why.as_deref().map(bounded),
            ..drill.clone()
        };
        for check in &mut drill.checks {
            check.said = bounded(&check.said);
        }
        self.push("drills.json", self.drills()?, drill)
    }

    /// What a place held when it was last looked at.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn report(&self) -> Result<Option<Report>, BackupError> {
        self.read("report.json")
    }

    /// Keeps it.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn note_report(&self, report: &Report) -> Result<(), BackupError> {
        self.write("report.json", report)
    }

    /// The last verification of a place.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn verification(&self, of: Location) -> Result<Option<Verification>, BackupError> {
        self.read(&format!("verified-{}.json", of.as_str()))
    }

    /// Keeps it.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn note_verification(&self, verification: &Verification) -> Result<(), BackupError> {
        let name = format!("verified-{}.json", verification.of.as_str());
        self.write(&name, verification)
    }

    /// How the last copy went, and the last that went well.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn copied(&self) -> Result<(Option<Copied>, Option<Copied>), BackupError> {
        Ok((self.read("copied.json")?, self.read("copied-well.json")?))
    }

    /// Keeps it.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn note_copied(&self, copied: &Copied) -> Result<(), BackupError> {
        let copied = Copied {
            why: copied.why.as_deref().map(bounded),
            ..copied.clone()
        };
        if copied.is_whole() {
            self.write("copied-well.json", &copied)?;
        }
        self.write("copied.json", &copied)
    }

    /// The recovery kit that was made last.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn kit(&self) -> Result<Option<Kit>, BackupError> {
        self.read("kit.json")
    }

    /// Keeps it.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn note_kit(&self, kit: &Kit) -> Result<(), BackupError> {
        self.write("kit.json", kit)
    }

    /// The platform's way back in time, while it lasts or can be taken back.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn going_back(&self) -> Result<Option<GoingBack>, BackupError> {
        self.read("going-back.json")
    }

    /// Keeps it.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn note_going_back(&self, going: &GoingBack) -> Result<(), BackupError> {
        self.write("going-back.json", going)
    }

    /// There is nothing to take back any more.
    ///
    /// # Errors
    /// [`BackupError::Refused`].
    pub fn end_going_back(&self) -> Result<(), BackupError> {
        self.remove("going-back.json")
    }

    /// Removes a file that may be gone already.
    fn remove(&self, name: &str) -> Result<(), BackupError> {
        let path = self.path.join(name);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(BackupError::Refused {
                what: "remove",
                path,
                source,
            }),
            _ => Ok(()),
        }
    }

    fn push<T: Serialize>(&self, name: &str, mut list: Vec<T>, one: T) -> Result<(), BackupError> {
        list.insert(0, one);
        list.truncate(KEPT_MAX);
        self.write(name, &list)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, BackupError> {
        let path = self.path.join(name);
        let Some(text) = write::read(&path)? else {
            return Ok(None);
        };
        serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| BackupError::Unreadable {
                what: format!("the record {} ({error})", path.display()),
            })
    }

    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<(), BackupError> {
        let text = serde_json::to_vec_pretty(value).map_err(|error| BackupError::Unreadable {
            what: format!("the record {name} ({error})"),
        })?;
        write::file(&self.path.join(name), &text, shared(0o640))?;
        Ok(())
    }
}

/// Root's, readable by the daemons.
fn shared(mode: u32) -> Access {
    let group = Account::named("strongroom").map(|account| account.gid);
    Access {
        user: Uid::effective(),
        group: group
            .filter(|_| Uid::effective().is_root())
            .unwrap_or(Gid::effective()),
        mode,
    }
}

fn bounded(text: &str) -> String {
    text.chars().take(SAID_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_runs_are_kept_and_their_reasons_are_bounded() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(&place.path().join("record"));
        folder.prepare().unwrap();
        let run = |second: i64| Run {
            kind: Kind::Full,
            label: None,
            point: None,
            began_at: Timestamp::from_second(second).unwrap(),
            ended_at: Timestamp::from_second(second + 1).unwrap(),
            outcome: Outcome::Failed,
            why: Some("x".repeat(10_000)),
            bytes: 0,
            stored_bytes: 0,
            steps: Vec::new(),
        };
        for second in 0..100 {
            folder.note_run(&run(second)).unwrap();
        }
        let runs = folder.runs().unwrap();
        assert_eq!((runs.len(), runs[0].began_at.as_second()), (KEPT_MAX, 99));
        assert_eq!(runs[0].why.as_ref().unwrap().len(), SAID_CHARS_MAX);
    }

    #[test]
    fn a_copy_that_failed_or_has_not_come_to_its_end_leaves_the_last_good_one_known() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let mut copied = Copied {
            to: "/mnt/copy".to_owned(),
            at: Timestamp::from_second(1).unwrap(),
            outcome: Outcome::Done,
            why: None,
            files: 1,
            bytes: 1,
            newest_change: None,
            holes: Vec::new(),
            keeps: None,
            to_go: 0,
            oldest_backup: None,
            space: None,
        };
        folder.note_copied(&copied).unwrap();
        copied.to_go = 7;
        copied.at = Timestamp::from_second(2).unwrap();
        folder.note_copied(&copied).unwrap();
        copied.outcome = Outcome::Failed;
        copied.at = Timestamp::from_second(3).unwrap();
        folder.note_copied(&copied).unwrap();
        let (last, well) = folder.copied().unwrap();
        assert_eq!(
            (last.unwrap().at.as_second(), well.unwrap().at.as_second()),
            (3, 1)
        );
    }

    #[test]
    fn changes_that_went_missing_end_what_can_be_gone_back_to() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let gap = |until: Option<i64>| Gap {
            from: at(10),
            until: until.map(at),
        };
        let report = |gaps: Vec<Gap>| Report {
            seen_at: at(50),
            info: Info::default(),
            holes: None,
            gaps,
            oldest_change_at: None,
            space: None,
        };
        let newest = |gaps: Vec<Gap>| report(gaps).restorable_to(Some(at(60)));
        assert_eq!(newest(Vec::new()), Some(at(60)));
        assert_eq!(
            newest(vec![gap(Some(20))]),
            Some(at(60)),
            "a backup came after it"
        );
        assert_eq!(newest(vec![gap(Some(20)), gap(None)]), Some(at(10)));
    }

    #[test]
    fn one_run_keeps_another_out() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path());
        let held = folder.lock().unwrap();
        assert!(held.is_some() && folder.lock().unwrap().is_none());
    }
}
