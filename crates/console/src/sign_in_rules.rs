//! `/o/{organization}/sign-in` and `/appliance/sign-in`: what is asked of sign-ins and passwords.
//!
//! Invariant: one form for both; the platform refuses what is out of range, and whoever has no second factor of their own.

use crate::{
    appliance,
    fields::with_problems,
    form::Form,
    view::{Choice, Chrome, ErrorSummary, FieldInput, InputKind, Nav, SignInRulesPage},
    visit::{Answer, Visit, page, page_with, see_other},
};
use access::Permission;
use actix_web::{http::StatusCode, web::Path};
use platform::{
    PlatformError,
    sign_in_policy::{self, Classes, HISTORY_MAX, LENGTH_MAX, SecondFactor, SignInPolicy},
};

const OF_MEMBERS: &str = "What this organization asks of its members. Where the appliance or another organization asks for more, that holds.";
const OF_EVERYBODY: &str = "What the appliance asks of everybody. Organizations can ask for more, and not for less. Operators always need a second factor.";
const REQUIRED: &str = "required";
const ALL_CLASSES: &str = "all";

/// `GET /o/{organization}/sign-in`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    room.workspace.require(Permission::PolicyManage).await?;
    let policy = sign_in_policy::of_organization(&room.workspace).await?;
    let chrome = room.chrome("Sign-in rules", Nav::Members).await?;
    page(&rules_page(chrome, OF_MEMBERS, inputs(&policy), None))
}

/// `POST /o/{organization}/sign-in`
pub(crate) async fn save(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let done = match read(&form) {
        Ok(policy) => sign_in_policy::set_of_organization(&room.workspace, &policy).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => see_other(&format!("{}/sign-in?notice=saved", room.base())),
        Err(error) => {
            let chrome = room.chrome("Sign-in rules", Nav::Members).await?;
            again(chrome, OF_MEMBERS, error, &form)
        }
    }
}

/// `GET /appliance/sign-in`
pub(crate) async fn show_appliance(visit: Visit) -> Answer {
    appliance::enter(&visit)?;
    let policy = sign_in_policy::of_appliance(visit.platform(), &visit.caller).await?;
    let chrome = appliance::below(&visit, "Sign-in rules").await?;
    page(&rules_page(chrome, OF_EVERYBODY, inputs(&policy), None))
}

/// `POST /appliance/sign-in`
pub(crate) async fn save_appliance(visit: Visit, form: Form) -> Answer {
    appliance::enter(&visit)?;
    let done = match read(&form) {
        Ok(policy) => sign_in_policy::set_of_appliance(visit.platform(), &visit.caller, &policy).await,
        Err(error) => Err(error),
    };
    match done {
        Ok(()) => see_other("/appliance/sign-in?notice=saved"),
        Err(error) => {
            let chrome = appliance::below(&visit, "Sign-in rules").await?;
            again(chrome, OF_EVERYBODY, error, &form)
        }
    }
}

fn again(chrome: Chrome, lead: &str, error: PlatformError, form: &Form) -> Answer {
    let typed = inputs(&SignInPolicy::default())
        .into_iter()
        .map(|input| match input.kind {
            InputKind::Integer => {
                let value = form.text(&input.name).to_owned();
                input.with_value(value)
            }
            _ => input,
        });
    let (mut fields, failure) = with_problems("The rules were not saved", error, typed.collect())?;
    for field in &mut fields {
        if let InputKind::Radio(choices) = &mut field.kind {
            for choice in choices {
                choice.selected = choice.value == form.text(&field.name);
            }
        }
    }
    let template = rules_page(chrome, lead, fields, Some(failure));
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
}

fn rules_page(
    chrome: Chrome,
    lead: &str,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> SignInRulesPage {
    SignInRulesPage {
        chrome,
        lead: lead.to_owned(),
        fields,
        failure,
    }
}

fn inputs(policy: &SignInPolicy) -> Vec<FieldInput> {
    let number = |name: &str, label: &str, value: u16| {
        FieldInput::new(name, label, InputKind::Integer)
            .with_value(value.to_string())
            .required()
    };
    let choice = |value: &str, label: &str, selected: bool| Choice {
        selected,
        ..Choice::new(value, label)
    };
    let required = policy.second_factor == SecondFactor::Required;
    let all = policy.classes == Classes::All;
    let factor = InputKind::Radio(vec![
        choice("optional", "Whoever wants one", !required),
        choice(REQUIRED, "Everybody must have one", required),
    ]);
    let classes = InputKind::Radio(vec![
        choice("any", "Any characters", !all),
        choice(
            ALL_CLASSES,
            "Small and capital letters, digits and another sign",
            all,
        ),
    ]);
    vec![
        FieldInput::new("second_factor", "Second factor", factor).with_help(
            "Whoever has none can then do nothing but set one up. API tokens of theirs stop meanwhile.",
        ),
        number("length_min", "Fewest characters of a password", policy.length_min).with_help(format!(
            "8 to {LENGTH_MAX}. Length does more for a password than anything below."
        )),
        number(
            "length_min_with_factor",
            "The same beside a second factor",
            policy.length_min_with_factor,
        ),
        number(
            "history",
            "Earlier passwords that cannot be chosen again",
            policy.history,
        )
        .with_help(format!("0 to {HISTORY_MAX}.")),
        FieldInput::new(
            "days_max",
            "A password must be changed after days",
            InputKind::Integer,
        )
        .with_value(policy.days_max.map(|days| days.to_string()).unwrap_or_default())
        .with_help("Empty for never, which is better: whoever must change it often chooses weak ones."),
        FieldInput::new("classes", "Kinds of characters", classes)
            .with_help("Only for rules that ask for it: common passwords and names are refused in any case."),
    ]
}

fn read(form: &Form) -> Result<SignInPolicy, PlatformError> {
    let number = |name: &str| {
        let typed = form.text(name).trim().parse::<u16>();
        typed.map_err(|_| PlatformError::invalid_at(format!("/{name}"), "malformed", "a whole number"))
    };
    Ok(SignInPolicy {
        second_factor: match form.text("second_factor") {
            REQUIRED => SecondFactor::Required,
            _ => SecondFactor::Optional,
        },
        length_min: number("length_min")?,
        length_min_with_factor: number("length_min_with_factor")?,
        history: number("history")?,
        classes: match form.text("classes") {
            ALL_CLASSES => Classes::All,
            _ => Classes::Any,
        },
        days_max: match form.text("days_max").trim() {
            "" => None,
            _ => Some(number("days_max")?),
        },
    })
}
