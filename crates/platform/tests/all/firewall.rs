//! The firewall's use cases without a root helper: who may, and what the audit log says.

use crate::fixture::Site;
use access::Role;
use host::helper::{ReturnSeconds, SshAccess};
use platform::{
    Caller,
    firewall::{self, ConfirmFrom},
};
use types::ProblemCode;

async fn entries(site: &Site) -> i64 {
    let superuser = site.superuser().await;
    let row = superuser
        .query_one("SELECT count(*) FROM strongroom.entry", &[])
        .await;
    row.unwrap().get(0)
}

async fn apply(site: &Site, caller: &Caller) -> ProblemCode {
    let seconds = ReturnSeconds::try_from(60).unwrap();
    let refused = firewall::apply(&site.platform, caller, SshAccess::Keep, seconds).await;
    refused.unwrap_err().code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_tried_and_what_became_of_it_are_entries() {
    let site = Site::start().await;
    let before = entries(&site).await;
    assert_eq!(apply(&site, &Caller::host()).await, ProblemCode::Unavailable);
    assert_eq!(entries(&site).await, before + 2);
    let refused = firewall::confirm(&site.platform, &Caller::host(), ConfirmFrom::Another)
        .await
        .unwrap_err();
    assert_eq!(refused.code, ProblemCode::Unavailable);
    assert!(
        refused
            .detail
            .contains("no root helper at /nonexistent/hostd.sock"),
        "{refused:?}"
    );
    assert_eq!(entries(&site).await, before + 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_the_operator_at_the_host_changes_the_firewall() {
    let site = Site::start().await;
    let before = entries(&site).await;
    for caller in [site.caller(Role::Owner), Caller::system()] {
        assert_eq!(apply(&site, &caller).await, ProblemCode::NotAllowed);
        let refused = firewall::confirm(&site.platform, &caller, ConfirmFrom::Another)
            .await
            .unwrap_err();
        assert_eq!(refused.code, ProblemCode::NotAllowed);
    }
    assert_eq!(entries(&site).await, before);
}
