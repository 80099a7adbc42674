//! What a page says about the form that led to it: a code in the address, and a sentence here.
//!
//! Invariant: the sentences are ours; an address made by somebody else cannot put words on a page.

use crate::{
    query::Pairs,
    view::{Notice, NoticeKind},
};

const SENTENCES: &[(&str, NoticeKind, &str)] = &[
    ("saved", NoticeKind::Success, "Saved."),
    ("unchanged", NoticeKind::Information, "Nothing was changed."),
    ("created", NoticeKind::Success, "The record was created."),
    (
        "trashed",
        NoticeKind::Success,
        "Put in the trash, from where it can be restored.",
    ),
    ("none-ticked", NoticeKind::Information, "Tick the records first."),
    ("restored", NoticeKind::Success, "Restored from the trash."),
    ("purged", NoticeKind::Success, "Deleted for good."),
    (
        "dataset-made",
        NoticeKind::Success,
        "The dataset was made. Add its fields.",
    ),
    ("field-added", NoticeKind::Success, "The field was added."),
    (
        "field-deleted",
        NoticeKind::Success,
        "The field was deleted with its values.",
    ),
    (
        "field-sealed",
        NoticeKind::Success,
        "The field is sensitive now; every value was sealed.",
    ),
    (
        "archive-restored",
        NoticeKind::Success,
        "The archive was restored. Records begin with version 1 here; what happened to them before stays in the archive.",
    ),
    ("member-added", NoticeKind::Success, "The member was added."),
    ("member-removed", NoticeKind::Success, "The member was removed."),
    ("role-set", NoticeKind::Success, "The role was changed."),
    ("member-enabled", NoticeKind::Success, "The member was enabled."),
    (
        "member-disabled",
        NoticeKind::Success,
        "The member was disabled; sessions and tokens end within seconds.",
    ),
    ("token-revoked", NoticeKind::Success, "The token was revoked."),
    (
        "password-changed",
        NoticeKind::Success,
        "Your password was changed and your other sessions were ended.",
    ),
    (
        "session-ended",
        NoticeKind::Information,
        "Your session has ended. Sign in again; what you had sent was not saved.",
    ),
    (
        "password-set",
        NoticeKind::Success,
        "Your password is set. Sign in with it.",
    ),
    (
        "sign-in-over",
        NoticeKind::Information,
        "This sign-in is over: it waited too long, or too many codes were wrong. Begin again.",
    ),
    (
        "factor-removed",
        NoticeKind::Success,
        "The second factor was removed and your other sessions were ended.",
    ),
    ("signed-out", NoticeKind::Success, "You are signed out."),
    ("sessions-ended", NoticeKind::Success, "The session was ended."),
];

/// The notice that the address asks for.
pub(crate) fn of(query: &Pairs) -> Option<Notice> {
    let code = query.get("notice")?;
    let (_, kind, text) = SENTENCES.iter().find(|(known, ..)| *known == code)?;
    Some(Notice {
        kind: *kind,
        text: (*text).to_owned(),
    })
}
