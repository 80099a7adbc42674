//! What guards the pages: sign-in, cookies, headers, forged requests, other organizations, hostile texts.

use super::{
    client::{Client, encode},
    site::{PASSWORD, Site, email},
};
use platform::dataset::{self, DatasetDraft};
use std::time::{Duration, Instant};

async fn with_client<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Runs a test that talks to the site with a client, off the runtime.
macro_rules! site_test {
    ($name:ident, $site:ident, $body:block) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let $site = std::sync::Arc::new(Site::start().await);
            let kept = std::sync::Arc::clone(&$site);
            with_client(move || $body).await;
            drop(kept);
        }
    };
}

site_test!(a_visitor_is_sent_to_the_sign_in_and_comes_back, site, {
    let mut client = Client::new(&site);
    assert_eq!(client.get("/").location(), "/sign-in");
    let answer = client.get("/o/acme/d/customers?search=a%20b");
    assert_eq!(
        answer.location(),
        "/sign-in?next=%2Fo%2Facme%2Fd%2Fcustomers%3Fsearch%3Da%2520b"
    );
    let answer = client.sign_in(&email("owner"), PASSWORD, "/o/acme/datasets");
    assert_eq!(answer.location(), "/o/acme/datasets");
    assert_eq!(client.get("/o").location(), "/o/acme/datasets", "the only one");
});

site_test!(next_never_leads_elsewhere, site, {
    for next in [
        "https://b.example/",
        "//b.example",
        "/\\b.example",
        "javascript:alert(1)",
    ] {
        let mut client = Client::new(&site);
        let page = client.get(&format!("/sign-in?{}", encode(&[("next", next)])));
        assert!(
            page.body.contains("name=\"next\" value=\"\""),
            "{next}: {}",
            page.body
        );
        let answer = client.sign_in(&email("owner"), PASSWORD, next);
        assert_eq!(answer.location(), "/o", "{next}");
    }
});

site_test!(a_wrong_password_and_an_unknown_name_look_the_same, site, {
    let mut client = Client::new(&site);
    let strip = |body: String, email: &str| {
        let body = body.replace(email, "");
        let token = body.split("name=\"csrf\" value=\"").nth(1).unwrap();
        let token = token.split('"').next().unwrap().to_owned();
        body.replace(&token, "")
    };
    let wrong = client.sign_in(&email("owner"), "not the right password", "");
    let unknown = client.sign_in(&email("nobody"), "not the right password", "");
    assert_eq!((wrong.status, unknown.status), (401, 401));
    assert_eq!(
        strip(wrong.body, &email("owner")),
        strip(unknown.body, &email("nobody"))
    );
});

site_test!(guessing_a_password_gets_slower, site, {
    let mut client = Client::new(&site);
    for _ in 0..5 {
        assert_eq!(
            client.sign_in(&email("editor"), "guess guess guess", "").status,
            401
        );
    }
    let answer = client.sign_in(&email("editor"), PASSWORD, "");
    assert_eq!(answer.status, 429);
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    assert!(answer.body.contains("too-many-requests"), "{}", answer.body);
    assert_eq!(client.sign_in(&email("owner"), PASSWORD, "").location(), "/o");
});

