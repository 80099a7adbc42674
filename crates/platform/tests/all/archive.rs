//! Archives that come back: equal, however often, and never anything that only looks like one.

use crate::{
    export::{create, fill, whole},
    fixture::{Site, UPLOAD_BYTES_MAX, field, required},
};
use access::{Choice, Policies, Role};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use openssl::sha::sha256;
use platform::{
    PlatformError, Workspace,
    dataset::{self, FieldDraft},
    export,
    record::{self, Expected},
};
use serde_json::{Value as Json, json};
use std::io::Read;
use types::{FieldKind, ProblemCode, RecordId, Value};

/// An archive taken apart.
#[derive(Clone)]
struct Archive {
    manifest: Json,
    members: Vec<(String, Vec<u8>)>,
}

impl Archive {
    fn read(bytes: &[u8]) -> Self {
        let mut archive = tar::Archive::new(bytes);
        let mut members: Vec<(String, Vec<u8>)> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                let path = entry.path().unwrap().to_str().unwrap().to_owned();
                let mut content = Vec::new();
                entry.read_to_end(&mut content).unwrap();
                (path, content)
            })
            .collect();
        let (_, manifest) = members.remove(0);
        Self {
            manifest: serde_json::from_slice(&manifest).unwrap(),
            members,
        }
    }

    /// Puts it together with a manifest that has sizes and hashes of what is there, as a careful forger would.
    fn write(&self) -> Vec<u8> {
        let line = |(path, content): &(String, Vec<u8>)| json!({"path": path, "size": content.len(), "sha256": hex::encode(sha256(content))});
        let mut manifest = self.manifest.clone();
        manifest["members"] = self.members.iter().map(line).collect();
        self.write_as(&manifest)
    }

    fn write_as(&self, manifest: &Json) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(
            &mut bytes,
            "manifest.json",
            tar::EntryType::Regular,
            &serde_json::to_vec(manifest).unwrap(),
        );
        for (path, content) in &self.members {
            put(&mut bytes, path, tar::EntryType::Regular, content);
        }
        bytes.extend([0; 1024]);
        bytes
    }

    fn member(&mut self, path: &str) -> &mut Vec<u8> {
        let found = self.members.iter_mut().find(|(other, _)| other == path);
        &mut found.unwrap().1
    }

    /// What must come back: definitions without their numbers, ids, values and bytes; not names, times and the log.
    fn content(&self) -> Json {
        let mut datasets = self.manifest["datasets"].clone();
        datasets.as_array_mut().unwrap().iter_mut().for_each(unnumber);
        let ours = |path: &str| path != "history.jsonl" && path != "organization.json";
        let members = self.members.iter().filter(|(path, _)| ours(path));
        let member = |(path, bytes): &(String, Vec<u8>)| match path.ends_with(".jsonl") {
            true => json!([path, lines(bytes)]),
            false => json!([path, hex::encode(sha256(bytes))]),
        };
        json!({
            "datasets": datasets,
            "attachments": self.manifest["attachments"],
            "members": members.map(member).collect::<Vec<_>>(),
        })
    }
}

fn unnumber(dataset: &mut Json) {
    dataset["id"] = Json::Null;
    for field in dataset["fields"].as_array_mut().unwrap() {
        field["id"] = Json::Null;
        field["rules"]["dataset"] = Json::Null;
    }
}

/// The definition, then id and values of each record.
fn lines(bytes: &[u8]) -> Vec<Json> {
    let lines = std::str::from_utf8(bytes).unwrap().lines();
    let line = |line: &str| {
        let mut json: Json = serde_json::from_str(line).unwrap();
        match json.get_mut("dataset") {
            Some(dataset) => {
                unnumber(dataset);
                json
            }
            None => json!({"id": json["id"], "fields": json["fields"]}),
        }
    };
    lines.map(line).collect()
}

/// Without the tar crate's own checks of names, which a forger does not have.
fn put(bytes: &mut Vec<u8>, path: &str, kind: tar::EntryType, content: &[u8]) {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
    header.set_size(content.len() as u64);
    header.set_entry_type(kind);
    header.set_cksum();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
}

pub(crate) async fn restore(
    workspace: &Workspace,
    bytes: Vec<u8>,
) -> Result<export::Restored, PlatformError> {
    export::restore_archive(workspace, stream::iter([Ok(Bytes::from(bytes))])).await
}

