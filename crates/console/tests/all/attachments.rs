//! Files in the form of a record: chosen, stored, kept through a refusal, downloaded, taken away; and what is refused.

use super::{
    client::{Answer, Client},
    site::Site,
};
use platform::dataset::{self, DatasetDraft};
use serde_json::json;

const BOUNDARY: &str = "----strongroom-test";
const NEW: &str = "/o/acme/d/contracts/new";

/// A part: name, file name, content.
pub(super) type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

fn body_of(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"\r\nContent-Type: text/plain"));
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{}\r\n\r\n",
            file.unwrap_or_default()
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn send_raw(client: &mut Client, site: &Site, path: &str, parts: &[Part<'_>]) -> Answer {
    let media = format!("multipart/form-data; boundary={BOUNDARY}");
    let headers = [("content-type", media.as_str()), ("origin", site.base.as_str())];
    client.post_raw(path, &headers, &body_of(parts))
}

/// Opens a page and sends a form in parts with its token.
pub(super) fn send(client: &mut Client, site: &Site, page: &str, path: &str, parts: &[Part<'_>]) -> Answer {
    let token = client.get(page).token();
    let mut all: Vec<Part<'_>> = vec![("csrf", None, token.as_bytes())];
    all.extend_from_slice(parts);
    send_raw(client, site, path, &all)
}

/// What stands between two texts.
fn between<'a>(body: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = body
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {body}"));
    rest.split_once(after).unwrap().0
}

async fn start() -> std::sync::Arc<Site> {
    let site = Site::start().await;
    let workspace = site.workspace("owner", "acme").await;
    let fields = json!([
        { "label": "Name", "kind": "text", "presence": "required" },
        { "label": "Scan", "kind": "attachment" }
    ]);
    let draft = DatasetDraft {
        key: "contracts".into(),
        label: "Contracts".into(),
        description: String::new(),
        fields: serde_json::from_value(fields).unwrap(),
    };
    dataset::create(&workspace, draft).await.unwrap();
    std::sync::Arc::new(site)
}

async fn with(work: impl FnOnce(&Site) + Send + 'static) {
    let site = start().await;
    let kept = std::sync::Arc::clone(&site);
    tokio::task::spawn_blocking(move || work(&kept)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_goes_in_with_the_form_and_comes_out_as_a_download() {
    with(|site| {
        let mut client = Client::signed_in(site, "editor");
        assert!(client.get(NEW).body.contains("enctype=\"multipart/form-data\""));
        let file: Part<'_> = ("field.scan.file", Some("Vertrag ä.txt"), b"signed and sealed");
        let refused = send(&mut client, site, NEW, NEW, &[("field.name", None, b""), file]);
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(
            refused.body.contains("Vertrag ä.txt (17 bytes)"),
            "{}",
            refused.body
        );
        let id = between(&refused.body, "name=\"field.scan\" value=\"", "\"").to_owned();
        let none: Part<'_> = ("field.scan.file", Some(""), b"");
        let parts = [
            ("field.name", None, &b"Lease"[..]),
            ("field.scan", None, id.as_bytes()),
            none,
        ];
        let made = send(&mut client, site, NEW, NEW, &parts);
        let record = made.location().trim_end_matches("?notice=created").to_owned();
        let page = client.get(&record);
        let href = between(
            &page.body,
            "<a href=\"/o/acme/files/",
            "\">Vertrag ä.txt (17 bytes)",
        );
        let file = client.get(&format!("/o/acme/files/{href}"));
        assert_eq!((file.status, file.body.as_str()), (200, "signed and sealed"));
        let disposition = file.header("content-disposition").unwrap();
        assert_eq!(disposition, "attachment; filename*=UTF-8''Vertrag%20%C3%A4.txt");
        assert_eq!(file.header("content-type"), Some("application/octet-stream"));
        let edit = format!("{record}/edit");
        let untouched = [
            ("version", None, &b"1"[..]),
            ("field.name", None, b"Lease"),
            ("field.scan", None, id.as_bytes()),
        ];
        let same = send(&mut client, site, &edit, &edit, &untouched);
        assert_eq!(same.location(), format!("{record}?notice=unchanged"));
        let mut removed = untouched.to_vec();
        removed.push(("field.scan.remove", None, b"true"));
        let saved = send(&mut client, site, &edit, &edit, &removed);
        assert_eq!(saved.location(), format!("{record}?notice=saved"));
        assert!(!client.get(&record).body.contains("Vertrag"), "it was taken away");
        let mut stranger = Client::signed_in(site, "stranger");
        for slug in ["acme", "globex"] {
            let path = format!("/o/{slug}/files/{id}");
            assert_eq!(stranger.get(&path).status, 404, "{path}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_with_files_are_checked_like_all_others() {
    with(|site| {
        let mut client = Client::signed_in(site, "editor");
        let file: Part<'_> = ("field.scan.file", Some("a.txt"), b"a");
        let forged = send_raw(&mut client, site, NEW, &[("field.name", None, b"Lease"), file]);
        assert_eq!(forged.status, 403, "a file before the token: {}", forged.body);
        let stored = Client::signed_in(site, "owner").get("/o/acme/audit?action=file.create");
        assert!(
            stored.body.contains("No entry matches"),
            "nothing was stored: {}",
            stored.body
        );
        let forged = send_raw(&mut client, site, NEW, &[("field.name", None, b"Lease")]);
        assert_eq!(forged.status, 403, "no token at all: {}", forged.body);
        let misplaced = send(
            &mut client,
            site,
            NEW,
            NEW,
            &[("field.name.file", Some("a.txt"), b"a")],
        );
        assert_eq!(misplaced.status, 400, "no such input: {}", misplaced.body);
        let twice = send(&mut client, site, NEW, NEW, &[file, file]);
        assert_eq!(twice.status, 400, "{}", twice.body);
        let huge = vec![b'a'; (16 << 20) + 1];
        let refused = send(
            &mut client,
            site,
            NEW,
            NEW,
            &[("field.scan.file", Some("a.txt"), &huge)],
        );
        assert_eq!(refused.status, 413, "{}", refused.body);
        let named = ("field.scan.file", Some("4111 1111 1111 1111.txt"), &b"a"[..]);
        let refused = send(
            &mut client,
            site,
            NEW,
            NEW,
            &[("field.name", None, b"Lease"), named],
        );
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains("The name of the file:"), "{}", refused.body);
        let mut viewer = Client::signed_in(site, "viewer");
        let token = viewer.get("/account").token();
        let parts = [("csrf", None, token.as_bytes()), file];
        assert_eq!(send_raw(&mut viewer, site, NEW, &parts).status, 403);
    })
    .await;
}
