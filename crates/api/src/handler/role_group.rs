//! The groups of directories that give roles in an organization, for whoever manages its members.

use super::member::roles;
use crate::{
    answer::Answer,
    call::Call,
    condition::expected_groups,
    read::members::Members,
    refusal::{Refusal, Result},
    view::directory::{ChangesView, RoleGroupsView},
};
use access::Role;
use actix_web::http::{StatusCode, header};
use platform::directories::role_group::{self, Alteration, RoleGroup};

/// A group by the names that it is asked for with.
struct Named {
    directory: String,
    group: String,
}

impl Named {
    fn take(members: &mut Members) -> Self {
        Self {
            directory: members.required_text("directory"),
            group: members.required_text("group"),
        }
    }

    fn giving(self, role: Role) -> Alteration {
        Alteration::Give(RoleGroup {
            directory: self.directory,
            group: self.group,
            role,
        })
    }

    fn giving_nothing(self) -> Alteration {
        Alteration::Take {
            directory: self.directory,
            group: self.group,
        }
    }
}

/// The groups, and the directories whose groups can be given roles here.
pub(crate) async fn list(call: Call) -> Result<Answer> {
    let found = role_group::list(call.workspace()?).await?;
    let tag = format!("\"{}\"", found.tag());
    Ok(Answer::ok(&RoleGroupsView::from(&found)).with(header::ETAG, &tag))
}

/// Who would gain and who would lose what here, if the group gave this role, or nothing where no role is sent.
pub(crate) async fn preview(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let named = Named::take(&mut members);
    let role = members.word("role", &roles());
    members.finish()?;
    let wanted = match role {
        Some(role) => named.giving(role),
        None => named.giving_nothing(),
    };
    let changes = role_group::preview(call.workspace()?, &wanted).await?;
    Ok(Answer::ok(&ChangesView { changes: &changes }))
}

/// Lets a group give a role, in the place of what it gave before.
pub(crate) async fn set(mut call: Call) -> Result<Answer> {
    let mut members = call.take_members()?;
    let named = Named::take(&mut members);
    let role = members.required_word("role", &roles());
    let wanted = named.giving(members.finish_with(role)?);
    let expected = expected_groups(&call.request);
    role_group::alter(call.workspace()?, &wanted, &expected).await?;
    list(call).await
}

/// Lets a group give nothing here any more.
pub(crate) async fn delete(call: Call) -> Result<Answer> {
    let part = |name: &str| {
        let text = call.query.get(name).map(str::to_owned);
        text.ok_or_else(|| Refusal::invalid_at(name, "required", "a value is required"))
    };
    let named = Named {
        directory: part("directory")?,
        group: part("group")?,
    };
    let expected = expected_groups(&call.request);
    role_group::alter(call.workspace()?, &named.giving_nothing(), &expected).await?;
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}
