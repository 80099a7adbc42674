//! The routes of operators, below `/appliance`, and the organization's side of operators' grants.

use crate::{
    handler::{directory, grant, mail, newcomer, provider},
    route::{
        Gives,
        Needs::{Operator, Permission as Needs},
        Route, Takes,
        Verb::{Delete, Get, Patch, Post, Put},
    },
};
use access::Permission as P;

macro_rules! directory {
    ($rest:literal) => {
        concat!("/appliance/directories/{directory}", $rest)
    };
}

macro_rules! provider {
    ($rest:literal) => {
        concat!("/appliance/providers/{provider}", $rest)
    };
}

/// Directories.
pub(super) const DIRECTORIES: &[Route] = &[
    Route::new(
        Get,
        "/appliance/directories",
        "directory.list",
        Operator,
        "The LDAP directories",
        handler!(directory::list),
    )
    .gives(Gives::Json(200, "Directories")),
    Route::new(
        Post,
        "/appliance/directories",
        "directory.create",
        Operator,
        "Add a directory",
        handler!(directory::create),
    )
    .takes(Takes::Json("DirectoryInput"))
    .gives(Gives::Json(201, "Directory")),
    Route::new(
        Post,
        "/appliance/directory-tests",
        "directory.try",
        Operator,
        "Test a directory that is not saved, stage by stage",
        handler!(directory::test_draft),
    )
    .reads()
    .takes(Takes::Json("DirectoryTrial"))
    .gives(Gives::Json(200, "DirectoryReport")),
    Route::new(
        Get,
        directory!(""),
        "directory.show",
        Operator,
        "A directory",
        handler!(directory::show),
    )
    .gives(Gives::Json(200, "Directory")),
    Route::new(
        Patch,
        directory!(""),
        "directory.update",
        Operator,
        "Change a directory; another server, security, authority or account takes the password along",
        handler!(directory::update),
    )
    .takes(Takes::Json("DirectoryChange"))
    .gives(Gives::Json(200, "Directory")),
    Route::new(
        Delete,
        directory!(""),
        "directory.delete",
        Operator,
        "Remove a directory; accounts and roles stay",
        handler!(directory::delete),
    ),
    Route::new(
        Post,
        directory!("/test"),
        "directory.test",
        Operator,
        "Test a directory, stage by stage, down to a person's groups",
        handler!(directory::test),
    )
    .reads()
    .takes(Takes::Json("DirectoryPerson"))
    .gives(Gives::Json(200, "DirectoryReport")),
    Route::new(
        Post,
        directory!("/explain"),
        "directory.explain",
        Operator,
        "Which group gives a person which role",
        handler!(directory::explain),
    )
    .reads()
    .takes(Takes::Json("DirectoryPerson"))
    .gives(Gives::Json(200, "ExplainedPerson")),
    Route::new(
        Get,
        directory!("/mappings"),
        "directory.mappings",
        Operator,
        "Which groups give which roles; that is set on the host",
        handler!(directory::mappings),
    )
    .gives(Gives::Json(200, "DirectoryMappings")),
    Route::new(
        Post,
        directory!("/preview"),
        "directory.preview",
        Operator,
        "Who would gain and who would lose what, with these settings or as it is",
        handler!(directory::preview),
    )
    .reads()
    .takes(Takes::Json("DirectoryDraft"))
    .gives(Gives::Json(200, "DirectoryChanges")),
    Route::new(
        Post,
        directory!("/compare"),
        "directory.compare",
        Operator,
        "Compare everybody who is known with the directory now, unless very many would lose their access",
        handler!(directory::compare),
    )
    .gives(Gives::Json(200, "DirectoryChanges")),
    Route::new(
        Get,
        directory!("/newcomers"),
        "directory.newcomers",
        Operator,
        "Who waits to be let in by a directory",
        handler!(newcomer::list_of_directory),
    )
    .gives(Gives::Json(200, "Newcomers")),
    Route::new(
        Post,
        directory!("/newcomers/let-in"),
        "directory.let-in",
        Operator,
        "Give somebody who waits an account",
        handler!(newcomer::let_in_by_directory),
    )
    .takes(Takes::Json("NewcomerLetIn")),
    Route::new(
        Post,
        directory!("/newcomers/turn-away"),
        "directory.turn-away",
        Operator,
        "Take somebody who waits off the list",
        handler!(newcomer::turn_away_by_directory),
    )
    .takes(Takes::Json("NewcomerTurnedAway")),
];

