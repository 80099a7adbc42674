//! Exports: records as CSV or JSON, and an organization as an archive, streamed while they are read.

use super::{file::download, record::query_of};
use crate::{answer::Answer, call::Call, refusal::Result};
use platform::export::{self, Format, Reveal};

/// The records that the query selects.
pub(crate) async fn records(call: Call) -> Result<Answer> {
    let formats = [
        ("csv", Format::Csv),
        ("json", Format::Json),
        ("jsonl", Format::JsonLines),
    ];
    let format = call.query.word("format", &formats)?.unwrap_or_default();
    let reveal = call
        .query
        .word("reveal", &[("true", Reveal::Clear), ("false", Reveal::Masked)])?;
    let query = query_of(&call)?;
    let dataset = call.part("dataset");
    let stream = export::records(
        call.workspace()?,
        dataset,
        &query,
        format,
        reveal.unwrap_or_default(),
    )
    .await?;
    let (media_type, extension) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "csv"),
        Format::Json => ("application/json", "json"),
        Format::JsonLines => ("application/jsonl", "jsonl"),
    };
    Ok(download(media_type, &format!("{dataset}.{extension}"), stream))
}

/// Everything that the organization holds, as a tar file.
pub(crate) async fn archive(call: Call) -> Result<Answer> {
    let workspace = call.workspace()?;
    let stream = export::archive(workspace).await?;
    let name = format!("{}.tar", workspace.organization().slug);
    Ok(download("application/x-tar", &name, stream))
}
