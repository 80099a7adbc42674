//! A person's day in real Chromium over TLS, with scripts and without.

use super::{person::Person, site::Site};
use fantoccini::{Locator, key::Key};
use platform::record::{self, Expected};
use serde_json::json;
use testkit::browser::Scripts;

const CSV: &str = "Customer,City,Amount,Since\n\
    Aldgate Books,London,120.50,2024-03-01\n\
    Blue Fjord,Oslo,99.90,2023-11-20\n\
    Casa Verde,Lisbon,1410.00,2025-01-15\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_kept_by_hand_with_scripts() {
    keep_records(Scripts::Allowed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_kept_by_hand_without_scripts() {
    keep_records(Scripts::Blocked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_come_and_go_and_people_are_managed_with_scripts() {
    move_files_and_people(Scripts::Allowed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_come_and_go_and_people_are_managed_without_scripts() {
    move_files_and_people(Scripts::Blocked).await;
}

async fn keep_records(scripts: Scripts) {
    let site = Site::start().await;
    let person = Person::new(&site, scripts).await;
    person.sign_in("owner").await;
    person.sees("No datasets yet").await;
    make_dataset(&person).await;
    write_records(&person).await;
    change_and_look_back(&site, &person).await;
    find(&person).await;
    seal(&person).await;
    trash_and_restore(&person).await;
    // Of reveals an owner has as much as the policies give; an accountant may.
    change_places(&person, "owner", "accountant").await;
    reveal(&person).await;
    change_places(&person, "accountant", "owner").await;
    person.open("/o/acme/audit").await;
    for text in ["Revealed", "Several at once", "Restored"] {
        person.sees(text).await;
    }
    person.heard_no_complaint().await;
}

async fn move_files_and_people(scripts: Scripts) {
    let site = Site::start().await;
    let person = Person::new(&site, scripts).await;
    person.sign_in("owner").await;
    import(&person).await;
    administer(&person).await;
    own_account(&person).await;
    change_places(&person, "owner", "accountant").await;
    export(&site, &person).await;
    person.heard_no_complaint().await;
}

async fn make_dataset(person: &Person) {
    person.press("New dataset").await;
    person.fill("label", "Suppliers").await;
    person.press("Make dataset").await;
    person.sees("The dataset was made").await;
    for (label, kind, required) in [
        ("Name", "text", true),
        ("Account", "text", false),
        ("Ceiling", "integer", false),
    ] {
        if person.path().await.contains("field-added") {
            person.press("Add field").await;
        }
        person.fill("new.label", label).await;
        person.choose("new.kind", kind).await;
        if required {
            person.tick("new.required", "true").await;
        }
        let place = "//form[contains(@action, '/fields')]//button[normalize-space(.)='Add field']";
        let button = person.browser.find(Locator::XPath(place)).await.unwrap();
        button.click().await.unwrap();
        person.sees("The field was added").await;
    }
}

async fn write_records(person: &Person) {
    for (name, account, limit) in [
        ("Alder", "DE44-1", "10"),
        ("Birch", "DE44-2", "20"),
        ("Cedar", "DE44-3", "30"),
    ] {
        person.open("/o/acme/d/suppliers").await;
        person.press("New record").await;
        person.fill("field.name", name).await;
        person.fill("field.account", account).await;
        person.fill("field.ceiling", limit).await;
        person.press("Create record").await;
        person.sees("The record was created").await;
    }
    person.open("/o/acme/d/suppliers/new").await;
    person.fill("field.name", "Dogwood").await;
    person.fill("field.ceiling", "many").await;
    person.press("Create record").await;
    person.sees("The record was not created").await;
    person.sees("Not a whole number").await;
    let name = person
        .browser
        .find(Locator::Css("[name=\"field.name\"]"))
        .await
        .unwrap();
    assert_eq!(name.prop("value").await.unwrap().as_deref(), Some("Dogwood"));
}

/// Edits a record that somebody else changes meanwhile, then reads its history.
async fn change_and_look_back(site: &Site, person: &Person) {
    person.open("/o/acme/d/suppliers").await;
    person.press("Alder").await;
    let path = person.path().await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    person.press("Edit").await;
    person.fill("field.ceiling", "11").await;
    let other = site.workspace("editor", "acme").await;
    let input = json!({ "ceiling": 99 }).as_object().unwrap().clone();
    record::update(&other, "suppliers", id, Expected::Any, &input)
        .await
        .unwrap();
    person.press("Save changes").await;
    person.sees("Somebody else was faster").await;
    person.sees("Test editor changed this record").await;
    person.sees("99").await;
    person.press("Save mine over theirs").await;
    person.sees("Saved.").await;
    person.press("History").await;
    for text in [
        "Version 3",
        "Version 2",
        "Version 1",
        "99",
        "11",
        "Test editor",
        "Test owner",
    ] {
        person.sees(text).await;
    }
}

async fn find(person: &Person) {
    person.open("/o/acme/d/suppliers").await;
    person.press("Filter").await;
    person.choose("filter_field", "ceiling").await;
    person.choose("filter_operator", "gte").await;
    person.fill("filter_value", "20").await;
    person.press("Apply").await;
    person.sees("Ceiling is at least 20").await;
    person.sees("Birch").await;
    person.does_not_see("Alder").await;
    person.press("Ceiling").await;
    person.press("Ceiling").await;
    let text = person.text().await;
    assert!(
        text.find("Cedar") < text.find("Birch"),
        "sorted downwards: {text}"
    );
    person.open("/o/acme/d/suppliers?limit=1").await;
    person.sees("1 of 3 records").await;
    let mut seen = vec![person.text().await];
    for _ in 0..2 {
        person.press("Next").await;
        seen.push(person.text().await);
    }
    for name in ["Alder", "Birch", "Cedar"] {
        let pages = seen.iter().filter(|text| text.contains(name)).count();
        assert_eq!(pages, 1, "{name} is on one page");
    }
    person.press("Previous").await;
    person.fill("search", "cedar").await;
    person.press("Search").await;
    person.sees("Search: cedar").await;
    person.does_not_see("Birch").await;
    person
        .open("/o/acme/d/suppliers?filter_field=ceiling&filter_operator=gte&filter_value=x")
        .await;
    person.sees("The table cannot be shown like this").await;
}

async fn seal(person: &Person) {
    person.open("/o/acme/d/suppliers/settings").await;
    person.press("Account").await;
    person.press("Mark as sensitive").await;
    person.sees("The field is sensitive now").await;
    person.open("/o/acme/d/suppliers").await;
    person.does_not_see("DE44").await;
}

async fn change_places(person: &Person, from: &str, to: &str) {
    person.press(&format!("Test {from}")).await;
    person.press("Sign out").await;
    person.sees("You are signed out").await;
    person.sign_in(to).await;
}

async fn reveal(person: &Person) {
    person.open("/o/acme/d/suppliers").await;
    person.press("Birch").await;
    person.does_not_see("DE44").await;
    person.press("Reveal sensitive values").await;
    person.sees("DE44-2").await;
    person.open("/o/acme/d/suppliers").await;
    person.press("Birch").await;
    person.does_not_see("DE44").await;
    person.press("Edit").await;
    person.fill("field.ceiling", "21").await;
    person.press("Save changes").await;
    person.sees("Saved.").await;
    person.press("Reveal sensitive values").await;
    person.sees("DE44-2").await;
}

async fn trash_and_restore(person: &Person) {
    person.open("/o/acme/d/suppliers").await;
    let row = "//tr[contains(., 'Cedar')]//input[@name='record']";
    let tick = person.browser.find(Locator::XPath(row)).await.unwrap();
    tick.click().await.unwrap();
    person.press("Put in the trash").await;
    person.sees("from where it can be restored").await;
    person.does_not_see("Cedar").await;
    person.open("/o/acme/d/suppliers/trash").await;
    person.sees("Cedar").await;
    person.press("Restore").await;
    person.sees("Restored from the trash").await;
}

async fn import(person: &Person) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("customers.csv");
    std::fs::write(&file, CSV).unwrap();
    person.open("/o/acme/imports").await;
    person.fill("name", "Customers").await;
    let input = person
        .browser
        .find(Locator::Css("input[type=file]"))
        .await
        .unwrap();
    input.send_keys(file.to_str().unwrap()).await.unwrap();
    person.press("Upload and preview").await;
    person.sees("Check what was guessed").await;
    person.sees("Blue Fjord").await;
    person.press("Dry run").await;
    person.sees("Dry run passed").await;
    person.press("Import now").await;
    person.sees("3 rows of customers.csv are in Customers").await;
    person.press("Open the dataset").await;
    person.sees("Casa Verde").await;
    person.sees("3 records").await;
}

async fn export(site: &Site, person: &Person) {
    person.open("/o/acme/d/customers/export?format=csv").await;
    person.sees("3 records, with 4 fields").await;
    let session = person.browser.get_named_cookie("__Host-session").await.unwrap();
    let (value, token) = (session.value().to_owned(), person.token().await);
    let mut client = super::client::Client::new(site);
    client.cookies.insert("__Host-session".into(), value);
    let answer = tokio::task::spawn_blocking(move || {
        client.post(
            "/o/acme/d/customers/export",
            &[("format", "csv"), ("csrf", &token)],
        )
    });
    let answer = answer.await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        answer.header("content-disposition"),
        Some("attachment; filename=\"customers.csv\"")
    );
    assert!(
        answer.body.contains("Casa Verde") && answer.body.lines().count() == 4,
        "{}",
        answer.body
    );
}

async fn administer(person: &Person) {
    person.open("/o/acme/members").await;
    person.sees("Test accountant").await;
    person.press("Add member").await;
    person.fill("name", "Nora New").await;
    person.fill("email", "nora@example.com").await;
    person.submit("/members").await;
    person.sees("Hand this link to Nora New yourself").await;
    person.sees("/invitation/").await;
    person.sees("Invited").await;
    person.open("/o/acme/tokens").await;
    person.press("New token").await;
    person.fill("name", "nightly load").await;
    person.press("Make token").await;
    person.sees("shown this once").await;
    person.sees("srt_").await;
    person.open("/o/acme/audit").await;
    for text in ["Imported", "Member: add", "Token: create"] {
        person.sees(text).await;
    }
    person.press("UTC").await;
    person.sees("Commitments").await;
    person.open("/promises").await;
    person.sees("transit-tls").await;
}

async fn own_account(person: &Person) {
    person.open("/account").await;
    person.sees("this one").await;
    person.choose("theme", "dark").await;
    person.submit("/account/appearance").await;
    person.sees("Saved.").await;
    let html = person.browser.find(Locator::Css("html")).await.unwrap();
    assert_eq!(html.attr("data-theme").await.unwrap().as_deref(), Some("dark"));
    person.open("/account/access-log").await;
    person.sees("Signed in").await;
}

/// Without touching the mouse: skip link, sign-in, new record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_keyboard_alone_signs_in_and_enters_a_record() {
    let site = Site::start().await;
    let workspace = site.workspace("owner", "acme").await;
    let draft = serde_json::from_value(json!({ "label": "Name", "kind": "text", "presence": "required" }));
    let draft = platform::dataset::DatasetDraft {
        key: "suppliers".into(),
        label: "Suppliers".into(),
        description: String::new(),
        fields: vec![draft.unwrap()],
    };
    platform::dataset::create(&workspace, draft).await.unwrap();
    let person = Person::new(&site, Scripts::Allowed).await;
    person.open("/sign-in?next=/o/acme/d/suppliers").await;
    person.first_stop_is("Skip to content").await;
    person.tab_to("login").await;
    person.type_here("owner@example.com").await;
    person.tab_to("password").await;
    person.type_here(super::site::PASSWORD).await;
    person.type_here(&String::from(char::from(Key::Enter))).await;
    person.sees("No records yet").await;
    person.type_here("n").await;
    person.sees("Create record").await;
    person.tab_to("field.name").await;
    person.type_here("Elder").await;
    person.type_here(&String::from(char::from(Key::Enter))).await;
    person.sees("The record was created").await;
    person.heard_no_complaint().await;
}
