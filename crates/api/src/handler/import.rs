//! Imports: upload, plan, try, take in. The work itself is a job; these routes only say what it is to do.

use super::file::{download, stream_of};
use crate::{
    answer::Answer,
    call::Call,
    read::members::read_as,
    refusal::{Refusal, Result},
    view::import::{ImportJson, ImportsJson},
};
use actix_web::http::StatusCode;
use platform::import::{self, ImportPlan, Mode};
use types::JobId;

/// Takes a file and looks at it; answers with a proposed plan.
pub(crate) async fn create(mut call: Call) -> Result<Answer> {
    let stream = stream_of(&mut call)?;
    let name = call.query.get("file_name");
    let name =
        name.ok_or_else(|| Refusal::invalid_at("file_name", "required", "say what the file is called"))?;
    let made = import::upload(call.workspace()?, name, call.query.get("dataset"), stream).await?;
    let location = format!("{}/{}", call.request.path(), made.id);
    Ok(Answer::created(&location, &ImportJson::from(&made)))
}

/// The caller's newest imports.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let imports = import::list(call.workspace()?).await?;
    Ok(Answer::ok(&ImportsJson {
        imports: imports.iter().map(ImportJson::from).collect(),
    }))
}

/// One import with its plan, progress and outcome.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let found = import::find(call.workspace()?, call.id("import")?).await?;
    Ok(Answer::ok(&ImportJson::from(&found)))
}

/// Replaces the plan.
pub(crate) async fn plan(mut call: Call) -> Result<Answer> {
    let plan: ImportPlan = read_as(call.take_json()?)?;
    let changed = import::plan(call.workspace()?, call.id("import")?, plan).await?;
    Ok(Answer::ok(&ImportJson::from(&changed)))
}

/// Starts a dry run or the import itself; a worker carries it out.
pub(crate) async fn start(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let mode = members.required_word("mode", &[("dry_run", Mode::DryRun), ("import", Mode::Import)]);
    let mode = members.finish_with(mode)?;
    let started = import::start(call.workspace()?, call.id("import")?, mode).await?;
    Ok(Answer::json(StatusCode::ACCEPTED, &ImportJson::from(&started)))
}

/// Calls an import off.
pub(crate) async fn cancel(call: Call) -> Result<Answer> {
    import::cancel(call.workspace()?, call.id("import")?).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// Every refused row with its reason, as CSV.
pub(crate) async fn report(call: Call) -> Result<Answer> {
    let id: JobId = call.id("import")?;
    let stream = import::report_csv(call.workspace()?, id).await?;
    Ok(download(
        "text/csv; charset=utf-8",
        &format!("import-{id}-refused.csv"),
        stream,
    ))
}
