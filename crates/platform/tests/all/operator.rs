//! Operators: made and dismissed on the host only, seen in the audit log, and without a role in any organization.

use crate::fixture::Site;
use access::Role;
use platform::{Caller, Origin, break_glass, operator};
use types::ProblemCode;

const OWNER: &str = "owner@example.com";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_appoints_and_dismisses_operators() {
    let site = Site::start().await;
    let (platform, host) = (&site.platform, Caller::host());
    assert!(operator::appoint(platform, &host, OWNER).await.unwrap());
    assert!(
        !operator::appoint(platform, &host, OWNER).await.unwrap(),
        "one already"
    );
    let found = operator::list(platform, &host).await.unwrap();
    assert_eq!(
        found.iter().map(|one| one.email.as_str()).collect::<Vec<_>>(),
        [OWNER]
    );
    assert!(operator::dismiss(platform, &host, OWNER).await.unwrap());
    assert!(
        !operator::dismiss(platform, &host, OWNER).await.unwrap(),
        "none already"
    );
    assert!(operator::list(platform, &host).await.unwrap().is_empty());
    let unknown = operator::appoint(platform, &host, "nobody@example.com")
        .await
        .unwrap_err();
    assert_eq!(unknown.code, ProblemCode::NotFound);
    let malformed = operator::appoint(platform, &host, "owner").await.unwrap_err();
    assert_eq!(malformed.code, ProblemCode::Invalid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_makes_an_operator_from_within() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await.caller().clone();
    for caller in [
        owner.clone(),
        Caller::anonymous(owner.origin.clone()),
        Caller::system(),
    ] {
        let refused = operator::appoint(&site.platform, &caller, OWNER)
            .await
            .unwrap_err();
        assert_eq!(refused.code, ProblemCode::NotAllowed);
    }
    operator::appoint(&site.platform, &Caller::host(), OWNER)
        .await
        .unwrap();
    let link = break_glass::create(&site.platform, &Caller::host(), OWNER, "to sign in")
        .await
        .unwrap();
    let token = link.url.expose().rsplit('/').next().unwrap();
    let (_, appointed) = break_glass::redeem(&site.platform, Origin::default(), token)
        .await
        .unwrap();
    assert!(operator::require(&appointed).is_ok());
    let refused = operator::appoint(&site.platform, &appointed, "viewer@example.com").await;
    assert_eq!(
        refused.unwrap_err().code,
        ProblemCode::NotAllowed,
        "not even an operator"
    );
}
