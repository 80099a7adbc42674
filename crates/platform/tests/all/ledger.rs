//! The signed log on disk: cut off after every step, set back beneath it, forked, emptied; and what an auditor is given.

use crate::{
    check::{create, ledger as a_ledger, tamper},
    fixture::{SLUG, Site},
    sequencer::flood,
};
use access::Role;
use audit::{Checkpoint, Hash, note::Note, policy::Policy, receipt::Receipt};
use platform::{
    Caller,
    check::{self, FaultCode},
    database::AdminAccess,
    ledger::{self, LedgerError, Plan, Proof, Step},
    sequencer, trail,
};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{MetadataExt, chown},
    path::{Path, PathBuf},
};
use types::{EntryId, ProblemCode};
use vault::SecretText;

/// A site with a log that is signed into a folder.
struct Logged {
    site: Site,
    folder: PathBuf,
}

impl Logged {
    async fn start() -> Self {
        let site = Site::start().await;
        let folder = site.audit();
        a_ledger(&site).await;
        Self { site, folder }
    }

    async fn write(&self, number: usize) {
        create(&self.site.as_role(Role::Owner).await, number).await;
    }

    async fn pass(&self) -> sequencer::Pass {
        sequencer::run_once(&self.site.platform).await.unwrap().unwrap()
    }

    /// A signed log whose database has less than was signed, as a restore of the database alone leaves it; gives the pass that it
    /// was set back to.
    async fn set_back(&self) -> sequencer::Pass {
        self.write(1).await;
        let before = self.pass().await;
        self.write(2).await;
        self.pass().await;
        let cut = format!(
            "DELETE FROM strongroom.audit_leaf WHERE index >= {}; {HOMES}",
            before.size
        );
        self.sql(&cut).await;
        before
    }

    async fn trouble(&self) -> Option<LedgerError> {
        ledger::standing(&self.site.platform).await.unwrap().trouble
    }

    async fn policy(&self) -> Policy {
        let text = ledger::policy(&self.site.platform, &Caller::host())
            .await
            .unwrap();
        Policy::parse(text.as_bytes()).unwrap()
    }

    /// The published checkpoint, as an auditor would read it.
    async fn checkpoint(&self) -> Option<Checkpoint> {
        let bytes = fs::read(self.folder.join("checkpoint")).ok()?;
        let note = Note::parse(&bytes).unwrap();
        Some(self.policy().await.check(&note).unwrap().checkpoint)
    }

    /// The id of the newest entry of the organization.
    async fn newest(&self) -> EntryId {
        let owner = self.site.as_role(Role::Owner).await;
        let page = trail::list(&owner, &trail::TrailQuery::default()).await.unwrap();
        page.entries
            .iter()
            .find(|entry| entry.place == "organization")
            .unwrap()
            .id
    }

