//! Pictures of the real pages with believable data, light and dark, wide and narrow, for looking at and for docs/.
//! `cargo nextest run -p strongroom-console --run-ignored only pictures` leaves them in `target/console-pictures`.

use super::{person::Person, site::Site};
use platform::{Workspace, dataset, record};
use serde_json::{Value, json};
use std::path::Path;
use testkit::browser::{ColorScheme, Scripts};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/console-pictures");

const CUSTOMERS: [(&str, &str, &str, &str); 8] = [
    (
        "Aldgate Books",
        "London",
        "accounts@aldgatebooks.example",
        "GB29 NWBK 6016 1331 9268 19",
    ),
    (
        "Blue Fjord Shipping",
        "Oslo",
        "post@bluefjord.example",
        "NO93 8601 1117 947",
    ),
    (
        "Casa Verde",
        "Lisbon",
        "ola@casaverde.example",
        "PT50 0002 0123 1234 5678 9015 4",
    ),
    (
        "Drei Linden Verlag",
        "Leipzig",
        "konto@dreilinden.example",
        "DE89 3704 0044 0532 0130 00",
    ),
    (
        "Ecole du Port",
        "Marseille",
        "compta@ecoleduport.example",
        "FR14 2004 1010 0505 0001 3M02 606",
    ),
    (
        "Ferry & Daughters",
        "Cork",
        "hello@ferryanddaughters.example",
        "IE29 AIBK 9311 5212 3456 78",
    ),
    ("Glaciar Andino", "Mendoza", "pagos@glaciarandino.example", ""),
    (
        "Harbour Light Trust",
        "Aberdeen",
        "office@harbourlight.example",
        "GB94 BARC 1020 1530 0934 59",
    ),
];

async fn make(workspace: &Workspace, draft: Value) {
    let draft = dataset::DatasetDraft {
        key: draft["key"].as_str().unwrap().into(),
        label: draft["label"].as_str().unwrap().into(),
        description: draft["description"].as_str().unwrap().into(),
        fields: serde_json::from_value(draft["fields"].clone()).unwrap(),
    };
    dataset::create(workspace, draft).await.unwrap();
}

async fn add(workspace: &Workspace, dataset: &str, fields: Value) -> String {
    let input = fields.as_object().unwrap().clone();
    let found = record::create(workspace, dataset, &input).await.unwrap();
    found.record.id.to_string()
}

async fn furnish(workspace: &Workspace) -> (String, String) {
    make(
        workspace,
        json!({ "key": "customers", "label": "Customers",
        "description": "Everybody we send invoices to.", "fields": [
        { "label": "Name", "kind": "text", "presence": "required", "uniqueness": "unique" },
        { "label": "City", "kind": "text" },
        { "label": "E-mail", "key": "email", "kind": "email", "help": "Where invoices go." },
        { "label": "IBAN", "key": "iban", "kind": "sensitive_text" },
        { "label": "Newsletter", "kind": "boolean" },
        { "label": "Notes", "kind": "long_text" }] }),
    )
    .await;
    make(
        workspace,
        json!({ "key": "invoices", "label": "Invoices",
        "description": "Issued since 2024; one record each.", "fields": [
        { "label": "Number", "kind": "text", "presence": "required", "uniqueness": "unique" },
        { "label": "Customer", "kind": "reference", "references": "customers", "presence": "required" },
        { "label": "Amount", "kind": "money", "presence": "required" },
        { "label": "Status", "kind": "choice", "rules": { "choices": ["draft", "sent", "paid", "late"] } },
        { "label": "Issued", "kind": "date", "indexing": "indexed" },
        { "label": "Due", "kind": "date" },
        { "label": "Reminders", "kind": "integer" },
        { "label": "Internal note", "kind": "long_text" }] }),
    )
    .await;
    let mut customers = Vec::new();
    for (name, city, email, iban) in CUSTOMERS {
        let iban = if iban.is_empty() { Value::Null } else { iban.into() };
        let fields = json!({ "name": name, "city": city, "email": email, "iban": iban,
            "newsletter": name.len() % 2 == 0, "notes": "Pays within thirty days." });
        customers.push(add(workspace, "customers", fields).await);
    }
    let mut last = String::new();
    for place in 0..64_usize {
        let amount = format!("{}.{:02}", 40 + (place * 7919) % 9_000, (place * 37) % 100);
        let (month, day) = (1 + place % 9, 1 + (place * 5) % 28);
        let status = ["paid", "sent", "paid", "late", "paid", "draft"][place % 6];
        let fields = json!({ "number": format!("2026-{:04}", 1_100 + place),
            "customer": customers[(place * 3) % customers.len()],
            "amount": { "amount": amount, "currency": if place % 7 == 3 { "NOK" } else { "EUR" } },
            "status": status, "issued": format!("2026-{month:02}-{day:02}"),
            "due": format!("2026-{:02}-{day:02}", month + 1), "reminders": (place % 4) as i64 });
        last = add(workspace, "invoices", fields).await;
    }
    let id = customers[1].parse().unwrap();
    for change in [
        json!({ "city": "Bergen" }),
        json!({ "email": "regnskap@bluefjord.example", "newsletter": true }),
    ] {
        let input = change.as_object().unwrap().clone();
        record::update(workspace, "customers", id, record::Expected::Any, &input)
            .await
            .unwrap();
    }
    let trashed = customers[6].parse().unwrap();
    record::trash(workspace, "customers", trashed, record::Expected::Any)
        .await
        .unwrap();
    (customers[1].clone(), last)
}

