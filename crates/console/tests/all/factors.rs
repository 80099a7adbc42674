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
        assert!(operator.get("/appliance").body.contains("/appliance/sign-in"));
        let rules = [
            ("second_factor", "required"),
            ("length_min", "20"),
            ("length_min_with_factor", "8"),
            ("history", "0"),
            ("classes", "all"),
        ];
        let page = "/appliance/sign-in";
        assert_eq!(
            operator.submit(page, page, &rules).location(),
            "/appliance/sign-in?notice=saved"
        );
        let mut owner = Client::new(site);
        let answer = owner.sign_in(&email("owner"), PASSWORD, "");
        assert_eq!(
            answer.location(),
            "/account/factors/add?next=%2Fo",
            "it is asked of everybody"
        );
        owner.set_up_app(site, "owner");
        assert_eq!(owner.get(page).status, 404, "an owner is no operator");
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_sets_the_rules_and_an_administrator_mends_a_lost_factor() {
    with_site(Site::start().await, |site| {
        const RULES: &str = "/o/acme/sign-in";
        let pairs = |factor: &'static str, length: &'static str| {
            [
                ("second_factor", factor),
                ("length_min", length),
                ("length_min_with_factor", "10"),
                ("history", "3"),
                ("classes", "any"),
            ]
        };
        let mut owner = Client::signed_in(site, "owner");
        let refused = owner.submit(RULES, RULES, &pairs("optional", "9"));
        assert!(
            refused.status == 422 && refused.body.contains("10 to 64 characters"),
            "{}",
            refused.body
        );
        let refused = owner.submit(RULES, RULES, &pairs("required", "16"));
        assert!(
            refused.status == 422 && refused.body.contains("before you ask a second factor of others"),
            "{}",
            refused.body
        );
        owner.set_up_app(site, "owner");
        assert_eq!(
            owner.submit(RULES, RULES, &pairs("required", "16")).location(),
            "/o/acme/sign-in?notice=saved"
        );
        assert!(owner.get(RULES).body.contains("value=\"16\""));

        let mut viewer = Client::signed_in(site, "viewer");
        assert_eq!(viewer.get(RULES).status, 403);
        let members = owner.get("/o/acme/members");
        let reset = members
            .body
            .split("action=\"")
            .filter_map(|rest| rest.split('"').next());
        let reset: Vec<String> = reset
            .filter(|path| path.ends_with("/factors/reset"))
            .map(str::to_owned)
            .collect();
        assert_eq!(reset.len(), 4, "everybody but the owner");
        for path in reset {
            let done = owner.submit("/o/acme/members", &path, &[]);
            assert_eq!(done.location(), "/o/acme/members?notice=factors-reset");
        }
        assert_eq!(
            viewer.get("/o").location(),
            "/sign-in?next=%2Fo",
            "the session is over"
        );
        let answer = viewer.sign_in(&email("viewer"), PASSWORD, "");
        assert_eq!(
            answer.location(),
            "/account/factors/add?next=%2Fo",
            "a new factor is asked for"
        );
    })
    .await;
}
