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

/// A public key of age whose other half nobody needs here.
const KEY: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_archive_is_fetched_from_where_a_download_broke_off() {
    let site = start().await;
    let kept = std::sync::Arc::clone(&site);
    let work = move || {
        let mut owner = Client::signed_in(&site, "owner");
        let open = owner.submit(TAKE, TAKE, &[("envelope", "open"), ("keep", "true")]);
        assert!(
            open.status == 422 && open.body.contains("Only an archive for a public key"),
            "{}",
            open.body
        );
        let unsaid = owner.submit(
            TAKE,
            TAKE,
            &[("envelope", "open"), ("passphrase", "pickle orbit lantern seven")],
        );
        assert_eq!(
            unsaid.status, 422,
            "a passphrase was given and nothing was encrypted"
        );
        let asked = owner.submit(
            TAKE,
            TAKE,
            &[("envelope", "key"), ("recipient", KEY), ("keep", "true")],
        );
        assert_eq!(asked.location(), "/o/acme/archive?notice=archive-asked");
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        let page = loop {
            let page = owner.get(TAKE);
            if page.body.contains("/archive/kept/") {
                break page;
            }
            assert!(std::time::Instant::now() < until, "{}", page.body);
            std::thread::sleep(std::time::Duration::from_millis(200));
        };
        let path = format!("/o/acme/archive/kept/{}", page.between("/archive/kept/", "\""));
        let (status, headers, whole) = owner.fetch(&path, &[]);
        assert_eq!(status, 200);
        let header = |headers: &[(String, String)], name: &str| {
            headers
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
                .unwrap()
        };
        let tag = header(&headers, "etag");
        assert_eq!(header(&headers, "accept-ranges"), "bytes");
        assert_eq!(header(&headers, "content-length"), whole.len().to_string());
        assert!(whole.starts_with(b"age-encryption.org/v1\n"));
        let (status, headers, rest) = owner.fetch(&path, &[("range", "bytes=1000-"), ("if-range", &tag)]);
        assert_eq!((status, &rest[..]), (206, &whole[1000..]));
        assert_eq!(
            header(&headers, "content-range"),
            format!("bytes 1000-{}/{}", whole.len() - 1, whole.len())
        );
        let (status, _, all) = owner.fetch(&path, &[("range", "bytes=1000-"), ("if-range", "\"another\"")]);
        assert_eq!((status, all.len()), (200, whole.len()));
        let (status, headers, _) = owner.fetch(&path, &[("range", &format!("bytes={}-", whole.len()))]);
        assert_eq!(
            (status, header(&headers, "content-range")),
            (416, format!("bytes */{}", whole.len()))
        );
        assert_eq!(Client::signed_in(&site, "accountant").get(&path).status, 404);
        assert_eq!(Client::signed_in(&site, "viewer").get(&path).status, 403);
    };
    tokio::task::spawn_blocking(work).await.unwrap();
    drop(kept);
}