#[ignore = "takes pictures to look at; checks nothing"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_of_every_page() {
    std::fs::create_dir_all(FOLDER).unwrap();
    let site = Site::start().await;
    let workspace = site.workspace("owner", "acme").await;
    let (customer, invoice) = furnish(&workspace).await;
    let person = Person::new(&site, Scripts::Allowed).await;
    person.open("/sign-in").await;
    take(&person, "sign-in").await;
    person.sign_in("owner").await;
    let pages = [
        ("datasets", "/o/acme/datasets".to_owned()),
        ("records", "/o/acme/d/invoices?sort=-issued&limit=25".to_owned()),
        (
            "records-filtered",
            "/o/acme/d/invoices?filter_field=status&filter_operator=eq&filter_value=late&add_filter=1"
                .to_owned(),
        ),
        ("customers", "/o/acme/d/customers".to_owned()),
        ("record", format!("/o/acme/d/customers/r/{customer}")),
        ("invoice", format!("/o/acme/d/invoices/r/{invoice}")),
        ("record-form", format!("/o/acme/d/invoices/r/{invoice}/edit")),
        ("customer-form", format!("/o/acme/d/customers/r/{customer}/edit")),
        ("history", format!("/o/acme/d/customers/r/{customer}/history")),
        ("trash", "/o/acme/d/customers/trash".to_owned()),
        ("settings", "/o/acme/d/invoices/settings".to_owned()),
        ("new-dataset", "/o/acme/datasets/new".to_owned()),
        ("imports", "/o/acme/imports".to_owned()),
        ("members", "/o/acme/members".to_owned()),
        ("audit", "/o/acme/audit".to_owned()),
        ("tokens", "/o/acme/tokens".to_owned()),
        ("promises", "/promises".to_owned()),
        ("account", "/account".to_owned()),
        ("access-log", "/account/access-log".to_owned()),
        ("not-found", "/o/acme/d/nothing".to_owned()),
    ];
    for (name, path) in &pages {
        person.open(path).await;
        take(&person, name).await;
    }
    preview(&person).await;
    person.open("/o/acme/d/invoices/settings#field-status").await;
    take(&person, "settings-field").await;
    person.open("/o/acme/audit").await;
    person.press("UTC").await;
    take(&person, "audit-entry").await;
}

async fn preview(person: &Person) {
    use fantoccini::Locator;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("payments-2026.csv");
    let mut text = "Reference;Payer;Amount;Paid on;Method;Phone\n".to_owned();
    for place in 0..400 {
        let (name, ..) = CUSTOMERS[place % CUSTOMERS.len()];
        text += &format!(
            "P-{place:05};{name};{},{:02} EUR;{:02}.03.2026;{};+49 30 {}\n",
            20 + place * 3,
            place % 100,
            1 + place % 28,
            ["card", "transfer", "cash"][place % 3],
            1_000_000 + place
        );
    }
    text += "P-00401;Nobody;much;32.03.2026;card;\n";
    std::fs::write(&file, text).unwrap();
    person.open("/o/acme/imports").await;
    let input = person
        .browser
        .find(Locator::Css("input[type=file]"))
        .await
        .unwrap();
    input.send_keys(file.to_str().unwrap()).await.unwrap();
    person.press("Upload and preview").await;
    take(person, "import-preview").await;
    person.press("Dry run").await;
    person.sees("Rows read").await;
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    take(person, "import-result").await;
}

async fn take(person: &Person, name: &str) {
    let browser = &person.browser;
    for (scheme, width) in [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)] {
        let colours = if scheme == "dark" {
            ColorScheme::Dark
        } else {
            ColorScheme::Light
        };
        browser.prefer(colours).await.unwrap();
        browser
            .resize(width, if width == 390 { 844 } else { 900 })
            .await
            .unwrap();
        // Colours fade over.
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let file = format!("{FOLDER}/{name}-{width}-{scheme}.png");
        browser.screenshot_to(Path::new(&file)).await.unwrap();
    }
    browser.prefer(ColorScheme::Light).await.unwrap();
    browser.resize(1280, 900).await.unwrap();
}