/// Globex with an owner who may reveal, so that its archive has no masks.
async fn revealing_globex(site: &Site) -> Workspace {
    let globex = site.second_organization().await;
    let policies = Policies {
        administrators_reveal: Choice::Allow,
        ..Policies::default()
    };
    platform::policy::set(
        &globex,
        platform::policy::OrganizationPolicy {
            administrators: policies,
            ..Default::default()
        },
    )
    .await
    .unwrap();
    let owner = site.caller(Role::Owner);
    site.platform.enter(&owner, "globex").await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_of_what_was_restored_is_the_same_archive() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let accountant = site.as_role(Role::Accountant).await;
    fill(&site, &owner).await;
    let old = create(&owner, "things", &json!({"the_text": "old"})).await;
    record::trash(&owner, "things", old.id, Expected::Any)
        .await
        .unwrap();
    let first = whole(export::archive(&accountant).await.unwrap()).await;
    let globex = revealing_globex(&site).await;
    restore(&globex, first.clone()).await.unwrap();
    let second = whole(export::archive(&globex).await.unwrap()).await;
    let (first, second) = (Archive::read(&first), Archive::read(&second));
    assert!(
        first
            .content()
            .to_string()
            .contains("DE89 3704 0044 0532 0130 00")
    );
    assert_eq!(first.content(), second.content());
    let about = |archive: &mut Archive| {
        let found = archive
            .members
            .iter()
            .find(|(path, _)| path == "organization.json");
        found.map(|(_, text)| serde_json::from_slice::<Json>(text).unwrap())
    };
    let (mut first, mut second) = (first, second);
    assert_eq!(about(&mut first), None, "an accountant does not see the members");
    let about = about(&mut second).unwrap();
    assert_eq!(about["people"][0]["email"], "owner@example.com");
    assert_eq!(
        about["people"].as_array().unwrap().len(),
        1,
        "an archive makes nobody a member"
    );
    assert_eq!(about["policies"]["administrators_reveal"], "allow");
    let report = platform::check::organization(&site.platform, &site.caller(Role::Owner), "globex").await;
    assert!(report.unwrap().is_clean());
}

/// A field of choices.
fn colour(choice: &str) -> FieldDraft {
    let mut draft = field("Colour", FieldKind::Choice);
    draft.rules.choices = vec![choice.to_owned()];
    draft
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_no_longer_fit_their_definition_come_back() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let name = field("Name", FieldKind::Text);
    site.dataset(&owner, "Parts", vec![name.clone(), colour("red")])
        .await;
    create(&owner, "parts", &json!({"name": "a long name", "colour": "red"})).await;
    let mut short = name;
    short.rules.length_max = Some(3);
    for (key, draft) in [("name", short), ("colour", colour("blue"))] {
        dataset::alter_field(&owner, "parts", key, &draft).await.unwrap();
    }
    for draft in [
        required("VAT", FieldKind::Text),
        field("Number", FieldKind::AutoNumber),
    ] {
        dataset::add_field(&owner, "parts", &draft).await.unwrap();
    }
    create(
        &owner,
        "parts",
        &json!({"name": "new", "colour": "blue", "vat": "x"}),
    )
    .await;
    let first = whole(export::archive(&owner).await.unwrap()).await;
    let globex = site.second_organization().await;
    restore(&globex, first.clone()).await.unwrap();
    let second = whole(export::archive(&globex).await.unwrap()).await;
    assert_eq!(Archive::read(&first).content(), Archive::read(&second).content());
    let next = create(
        &globex,
        "parts",
        &json!({"name": "c", "colour": "blue", "vat": "x"}),
    )
    .await;
    assert_eq!(
        next.values.last(),
        Some(&Value::Integer(2)),
        "the counter goes on behind the archive's numbers"
    );
}

/// A dataset whose records refer to others of it.
async fn parts(site: &Site, owner: &Workspace) {
    site.dataset(owner, "Parts", vec![field("Name", FieldKind::Text)])
        .await;
    let parent = FieldDraft {
        references: Some("parts".to_owned()),
        ..field("Parent", FieldKind::Reference)
    };
    dataset::add_field(owner, "parts", &parent).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_whose_parent_lies_in_the_trash_comes_back() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    parts(&site, &owner).await;
    let parent = create(&owner, "parts", &json!({"name": "a"})).await;
    create(&owner, "parts", &json!({"name": "b", "parent": parent.id})).await;
    record::trash(&owner, "parts", parent.id, Expected::Any)
        .await
        .unwrap();
    let first = whole(export::archive(&owner).await.unwrap()).await;
    let globex = site.second_organization().await;
    restore(&globex, first.clone()).await.unwrap();
    let second = whole(export::archive(&globex).await.unwrap()).await;
    assert_eq!(Archive::read(&first).content(), Archive::read(&second).content());
    let report = platform::check::organization(&site.platform, &site.caller(Role::Owner), "globex").await;
    assert!(report.unwrap().is_clean());
}

