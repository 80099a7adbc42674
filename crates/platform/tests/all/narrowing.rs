//! Rights taken away from members and tokens: never given back by whoever lacks them, and never escaped.

use crate::{
    export::whole,
    fixture::{Site, field},
};
use access::{DatasetRight, FieldRight, MemberState, Permission, Role};
use bytes::Bytes;
use futures_util::stream;
use platform::{
    Origin, Workspace,
    access_log::{self, AccessFilter},
    account::NewPerson,
    caller::Identity,
    dataset,
    export::{self, Format, Reveal},
    file,
    list::{self, Query},
    member,
    narrowing::NamedNarrowing,
    record::{self, Expected},
    session,
    token::{self, NewToken},
    trail::{self, TrailQuery},
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use types::{FieldKind, ProblemCode, Record, RecordId, Value};

/// Datasets `people` (with a field `pay`) and `things`.
async fn start() -> (Site, Workspace) {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let fields = vec![field("Name", FieldKind::Text), field("Pay", FieldKind::Text)];
    site.dataset(&owner, "People", fields).await;
    site.dataset(&owner, "Things", vec![field("Name", FieldKind::Text)])
        .await;
    (site, owner)
}

fn hidden_pay() -> NamedNarrowing {
    NamedNarrowing {
        datasets: BTreeMap::from([("things".to_owned(), DatasetRight::None)]),
        fields: BTreeMap::from([(
            "people".to_owned(),
            BTreeMap::from([("pay".to_owned(), FieldRight::Hidden)]),
        )]),
        ..NamedNarrowing::default()
    }
}

async fn seen(workspace: &Workspace) -> Vec<(String, usize)> {
    let datasets = dataset::list(workspace).await.unwrap();
    let seen = |one: &std::sync::Arc<types::Dataset>| (one.key.to_string(), one.fields.len());
    datasets.iter().map(seen).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_away_from_a_member_is_not_there_for_them_and_stands_in_the_log() {
    let (site, owner) = start().await;
    let changed = member::set_narrowing(&owner, site.account(Role::Accountant), &hidden_pay())
        .await
        .unwrap();
    assert_eq!(changed.narrowing, hidden_pay());
    let accountant = site.as_role(Role::Accountant).await;
    assert_eq!(seen(&accountant).await, [("people".to_owned(), 1)]);
    let page = trail::list(&owner, &TrailQuery::default()).await.unwrap();
    assert!(
        page.entries
            .iter()
            .any(|entry| entry.action == "member.set-narrowing")
    );
    let unknown = NamedNarrowing::only(["nothing".to_owned()]);
    let refused = member::set_narrowing(&owner, site.account(Role::Viewer), &unknown).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_narrowed_hands_on_no_more_than_is_left_to_them() {
    let (site, owner) = start().await;
    member::set_narrowing(&owner, site.account(Role::Administrator), &hidden_pay())
        .await
        .unwrap();
    let administrator = site.as_role(Role::Administrator).await;
    // Taking it off oneself.
    let own = site.account(Role::Administrator);
    member::set_narrowing(&administrator, own, &NamedNarrowing::default())
        .await
        .unwrap();
    let administrator = site.as_role(Role::Administrator).await;
    assert_eq!(seen(&administrator).await, [("people".to_owned(), 1)]);
    // Through somebody new, and through somebody who had more.
    let person = NewPerson {
        email: "new@example.com".to_owned(),
        name: "New".to_owned(),
        password: None,
    };
    let (added, _) = member::add(&administrator, person, Role::Accountant)
        .await
        .unwrap();
    member::set_narrowing(
        &administrator,
        site.account(Role::Accountant),
        &NamedNarrowing::default(),
    )
    .await
    .unwrap();
    let as_seen_by_owner = member::list(&owner, None).await.unwrap().members;
    for account in [added.account, site.account(Role::Accountant)] {
        let narrowed = as_seen_by_owner
            .iter()
            .find(|one| one.account == account)
            .unwrap();
        assert_eq!(narrowed.narrowing, hidden_pay());
    }
    let refused = member::set_narrowing(&administrator, site.account(Role::Owner), &hidden_pay()).await;
    assert_eq!(refused.unwrap_err().code, ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_masked_value_is_shown_nowhere_and_a_hidden_dataset_not_in_the_log_either() {
    let (site, owner) = start().await;
    let ann = made(&owner, "people", json!({"name": "Ann", "pay": "ninety-one"})).await;
    made(&owner, "people", json!({"name": "Bob"})).await;
    let thing = made(&owner, "things", json!({"name": "a secret thing"})).await;
    change(&owner, "people", ann, json!({"pay": "ninety-two"})).await;
    change(&owner, "things", thing, json!({"name": "another thing"})).await;
    let narrowing = NamedNarrowing {
        datasets: BTreeMap::from([("things".to_owned(), DatasetRight::None)]),
        fields: BTreeMap::from([(
            "people".to_owned(),
            BTreeMap::from([("pay".to_owned(), FieldRight::Masked)]),
        )]),
        ..NamedNarrowing::default()
    };
    member::set_narrowing(&owner, site.account(Role::Administrator), &narrowing)
        .await
        .unwrap();
    let narrowed = site.as_role(Role::Administrator).await;

    let pay = |record: &Record| record.values[1].clone();
    let read = record::read(&narrowed, "people", ann).await.unwrap();
    assert_eq!(pay(&read.record), Value::Masked);
    let page = list::list(&narrowed, "people", &Query::default()).await.unwrap();
    let pays: Vec<Value> = page.records.iter().map(pay).collect();
    assert!(
        pays.contains(&Value::Masked) && pays.contains(&Value::Empty),
        "{pays:?}"
    );
    let searched = Query {
        search: Some("ninety".to_owned()),
        ..Query::default()
    };
    let found = list::list(&narrowed, "people", &searched).await.unwrap();
    assert!(found.records.is_empty(), "found by a masked value");
    let renamed = change(&narrowed, "people", ann, json!({"name": "Anna"})).await;
    assert_eq!(pay(&renamed), Value::Masked);
    let history = record::history(&narrowed, "people", ann, None).await.unwrap();
    let shown = format!("{:?}", history.steps);
    assert!(shown.contains("Masked") && !shown.contains("ninety"), "{shown}");
    let csv = export::records(
        &narrowed,
        "people",
        &Query::default(),
        Format::Csv,
        Reveal::Masked,
    )
    .await;
    let csv = String::from_utf8(whole(csv.unwrap()).await).unwrap();
    assert!(csv.contains("Anna") && !csv.contains("ninety"), "{csv}");

    let entries = trail::list(&narrowed, &TrailQuery::default())
        .await
        .unwrap()
        .entries;
    for entry in entries {
        let detail = trail::find(&narrowed, entry.id).await.unwrap();
        let shown = format!("{:?}", detail.changes);
        for gone in ["ninety", "thing"] {
            assert!(!shown.contains(gone), "{}: {shown}", entry.action);
        }
    }
    let of_thing = TrailQuery {
        object: Some(thing.to_string()),
        ..TrailQuery::default()
    };
    let entries = trail::list(&owner, &of_thing).await.unwrap().entries;
    let detail = trail::find(&owner, entries[0].id).await.unwrap();
    assert!(format!("{:?}", detail.changes).contains("another thing"));
}

async fn made(workspace: &Workspace, dataset: &str, fields: Json) -> RecordId {
    let made = record::create(workspace, dataset, fields.as_object().unwrap()).await;
    made.unwrap().record.id
}

async fn change(workspace: &Workspace, dataset: &str, id: RecordId, fields: Json) -> Record {
    let fields = fields.as_object().unwrap();
    let changed = record::update(workspace, dataset, id, Expected::Any, fields).await;
    changed.unwrap().record
}

async fn token_of(workspace: &Workspace, new: NewToken) -> String {
    let (_, secret) = token::create(workspace, new).await.unwrap();
    secret.expose().to_string()
}

fn from(address: &str) -> Origin {
    Origin {
        address: Some(address.to_owned()),
        ..Origin::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_counts_only_from_its_networks_and_only_in_its_datasets() {
    let (site, _) = start().await;
    let editor = site.as_role(Role::Editor).await;
    let secret = token_of(
        &editor,
        NewToken {
            name: "narrow".to_owned(),
            days: 1,
            networks: vec!["192.0.2.0/24".to_owned(), "::1".to_owned()],
            narrowing: NamedNarrowing::only(["things".to_owned()]),
            ..NewToken::default()
        },
    )
    .await;
    for (address, known) in [
        ("192.0.2.9", true),
        ("198.51.100.1", false),
        ("::ffff:192.0.2.9", true),
        ("::1", true),
        ("nonsense", false),
        ("192.0.2.9", true),
    ] {
        let caller = session::identify_token(&site.platform, from(address), &secret)
            .await
            .unwrap();
        assert_eq!(caller.account().is_some(), known, "{address}");
    }
    let nowhere = session::identify_token(&site.platform, Origin::default(), &secret)
        .await
        .unwrap();
    assert!(
        nowhere.account().is_none(),
        "an unknown address is none of its own"
    );
    let caller = session::identify_token(&site.platform, from("::1"), &secret)
        .await
        .unwrap();
    let workspace = site.platform.enter(&caller, "acme").await.unwrap();
    assert_eq!(seen(&workspace).await, [("things".to_owned(), 1)]);
    // Its maker's narrowing comes on top.
    let owner = site.as_role(Role::Owner).await;
    member::set_narrowing(&owner, site.account(Role::Editor), &hidden_pay())
        .await
        .unwrap();
    let workspace = site.platform.enter(&caller, "acme").await.unwrap();
    assert_eq!(seen(&workspace).await, []);
    let broken = NewToken {
        name: "broken".to_owned(),
        days: 1,
        networks: vec!["10.0.0.1/8".to_owned()],
        ..NewToken::default()
    };
    let refused = token::create(&editor, broken).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_does_not_outlive_its_makers_rights() {
    let (site, owner) = start().await;
    let editor = site.as_role(Role::Editor).await;
    let new = NewToken {
        name: "all".to_owned(),
        days: 1,
        ..NewToken::default()
    };
    let secret = token_of(&editor, new).await;
    let enter = async || {
        let caller = session::identify_token(&site.platform, from("::1"), &secret)
            .await
            .unwrap();
        site.platform.enter(&caller, "acme").await
    };
    assert!(enter().await.unwrap().may(Permission::RecordWrite));
    let account = site.account(Role::Editor);
    member::set_role(&owner, account, Role::Viewer).await.unwrap();
    assert!(!enter().await.unwrap().may(Permission::RecordWrite));
    member::set_state(&owner, account, MemberState::Disabled)
        .await
        .unwrap();
    assert!(enter().await.is_err());
    member::set_state(&owner, account, MemberState::Active)
        .await
        .unwrap();
    assert!(enter().await.is_ok());
    member::remove(&owner, account).await.unwrap();
    assert!(enter().await.is_err());
    let caller = session::identify_token(&site.platform, from("::1"), &secret)
        .await
        .unwrap();
    assert!(matches!(caller.identity, Identity::Anonymous));
    // Whoever comes back makes new ones.
    let person = NewPerson {
        email: editor.caller().account().unwrap().email.clone(),
        name: "Back".to_owned(),
        password: None,
    };
    member::add(&owner, person, Role::Administrator).await.unwrap();
    assert!(enter().await.is_err(), "an old token lives again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_removed_and_added_again_has_no_more_than_before() {
    let (site, owner) = start().await;
    let account = site.account(Role::Accountant);
    let before = member::set_narrowing(&owner, account, &hidden_pay())
        .await
        .unwrap();
    let again = || NewPerson {
        email: before.email.clone(),
        name: before.name.clone(),
        password: None,
    };
    member::remove(&owner, account).await.unwrap();
    let (back, _) = member::add(&owner, again(), Role::Accountant).await.unwrap();
    assert_eq!((back.account, &back.narrowing), (account, &hidden_pay()));
    // By somebody who is narrowed too: what either lacks is taken away.
    let read_only = NamedNarrowing {
        others: DatasetRight::Read,
        ..NamedNarrowing::default()
    };
    member::set_narrowing(&owner, site.account(Role::Administrator), &read_only)
        .await
        .unwrap();
    member::remove(&owner, account).await.unwrap();
    let administrator = site.as_role(Role::Administrator).await;
    let (back, _) = member::add(&administrator, again(), Role::Accountant)
        .await
        .unwrap();
    let both = NamedNarrowing {
        others: DatasetRight::Read,
        ..hidden_pay()
    };
    assert_eq!(member::show(&owner, account).await.unwrap().narrowing, both);
    assert_eq!(back.account, account);
    // What was given back by hand is not taken away again.
    member::set_narrowing(&owner, account, &NamedNarrowing::default())
        .await
        .unwrap();
    member::remove(&owner, account).await.unwrap();
    let (back, _) = member::add(&owner, again(), Role::Accountant).await.unwrap();
    assert_eq!(back.narrowing, NamedNarrowing::default());
}

/// A token has no more of its maker's rights than it names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_manages_members_makes_no_owner_and_reads_no_log_of_its_own() {
    let (site, owner) = start().await;
    let of = async |permissions: Vec<Permission>| {
        let new = NewToken {
            name: "some".to_owned(),
            days: 1,
            permissions: Some(permissions.iter().map(|one| one.code().to_owned()).collect()),
            ..NewToken::default()
        };
        let secret = token_of(&owner, new).await;
        session::identify_token(&site.platform, from("::1"), &secret)
            .await
            .unwrap()
    };
    let manages = of(vec![
        Permission::OrganizationRead,
        Permission::MemberRead,
        Permission::MemberManage,
    ])
    .await;
    let workspace = site.platform.enter(&manages, "acme").await.unwrap();
    let code = |error: platform::PlatformError| error.code;
    let (editor, owns) = (site.account(Role::Editor), site.account(Role::Owner));
    let made = member::set_role(&workspace, editor, Role::Owner).await;
    assert_eq!(made.map_err(code).unwrap_err(), ProblemCode::NotAllowed);
    let unmade = member::set_role(&workspace, owns, Role::Viewer).await;
    assert_eq!(unmade.map_err(code).unwrap_err(), ProblemCode::NotAllowed);
    member::set_role(&workspace, editor, Role::Viewer).await.unwrap();
    let filter = AccessFilter::default();
    let log = access_log::list_own(&site.platform, &manages, &filter, None).await;
    assert_eq!(log.map_err(code).unwrap_err(), ProblemCode::NotAllowed);
    let reads = of(vec![Permission::AccessLogReadOwn]).await;
    access_log::list_own(&site.platform, &reads, &filter, None)
        .await
        .unwrap();
    let hands_over = of(vec![
        Permission::OrganizationRead,
        Permission::MemberRead,
        Permission::MemberManage,
        Permission::OwnershipTransfer,
    ])
    .await;
    let workspace = site.platform.enter(&hands_over, "acme").await.unwrap();
    member::set_role(&workspace, editor, Role::Owner).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_field_is_not_shown_or_changed_by_defining() {
    let (site, owner) = start().await;
    member::set_narrowing(&owner, site.account(Role::Administrator), &hidden_pay())
        .await
        .unwrap();
    let narrowed = site.as_role(Role::Administrator).await;
    let note = field("Note", FieldKind::Text);
    let answered = dataset::add_field(&narrowed, "people", &note).await.unwrap();
    let keys: Vec<&str> = answered.fields.iter().map(|field| field.key.as_str()).collect();
    assert_eq!(keys, ["name", "note"]);
    let pay = field("Pay", FieldKind::Text);
    let code = |error: platform::PlatformError| error.code;
    let altered = dataset::alter_field(&narrowed, "people", "pay", &pay).await;
    assert_eq!(altered.map_err(code).unwrap_err(), ProblemCode::NotFound);
    let dropped = dataset::drop_field(&narrowed, "people", "pay").await;
    assert_eq!(dropped.map_err(code).unwrap_err(), ProblemCode::NotFound);
    let sealed = dataset::make_sensitive(&narrowed, "people", "pay").await;
    assert_eq!(sealed.map_err(code).unwrap_err(), ProblemCode::NotFound);
    let mut masked = hidden_pay();
    masked.fields.insert(
        "people".to_owned(),
        BTreeMap::from([("pay".to_owned(), FieldRight::Masked)]),
    );
    member::set_narrowing(&owner, site.account(Role::Administrator), &masked)
        .await
        .unwrap();
    let narrowed = site.as_role(Role::Administrator).await;
    let dropped = dataset::drop_field(&narrowed, "people", "pay").await;
    assert_eq!(dropped.map_err(code).unwrap_err(), ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_there_only_for_who_reads_the_field_that_has_it() {
    let (site, owner) = start().await;
    let scan = field("Scan", FieldKind::Attachment);
    for dataset in ["people", "things"] {
        dataset::add_field(&owner, dataset, &scan).await.unwrap();
    }
    let put = async |workspace: &Workspace, dataset: Option<&str>| {
        let bytes = stream::iter([Ok(Bytes::from_static(b"a scan"))]);
        let stored = file::store(workspace, "scan.txt", "text/plain", bytes)
            .await
            .unwrap();
        if let Some(dataset) = dataset {
            let fields = json!({"name": "A", "scan": stored.id.to_string()});
            made(workspace, dataset, fields).await;
        }
        stored.id
    };
    let of_thing = put(&owner, Some("things")).await;
    let of_person = put(&owner, Some("people")).await;
    let of_nobody = put(&owner, None).await;
    member::set_narrowing(&owner, site.account(Role::Editor), &hidden_pay())
        .await
        .unwrap();
    let narrowed = site.as_role(Role::Editor).await;
    let own = put(&narrowed, None).await;
    for (id, is_there) in [
        (of_thing, false),
        (of_person, true),
        (of_nobody, false),
        (own, true),
    ] {
        assert_eq!(file::describe(&narrowed, id).await.is_ok(), is_there, "{id}");
        assert_eq!(file::open(&narrowed, id).await.is_ok(), is_there, "{id}");
        assert!(file::describe(&owner, id).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_sees_and_ends_the_tokens_of_members_but_of_no_owner() {
    let (site, owner) = start().await;
    let editor = site.as_role(Role::Editor).await;
    let new = || NewToken {
        name: "leaked".to_owned(),
        days: 1,
        ..NewToken::default()
    };
    let secret = token_of(&editor, new()).await;
    let (of_owner, _) = token::create(&owner, new()).await.unwrap();
    let administrator = site.as_role(Role::Administrator).await;
    let (theirs, owns) = (site.account(Role::Editor), site.account(Role::Owner));
    let seen = token::list_of(&administrator, theirs).await.unwrap();
    assert_eq!(seen.len(), 1);
    let code = |error: platform::PlatformError| error.code;
    let curious = token::list_of(&editor, owns).await.map_err(code);
    assert_eq!(curious.unwrap_err(), ProblemCode::NotAllowed);
    let ranked = token::revoke_of(&administrator, owns, of_owner.id).await;
    assert_eq!(ranked.map_err(code).unwrap_err(), ProblemCode::NotAllowed);
    let anothers = token::revoke_of(&administrator, theirs, of_owner.id).await;
    assert_eq!(anothers.map_err(code).unwrap_err(), ProblemCode::NotFound);
    token::revoke_of(&administrator, theirs, seen[0].id)
        .await
        .unwrap();
    let caller = session::identify_token(&site.platform, from("::1"), &secret)
        .await
        .unwrap();
    assert!(matches!(caller.identity, Identity::Anonymous));
    token::revoke_of(&owner, owns, of_owner.id).await.unwrap();
}