site_test!(a_person_comes_in_by_a_link_that_works_once, site, {
    let mut owner = Client::signed_in(&site, "owner");
    let pairs = [
        ("name", "Nora"),
        ("email", "nora@example.com"),
        ("role", "viewer"),
    ];
    let page = owner.submit("/o/acme/members", "/o/acme/members", &pairs);
    assert_eq!(page.status, 200, "{}", page.body);
    let link = page.body.split("<code id=\"fresh-link\">").nth(1).unwrap();
    let link = link.split('<').next().unwrap();
    let path = link.strip_prefix(&site.base).unwrap().to_owned();
    assert!(!owner.get("/o/acme/members").body.contains(&path), "shown once");
    let mut nora = Client::new(&site);
    let form = nora.get(&path);
    assert_eq!(
        (form.status, form.header("referrer-policy")),
        (200, Some("strict-origin"))
    );
    assert!(
        form.body.contains("Acme Trading has invited you"),
        "{}",
        form.body
    );
    let password = "nine green bottles hanging";
    let refused = nora.submit(&path, &path, &[("password", "short"), ("again", "short")]);
    assert!(refused.status == 422 && refused.body.contains("At least 15 characters"));
    let refused = nora.submit(&path, &path, &[("password", password), ("again", "other")]);
    assert!(refused.status == 422 && refused.body.contains("Not the same"));
    let done = nora.submit(&path, &path, &[("password", password), ("again", password)]);
    assert_eq!(done.location(), "/sign-in?notice=password-set");
    assert!(
        !nora.cookies.contains_key("__Host-session"),
        "nobody is signed in by a link"
    );
    let used = nora.get(&path);
    let unknown = nora.get("/invitation/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!((used.status, unknown.status), (404, 404));
    assert_eq!(used.body, unknown.body, "one page for every reason");
    assert_eq!(nora.sign_in("nora@example.com", password, "").location(), "/o");
    let token = path.strip_prefix("/invitation/").unwrap();
    // Each look is an event of its own: without a pause they would push what is looked for off the page.
    let log = || {
        std::thread::sleep(Duration::from_millis(500));
        nora.get("/account/access-log").body
    };
    let begun = Instant::now();
    let mut log = std::iter::repeat_with(log).take_while(|_| begun.elapsed().as_secs() < 20);
    let log = log.find(|body| body.contains("/invitation/{token}")).unwrap();
    assert!(
        !log.contains(token),
        "the log holds the address's pattern, never the token"
    );
});

site_test!(trying_links_gets_slower, site, {
    let mut client = Client::new(&site);
    for place in 0..21 {
        assert_eq!(client.get(&format!("/invitation/{place}")).status, 404, "{place}");
    }
    let answer = client.get("/invitation/21");
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("referrer-policy"), Some("strict-origin"));
});

site_test!(a_link_is_not_made_for_who_can_sign_in, site, {
    let mut client = Client::signed_in(&site, "administrator");
    let page = client.get("/o/acme/members");
    assert!(!page.body.contains("New link"), "{}", page.body);
    // Each member has several links; the second member is somebody else.
    let mut ids: Vec<&str> = page
        .body
        .split("/members/")
        .skip(1)
        .filter_map(|rest| rest.split('/').next())
        .filter(|id| id.len() == 36)
        .collect();
    ids.dedup();
    let viewer = ids[1];
    let token = page.token();
    let refused = client.post(
        &format!("/o/acme/members/{viewer}/invitation"),
        &[("csrf", &token)],
    );
    assert_eq!(refused.status, 409, "{}", refused.body);
});

site_test!(administrators_see_who_came_into_their_organization, site, {
    let mut editor = Client::signed_in(&site, "editor");
    assert_eq!(editor.get("/o/acme/datasets").status, 200);
    assert_eq!(editor.get("/o/acme/access-log").status, 403);
    let mut owner = Client::signed_in(&site, "administrator");
    let refused = "/o/acme/access-log?outcome=refused";
    let begun = Instant::now();
    while !owner
        .get(refused)
        .body
        .contains("<td data-label=\"Person\">Test editor</td>")
    {
        assert!(begun.elapsed().as_secs() < 20, "{}", owner.get(refused).body);
    }
    assert!(
        !owner.get(refused).body.contains("/o/{organization}/datasets"),
        "that was done"
    );
    let later = owner.get("/o/acme/access-log?from=2100-01-01");
    assert!(later.body.contains("Nothing matches"), "{}", later.body);
    assert_eq!(owner.get("/o/acme/access-log?from=tomorrow").status, 400);
    let mut stranger = Client::signed_in(&site, "stranger");
    assert_eq!(stranger.get("/o/acme/access-log").status, 404);
});

