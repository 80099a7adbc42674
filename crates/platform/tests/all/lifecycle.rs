//! Cancelling an organization: read and exported from then on, changed through no door, taken back by an owner, ended by the worker.

use crate::{
    attack::Injected,
    check::tamper,
    fixture::{Site, field},
    promise::{assert_broken, assert_kept},
};
use access::{Permission, Role};
use bytes::Bytes;
use futures_util::stream;
use jiff::Timestamp;
use platform::{
    Caller, PlatformError, Workspace,
    caller::Identity,
    dataset::{self, DatasetDraft},
    deletion, export, file,
    lifecycle::{self, State, Warning},
    list::{self, Query},
    member, record,
};
use serde_json::json;
use types::{FieldKind, ProblemCode};

/// An organization with one note.
pub(crate) async fn with_a_note(site: &Site) -> Workspace {
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Notes", vec![field("Text", FieldKind::Text)])
        .await;
    note(&owner, "first").await.unwrap();
    owner
}

pub(crate) async fn note(workspace: &Workspace, text: &str) -> Result<types::RecordId, PlatformError> {
    let fields = json!({ "text": text });
    let made = record::create(workspace, "notes", fields.as_object().unwrap()).await;
    made.map(|found| found.record.id)
}

pub(crate) fn code<T>(result: Result<T, PlatformError>) -> ProblemCode {
    result.err().expect("it is refused").code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_cancellation_everything_is_read_and_exported_and_nothing_changes() {
    let site = Site::start().await;
    // A workspace of before: what its process does not know yet, the database does.
    let stale = with_a_note(&site).await;
    let life = lifecycle::cancel(&stale).await.unwrap();
    assert_eq!(life.state, State::Cancelled);
    let days = life
        .export_until
        .unwrap()
        .duration_since(life.cancelled_at.unwrap())
        .as_hours()
        / 24;
    assert_eq!(days, i64::from(lifecycle::DAYS_DEFAULT));
    assert_eq!(code(note(&stale, "late").await), ProblemCode::Cancelled);
    let draft = DatasetDraft {
        key: String::new(),
        label: "Late".to_owned(),
        description: String::new(),
        fields: Vec::new(),
    };
    assert_eq!(code(dataset::create(&stale, draft).await), ProblemCode::Cancelled);
    let owner = site.as_role(Role::Owner).await;
    assert_eq!(code(note(&owner, "late").await), ProblemCode::Cancelled);
    for left in [
        Permission::RecordRead,
        Permission::RecordExport,
        Permission::MemberManage,
    ] {
        assert!(owner.may(left), "{left}");
    }
    for gone in [
        Permission::RecordWrite,
        Permission::RecordImport,
        Permission::RecordPurge,
        Permission::DatasetDefine,
    ] {
        assert!(!owner.may(gone), "{gone}");
    }
    let page = list::list(&owner, "notes", &Query::default()).await.unwrap();
    assert_eq!(page.records.len(), 1);
    drop(export::archive(&owner).await.unwrap());
    let warned = lifecycle::warning(&owner).await.unwrap().unwrap();
    assert_eq!(
        warned,
        Warning::Cancelled {
            export_until: life.export_until.unwrap()
        }
    );
    assert_eq!(code(lifecycle::cancel(&owner).await), ProblemCode::Conflict);
    assert_kept(&site, "export-after-cancellation").await;

    assert_eq!(lifecycle::reinstate(&owner).await.unwrap().state, State::Active);
    let owner = site.as_role(Role::Owner).await;
    note(&owner, "again").await.unwrap();
    assert_eq!(lifecycle::warning(&owner).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_of_the_organization_writes_nothing_after_cancellation() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    lifecycle::cancel(&owner).await.unwrap();
    let bytes = stream::iter([Ok(Bytes::from_static(b"late"))]);
    let stored = file::store(&owner, "late.txt", "text/plain", bytes).await;
    assert_eq!(code(stored), ProblemCode::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_of_a_look_takes_no_change_along_after_cancellation() {
    let injected = Injected::start().await;
    let own = &injected.own;
    let look = |kind: u8, change: &str| {
        format!(
            "BEGIN; SELECT {own}._append(gen_random_uuid(), {kind}::smallint, 1, '', decode(repeat('00', 32), 'hex'),
                decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex')); {change}; COMMIT"
        )
    };
    let redefine = "SELECT strongroom.alter_dataset(1, 'Renamed', '')";
    for kind in [4, 8] {
        assert!(
            injected.attempt(&look(kind, redefine)).await.is_some(),
            "while it is active"
        );
    }
    lifecycle::cancel(&injected.site.as_role(Role::Owner).await)
        .await
        .unwrap();
    assert!(
        injected.attempt(&look(8, "SELECT 1")).await.is_some(),
        "looks have entries"
    );
    let image = format!(
        "INSERT INTO {own}._image (record_id, version, dataset_id, entry_id, ordinal, key_version, commitment, sealed)
            SELECT gen_random_uuid(), 1, 1, id, 0, 1, decode(repeat('00', 32), 'hex'), '' FROM {own}._entry
            ORDER BY sequence DESC LIMIT 1"
    );
    for kind in [4, 5, 8] {
        for change in [
            redefine,
            &image,
            "SELECT strongroom.drop_dataset(1)",
            "SELECT strongroom.add_field(1, 'late', 'Late', 'text', '{}')",
        ] {
            assert_eq!(
                injected.attempt(&look(kind, change)).await,
                None,
                "{kind}: {change}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_owner_who_is_here_cancels_and_no_token_that_may_do_everything() {
    let site = Site::start().await;
    for role in [Role::Viewer, Role::Editor, Role::Accountant, Role::Administrator] {
        let workspace = site.as_role(role).await;
        assert_eq!(
            code(lifecycle::cancel(&workspace).await),
            ProblemCode::NotAllowed,
            "{role}"
        );
        assert_eq!(
            code(deletion::order(&workspace, "acme", 2).await),
            ProblemCode::NotAllowed,
            "{role}"
        );
    }
    let mut stale = site.caller(Role::Owner);
    if let Identity::Person { elevated_until, .. } = &mut stale.identity {
        *elevated_until = Timestamp::UNIX_EPOCH;
    }
    let stale = site.platform.enter(&stale, "acme").await.unwrap();
    assert_eq!(code(lifecycle::cancel(&stale).await), ProblemCode::ProofRequired);
    assert_eq!(
        code(deletion::order(&stale, "acme", 2).await),
        ProblemCode::ProofRequired
    );
    for (scope, expected) in [
        (access::TokenScope::All, Some(ProblemCode::NotAllowed)),
        (
            access::TokenScope::Only([Permission::OrganizationRead, Permission::OrganizationDelete].into()),
            None,
        ),
    ] {
        let person = site.caller(Role::Owner);
        let account = person.account().unwrap().clone();
        let caller = Caller {
            identity: Identity::Token {
                account,
                token: types::TokenId::new(1, [7; 10]),
                organization: site.organization.id,
                scope,
                narrowing: access::Narrowing::nothing(),
            },
            ..person
        };
        let workspace = site.platform.enter(&caller, "acme").await.unwrap();
        let refused = lifecycle::cancel(&workspace).await.err().map(|error| error.code);
        assert_eq!(refused, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_leaves_after_cancellation_can_still_be_shut_out() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    lifecycle::cancel(&owner).await.unwrap();
    let owner = site.as_role(Role::Owner).await;
    let viewer = site.account(Role::Viewer);
    member::set_state(&owner, viewer, access::MemberState::Disabled)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_window_is_set_on_the_host_within_bounds() {
    let site = Site::start().await;
    let host = Caller::host();
    for wrong in [0, lifecycle::DAYS_MIN - 1, lifecycle::DAYS_MAX + 1] {
        let refused = lifecycle::set_window_days(&site.platform, &host, wrong).await;
        assert_eq!(code(refused), ProblemCode::Invalid, "{wrong}");
    }
    let refused = lifecycle::set_window_days(&site.platform, &site.caller(Role::Owner), 40).await;
    assert_eq!(code(refused), ProblemCode::NotAllowed);
    lifecycle::set_window_days(&site.platform, &host, 40)
        .await
        .unwrap();
    let life = lifecycle::cancel(&site.as_role(Role::Owner).await).await.unwrap();
    let days = life
        .export_until
        .unwrap()
        .duration_since(life.cancelled_at.unwrap())
        .as_hours()
        / 24;
    assert_eq!(days, 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_organization_that_still_writes_or_stays_too_long_breaks_the_promise() {
    let site = Site::start().await;
    let owner = with_a_note(&site).await;
    lifecycle::cancel(&owner).await.unwrap();
    assert_kept(&site, "export-after-cancellation").await;
    let weaken = "DO $do$ BEGIN EXECUTE replace(
        pg_get_functiondef('{o}._append_record'::regproc), 'is_change AND is_cancelled', 'false'); END $do$";
    tamper(&site, weaken).await;
    assert_broken(
        &site,
        "export-after-cancellation",
        "_append_record is not the one",
    )
    .await;
    note(&owner, "late").await.unwrap();
    assert_broken(&site, "export-after-cancellation", "after its cancellation").await;
    let site = Site::start().await;
    lifecycle::cancel(&site.as_role(Role::Owner).await).await.unwrap();
    let long_ago = "UPDATE strongroom.organization SET cancelled_at = cancelled_at - interval '91 days',
        export_until = export_until - interval '91 days'";
    tamper(&site, long_ago).await;
    assert_broken(&site, "export-after-cancellation", "is not being deleted").await;
    // The worker's remedy.
    deletion::tend(&site.platform).await.unwrap();
    assert_kept(&site, "export-after-cancellation").await;
}