/// More than are stored at once.
const MANY: u64 = 2_100;

fn id_of(number: u64) -> String {
    RecordId::new(1_750_000_000_000 + number, [0; 10]).to_string()
}

/// The archive with many records in place of its one part; the first refers to `parent`.
fn multiply(mut archive: Archive, parent: &str) -> Archive {
    let member = archive.member("datasets/parts.jsonl");
    let text = String::from_utf8(member.clone()).unwrap();
    let (definition, record) = text.trim_end().split_once('\n').unwrap();
    let mut record: Json = serde_json::from_str(record).unwrap();
    let mut lines = definition.to_owned();
    for number in 0..MANY {
        record["id"] = json!(id_of(number));
        record["fields"]["parent"] = match number {
            0 => json!(parent),
            _ => Json::Null,
        };
        lines = format!("{lines}\n{record}");
    }
    lines.push('\n');
    *member = lines.into_bytes();
    archive.manifest["datasets"][0]["records"] = json!(MANY);
    archive
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_refers_to_a_much_later_one_comes_back_and_one_that_refers_to_none_does_not() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    parts(&site, &owner).await;
    create(&owner, "parts", &json!({"name": "a"})).await;
    let one = Archive::read(&whole(export::archive(&owner).await.unwrap()).await);
    let globex = site.second_organization().await;

    let dangling = multiply(one.clone(), &id_of(MANY));
    let refused = restore(&globex, dangling.write()).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Invalid, "{refused:?}");
    assert!(format!("{refused:?}").contains("parts: parent: "), "{refused:?}");
    assert!(dataset::list(&globex).await.unwrap().is_empty());

    let mut first = multiply(one, &id_of(MANY - 1));
    assert_eq!(restore(&globex, first.write()).await.unwrap().records, MANY);
    let mut second = Archive::read(&whole(export::archive(&globex).await.unwrap()).await);
    let path = "datasets/parts.jsonl";
    assert_eq!(lines(first.member(path)), lines(second.member(path)));
}

/// A change to a good archive that makes it bad.
type Forgery = fn(Archive) -> Vec<u8>;

