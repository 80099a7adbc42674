//! The routes of what persons ask for about their own data.

use crate::{
    handler::person,
    route::{
        Gives,
        Needs::Permission as Needs,
        Route, Takes,
        Verb::{Get, Post},
    },
};
use access::Permission as P;

/// In the order in which they are compared.
pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Get,
        organization!("/person-requests"),
        "person-request.list",
        Needs(P::PersonRequest),
        "Requests of persons about their data, the open ones first, in the order in which they are due",
        handler!(person::list),
    )
    .gives(Gives::Json(200, "PersonRequests")),
    Route::new(
        Post,
        organization!("/person-requests"),
        "person-request.open",
        Needs(P::PersonRequest),
        "Write a request down; it is due a month after it was received",
        handler!(person::open),
    )
    .takes(Takes::Json("PersonRequestInput"))
    .gives(Gives::Json(201, "PersonRequest")),
    Route::new(
        Get,
        organization!("/person-requests/{request}"),
        "person-request.show",
        Needs(P::PersonRequest),
        "A request with the words to look for",
        handler!(person::show),
    )
    .gives(Gives::Json(200, "PersonRequest")),
    Route::new(
        Post,
        organization!("/person-requests/{request}/search"),
        "person-request.search",
        Needs(P::PersonRequest),
        "Look for the person in every version of every record; what takes long is gone on with when asked again",
        handler!(person::search),
    )
    .gives(Gives::Json(200, "PersonSearch")),
    Route::new(
        Get,
        organization!("/person-requests/{request}/hits"),
        "person-request.hits",
        Needs(P::PersonRequest),
        "What was found: where, never what stands there",
        handler!(person::hits),
    )
    .gives(Gives::Json(200, "PersonHits")),
    Route::new(
        Post,
        organization!("/person-requests/{request}/marks"),
        "person-request.mark",
        Needs(P::PersonRequest),
        "Say of hits whether they are this person's",
        handler!(person::mark),
    )
    .takes(Takes::Json("PersonMarks")),
    Route::new(
        Post,
        organization!("/person-requests/{request}/extension"),
        "person-request.extend",
        Needs(P::PersonRequest),
        "Have the request be due later, once, with a reason",
        handler!(person::extend),
    )
    .takes(Takes::Json("PersonExtension")),
    Route::new(
        Post,
        organization!("/person-requests/{request}/archive"),
        "person-request.hand-over",
        Needs(P::PersonRequest),
        "What is theirs as a tar file, sensitive values in the clear",
        handler!(person::hand_over),
    )
    .gives(Gives::File("application/x-tar")),
    Route::new(
        Post,
        organization!("/person-requests/{request}/proposal"),
        "person-request.propose",
        Needs(P::PersonRequest),
        "Propose the erasure of what is theirs, on a legal ground",
        handler!(person::propose),
    )
    .takes(Takes::Json("PersonProposal")),
    Route::new(
        Post,
        organization!("/person-requests/{request}/withdraw"),
        "person-request.withdraw",
        Needs(P::PersonRequest),
        "Take the proposal back",
        handler!(person::withdraw),
    ),
    Route::new(
        Post,
        organization!("/person-requests/{request}/approve"),
        "person-request.approve",
        Needs(P::PersonRequest),
        "Approve a proposed erasure that somebody else asked for, and carry it out",
        handler!(person::approve),
    )
    .takes(Takes::Json("PersonApproval"))
    .gives(Gives::Json(200, "PersonErasure")),
    Route::new(
        Post,
        organization!("/person-requests/{request}/carry-on"),
        "person-request.carry-on",
        Needs(P::PersonRequest),
        "Go on with an approved erasure of which something was left",
        handler!(person::carry_on),
    )
    .gives(Gives::Json(200, "PersonErasure")),
    Route::new(
        Post,
        organization!("/person-requests/{request}/close"),
        "person-request.close",
        Needs(P::PersonRequest),
        "Close a request that ended without an erasure",
        handler!(person::close),
    )
    .takes(Takes::Json("PersonEnd")),
];
