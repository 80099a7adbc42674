//! Reviews of the security logs: what is shown, who signs, and when one has lapsed.

use crate::{
    check::tamper,
    fixture::{SLUG, Site, field},
    lifecycle::code,
    promise::{assert_broken, assert_kept, check},
};
use access::{Permission, Role};
use jiff::{Timestamp, ToSpan};
use platform::{
    Caller,
    caller::Identity,
    export,
    list::Query,
    log_review::{self, Concern, Prepared, Signing},
    mail::{self, MailSecurity, MailSettings},
    operator, record,
    trail::{self, TrailQuery},
};
use promises::State;
use serde_json::json;
use types::{FieldKind, ProblemCode};

const PROMISE: &str = "log-review";

/// `acme` with an export, a refused attempt and sign-ins of ten minutes ago.
async fn start() -> Site {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Notes", vec![field("Text", FieldKind::Text)])
        .await;
    let fields = json!({"text": "a secret of ours"});
    record::create(&owner, "notes", fields.as_object().unwrap())
        .await
        .unwrap();
    let format = export::Format::Csv;
    let reveal = export::Reveal::Masked;
    drop(
        export::records(&owner, "notes", &Query::default(), format, reveal)
            .await
            .unwrap(),
    );
    let viewer = site.as_role(Role::Viewer).await;
    viewer.require(Permission::RecordWrite).await.unwrap_err();
    let back = "INSERT INTO strongroom.access_event
            (at, account_id, organization_id, action, outcome, status, method, address, device, request_id)
        SELECT now() - interval '10 minutes', CASE outcome WHEN 'done' THEN (SELECT id FROM strongroom.account WHERE email = 'owner@example.com') END,
            NULL, 'sign-in', outcome, 200, 'password', '192.0.2.66', 'a browser', 'r'
        FROM (VALUES ('done'), ('refused'), ('refused')) AS e (outcome)";
    site.superuser().await.batch_execute(back).await.unwrap();
    // What was done a moment ago is shown when it has settled.
    tamper(
        &site,
        "UPDATE {o}._entry SET appended_at = appended_at - interval '10 minutes';
         UPDATE strongroom.entry SET appended_at = appended_at - interval '10 minutes'",
    )
    .await;
    site
}

async fn operator(site: &Site) -> Caller {
    operator::appoint(&site.platform, &Caller::host(), "administrator@example.com")
        .await
        .unwrap();
    let mut caller = site.caller(Role::Administrator);
    if let Identity::Person { account, .. } = &mut caller.identity {
        account.operator = true;
    }
    caller
}

