//! One person's data: found wherever it is, handed over, erased by two, and nowhere afterwards.

use crate::{
    check::tamper,
    export::whole,
    fixture::{SLUG, Site, field},
    lifecycle::code,
    promise::{assert_broken, assert_kept},
};
use access::{DatasetRight, Role};
use audit::{policy::Policy, verify::verify};
use bytes::Bytes;
use futures_util::stream;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use platform::{
    Caller, PlatformError, Workspace, check, dataset, file, hold, idempotency, import, ledger, member,
    narrowing::NamedNarrowing,
    person::{self, HitKind, HitState, NewRequest, Outcome, RequestKind, Verdict},
    policy,
    record::{self, Expected},
    revival, sequencer,
    trail::{self, TrailQuery},
    upkeep,
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, io::Read};
use types::{AttachmentId, FieldKind, PageSize, PersonRequestId, ProblemCode, RecordId};
use uuid::Uuid;

const NAME: &str = "Erika Mustermann";
const IBAN: &str = "DE89370400440532013000";
const GROUND: &str = "consent withdrawn, article 17(1)(b)";

/// `acme` with people and their orders; the accountant asks and proposes, the owner approves.
struct Scene {
    site: Site,
    owner: Workspace,
    asker: Workspace,
    /// By its name in [`Scene::start`].
    records: BTreeMap<&'static str, RecordId>,
    photo: AttachmentId,
}

async fn make(workspace: &Workspace, dataset: &str, fields: Json) -> RecordId {
    let made = record::create(workspace, dataset, fields.as_object().unwrap()).await;
    made.unwrap().record.id
}

fn bytes(text: &str) -> impl futures_util::Stream<Item = Result<Bytes, PlatformError>> + Unpin {
    stream::iter([Ok(Bytes::copy_from_slice(text.as_bytes()))])
}

impl Scene {
    async fn start() -> Self {
        let site = Site::start().await;
        let owner = site.as_role(Role::Owner).await;
        let asker = site.as_role(Role::Accountant).await;
        let fields = vec![
            field("Name", FieldKind::Text),
            field("Iban", FieldKind::SensitiveText),
            field("Note", FieldKind::LongText),
            field("Photo", FieldKind::Attachment),
        ];
        site.dataset(&owner, "People", fields).await;
        let mut customer = field("Customer", FieldKind::Reference);
        customer.references = Some("people".to_owned());
        site.dataset(&owner, "Orders", vec![field("Item", FieldKind::Text), customer])
            .await;
        let photo = file::store(&owner, "mustermann, erika.jpg", "image/jpeg", bytes("a face"))
            .await
            .unwrap();
        let mut records = BTreeMap::new();
        let plain = json!({"name": NAME, "iban": IBAN});
        records.insert("plain", make(&owner, "people", plain).await);
        let sensitive = json!({"name": "a donor", "iban": "DE89 3704 0044 0532 0130 00"});
        records.insert("sensitive", make(&owner, "people", sensitive).await);
        let renamed = make(&owner, "people", json!({"name": NAME})).await;
        let fields = json!({"name": "nobody"});
        record::update(
            &owner,
            "people",
            renamed,
            Expected::Any,
            fields.as_object().unwrap(),
        )
        .await
        .unwrap();
        records.insert("renamed", renamed);
        let trashed = make(&owner, "people", json!({"note": "called by erika MUSTERMANN"})).await;
        record::trash(&owner, "people", trashed, Expected::Any)
            .await
            .unwrap();
        records.insert("trashed", trashed);
        let pictured = json!({"name": "a face", "photo": photo.id});
        records.insert("pictured", make(&owner, "people", pictured).await);
        let other = json!({"name": "Erika Musterfrau", "iban": "DE02120300000000202051"});
        records.insert("other", make(&owner, "people", other).await);
        let order = json!({"item": "a chair", "customer": records["plain"]});
        records.insert("order", make(&owner, "orders", order).await);
        Self {
            site,
            owner,
            asker,
            records,
            photo: photo.id,
        }
    }