const FORGERIES: &[(&str, Forgery)] = &[
    ("a path out of the folder", |mut archive| {
        archive.members.push(("../../etc/cron.d/x".into(), b"x".to_vec()));
        archive.write()
    }),
    ("an absolute path", |mut archive| {
        archive.members.push(("/etc/passwd".into(), b"x".to_vec()));
        archive.write()
    }),
    ("a member twice", |mut archive| {
        let again = archive.members[0].clone();
        archive.members.push(again);
        archive.write()
    }),
    ("an attachment without its bytes", |mut archive| {
        archive
            .members
            .retain(|(path, _)| !path.starts_with("attachments/"));
        archive.write()
    }),
    ("fewer records than promised", |mut archive| {
        archive.manifest["datasets"][0]["records"] = json!(7);
        archive.write()
    }),
    ("two datasets of one key", |mut archive| {
        archive.manifest["datasets"][1]["key"] = archive.manifest["datasets"][0]["key"].clone();
        archive.write()
    }),
    ("two fields of one key", |mut archive| {
        let field = archive.manifest["datasets"][0]["fields"][0].clone();
        archive.manifest["datasets"][0]["fields"]
            .as_array_mut()
            .unwrap()
            .push(field);
        archive.write()
    }),
    ("a description without end", |mut archive| {
        archive.manifest["datasets"][0]["description"] = json!("x".repeat(3_000));
        archive.write()
    }),
    ("a field too many", |mut archive| {
        let field = archive.manifest["datasets"][0]["fields"][0].clone();
        archive.manifest["datasets"][0]["fields"] = std::iter::repeat_n(field, 201).collect();
        archive.write()
    }),
    ("a value of another kind", |mut archive| {
        let text = String::from_utf8(archive.member("datasets/things.jsonl").clone()).unwrap();
        *archive.member("datasets/things.jsonl") = text.replace("-42", "\"many\"").into_bytes();
        archive.write()
    }),
    ("a card number", |mut archive| {
        let text = String::from_utf8(archive.member("datasets/things.jsonl").clone()).unwrap();
        *archive.member("datasets/things.jsonl") = text.replace("=1+1", "4111111111111111").into_bytes();
        archive.write()
    }),
    ("a reference to nothing", |mut archive| {
        archive.member("datasets/targets.jsonl").clear();
        archive.manifest["datasets"][0]["records"] = json!(0);
        archive.write()
    }),
    ("another form", |mut archive| {
        archive.manifest["format_version"] = json!(2);
        archive.write()
    }),
    ("a manifest of something else", |archive| {
        archive.write_as(&json!({"format": "strongroom-archive"}))
    }),
    ("a link in place of a file", |archive| {
        let mut bytes = archive.write();
        let place = bytes
            .windows(12)
            .position(|window| window == b"attachments/")
            .unwrap();
        let header = bytes
            .windows(12)
            .skip(place + 1)
            .position(|window| window == b"attachments/")
            .unwrap()
            + place
            + 1;
        bytes[header + 156] = b'2';
        bytes
    }),
    ("bytes behind the end", |archive| {
        let mut bytes = archive.write();
        bytes.extend(b"and more");
        bytes
    }),
    ("a size beyond every file", |archive| {
        let mut bytes = archive.write();
        bytes[124..136].copy_from_slice(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
        bytes
    }),
    ("no archive at all", |_| b"PK\x03\x04 a zip file".repeat(100)),
    ("nothing", |_| Vec::new()),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_looks_like_an_archive_restores_nothing() {
    let site = Site::start().await;
    let owner = site.as_role(Role::Owner).await;
    let accountant = site.as_role(Role::Accountant).await;
    fill(&site, &owner).await;
    let good = whole(export::archive(&accountant).await.unwrap()).await;
    let globex = site.second_organization().await;
    for (what, forge) in FORGERIES {
        let refused = restore(&globex, forge(Archive::read(&good))).await;
        let refused = refused.expect_err(what);
        assert_eq!(refused.code, ProblemCode::Invalid, "{what}: {refused:?}");
        let left = platform::dataset::list(&globex).await.unwrap();
        assert!(left.is_empty(), "{what} left something behind");
    }
    // What the forgeries are made of is fine: none was refused for something else than its forgery.
    let again = Archive::read(&good).write();
    assert_eq!(restore(&globex, again).await.unwrap().records, 3);
}

/// A header, and then what never ends.
fn endless(
    path: &str,
    size: u64,
    filling: u8,
) -> impl futures_util::Stream<Item = Result<Bytes, PlatformError>> {
    let mut header = Vec::new();
    put(&mut header, path, tar::EntryType::Regular, b"");
    let mut header = tar::Header::from_byte_slice(&header).clone();
    header.set_size(size);
    let piece = Bytes::from(vec![filling; 1 << 20]);
    let first = stream::iter([Ok(Bytes::copy_from_slice(header.as_bytes()))]);
    first.chain(stream::repeat_with(move || Ok(piece.clone())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_without_end_is_given_up_at_its_bounds() {
    let site = Site::start().await;
    let globex = site.second_organization().await;
    let blanks = endless("manifest.json", 20 << 20, b' ');
    let refused = export::restore_archive(&globex, blanks).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Invalid, "a manifest of blanks");
    let large = endless("manifest.json", 33 << 20, b' ');
    let refused = export::restore_archive(&globex, large).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Invalid, "a manifest beyond its bound");
    let mut archive = Archive::read(&goods(&site).await);
    archive.members.retain(|(path, _)| path != "history.jsonl");
    let mut manifest = archive.manifest.clone();
    let lines = manifest["members"].as_array_mut().unwrap();
    lines.last_mut().unwrap()["size"] = json!(UPLOAD_BYTES_MAX * 2);
    let mut start = archive.write_as(&manifest);
    start.truncate(start.len() - 1024);
    let history = endless("history.jsonl", UPLOAD_BYTES_MAX * 2, b'\n');
    let stream = stream::iter([Ok(Bytes::from(start))]).chain(history);
    let refused = export::restore_archive(&globex, stream).await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::TooLarge);
    assert!(platform::dataset::list(&globex).await.unwrap().is_empty());
}

/// A small archive.
pub(crate) async fn goods(site: &Site) -> Vec<u8> {
    let owner = site.as_role(Role::Owner).await;
    site.dataset(&owner, "Goods", vec![field("Name", FieldKind::Text)])
        .await;
    create(&owner, "goods", &json!({"name": "chair"})).await;
    whole(export::archive(&owner).await.unwrap()).await
}
