//! The sample data's way in: by the command line and the API, as each of the people, so that the audit log tells the
//! same story as it would of real work.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value as Json;

use super::people::{PEOPLE, Person, SLUG};
use super::sample::{self, Sample};
use super::strongroom::Strongroom;
use super::{Demo, marker, server};

const ADMINISTRATOR: Person = PEOPLE[1];
const ACCOUNTANT: Person = PEOPLE[2];
const EDITOR: Person = PEOPLE[3];

/// Fills the organization unless it was done before. The worker must run: imports are its jobs.
pub(super) fn once(demo: &Demo<'_>) -> Result<()> {
    for person in &PEOPLE {
        member(demo, person)?;
    }
    marker::once(demo.folder, "filled", || {
        load(demo, &sample::customers())?;
        for sample in sample::others(&customer_ids(demo)?) {
            load(demo, &sample)?;
        }
        work(demo)
    })
}

/// The command line as one of the people.
fn member(demo: &Demo<'_>, person: &Person) -> Result<Strongroom> {
    let settings = demo.folder.join("clients").join(format!("{}.toml", person.role));
    fs::create_dir_all(demo.folder.join("clients"))?;
    let text = format!(
        "# Written by `cargo xtask demo` at each start: strongroom --config THIS dataset list\n\
         url = \"https://localhost:{port}\"\nca_file = {authority:?}\ntoken_file = {token:?}\norganization = \"{SLUG}\"\n",
        port = demo.ports.https,
        authority = demo.certificates.authority,
        token = person.token_file(demo.folder),
    );
    fs::write(&settings, text)?;
    Ok(Strongroom::new(&server::program(), &settings))
}

fn load(demo: &Demo<'_>, sample: &Sample) -> Result<()> {
    let done = format!("dataset-{}", sample.key);
    marker::once(demo.folder, &done, || {
        eprintln!("+ sample data: {}", sample.key);
        let folder = demo.folder.join("samples");
        fs::create_dir_all(&folder)?;
        define(&member(demo, &ADMINISTRATOR)?, &folder, sample)?;
        let csv = write(&folder, &format!("{}.csv", sample.key), &sample.csv)?;
        let editor = member(demo, &EDITOR)?;
        editor
            .run(&["import", &csv.to_string_lossy(), "--dataset", sample.key])
            .map(drop)
    })
}

/// A dataset that an interrupted start has left is taken as it is.
fn define(administrator: &Strongroom, folder: &Path, sample: &Sample) -> Result<()> {
    if administrator.run(&["dataset", "show", sample.key]).is_ok() {
        return Ok(());
    }
    let file = write(
        folder,
        &format!("{}.json", sample.key),
        &sample.definition.to_string(),
    )?;
    administrator
        .run(&["dataset", "create", "--file", &file.to_string_lossy()])
        .map(drop)
}

fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf> {
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The customers' ids, by their numbers.
fn customer_ids(demo: &Demo<'_>) -> Result<Vec<String>> {
    let editor = member(demo, &EDITOR)?;
    let page: Json = list(&editor, "customers", "number", 500)?;
    ids(&page)
}

fn list(person: &Strongroom, dataset: &str, sort: &str, limit: u16) -> Result<Json> {
    let limit = limit.to_string();
    let text = person.run(&[
        "--json", "record", "list", dataset, "--sort", sort, "--limit", &limit,
    ])?;
    Ok(serde_json::from_str(&text)?)
}

fn ids(page: &Json) -> Result<Vec<String>> {
    let records = page["records"]
        .as_array()
        .context("the answer lists no records")?;
    let id = |record: &Json| record["id"].as_str().map(str::to_owned);
    records
        .iter()
        .map(id)
        .collect::<Option<_>>()
        .context("a record has no id")
}

/// A morning's work, so that histories, the trash and the audit log have something to show.
fn work(demo: &Demo<'_>) -> Result<()> {
    let (editor, accountant) = (member(demo, &EDITOR)?, member(demo, &ACCOUNTANT)?);
    let invoices = ids(&list(&editor, "ledger", "-issued_on", 12)?)?;
    let [first, second, third, ..] = invoices.as_slice() else {
        return Ok(());
    };
    editor.run(&[
        "record",
        "update",
        "ledger",
        first,
        "subject=Data platform, yearly fee",
        "status=open",
    ])?;
    editor.run(&["record", "update", "ledger", first, "amount=11988.00 EUR"])?;
    accountant.run(&[
        "record",
        "update",
        "ledger",
        second,
        "status=paid",
        "paid_on=2026-03-01",
    ])?;
    editor.run(&["record", "trash", "ledger", third])?;
    let customer = customer_ids(demo)?;
    let customer = customer.first().context("there are no customers")?;
    accountant.run(&["record", "reveal", "customers", customer, "iban"])?;
    let export = demo.folder.join("samples/ledger-export.csv");
    if !export.exists() {
        accountant.run(&["export", "ledger", "--output", &export.to_string_lossy()])?;
    }
    Ok(())
}
