//! The routes with which an organization is administered: its people, policies, life, tokens and logs.

use super::{ACCESS, ACCESS_EXPORT, ACCOUNT, ACTION, AFTER, BEFORE, FROM, LIMIT, OBJECT, ROLE_GROUP, UNTIL};
use crate::{
    handler::{access_log, audit, hold, lifecycle, member, policy, restore, role_group, token},
    route::{
        Condition::IfMatchMay,
        Gives,
        Needs::Permission as Needs,
        Route, Takes,
        Verb::{Delete, Get, Patch, Post, Put},
    },
};
use access::Permission as P;

/// In the order in which they are compared.
pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Get,
        organization!("/members"),
        "member.list",
        Needs(P::MemberRead),
        "The members",
        handler!(member::list),
    )
    .query(&[AFTER])
    .gives(Gives::Json(200, "Members")),
    Route::new(
        Post,
        organization!("/members"),
        "member.create",
        Needs(P::MemberManage),
        "Make a person a member",
        handler!(member::create),
    )
    .takes(Takes::Json("MemberInput"))
    .gives(Gives::Json(201, "Member")),
    Route::new(
        Patch,
        organization!("/members/{member}"),
        "member.update",
        Needs(P::MemberManage),
        "Change a member's role or state",
        handler!(member::update),
    )
    .takes(Takes::Json("MemberChange"))
    .gives(Gives::Json(200, "Member")),
    Route::new(
        Delete,
        organization!("/members/{member}"),
        "member.delete",
        Needs(P::MemberManage),
        "Remove a member",
        handler!(member::delete),
    ),
    Route::new(
        Put,
        organization!("/members/{member}/narrowing"),
        "member.narrow",
        Needs(P::MemberManage),
        "Set what is taken away from a member's role, per dataset and field",
        handler!(member::narrow),
    )
    .takes(Takes::Json("Narrowing"))
    .gives(Gives::Json(200, "Member")),
    Route::new(
        Post,
        organization!("/members/{member}/end-sessions"),
        "member.end-sessions",
        Needs(P::MemberManage),
        "End every session of a member",
        handler!(member::end_sessions),
    )
    .gives(Gives::Json(200, "EndedSessions")),
    Route::new(
        Get,
        organization!("/members/{member}/tokens"),
        "member.list-tokens",
        Needs(P::TokenManageAll),
        "A member's API tokens",
        handler!(token::list_of),
    )
    .gives(Gives::Json(200, "Tokens")),
    Route::new(
        Delete,
        organization!("/members/{member}/tokens/{token}"),
        "member.delete-token",
        Needs(P::TokenManageAll),
        "Revoke a member's API token",
        handler!(token::delete_of),
    ),
    Route::new(
        Post,
        organization!("/members/{member}/invitation"),
        "member.invite",
        Needs(P::MemberManage),
        "Make a new link for a member without a password; the old one is void",
        handler!(member::invite),
    )
    .gives(Gives::Json(201, "Invitation")),
    Route::new(
        Get,
        organization!("/role-groups"),
        "role-group.list",
        Needs(P::MemberManage),
        "The groups of directories that give roles here, and the directories whose groups could",
        handler!(role_group::list),
    )
    .gives(Gives::Json(200, "RoleGroups")),
    Route::new(
        Post,
        organization!("/role-groups/preview"),
        "role-group.preview",
        Needs(P::MemberManage),
        "Who would gain and who would lose what here by a group; nothing is changed",
        handler!(role_group::preview),
    )
    .reads()
    .takes(Takes::Json("RoleGroupWish"))
    .gives(Gives::Json(200, "DirectoryChanges")),
    Route::new(
        Put,
        organization!("/role-groups"),
        "role-group.set",
        Needs(P::MemberManage),
        "Let a group of a directory give a role here, from the next sign-in or comparison on",
        handler!(role_group::set),
    )
    .takes(Takes::Json("RoleGroup"))
    .gives(Gives::Json(200, "RoleGroups"))
    .condition(IfMatchMay),
    Route::new(
        Delete,
        organization!("/role-groups"),
        "role-group.delete",
        Needs(P::MemberManage),
        "Let a group give nothing here any more",
        handler!(role_group::delete),
    )
    .query(ROLE_GROUP)
    .condition(IfMatchMay),
    Route::new(
        Get,
        organization!("/policies"),
        "policy.show",
        Needs(P::OrganizationRead),
        "What the organization decides for itself",
        handler!(policy::show),
    )
    .gives(Gives::Json(200, "Policies")),
    Route::new(
        Patch,
        organization!("/policies"),
        "policy.update",
        Needs(P::PolicyManage),
        "Change what is sent of the policies",
        handler!(policy::update),
    )
    .takes(Takes::Json("PoliciesChange"))
    .gives(Gives::Json(200, "Policies")),
    Route::new(
        Get,
        organization!("/lifecycle"),
        "lifecycle.show",
        Needs(P::OrganizationRead),
        "Whether the organization is cancelled or about to be deleted, and when what happens",
        handler!(lifecycle::show),
    )
    .gives(Gives::Json(200, "Lifecycle")),
    Route::new(
        Post,
        organization!("/cancel"),
        "organization.cancel",
        Needs(P::OrganizationDelete),
        "Cancel the organization: it is read and exported, and nothing in it changes",
        handler!(lifecycle::cancel),
    )
    .gives(Gives::Json(200, "Lifecycle")),
    Route::new(
        Post,
        organization!("/reinstate"),
        "organization.reinstate",
        Needs(P::OrganizationDelete),
        "Take a cancellation back",
        handler!(lifecycle::reinstate),
    )
    .gives(Gives::Json(200, "Lifecycle")),
    Route::new(
        Post,
        organization!("/restore"),
        "organization.go-back",
        Needs(P::OrganizationRestore),
        "Show what taking the organization back to a moment would change; with its name typed, do it",
        handler!(restore::go_back),
    )
    .takes(Takes::Json("RestoreOrder"))
    .gives(Gives::Json(200, "Restore")),
    Route::new(
        Post,
        organization!("/deletion"),
        "organization.order-deletion",
        Needs(P::OrganizationDelete),
        "Order the organization's deletion for good, within 24 hours",
        handler!(lifecycle::order_deletion),
    )
    .takes(Takes::Json("DeletionOrder"))
    .gives(Gives::Json(200, "Lifecycle")),
    Route::new(
        Delete,
        organization!("/deletion"),
        "organization.call-deletion-back",
        Needs(P::OrganizationDelete),
        "Call the ordered deletion back",
        handler!(lifecycle::call_deletion_back),
    )
    .gives(Gives::Json(200, "Lifecycle")),
    Route::new(
        Get,
        organization!("/holds"),
        "hold.list",
        Needs(P::HoldManage),
        "Legal holds, those in force first",
        handler!(hold::list),
    )
    .gives(Gives::Json(200, "Holds")),
    Route::new(
        Post,
        organization!("/holds"),
        "hold.create",
        Needs(P::HoldManage),
        "Place a hold: nothing is deleted or expires until it is lifted",
        handler!(hold::create),
    )
    .takes(Takes::Json("HoldInput"))
    .gives(Gives::Json(201, "Hold")),
    Route::new(
        Post,
        organization!("/holds/{hold}/lift"),
        "hold.lift",
        Needs(P::HoldManage),
        "Lift a hold",
        handler!(hold::lift),
    )
    .takes(Takes::Json("HoldLift")),
    Route::new(
        Get,
        organization!("/tokens"),
        "token.list",
        Needs(P::TokenManageOwn),
        "The caller's API tokens",
        handler!(token::list),
    )
    .gives(Gives::Json(200, "Tokens")),
    Route::new(
        Post,
        organization!("/tokens"),
        "token.create",
        Needs(P::TokenManageOwn),
        "Make an API token; sessions only",
        handler!(token::create),
    )
    .takes(Takes::Json("TokenInput"))
    .gives(Gives::Json(201, "Token")),
    Route::new(
        Delete,
        organization!("/tokens/{token}"),
        "token.delete",
        Needs(P::TokenManageOwn),
        "Revoke an API token",
        handler!(token::delete),
    ),
    Route::new(
        Get,
        organization!("/audit/entries"),
        "audit.list",
        Needs(P::AuditRead),
        "Entries of the audit log, newest first",
        handler!(audit::list),
    )
    .query(&[BEFORE, ACTION, ACCOUNT, OBJECT, FROM, UNTIL, LIMIT])
    .gives(Gives::Json(200, "Entries")),
    Route::new(
        Get,
        organization!("/audit/entries/{entry}"),
        "audit.show",
        Needs(P::AuditRead),
        "An entry with what it changed",
        handler!(audit::show),
    )
    .gives(Gives::Json(200, "EntryDetail")),
    Route::new(
        Get,
        organization!("/audit/entries/{entry}/receipt"),
        "audit.prove",
        Needs(P::AuditRead),
        "How far an entry has come in the signed log, and its receipt (C2SP tlog-proof)",
        handler!(audit::prove),
    )
    .gives(Gives::Json(200, "Receipt")),
    Route::new(
        Get,
        organization!("/audit/checkpoint"),
        "audit.checkpoint",
        Needs(P::AuditRead),
        "The newest signed checkpoint of the log (C2SP tlog-checkpoint)",
        handler!(audit::checkpoint),
    )
    .gives(Gives::Json(200, "Checkpoint")),
    Route::new(
        Get,
        organization!("/access-log"),
        "access-log.list",
        Needs(P::AccessLogRead),
        "Every member's sign-ins and requests",
        handler!(access_log::organization),
    )
    .query(ACCESS)
    .gives(Gives::Json(200, "AccessLog")),
    Route::new(
        Get,
        organization!("/access-log.csv"),
        "access-log.export",
        Needs(P::AccessLogRead),
        "Every member's sign-ins and requests as CSV",
        handler!(access_log::export_organization),
    )
    .query(ACCESS_EXPORT)
    .gives(Gives::File("text/csv; charset=utf-8")),
];
