//! Every route of the document, asked for by everyone: nobody, a stranger, each role. The answers are a golden table,
//! so a route that is added or changes its rights shows here.

use crate::{
    conforming,
    http::Answer,
    web::{INVOICES, Web, make_token},
};
use access::Role;
use serde_json::{Value as Json, json};
use std::fmt::Write;

/// An id that nothing has.
const NOBODY: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// A body that every check but the caller's right would let through to the use case.
fn body_of(operation: &str) -> Option<Json> {
    let field = json!({"label": "Note", "kind": "text"});
    let body = match operation {
        "record.create" => json!({"fields": {"number": "W-1"}}),
        "record.update" => json!({"fields": {"number": "W-2"}}),
        "record.batch" => json!({"operations": [{"action": "trash", "id": NOBODY}]}),
        "record.query" => json!({}),
        "record.aggregate" => json!({"measures": [{"measure": "count"}]}),
        "dataset.create" => json!({"label": "Walked"}),
        "dataset.update" => json!({"label": "Invoices"}),
        "field.create" => field,
        "field.update" => json!({"label": "Number"}),
        "member.create" => json!({"email": "walk@example.com", "name": "Walk", "role": "viewer"}),
        "member.update" => json!({"state": "active"}),
        "member.narrow" => json!({"others": "read"}),
        "role-group.set" => json!({"directory": "nowhere", "group": "cn=walk,dc=walk", "role": "viewer"}),
        "role-group.preview" => json!({"directory": "nowhere", "group": "cn=walk,dc=walk"}),
        "policy.update" => json!({"session_idle_seconds_max": 1}),
        "import.start" => json!({"mode": "dry_run"}),
        "import.plan" => json!({"dataset": {"existing": {"key": "invoices"}}, "columns": []}),
        "token.create" => json!({"name": "walk"}),
        "organization.order-deletion" => json!({"name": "another"}),
        "organization.go-back" => json!({"undo": true}),
        "hold.create" => json!({"reason": "a", "person": "a court"}),
        "hold.lift" => json!({"reason": "the case is closed"}),
        "person-request.open" => json!({"kind": "access", "reference": "", "words": ["Walk"]}),
        "person-request.extend" => json!({"due_on": "2026-01-01", "because": "many records"}),
        "person-request.mark" => json!({"hits": [NOBODY], "verdict": "theirs"}),
        "person-request.propose" => json!({"ground": "consent withdrawn"}),
        "person-request.approve" => json!({"proposed_at": "2026-01-01T00:00:00Z"}),
        "person-request.close" => json!({"outcome": "refused", "note": "nobody asked"}),
        operation => return appliance_body_of(operation),
    };
    Some(body)
}

/// The same for what operators do. Nothing listens at port 1, so that tests of servers end at once.
fn appliance_body_of(operation: &str) -> Option<Json> {
    let preset =
        json!({"product": "openldap", "server": "localhost:1", "service_dn": "cn=app", "base": "dc=walk"});
    let issuer = "https://localhost:1";
    let settings = json!({"preset": "standard", "client_id": "walk"});
    let newcomer = json!({"subject": "nobody", "email": "nobody@example.com"});
    let mail = json!({"host": "localhost", "port": 1, "security": "tls", "from": "walk@example.com"});
    let body = match operation {
        "directory.create" => json!({"key": "walked", "preset": preset}),
        "directory.try" => json!({"preset": preset}),
        "directory.update" | "provider.update" => json!({"state": "disabled"}),
        "directory.test" | "directory.explain" => json!({"login": "nobody"}),
        "directory.preview" => json!({}),
        "directory.let-in" | "provider.let-in" => newcomer,
        "directory.turn-away" | "provider.turn-away" => json!({"subject": "nobody"}),
        "provider.create" => json!({"key": "walked", "issuer": issuer, "settings": settings}),
        "provider.try" => json!({"issuer": issuer, "settings": settings}),
        "mail.set" => json!({"settings": mail}),
        "mail.test" => json!({"to": "walk@example.com"}),
        "grant.ask" => json!({"organization": "globex", "purpose": "walking every route", "hours": 1}),
        _ => return None,
    };
    Some(body)
}

/// What the names in the addresses stand for.
struct Places {
    organization: String,
    record: String,
    member: String,
    token: String,
    entry: String,
}

impl Places {
    fn none(organization: &str) -> Self {
        Self {
            organization: organization.to_owned(),
            record: NOBODY.to_owned(),
            member: NOBODY.to_owned(),
            token: NOBODY.to_owned(),
            entry: NOBODY.to_owned(),
        }
    }

    fn fill(&self, path: &str) -> String {
        path.replace("{organization}", &self.organization)
            .replace("{dataset}", "invoices")
            .replace("{record}", &self.record)
            .replace("{field}", "nope")
            .replace("{member}", &self.member)
            .replace("{token}", &self.token)
            .replace("{entry}", &self.entry)
            .replace("{hold}", NOBODY)
            .replace("{request}", NOBODY)
            .replace("{import}", NOBODY)
            .replace("{file}", NOBODY)
            .replace("{grant}", NOBODY)
            .replace("{directory}", "nowhere")
            .replace("{provider}", "nowhere")
    }
}

