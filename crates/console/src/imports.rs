//! Imports: upload, preview with the plan, dry run, progress, result.
//!
//! Invariant: an uploaded file passes through as a stream; nothing here holds it.

mod plan;
mod upload;

use crate::{
    chrome::crumb,
    errors::Fault,
    fields::with_problems,
    form::Form,
    view::{
        Badge, Chrome, ErrorSummary, Fact, ImportOutcome as Outcome, ImportPreviewPage, ImportProgressPage,
        ImportResultPage, ImportRow, ImportsPage, Nav, RefusedRow, TableCell, Tone,
    },
    visit::{Answer, POLLING, Room, Visit, page, page_with, see_other},
    words::{grouped, moment, plural, sentence},
};
use access::Permission;
use actix_web::{HttpResponse, http::StatusCode, http::header, web::Path};
use platform::import::{self, Destination, ImportPlan, ImportState, ImportView, Mode};
use types::{JobId, ProblemCode};

pub(crate) use upload::upload;

/// Seconds between two looks at a running import.
const REFRESH_SECONDS: u32 = 2;
/// Refused rows on the page; the report has all.
const REFUSED_SHOWN: usize = 200;

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// `GET /o/{organization}/imports`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    page(&imports_page(&room, upload::inputs(&room).await?, None).await?)
}