    async fn open(&self, kind: RequestKind) -> PersonRequestId {
        let new = NewRequest {
            kind,
            reference: "case 7".to_owned(),
            received_on: None,
            words: vec![NAME.to_owned(), "de89 3704 0044 0532 0130 00".to_owned()],
        };
        person::open(&self.asker, new).await.unwrap()
    }

    /// Looks, and marks as theirs all but the other's.
    async fn found(&self, kind: RequestKind) -> PersonRequestId {
        let id = self.open(kind).await;
        for _ in 0..2 {
            assert!(person::search(&self.asker, id).await.unwrap().is_complete);
            let found = person::hits(&self.asker, id).await.unwrap();
            let found: Vec<Uuid> = found.iter().map(|hit| hit.object).collect();
            person::mark(&self.asker, id, &found, Verdict::Theirs)
                .await
                .unwrap();
        }
        id
    }

    async fn proposed(&self) -> PersonRequestId {
        let id = self.found(RequestKind::Erasure).await;
        person::propose(&self.asker, id, GROUND).await.unwrap();
        id
    }

    /// Writes a note about who is looked for, and removes the field.
    async fn remove_notes(&self) {
        let fields = json!({"note": "left in May"});
        let fields = fields.as_object().unwrap();
        record::update(
            &self.owner,
            "people",
            self.records["plain"],
            Expected::Any,
            fields,
        )
        .await
        .unwrap();
        dataset::drop_field(&self.owner, "people", "note").await.unwrap();
    }

    /// Searches and marks, with every wrong turn on the way refused.
    async fn decide_all_but_the_trashed(&self, id: PersonRequestId) {
        person::search(&self.asker, id).await.unwrap();
        assert_eq!(
            code(person::hand_over(&self.asker, id).await),
            ProblemCode::Conflict,
            "undecided hits"
        );
        let found = person::hits(&self.asker, id).await.unwrap();
        for hit in &found {
            let verdict = match self.name_of(hit.object) {
                "trashed" => Verdict::Other,
                _ => Verdict::Theirs,
            };
            person::mark(&self.asker, id, &[hit.object], verdict)
                .await
                .unwrap();
        }
        assert_eq!(
            code(person::close(&self.asker, id, Outcome::NothingFound, "nothing of theirs").await),
            ProblemCode::Conflict
        );
        assert_eq!(
            code(person::close(&self.asker, id, Outcome::HandedOver, "by registered mail").await),
            ProblemCode::Conflict,
            "nothing was handed over"
        );
        let early = person::hand_over(&self.asker, id).await;
        assert_eq!(
            code(early),
            ProblemCode::Conflict,
            "an order refers to what is theirs, and nobody has looked at it"
        );
        person::mark(&self.asker, id, &[self.records["order"].0], Verdict::Other)
            .await
            .unwrap();
        let refused = person::hand_over(&self.owner, id).await;
        assert_eq!(
            code(refused),
            ProblemCode::NotAllowed,
            "the policy keeps sensitive values from owners"
        );
    }

    fn name_of(&self, object: Uuid) -> &'static str {
        let named = self.records.iter().find(|(_, id)| id.0 == object);
        named.map_or("a file", |(name, _)| name)
    }

    async fn state(&self, name: &str) -> Option<ProblemCode> {
        let dataset = if name == "order" { "orders" } else { "people" };
        let read = record::read(&self.owner, dataset, self.records[name]).await;
        read.err().map(|error| error.code)
    }

    /// Every value of every table of the organization, and of the control schema, as PostgreSQL writes them.
    async fn everything(&self) -> String {
        let superuser = self.site.superuser().await;
        let text = "SELECT string_agg(format('SELECT coalesce(string_agg(t::text, E''\\n''), '''') FROM %I.%I t', schemaname, tablename), ' UNION ALL ')
            FROM pg_tables WHERE schemaname = 'strongroom' OR schemaname ~ '^o_'";
        let all: String = superuser.query_one(text, &[]).await.unwrap().get(0);
        let rows = superuser.query(&all, &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, String>(0)).collect()
    }
}

