//! What somebody does who has all of the machine, held against the three that look: the check at the host, the verifier with what an
//! auditor kept, and a witness elsewhere. What each of them cannot see stands in docs/THREAT-MODEL.md, and here as what it says then.

use crate::{
    check::{create, ledger as a_ledger, tamper},
    fixture::{SLUG, Site},
};
use access::Role;
use audit::{Checkpoint, note::Note, policy::Policy, verify::verify};
use jiff::Timestamp;
use platform::{
    Caller, check,
    ledger::{self, kept, kept::Word, witness},
    sequencer,
};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use store::migration;

/// Leaves end here in each home, as whoever cuts the log would have to see to.
const HOMES: &str = "UPDATE strongroom.audit_home h SET (sequence, previous) = (SELECT
    ('x' || encode(substr(l.leaf, 29, 8), 'hex'))::bit(64)::bigint, sha256('\\x00'::bytea || l.leaf)
    FROM strongroom.audit_leaf l WHERE substr(l.leaf, 13, 16) = h.tag ORDER BY l.index DESC LIMIT 1)";

/// An appliance with a witness elsewhere and an auditor who kept policy and note.
struct Watched {
    site: Site,
    witness: PathBuf,
    policy: Policy,
    since: Checkpoint,
    note: String,
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.witness));
    }
}

impl Watched {
    async fn start() -> Self {
        let site = Site::start().await;
        let (platform, host) = (&site.platform, Caller::host());
        let owner = a_ledger(&site).await;
        for number in 0..4 {
            create(&owner, number).await;
        }
        sequencer::run_once(platform).await.unwrap().unwrap();
        let place = site.audit().with_extension("witness");
        let key = witness::make(&place, "witness.example").unwrap();
        witness::appoint(platform, &host, &key, None).await.unwrap();
        sequencer::run_once(platform).await.unwrap().unwrap();
        let policy = ledger::policy(platform, &host).await.unwrap();
        let note = ledger::checkpoint(platform).await.unwrap().unwrap().note;
        let parsed = Note::parse(note.as_bytes()).unwrap();
        let watched = Self {
            policy: Policy::parse(policy.as_bytes()).unwrap(),
            since: Checkpoint::parse(parsed.text()).unwrap(),
            witness: place,
            site,
            note,
        };
        assert_eq!(watched.ask_witness().await, "signed");
        watched
    }

    async fn write(&self, number: usize) {
        create(&self.site.as_role(Role::Owner).await, number).await;
    }

    /// What the worker does next; why nothing is signed, where it refuses.
    async fn pass(&self) -> String {
        match sequencer::run_once(&self.site.platform).await {
            Ok(pass) => format!("signed {:?}", pass.unwrap().signed),
            Err(error) => error.detail,
        }
    }