async fn imports_page(
    room: &Room,
    fields: Vec<crate::view::FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<ImportsPage, Fault> {
    let found = import::list(&room.workspace).await?;
    Ok(ImportsPage {
        chrome: room.chrome("Imports", Nav::Imports).await?,
        organization: room.slug().to_owned(),
        fields,
        failure,
        imports: found.iter().map(row).collect(),
        may_import: room.may(Permission::RecordImport),
    })
}

fn state_badge(state: ImportState) -> Badge {
    match state {
        ImportState::Draft => Badge::new("Waits for you", Tone::Brass),
        ImportState::Waiting => Badge::new("Waiting", Tone::Accent),
        ImportState::Running => Badge::new("Running", Tone::Accent),
        ImportState::Done => Badge::new("Imported", Tone::Good),
        ImportState::Failed => Badge::new("Not imported", Tone::Bad),
        ImportState::Cancelled => Badge::new("Cancelled", Tone::Neutral),
    }
}

fn dataset_name(view: &ImportView) -> String {
    match &view.plan.dataset {
        Destination::Existing { key } => key.clone(),
        Destination::New { label, .. } => label.clone(),
    }
}

fn row(view: &ImportView) -> ImportRow {
    let rows = view.outcome.as_ref().map(|outcome| number(outcome.rows_read));
    ImportRow {
        job: view.id.to_string(),
        file: view.file_name.clone(),
        dataset: dataset_name(view),
        state: state_badge(view.state),
        rows: rows.map(grouped).unwrap_or_default(),
        at: moment(view.created_at),
    }
}

type Place = Path<(String, String)>;

fn id_of(place: &Place) -> Result<JobId, Fault> {
    place.1.parse().map_err(|_| Fault::not_found("import"))
}

fn path_of(room: &Room, id: JobId) -> String {
    format!("{}/imports/{id}", room.base())
}

async fn chrome_of(room: &Room, title: &str) -> Result<Chrome, Fault> {
    let mut chrome = room.chrome(title, Nav::Imports).await?;
    chrome
        .crumbs
        .push(crumb("Imports", format!("{}/imports", room.base())));
    Ok(chrome)
}

/// `GET /o/{organization}/imports/{job}`: whichever page the import's state asks for.
pub(crate) async fn job(visit: Visit, place: Place) -> Answer {
    let room = visit.enter(&place.0).await?;
    let view = import::find(&room.workspace, id_of(&place)?).await?;
    let is_changed = visit.query.get("change").is_some();
    match view.state {
        ImportState::Waiting | ImportState::Running => page(&progress_page(&room, &view).await?),
        ImportState::Draft if view.outcome.is_none() || is_changed => {
            page(&preview_page(&room, &view, &view.plan, None).await?)
        }
        ImportState::Draft | ImportState::Done | ImportState::Failed | ImportState::Cancelled => {
            page(&result_page(&room, &view).await?)
        }
    }
}

async fn preview_page(
    room: &Room,
    view: &ImportView,
    plan: &ImportPlan,
    failure: Option<ErrorSummary>,
) -> Result<ImportPreviewPage, Fault> {
    let fact = |label: &str, text: &str| Fact {
        label: label.to_owned(),
        cell: TableCell::new(sentence(text), crate::view::CellKind::Text),
    };
    let fields = match &plan.dataset {
        Destination::Existing { key } => {
            let dataset = platform::dataset::find(&room.workspace, key).await?;
            plan::field_choices(&dataset)
        }
        Destination::New { .. } => Vec::new(),
    };
    let labels = ["Encoding", "Delimiter"]
        .into_iter()
        .chain(std::iter::repeat("Seen"));
    let evidence = labels.zip(&view.evidence).map(|(label, text)| fact(label, text));
    let uploaded = Fact {
        label: "Uploaded".into(),
        cell: TableCell::new(moment(view.created_at).text, crate::view::CellKind::Date),
    };
    Ok(ImportPreviewPage {
        chrome: chrome_of(room, "Preview").await?,
        action: path_of(room, view.id),
        file: view.file_name.clone(),
        facts: evidence.chain([uploaded]).collect(),
        dataset: match &plan.dataset {
            Destination::Existing { key } => key.clone(),
            Destination::New { label, .. } => label.clone(),
        },
        new_dataset: matches!(plan.dataset, Destination::New { .. }),
        reading: plan::reading_inputs(plan),
        columns: plan::columns(view, plan),
        types: plan::type_choices(),
        fields,
        rows: view
            .preview
            .iter()
            .map(|row| padded(row, view.headers.len()))
            .collect(),
        failure,
    })
}

/// A ragged row as long as the others.
fn padded(row: &[String], length: usize) -> Vec<String> {
    let mut row = row.to_vec();
    row.resize(length, String::new());
    row
}

async fn progress_page(room: &Room, view: &ImportView) -> Result<ImportProgressPage, Fault> {
    let is_trial = view.outcome.as_ref().is_some_and(|outcome| outcome.dry_run);
    let stage = match view.state {
        ImportState::Waiting => "Waiting for a worker",
        _ if is_trial => "Trying every row",
        _ => "Reading rows",
    };
    let progress = &view.progress;
    Ok(ImportProgressPage {
        chrome: chrome_of(room, &view.file_name).await?,
        action: path_of(room, view.id),
        stage: stage.to_owned(),
        done: progress.bytes,
        total: Some(progress.bytes_total).filter(|total| *total > 0),
        rows_read: grouped(number(progress.rows)),
        started: moment(view.created_at),
        refresh_seconds: REFRESH_SECONDS,
        refresh_href: format!("{}?{POLLING}", path_of(room, view.id)),
    })
}

async fn result_page(room: &Room, view: &ImportView) -> Result<ImportResultPage, Fault> {
    let path = path_of(room, view.id);
    let nothing = import::ImportOutcome {
        dry_run: false,
        rows_read: 0,
        rows_imported: 0,
        refused: Vec::new(),
        refused_count: 0,
        dataset: None,
        error: None,
    };
    let found = view.outcome.clone().unwrap_or(nothing);
    let outcome = outcome_of(view.state, &found);
    let refused = found
        .refused
        .iter()
        .take(REFUSED_SHOWN)
        .map(|refusal| RefusedRow {
            row: grouped(number(refusal.line)),
            column: refusal.column.clone().unwrap_or_default(),
            code: refusal.code.clone(),
            message: sentence(&refusal.message),
        });
    let dataset = found
        .dataset
        .as_ref()
        .filter(|_| outcome == Outcome::Imported)
        .map(|key| format!("{}/d/{key}", room.base()));
    Ok(ImportResultPage {
        chrome: chrome_of(room, &view.file_name).await?,
        outcome,
        summary: summary(view, &found, outcome),
        rows_read: grouped(number(found.rows_read)),
        rows_accepted: grouped(number(found.rows_imported)),
        rows_refused: grouped(number(found.refused_count)),
        refused: refused.collect(),
        report_href: (found.refused_count > 0).then(|| format!("{path}/report")),
        dataset_href: dataset,
        imports_href: format!("{}/imports", room.base()),
        plan_href: (view.state == ImportState::Draft).then(|| format!("{path}?change=1")),
        action: path,
    })
}

fn outcome_of(state: ImportState, found: &import::ImportOutcome) -> Outcome {
    match (state, found.refused_count) {
        (ImportState::Done, _) => Outcome::Imported,
        (ImportState::Cancelled, _) => Outcome::Cancelled,
        (ImportState::Failed, 0) => Outcome::Failed,
        (ImportState::Failed, _) => Outcome::Refused,
        (ImportState::Draft | ImportState::Waiting | ImportState::Running, count) => {
            match (&found.error, count) {
                (None, 0) => Outcome::DryRunPassed,
                (Some(_), 0) => Outcome::Failed,
                _ => Outcome::DryRunFailed,
            }
        }
    }
}

fn summary(view: &ImportView, found: &import::ImportOutcome, outcome: Outcome) -> String {
    let rows = plural(number(found.rows_imported), "row", "rows");
    let name = dataset_name(view);
    match (outcome, &found.error) {
        (Outcome::Imported, _) => format!("{rows} of {} are in {name}.", view.file_name),
        (Outcome::DryRunPassed, _) => format!("{rows} would go into {name}. Nothing was kept."),
        (_, Some(error)) => sentence(error),
        (Outcome::Cancelled, None) => "Nothing of it was kept.".to_owned(),
        (_, None) => "Correct the file, or the plan, and try again.".to_owned(),
    }
}

/// `POST /o/{organization}/imports/{job}`: what the person decided.
pub(crate) async fn decide(visit: Visit, place: Place, form: Form) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let path = path_of(&room, id);
    let act = form.text("act");
    if act == "cancel" {
        import::cancel(&room.workspace, id).await?;
        return see_other(&format!("{}/imports", room.base()));
    }
    let view = import::find(&room.workspace, id).await?;
    // The result of a dry run has one button and no plan.
    let typed = form.get("encoding").map(|_| plan::read(&view, &form));
    let wanted = typed.clone();
    let done = async {
        if let Some(plan) = wanted {
            import::plan(&room.workspace, id, plan).await?;
        }
        match act {
            "import" => import::start(&room.workspace, id, Mode::Import).await.map(|_| ()),
            "dry-run" => import::start(&room.workspace, id, Mode::DryRun).await.map(|_| ()),
            _ => Ok(()),
        }
    };
    match done.await {
        Ok(()) if act == "reread" => see_other(&format!("{path}?change=1")),
        Ok(()) => see_other(&path),
        Err(error) if matches!(error.code, ProblemCode::Invalid | ProblemCode::Taken) => {
            let (_, failure) = with_problems("The import was not started", error, Vec::new())?;
            let plan = typed.unwrap_or_else(|| view.plan.clone());
            let template = preview_page(&room, &view, &plan, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET .../imports/{job}/report`: every refused row as CSV.
pub(crate) async fn report(visit: Visit, place: Place) -> Answer {
    let room = visit.enter(&place.0).await?;
    let id = id_of(&place)?;
    let stream = import::report_csv(&room.workspace, id).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"refused-rows.csv\"",
        ))
        .streaming(stream))
}
