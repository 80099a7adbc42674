//! A provider's settings as inputs of a form, and back.

use crate::{
    form::Form,
    view::{Choice, FieldInput, InputKind},
};
use platform::{
    PlatformError,
    provider::{Algorithm, FirstSignIn, NewProvider, Preset, ProviderChange, ProviderSettings, ProviderView},
};
use vault::SecretText;

const PRESETS: [(&str, &str, &str); 3] = [
    (
        "standard",
        "OpenID Connect",
        "Keycloak, authentik, Okta, GitLab and every certified provider",
    ),
    (
        "google",
        "Google",
        "Needs the hosted domain; the issuer may be left empty",
    ),
    ("entra", "Microsoft Entra", "Needs the issuer of your own tenant"),
];

/// Google's issuer, as its document says it.
const GOOGLE: &str = "https://accounts.google.com";

const NEWCOMERS: [(FirstSignIn, &str); 3] = [
    (FirstSignIn::Refuse, "Are turned away"),
    (FirstSignIn::Wait, "Wait until an operator lets them in"),
    (
        FirstSignIn::Create,
        "Get an account, if their address is verified there and nobody's here",
    ),
];

/// The inputs of a new provider, as they were sent if they were.
pub(super) fn new_inputs(form: Option<&Form>) -> Vec<FieldInput> {
    let text = |name: &str| form.map(|form| form.text(name).to_owned()).unwrap_or_default();
    let mut inputs = vec![
        FieldInput::new("key", "Name in addresses", InputKind::Text)
            .with_value(text("key"))
            .with_help("Small letters, digits and hyphens, such as company. It cannot be changed.")
            .required(),
        FieldInput::new("issuer", "Issuer", InputKind::Url)
            .with_value(text("issuer"))
            .with_help("Exactly as the provider says it. It cannot be changed. Google's is known."),
    ];
    let empty = ProviderSettings::new(Preset::Standard, "");
    inputs.extend(common(form, "", &empty, "Our secret there, if it gave one."));
    inputs
}

/// The inputs of a provider that is there.
pub(super) fn old_inputs(view: &ProviderView, form: Option<&Form>) -> Vec<FieldInput> {
    let help = match view.has_secret {
        true => "Leave it empty to keep the one that is stored. Another authority takes it away.",
        false => "None is stored.",
    };
    common(form, &view.label, &view.settings, help)
}

/// What was sent, else what is stored.
fn shown(form: Option<&Form>, name: &str, stored: &str) -> String {
    match form {
        Some(form) => form.text(name).to_owned(),
        None => stored.to_owned(),
    }
}

fn common(
    form: Option<&Form>,
    label: &str,
    settings: &ProviderSettings,
    secret_help: &str,
) -> Vec<FieldInput> {
    let text = |name: &str, stored: &str| shown(form, name, stored);
    let preset = text("preset", &settings.preset);
    let presets = PRESETS.map(|(value, name, help)| Choice {
        help: Some(help.to_owned()),
        ..Choice::new(value, name).selected_if(&preset)
    });
    let algorithms = Algorithm::ALL.map(|algorithm| Choice {
        selected: match form {
            Some(form) => form.all("algorithms").any(|name| name == algorithm.as_str()),
            None => settings.algorithms.iter().any(|name| name == algorithm.as_str()),
        },
        ..Choice::new(algorithm.as_str(), algorithm.as_str())
    });
    let mut inputs = vec![
        FieldInput::new("label", "What people call it", InputKind::Text)
            .with_value(text("label", label))
            .with_help("Stands on the button at the sign-in.")
            .required(),
        FieldInput::new("preset", "Kind", InputKind::Radio(presets.to_vec())).required(),
        FieldInput::new("client_id", "Client id", InputKind::Text)
            .with_value(text("client_id", &settings.client_id))
            .required(),
        FieldInput::new("secret", "Client secret", InputKind::Password)
            .with_help(secret_help)
            .with_autocomplete("off"),
        FieldInput::new("scopes", "Scopes", InputKind::Text)
            .with_value(text("scopes", &settings.scopes.join(" ")))
            .required(),
        FieldInput::new(
            "algorithms",
            "ID tokens may be signed with",
            InputKind::MultipleChoice(algorithms.to_vec()),
        ),
    ];
    inputs.extend(rules(form, settings));
    inputs
}

