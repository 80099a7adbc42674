//! Exporting the records of a dataset, as they are filtered, as a stream.
//!
//! Invariant: the stream goes through; an export of any size takes no memory here.

use crate::{
    datasets::{chrome_of, header},
    errors::Fault,
    form::Form,
    records::query_of,
    view::{Choice, DatasetTab, ExportPage, FieldInput, InputKind},
    visit::{Answer, Room, Visit, page},
    words::{COUNTED, plural, plural_of},
};
use access::Permission;
use actix_web::{HttpResponse, http::header as http, web::Path};
use platform::{
    export::{self, Format, Reveal},
    list,
};
use types::{Dataset, FieldKind, PageSize, ProblemCode};

/// Parameters of the table that an export keeps.
const KEPT: [&str; 4] = ["filter_field", "filter_operator", "filter_value", "search"];

/// `GET /o/{organization}/d/{dataset}/export`
pub(crate) async fn show(visit: Visit, path: Path<(String, String)>) -> Answer {
    let room = visit.enter(&path.0).await?;
    if !room.may(Permission::RecordExport) {
        return Err(Fault::new(
            ProblemCode::NotAllowed,
            "your role may not export records",
        ));
    }
    let dataset = platform::dataset::find(&room.workspace, &path.1).await?;
    let kept: Vec<(String, String)> = visit
        .query
        .pairs()
        .iter()
        .filter(|(name, _)| KEPT.contains(&name.as_str()))
        .cloned()
        .collect();
    page(&ExportPage {
        chrome: chrome_of(&room, &dataset, "Export", DatasetTab::Export).await?,
        dataset: header(&room, &dataset, DatasetTab::Export),
        summary: summary(&room, &dataset).await?,
        fields: inputs(&room, &dataset, visit.query.text("format")),
        kept,
        failure: None,
    })
}

async fn summary(room: &Room, dataset: &Dataset) -> Result<String, Fault> {
    let query = list::Query {
        count: COUNTED,
        limit: PageSize::new(1).unwrap_or_default(),
        sort: String::new(),
        cursor: None,
        ..query_of(&room.visit.query)
    };
    let found = list::list(&room.workspace, dataset.key.as_str(), &query).await?;
    let count = found.count.unwrap_or(list::Count::Exactly(0));
    let records = plural_of(count, "record", "records");
    let fields = plural(
        i64::try_from(dataset.fields.len()).unwrap_or(0),
        "field",
        "fields",
    );
    let narrowed = !query.conditions.is_empty() || query.search.is_some();
    let which = if narrowed { "that the filter leaves, " } else { "" };
    Ok(format!("{records}, {which}with {fields}."))
}

fn inputs(room: &Room, dataset: &Dataset, format: &str) -> Vec<FieldInput> {
    let with_help = |value: &str, label: &str, help: &str| Choice {
        help: Some(help.to_owned()),
        ..Choice::new(value, label)
    };
    let chosen = if ["json", "json-lines"].contains(&format) {
        format
    } else {
        "csv"
    };
    let formats = vec![
        with_help(
            "csv",
            "CSV",
            "For spreadsheets: UTF-8, one record per line, the fields' keys on top.",
        )
        .selected_if(chosen),
        with_help(
            "json",
            "JSON",
            "For programs and for importing again: with the dataset's definition.",
        )
        .selected_if(chosen),
        with_help("json-lines", "JSON Lines", "One JSON object per line.").selected_if(chosen),
    ];
    let mut fields = vec![FieldInput::new("format", "Format", InputKind::Radio(formats)).required()];
    let sensitive = dataset
        .fields
        .iter()
        .any(|field| field.kind == FieldKind::SensitiveText);
    if sensitive && room.may(Permission::RecordReveal) {
        let choices = vec![
            with_help("masked", "Masked", "The values stay sealed.").selected_if("masked"),
            with_help(
                "clear",
                "In the clear",
                "Written to the audit log with your name.",
            )
            .selected_if("masked"),
        ];
        fields.push(FieldInput::new("sensitive", "Sensitive fields", InputKind::Radio(choices)).required());
    }
    fields
}

/// `POST /o/{organization}/d/{dataset}/export`: the answer is the file.
pub(crate) async fn run(visit: Visit, path: Path<(String, String)>, form: Form) -> Answer {
    let room = visit.enter(&path.0).await?;
    let (format, media, ending) = match form.text("format") {
        "json" => (Format::Json, "application/json", "json"),
        "json-lines" => (Format::JsonLines, "application/jsonl", "jsonl"),
        _ => (Format::Csv, "text/csv; charset=utf-8", "csv"),
    };
    let reveal = if form.text("sensitive") == "clear" {
        Reveal::Clear
    } else {
        Reveal::Masked
    };
    let dataset = platform::dataset::find(&room.workspace, &path.1).await?;
    let stream = export::records(&room.workspace, &path.1, &query_of(&form), format, reveal).await?;
    // A key has letters, digits and underscores only.
    let name = format!("attachment; filename=\"{}.{ending}\"", dataset.key);
    Ok(HttpResponse::Ok()
        .content_type(media)
        .insert_header((http::CONTENT_DISPOSITION, name))
        .streaming(stream))
}
