//! Calls into the use cases as every role, for what that role may not do: each must be refused.
//!
//! Invariant: nothing is left behind, whatever answers. A call names a dataset, record or job that cannot exist, or
//! carries a name that is refused, so that a use case that forgot to ask stops there and is seen by its answer; the
//! removal of an owner is undone before it could be committed. What cannot be called so is not called: setting the
//! policies, and what takes a caller instead of a workspace (rotation, checks).

use crate::{
    Workspace,
    access_log::{self, AccessFilter},
    account::NewPerson,
    bulk::{self, Operation},
    dataset::{self, DatasetDraft},
    error::Result,
    export, file, import, list, member, organization,
    record::{self, Expected, Input},
    restore, trail,
};
use access::{Permission, Role};
use bytes::Bytes;
use futures_util::{FutureExt, TryFutureExt, future::BoxFuture, stream};
use types::{AccountId, EntryId, JobId, ProblemCode, RecordId};
use uuid::Uuid;

/// No key of a dataset, for keys are letters, digits and underscores.
const NOWHERE: &str = "!";
/// No name of anything, for names hold something.
const NAMELESS: &str = "";

/// One call, not yet made.
pub(super) struct Call<'a> {
    /// What it needs.
    pub(super) permission: Permission,
    /// What it does, as a sentence says it: "reveals a value".
    pub(super) does: &'static str,
    /// Makes it when it is waited for.
    pub(super) answer: BoxFuture<'a, Result<()>>,
}

/// Every call; none is made until its answer is waited for.
pub(super) fn all<'a>(workspace: &'a Workspace, nothing: &'a Input) -> Vec<Call<'a>> {
    let mut calls = on_records(workspace, nothing);
    calls.extend(on_files(workspace));
    calls.extend(on_the_organization(workspace));
    calls
}

fn on_records<'a>(workspace: &'a Workspace, nothing: &'a Input) -> Vec<Call<'a>> {
    let id = RecordId(Uuid::nil());
    let operation = Operation::Trash { id, version: None };
    vec![
        call(
            Permission::RecordWrite,
            "creates a record",
            record::create(workspace, NOWHERE, nothing),
        ),
        call(
            Permission::RecordWrite,
            "updates a record",
            record::update(workspace, NOWHERE, id, Expected::Any, nothing),
        ),
        call(
            Permission::RecordWrite,
            "trashes a record",
            record::trash(workspace, NOWHERE, id, Expected::Any),
        ),
        call(
            Permission::RecordWrite,
            "restores a record",
            record::restore(workspace, NOWHERE, id, Expected::Any),
        ),
        call(
            Permission::RecordWrite,
            "changes records in bulk",
            bulk::apply(workspace, NOWHERE, vec![operation]),
        ),
        call(
            Permission::RecordPurge,
            "purges a record",
            record::purge(workspace, NOWHERE, id, Expected::Any),
        ),
        call(
            Permission::RecordReveal,
            "reveals a value",
            record::reveal(workspace, NOWHERE, id, NOWHERE),
        ),
    ]
}

fn on_files(workspace: &Workspace) -> Vec<Call<'_>> {
    let id = JobId(Uuid::nil());
    let empty = stream::empty::<Result<Bytes>>;
    vec![
        call(Permission::RecordExport, "exports records", async move {
            let query = list::Query::default();
            let (format, reveal) = (export::Format::Csv, export::Reveal::Masked);
            export::records(workspace, NOWHERE, &query, format, reveal).await
        }),
        call(
            Permission::RecordWrite,
            "stores a file",
            file::store(workspace, NAMELESS, NAMELESS, empty()),
        ),
        call(
            Permission::RecordImport,
            "uploads an import",
            import::upload(workspace, NAMELESS, Some(NOWHERE), empty()),
        ),
        call(
            Permission::RecordImport,
            "starts an import",
            import::start(workspace, id, import::Mode::DryRun),
        ),
        call(
            Permission::RecordImport,
            "calls an import off",
            import::cancel(workspace, id),
        ),
    ]
}