async fn ask(web: &Web, token: Option<&str>, route: &api::Route, places: &Places) -> Answer {
    ask_as(web, As::Token(token), route, places).await
}

/// By whom a route is asked for.
#[derive(Clone, Copy)]
enum As<'a> {
    Token(Option<&'a str>),
    Session(&'a str),
}

async fn ask_as(web: &Web, by: As<'_>, route: &api::Route, places: &Places) -> Answer {
    let query = match route.operation() {
        "file.create" => "?name=walk.txt",
        "role-group.delete" => "?directory=nowhere&group=cn%3Dwalk%2Cdc%3Dwalk",
        _ => "",
    };
    let line = format!(
        "{} /api/v1{}{query}",
        route.verb().as_str(),
        places.fill(route.path())
    );
    let headers: &[(&str, &str)] = match route.operation() {
        "record.update" | "record.trash" | "record.restore" | "record.purge" => &[("If-Match", "*")],
        _ => &[],
    };
    let body = body_of(route.operation());
    let answer = match by {
        As::Token(token) => web.send_as(token, &line, headers, body.as_ref()).await,
        As::Session(session) => web.send_in(session, &line, headers, body.as_ref()).await,
    };
    conforming::check(
        &format!("/api/v1{}", route.path()),
        route.verb().as_str(),
        &answer,
    );
    answer
}

fn without_request_id(answer: &Answer) -> (u16, Json) {
    let mut json = answer.json();
    json["request_id"] = Json::Null;
    (answer.status, json)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_route_answers_each_role_as_the_golden_table_says() {
    let web = Web::start().await;
    let mut table = String::from(
        "operation needs nobody stranger viewer editor accountant administrator owner operator\n",
    );
    let globex = Box::pin(web.site.second_organization()).await;
    let operator = Box::pin(web.operator(&globex)).await;
    let stranger = Box::pin(make_token(&globex)).await;
    let places = Places::none("acme");
    for route in api::ROUTES {
        write!(table, "{} {}", route.operation(), route.needs().code()).unwrap();
        for token in [None, Some(stranger.as_str())] {
            write!(table, " {}", ask(&web, token, route, &places).await.status).unwrap();
        }
        for role in Role::ALL {
            // Asked about ids that nothing has, so that one answer does not change the next.
            let answer = ask(&web, Some(web.token(role)), route, &places).await;
            write!(table, " {}", status(&answer)).unwrap();
        }
        let answer = ask_as(&web, As::Session(&operator), route, &places).await;
        writeln!(table, " {}", status(&answer)).unwrap();
    }
    let golden = include_str!("../golden/routes.txt");
    assert!(table == golden, "the table is now:\n{table}");
}

/// What a POST may be that changes nothing. A route that is not here and not a GET must be refused.
const READING_POSTS: [&str; 10] = [
    "record.query",
    "record.aggregate",
    "record.reveal",
    "role-group.preview",
    "directory.try",
    "directory.test",
    "directory.explain",
    "directory.preview",
    "provider.try",
    "provider.test",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn maintenance_refuses_every_writing_route_and_no_reading_one() {
    let web = Web::start().await;
    let globex = Box::pin(web.site.second_organization()).await;
    let operator = Box::pin(web.operator(&globex)).await;
    let wish = platform::maintenance::Wish::default();
    let host = platform::Caller::host();
    platform::maintenance::begin(&web.site.platform, &host, wish)
        .await
        .unwrap();
    let places = Places::none("acme");
    for route in api::ROUTES {
        let by = match route.needs() {
            api::Needs::Operator => As::Session(&operator),
            _ => As::Token(Some(web.token(Role::Owner))),
        };
        let answer = ask_as(&web, by, route, &places).await;
        let operation = route.operation();
        if route.verb() == api::Verb::Get || READING_POSTS.contains(&operation) {
            assert!(
                answer.status != 503 || answer.code() != "maintenance",
                "{operation} only reads"
            );
            continue;
        }
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (503, "maintenance"),
            "{operation}"
        );
        let seconds: u32 = answer.header("Retry-After").unwrap().parse().unwrap();
        assert!((1..=300).contains(&seconds), "{operation}: {seconds}");
        // Whoever may not do it hears that, and nothing of what is going on.
        assert_eq!(ask(&web, None, route, &places).await.status, 401, "{operation}");
    }
    assert_eq!(web.get("/api/v1/maintenance").await.json()["phase"], "on");
    platform::maintenance::end(&web.site.platform, &host)
        .await
        .unwrap();
    let made = web
        .post(
            &format!("{INVOICES}/records"),
            &json!({"fields": {"number": "A-1"}}),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
}

/// Writes of the first role that may make those of the next a conflict; both show that the right was there.
fn status(answer: &Answer) -> u16 {
    if answer.status == 409 || answer.status == 422 {
        201
    } else {
        answer.status
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_organization_has_answers_like_what_does_not_exist() {
    let web = Web::start().await;
    let globex = Box::pin(web.site.second_organization()).await;
    let stranger = Box::pin(make_token(&globex)).await;
    let location = web.invoice(json!({"number": "A-1"})).await;
    let entries = web.get("/api/v1/organizations/acme/audit/entries").await.json();
    let members = web.get("/api/v1/organizations/acme/members").await.json();
    let tokens = web.get("/api/v1/organizations/acme/tokens").await.json();
    let text = |json: &Json| json.as_str().unwrap().to_owned();
    let real = Places {
        organization: "acme".to_owned(),
        record: location.rsplit('/').next().unwrap().to_owned(),
        member: text(&members["members"][1]["account"]),
        token: text(&tokens["tokens"][0]["id"]),
        entry: text(&entries["entries"][0]["id"]),
    };
    let inside = api::ROUTES
        .iter()
        .filter(|route| route.path().contains("{organization}"));
    for route in inside {
        let nowhere = without_request_id(&ask(&web, Some(&stranger), route, &Places::none("nowhere")).await);
        assert_eq!(nowhere.0, 404, "{}", route.operation());
        let existing = without_request_id(&ask(&web, Some(&stranger), route, &real).await);
        assert_eq!(existing, nowhere, "{}", route.operation());
        // In the stranger's own organization, ids of the other one are unknown ids.
        if route.path().contains("{record}") || route.path().contains("{entry}") {
            let own = Places {
                organization: "globex".to_owned(),
                ..Places::none("globex")
            };
            let foreign = Places {
                organization: "globex".to_owned(),
                record: real.record.clone(),
                entry: real.entry.clone(),
                ..Places::none("globex")
            };
            let unknown = without_request_id(&ask(&web, Some(&stranger), route, &own).await);
            assert_eq!(
                without_request_id(&ask(&web, Some(&stranger), route, &foreign).await),
                unknown
            );
        }
    }
    assert_eq!(web.get(&location).await.json()["version"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_of_another_dataset_is_not_found_by_its_id() {
    let web = Web::start().await;
    let base = "/api/v1/organizations/acme/datasets";
    web.post(
        base,
        &json!({"label": "Places", "fields": [{"label": "Name", "kind": "text"}]}),
    )
    .await;
    let location = web.invoice(json!({"number": "A-1"})).await;
    let id = location.rsplit('/').next().unwrap();
    let elsewhere = web.get(&format!("{base}/places/records/{id}")).await;
    let nowhere = web.get(&format!("{base}/places/records/{NOBODY}")).await;
    assert_eq!(without_request_id(&elsewhere), without_request_id(&nowhere));
    let malformed = web.get(&format!("{INVOICES}/records/17")).await;
    let unknown = web.get(&format!("{INVOICES}/records/{NOBODY}")).await;
    assert_eq!(without_request_id(&malformed), without_request_id(&unknown));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_and_a_narrowed_token_are_refused() {
    let web = Web::start().await;
    let workspace = Box::pin(web.site.as_role(Role::Owner)).await;
    let new = platform::token::NewToken {
        name: "narrow".to_owned(),
        days: 1,
        permissions: Some(vec!["organization.read".to_owned(), "record.read".to_owned()]),
        ..Default::default()
    };
    let (token, secret) = Box::pin(platform::token::create(&workspace, new)).await.unwrap();
    let secret = secret.expose().to_string();
    let read = format!("GET {INVOICES}/records");
    assert_eq!(web.send_as(Some(&secret), &read, &[], None).await.status, 200);
    let write = format!("POST {INVOICES}/records");
    let body = json!({"fields": {"number": "A-1"}});
    assert_eq!(
        web.send_as(Some(&secret), &write, &[], Some(&body)).await.status,
        403
    );
    let revoke = format!("DELETE /api/v1/organizations/acme/tokens/{}", token.id);
    assert_eq!(web.send(Role::Owner, &revoke, &[], None).await.status, 204);
    assert_eq!(web.send_as(Some(&secret), &read, &[], None).await.status, 401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_counts_only_for_requests_of_our_own_pages() {
    let web = Web::start().await;
    let cookie = ("Cookie", "__Host-session=unknown");
    let line = "GET /api/v1/me";
    let from = |site: &'static str| [cookie, ("Sec-Fetch-Site", site)];
    let plain = web.send_as(None, line, &[cookie], None).await;
    assert_eq!((plain.status, plain.code().as_str()), (403, "forged-request"));
    let other = web.send_as(None, line, &from("cross-site"), None).await;
    assert_eq!(other.code(), "forged-request");
    let own = web.send_as(None, line, &from("same-origin"), None).await;
    assert_eq!(own.code(), "not-signed-in");
    let write = format!("POST {INVOICES}/records");
    let body = json!({"fields": {"number": "A-1"}});
    let refused = web.send_as(None, &write, &from("same-origin"), Some(&body)).await;
    assert_eq!(refused.code(), "forged-request");
}
