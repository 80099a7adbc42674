//! Groups that give roles, set by an organization's own people.

use super::{KEY, enter, site};
use crate::fixture::Site;
use access::Role;
use platform::{
    Caller, Workspace,
    directories::{
        self, DirectoryChange,
        role_group::{self, Alteration, Expected, RoleGroup},
    },
    member,
    provider::FirstSignIn,
};
use std::time::Duration;
use testkit::directory::{BASE, Offered, Openldap, password_of};
use types::ProblemCode;

fn named(group: &str) -> String {
    format!("cn={group},ou=groups,{BASE}")
}

fn give(group: &str, role: Role) -> Alteration {
    Alteration::Give(RoleGroup {
        directory: KEY.to_owned(),
        group: named(group),
        role,
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_organization_maps_no_group_that_would_tell_or_give_more_than_it_may() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    enter(&site.platform, "anna", &password_of("anna")).await.unwrap();
    let code = |refused: Result<(), platform::PlatformError>| refused.unwrap_err().code;

    // The host never mapped a group to this organization, and nobody here is an operator: who anna is, is not told.
    let globex = site.second_organization().await;
    assert_eq!(
        role_group::list(&globex).await.unwrap().directories,
        Vec::<String>::new()
    );
    let told = role_group::preview(&globex, &give("owners", Role::Viewer)).await;
    assert_eq!(told.unwrap_err().code, ProblemCode::NotFound);
    assert_eq!(
        code(role_group::alter(&globex, &give("owners", Role::Viewer), &Expected::Any).await),
        ProblemCode::NotFound
    );

    let administrator = site.as_role(Role::Administrator).await;
    for (wanted, expected) in [
        (give("owners", Role::Owner), ProblemCode::NotAllowed),
        (give("nobody", Role::Viewer), ProblemCode::Invalid),
    ] {
        assert_eq!(
            code(role_group::alter(&administrator, &wanted, &Expected::Any).await),
            expected
        );
    }
    for low in [Role::Viewer, Role::Editor, Role::Accountant] {
        let workspace = site.as_role(low).await;
        assert_eq!(
            code(role_group::alter(&workspace, &give("owners", Role::Viewer), &Expected::Any).await),
            ProblemCode::NotAllowed,
            "{low}"
        );
    }
    let owner = site.as_role(Role::Owner).await;
    role_group::alter(&owner, &give("editors", Role::Owner), &Expected::Any)
        .await
        .unwrap();
    let take = Alteration::Take {
        directory: KEY.to_owned(),
        group: format!("cn=editors,ou=groups,{BASE}"),
    };
    assert_eq!(
        code(role_group::alter(&administrator, &take, &Expected::Any).await),
        ProblemCode::NotAllowed,
        "what makes owners is the owners' alone"
    );
    role_group::alter(&owner, &take, &Expected::Any).await.unwrap();

    let mut stale = site.caller(Role::Owner);
    if let platform::caller::Identity::Person { elevated_until, .. } = &mut stale.identity {
        *elevated_until = jiff::Timestamp::UNIX_EPOCH;
    }
    let stale = site.platform.enter(&stale, "acme").await.unwrap();
    assert_eq!(
        code(role_group::alter(&stale, &give("editors", Role::Viewer), &Expected::Any).await),
        ProblemCode::ProofRequired
    );
}

/// What comes of giving editors to accountants when the directory answers only after `meanwhile`.
async fn given_after(
    server: &Openldap,
    asking: Workspace,
    meanwhile: impl Future<Output = ()>,
) -> Result<(), platform::PlatformError> {
    server.hang().unwrap();
    let wanted = give("editors", Role::Accountant);
    let altering = tokio::spawn(async move { role_group::alter(&asking, &wanted, &Expected::Any).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!altering.is_finished(), "the directory is waited for");
    meanwhile.await;
    server.resume().unwrap();
    altering.await.unwrap()
}

/// As another node does it: nothing of this one's memory goes.
async fn set_role_elsewhere(site: &Site, whose: Role, role: Role) {
    let superuser = site.superuser().await;
    superuser
        .batch_execute("SET session_replication_role = replica")
        .await
        .unwrap();
    let text = "UPDATE strongroom.membership SET role = $1 WHERE account_id = $2";
    let account = site.account(whose).0;
    let changed = superuser
        .execute(text, &[&role.as_str(), &account])
        .await
        .unwrap();
    assert_eq!(changed, 1);
}

fn assert_not_allowed(refused: &platform::PlatformError, what: &str) {
    assert_eq!(refused.code, ProblemCode::NotAllowed, "{what}: {refused}");
}

async fn role_of_editors(site: &Site) -> Option<Role> {
    let owner = site.as_role(Role::Owner).await;
    let groups = role_group::list(&owner).await.unwrap().groups;
    let found = groups.into_iter().find(|one| one.group == named("editors"));
    found.map(|one| one.role)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changed_while_the_directory_was_asked_counts() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let owner = site.as_role(Role::Owner).await;
    let account = site.account(Role::Administrator);

    let group = named("editors");
    let raised = async {
        let host = Caller::host();
        directories::map(&site.platform, &host, KEY, &group, "acme", Role::Owner)
            .await
            .unwrap();
    };
    let administrator = site.as_role(Role::Administrator).await;
    let refused = given_after(&server, administrator, raised).await.unwrap_err();
    assert_not_allowed(&refused, "an owners' group now");
    assert_eq!(role_of_editors(&site).await, Some(Role::Owner));

    role_group::alter(&owner, &give("editors", Role::Editor), &Expected::Any)
        .await
        .unwrap();
    let ended = async {
        member::end_sessions(&owner, account).await.unwrap();
    };
    let (_, caller) = site.sign_in(Role::Administrator).await;
    let asking = site.platform.enter(&caller, "acme").await.unwrap();
    let refused = given_after(&server, asking, ended).await.unwrap_err();
    assert_not_allowed(&refused, "a session that ended");

    let lowered = async {
        member::set_role(&owner, account, Role::Viewer).await.unwrap();
    };
    let (_, caller) = site.sign_in(Role::Administrator).await;
    let asking = site.platform.enter(&caller, "acme").await.unwrap();
    let refused = given_after(&server, asking, lowered).await.unwrap_err();
    assert_not_allowed(&refused, "a viewer now");
    assert_eq!(role_of_editors(&site).await, Some(Role::Editor));

    // At another node, of which this one hears within two seconds.
    let lowered_elsewhere = set_role_elsewhere(&site, Role::Owner, Role::Viewer);
    let asking = site.as_role(Role::Owner).await;
    let refused = given_after(&server, asking, lowered_elsewhere).await.unwrap_err();
    assert_not_allowed(&refused, "a viewer elsewhere");
    set_role_elsewhere(&site, Role::Owner, Role::Owner).await;
    assert_eq!(role_of_editors(&site).await, Some(Role::Editor));

    let set_anew = async {
        let found = directories::list(&site.platform, &Caller::host()).await.unwrap();
        let mut settings = found.into_iter().next().unwrap().settings;
        settings.group_bases = vec!["ou=elsewhere,dc=harbour,dc=test".to_owned()];
        let change = DirectoryChange {
            settings: Some(settings),
            ..DirectoryChange::default()
        };
        directories::alter(&site.platform, &Caller::host(), KEY, change)
            .await
            .unwrap();
    };
    let asking = site.as_role(Role::Owner).await;
    let refused = given_after(&server, asking, set_anew).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Conflict, "other settings: {refused}");
    assert_eq!(role_of_editors(&site).await, Some(Role::Editor));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_saw_the_same_groups_one_changes_them() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site(&server, FirstSignIn::Create).await;
    let owner = site.as_role(Role::Owner).await;
    let seen = Expected::Tag(role_group::list(&owner).await.unwrap().tag());
    let (first, second) = (give("editors", Role::Viewer), give("owners", Role::Viewer));
    let (first, second) = tokio::join!(
        role_group::alter(&owner, &first, &seen),
        role_group::alter(&owner, &second, &seen)
    );
    let refused = match (first, second) {
        (Ok(()), Err(refused)) | (Err(refused), Ok(())) => refused,
        both => panic!("one of them changes the groups: {both:?}"),
    };
    assert_eq!(refused.code, ProblemCode::Stale, "{refused}");
    let now = role_group::list(&owner).await.unwrap();
    assert_eq!(
        now.groups.iter().filter(|one| one.role == Role::Viewer).count(),
        1
    );
    let take = Alteration::Take {
        directory: KEY.to_owned(),
        group: named("owners"),
    };
    let refused = role_group::alter(&owner, &take, &seen).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Stale);
    role_group::alter(&owner, &take, &Expected::Tag(now.tag()))
        .await
        .unwrap();
}
