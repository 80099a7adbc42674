//! `strongroom audit check --kept`: receipts and notes that somebody kept elsewhere, held against the log.

use super::{super::Common, read_small};
use crate::{
    failure::{CommandError, Exit},
    host,
    output::talk,
};
use platform::{
    Caller,
    ledger::kept::{self, Kept, Kind, Word},
};
use serde_json::json;
use std::{path::Path, process::ExitCode};

/// Ends well when the log bears all of it out.
pub(super) fn run(common: &Common, file: &Path) -> Result<ExitCode, CommandError> {
    let text = read_small(file)?;
    let kept = host::with_platform(common.config.as_deref(), async |platform, _| {
        Ok(kept::compare(platform, &Caller::host(), &text).await?)
    })?;
    let rows = kept.iter().map(row).collect();
    common.format().list(
        &["kept", "leaves", "witnesses", "the log"],
        rows,
        &json!({ "kept": kept }),
    )?;
    if kept.iter().all(|one| one.word == Word::BorneOut) {
        return Ok(ExitCode::SUCCESS);
    }
    talk(
        "do not write any more: keep this file, and copies of the database and of the log's folder, and find out who wrote there",
    );
    Ok(ExitCode::from(Exit::Failed as u8))
}

fn row(kept: &Kept) -> Vec<String> {
    let kind = match kept.kind {
        Kind::Note => "note".to_owned(),
        Kind::Receipt { index } => format!("receipt of leaf {index}"),
    };
    let word = match kept.word {
        Word::BorneOut => "bears it out",
        Word::Rewritten => "WAS REWRITTEN: it signed this, and is another one now",
        Word::SetBack => "WAS SET BACK: it signed this, and is shorter now",
        Word::NotOurs => "NEVER SIGNED THIS",
    };
    vec![
        kind,
        kept.size.to_string(),
        kept.witnesses.to_string(),
        word.to_owned(),
    ]
}
