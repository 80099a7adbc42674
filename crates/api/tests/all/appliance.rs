//! What operators do through the API: with a session of their own and a fresh proof, and with nothing else.

use crate::{
    http::Answer,
    web::{OPERATOR, Web},
};
use access::Role;
use platform::{Workspace, token};
use serde_json::{Value as Json, json};
use testkit::directory::{BASE, Offered, Openldap, SERVICE_DN, SERVICE_PASSWORD, password_of};

const DIRECTORIES: &str = "/api/v1/appliance/directories";

/// A served site, an operator's session, and the organization where the operator is a viewer.
async fn scene() -> (Web, String, Workspace) {
    let web = Web::start().await;
    let globex = Box::pin(web.site.second_organization()).await;
    let session = Box::pin(web.operator(&globex)).await;
    (web, session, globex)
}

fn preset(server: &Openldap) -> Json {
    json!({"product": "openldap", "server": format!("localhost:{}", server.tls_port), "service_dn": SERVICE_DN,
        "base": BASE, "authorities": server.authority})
}

async fn send(web: &Web, session: &str, line: &str, body: &Json) -> Answer {
    Box::pin(web.send_in(session, line, &[], Some(body))).await
}

async fn get(web: &Web, session: &str, path: &str) -> Json {
    let answer = Box::pin(web.send_in(session, &format!("GET {path}"), &[], None)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_is_tried_added_tested_explained_and_removed() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let (web, session, _globex) = scene().await;
    let draft = json!({"preset": preset(&server), "secret": SERVICE_PASSWORD, "login": "anna"});
    let tried = send(&web, &session, "POST /api/v1/appliance/directory-tests", &draft).await;
    assert_eq!(tried.status, 200, "{}", tried.text());
    assert_eq!(tried.json()["good"], true, "{}", tried.text());
    assert!(tried.json()["person"]["dn"].as_str().unwrap().contains("anna"));
    assert_eq!(get(&web, &session, DIRECTORIES).await["directories"], json!([]));

    let new = json!({"key": "harbour", "preset": preset(&server), "secret": SERVICE_PASSWORD, "first_sign_in": "wait"});
    let made = send(&web, &session, &format!("POST {DIRECTORIES}"), &new).await;
    assert_eq!(made.status, 201, "{}", made.text());
    assert_eq!(
        made.header("Location"),
        Some("/api/v1/appliance/directories/harbour")
    );
    assert!(!made.text().contains(SERVICE_PASSWORD) && made.json()["has_secret"] == true);
    let one = format!("{DIRECTORIES}/harbour");
    let person = json!({"login": "anna"});
    let tested = send(&web, &session, &format!("POST {one}/test"), &person).await;
    assert_eq!(tested.json()["good"], true, "{}", tested.text());
    let explained = send(&web, &session, &format!("POST {one}/explain"), &person).await;
    assert!(!explained.json()["groups"].as_array().unwrap().is_empty());
    let nobody = json!({"login": "nobody-of-that-name"});
    let nobody = send(&web, &session, &format!("POST {one}/explain"), &nobody).await;
    assert_eq!((nobody.status, nobody.code().as_str()), (404, "not-found"));

    let mut settings = get(&web, &session, &one).await["settings"].clone();
    settings["service_dn"] = json!("cn=somebody-else");
    let changed = send(
        &web,
        &session,
        &format!("PATCH {one}"),
        &json!({"settings": settings}),
    )
    .await;
    assert_eq!(changed.json()["has_secret"], false, "{}", changed.text());
    let mut wrong = settings.clone();
    wrong["colour"] = json!("blue");
    let wrong = send(
        &web,
        &session,
        &format!("PATCH {one}"),
        &json!({"settings": wrong}),
    )
    .await;
    assert_eq!(wrong.status, 422, "{}", wrong.text());
    assert_eq!(wrong.json()["errors"][0]["pointer"], "/settings");
    let gone = web.send_in(&session, &format!("DELETE {one}"), &[], None).await;
    assert_eq!(gone.status, 204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_of_a_directory_who_waits_is_let_in_and_another_turned_away() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let (web, session, _globex) = scene().await;
    let new = json!({"key": "harbour", "preset": preset(&server), "secret": SERVICE_PASSWORD, "first_sign_in": "wait"});
    send(&web, &session, &format!("POST {DIRECTORIES}"), &new).await;
    let host = platform::Caller::host();
    for (group, role) in [("owners", Role::Accountant), ("editors", Role::Editor)] {
        let group = format!("cn={group},ou=groups,{BASE}");
        platform::directories::map(&web.site.platform, &host, "harbour", &group, "acme", role)
            .await
            .unwrap();
    }
    let sign_in = async |login: &str| {
        let password = vault::SecretText::new(password_of(login));
        platform::sign_in::with_password(&web.site.platform, platform::Origin::default(), login, password)
            .await
    };
    for login in ["anna", "boris"] {
        assert!(sign_in(login).await.is_err(), "{login} waits");
    }
    let list = format!("{DIRECTORIES}/harbour/newcomers");
    let waiting = get(&web, &session, &list).await["newcomers"].clone();
    let of = |email: &str| {
        let all = waiting.as_array().unwrap();
        all.iter().find(|one| one["email"] == email).unwrap()["subject"].clone()
    };
    let taken = json!({"subject": of("anna@harbour.test"), "email": "owner@example.com"});
    let taken = send(&web, &session, &format!("POST {list}/let-in"), &taken).await;
    assert_eq!((taken.status, taken.code().as_str()), (409, "already-taken"));
    let anna = json!({"subject": of("anna@harbour.test"), "email": "anna@harbour.test"});
    let let_in = send(&web, &session, &format!("POST {list}/let-in"), &anna).await;
    assert_eq!(let_in.status, 204, "{}", let_in.text());
    let boris = json!({"subject": of("boris@harbour.test")});
    let away = send(&web, &session, &format!("POST {list}/turn-away"), &boris).await;
    assert_eq!(away.status, 204, "{}", away.text());
    assert_eq!(get(&web, &session, &list).await["newcomers"], json!([]));
    sign_in("anna").await.unwrap();
    let members = web.get("/api/v1/organizations/acme/members").await.text();
    assert!(members.contains("anna@harbour.test") && !members.contains("boris@harbour.test"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_and_no_other_page_reaches_the_appliance() {
    let (web, session, globex) = scene().await;
    let line = format!("GET {DIRECTORIES}");
    // The token of an operator's own account, made while their session was good.
    let origin = platform::Origin::default();
    let caller = platform::session::identify_session(
        &web.site.platform,
        origin,
        &session,
        platform::session::Activity::Use,
    )
    .await
    .unwrap();
    let own = web
        .site
        .platform
        .enter(&caller, &globex.organization().slug)
        .await
        .unwrap();
    let new = token::NewToken {
        name: "everything".to_owned(),
        days: 1,
        permissions: None,
        ..Default::default()
    };
    let made = Box::pin(token::create(&own, new)).await;
    if let Ok((_, secret)) = made {
        let refused = web.send_as(Some(secret.expose()), &line, &[], None).await;
        assert!(matches!(refused.status, 401 | 403), "{}", refused.text());
    }
    let owner = web.send(Role::Owner, &line, &[], None).await;
    assert_eq!((owner.status, owner.code().as_str()), (403, "not-allowed"));
    let cookie = format!("__Host-session={session}");
    let elsewhere = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "cross-site")];
    let forged = web.send_as(None, &line, &elsewhere, None).await;
    assert_eq!((forged.status, forged.code().as_str()), (403, "forged-request"));
    let without_origin = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
    let body = json!({"to": OPERATOR});
    let line = "POST /api/v1/appliance/mail/test";
    let forged = web.send_as(None, line, &without_origin, Some(&body)).await;
    assert_eq!((forged.status, forged.code().as_str()), (403, "forged-request"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_changed_needs_a_fresh_proof_and_what_is_read_does_not() {
    let (web, session, _globex) = scene().await;
    let text = "SET session_replication_role = 'replica';
        UPDATE strongroom.session SET elevated_until = created_at - interval '1 minute';
        RESET session_replication_role";
    let superuser = web.site.superuser().await;
    superuser.batch_execute(text).await.unwrap();
    assert_eq!(get(&web, &session, DIRECTORIES).await["directories"], json!([]));
    let preset =
        json!({"product": "openldap", "server": "localhost:1", "service_dn": "cn=app", "base": "dc=a"});
    let provider = json!({"key": "company", "issuer": "https://localhost:1",
        "settings": {"preset": "standard", "client_id": "us"}});
    let mail = json!({"settings": {"host": "localhost", "port": 465, "security": "tls", "from": OPERATOR}});
    for (line, body) in [
        (
            format!("POST {DIRECTORIES}"),
            json!({"key": "harbour", "preset": preset}),
        ),
        ("POST /api/v1/appliance/providers".to_owned(), provider),
        ("PUT /api/v1/appliance/mail".to_owned(), mail),
    ] {
        let refused = send(&web, &session, &line, &body).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (403, "proof-required"),
            "{line}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_and_mail_are_set_and_their_secrets_never_come_out() {
    const CANARY: &str = "canary-of-a-secret";
    let (web, session, _globex) = scene().await;
    let settings = json!({"preset": "standard", "client_id": "us"});
    let trial = json!({"issuer": "https://localhost:1", "settings": settings});
    let tried = send(&web, &session, "POST /api/v1/appliance/provider-tests", &trial).await;
    assert_eq!(tried.json()["good"], false, "{}", tried.text());
    let providers = "/api/v1/appliance/providers";
    let new =
        json!({"key": "company", "issuer": "https://localhost:1", "settings": settings, "secret": CANARY});
    let made = send(&web, &session, &format!("POST {providers}"), &new).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let mail = json!({"settings": {"host": "localhost", "port": 1, "security": "tls", "account": "us", "from": OPERATOR},
        "secret": CANARY});
    let set = send(&web, &session, "PUT /api/v1/appliance/mail", &mail).await;
    assert_eq!(set.status, 200, "{}", set.text());
    for text in [
        made.text(),
        set.text(),
        get(&web, &session, providers).await.to_string(),
        get(&web, &session, &format!("{providers}/company"))
            .await
            .to_string(),
        get(&web, &session, "/api/v1/appliance/mail").await.to_string(),
    ] {
        assert!(
            !text.contains(CANARY) && text.contains("\"has_secret\":true"),
            "{text}"
        );
    }
    let other = json!({"settings": {"host": "localhost", "port": 2, "security": "tls", "account": "us", "from": OPERATOR}});
    let moved = send(&web, &session, "PUT /api/v1/appliance/mail", &other).await;
    assert_eq!(moved.json()["has_secret"], false, "{}", moved.text());
    let cleared = web
        .send_in(&session, "DELETE /api/v1/appliance/mail", &[], None)
        .await;
    assert_eq!(cleared.status, 204);
    assert_eq!(
        get(&web, &session, "/api/v1/appliance/mail").await["settings"],
        Json::Null
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grant_is_asked_for_approved_used_and_ended() {
    let (web, session, _globex) = scene().await;
    let wish = json!({"organization": "acme", "purpose": "the import of May stopped half way", "hours": 2});
    let asked = send(&web, &session, "POST /api/v1/appliance/grants", &wish).await;
    assert_eq!(asked.status, 201, "{}", asked.text());
    let id = asked.json()["id"].as_str().unwrap().to_owned();
    let list = "/api/v1/organizations/acme/grants";
    let records = "/api/v1/organizations/acme/datasets/invoices/records";
    let look = async || {
        web.send_in(&session, &format!("GET {records}"), &[], None)
            .await
            .status
    };
    assert_eq!(look().await, 404, "asking grants nothing");
    let seen = web.get(list).await.json();
    assert_eq!(seen["grants"][0]["state"], "asked");
    let editor = web
        .send(Role::Editor, &format!("POST {list}/{id}/approve"), &[], None)
        .await;
    assert_eq!(editor.status, 403);
    let own = web
        .send_in(&session, &format!("POST {list}/{id}/approve"), &[], None)
        .await;
    assert_eq!(own.status, 404, "the operator is nobody there");
    let approve = format!("POST {list}/{id}/approve");
    assert_eq!(
        web.send(Role::Administrator, &approve, &[], None).await.status,
        204
    );
    assert_eq!(look().await, 200);
    let mine = get(&web, &session, "/api/v1/appliance/grants").await;
    assert_eq!(mine["grants"][0]["state"], "open");
    let end = format!("POST {list}/{id}/end");
    assert_eq!(web.send(Role::Owner, &end, &[], None).await.status, 204);
    assert_eq!(look().await, 404, "at once");
    let hours = json!({"organization": "acme", "purpose": "for a very long time", "hours": 300});
    let refused = send(&web, &session, "POST /api/v1/appliance/grants", &hours).await;
    assert_eq!(
        refused.json()["errors"][0]["pointer"],
        "/hours",
        "{}",
        refused.text()
    );
}
