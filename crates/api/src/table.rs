//! The table of all routes: the one place where a route can be made. Addresses that are asked for most stand first,
//! because addresses are compared in this order.

use crate::{
    handler::{
        access_log, batch, dataset, export, field, file, import, maintenance, me, meta, organization,
        promise, record, record_change,
    },
    route::{
        Condition::{IfMatch, IfNoneMatch},
        Gives,
        Needs::{Operator, Permission as Needs, Public, SignedIn},
        Parameter, Route, Takes,
        Verb::{Delete, Get, Patch, Post, Put},
    },
    serve::BASE,
};
use access::Permission as P;
use platform::promise::{Requirement, RouteDeclaration};

/// A handler as the table keeps it.
macro_rules! handler {
    ($path:path) => {
        |call| Box::pin($path(call))
    };
}

/// The addresses below an organization's dataset.
macro_rules! dataset {
    ($rest:literal) => {
        concat!("/organizations/{organization}/datasets/{dataset}", $rest)
    };
}

macro_rules! organization {
    ($rest:literal) => {
        concat!("/organizations/{organization}", $rest)
    };
}

mod administration;
mod appliance;
mod person;

const fn parameter(name: &'static str, about: &'static str) -> Parameter {
    Parameter { name, about }
}

const FILTER: Parameter = parameter(
    "filter",
    "Conditions that all must hold: filter[field][operator]=value; without an operator, equality.",
);
const SEARCH: Parameter = parameter("search", "Words to search for in text fields.");
const SORT: Parameter = parameter(
    "sort",
    "Up to three field keys joined by commas; - in front for descending.",
);
const TRASH: Parameter = parameter("trash", "true for the records in the trash.");
const LIMIT: Parameter = parameter("limit", "How many, 1 to 500; 50 when nothing is said.");
const CURSOR: Parameter = parameter("cursor", "The cursor of an earlier answer to the same query.");
const COUNT: Parameter = parameter("count", "exact counts all records that match; none does not.");
const BEFORE: Parameter = parameter("before", "Where an earlier answer stopped.");
const AFTER: Parameter = parameter("after", "Where an earlier answer stopped.");
const ACTION: Parameter = parameter("action", "Only actions that begin with this, such as record.");
const ACCOUNT: Parameter = parameter("account", "Only this account's acts.");
const OBJECT: Parameter = parameter(
    "object",
    "Only acts on the thing of this id; of a record, imports and bulk acts that changed it, too.",
);

const FORMAT: Parameter = parameter("format", "csv, json or jsonl; csv when nothing is said.");
const REVEAL: Parameter = parameter(
    "reveal",
    "true for sensitive values in the clear, where the role may reveal them.",
);
const FILE_NAME: Parameter = parameter("file_name", "What the file is called; required.");
const NAME: Parameter = parameter("name", "What the file is called; required.");
const DATASET: Parameter = parameter(
    "dataset",
    "The dataset to import into; without it a new one is proposed.",
);

const OUTCOME: Parameter = parameter("outcome", "done, refused or failed.");
const ADDRESS: Parameter = parameter("address", "Only from addresses that begin with this.");
const DEVICE: Parameter = parameter(
    "device",
    "Only clients that call themselves something with this in it.",
);
const FROM: Parameter = parameter("from", "Not earlier than this time.");
const UNTIL: Parameter = parameter("until", "Earlier than this time.");

const IIF: &[Parameter] = &[
    parameter("date", "The field with the day; required."),
    parameter(
        "account",
        "The field with the account that the amount is posted to; required.",
    ),
    parameter("contra", "The field with the account that balances it; required."),
    parameter(
        "amount",
        "The field with the amount, positive for a debit; required.",
    ),
    parameter("name", "The field with the customer, vendor or employee."),
    parameter("number", "The field with the document's number."),
    parameter("memo", "The field that says what for."),
    FILTER,
    SEARCH,
];
const ACCESS: &[Parameter] = &[BEFORE, ACTION, ACCOUNT, OUTCOME, ADDRESS, DEVICE, FROM, UNTIL];
const ARCHIVE: &[Parameter] = &[parameter(
    "recipient",
    "A public key of age (age1...): the file is encrypted for its holder, and is no tar file until it is opened.",
)];
const ROLE_GROUP: &[Parameter] = &[
    parameter("directory", "The directory's name; required."),
    parameter("group", "The group's whole name, SID or GUID; required."),
];
const ACCESS_EXPORT: &[Parameter] = &[ACTION, ACCOUNT, OUTCOME, ADDRESS, DEVICE, FROM, UNTIL];
const LIST: &[Parameter] = &[FILTER, SEARCH, SORT, TRASH, LIMIT, CURSOR, COUNT];