    /// What `strongroom audit check` finds, a line each.
    async fn check(&self) -> String {
        let (platform, host) = (&self.site.platform, Caller::host());
        let organization = check::organization(platform, &host, SLUG).await.unwrap();
        let appliance = check::appliance(platform, &host).await.unwrap();
        let whole = check::tree(platform, &host).await.unwrap();
        let faults = [organization.faults, appliance.faults, whole.faults].concat();
        let lines = faults.iter().map(|fault| {
            let entry = fault.entry.map(|id| id.to_string()).unwrap_or_default();
            let record = fault.record.map(|id| id.to_string()).unwrap_or_default();
            format!("{:?} {entry}{record}: {}", fault.code, fault.detail)
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// What the verifier finds in the export, with the policy and the checkpoint that the auditor kept.
    async fn verifier(&self) -> String {
        let (platform, host) = (&self.site.platform, Caller::host());
        let file = match ledger::export(platform, &host, None, &[], Vec::new()).await {
            Ok((_, file)) => file,
            Err(error) => return format!("no export: {}", error.detail),
        };
        let report = verify(&file[..], &self.policy, Some(&self.since)).unwrap();
        match report.holds() {
            true => "holds".to_owned(),
            false => format!("{:?} {:?}", report.integrity, report.completeness),
        }
    }

    /// What the witness answers to a request that goes on from what it signed last.
    async fn ask_witness(&self) -> String {
        let old = witness::seen(&self.witness).unwrap();
        let request = match witness::request(&self.site.platform, &Caller::host(), old).await {
            Ok(request) => request,
            Err(error) => return error.detail,
        };
        // The witness has the policy from its own operator, as it was handed over.
        let logs = witness::Logs::of(self.policy.to_string().as_bytes()).unwrap();
        match witness::sign(&self.witness, &logs, request.as_bytes(), Timestamp::now()) {
            Ok(_) => "signed".to_owned(),
            Err(refusal) => refusal.to_string(),
        }
    }

    /// What the appliance itself says of the note that the auditor kept.
    async fn kept(&self) -> Word {
        let found = kept::compare(&self.site.platform, &Caller::host(), self.note.as_bytes()).await;
        found.unwrap()[0].word
    }

    /// Has tiles and signatures made anew out of the database as it is: whoever has root and the key leaves nothing behind that does not
    /// go together.
    async fn sign_anew(&self) {
        fs::remove_dir_all(self.site.audit()).unwrap();
        fs::create_dir(self.site.audit()).unwrap();
        let nothing = "strongroom-signed-1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        fs::write(self.site.audit().join("signed"), nothing).unwrap();
        let pass = self.pass().await;
        assert!(pass.starts_with("signed Some"), "{pass}");
    }

    /// The id of an entry of the organization, by its place.
    async fn entry(&self, sequence: i64) -> String {
        let text = "SELECT schema_name FROM strongroom.organization WHERE slug = 'acme'";
        let client = self.site.superuser().await;
        let schema: String = client.query_one(text, &[]).await.unwrap().get(0);
        let text = format!("SELECT id::text FROM {schema}._entry WHERE sequence = $1");
        client.query_one(&text, &[&sequence]).await.unwrap().get(0)
    }
}

#[track_caller]
fn assert_says(said: &str, expected: &[&str], what: &str) {
    for word in expected {
        assert!(said.contains(word), "{what}: {word} is not in: {said}");
    }
}

/// The entry that is attacked, by its place in the organization's log: the newest record but one.
const VICTIM: i64 = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_that_a_superuser_edits_deletes_or_truncates_are_named_by_check_and_verifier() {
    let victim = format!("WHERE sequence = {VICTIM}");
    let of_victim = format!("WHERE entry_id = (SELECT id FROM {{o}}._entry {victim})");
    for (sql, by_check, by_verifier) in [
        (
            format!(
                "UPDATE {{o}}._entry SET header = set_byte(header, 60, 255 - get_byte(header, 60)) {victim}"
            ),
            "HeaderUnreadable",
            "HeaderMissing",
        ),
        (
            format!(
                "UPDATE {{o}}._image SET sealed = set_byte(sealed, 40, 255 - get_byte(sealed, 40)) {of_victim}"
            ),
            "ImageUnreadable",
            "ImageMissing",
        ),
        (
            format!("UPDATE {{o}}._entry SET c_header = sha256('x') {victim}"),
            "EntryUnlogged",
            "HeaderMissing",
        ),
        (
            format!("UPDATE {{o}}._image SET commitment = sha256('x') {of_victim}"),
            "EntryCommitment",
            "ImageMissing",
        ),
        (
            format!("DELETE FROM {{o}}._image {of_victim}"),
            "ImageMissing",
            "ImageMissing",
        ),
        (
            format!("DELETE FROM {{o}}._entry {victim}"),
            "EntryGone",
            "HeaderMissing",
        ),
        ("TRUNCATE {o}._entry".to_owned(), "EntryGone", "HeaderMissing"),
    ] {
        let watched = Watched::start().await;
        let id = watched.entry(VICTIM).await;
        tamper(&watched.site, &sql).await;
        let found = watched.check().await;
        assert_says(&found, &[by_check], &sql);
        if by_check.starts_with("Header") || sql.contains("c_header") {
            assert_says(&found, &[&id], &sql);
        }
        let found = watched.verifier().await;
        assert_says(&found, &[by_verifier, "index: Some("], &sql);
        // The leaves are as they were: what the witness signed is what the entries are held against.
        watched.write(9).await;
        assert!(watched.pass().await.starts_with("signed Some"), "{sql}");
        assert_eq!(watched.ask_witness().await, "signed", "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_changed_with_its_triggers_disabled_is_named_by_the_check() {
    let watched = Watched::start().await;
    let text = "SET session_replication_role = origin; ALTER TABLE {o}.d1 DISABLE TRIGGER ALL;
        UPDATE {o}.d1 SET f1 = 'forged' WHERE id = (SELECT min(id::text)::uuid FROM {o}.d1);
        ALTER TABLE {o}.d1 ENABLE TRIGGER ALL";
    tamper(&watched.site, text).await;
    assert_says(&watched.check().await, &["RowStranger", "RowValues"], text);
    // What an auditor gets is the log, which still says what the row was.
    assert_eq!(watched.verifier().await, "holds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_destroyed_without_a_leaf_leaves_a_log_that_does_not_verify() {
    let watched = Watched::start().await;
    // The key of a record lies in its row.
    let text = "DELETE FROM {o}.d1 WHERE id = (SELECT min(id::text)::uuid FROM {o}.d1)";
    tamper(&watched.site, text).await;
    assert_says(
        &watched.check().await,
        &["RowMissing", "no erasure explains it"],
        "check",
    );
    assert_says(&watched.verifier().await, &["ImageMissing"], "verifier");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaves_that_a_superuser_edits_deletes_reorders_or_truncates_are_found_by_all_three() {
    let swap = "UPDATE strongroom.audit_leaf SET index = 1000 + index WHERE index IN (6, 7);
        UPDATE strongroom.audit_leaf SET index = 1013 - index WHERE index > 1000";
    let delete = "DELETE FROM strongroom.audit_leaf WHERE index = 6;
        UPDATE strongroom.audit_leaf SET index = index + 1000 WHERE index > 6;
        UPDATE strongroom.audit_leaf SET index = index - 1001 WHERE index > 1000";
    let newest = "(SELECT max(index) FROM strongroom.audit_leaf)";
    let cut = format!("DELETE FROM strongroom.audit_leaf WHERE index > {newest} - 5; {HOMES}");
    let edit = "UPDATE strongroom.audit_leaf SET leaf = set_byte(leaf, 180, 9) WHERE index = 6";
    for (sql, by_check, by_worker, again) in [
        (
            edit,
            "leaf 6 is another in the database",
            "leaf 6 of the audit log",
            "Rewritten",
        ),
        (
            swap,
            "leaf 6 is another in the database",
            "leaf 6 of the audit log",
            "Rewritten",
        ),
        (delete, "leaf 6 is number", "it was set back", "Rewritten"),
        (&cut, " are gone", "it was set back", "SetBack"),
        (
            "TRUNCATE strongroom.audit_leaf",
            "leaves 0 to",
            "it was set back",
            "SetBack",
        ),
    ] {
        let watched = Watched::start().await;
        tamper(&watched.site, sql).await;
        assert_says(&watched.check().await, &[by_check], sql);
        assert_says(&watched.verifier().await, &["no export: "], sql);
        watched.write(9).await;
        // Nothing is signed over it, so there is nothing new that a witness could sign.
        assert_says(&watched.pass().await, &[by_worker], sql);
        if sql.starts_with("TRUNCATE") {
            continue;
        }
        // With the key and the folder in hand it is all made to go together here, and is another log everywhere else.
        watched.sign_anew().await;
        let by_witness = match again {
            "Rewritten" => "does not continue what this witness signed",
            _ => "and the witness has signed",
        };
        // Cut shorter than the witness has it, until it has grown past that.
        assert_says(&watched.ask_witness().await, &[by_witness], sql);
        assert_says(&watched.verifier().await, &[again], sql);
        for number in 10..30 {
            watched.write(number).await;
        }
        watched.pass().await;
        let refused = watched.ask_witness().await;
        assert_says(&refused, &["does not continue what this witness signed"], sql);
        assert_says(&watched.verifier().await, &["Rewritten"], sql);
        assert_eq!(watched.kept().await, Word::Rewritten, "{sql}");
    }
}

/// A copy of the database and of the log's folder, as a backup of the machine has them.
struct Saved {
    database: String,
    folder: PathBuf,
}

impl Watched {
    async fn save(&self) -> Saved {
        let name = self.site.database.name();
        let saved = Saved {
            database: format!("{name}0"),
            folder: self.site.audit().with_extension("saved"),
        };
        self.copy_database(name, &saved.database).await;
        copy_folder(&self.site.audit(), &saved.folder);
        saved
    }

    /// Puts the database back, and the folder where the whole machine goes back.
    async fn put_back(&self, saved: &Saved, is_whole: bool) {
        self.copy_database(&saved.database, self.site.database.name())
            .await;
        self.grant_again().await;
        if is_whole {
            fs::remove_dir_all(self.site.audit()).unwrap();
            copy_folder(&saved.folder, &self.site.audit());
        }
        let again = async || ledger::standing(&self.site.platform).await.is_ok();
        testkit::wait_until(
            Duration::from_secs(20),
            "the platform has connections again",
            again,
        )
        .await
        .unwrap();
    }

    /// What a restore with its database's own rights brings along, and a copy of a template does not.
    async fn grant_again(&self) {
        let superuser = self.site.superuser().await;
        migration::own_database(&superuser).await.unwrap();
        let text = "SELECT schema_name FROM strongroom.organization";
        for row in superuser.query(text, &[]).await.unwrap() {
            let role: String = row.get(0);
            let grant = format!(
                "GRANT CONNECT ON DATABASE {} TO {role}",
                self.site.database.name()
            );
            superuser.batch_execute(&grant).await.unwrap();
        }
    }

    async fn copy_database(&self, from: &str, to: &str) {
        let cluster = self.site.database.cluster();
        let client = cluster.superuser("postgres").unwrap().connect().await.unwrap();
        let drop = format!("DROP DATABASE IF EXISTS {to} WITH (FORCE)");
        client.batch_execute(&drop).await.unwrap();
        let copied = async || {
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
            client.execute(end, &[&from]).await.unwrap();
            let copy = format!("CREATE DATABASE {to} TEMPLATE {from}");
            client.batch_execute(&copy).await.is_ok()
        };
        testkit::wait_until(Duration::from_secs(20), "nobody is in the database", copied)
            .await
            .unwrap();
    }

    async fn forget(&self, saved: &Saved) {
        let cluster = self.site.database.cluster();
        let client = cluster.superuser("postgres").unwrap().connect().await.unwrap();
        let drop = format!("DROP DATABASE {} WITH (FORCE)", saved.database);
        client.batch_execute(&drop).await.unwrap();
        fs::remove_dir_all(&saved.folder).unwrap();
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &target),
            false => _ = fs::copy(entry.path(), target).unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_a_machine_and_a_clone_that_go_back_in_time_are_found() {
    let mut watched = Watched::start().await;
    let saved = watched.save().await;
    for number in 20..24 {
        watched.write(number).await;
    }
    assert!(watched.pass().await.starts_with("signed Some"));
    assert_eq!(watched.ask_witness().await, "signed");
    let newest = ledger::checkpoint(&watched.site.platform).await.unwrap().unwrap();
    let parsed = Note::parse(newest.note.as_bytes()).unwrap();
    (watched.since, watched.note) = (Checkpoint::parse(parsed.text()).unwrap(), newest.note);

    // The database alone: its own log says so, and nothing more is signed or exported.
    watched.put_back(&saved, false).await;
    let what = "the database alone";
    assert_says(
        &watched.check().await,
        &["LogRefused", "it was set back", "LeafMissing"],
        what,
    );
    assert_says(&watched.pass().await, &["it was set back"], what);
    assert_says(&watched.verifier().await, &["no export: "], what);

    // The whole machine: here everything goes together, so that the check alone finds nothing; what was kept elsewhere does.
    watched.put_back(&saved, true).await;
    let what = "the whole machine";
    assert_eq!(watched.check().await, "", "{what}");
    assert_eq!(watched.kept().await, Word::SetBack, "{what}");
    assert_says(&watched.verifier().await, &["SetBack"], what);
    assert_says(
        &watched.ask_witness().await,
        &["and the witness has signed"],
        what,
    );

    // The clone of then goes on by itself, beyond what was signed.
    for number in 30..40 {
        watched.write(number).await;
    }
    assert!(watched.pass().await.starts_with("signed Some"));
    let what = "a clone";
    assert_eq!(watched.check().await, "", "{what}");
    assert_eq!(watched.kept().await, Word::Rewritten, "{what}");
    assert_says(&watched.verifier().await, &["Rewritten"], what);
    assert_says(
        &watched.ask_witness().await,
        &["does not continue what this witness signed"],
        what,
    );
    watched.forget(&saved).await;
}