/// OpenID providers.
pub(super) const PROVIDERS: &[Route] = &[
    Route::new(
        Get,
        "/appliance/providers",
        "provider.list",
        Operator,
        "The OpenID providers",
        handler!(provider::list),
    )
    .gives(Gives::Json(200, "Providers")),
    Route::new(
        Post,
        "/appliance/providers",
        "provider.create",
        Operator,
        "Add a provider",
        handler!(provider::create),
    )
    .takes(Takes::Json("ProviderInput"))
    .gives(Gives::Json(201, "Provider")),
    Route::new(
        Post,
        "/appliance/provider-tests",
        "provider.try",
        Operator,
        "Test a provider that is not saved, stage by stage",
        handler!(provider::test_draft),
    )
    .reads()
    .takes(Takes::Json("ProviderTrial"))
    .gives(Gives::Json(200, "ProviderReport")),
    Route::new(
        Get,
        provider!(""),
        "provider.show",
        Operator,
        "A provider",
        handler!(provider::show),
    )
    .gives(Gives::Json(200, "Provider")),
    Route::new(
        Patch,
        provider!(""),
        "provider.update",
        Operator,
        "Change a provider; another authority takes our secret along",
        handler!(provider::update),
    )
    .takes(Takes::Json("ProviderChange"))
    .gives(Gives::Json(200, "Provider")),
    Route::new(
        Delete,
        provider!(""),
        "provider.delete",
        Operator,
        "Remove a provider, and forget who people are there",
        handler!(provider::delete),
    ),
    Route::new(
        Post,
        provider!("/test"),
        "provider.test",
        Operator,
        "Test a provider, stage by stage",
        handler!(provider::test),
    )
    .reads()
    .gives(Gives::Json(200, "ProviderReport")),
    Route::new(
        Get,
        provider!("/newcomers"),
        "provider.newcomers",
        Operator,
        "Who waits to be let in by a provider",
        handler!(newcomer::list_of_provider),
    )
    .gives(Gives::Json(200, "Newcomers")),
    Route::new(
        Post,
        provider!("/newcomers/let-in"),
        "provider.let-in",
        Operator,
        "Give somebody who waits an account, which is a member of nothing",
        handler!(newcomer::let_in_by_provider),
    )
    .takes(Takes::Json("NewcomerLetIn")),
    Route::new(
        Post,
        provider!("/newcomers/turn-away"),
        "provider.turn-away",
        Operator,
        "Take somebody who waits off the list",
        handler!(newcomer::turn_away_by_provider),
    )
    .takes(Takes::Json("NewcomerTurnedAway")),
];

/// Mail.
pub(super) const MAIL: &[Route] = &[
    Route::new(
        Get,
        "/appliance/mail",
        "mail.show",
        Operator,
        "How mail is set, and how it goes",
        handler!(mail::show),
    )
    .gives(Gives::Json(200, "Mail")),
    Route::new(
        Put,
        "/appliance/mail",
        "mail.set",
        Operator,
        "Set the mail server; another server, security, authority or account takes the secret along",
        handler!(mail::set),
    )
    .takes(Takes::Json("MailInput"))
    .gives(Gives::Json(200, "Mail")),
    Route::new(
        Delete,
        "/appliance/mail",
        "mail.clear",
        Operator,
        "Send no mail any more",
        handler!(mail::clear),
    ),
    Route::new(
        Post,
        "/appliance/mail/test",
        "mail.test",
        Operator,
        "Send a letter now, past the queue",
        handler!(mail::test),
    )
    .takes(Takes::Json("MailTest")),
];

/// Grants, on both sides.
pub(super) const GRANTS: &[Route] = &[
    Route::new(
        Get,
        "/appliance/organizations",
        "grant.organizations",
        Operator,
        "The organizations that can be asked for access",
        handler!(grant::organizations),
    )
    .gives(Gives::Json(200, "GrantOrganizations")),
    Route::new(
        Get,
        "/appliance/grants",
        "grant.list-own",
        Operator,
        "The caller's own grants, newest first",
        handler!(grant::list_own),
    )
    .gives(Gives::Json(200, "Grants")),
    Route::new(
        Post,
        "/appliance/grants",
        "grant.ask",
        Operator,
        "Ask an organization for access, for a purpose and a time; nothing is granted by that",
        handler!(grant::ask),
    )
    .takes(Takes::Json("GrantInput"))
    .gives(Gives::Json(201, "GrantAsked")),
    Route::new(
        Post,
        "/appliance/grants/{grant}/end",
        "grant.end-own",
        Operator,
        "Give an own grant back, or take back what was asked for",
        handler!(grant::end_own),
    ),
    Route::new(
        Get,
        organization!("/grants"),
        "grant.list",
        Needs(P::OperatorGrantManage),
        "What operators asked the organization for, newest first",
        handler!(grant::list),
    )
    .gives(Gives::Json(200, "Grants")),
    Route::new(
        Post,
        organization!("/grants/{grant}/approve"),
        "grant.approve",
        Needs(P::OperatorGrantManage),
        "Let an operator in, for the time that they asked for",
        handler!(grant::approve),
    ),
    Route::new(
        Post,
        organization!("/grants/{grant}/refuse"),
        "grant.refuse",
        Needs(P::OperatorGrantManage),
        "Refuse what an operator asked for",
        handler!(grant::refuse),
    ),
    Route::new(
        Post,
        organization!("/grants/{grant}/end"),
        "grant.end",
        Needs(P::OperatorGrantManage),
        "End an operator's grant at once",
        handler!(grant::end),
    ),
];