/// Approves what is proposed now, as one who has just looked at it.
async fn approve(workspace: &Workspace, id: PersonRequestId) -> Result<person::Erased, PlatformError> {
    let seen = person::find(workspace, id).await.ok();
    let proposed = seen.and_then(|view| view.request.proposed);
    person::approve(
        workspace,
        id,
        proposed.map_or(Timestamp::UNIX_EPOCH, |(_, at)| at),
    )
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_finds_sensitive_fields_the_trash_the_past_and_names_of_files_and_nobody_else() {
    let scene = Scene::start().await;
    let globex = scene.site.second_organization().await;
    scene
        .site
        .dataset(&globex, "People", vec![field("Name", FieldKind::Text)])
        .await;
    let foreign = make(&globex, "people", json!({"name": NAME})).await;
    let id = scene.open(RequestKind::Access).await;
    let searched = person::search(&scene.asker, id).await.unwrap();
    assert_eq!((searched.hits, searched.is_complete), (5, true));
    let found = person::hits(&scene.asker, id).await.unwrap();
    assert!(
        found
            .iter()
            .all(|hit| hit.object != foreign.0 && hit.verdict.is_none())
    );
    let places: BTreeMap<&str, Vec<String>> = found
        .iter()
        .map(|hit| (scene.name_of(hit.object), hit.found_in.clone()))
        .collect();
    let expected = [
        ("pictured", vec!["photo"]),
        ("plain", vec!["iban", "name"]),
        ("renamed", vec!["name, earlier"]),
        ("sensitive", vec!["iban"]),
        ("trashed", vec!["note"]),
    ];
    let expected: Vec<(&str, Vec<String>)> = expected
        .into_iter()
        .map(|(name, keys)| (name, keys.into_iter().map(str::to_owned).collect()))
        .collect();
    assert_eq!(places.into_iter().collect::<Vec<_>>(), expected);
    let trashed = found.iter().find(|hit| hit.object == scene.records["trashed"].0);
    assert_eq!(trashed.unwrap().state, HitState::Trashed);
    // What refers to a record that is theirs is found once that is said.
    let plain = [scene.records["plain"].0];
    person::mark(&scene.asker, id, &plain, Verdict::Theirs)
        .await
        .unwrap();
    assert_eq!(person::search(&scene.asker, id).await.unwrap().hits, 6);
    let found = person::hits(&scene.asker, id).await.unwrap();
    let order = found
        .iter()
        .find(|hit| scene.name_of(hit.object) == "order")
        .unwrap();
    assert_eq!(order.found_in, ["customer"]);
    let plain = found
        .iter()
        .find(|hit| scene.name_of(hit.object) == "plain")
        .unwrap();
    assert_eq!(
        plain.verdict,
        Some(Verdict::Theirs),
        "what was said of a hit stays"
    );
    assert_eq!(code(person::hits(&globex, id).await), ProblemCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_not_the_role_or_sees_a_part_only_neither_asks_nor_finds() {
    let scene = Scene::start().await;
    let id = scene.open(RequestKind::Access).await;
    for role in [Role::Viewer, Role::Editor] {
        let member = scene.site.as_role(role).await;
        assert_eq!(
            code(person::list(&member).await),
            ProblemCode::NotAllowed,
            "{role}"
        );
        assert_eq!(
            code(person::search(&member, id).await),
            ProblemCode::NotAllowed,
            "{role}"
        );
        assert_eq!(
            code(person::hand_over(&member, id).await),
            ProblemCode::NotAllowed,
            "{role}"
        );
    }
    assert_eq!(
        code(approve(&scene.asker, id).await),
        ProblemCode::NotAllowed,
        "an accountant does not erase"
    );
    let narrowing = NamedNarrowing {
        datasets: BTreeMap::from([("orders".to_owned(), DatasetRight::None)]),
        ..NamedNarrowing::default()
    };
    let account = scene.site.account(Role::Accountant);
    member::set_narrowing(&scene.owner, account, &narrowing)
        .await
        .unwrap();
    let narrowed = scene.site.as_role(Role::Accountant).await;
    assert_eq!(code(person::search(&narrowed, id).await), ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_handed_over_holds_exactly_what_is_theirs() {
    let scene = Scene::start().await;
    let id = scene.open(RequestKind::Access).await;
    assert_eq!(
        code(person::hand_over(&scene.asker, id).await),
        ProblemCode::Conflict
    );
    scene.decide_all_but_the_trashed(id).await;
    scene.remove_notes().await;
    let tar = whole(person::hand_over(&scene.asker, id).await.unwrap()).await;
    let members = members(&tar);
    let paths: Vec<&str> = members.keys().map(String::as_str).collect();
    let photo = format!("attachments/{}", scene.photo);
    assert_eq!(
        paths,
        [
            photo.as_str(),
            "datasets/people.csv",
            "datasets/people.jsonl",
            "datasets/people.trash.jsonl",
            "history.jsonl",
            "manifest.json"
        ]
    );
    let people = &members["datasets/people.jsonl"];
    assert!(people.contains(IBAN) && people.contains(NAME) && !people.contains("Musterfrau"));
    assert!(
        members["history.jsonl"].contains("left in May"),
        "of a field that is removed"
    );
    assert!(members["history.jsonl"].contains(NAME) && !members["history.jsonl"].contains("called by"));
    assert!(!members["datasets/people.trash.jsonl"].contains("called by"));
    assert!(members["manifest.json"].contains("strongroom-person"));
    person::close(&scene.asker, id, Outcome::HandedOver, "by registered mail")
        .await
        .unwrap();
    let closed = person::find(&scene.asker, id).await.unwrap();
    assert_eq!(closed.request.outcome, Some(Outcome::HandedOver));
    assert!(closed.words.is_empty());
    assert_eq!(
        code(person::hand_over(&scene.asker, id).await),
        ProblemCode::Conflict
    );
    assert_kept(&scene.site, "data-subject-rights").await;
}

fn members(tar: &[u8]) -> BTreeMap<String, String> {
    let mut archive = tar::Archive::new(tar);
    let mut members = BTreeMap::new();
    for member in archive.entries().unwrap() {
        let mut member = member.unwrap();
        let path = member.path().unwrap().to_string_lossy().into_owned();
        let mut text = String::new();
        member.read_to_string(&mut text).unwrap();
        members.insert(path, text);
    }
    members
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_approves_what_they_asked_for_or_proposed_in_whatever_session() {
    let scene = Scene::start().await;
    // The owner asks, an administrator proposes: neither approves.
    let admin = scene.site.as_role(Role::Administrator).await;
    let new = NewRequest {
        kind: RequestKind::Erasure,
        reference: "case 8".to_owned(),
        received_on: None,
        words: vec![NAME.to_owned()],
    };
    let id = person::open(&scene.owner, new).await.unwrap();
    assert_eq!(
        code(person::propose(&admin, id, GROUND).await),
        ProblemCode::Conflict,
        "nothing was looked for"
    );
    person::search(&admin, id).await.unwrap();
    assert_eq!(
        code(person::propose(&admin, id, GROUND).await),
        ProblemCode::Conflict,
        "undecided hits"
    );
    let found = person::hits(&admin, id).await.unwrap();
    let found: Vec<Uuid> = found.iter().map(|hit| hit.object).collect();
    person::mark(&admin, id, &found, Verdict::Theirs).await.unwrap();
    assert_eq!(
        code(person::propose(&admin, id, GROUND).await),
        ProblemCode::Conflict,
        "an order refers to what is theirs, and nobody has looked at it"
    );
    let found = person::hits(&admin, id).await.unwrap();
    let found: Vec<Uuid> = found.iter().map(|hit| hit.object).collect();
    person::mark(&admin, id, &found, Verdict::Theirs).await.unwrap();
    person::propose(&admin, id, GROUND).await.unwrap();
    let (_, elsewhere) = scene.site.sign_in(Role::Owner).await;
    let elsewhere = scene.site.platform.enter(&elsewhere, SLUG).await.unwrap();
    for own in [&scene.owner, &elsewhere, &admin] {
        assert_eq!(code(approve(own, id).await), ProblemCode::NotAllowed);
    }
    // The database refuses it whoever is asked.
    let refused = scene
        .site
        .superuser()
        .await
        .batch_execute(&format!(
            "DO $$ BEGIN EXECUTE (SELECT format('UPDATE %I._person_request SET approved_by = asked_by, approved_at = now()', schema_name)
                FROM strongroom.organization WHERE slug = '{SLUG}'); END $$"
        ))
        .await;
    let error = refused.unwrap_err();
    assert_eq!(
        error.as_db_error().unwrap().constraint(),
        Some("person_request_own")
    );
    // What is proposed stays as it is.
    let late = person::mark(&admin, id, &found[..1], Verdict::Other).await;
    assert_eq!(code(late), ProblemCode::Conflict);
    assert_eq!(code(person::search(&admin, id).await), ProblemCode::Conflict);
    assert_eq!(scene.state("plain").await, None, "nothing was erased");
    person::withdraw(&scene.owner, id).await.unwrap();
    person::mark(&admin, id, &found[..1], Verdict::Other)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_people_erase_is_nowhere_and_the_log_still_verifies() {
    let scene = Scene::start().await;
    let list = format!("name\n{NAME}\n");
    let upload = import::upload(&scene.owner, "list.csv", None, bytes(&list))
        .await
        .unwrap();
    assert!(scene.everything().await.contains(NAME));
    let id = scene.proposed().await;
    let found = person::hits(&scene.asker, id).await.unwrap();
    let files = found.iter().filter(|hit| hit.kind == HitKind::File).count();
    assert_eq!(
        (found.len(), files),
        (9, 3),
        "the upload, its papers, the photo: {found:?}"
    );
    let erased = approve(&scene.owner, id).await.unwrap();
    assert_eq!((erased.records, erased.files, erased.left.len()), (6, 3, 0));
    for name in ["plain", "sensitive", "renamed", "trashed", "pictured", "order"] {
        assert_eq!(scene.state(name).await, Some(ProblemCode::NotFound), "{name}");
    }
    assert_eq!(scene.state("other").await, None);
    assert_eq!(
        code(file::open(&scene.owner, scene.photo).await),
        ProblemCode::NotFound
    );
    assert_eq!(
        code(import::find(&scene.owner, upload.id).await),
        ProblemCode::NotFound
    );
    let everything = scene.everything().await;
    for gone in [NAME, IBAN, "MUSTERMANN", "a chair", "a donor"] {
        assert!(!everything.contains(gone), "{gone}");
    }
    scene.pages_say_erased().await;
    scene.log_says_who().await;
    scene.still_verifies().await;
    for again in [
        approve(&scene.owner, id).await,
        person::carry_on(&scene.owner, id).await,
    ] {
        assert_eq!(code(again), ProblemCode::Conflict, "once is enough");
    }
    assert_kept(&scene.site, "data-subject-rights").await;
}

impl Scene {
    async fn entries(&self) -> Vec<trail::EntryView> {
        let query = TrailQuery {
            limit: PageSize::new(500).unwrap(),
            ..TrailQuery::default()
        };
        trail::list(&self.owner, &query).await.unwrap().entries
    }

    /// The record's history and every entry's page.
    async fn pages_say_erased(&self) {
        let plain = self.records["plain"];
        let history = record::history(&self.owner, "people", plain, None).await.unwrap();
        assert!(history.is_erased && history.steps.len() == 3);
        assert!(history.steps.iter().all(|step| step.changes.is_empty()));
        let mut erased = 0;
        for entry in self.entries().await {
            let detail = trail::find(&self.owner, entry.id).await.unwrap();
            let shown = format!("{detail:?}");
            assert!(!shown.contains("Mustermann") && !shown.contains(IBAN), "{shown}");
            erased += usize::from(detail.is_erased);
        }
        assert!(erased >= 6, "each record's making: {erased}");
    }

    async fn log_says_who(&self) {
        let entries = self.entries().await;
        let of = |action: &str| entries.iter().find(|entry| entry.action == action).unwrap();
        let reason = of("record.purge").reason.as_deref().unwrap();
        let (by, approver) = (
            self.site.account(Role::Accountant),
            self.site.account(Role::Owner),
        );
        for said in [
            GROUND.to_owned(),
            format!("proposed by {by}"),
            format!("approved by {approver}"),
        ] {
            assert!(reason.contains(&said), "{reason}");
        }
        let whole = of("person-request.erase");
        assert_eq!(whole.kind, 2);
        let reason = whole.reason.as_deref().unwrap();
        assert!(reason.starts_with("6 records and 3 files: "), "{reason}");
    }

    /// In the database and, without it, in exports of one organization and of all.
    async fn still_verifies(&self) {
        let platform = &self.site.platform;
        let report = check::organization(platform, &Caller::host(), SLUG)
            .await
            .unwrap();
        assert!(report.is_clean(), "{report:?}");
        sequencer::run_once(platform).await.unwrap().unwrap();
        for slug in [None, Some(SLUG)] {
            let written = ledger::export(platform, &Caller::host(), slug, &[], Vec::new()).await;
            let (_, file) = written.unwrap();
            assert!(!file.windows(NAME.len()).any(|part| part == NAME.as_bytes()));
            let policy = ledger::policy(platform, &Caller::host()).await.unwrap();
            let report = verify(&file[..], &Policy::parse(policy.as_bytes()).unwrap(), None).unwrap();
            assert!(report.holds(), "{report:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_kept_goes_too_and_the_request_is_not_carried_out_twice() {
    let scene = Scene::start().await;
    let caller = scene.owner.caller();
    let organization = Some(scene.owner.organization().id);
    let begin = || {
        idempotency::begin(
            &scene.site.platform,
            caller,
            organization,
            "POST /r",
            "a-key",
            [7; 32],
        )
    };
    let idempotency::Begun::Fresh(ticket) = begin().await.unwrap() else {
        panic!("a new key");
    };
    idempotency::finish(&scene.site.platform, ticket, NAME.as_bytes())
        .await
        .unwrap();
    assert!(matches!(
        begin().await.unwrap(),
        idempotency::Begun::Replay(answer) if answer == NAME.as_bytes()
    ));
    let id = scene.proposed().await;
    approve(&scene.owner, id).await.unwrap();
    assert_eq!(code(begin().await), ProblemCode::Conflict);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_approvals_at_once_one_counts() {
    let scene = Scene::start().await;
    let id = scene.proposed().await;
    let admin = scene.site.as_role(Role::Administrator).await;
    let (one, two) = tokio::join!(approve(&scene.owner, id), approve(&admin, id));
    let (done, refused) = match (one, two) {
        (Ok(done), Err(error)) | (Err(error), Ok(done)) => (done, error),
        both => panic!("{both:?}"),
    };
    assert_eq!((done.records, refused.code), (6, ProblemCode::Conflict));
    let entries = trail::list(&scene.owner, &TrailQuery::default())
        .await
        .unwrap()
        .entries;
    let of = |action: &str| entries.iter().filter(|entry| entry.action == action).count();
    assert_eq!(of("person-request.approve-erasure"), 1);
    assert_eq!(of("record.purge"), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposal_that_was_exchanged_after_it_was_seen_is_not_approved() {
    let scene = Scene::start().await;
    let id = scene.proposed().await;
    let seen = person::find(&scene.owner, id).await.unwrap().request.proposed;
    let (_, seen_at) = seen.unwrap();
    person::withdraw(&scene.asker, id).await.unwrap();
    person::propose(&scene.asker, id, "another ground than before")
        .await
        .unwrap();
    assert_eq!(
        code(person::approve(&scene.owner, id, seen_at).await),
        ProblemCode::Conflict
    );
    for name in ["plain", "trashed"] {
        assert_eq!(scene.state(name).await, None, "{name}");
    }
    approve(&scene.owner, id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_a_hold_the_whole_request_waits_and_goes_on_when_it_is_lifted() {
    let scene = Scene::start().await;
    let id = scene.proposed().await;
    let place = || async {
        let new = hold::NewHold {
            reason: "an investigation".to_owned(),
            person: "the court".to_owned(),
            concerns: None,
        };
        hold::place(&scene.owner, new).await.unwrap()
    };
    let held = place().await;
    assert_eq!(code(approve(&scene.owner, id).await), ProblemCode::Held);
    for name in ["plain", "trashed"] {
        assert_eq!(scene.state(name).await, None, "{name}");
    }
    // Closed under a hold: the words wait with the rest.
    let access = scene.open(RequestKind::Access).await;
    person::close(&scene.asker, access, Outcome::Refused, "we cannot tell who asks")
        .await
        .unwrap();
    assert_kept(&scene.site, "data-subject-rights").await;
    hold::lift(&scene.owner, held, "it is over").await.unwrap();
    assert_broken(
        &scene.site,
        "data-subject-rights",
        "the words of 1 closed requests",
    )
    .await;
    upkeep::remove_abandoned(&scene.site.platform, Timestamp::now())
        .await
        .unwrap();
    assert_kept(&scene.site, "data-subject-rights").await;
    assert_eq!(approve(&scene.owner, id).await.unwrap().records, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_refer_to_is_told_and_goes_when_they_let_go() {
    let scene = Scene::start().await;
    let id = scene.open(RequestKind::Erasure).await;
    person::search(&scene.asker, id).await.unwrap();
    let found = person::hits(&scene.asker, id).await.unwrap();
    let found: Vec<Uuid> = found.iter().map(|hit| hit.object).collect();
    person::mark(&scene.asker, id, &found, Verdict::Theirs)
        .await
        .unwrap();
    person::search(&scene.asker, id).await.unwrap();
    let order = [scene.records["order"].0];
    person::mark(&scene.asker, id, &order, Verdict::Other)
        .await
        .unwrap();
    person::propose(&scene.asker, id, GROUND).await.unwrap();
    let erased = approve(&scene.owner, id).await.unwrap();
    assert_eq!((erased.records, erased.left.len()), (4, 1), "{erased:?}");
    let request = person::find(&scene.asker, id).await.unwrap().request;
    assert!(request.approved.is_some() && request.closed.is_none());
    let refused = person::close(&scene.asker, id, Outcome::Refused, "too much work").await;
    assert_eq!(code(refused), ProblemCode::Conflict);
    tamper(
        &scene.site,
        "UPDATE {o}._person_request SET approved_at = approved_at - interval '25 hours'",
    )
    .await;
    assert_broken(&scene.site, "data-subject-rights", "is approved and not done").await;
    let fields = json!({"customer": null});
    record::update(
        &scene.owner,
        "orders",
        scene.records["order"],
        Expected::Any,
        fields.as_object().unwrap(),
    )
    .await
    .unwrap();
    let admin = scene.site.as_role(Role::Administrator).await;
    let erased = person::carry_on(&admin, id).await.unwrap();
    assert_eq!((erased.records, erased.left.len()), (5, 0));
    assert_kept(&scene.site, "data-subject-rights").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_breaks_when_a_request_is_overdue_approved_by_one_or_undone_behind_our_back() {
    let scene = Scene::start().await;
    let id = scene.proposed().await;
    assert_kept(&scene.site, "data-subject-rights").await;
    let overdue = "UPDATE {o}._person_request SET received_on = received_on - 40, due_on = due_on - 40";
    tamper(&scene.site, overdue).await;
    assert_broken(&scene.site, "data-subject-rights", "was due on").await;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let late = person::extend(&scene.asker, id, today.saturating_add(70.days()), "many records").await;
    assert_eq!(code(late), ProblemCode::Invalid, "three months at most");
    person::extend(&scene.asker, id, today.saturating_add(7.days()), "many records")
        .await
        .unwrap();
    let again = person::extend(&scene.asker, id, today.saturating_add(8.days()), "more records").await;
    assert_eq!(code(again), ProblemCode::Conflict);
    assert_kept(&scene.site, "data-subject-rights").await;
    approve(&scene.owner, id).await.unwrap();
    assert_kept(&scene.site, "data-subject-rights").await;
    let photo = scene.photo;
    let back = format!(
        "INSERT INTO {{o}}._file (id, purpose, name, media_type, size, sha256, created_by)
            VALUES ('{photo}', 'attachment', '\\x00', 'image/jpeg', 1, '\\x00', '{photo}')"
    );
    tamper(&scene.site, &back).await;
    assert_broken(&scene.site, "data-subject-rights", "is there, although request").await;
    tamper(
        &scene.site,
        &format!("DELETE FROM {{o}}._file WHERE id = '{photo}'"),
    )
    .await;
    let own = "ALTER TABLE {o}._person_request DROP CONSTRAINT person_request_own;
        UPDATE {o}._person_request SET approved_by = asked_by";
    tamper(&scene.site, own).await;
    assert_broken(
        &scene.site,
        "data-subject-rights",
        "was approved by whoever wanted it",
    )
    .await;
    tamper(
        &scene.site,
        "ALTER TABLE {o}._person_hit DISABLE TRIGGER keep_person_hit",
    )
    .await;
    assert_broken(
        &scene.site,
        "data-subject-rights",
        "the trigger keep_person_hit is missing",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_breaks_when_what_was_erased_has_a_version_again_or_a_search_cannot_read() {
    let scene = Scene::start().await;
    let id = scene.proposed().await;
    approve(&scene.owner, id).await.unwrap();
    let plain = scene.records["plain"];
    tamper(
        &scene.site,
        &format!("UPDATE {{o}}._entry SET kind = 1 WHERE id = (SELECT entry_id FROM {{o}}._image WHERE record_id = '{plain}' ORDER BY version DESC LIMIT 1)"),
    )
    .await;
    assert_broken(&scene.site, "data-subject-rights", "is no erasure").await;
    let other = scene.records["other"];
    tamper(
        &scene.site,
        &format!("UPDATE {{o}}._image SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE record_id = '{other}'"),
    )
    .await;
    assert_broken(
        &scene.site,
        "data-subject-rights",
        "does not open, so that no search",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_of_the_platform_erases_again_what_was_erased() {
    let scene = Scene::start().await;
    let moment = Timestamp::now();
    let id = scene.proposed().await;
    approve(&scene.owner, id).await.unwrap();
    let outlook = revival::look(&scene.site.platform, &Caller::host(), moment)
        .await
        .unwrap();
    assert_eq!(outlook.carried_over.erased.len(), 6);
    assert_eq!(outlook.carried_over.files.len(), 1, "the photo");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_typed_is_checked_and_the_policy_gives_owners_the_archive() {
    let scene = Scene::start().await;
    let wrong = |reference: &str, words: &[&str]| NewRequest {
        kind: RequestKind::Access,
        reference: reference.to_owned(),
        received_on: Some(
            Timestamp::now()
                .to_zoned(TimeZone::UTC)
                .date()
                .saturating_add(1.day()),
        ),
        words: words.iter().map(|word| (*word).to_owned()).collect(),
    };
    for new in [
        wrong("", &[NAME]),
        wrong("case 9", &["ab"]),
        wrong("case 9", &[NAME]),
    ] {
        assert_eq!(code(person::open(&scene.asker, new).await), ProblemCode::Invalid);
    }
    let id = scene.found(RequestKind::Access).await;
    let administrators = access::Policies {
        administrators_reveal: access::Choice::Allow,
        ..access::Policies::default()
    };
    let policy = policy::OrganizationPolicy {
        administrators,
        ..policy::OrganizationPolicy::default()
    };
    policy::set(&scene.owner, policy).await.unwrap();
    let owner = scene.site.as_role(Role::Owner).await;
    drop(person::hand_over(&owner, id).await.unwrap());
}
