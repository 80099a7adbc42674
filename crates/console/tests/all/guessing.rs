//! Guessing through the sign-in page: what a directory sees of it, and what a guesser learns.

use super::{
    client::Client,
    directories::site_with,
    site::{PASSWORD, Site, email},
};
use platform::provider::FirstSignIn;
use std::time::{Duration, Instant};
use testkit::directory::{BASE, Offered, Openldap, password_of};

const WRONG: &str = "not the right password";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_wrong_passwords_on_the_page_are_three_binds_and_nobody_is_locked_in_the_directory() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site_with(&server, FirstSignIn::Create).await;
    let walk = move || {
        let binds = || server.binds(&format!("uid=anna,ou=people,{BASE}")).unwrap();
        let mut guesser = Client::new(&site);
        for tries in 1..=3 {
            assert_eq!(guesser.sign_in("anna", WRONG, "").status, 401);
            assert_eq!(binds(), tries);
        }
        // The directory locks at the fifth. However many more are tried, and however the name is written, it sees one more.
        for login in ["anna", "ANNA", " anna ", "anna", "Anna"] {
            let status = guesser.sign_in(login, WRONG, "").status;
            assert!(status == 401 || status == 429, "{status}");
        }
        assert_eq!(binds(), 4, "throttled before the directory locks her");
        assert!(
            server.lets_in("anna", &password_of("anna")).unwrap(),
            "she is not locked"
        );
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

/// What a refusal shows, without what differs from one page to the next: the name that was typed and the form's token.
fn shown(client: &mut Client, login: &str) -> (u16, String, Duration) {
    let token = client.get("/sign-in").token();
    let pairs = [
        ("login", login),
        ("password", WRONG),
        ("next", ""),
        ("csrf", token.as_str()),
    ];
    let began = Instant::now();
    let answer = client.post("/sign-in", &pairs);
    let took = began.elapsed();
    let token = answer.token();
    let body = answer.body.replace(login, "").replace(&token, "");
    (answer.status, body, took)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Tries known and unknown names by turns and prints what a guesser would measure.
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn measure(site: &Site, known: &[&str], unknown: &[&str], what: &str) {
    let mut times = (Vec::new(), Vec::new());
    let mut pages = Vec::new();
    for (known, unknown) in known.iter().zip(unknown) {
        // Each from a browser of its own: waits grow by name and by address, which is no difference between names.
        for (login, times) in [(known, &mut times.0), (unknown, &mut times.1)] {
            let (status, body, took) = shown(&mut Client::new(site), login);
            pages.push((status, body));
            times.push(took);
        }
    }
    let (status, _) = &pages[0];
    assert_eq!(*status, 401);
    assert!(pages.iter().all(|page| *page == pages[0]), "{what}: {pages:?}");
    let (known, unknown) = (median(&mut times.0), median(&mut times.1));
    println!(
        "{what}: known {known:?}, unknown {unknown:?}, medians of {}",
        times.0.len()
    );
    let apart = known.abs_diff(unknown);
    assert!(apart < Duration::from_millis(150), "{what}: {apart:?} apart");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn known_and_unknown_names_show_the_same_text_code_and_time() {
    let site = Site::start().await;
    let walk = move || {
        let people = ["owner", "administrator", "accountant", "editor", "viewer"].map(email);
        let known: Vec<&str> = people.iter().map(String::as_str).collect();
        let strangers = ["owl", "adder", "ant", "eel", "vole"].map(email);
        let unknown: Vec<&str> = strangers.iter().map(String::as_str).collect();
        measure(&site, &known, &unknown, "passwords here");
        let mut known = Client::new(&site);
        assert_eq!(
            known.sign_in(&email("owner"), PASSWORD, "").status,
            303,
            "nobody is locked out"
        );
        site
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_a_directory_knows_and_others_show_the_same_text_code_and_time() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let site = site_with(&server, FirstSignIn::Create).await;
    let walk = move || {
        let known = ["anna", "boris", "carla", "mover", "tryme"];
        let unknown = ["anne", "doris", "clara", "maker", "trudy"];
        measure(&site, &known, &unknown, "passwords at a directory");
        (site, server)
    };
    drop(tokio::task::spawn_blocking(walk).await.unwrap());
}
