//! Exports: records as CSV or JSON, and an organization as an archive, streamed while they are read; and the archive
//! back again, taken in while it comes.

use super::{
    file::{download, stream_of},
    record::query_of,
};
use crate::{
    answer::Answer,
    call::Call,
    refusal::{Refusal, Result},
};
use platform::export::{self, Envelope, Format, IifMapping, Restored, Reveal};
use serde::Serialize;

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

/// The records that the query selects, as transactions for QuickBooks.
pub(crate) async fn iif(call: Call) -> Result<Answer> {
    let needed = |name: &str| match call.query.get(name) {
        Some(key) => Ok(key.to_owned()),
        None => Err(Refusal::invalid_at(name, "required", "the key of a field")),
    };
    let maybe = |name: &str| call.query.get(name).map(str::to_owned);
    let mapping = IifMapping {
        date: needed("date")?,
        account: needed("account")?,
        contra: needed("contra")?,
        amount: needed("amount")?,
        name: maybe("name"),
        number: maybe("number"),
        memo: maybe("memo"),
    };
    let query = query_of(&call)?;
    let dataset = call.part("dataset");
    let stream = export::iif(call.workspace()?, dataset, &query, &mapping).await?;
    Ok(download("application/x-iif", &format!("{dataset}.iif"), stream))
}

/// Everything that the organization holds, as a tar file; encrypted by age where a public key is named.
pub(crate) async fn archive(call: Call) -> Result<Answer> {
    let workspace = call.workspace()?;
    let slug = &workspace.organization().slug;
    let Some(key) = call.query.get("recipient") else {
        let stream = export::archive(workspace).await?;
        return Ok(download("application/x-tar", &format!("{slug}.tar"), stream));
    };
    let stream = export::sealed_archive(workspace, Envelope::for_key(key)?).await?;
    Ok(download(
        "application/octet-stream",
        &format!("{slug}.tar.age"),
        stream,
    ))
}

#[derive(Serialize)]
struct RestoredView {
    datasets: usize,
    records: u64,
    attachments: usize,
}

/// Takes an archive into an organization without datasets: all of it, or nothing.
pub(crate) async fn restore(mut call: Call) -> Result<Answer> {
    let stream = stream_of(&mut call)?;
    let Restored {
        datasets,
        records,
        attachments,
    } = export::restore_archive(call.workspace()?, stream).await?;
    Ok(Answer::ok(&RestoredView {
        datasets,
        records,
        attachments,
    }))
}