site_test!(the_session_cookie_is_guarded_and_new_at_each_sign_in, site, {
    let mut client = Client::new(&site);
    let answer = client.sign_in(&email("owner"), PASSWORD, "");
    let cookie = answer
        .headers
        .iter()
        .find(|(name, value)| name == "set-cookie" && value.starts_with("__Host-session="));
    let cookie = &cookie.unwrap().1;
    for attribute in ["Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    let first = client.cookies["__Host-session"].clone();
    let token = client.get("/account").token();
    assert_eq!(client.post("/sign-out", &[("csrf", &token)]).status, 303);
    assert!(!client.cookies.contains_key("__Host-session"));
    client.sign_in(&email("owner"), PASSWORD, "");
    assert_ne!(client.cookies["__Host-session"], first);
    client.cookies.insert("__Host-session".into(), first);
    assert_eq!(client.get("/account").status, 303, "an ended session is nobody's");
});

site_test!(forged_requests_are_refused, site, {
    let mut client = Client::signed_in(&site, "owner");
    let mut other = Client::signed_in(&site, "administrator");
    let form = "application/x-www-form-urlencoded";
    let (own, foreign) = (client.get("/account").token(), other.get("/account").token());
    let theme = |token: &str| encode(&[("theme", "dark"), ("csrf", token)]);
    type Headers<'a> = Vec<(&'a str, &'a str)>;
    let cases: [(&str, Headers<'_>, &str); 6] = [
        ("no origin", vec![], &own),
        ("another origin", vec![("origin", "https://b.example")], &own),
        ("a null origin", vec![("origin", "null")], &own),
        (
            "another site",
            vec![("origin", &site.base), ("sec-fetch-site", "cross-site")],
            &own,
        ),
        ("no token", vec![("origin", &site.base)], ""),
        ("another session's token", vec![("origin", &site.base)], &foreign),
    ];
    for (case, mut headers, token) in cases {
        headers.push(("content-type", form));
        let answer = client.post_raw("/account/appearance", &headers, theme(token).as_bytes());
        assert_eq!(answer.status, 403, "{case}: {answer:?}");
        assert!(answer.body.contains("forged-request"), "{case}: {}", answer.body);
        assert!(!client.cookies.contains_key("theme"), "{case}");
    }
    let answer = client.post("/account/appearance", &[("theme", "dark"), ("csrf", &own)]);
    assert_eq!(answer.location(), "/account?notice=saved");
});

site_test!(every_answer_carries_the_headers, site, {
    let mut client = Client::signed_in(&site, "owner");
    let mut visitor = Client::new(&site);
    let paths = [
        "/o/acme/datasets",
        "/nowhere",
        "/o/nowhere/datasets",
        "/assets/console.css",
        "/sign-out",
    ];
    for path in paths {
        for client in [&mut client, &mut visitor] {
            let answer = client.get(path);
            for name in [
                "content-security-policy",
                "strict-transport-security",
                "x-content-type-options",
                "referrer-policy",
                "cross-origin-opener-policy",
                "cross-origin-resource-policy",
                "cross-origin-embedder-policy",
                "permissions-policy",
                "x-request-id",
            ] {
                assert!(
                    answer.header(name).is_some(),
                    "{path}: {name} in {:?}",
                    answer.headers
                );
            }
            let cache = answer.header("cache-control").unwrap();
            assert_eq!(
                cache == "no-store",
                !path.starts_with("/assets"),
                "{path}: {cache}"
            );
        }
    }
    let error = client.get("/nowhere");
    assert_eq!(error.status, 404);
    let request_id = error.header("x-request-id").unwrap();
    assert!(error.body.contains(request_id) && error.body.contains("not-found"));
    assert_eq!(client.get("/sign-out").status, 405);
});

site_test!(signing_out_is_at_hand_on_every_page, site, {
    let mut owner = Client::signed_in(&site, "owner");
    let create = "/o/acme/datasets/new";
    owner.submit(create, create, &[("label", "Customers")]);
    let mut pages = vec![
        "/account".to_owned(),
        "/promises".to_owned(),
        "/o/nowhere/datasets".to_owned(),
    ];
    pages.extend(["/account/factors", "/account/access-log", "/nowhere"].map(str::to_owned));
    let inside = [
        "datasets",
        "datasets/new",
        "imports",
        "members",
        "groups",
        "policies",
        "sign-in",
        "tokens",
        "access-log",
        "audit",
        "archive",
        "about",
        "restore",
        "operator-access",
        "person-requests",
        "log-review",
        "d/customers",
        "d/customers/new",
        "d/customers/settings",
    ];
    pages.extend(inside.map(|part| format!("/o/acme/{part}")));
    for path in pages {
        let page = owner.get(&path);
        assert!(
            page.status == 200 || page.status == 404,
            "{path}: {}",
            page.status
        );
        assert!(
            page.body.contains("action=\"/sign-out\""),
            "{path} does not let sign out: {}",
            page.body
        );
    }
});

site_test!(another_organization_is_not_there, site, {
    let mut stranger = Client::signed_in(&site, "stranger");
    let strip = |answer: super::client::Answer| {
        let id = answer.header("x-request-id").unwrap().to_owned();
        let body = answer.body.replace(&id, "");
        let mut parts: Vec<String> = body.split("value=\"").map(str::to_owned).collect();
        // The form tokens differ at each rendering.
        for part in parts.iter_mut().skip(1) {
            let rest = part.find('"').unwrap_or(0);
            part.replace_range(..rest, "");
        }
        (answer.status, parts.concat())
    };
    for path in [
        "datasets",
        "members",
        "audit",
        "tokens",
        "imports",
        "d/customers",
        "d/customers/new",
    ] {
        let there = strip(stranger.get(&format!("/o/acme/{path}")));
        let nowhere = strip(stranger.get(&format!("/o/nowhere/{path}")));
        assert_eq!(there.0, 404, "{path}");
        assert_eq!(there, nowhere, "{path}");
    }
    let token = stranger.get("/account").token();
    let answer = stranger.post("/o/acme/datasets/new", &[("label", "Stolen"), ("csrf", &token)]);
    assert_eq!(answer.status, 404);
});

site_test!(a_viewer_is_offered_and_granted_nothing_that_writes, site, {
    let mut owner = Client::signed_in(&site, "owner");
    owner.submit(
        "/o/acme/datasets/new",
        "/o/acme/datasets/new",
        &[("label", "Customers")],
    );
    let mut viewer = Client::signed_in(&site, "viewer");
    let page = viewer.get("/o/acme/d/customers");
    assert_eq!(page.status, 200);
    assert!(!page.body.contains("New record") && !page.body.contains("/settings\""));
    for path in [
        "/o/acme/datasets/new",
        "/o/acme/d/customers/new",
        "/o/acme/d/customers/settings",
        "/o/acme/members",
    ] {
        assert_eq!(viewer.get(path).status, 403, "{path}");
    }
    let token = viewer.get("/account").token();
    let answer = viewer.post("/o/acme/d/customers/new", &[("csrf", &token)]);
    assert_eq!(answer.status, 403);
});

site_test!(unreadable_requests_get_a_page, site, {
    let mut client = Client::signed_in(&site, "owner");
    let base = site.base.clone();
    for path in [
        "/o/acme/d/%00",
        "/o/acme/datasets?search=%00",
        "/o/acme/datasets?x=%ff",
    ] {
        let answer = client.get(path);
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.body.contains("malformed-request"), "{path}");
    }
    let form = [
        ("origin", base.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let many = "a=1&".repeat(2_001);
    let large = vec![b'a'; 2 * 1024 * 1024 + 1];
    for (body, status) in [
        (&b"label=%00"[..], 400),
        (b"label=%ff", 400),
        (many.as_bytes(), 400),
        (&large, 413),
    ] {
        assert_eq!(
            client.post_raw("/o/acme/datasets/new", &form, body).status,
            status
        );
    }
    let json = [("origin", base.as_str()), ("content-type", "application/json")];
    assert_eq!(client.post_raw("/o/acme/datasets/new", &json, b"{}").status, 415);
});

const HOSTILE: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}";

site_test!(hostile_texts_come_out_as_text, site, {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let workspace = runtime.block_on(site.workspace("owner", "acme"));
    let field = |label: &str, kind: &str| {
        serde_json::from_value(
            serde_json::json!({ "label": label, "key": kind, "kind": kind, "help": HOSTILE }),
        )
        .unwrap()
    };
    let mut draft = DatasetDraft {
        key: "hostile".into(),
        label: HOSTILE.into(),
        description: HOSTILE.into(),
        fields: vec![
            field(HOSTILE, "text"),
            field("Long", "long_text"),
            field("Json", "json"),
        ],
    };
    draft.fields[1].label = HOSTILE.into();
    runtime.block_on(dataset::create(&workspace, draft)).unwrap();
    let mut client = Client::signed_in(&site, "owner");
    let json = serde_json::json!({ "a": HOSTILE }).to_string();
    let made = client.submit(
        "/o/acme/d/hostile/new",
        "/o/acme/d/hostile/new",
        &[
            ("field.text", HOSTILE),
            ("field.long_text", HOSTILE),
            ("field.json", &json),
        ],
    );
    let record = made.location().split('?').next().unwrap().to_owned();
    let search = encode(&[
        ("search", HOSTILE),
        ("filter_field", HOSTILE),
        ("filter_value", HOSTILE),
    ]);
    let pages = [
        "/o/acme/datasets".to_owned(),
        "/o/acme/d/hostile".to_owned(),
        format!("/o/acme/d/hostile?{search}"),
        format!(
            "/o/acme/d/hostile?{}",
            encode(&[("search", HOSTILE), ("sort", HOSTILE)])
        ),
        "/o/acme/d/hostile/settings".to_owned(),
        "/o/acme/d/hostile/new".to_owned(),
        record.clone(),
        format!("{record}/edit"),
        format!("{record}/history"),
        format!("/sign-in?next={HOSTILE}").replace(['<', '>', '"', ' ', '{', '}'], "%3C"),
        "/o/acme/audit".to_owned(),
    ];
    for path in &pages {
        let body = client.get(path).body;
        for bad in ["<script>alert", "<img src=x", "\"'><", "=\"\"'"] {
            assert!(!body.contains(bad), "{path} holds {bad}: {body}");
        }
    }
    assert!(
        client.get(&record).body.contains("&#60;script&#62;alert(1)"),
        "it is shown"
    );
});

site_test!(a_page_is_quick, site, {
    let mut client = Client::signed_in(&site, "owner");
    client.get("/o/acme/datasets");
    let begun = Instant::now();
    (0..10).for_each(|_| assert_eq!(client.get("/o/acme/datasets").status, 200));
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_glass_link_lets_in_once_and_not_by_being_opened() {
    let site = std::sync::Arc::new(Site::start().await);
    let host = platform::Caller::host();
    let link = platform::break_glass::create(&site.platform, &host, &email("owner"), "a test")
        .await
        .unwrap();
    let path = link.url.expose().strip_prefix(&site.base).unwrap().to_owned();
    let kept = std::sync::Arc::clone(&site);
    with_client(move || {
        let mut scanner = Client::new(&kept);
        for _ in 0..3 {
            let page = scanner.get(&path);
            assert_eq!(
                (page.status, page.header("referrer-policy")),
                (200, Some("strict-origin"))
            );
            assert!(
                !page.body.contains(path.rsplit('/').next().unwrap()),
                "{}",
                page.body
            );
        }
        let mut forger = Client::new(&kept);
        forger.get(&path);
        let answer = forger.post(&path, &[("csrf", "x")]);
        assert_eq!(answer.status, 403, "a form without its token");
        assert!(!forger.cookies.contains_key("__Host-session"));
        let mut person = Client::new(&kept);
        assert_eq!(person.submit(&path, &path, &[]).location(), "/o");
        assert_eq!(person.get("/o").location(), "/o/acme/datasets", "the only one");
        let mut second = Client::new(&kept);
        let page = second.get(&path);
        assert_eq!(page.status, 404);
        assert!(page.body.contains("does not work"), "{}", page.body);
        assert_eq!(second.get("/o").location(), "/sign-in?next=%2Fo");
    })
    .await;
}