fn signing(prepared: &Prepared) -> Signing {
    Signing {
        ends_at: prepared.digest.ends_at,
        sha256: prepared.sha256.clone(),
        note: "two failed sign-ins of mine; nothing else".to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_shows_sign_ins_refusals_and_exports_and_no_value_of_a_record() {
    let site = start().await;
    let owner = site.as_role(Role::Owner).await;
    let prepared = log_review::prepare(&owner).await.unwrap();
    let digest = &prepared.digest;
    assert_eq!(digest.organization.as_deref(), Some(SLUG));
    let of = |concern: Concern| digest.acts.iter().find(|line| line.concern == concern);
    assert_eq!(of(Concern::DataLeft).unwrap().action, "export.run");
    let refused = of(Concern::Refused).unwrap();
    let viewer = site.account(Role::Viewer);
    assert!(
        refused.action == "access.refuse" && refused.accounts.contains(&viewer),
        "{refused:?}"
    );
    let is_added =
        |line: &log_review::ActLine| line.concern == Concern::RolesAndMembers && line.action == "member.add";
    assert!(digest.acts.iter().any(is_added), "{digest:?}");
    let own = site.account(Role::Owner);
    let came = digest
        .access
        .iter()
        .find(|line| line.account == Some(own))
        .unwrap();
    assert_eq!(
        (came.action.as_str(), came.outcome.as_str(), came.count),
        ("sign-in", "done", 1)
    );
    assert!(
        digest.access.iter().all(|line| line.account.is_some()),
        "whose sign-in it was is not known, so it is no member's: {digest:?}"
    );
    assert!(!format!("{digest:?}").contains("a secret of ours"));
    let operator = operator(&site).await;
    let of_all = log_review::prepare_appliance(&site.platform, &operator)
        .await
        .unwrap();
    let first = &of_all.digest.access[0];
    assert_eq!(
        (first.outcome.as_str(), first.count),
        ("refused", 2),
        "refused ones first"
    );
    assert!(
        of_all.digest.acts.iter().all(|line| line.action != "export.run"),
        "that is the organization's"
    );
    for role in [Role::Viewer, Role::Editor, Role::Accountant] {
        let member = site.as_role(role).await;
        assert_eq!(
            code(log_review::prepare(&member).await),
            ProblemCode::NotAllowed,
            "{role}"
        );
    }
    let owner = site.caller(Role::Owner);
    let refused = log_review::prepare_appliance(&site.platform, &owner).await;
    assert_eq!(code(refused), ProblemCode::NotAllowed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looked_signs_for_what_was_shown_and_for_nothing_else() {
    let site = start().await;
    let owner = site.as_role(Role::Owner).await;
    let prepared = log_review::prepare(&owner).await.unwrap();
    let whole = signing(&prepared);
    for wrong in [
        Signing {
            sha256: "00".repeat(32),
            ..whole.clone()
        },
        Signing {
            ends_at: whole.ends_at - 1.second(),
            ..whole.clone()
        },
        Signing {
            ends_at: Timestamp::now() + 1.hour(),
            ..whole.clone()
        },
        Signing {
            ends_at: whole.ends_at - 48.hours(),
            ..whole.clone()
        },
    ] {
        assert_eq!(
            code(log_review::sign(&owner, &wrong).await),
            ProblemCode::Conflict,
            "{wrong:?}"
        );
    }
    let short = Signing {
        note: "ok".to_owned(),
        ..whole.clone()
    };
    assert_eq!(code(log_review::sign(&owner, &short).await), ProblemCode::Invalid);
    log_review::sign(&owner, &whole).await.unwrap();
    let signed = log_review::list(&owner).await.unwrap();
    assert_eq!(
        (signed[0].signed_by, &signed[0].sha256),
        (site.account(Role::Owner), &prepared.sha256)
    );
    let entries = trail::list(&owner, &TrailQuery::default()).await.unwrap().entries;
    let entry = entries
        .iter()
        .find(|entry| entry.action == "log-review.sign")
        .unwrap();
    let reason = entry.reason.as_deref().unwrap();
    assert!(
        reason.contains(&prepared.sha256) && reason.contains("nothing else"),
        "{reason}"
    );
    let superuser = site.superuser().await;
    let changed = superuser
        .batch_execute("UPDATE strongroom.log_review SET note = 'all is well'")
        .await;
    let changed = changed.unwrap_err();
    assert_eq!(
        changed.as_db_error().unwrap().constraint(),
        Some("keep_log_review")
    );
    // What somebody erases from the log is missing from what was shown.
    let before = log_review::prepare(&owner).await.unwrap();
    tamper(&site, "DELETE FROM {o}._entry WHERE kind = 8").await;
    assert_eq!(
        code(log_review::sign(&owner, &signing(&before)).await),
        ProblemCode::Conflict
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_is_unknown_at_first_kept_with_author_and_day_and_broken_when_it_lapsed() {
    let site = start().await;
    let verdict = check(&site.platform, PROMISE).await;
    assert_eq!(verdict.state, State::Unknown, "{verdict:?}");
    tamper(
        &site,
        "UPDATE strongroom.entry SET appended_at = appended_at - interval '91 days'",
    )
    .await;
    assert_broken(&site, PROMISE, "was ever signed").await;
    let operator = operator(&site).await;
    let prepared = log_review::prepare_appliance(&site.platform, &operator)
        .await
        .unwrap();
    let by_host = log_review::sign_appliance(&site.platform, &Caller::host(), &signing(&prepared)).await;
    assert_eq!(code(by_host), ProblemCode::NotAllowed, "a person signs");
    log_review::sign_appliance(&site.platform, &operator, &signing(&prepared))
        .await
        .unwrap();
    assert_kept(&site, PROMISE).await;
    let verdict = check(&site.platform, PROMISE).await;
    let by = verdict
        .facts
        .iter()
        .find(|fact| fact.name == "signed by")
        .unwrap();
    assert_eq!(by.value, "Test administrator");
    tamper(
        &site,
        "UPDATE strongroom.log_review SET signed_at = signed_at - interval '91 days'",
    )
    .await;
    assert_broken(&site, PROMISE, "more than 90 days ago").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_are_reminded_after_eighty_days_once_a_week() {
    let site = start().await;
    operator(&site).await;
    let settings = MailSettings {
        host: "localhost".into(),
        port: 1,
        security: MailSecurity::Tls,
        account: None,
        from: "strongroom@example.com".into(),
        authority_pem: None,
    };
    mail::set(&site.platform, &Caller::host(), settings, None)
        .await
        .unwrap();
    assert!(
        !log_review::remind_if_due(&site.platform).await.unwrap(),
        "it is young"
    );
    tamper(
        &site,
        "UPDATE strongroom.entry SET appended_at = appended_at - interval '81 days'",
    )
    .await;
    assert!(log_review::remind_if_due(&site.platform).await.unwrap());
    assert!(
        !log_review::remind_if_due(&site.platform).await.unwrap(),
        "once a week"
    );
    let letters = "SELECT count(*) FROM strongroom.job WHERE kind = 'mail.alert'";
    let count: i64 = site
        .superuser()
        .await
        .query_one(letters, &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(count, 1, "to the one operator");
}
