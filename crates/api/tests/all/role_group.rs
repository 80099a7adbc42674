//! Which group of a directory gives which role: tried, set and taken back by an organization's own people, and by nobody else.

use crate::{
    http::Answer,
    web::{Web, make_token},
};
use access::Role;
use platform::{Caller, Workspace, directories};
use serde_json::{Value as Json, json};
use testkit::directory::{BASE, Offered, Openldap, SERVICE_DN, SERVICE_PASSWORD, password_of};

const GROUPS: &str = "/api/v1/organizations/acme/role-groups";

fn group(name: &str) -> String {
    format!("cn={name},ou=groups,{BASE}")
}

fn giving(name: &str, role: &str) -> Json {
    json!({"directory": "harbour", "group": group(name), "role": role})
}

/// A served site whose directory the host opened to `acme`, where anna is a viewer by it; and another organization.
async fn scene(server: &Openldap) -> (Web, Workspace) {
    let web = Web::start().await;
    let globex = Box::pin(web.site.second_organization()).await;
    let session = Box::pin(web.operator(&globex)).await;
    let preset = json!({"product": "openldap", "server": format!("localhost:{}", server.tls_port),
        "service_dn": SERVICE_DN, "base": BASE, "authorities": server.authority});
    let new =
        json!({"key": "harbour", "preset": preset, "secret": SERVICE_PASSWORD, "first_sign_in": "create"});
    let line = "POST /api/v1/appliance/directories";
    let made = Box::pin(web.send_in(&session, line, &[], Some(&new))).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let (platform, host) = (&web.site.platform, Caller::host());
    directories::map(platform, &host, "harbour", &group("owners"), "acme", Role::Viewer)
        .await
        .unwrap();
    let password = vault::SecretText::new(password_of("anna"));
    platform::sign_in::with_password(platform, platform::Origin::default(), "anna", password)
        .await
        .unwrap();
    (web, globex)
}

async fn ask(web: &Web, role: Role, line: &str, body: &Json) -> Answer {
    Box::pin(web.send(role, line, &[], Some(body))).await
}

