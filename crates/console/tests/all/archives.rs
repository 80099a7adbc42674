//! A whole organization goes out as one file and comes back into one that is empty.

use super::{
    attachments::{Part, send},
    client::{Answer, Client},
    site::Site,
};
use platform::dataset::{self, DatasetDraft};
use serde_json::json;

const TAKE: &str = "/o/acme/archive";
const RESTORE: &str = "/o/globex/archive";

fn take(client: &mut Client) -> Answer {
    client.submit(TAKE, TAKE, &[])
}

fn restore(client: &mut Client, site: &Site, archive: &[u8]) -> Answer {
    let file: Part<'_> = ("file", Some("acme.tar"), archive);
    send(client, site, RESTORE, &format!("{RESTORE}/restore"), &[file])
}

async fn start() -> std::sync::Arc<Site> {
    let site = Site::start().await;
    let workspace = site.workspace("owner", "acme").await;
    let fields = json!([
        { "label": "Name", "kind": "text", "presence": "required" },
        { "label": "IBAN", "kind": "sensitive_text" }
    ]);
    let draft = DatasetDraft {
        key: "customers".into(),
        label: "Customers".into(),
        description: String::new(),
        fields: serde_json::from_value(fields).unwrap(),
    };
    dataset::create(&workspace, draft).await.unwrap();
    let input = json!({ "name": "Casa Verde", "iban": "PT50 0002 0123" });
    let input = input.as_object().unwrap().clone();
    platform::record::create(&workspace, "customers", &input)
        .await
        .unwrap();
    std::sync::Arc::new(site)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_comes_back_into_an_empty_organization() {
    let site = start().await;
    let kept = std::sync::Arc::clone(&site);
    let work = move || {
        let mut accountant = Client::signed_in(&site, "accountant");
        assert!(accountant.get(TAKE).body.contains("in the clear"));
        let archive = take(&mut accountant);
        assert_eq!(
            archive.header("content-disposition"),
            Some("attachment; filename=\"acme.tar\"")
        );
        assert!(
            archive.body.starts_with("manifest.json\0"),
            "{}",
            &archive.body[..80]
        );
        assert!(archive.body.contains("PT50 0002 0123"));
        let mut stranger = Client::signed_in(&site, "stranger");
        let cut = restore(&mut stranger, &site, &archive.body.as_bytes()[..2_000]);
        assert_eq!(cut.status, 422, "{}", cut.body);
        assert!(cut.body.contains("The archive was not restored"), "{}", cut.body);
        let none = send(
            &mut stranger,
            &site,
            RESTORE,
            &format!("{RESTORE}/restore"),
            &[("file", Some(""), b"")],
        );
        assert!(
            none.status == 422 && none.body.contains("Choose a file"),
            "{}",
            none.body
        );
        let done = restore(&mut stranger, &site, archive.body.as_bytes());
        assert_eq!(done.location(), "/o/globex/datasets?notice=archive-restored");
        assert!(stranger.get("/o/globex/d/customers").body.contains("Casa Verde"));
        assert!(
            !stranger.get(RESTORE).body.contains("Restore an archive"),
            "it is not empty any more"
        );
        let mut viewer = Client::signed_in(&site, "viewer");
        assert_eq!(viewer.get(TAKE).status, 403);
        assert!(
            !viewer.get("/o/acme/datasets").body.contains(TAKE),
            "nothing is offered that is refused"
        );
    };
    tokio::task::spawn_blocking(work).await.unwrap();
    drop(kept);
}