/// Who comes in, and what their provider's word counts for.
fn rules(form: Option<&Form>, settings: &ProviderSettings) -> Vec<FieldInput> {
    let text = |name: &str, stored: &str| shown(form, name, stored);
    let optional =
        |name: &str, stored: &Option<String>| shown(form, name, stored.as_deref().unwrap_or_default());
    let first = text("first_sign_in", settings.first_sign_in.as_str());
    let newcomers = NEWCOMERS.map(|(value, name)| Choice::new(value.as_str(), name).selected_if(&first));
    let age = settings.factor_age_seconds_max.map(|age| age.to_string());
    vec![
        FieldInput::new("hosted_domain", "Hosted domain", InputKind::Text)
            .with_value(optional("hosted_domain", &settings.hosted_domain))
            .with_help("Only people of this domain (hd) come in. Google needs it."),
        FieldInput::new(
            "first_sign_in",
            "People whom nobody knows here",
            InputKind::Radio(newcomers.to_vec()),
        )
        .required(),
        FieldInput::new(
            "factor_methods",
            "Methods that count as a second factor",
            InputKind::Text,
        )
        .with_value(text("factor_methods", &settings.factor_methods.join(" ")))
        .with_help("Values of amr, such as mfa hwk. Empty: the provider's word never counts as one."),
        FieldInput::new(
            "factor_classes",
            "Classes that count as a second factor",
            InputKind::Text,
        )
        .with_value(text("factor_classes", &settings.factor_classes.join(" ")))
        .with_help("Values of acr."),
        FieldInput::new(
            "factor_age_seconds_max",
            "Signed in there within seconds",
            InputKind::Integer,
        )
        .with_value(optional("factor_age_seconds_max", &age))
        .with_help("Empty: however long ago."),
        FieldInput::new("authority_pem", "Its certificate authority", InputKind::LongText)
            .with_value(optional("authority_pem", &settings.authority_pem))
            .with_help("In PEM. Empty: the authorities that this machine trusts."),
    ]
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn optional(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn read_settings(form: &Form, before: ProviderSettings) -> Result<ProviderSettings, PlatformError> {
    let malformed = |pointer: &str, text: &str| PlatformError::invalid_at(pointer, "malformed", text);
    let first = NEWCOMERS
        .iter()
        .find(|(value, _)| value.as_str() == form.text("first_sign_in"));
    let age = match optional(form.text("factor_age_seconds_max")) {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| malformed("/factor_age_seconds_max", "a whole number of seconds"))?,
        ),
    };
    Ok(ProviderSettings {
        preset: form.text("preset").to_owned(),
        client_id: form.text("client_id").trim().to_owned(),
        scopes: words(form.text("scopes")),
        algorithms: form.all("algorithms").map(str::to_owned).collect(),
        hosted_domain: optional(form.text("hosted_domain")),
        factor_methods: words(form.text("factor_methods")),
        factor_classes: words(form.text("factor_classes")),
        factor_age_seconds_max: age,
        authority_pem: optional(&form.text("authority_pem").replace("\r\n", "\n")),
        first_sign_in: first.ok_or_else(|| malformed("/first_sign_in", "choose one"))?.0,
        membership: before.membership,
    })
}

fn read_secret(form: &Form) -> Option<SecretText> {
    let text = form.text("secret");
    (!text.is_empty()).then(|| SecretText::new(text.to_owned()))
}

/// The issuer, as it was sent; Google's need not be.
fn read_issuer(form: &Form) -> String {
    match form.text("issuer").trim() {
        "" if form.text("preset") == Preset::Google.as_str() => GOOGLE.to_owned(),
        issuer => issuer.to_owned(),
    }
}

/// A new provider, as it was sent.
pub(super) fn read_new(form: &Form) -> Result<NewProvider, PlatformError> {
    Ok(NewProvider {
        key: form.text("key").trim().to_owned(),
        label: form.text("label").to_owned(),
        issuer: read_issuer(form),
        settings: read_settings(form, ProviderSettings::new(Preset::Standard, ""))?,
        secret: read_secret(form),
    })
}

/// A provider's change, as it was sent. An authority that was sent as it is stored is the same.
pub(super) fn read_old(form: &Form, view: &ProviderView) -> Result<ProviderChange, PlatformError> {
    let mut settings = read_settings(form, view.settings.clone())?;
    let same = |pem: &Option<String>| pem.as_deref().map(str::trim).map(str::to_owned);
    if same(&settings.authority_pem) == same(&view.settings.authority_pem) {
        settings.authority_pem = view.settings.authority_pem.clone();
    }
    Ok(ProviderChange {
        label: Some(form.text("label").to_owned()),
        state: None,
        settings: Some(settings),
        secret: read_secret(form),
    })
}