    async fn sql(&self, text: &str) {
        let text = format!("SET session_replication_role = replica; {text}");
        self.site.superuser().await.batch_execute(&text).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_is_proven_by_a_receipt_that_needs_nothing_of_the_appliance() {
    let site = Logged::start().await;
    site.write(1).await;
    let id = site.newest().await;
    let owner = site.site.as_role(Role::Owner).await;
    assert!(matches!(
        ledger::receipt(&owner, id).await.unwrap(),
        Proof::Waiting
    ));
    let pass = site.pass().await;
    assert_eq!(pass.signed, Some(pass.size));
    let Proof::Proven { receipt, size, .. } = ledger::receipt(&owner, id).await.unwrap() else {
        panic!("it is covered");
    };
    let policy = site.policy().await;
    let (leaf, trusted) = Receipt::parse(receipt.as_bytes())
        .unwrap()
        .check(&policy)
        .unwrap();
    assert_eq!(trusted.checkpoint.size, size);
    let detail = trail::find(&owner, id).await.unwrap();
    assert_eq!(leaf.header.to_string(), detail.c_header);
    // It is still good when the log has grown, and one of later is another.
    for number in 2..6 {
        site.write(number).await;
        site.pass().await;
    }
    Receipt::parse(receipt.as_bytes())
        .unwrap()
        .check(&policy)
        .unwrap();
    let Proof::Proven { size: later, .. } = ledger::receipt(&owner, id).await.unwrap() else {
        panic!("it is covered");
    };
    assert!(later > size);
    let viewer = site.site.as_role(Role::Viewer).await;
    assert_eq!(
        ledger::receipt(&viewer, id).await.unwrap_err().code,
        ProblemCode::NotAllowed
    );
    let refused = ledger::policy(&site.site.platform, &site.site.caller(Role::Owner)).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_after_any_step_it_never_signs_two_roots_of_one_size() {
    let site = Logged::start().await;
    let mut roots: BTreeMap<u64, Hash> = BTreeMap::new();
    let mut cuts = 0;
    for round in 0..24 {
        site.write(round).await;
        // Cut off after the step of that number, whichever it is.
        let (mut seen, cut_at) = (0, round % 9);
        let outcome = sequencer::run_watched(&site.site.platform, &mut |_: Step| {
            seen += 1;
            seen <= cut_at
        })
        .await;
        cuts += usize::from(outcome.is_err());
        // Whatever is published verifies, and a size has one root for ever.
        if let Some(found) = site.checkpoint().await {
            let root = *roots.entry(found.size).or_insert(found.root);
            assert_eq!(root, found.root, "two roots of size {}", found.size);
        }
        if round % 4 == 3 {
            let pass = site.pass().await;
            assert_eq!(pass.signed, Some(pass.size), "it goes on after {outcome:?}");
            let found = site.checkpoint().await.unwrap();
            assert_eq!(found.size, pass.size);
            let root = *roots.entry(found.size).or_insert(found.root);
            assert_eq!(root, found.root, "two roots of size {}", found.size);
            assert!(site.trouble().await.is_none());
        }
    }
    assert!(cuts >= 12, "{cuts}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_set_back_is_refused_and_nothing_is_appended() {
    let site = Logged::start().await;
    let before = site.set_back().await;
    assert!(matches!(site.trouble().await, Some(LedgerError::Behind { .. })));
    site.write(3).await;
    let refused = sequencer::run_once(&site.site.platform).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict);
    assert!(refused.detail.contains("set back"), "{}", refused.detail);
    let standing = ledger::standing(&site.site.platform).await.unwrap();
    assert_eq!(standing.size, before.size, "nothing grows a second end");
    assert!(standing.pending > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leaf_that_was_exchanged_and_tiles_that_were_are_refused() {
    let site = Logged::start().await;
    site.write(1).await;
    let pass = site.pass().await;
    let index = pass.size - 2;
    let flip = |byte: u8| {
        format!("UPDATE strongroom.audit_leaf SET leaf = set_byte(leaf, 180, {byte}) WHERE index = {index}")
    };
    site.sql(&flip(9)).await;
    assert!(matches!(site.trouble().await, Some(LedgerError::Forked { index: found }) if found == index));
    assert!(sequencer::run_once(&site.site.platform).await.is_err());
    site.sql(&flip(0)).await;
    assert!(site.trouble().await.is_none());
    for (tile, is_entry) in [("tile/entries", true), ("tile/0", false)] {
        let path = site.folder.join(format!("{tile}/000.p/{}", pass.size));
        let kept = fs::read(&path).unwrap();
        let mut changed = kept.clone();
        let last = changed.len() - 1;
        changed[last] ^= 1;
        fs::write(&path, changed).unwrap();
        let trouble = site.trouble().await;
        let expected = match trouble {
            Some(LedgerError::Forked { .. }) => is_entry,
            Some(LedgerError::Tiles { .. }) => !is_entry,
            _ => false,
        };
        assert!(expected, "{tile}: {trouble:?}");
        assert!(sequencer::run_once(&site.site.platform).await.is_err());
        fs::remove_file(&path).unwrap();
        assert!(matches!(site.trouble().await, Some(LedgerError::Tile { .. })));
        fs::write(&path, kept).unwrap();
        assert!(site.trouble().await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_was_emptied_a_key_that_is_gone_and_a_foreign_checkpoint_are_refused() {
    let site = Logged::start().await;
    site.write(1).await;
    site.pass().await;
    let state = site.folder.join("signed");
    let kept = fs::read(&state).unwrap();
    fs::remove_file(&state).unwrap();
    assert!(matches!(site.trouble().await, Some(LedgerError::StateLost)));
    assert!(sequencer::run_once(&site.site.platform).await.is_err());
    fs::write(&state, "strongroom-signed-1\nmany\n").unwrap();
    assert!(matches!(site.trouble().await, Some(LedgerError::StateDamaged)));
    // An older state beside a newer checkpoint, as a copied folder has it.
    let older = "strongroom-signed-1\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    fs::write(&state, older).unwrap();
    assert!(matches!(site.trouble().await, Some(LedgerError::Published)));
    fs::write(&state, &kept).unwrap();
    let note = site.folder.join("checkpoint");
    let published = fs::read_to_string(&note).unwrap();
    fs::write(&note, published.replacen('\n', "\n1", 1)).unwrap();
    assert!(matches!(site.trouble().await, Some(LedgerError::Published)));
    fs::write(&note, published).unwrap();
    assert!(site.trouble().await.is_none());
    site.sql("DELETE FROM strongroom.setting WHERE name = 'audit-key'")
        .await;
    assert!(matches!(site.trouble().await, Some(LedgerError::KeyLost)));
    assert!(sequencer::run_once(&site.site.platform).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_cannot_be_written_holds_up_signatures_and_nothing_else() {
    let site = Logged::start().await;
    // Something else is there.
    fs::write(&site.folder, "").unwrap();
    site.write(1).await;
    let pass = site.pass().await;
    assert!(pass.entries > 0 && pass.signed.is_none(), "{pass:?}");
    let standing = ledger::standing(&site.site.platform).await.unwrap();
    assert_eq!((standing.pending, standing.unsigned()), (0, pass.size));
    fs::remove_file(&site.folder).unwrap();
    let pass = site.pass().await;
    assert_eq!(pass.signed, Some(pass.size));
    tamper(&site.site, "SELECT 1").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_folder_cannot_be_read_nobody_can_tell_and_nothing_is_appended() {
    let site = Logged::start().await;
    let before = site.set_back().await;
    site.write(3).await;
    let aside = site.folder.with_extension("aside");
    fs::rename(&site.folder, &aside).unwrap();
    // Something else is there; then nothing, as where a disk is not mounted.
    fs::write(&site.folder, "").unwrap();
    let refused = sequencer::run_once(&site.site.platform).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Unavailable, "{}", refused.detail);
    fs::remove_file(&site.folder).unwrap();
    let refused = sequencer::run_once(&site.site.platform).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict, "{}", refused.detail);
    assert!(!site.folder.exists(), "nothing is put in its place");
    let standing = ledger::standing(&site.site.platform).await.unwrap();
    assert_eq!(standing.size, before.size, "nothing grows a second end");
    assert!(standing.pending > 0);
    fs::rename(&aside, &site.folder).unwrap();
    assert!(matches!(site.trouble().await, Some(LedgerError::Behind { .. })));
}

/// Every file and folder of the log belongs to that user and group.
fn assert_owner(folder: &Path, owner: u32) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let found = entry.metadata().unwrap();
        let path = entry.path();
        assert_eq!((found.uid(), found.gid()), (owner, owner), "{}", path.display());
        if found.is_dir() {
            assert_owner(&path, owner);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_root_writes_belongs_to_the_folders_owner() {
    let site = Logged::start().await;
    site.write(1).await;
    if fs::create_dir(&site.folder)
        .and_then(|()| chown(&site.folder, Some(6471), Some(6471)))
        .is_err()
    {
        // Not as root nothing is given away, and nothing needs to be.
        return;
    }
    site.pass().await;
    assert_owner(&site.folder, 6471);
    let kept = site.checkpoint().await.unwrap();
    for name in ["signed", "lock"] {
        fs::remove_file(site.folder.join(name)).unwrap();
    }
    site.recover(&format!("remember-{}", kept.size)).await.unwrap();
    assert_owner(&site.folder, 6471);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_of_some_hundred_leaves_keeps_only_the_newest_parts_of_its_tiles() {
    let site = Logged::start().await;
    for number in 0..300 {
        site.write(number).await;
        if number % 37 == 0 {
            site.pass().await;
        }
    }
    let pass = site.pass().await;
    assert!(pass.size > 300);
    let parts = fs::read_dir(site.folder.join("tile/entries/001.p"))
        .unwrap()
        .count();
    assert_eq!(parts, 1);
    let first = fs::read_dir(site.folder.join("tile/entries/000.p")).map_or(0, Iterator::count);
    assert_eq!(first, 0, "the full tile holds them");
    assert!(site.trouble().await.is_none());
    let id = site.newest().await;
    let owner = site.site.as_role(Role::Owner).await;
    assert!(matches!(
        ledger::receipt(&owner, id).await.unwrap(),
        Proof::Proven { .. }
    ));
}

/// As [`tamper`], and the leaves' homes are where the leaves end.
pub(crate) const HOMES: &str = "UPDATE strongroom.audit_home h SET (sequence, previous) = (SELECT
    ('x' || encode(substr(l.leaf, 29, 8), 'hex'))::bit(64)::bigint, sha256('\\x00'::bytea || l.leaf)
    FROM strongroom.audit_leaf l WHERE substr(l.leaf, 13, 16) = h.tag ORDER BY l.index DESC LIMIT 1)";

fn admin(site: &Site) -> AdminAccess {
    let login = site.database.superuser().unwrap();
    AdminAccess {
        socket_folder: login.socket_folder,
        port: login.port,
        user: login.user,
        password: Some(SecretText::new(login.password)),
    }
}

/// Carries the plan of the log's recovery out.
pub(crate) async fn recover(site: &Site, confirmation: &str) -> Result<Plan, platform::PlatformError> {
    let database = site.database.superuser().unwrap().database;
    let (platform, host) = (&site.platform, Caller::host());
    ledger::recover(platform, &host, &admin(site), &database, confirmation).await
}

impl Logged {
    async fn recover(&self, confirmation: &str) -> Result<Plan, platform::PlatformError> {
        recover(&self.site, confirmation).await
    }

    async fn plan(&self) -> Option<Plan> {
        ledger::plan(&self.site.platform, &Caller::host()).await.unwrap()
    }

    async fn assert_clean(&self) {
        let (platform, host) = (&self.site.platform, Caller::host());
        let whole = check::tree(platform, &host).await.unwrap();
        assert!(whole.is_clean(), "{whole:?}");
        for report in [
            check::organization(platform, &host, SLUG).await.unwrap(),
            check::appliance(platform, &host).await.unwrap(),
        ] {
            assert!(report.is_clean(), "{report:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restore_of_the_database_the_same_log_goes_on_and_says_what_was_lost() {
    let site = Logged::start().await;
    site.write(1).await;
    let before = site.pass().await;
    // At the moment of the backup this one waited.
    site.write(2).await;
    site.sql("CREATE TABLE public.saved AS SELECT * FROM strongroom.audit_pending")
        .await;
    site.write(3).await;
    let after = site.pass().await;
    let kept = site.checkpoint().await.unwrap();
    let lost = "(SELECT entry_id FROM {o}._image ORDER BY record_id DESC, version DESC LIMIT 1)";
    let back = format!(
        "DELETE FROM {{o}}.d1 WHERE id = (SELECT max(id::text)::uuid FROM {{o}}.d1);
         DELETE FROM {{o}}._entry WHERE id = {lost}; DELETE FROM {{o}}._image WHERE entry_id = {lost};
         DELETE FROM strongroom.audit_leaf WHERE index >= {}; {HOMES};
         INSERT INTO strongroom.audit_pending OVERRIDING SYSTEM VALUE SELECT * FROM public.saved; DROP TABLE public.saved",
        before.size
    );
    let back = back.replace("DELETE FROM {o}._image WHERE entry_id = (SELECT entry_id FROM {o}._image ORDER BY record_id DESC, version DESC LIMIT 1)",
        "DELETE FROM {o}._image i WHERE NOT EXISTS (SELECT FROM {o}._entry e WHERE e.id = i.entry_id)");
    tamper(&site.site, &back).await;
    let plan = Plan::Return {
        database: before.size,
        signed: after.size,
    };
    assert_eq!(site.plan().await, Some(plan));
    let refused = site.recover("yes").await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict);
    assert!(
        refused.detail.contains(&plan.confirmation()),
        "{}",
        refused.detail
    );
    assert_eq!(site.recover(&plan.confirmation()).await.unwrap(), plan);
    assert!(site.trouble().await.is_none());
    // What waited is in the log already; what was lost is explained; the checkpoint of before still holds.
    let pass = site.pass().await;
    assert_eq!(
        (pass.entries, pass.size),
        (1, after.size + 1),
        "the entry of the recovery"
    );
    site.assert_clean().await;
    let mut tree = audit::merkle::Tree::default();
    let text = format!(
        "SELECT leaf FROM strongroom.audit_leaf WHERE index < {} ORDER BY index",
        kept.size
    );
    for row in site.site.superuser().await.query(&text, &[]).await.unwrap() {
        tree.push(&row.get::<_, Vec<u8>>(0));
    }
    assert_eq!(tree.root(), kept.root);
    assert_eq!(site.plan().await, None);
    // An entry that somebody takes out afterwards is no loss of the restore's.
    site.write(4).await;
    site.pass().await;
    tamper(
        &site.site,
        "DELETE FROM {o}._entry WHERE sequence = (SELECT max(sequence) FROM {o}._entry)",
    )
    .await;
    let found = check::organization(&site.site.platform, &Caller::host(), SLUG)
        .await
        .unwrap();
    assert!(!found.is_clean());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_went_another_way_does_not_become_the_log() {
    let site = Logged::start().await;
    site.write(1).await;
    let before = site.pass().await;
    site.write(2).await;
    let after = site.pass().await;
    let forged = format!(
        "DELETE FROM strongroom.audit_leaf WHERE index >= {}; {HOMES};
         UPDATE strongroom.audit_leaf SET leaf = set_byte(leaf, 180, 7) WHERE index = 3",
        before.size
    );
    site.sql(&forged).await;
    let plan = site.plan().await.unwrap();
    let refused = site.recover(&plan.confirmation()).await.unwrap_err();
    assert!(refused.detail.contains("leaf 3 "), "{}", refused.detail);
    let standing = ledger::standing(&site.site.platform).await.unwrap();
    assert_eq!(
        (standing.size, standing.signed.unwrap().size),
        (before.size, after.size)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaves_of_a_rotten_tile_do_not_come_back_and_neither_does_any_before_it() {
    let site = Logged::start().await;
    site.write(1).await;
    let before = site.pass().await;
    flood(&site.site, 520).await;
    let after = site.pass().await;
    assert!(after.size > 512, "{after:?}");
    site.sql(&format!(
        "DELETE FROM strongroom.audit_leaf WHERE index >= {}; {HOMES}",
        before.size
    ))
    .await;
    let middle = site.folder.join("tile/entries/001");
    let mut bytes = fs::read(&middle).unwrap();
    bytes[188 * 100 + 180] ^= 1;
    fs::write(&middle, &bytes).unwrap();
    let plan = site.plan().await.unwrap();
    let entries = "SELECT count(*) FROM strongroom.entry";
    let count = async || -> i64 {
        let client = site.site.superuser().await;
        client.query_one(entries, &[]).await.unwrap().get(0)
    };
    let noted = count().await;
    let refused = site.recover(&plan.confirmation()).await.unwrap_err();
    assert!(
        refused
            .detail
            .contains("the tiles of the audit log have the root"),
        "{}",
        refused.detail
    );
    let standing = ledger::standing(&site.site.platform).await.unwrap();
    assert_eq!((standing.size, count().await), (before.size, noted));
    bytes[188 * 100 + 180] ^= 1;
    fs::write(&middle, &bytes).unwrap();
    site.recover(&plan.confirmation()).await.unwrap();
    assert!(site.trouble().await.is_none());
    let whole = check::tree(&site.site.platform, &Caller::host()).await.unwrap();
    assert!(whole.is_clean(), "{whole:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_folder_is_made_anew_out_of_the_database_and_only_by_hand() {
    let site = Logged::start().await;
    site.write(1).await;
    site.pass().await;
    let kept = site.checkpoint().await.unwrap();
    fs::remove_file(site.folder.join("signed")).unwrap();
    assert_eq!(site.plan().await, Some(Plan::Remember { size: kept.size }));
    site.recover(&format!("remember-{}", kept.size)).await.unwrap();
    site.pass().await;
    site.assert_clean().await;
    fs::remove_dir_all(&site.folder).unwrap();
    assert!(sequencer::run_once(&site.site.platform).await.is_err());
    let plan = site.plan().await.unwrap();
    assert!(matches!(plan, Plan::BeginAgain { .. }));
    site.recover(&plan.confirmation()).await.unwrap();
    site.pass().await;
    site.assert_clean().await;
    assert!(site.checkpoint().await.unwrap().size > kept.size);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_that_is_gone_without_its_deletion_is_found() {
    let site = Logged::start().await;
    site.write(1).await;
    site.pass().await;
    site.assert_clean().await;
    // Its home as it is after a deletion, of which no entry tells.
    site.sql("DELETE FROM strongroom.audit_home WHERE schema_name <> 'strongroom'")
        .await;
    let found = check::tree(&site.site.platform, &Caller::host()).await.unwrap();
    let codes: Vec<FaultCode> = found.faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, [FaultCode::OrganizationGone], "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_check_of_the_whole_log_names_the_leaf_and_the_tile() {
    let site = Logged::start().await;
    for number in 0..260 {
        site.write(number).await;
    }
    site.pass().await;
    site.assert_clean().await;
    let codes = async || {
        let found = check::tree(&site.site.platform, &Caller::host()).await.unwrap();
        found
            .faults
            .into_iter()
            .map(|fault| (fault.code, fault.detail))
            .collect::<Vec<_>>()
    };
    let flip = |byte: u8| {
        format!("UPDATE strongroom.audit_leaf SET leaf = set_byte(leaf, 180, {byte}) WHERE index = 17")
    };
    site.sql(&flip(9)).await;
    let found = codes().await;
    assert!(
        found.contains(&(
            FaultCode::LeafAltered,
            "leaf 17 is another in the database than in tile/entries/000".to_owned()
        )),
        "{found:?}"
    );
    assert!(
        found.iter().any(|(code, _)| *code == FaultCode::RootAltered),
        "{found:?}"
    );
    site.sql(&flip(0)).await;
    site.assert_clean().await;
    let path = site.folder.join("tile/0/000");
    let kept = fs::read(&path).unwrap();
    let mut changed = kept.clone();
    changed[40] ^= 1;
    fs::write(&path, changed).unwrap();
    let found = codes().await;
    assert_eq!(
        found,
        [(
            FaultCode::TileAltered,
            "tile/0/000 is not what the leaves make".to_owned()
        )]
    );
    fs::remove_file(&path).unwrap();
    assert_eq!(
        codes().await,
        [(FaultCode::TileAltered, "tile/0/000 is gone".to_owned())]
    );
    fs::write(&path, kept).unwrap();
    site.sql("DELETE FROM strongroom.audit_leaf WHERE index = 30")
        .await;
    let found = codes().await;
    assert!(
        found.contains(&(FaultCode::LeafMissing, "leaves 30 to 30 are gone".to_owned())),
        "{found:?}"
    );
}
