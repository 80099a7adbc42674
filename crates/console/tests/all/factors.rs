//! Second factors on the pages: two steps, a requirement that nothing goes past, a fresh proof.

use super::{
    client::{Client, now_code},
    site::{PASSWORD, Site, email},
};
use platform::{
    Caller, operator,
    sign_in_policy::{self, SecondFactor, SignInPolicy},
};

/// Runs what talks to the site with clients, off the runtime.
async fn with_site(site: Site, work: impl FnOnce(&Site) + Send + 'static) {
    let walk = move || {
        work(&site);
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_sets_an_app_up_and_signs_in_with_it() {
    with_site(Site::start().await, |site| {
        let mut editor = Client::signed_in(site, "editor");
        assert!(editor.get("/account/factors").body.contains("No second factor"));
        let secret = editor.set_up_app(site, "editor");
        let page = editor.get("/account/factors");
        assert!(
            page.body.contains("Phone") && page.body.contains("10 of your codes still work"),
            "{}",
            page.body
        );
        assert!(
            !page.body.contains(secret.replace(' ', "").as_str()),
            "the secret is not shown again"
        );

        let mut again = Client::new(site);
        let next = "/o/acme/datasets";
        let answer = again.sign_in(&email("editor"), PASSWORD, next);
        assert_eq!(answer.location(), "/sign-in/factor?next=%2Fo%2Facme%2Fdatasets");
        assert!(!again.cookies.contains_key("__Host-session"), "not in yet");
        assert_eq!(again.get("/o").location(), "/sign-in?next=%2Fo");
        let wrong = again.submit("/sign-in/factor", "/sign-in/factor", &[("code", "000000")]);
        assert!(
            wrong.status == 422 && wrong.body.contains("4 tries are left"),
            "{}",
            wrong.body
        );
        let used = again.submit(
            "/sign-in/factor",
            "/sign-in/factor",
            &[("code", &now_code(&secret))],
        );
        assert!(
            used.status == 303 || used.body.contains("used already"),
            "{}",
            used.body
        );
        let code = site.recovery_codes.lock().unwrap()["editor"][0].clone();
        let answer = again.submit(
            "/sign-in/factor",
            "/sign-in/factor",
            &[("code", &code), ("next", next)],
        );
        assert_eq!(answer.location(), next);
        assert!(!again.cookies.contains_key("__Host-pending"));
        assert_eq!(again.get(next).status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_wrong_codes_end_the_sign_in_and_nothing_but_its_cookie_leads_to_it() {
    with_site(Site::start().await, |site| {
        Client::signed_in(site, "editor").set_up_app(site, "editor");
        let mut thief = Client::new(site);
        thief.sign_in(&email("editor"), PASSWORD, "");
        let mut stranger = Client::new(site);
        assert_eq!(
            stranger.get("/sign-in/factor").location(),
            "/sign-in?notice=sign-in-over"
        );
        for _ in 0..4 {
            let wrong = thief.submit("/sign-in/factor", "/sign-in/factor", &[("code", "000000")]);
            assert_eq!(wrong.status, 422);
        }
        let last = thief.submit("/sign-in/factor", "/sign-in/factor", &[("code", "000000")]);
        assert_eq!(last.location(), "/sign-in?notice=sign-in-over");
        assert_eq!(
            thief.get("/sign-in/factor").location(),
            "/sign-in?notice=sign-in-over"
        );
    })
    .await;
}

/// `acme` asks a second factor of everybody, and its owner has one.
async fn require(site: &Site) {
    let workspace = site.workspace("owner", "acme").await;
    let policy = SignInPolicy {
        second_factor: SecondFactor::Required,
        ..SignInPolicy::default()
    };
    let refused = sign_in_policy::set_of_organization(&workspace, &policy)
        .await
        .unwrap_err();
    assert_eq!(refused.code, types::ProblemCode::Conflict);
    platform::factor::enrol::begin(&site.platform, workspace.caller())
        .await
        .unwrap();
    let shown = platform::factor::enrol::show(&site.platform, workspace.caller())
        .await
        .unwrap();
    let code = now_code(shown.secret.expose());
    platform::factor::enrol::finish(&site.platform, workspace.caller(), "Phone", &code)
        .await
        .unwrap();
    sign_in_policy::set_of_organization(&workspace, &policy)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn until_a_requirement_is_met_enrolment_is_the_only_page() {
    let site = Site::start().await;
    let old = Client::signed_in(&site, "editor");
    require(&site).await;
    with_site(site, move |site| {
        let mut old = old;
        for path in [
            "/o",
            "/o/acme/datasets",
            "/account",
            "/account/factors",
            "/account/access-log",
            "/promises",
        ] {
            let to = old.get(path).location().to_owned();
            assert!(to.starts_with("/account/factors/add?next="), "{path}: {to}");
        }
        let mut new = Client::new(site);
        let answer = new.sign_in(&email("viewer"), PASSWORD, "/o/acme/datasets");
        assert_eq!(
            answer.location(),
            "/account/factors/add?next=%2Fo%2Facme%2Fdatasets"
        );
        let page = new.get("/account/factors/add");
        assert!(
            page.body.contains("A second factor is required of you"),
            "{}",
            page.body
        );
        assert!(
            !page.body.contains("Acme"),
            "nothing of an organization before it is met"
        );
        let token = page.token();
        let answer = new.post("/account/password", &[("csrf", &token)]);
        assert_eq!(answer.location(), "/account/factors/add", "no form but its own");
        new.set_up_app(site, "viewer");
        assert_eq!(new.get("/o/acme/datasets").status, 200);
        let mut out = Client::new(site);
        out.sign_in(&email("accountant"), PASSWORD, "");
        let answer = out.submit("/account/factors/add", "/sign-out", &[]);
        assert_eq!(answer.location(), "/sign-in?notice=signed-out");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_comes_to_the_appliance_with_a_second_factor_only() {
    let site = Site::start().await;
    operator::appoint(&site.platform, &Caller::host(), &email("viewer"))
        .await
        .unwrap();
    with_site(site, |site| {
        let mut operator = Client::new(site);
        operator.sign_in(&email("viewer"), PASSWORD, "");
        let to = operator.get("/appliance").location().to_owned();
        assert_eq!(to, "/account/factors/add?next=%2Fappliance");
        operator.set_up_app(site, "viewer");
        assert_eq!(operator.get("/appliance").status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn confirming_asks_the_password_and_leads_back() {
    with_site(Site::start().await, |site| {
        let mut editor = Client::signed_in(site, "editor");
        let before = editor.cookies["__Host-session"].clone();
        let page = "/account/confirm?next=%2Faccount%2Ffactors";
        assert!(editor.get(page).body.contains("value=\"/account/factors\""));
        let wrong = editor.submit(
            page,
            "/account/confirm",
            &[("proof", "guess"), ("next", "/account/factors")],
        );
        assert!(
            wrong.status == 422 && wrong.body.contains("This is not your password"),
            "{}",
            wrong.body
        );
        let elsewhere = [("proof", PASSWORD), ("next", "//b.example")];
        assert_eq!(
            editor.submit(page, "/account/confirm", &elsewhere).location(),
            "/account"
        );
        assert_ne!(editor.cookies["__Host-session"], before, "a new token");
        assert_eq!(editor.get("/account/factors").status, 200);
    })
    .await;
}
