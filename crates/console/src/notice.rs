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
    (
        "review-signed",
        NoticeKind::Success,
        "The review was signed. The next one is due in 90 days.",
    ),
    (
        "request-opened",
        NoticeKind::Success,
        "The request was written down. Look for the person now.",
    ),
    (
        "search-goes-on",
        NoticeKind::Information,
        "The search has come a part of the way and is stored. Go on with it.",
    ),
    (
        "search-ended",
        NoticeKind::Success,
        "The search has come to its end.",
    ),
    (
        "search-ended-with-more",
        NoticeKind::Success,
        "The search has come to its end. More records refer to what is theirs than the list has room for.",
    ),
    ("request-marked", NoticeKind::Success, "Saved whose they are."),
    (
        "request-extended",
        NoticeKind::Success,
        "The request is due later now. Tell the person why.",
    ),
    (
        "erasure-proposed",
        NoticeKind::Success,
        "The erasure was proposed. Another administrator approves it.",
    ),
    (
        "proposal-withdrawn",
        NoticeKind::Success,
        "The proposal was taken back.",
    ),
    (
        "erasure-done",
        NoticeKind::Success,
        "What was theirs is erased, and the words to look for with it. Tell the person.",
    ),
    (
        "erasure-left",
        NoticeKind::Information,
        "Something could not be erased yet. What is left stands below as there or in the trash: take it out of the records that refer to it, and go on.",
    ),
    (
        "request-closed",
        NoticeKind::Success,
        "The request was closed, and the words to look for are gone.",
    ),
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
    (
        "bundle-handed-over",
        NoticeKind::Information,
        "The bundle was handed over. What became of it stands below in a moment; load the page again.",
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
    (
        "rights-saved",
        NoticeKind::Success,
        "Saved. It holds for the person's sessions and tokens within seconds.",
    ),
    (
        "member-sessions-ended",
        NoticeKind::Success,
        "Every session of this person was ended; they sign in anew.",
    ),
    (
        "policies-saved",
        NoticeKind::Success,
        "The policies were changed; they hold within seconds.",
    ),
    (
        "account-disabled",
        NoticeKind::Success,
        "Disabled. Sessions ended, and whatever runs in its name ends within five seconds.",
    ),
    ("account-enabled", NoticeKind::Success, "Enabled."),
    (
        "grant-asked",
        NoticeKind::Success,
        "Asked. An administrator of the organization decides.",
    ),
    (
        "grant-approved",
        NoticeKind::Success,
        "Approved. It ends by itself, and you can end it here.",
    ),
    ("grant-refused", NoticeKind::Success, "Refused."),
    ("grant-ended", NoticeKind::Success, "The access was ended."),
    (
        "organization-restored",
        NoticeKind::Success,
        "The organization is taken back. What was written since stays in the history, and this can be taken back below.",
    ),
    (
        "archive-asked",
        NoticeKind::Success,
        "Asked: the archive is made in the background, and stands below for a day once it is ready.",
    ),
    (
        "nothing-differed",
        NoticeKind::Information,
        "Nothing differed, and nothing was changed.",
    ),
    (
        "backup-asked",
        NoticeKind::Success,
        "Asked: a backup begins within seconds, and this page shows it.",
    ),
    (
        "backup-runs",
        NoticeKind::Information,
        "A backup runs already; another was not begun.",
    ),
    (
        "alert-asked",
        NoticeKind::Success,
        "A test of the alerts is on its way to every operator; the promise backup-alert says whether it was taken.",
    ),
    (
        "organization-cancelled",
        NoticeKind::Success,
        "The organization is cancelled: it can be read and exported, and nothing in it changes.",
    ),
    (
        "organization-reinstated",
        NoticeKind::Success,
        "The cancellation is taken back; everything works as before.",
    ),
    (
        "deletion-ordered",
        NoticeKind::Warning,
        "The deletion is ordered. Any owner can call it back here until then.",
    ),
    (
        "deletion-called-back",
        NoticeKind::Success,
        "The deletion is called back.",
    ),
    (
        "hold-placed",
        NoticeKind::Success,
        "The hold is in force: nothing is deleted and nothing expires.",
    ),
    ("hold-lifted", NoticeKind::Success, "The hold is lifted."),
    (
        "factors-reset",
        NoticeKind::Success,
        "The member's second factors are gone and their sessions ended. Where one is required, their next sign-in sets up a new one.",
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
        "identity-tied",
        NoticeKind::Success,
        "The provider opens this account from now on.",
    ),
    (
        "identity-untied",
        NoticeKind::Success,
        "The provider does not open this account any more.",
    ),
    (
        "waits",
        NoticeKind::Information,
        "You are known to the provider and wait to be let in here. Whoever runs this appliance sees it.",
    ),
    (
        "directory-added",
        NoticeKind::Success,
        "The directory was added. Run the test.",
    ),
    (
        "directory-removed",
        NoticeKind::Success,
        "The directory was removed. Accounts and roles stay.",
    ),
    (
        "provider-added",
        NoticeKind::Success,
        "The provider was added. Run the test.",
    ),
    (
        "provider-removed",
        NoticeKind::Success,
        "The provider was removed.",
    ),
    (
        "letter-sent",
        NoticeKind::Success,
        "The server took a letter to your address; see whether it arrives.",
    ),
    (
        "reset-asked",
        NoticeKind::Information,
        "If there is an account with a password for that address, a link is on its way.",
    ),
    (
        "code-sent",
        NoticeKind::Information,
        "A code is on its way. Type it here within ten minutes.",
    ),
    (
        "message-sent",
        NoticeKind::Success,
        "The gateway took a message to that number; see whether it arrives.",
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
