//! The audit log.

use crate::{
    answer::Answer,
    call::Call,
    refusal::Result,
    view::audit::{CheckpointView, EntriesView, EntryDetailView, ReceiptView},
};
use platform::{
    ledger,
    trail::{self, TrailQuery},
};

/// Entries, newest first.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let query = TrailQuery {
        before: call.query.get("before").map(str::to_owned),
        action: call.query.get("action").map(str::to_owned),
        account: call.query.parsed("account", "an account id")?,
        object: call.query.get("object").map(str::to_owned),
        from: call.query.parsed("from", "a time such as 2026-03-12T00:00:00Z")?,
        until: call
            .query
            .parsed("until", "a time such as 2026-03-12T00:00:00Z")?,
        limit: call.limit()?,
    };
    let page = trail::list(call.workspace()?, &query).await?;
    let next = page.next.as_deref().map(|next| call.link("before", next));
    Ok(Answer::ok(&EntriesView::of(&page, next.as_deref())))
}

/// One entry with what it changed.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let detail = trail::find(call.workspace()?, call.id("entry")?).await?;
    Ok(Answer::ok(&EntryDetailView::from(&detail)))
}

/// How far an entry has come, with its receipt.
pub(crate) async fn prove(call: Call) -> Result<Answer> {
    let proof = ledger::receipt(call.workspace()?, call.id("entry")?).await?;
    Ok(Answer::ok(&ReceiptView::from(&proof)))
}

/// The newest checkpoint.
pub(crate) async fn checkpoint(call: Call) -> Result<Answer> {
    let found = ledger::checkpoint_for(call.workspace()?).await?;
    Ok(Answer::ok(&CheckpointView::from(&found)))
}
