//! `/o/{organization}/log-review`: what happened in 90 days, prepared for a person to look at, and signed by them.

use crate::{
    errors::Fault,
    fields::with_problems,
    form::Form,
    history::action_badge,
    single_record::name_of,
    view::{
        AccessReviewRow, ActReviewRow, ErrorSummary, FieldInput, InputKind, LogReviewPage, Nav,
        SignedReviewRow,
    },
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::moment,
};
use actix_web::{http::StatusCode, web::Path};
use platform::{
    PlatformError,
    log_review::{self, Prepared, Review, Signing},
    people,
};
use std::collections::BTreeMap;
use types::AccountId;

fn inputs(form: Option<&Form>) -> Vec<FieldInput> {
    let note = form.map(|form| form.text("note").to_owned()).unwrap_or_default();
    vec![
        FieldInput::new("note", "What you looked at and found", InputKind::LongText)
            .with_value(note)
            .with_help("It stays in the audit log with your name.")
            .required(),
    ]
}

async fn review_page(
    room: &Room,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<LogReviewPage, Fault> {
    let prepared = log_review::prepare(&room.workspace).await?;
    let signed = log_review::list(&room.workspace).await?;
    let names = names(room, &prepared, &signed).await?;
    let digest = &prepared.digest;
    let base = room.base();
    Ok(LogReviewPage {
        chrome: room.chrome("Review of the security logs", Nav::LogReview).await?,
        path: format!("{base}/log-review"),
        begins: moment(digest.begins_at),
        ends: moment(digest.ends_at),
        ends_at: digest.ends_at.to_string(),
        sha256: prepared.sha256.clone(),
        access_is_cut: digest.access_is_cut,
        acts_since: digest.acts_since.map(moment),
        access: digest
            .access
            .iter()
            .map(|line| AccessReviewRow {
                who: line
                    .account
                    .map_or_else(|| "nobody known".to_owned(), |account| name_of(&names, account)),
                address: line.address.clone(),
                action: line.action.clone(),
                outcome: line.outcome.clone(),
                count: line.count.to_string(),
                last: moment(line.last),
            })
            .collect(),
        acts: digest
            .acts
            .iter()
            .map(|line| ActReviewRow {
                concern: line.concern.label().to_owned(),
                action: action_badge(&line.action),
                count: line.count.to_string(),
                who: line
                    .accounts
                    .iter()
                    .map(|account| name_of(&names, *account))
                    .collect::<Vec<_>>()
                    .join(", "),
                last: moment(line.last),
                entry_href: format!("{base}/audit/{}", line.entry),
            })
            .collect(),
        signed: signed
            .into_iter()
            .map(|review| SignedReviewRow {
                who: name_of(&names, review.signed_by),
                at: moment(review.signed_at),
                until: moment(review.ends_at),
                note: review.note,
            })
            .collect(),
        fields,
        failure,
    })
}

async fn names(
    room: &Room,
    prepared: &Prepared,
    signed: &[Review],
) -> Result<BTreeMap<AccountId, String>, Fault> {
    let mut accounts: Vec<AccountId> = prepared
        .digest
        .access
        .iter()
        .filter_map(|line| line.account)
        .collect();
    accounts.extend(
        prepared
            .digest
            .acts
            .iter()
            .flat_map(|line| line.accounts.iter().copied()),
    );
    accounts.extend(signed.iter().map(|review| review.signed_by));
    accounts.sort_unstable();
    accounts.dedup();
    Ok(people::names(&room.workspace, &accounts).await?)
}

/// `GET /o/{organization}/log-review`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    page(&review_page(&room, inputs(None), None).await?)
}

/// `POST /o/{organization}/log-review`
pub(crate) async fn sign(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let signed = match form.text("ends_at").parse() {
        Ok(ends_at) => {
            let signing = Signing {
                ends_at,
                sha256: form.text("sha256").to_owned(),
                note: form.text("note").to_owned(),
            };
            log_review::sign(&room.workspace, &signing).await
        }
        Err(_) => Err(PlatformError::invalid_at(
            "/ends_at",
            "malformed",
            "the page was changed; look at it again",
        )),
    };
    match signed {
        Ok(_) => see_other(&format!("{}/log-review?notice=review-signed", room.base())),
        Err(error) => {
            let (fields, failure) = with_problems("Nothing was signed", error, inputs(Some(&form)))?;
            let template = review_page(&room, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}