/// The actions in the organization's audit log that begin so.
async fn actions(web: &Web, begin: &str) -> Vec<String> {
    let path = format!("/api/v1/organizations/acme/audit/entries?action={begin}");
    let entries = web.get(&path).await.json();
    let text = |entry: &Json| entry["action"].as_str().unwrap().to_owned();
    entries["entries"].as_array().unwrap().iter().map(text).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_is_tried_set_once_and_taken_back() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let (web, _globex) = scene(&server).await;
    let read = web.get(GROUPS).await;
    let (before, before_tag) = (read.json(), read.header("ETag").unwrap().to_owned());
    assert_eq!(before["directories"], json!(["harbour"]));
    assert_eq!(before["groups"], json!([giving("owners", "viewer")]));

    let tried = ask(
        &web,
        Role::Administrator,
        &format!("POST {GROUPS}/preview"),
        &giving("owners", "editor"),
    )
    .await;
    assert_eq!(tried.status, 200, "{}", tried.text());
    let gain = &tried.json()["changes"][0];
    assert_eq!(
        (&gain["email"], &gain["what"]),
        (&json!("anna@harbour.test"), &json!("gains"))
    );
    assert_eq!(
        (&gain["organization"], &gain["role"]),
        (&json!("acme"), &json!("editor"))
    );
    let without = json!({"directory": "harbour", "group": group("owners")});
    let lost = ask(&web, Role::Owner, &format!("POST {GROUPS}/preview"), &without).await;
    assert_eq!(lost.json()["changes"][0]["what"], "loses", "{}", lost.text());
    assert_eq!(web.get(GROUPS).await.json(), before, "a preview saves nothing");

    let mapped = actions(&web, "directory.map").await.len();
    let key = [("Idempotency-Key", "group-1")];
    let (line, body) = (format!("PUT {GROUPS}"), giving("owners", "editor"));
    for replayed in [None, Some("true")] {
        let set = web.send(Role::Administrator, &line, &key, Some(&body)).await;
        assert_eq!(set.status, 200, "{}", set.text());
        assert_eq!(set.json()["groups"], json!([giving("owners", "editor")]));
        assert_eq!(set.header("Idempotency-Replayed"), replayed);
    }
    assert_eq!(actions(&web, "directory.map").await.len(), mapped + 1);

    let name = group("owners").replace('=', "%3D").replace(',', "%2C");
    let line = format!("DELETE {GROUPS}?directory=harbour&group={name}");
    let stale = [("If-Match", before_tag.as_str())];
    for (line, body) in [(&format!("PUT {GROUPS}"), Some(&body)), (&line, None)] {
        let refused = web.send(Role::Administrator, line, &stale, body).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (412, "stale-version"),
            "{line}"
        );
    }
    let tag = web.get(GROUPS).await.header("ETag").unwrap().to_owned();
    let fresh = [("If-Match", tag.as_str())];
    let kept = web
        .send(Role::Administrator, &format!("PUT {GROUPS}"), &fresh, Some(&body))
        .await;
    assert_eq!(
        (kept.status, kept.header("ETag")),
        (200, Some(tag.as_str())),
        "{}",
        kept.text()
    );
    let taken = web.send(Role::Administrator, &line, &[], None).await;
    assert_eq!(taken.status, 204, "{}", taken.text());
    assert_eq!(actions(&web, "directory.unmap").await.len(), 1);
    let again = web.send(Role::Administrator, &line, &[], None).await;
    assert_eq!((again.status, again.code().as_str()), (404, "not-found"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_gives_by_a_group_what_they_may_not_give() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    let (web, globex) = scene(&server).await;
    let before = web.get(GROUPS).await.json();
    let (set, preview) = (format!("PUT {GROUPS}"), format!("POST {GROUPS}/preview"));
    for line in [&set, &preview] {
        let higher = ask(&web, Role::Administrator, line, &giving("editors", "owner")).await;
        assert_eq!(
            (higher.status, higher.code().as_str()),
            (403, "not-allowed"),
            "{line}"
        );
        for low in [Role::Viewer, Role::Editor, Role::Accountant] {
            let refused = ask(&web, low, line, &giving("editors", "viewer")).await;
            assert_eq!(
                (refused.status, refused.code().as_str()),
                (403, "not-allowed"),
                "{low}"
            );
        }
        let unknown = ask(&web, Role::Owner, line, &giving("nobody", "viewer")).await;
        assert_eq!(
            unknown.json()["errors"][0]["pointer"],
            "/group",
            "{}",
            unknown.text()
        );
        let short = json!({"directory": "harbour", "group": "editors", "role": "viewer"});
        let short = ask(&web, Role::Owner, line, &short).await;
        assert_eq!(short.json()["errors"][0]["pointer"], "/group", "{}", short.text());
    }
    // What makes owners is the owners' alone, to give and to take.
    assert_eq!(
        ask(&web, Role::Owner, &set, &giving("editors", "owner"))
            .await
            .status,
        200
    );
    let name = group("editors").replace('=', "%3D").replace(',', "%2C");
    let line = format!("DELETE {GROUPS}?directory=harbour&group={name}");
    let refused = web.send(Role::Administrator, &line, &[], None).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "not-allowed"));
    assert_eq!(web.send(Role::Owner, &line, &[], None).await.status, 204);
    let none = json!({"directory": "harbour", "group": group("editors"), "role": null});
    let none = ask(&web, Role::Owner, &set, &none).await;
    assert_eq!(
        (none.status, &none.json()["errors"][0]["pointer"]),
        (422, &json!("/role"))
    );
    let more = json!({"directory": "harbour", "group": group("editors"), "role": "viewer", "organization": "globex"});
    assert_eq!(ask(&web, Role::Owner, &set, &more).await.status, 422);
    assert_eq!(web.get(GROUPS).await.json(), before);

    // The host never opened the directory to globex: who is in it is not told there, nor that it is there at all.
    let stranger = Box::pin(make_token(&globex)).await;
    let elsewhere = "/api/v1/organizations/globex/role-groups";
    let listed = web
        .send_as(Some(&stranger), &format!("GET {elsewhere}"), &[], None)
        .await;
    assert_eq!(listed.json(), json!({"directories": [], "groups": []}));
    for line in [format!("PUT {elsewhere}"), format!("POST {elsewhere}/preview")] {
        let mut answers = Vec::new();
        for directory in ["harbour", "nowhere"] {
            let body = json!({"directory": directory, "group": group("owners"), "role": "viewer"});
            let answer = web.send_as(Some(&stranger), &line, &[], Some(&body)).await;
            let mut json = answer.json();
            json["request_id"] = Json::Null;
            answers.push((answer.status, json));
        }
        assert_eq!(answers[0].0, 404);
        assert_eq!(answers[0], answers[1], "{line}");
    }
}