fn on_the_organization(workspace: &Workspace) -> Vec<Call<'_>> {
    let account = AccountId(Uuid::nil());
    let draft = DatasetDraft {
        key: NOWHERE.to_owned(),
        label: NAMELESS.to_owned(),
        description: String::new(),
        fields: Vec::new(),
    };
    let person = NewPerson {
        email: NAMELESS.to_owned(),
        name: NAMELESS.to_owned(),
        password: None,
    };
    vec![
        call(
            Permission::DatasetDefine,
            "creates a dataset",
            dataset::create(workspace, draft),
        ),
        call(
            Permission::DatasetDefine,
            "makes a field sensitive",
            dataset::make_sensitive(workspace, NOWHERE, NOWHERE),
        ),
        call(
            Permission::MemberRead,
            "lists members",
            member::list(workspace, None),
        ),
        call(
            Permission::MemberManage,
            "adds a member",
            member::add(workspace, person, Role::Viewer),
        ),
        call(
            Permission::MemberManage,
            "gives a role",
            member::set_role(workspace, account, Role::Editor),
        ),
        call(
            Permission::MemberManage,
            "removes a member",
            member::remove(workspace, account),
        ),
        call(
            Permission::AuditRead,
            "reads an entry",
            trail::find(workspace, EntryId(Uuid::nil())),
        ),
        call(Permission::AccessLogRead, "reads the access log", async {
            access_log::list_organization(workspace, &AccessFilter::default(), Some(0)).await
        }),
        call(
            Permission::OrganizationRename,
            "renames the organization",
            organization::rename(workspace, NAMELESS),
        ),
        call(
            Permission::OrganizationRestore,
            "takes the organization back in time",
            restore::plan(workspace, restore::Target::Undo),
        ),
    ]
}

fn call<'a, T>(
    permission: Permission,
    does: &'static str,
    answer: impl Future<Output = Result<T>> + Send + 'a,
) -> Call<'a> {
    let answer = answer.map_ok(|_| ()).boxed();
    Call {
        permission,
        does,
        answer,
    }
}

/// What is wrong with the answer to a call that must be refused; nothing when it is one of these refusals.
///
/// # Errors
/// `unavailable`, `timeout`: that is no answer, and tells nothing of roles.
pub(super) fn fault_of(
    role: Role,
    does: &str,
    answer: Result<()>,
    refusals: &[ProblemCode],
) -> Result<Option<String>> {
    let answered = match answer {
        Err(error) if refusals.contains(&error.code) => return Ok(None),
        Err(error) if matches!(error.code, ProblemCode::Unavailable | ProblemCode::Timeout) => {
            return Err(error);
        }
        Err(error) => format!("it answers {}", error.code.as_str()),
        Ok(()) => "it is done".to_owned(),
    };
    Ok(Some(format!(
        "a call as {role} that {does} is not refused: {answered}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PlatformError;

    #[test]
    fn only_a_refusal_is_one() {
        let answer = |code| Err(PlatformError::new(code, "x"));
        let told = |answer| {
            fault_of(
                Role::Viewer,
                "reveals a value",
                answer,
                &[ProblemCode::NotAllowed],
            )
        };
        assert_eq!(told(answer(ProblemCode::NotAllowed)).unwrap(), None);
        assert!(
            told(answer(ProblemCode::Unavailable)).is_err(),
            "that is no answer"
        );
        for (answer, what) in [
            (Ok(()), "it is done"),
            (answer(ProblemCode::NotFound), "not-found"),
            (answer(ProblemCode::Invalid), "invalid"),
            (answer(ProblemCode::Internal), "internal"),
        ] {
            let told = told(answer).unwrap().unwrap_or_default();
            assert!(
                told.contains("as viewer that reveals a value") && told.contains(what),
                "{told}"
            );
        }
    }
}
