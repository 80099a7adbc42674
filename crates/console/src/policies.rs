//! The policies of an organization, in sentences.

use crate::{
    errors::Fault,
    fields::with_problems,
    form::Form,
    view::{Choice, ErrorSummary, FieldInput, InputKind, Nav, PoliciesPage},
    visit::{Answer, Room, Visit, page, page_with, see_other},
};
use access::{Choice as Answered, Permission, Policies};
use actix_web::{http::StatusCode, web::Path};
use platform::policy::{self, OrganizationPolicy, Requirements};

/// The questions to administrators: form name, sentence, what follows from it.
const QUESTIONS: [(&str, &str, &str); 3] = [
    (
        "administrators_reveal",
        "May administrators and owners reveal sensitive values?",
        "Accountants always may. Each reveal is in the audit log.",
    ),
    (
        "administrators_export",
        "May administrators and owners export records?",
        "Accountants always may. Who may not reveal gets sensitive values masked.",
    ),
    (
        "administrators_close_periods",
        "May administrators and owners close periods?",
        "Accountants always may.",
    ),
];

fn answers(policies: &Policies) -> [Answered; 3] {
    [
        policies.administrators_reveal,
        policies.administrators_export,
        policies.administrators_close_periods,
    ]
}

fn inputs(room: &Room, policy: &OrganizationPolicy) -> Vec<FieldInput> {
    let mut inputs: Vec<FieldInput> = QUESTIONS
        .iter()
        .zip(answers(&policy.administrators))
        .map(|((name, question, help), answer)| {
            let selected = if answer == Answered::Allow {
                "allow"
            } else {
                "deny"
            };
            let choices = [Choice::new("allow", "Yes"), Choice::new("deny", "No")];
            let choices = choices.map(|choice| choice.selected_if(selected)).to_vec();
            FieldInput::new(*name, *question, InputKind::Choice(choices))
                .with_help(*help)
                .required()
        })
        .collect();
    let settings = room.visit.platform().settings();
    let Requirements {
        session_idle_seconds_max,
        session_absolute_seconds_max,
    } = policy.requirements;
    let minutes = |seconds: Option<u32>| {
        seconds
            .map(|seconds| (seconds / 60).to_string())
            .unwrap_or_default()
    };
    let bound = |name: &str, label: &str, seconds: Option<u32>, most: u32| {
        let help = format!(
            "Empty for the appliance's {} minutes, which cannot be exceeded.",
            most / 60
        );
        FieldInput::new(name, label, InputKind::Integer)
            .with_value(minutes(seconds))
            .with_help(help)
    };
    inputs.push(bound(
        "session_idle_seconds_max",
        "Members are signed out after so many minutes without use",
        session_idle_seconds_max,
        settings.session_idle_seconds_max,
    ));
    inputs.push(bound(
        "session_absolute_seconds_max",
        "Members sign in anew after so many minutes in any case",
        session_absolute_seconds_max,
        settings.session_absolute_seconds_max,
    ));
    inputs
}

async fn policies_page(
    room: &Room,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<PoliciesPage, Fault> {
    Ok(PoliciesPage {
        chrome: room.chrome("Policies", Nav::Policies).await?,
        organization: room.slug().to_owned(),
        fields,
        failure,
    })
}

/// `GET /o/{organization}/policies`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    room.workspace.require(Permission::PolicyManage).await?;
    let fields = inputs(&room, &policy::show(&room.workspace).await?);
    page(&policies_page(&room, fields, None).await?)
}

fn read(form: &Form) -> OrganizationPolicy {
    let answer = |name: &str| match form.text(name) {
        "allow" => Answered::Allow,
        _ => Answered::Deny,
    };
    // What is no number is out of every bound, and refused as such.
    let seconds = |name: &str| {
        let text = form.text(name).trim();
        let minutes = text
            .parse::<u32>()
            .ok()
            .and_then(|minutes| minutes.checked_mul(60));
        (!text.is_empty()).then(|| minutes.unwrap_or(u32::MAX))
    };
    OrganizationPolicy {
        administrators: Policies {
            administrators_reveal: answer("administrators_reveal"),
            administrators_export: answer("administrators_export"),
            administrators_close_periods: answer("administrators_close_periods"),
        },
        requirements: Requirements {
            session_idle_seconds_max: seconds("session_idle_seconds_max"),
            session_absolute_seconds_max: seconds("session_absolute_seconds_max"),
        },
    }
}

/// `POST /o/{organization}/policies`
pub(crate) async fn save(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let asked = read(&form);
    match policy::set(&room.workspace, asked).await {
        Ok(true) => see_other(&format!("{}/policies?notice=policies-saved", room.base())),
        Ok(false) => see_other(&format!("{}/policies?notice=unchanged", room.base())),
        Err(error) => {
            let title = "The policies were not changed";
            let mut sent = inputs(&room, &asked);
            for input in &mut sent[QUESTIONS.len()..] {
                input.value = form.text(&input.name).to_owned();
            }
            let (fields, failure) = with_problems(title, error, sent)?;
            let template = policies_page(&room, fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}