/// How many there are.
const ROUTES_COUNT: usize = RECORDS.len()
    + administration::ROUTES.len()
    + person::ROUTES.len()
    + appliance::DIRECTORIES.len()
    + appliance::PROVIDERS.len()
    + appliance::MAIL.len()
    + appliance::GRANTS.len();

/// Every route.
pub const ROUTES: &[Route] = &joined::<ROUTES_COUNT>(&[
    RECORDS,
    administration::ROUTES,
    person::ROUTES,
    appliance::DIRECTORIES,
    appliance::PROVIDERS,
    appliance::MAIL,
    appliance::GRANTS,
]);

/// One list of several; the compiler refuses a count that is not theirs.
const fn joined<const N: usize>(parts: &[&[Route]]) -> [Route; N] {
    let mut all = [parts[0][0]; N];
    let (mut part, mut next) = (0, 0);
    while part < parts.len() {
        let mut place = 0;
        while place < parts[part].len() {
            all[next] = parts[part][place];
            place += 1;
            next += 1;
        }
        part += 1;
    }
    assert!(next == N, "the count is not that of the parts");
    all
}

/// Records and what belongs to them, the appliance itself, and one's own things.
const RECORDS: &[Route] = &[
    // Before the address of one record, which would take "batch" for an id.
    Route::new(
        Post,
        dataset!("/records/batch"),
        "record.batch",
        Needs(P::RecordWrite),
        "Up to 1,000 changes, all or none",
        handler!(batch::create),
    )
    .takes(Takes::LargeJson("Batch"))
    .gives(Gives::Json(200, "BatchResult")),
    Route::new(
        Get,
        dataset!("/records/{record}"),
        "record.show",
        Needs(P::RecordRead),
        "Read a record",
        handler!(record::show),
    )
    .gives(Gives::Json(200, "Record"))
    .condition(IfNoneMatch),
    Route::new(
        Patch,
        dataset!("/records/{record}"),
        "record.update",
        Needs(P::RecordWrite),
        "Change the fields that are sent",
        handler!(record_change::update),
    )
    .takes(Takes::Json("RecordInput"))
    .gives(Gives::Json(200, "Record"))
    .condition(IfMatch),
    Route::new(
        Delete,
        dataset!("/records/{record}"),
        "record.trash",
        Needs(P::RecordWrite),
        "Put a record into the trash",
        handler!(record_change::trash),
    )
    .gives(Gives::Json(200, "Record"))
    .condition(IfMatch),
    Route::new(
        Get,
        dataset!("/records"),
        "record.list",
        Needs(P::RecordRead),
        "List records",
        handler!(record::list),
    )
    .query(LIST)
    .gives(Gives::Json(200, "Records")),
    Route::new(
        Post,
        dataset!("/records"),
        "record.create",
        Needs(P::RecordWrite),
        "Create a record",
        handler!(record_change::create),
    )
    .takes(Takes::Json("RecordInput"))
    .gives(Gives::Json(201, "Record")),
    Route::new(
        Post,
        dataset!("/query"),
        "record.query",
        Needs(P::RecordRead),
        "List records by a filter tree",
        handler!(record::query),
    )
    .reads()
    .takes(Takes::Json("RecordQuery"))
    .gives(Gives::Json(200, "Records")),
    Route::new(
        Post,
        dataset!("/aggregate"),
        "record.aggregate",
        Needs(P::RecordRead),
        "Count, sum, average, least and greatest by group",
        handler!(record::aggregate),
    )
    .reads()
    .takes(Takes::Json("AggregateQuery"))
    .gives(Gives::Json(200, "Bins")),
    Route::new(
        Post,
        dataset!("/records/{record}/restore"),
        "record.restore",
        Needs(P::RecordWrite),
        "Take a record out of the trash",
        handler!(record_change::restore),
    )
    .gives(Gives::Json(200, "Record"))
    .condition(IfMatch),
    Route::new(
        Post,
        dataset!("/records/{record}/purge"),
        "record.purge",
        Needs(P::RecordPurge),
        "Remove a record in the trash for good",
        handler!(record_change::purge),
    )
    .condition(IfMatch),
    Route::new(
        Get,
        dataset!("/records/{record}/history"),
        "record.history",
        Needs(P::RecordRead),
        "Every version of a record, newest first",
        handler!(record::history),
    )
    .query(&[BEFORE])
    .gives(Gives::Json(200, "History")),
    Route::new(
        Post,
        dataset!("/records/{record}/fields/{field}/reveal"),
        "record.reveal",
        Needs(P::RecordReveal),
        "Reveal a sensitive field; the act is logged",
        handler!(record_change::reveal),
    )
    .reads()
    .gives(Gives::Json(200, "Revealed")),
    Route::new(
        Get,
        dataset!("/export"),
        "record.export",
        Needs(P::RecordExport),
        "Export records as CSV, JSON or JSON Lines",
        handler!(export::records),
    )
    .query(&[FORMAT, REVEAL, FILTER, SEARCH, TRASH])
    .gives(Gives::File("text/csv; charset=utf-8")),
    Route::new(
        Get,
        dataset!("/iif"),
        "record.export-iif",
        Needs(P::RecordExport),
        "Export a ledger's records as QuickBooks' IIF, each a balanced transaction; all or none",
        handler!(export::iif),
    )
    .query(IIF)
    .gives(Gives::File("application/x-iif")),
    Route::new(
        Get,
        organization!("/archive"),
        "organization.archive",
        Needs(P::RecordExport),
        "Everything that the organization holds, as a tar file",
        handler!(export::archive),
    )
    .query(ARCHIVE)
    .gives(Gives::File("application/x-tar")),
    Route::new(
        Post,
        organization!("/archive"),
        "organization.restore",
        Needs(P::DatasetDefine),
        "Restore an archive into an organization without datasets; the body is the tar file",
        handler!(export::restore),
    )
    .takes(Takes::File)
    .gives(Gives::Json(200, "Restored")),
    Route::new(
        Get,
        "/health",
        "health.show",
        Public,
        "That the server answers",
        handler!(meta::health),
    )
    .gives(Gives::Json(200, "Health")),
    Route::new(
        Get,
        "/openapi.json",
        "openapi.show",
        Public,
        "This document",
        handler!(meta::openapi),
    )
    .gives(Gives::Json(200, "Document")),
    Route::new(
        Get,
        "/maintenance",
        "maintenance.show",
        SignedIn,
        "Whether maintenance is announced or on; it is switched on the host",
        handler!(maintenance::show),
    )
    .gives(Gives::Json(200, "Maintenance")),
    Route::new(
        Get,
        "/me",
        "me.show",
        SignedIn,
        "The caller's account",
        handler!(me::show),
    )
    .gives(Gives::Json(200, "Me")),
    Route::new(
        Get,
        "/me/access-log",
        "me.access-log",
        SignedIn,
        "The caller's own sign-ins and requests",
        handler!(access_log::own),
    )
    .query(ACCESS)
    .gives(Gives::Json(200, "AccessLog")),
    Route::new(
        Get,
        "/me/access-log.csv",
        "me.access-log-export",
        SignedIn,
        "The caller's own sign-ins and requests as CSV",
        handler!(access_log::export_own),
    )
    .query(ACCESS_EXPORT)
    .gives(Gives::File("text/csv; charset=utf-8")),
    Route::new(
        Get,
        "/promises",
        "promise.list",
        SignedIn,
        "Every promise with what can be said of it now",
        handler!(promise::list),
    )
    .gives(Gives::Json(200, "Promises")),
    Route::new(
        Get,
        "/organizations",
        "organization.list",
        SignedIn,
        "The caller's organizations",
        handler!(organization::list),
    )
    .gives(Gives::Json(200, "Organizations")),
    Route::new(
        Get,
        organization!(""),
        "organization.show",
        Needs(P::OrganizationRead),
        "An organization",
        handler!(organization::show),
    )
    .gives(Gives::Json(200, "Organization")),
    Route::new(
        Get,
        organization!("/datasets"),
        "dataset.list",
        Needs(P::RecordRead),
        "The organization's datasets",
        handler!(dataset::list),
    )
    .gives(Gives::Json(200, "Datasets")),
    Route::new(
        Post,
        organization!("/datasets"),
        "dataset.create",
        Needs(P::DatasetDefine),
        "Create a dataset with its fields",
        handler!(dataset::create),
    )
    .takes(Takes::Json("DatasetInput"))
    .gives(Gives::Json(201, "Dataset")),
    Route::new(
        Get,
        dataset!(""),
        "dataset.show",
        Needs(P::RecordRead),
        "A dataset with its fields",
        handler!(dataset::show),
    )
    .gives(Gives::Json(200, "Dataset")),
    Route::new(
        Patch,
        dataset!(""),
        "dataset.update",
        Needs(P::DatasetDefine),
        "Change a dataset's label or description",
        handler!(dataset::update),
    )
    .takes(Takes::Json("DatasetChange"))
    .gives(Gives::Json(200, "Dataset")),
    Route::new(
        Post,
        dataset!("/fields"),
        "field.create",
        Needs(P::DatasetDefine),
        "Add a field",
        handler!(field::create),
    )
    .takes(Takes::Json("FieldInput"))
    .gives(Gives::Json(201, "Dataset")),
    Route::new(
        Patch,
        dataset!("/fields/{field}"),
        "field.update",
        Needs(P::DatasetDefine),
        "Change a field's label, rules and flags",
        handler!(field::update),
    )
    .takes(Takes::Json("FieldChange"))
    .gives(Gives::Json(200, "Dataset")),
    Route::new(
        Delete,
        dataset!("/fields/{field}"),
        "field.delete",
        Needs(P::DatasetDefine),
        "Remove a field with its values",
        handler!(field::delete),
    )
    .gives(Gives::Json(200, "Dataset")),
    Route::new(
        Post,
        dataset!("/fields/{field}/sensitive"),
        "field.make-sensitive",
        Needs(P::DatasetDefine),
        "Make a text field sensitive; there is no way back",
        handler!(field::make_sensitive),
    )
    .gives(Gives::Json(200, "Dataset")),
    Route::new(
        Get,
        organization!("/imports"),
        "import.list",
        Needs(P::RecordImport),
        "The caller's imports",
        handler!(import::list),
    )
    .gives(Gives::Json(200, "Imports")),
    Route::new(
        Post,
        organization!("/imports"),
        "import.create",
        Needs(P::RecordImport),
        "Upload a CSV or JSON file; the body is the file",
        handler!(import::create),
    )
    .query(&[FILE_NAME, DATASET])
    .takes(Takes::File)
    .gives(Gives::Json(201, "Import")),
    Route::new(
        Get,
        organization!("/imports/{import}"),
        "import.show",
        Needs(P::RecordImport),
        "An import: plan, progress, outcome",
        handler!(import::show),
    )
    .gives(Gives::Json(200, "Import")),
    Route::new(
        Put,
        organization!("/imports/{import}/plan"),
        "import.plan",
        Needs(P::RecordImport),
        "Replace an import's plan",
        handler!(import::plan),
    )
    .takes(Takes::Json("ImportPlan"))
    .gives(Gives::Json(200, "Import")),
    Route::new(
        Post,
        organization!("/imports/{import}/start"),
        "import.start",
        Needs(P::RecordImport),
        "Start a dry run or the import",
        handler!(import::start),
    )
    .takes(Takes::Json("ImportStart"))
    .gives(Gives::Json(202, "Import")),
    Route::new(
        Post,
        organization!("/imports/{import}/cancel"),
        "import.cancel",
        Needs(P::RecordImport),
        "Call an import off",
        handler!(import::cancel),
    ),
    Route::new(
        Get,
        organization!("/imports/{import}/report"),
        "import.report",
        Needs(P::RecordImport),
        "Every refused row with its reason, as CSV",
        handler!(import::report),
    )
    .gives(Gives::File("text/csv; charset=utf-8")),
    Route::new(
        Post,
        organization!("/files"),
        "file.create",
        Needs(P::RecordWrite),
        "Store a file; the body is the file",
        handler!(file::create),
    )
    .query(&[NAME])
    .takes(Takes::File)
    .gives(Gives::Json(201, "File")),
    Route::new(
        Get,
        organization!("/files/{file}"),
        "file.show",
        Needs(P::RecordRead),
        "A stored file's bytes",
        handler!(file::show),
    )
    .gives(Gives::File("application/octet-stream")),
];

/// The routes as the promise of request verification looks at them: give it to `Platform::declare_routes`.
#[must_use]
pub fn declarations() -> Vec<RouteDeclaration> {
    let declare = |route: &Route| RouteDeclaration {
        method: route.verb.as_str().to_owned(),
        path: format!("{BASE}{}", route.path),
        requirement: match route.needs {
            Public => Requirement::Public,
            SignedIn => Requirement::SignedIn,
            Operator => Requirement::Operator,
            Needs(permission) => Requirement::Permission(permission),
        },
    };
    ROUTES.iter().map(declare).collect()
}
