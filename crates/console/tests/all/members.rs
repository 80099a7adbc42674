//! One member's page: their tokens, seen and ended by an administrator.

use super::{client::Client, site::Site};
use platform::token::{self, NewToken};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_sees_a_members_tokens_and_revokes_one() {
    let site = Site::start().await;
    let editor = site.workspace("editor", "acme").await;
    let new = NewToken {
        name: "nightly load".to_owned(),
        days: 1,
        ..NewToken::default()
    };
    let (made, secret) = token::create(&editor, new).await.unwrap();
    let account = editor.caller().account().unwrap().id;
    let walk = move || {
        let page = format!("/o/acme/members/{account}");
        let revoke = format!("{page}/tokens/{}/revoke", made.id);
        let mut administrator = Client::signed_in(&site, "administrator");
        let seen = administrator.get(&page).body;
        assert!(seen.contains("nightly load") && seen.contains(&revoke), "{seen}");
        assert!(!seen.contains(secret.expose()), "the secret");
        let mut viewer = Client::signed_in(&site, "viewer");
        let denied = viewer.submit("/account", &revoke, &[]);
        assert!(matches!(denied.status, 403 | 404), "{}", denied.status);
        let done = administrator.submit(&page, &revoke, &[]);
        assert_eq!(done.location(), format!("{page}?notice=token-revoked"));
        let after = administrator.get(&page).body;
        assert!(after.contains("Revoked") && !after.contains(&revoke), "{after}");
        assert_eq!(administrator.submit(&page, &revoke, &[]).status, 404);
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
