//! A directory's settings as inputs of a form, and back.

use crate::{
    form::Form,
    view::{Choice, FieldInput, InputKind},
};
use platform::{
    PlatformError,
    directories::{
        DirectoryView, Draft,
        settings::{Binding, Product, Security, Server, ServiceProof, Settings},
    },
    provider::FirstSignIn,
};
use vault::SecretText;

/// The products that a new directory can be, with what is usual there.
const PRESETS: [(&str, &str, &str); 5] = [
    (
        "active-directory",
        "Active Directory",
        "The service account may be written as name@domain",
    ),
    ("samba", "Samba", "As a domain controller of Active Directory"),
    (
        "openldap",
        "OpenLDAP",
        "People are inetOrgPerson and known by entryUUID",
    ),
    ("freeipa", "FreeIPA", "People are known by ipaUniqueID"),
    (
        "389",
        "389 Directory Server",
        "People are inetOrgPerson and known by nsUniqueId",
    ),
];

const SECURITY: [(&str, &str, &str); 2] = [
    ("ldaps", "LDAPS", "TLS from the first byte, mostly on port 636"),
    (
        "starttls",
        "StartTLS",
        "Mostly on port 389; nothing is sent where the server refuses it",
    ),
];

const PROOFS: [(&str, &str, &str); 2] = [
    ("password", "By its password", "As nearly everywhere"),
    (
        "certificate",
        "By our own certificate",
        "Where the server takes it for the account (SASL EXTERNAL); then no password is needed",
    ),
];

const NEWCOMERS: [(FirstSignIn, &str); 3] = [
    (FirstSignIn::Refuse, "Are turned away"),
    (FirstSignIn::Wait, "Wait until an operator lets them in"),
    (
        FirstSignIn::Create,
        "Get an account, if a group of theirs gives a role",
    ),
];

/// What was sent, else what is stored.
fn shown(form: Option<&Form>, name: &str, stored: &str) -> String {
    match form {
        Some(form) => form.text(name).to_owned(),
        None => stored.to_owned(),
    }
}

fn radio(choices: &[(&str, &str, &str)], selected: &str) -> InputKind {
    let choice = |(value, name, help): &(&str, &str, &str)| Choice {
        help: Some((*help).to_owned()),
        ..Choice::new(*value, *name).selected_if(selected)
    };
    InputKind::Radio(choices.iter().map(choice).collect())
}

/// The inputs of a new directory, as they were sent if they were.
pub(super) fn new_inputs(form: Option<&Form>) -> Vec<FieldInput> {
    let text = |name: &str, default: &str| shown(form, name, default);
    let mut inputs = vec![
        FieldInput::new("key", "Name here", InputKind::Text)
            .with_value(text("key", ""))
            .with_help("Small letters, digits and hyphens, such as company. It cannot be changed.")
            .required(),
        FieldInput::new(
            "preset",
            "What it is",
            radio(&PRESETS, &text("preset", "active-directory")),
        )
        .required(),
        servers(&text("servers", "")),
        security(&text("security", "ldaps"), None),
        service_account(&text("service_dn", "")),
        service_proof(&text("service_proof", "password")),
        secret("What is typed here is never shown again."),
        FieldInput::new("base", "Below which name people and groups are", InputKind::Text)
            .with_value(text("base", ""))
            .with_help("Such as DC=example,DC=com.")
            .required(),
        authorities(&text("authorities", "")),
        client_certificate(&text("client_certificate", "")),
        client_key("In PEM. What is typed here is never shown again."),
    ];
    inputs.push(newcomers(&text("first_sign_in", "refuse")));
    inputs.push(login(&text("login", "")));
    inputs
}

/// The inputs of a directory that is there.
pub(super) fn old_inputs(view: &DirectoryView, form: Option<&Form>) -> Vec<FieldInput> {
    let settings = &view.settings;
    let text = |name: &str, stored: &str| shown(form, name, stored);
    let listed: Vec<String> = settings.servers.iter().map(Server::to_string).collect();
    let help = match (settings.service_proof, view.has_secret) {
        (ServiceProof::Certificate, _) => "None is needed.",
        (ServiceProof::Password, true) => {
            "Leave it empty to keep the one that is stored. Another server, encryption, authority or account takes it away."
        }
        (ServiceProof::Password, false) => "None is stored: nobody of this directory gets in.",
    };
    let mut inputs = vec![
        servers(&text("servers", &listed.join(" "))),
        security(
            &text("security", security_word(settings.security)),
            Some(settings.security),
        ),
        service_account(&text("service_dn", &settings.service_dn)),
        service_proof(&text("service_proof", proof_word(settings.service_proof))),
        secret(help),
        authorities(&text(
            "authorities",
            settings.authorities.as_deref().unwrap_or_default(),
        )),
        client_certificate(&text(
            "client_certificate",
            settings.client_certificate.as_deref().unwrap_or_default(),
        )),
        client_key(match view.has_client_key {
            true => {
                "Leave it empty to keep the one that is stored. Another server, encryption or authority takes it away."
            }
            false => "In PEM. None is stored.",
        }),
    ];
    inputs.extend(reading_inputs(settings, form));
    inputs.push(newcomers(&text("first_sign_in", view.first_sign_in.as_str())));
    inputs.push(login(&text("login", "")));
    inputs
}

/// How people and groups are found and read.
fn reading_inputs(settings: &Settings, form: Option<&Form>) -> Vec<FieldInput> {
    let text = |name: &str, stored: &str| shown(form, name, stored);
    let template = match &settings.binding {
        Binding::Search => "",
        Binding::Template(template) => template,
    };
    let attributes = &settings.attributes;
    vec![
        FieldInput::new(
            "person_bases",
            "Below which names people are",
            InputKind::LongText,
        )
        .with_value(text("person_bases", &settings.person_bases.join("\n")))
        .with_help("One on a line.")
        .required(),
        FieldInput::new("person_filter", "Who is a person", InputKind::Text)
            .with_value(text("person_filter", &settings.person_filter))
            .with_help("A filter of LDAP. Whoever it does not find is treated as gone.")
            .required(),
        FieldInput::new("group_bases", "Below which names groups are", InputKind::LongText)
            .with_value(text("group_bases", &settings.group_bases.join("\n")))
            .with_help("One on a line."),
        FieldInput::new("template", "The name that a login makes", InputKind::Text)
            .with_value(text("template", template))
            .with_help(
                "Empty: the person is searched. Else such as uid={login},ou=people,dc=example,dc=com.",
            ),
        FieldInput::new(
            "logins",
            "Attributes that people type to sign in",
            InputKind::Text,
        )
        .with_value(text("logins", &attributes.login.join(" ")))
        .required(),
        FieldInput::new(
            "email_attribute",
            "Attribute of the e-mail address",
            InputKind::Text,
        )
        .with_value(text("email_attribute", &attributes.email))
        .required(),
        FieldInput::new("name_attribute", "Attribute of the name", InputKind::Text)
            .with_value(text("name_attribute", &attributes.name))
            .required(),
    ]
}

fn servers(value: &str) -> FieldInput {
    FieldInput::new("servers", "Servers", InputKind::Text)
        .with_value(value)
        .with_help("NAME, NAME:PORT, or what DNS lists under _ldap._tcp.DOMAIN, in the order in which they are asked, with blanks between. The settings file must name each in [outgoing].")
        .required()
}

/// A connection without TLS is set on the host only; one that is there can be looked at and left.
fn security(selected: &str, stored: Option<Security>) -> FieldInput {
    let plain = (
        "plain",
        "No TLS",
        "Everybody on the way reads the passwords; the promise sign-in-ldap is broken",
    );
    let mut choices = SECURITY.to_vec();
    choices.extend((stored == Some(Security::Plain)).then_some(plain));
    FieldInput::new("security", "Encryption", radio(&choices, selected)).required()
}

fn service_account(value: &str) -> FieldInput {
    FieldInput::new("service_dn", "Service account", InputKind::Text)
        .with_value(value)
        .with_help("An account that reads people and groups, and nothing else.")
        .with_autocomplete("off")
        .required()
}

fn service_proof(selected: &str) -> FieldInput {
    FieldInput::new(
        "service_proof",
        "How it proves who it is",
        radio(&PROOFS, selected),
    )
    .required()
}

fn secret(help: &str) -> FieldInput {
    FieldInput::new("secret", "Its password", InputKind::Password)
        .with_help(help)
        .with_autocomplete("off")
}

fn authorities(value: &str) -> FieldInput {
    FieldInput::new("authorities", "Its certificate authority", InputKind::LongText)
        .with_value(value)
        .with_help("In PEM. Empty: the authorities that this machine trusts.")
}

fn client_certificate(value: &str) -> FieldInput {
    FieldInput::new("client_certificate", "Our own certificate", InputKind::LongText)
        .with_value(value)
        .with_help("In PEM, those between it and its authority after it. Only for servers that ask for one.")
}

/// What was typed is not shown again, not even after a mistake.
fn client_key(help: &str) -> FieldInput {
    FieldInput::new("client_key", "Its key", InputKind::SecretLines)
        .with_help(help)
        .with_autocomplete("off")
}

fn newcomers(selected: &str) -> FieldInput {
    let choices = NEWCOMERS.map(|(value, name)| Choice::new(value.as_str(), name).selected_if(selected));
    FieldInput::new(
        "first_sign_in",
        "People whom nobody knows here",
        InputKind::Radio(choices.to_vec()),
    )
    .required()
}

fn login(value: &str) -> FieldInput {
    FieldInput::new("login", "Login name to look up in the test", InputKind::Text)
        .with_value(value)
        .with_help("Not needed to save.")
        .with_autocomplete("off")
}

fn security_word(security: Security) -> &'static str {
    match security {
        Security::Ldaps => "ldaps",
        Security::Starttls => "starttls",
        Security::Plain => "plain",
    }
}

fn proof_word(proof: ServiceProof) -> &'static str {
    match proof {
        ServiceProof::Password => "password",
        ServiceProof::Certificate => "certificate",
    }
}

fn read_proof(form: &Form) -> Result<ServiceProof, PlatformError> {
    match form.text("service_proof") {
        // A form without the choice means the usual one.
        "password" | "" => Ok(ServiceProof::Password),
        "certificate" => Ok(ServiceProof::Certificate),
        _ => Err(malformed("/service_proof", "choose one")),
    }
}

fn malformed(pointer: &str, text: &str) -> PlatformError {
    PlatformError::invalid_at(pointer, "malformed", text)
}

fn read_security(form: &Form, before: Option<Security>) -> Result<Security, PlatformError> {
    match form.text("security") {
        "ldaps" => Ok(Security::Ldaps),
        "starttls" => Ok(Security::Starttls),
        "plain" if before == Some(Security::Plain) => Ok(Security::Plain),
        _ => Err(malformed("/security", "choose one")),
    }
}

fn read_servers(form: &Form) -> Result<Vec<Server>, PlatformError> {
    let names = form.text("servers").split([' ', ',', '\t', '\r', '\n']);
    let names = names.filter(|name| !name.is_empty());
    let servers: Vec<Server> = names
        .map(|name| {
            name.parse()
                .map_err(|error| malformed("/servers", &format!("{error}")))
        })
        .collect::<Result<_, _>>()?;
    if servers.is_empty() {
        return Err(malformed("/servers", "name one to eight servers"));
    }
    Ok(servers)
}

/// What stands in a box for certificates; one that was sent as it is stored is the same.
fn read_certificates(form: &Form, name: &str, stored: Option<&str>) -> Option<String> {
    let sent = form.text(name).replace("\r\n", "\n");
    match stored {
        Some(stored) if stored.trim() == sent.trim() => Some(stored.to_owned()),
        _ => (!sent.trim().is_empty()).then_some(sent),
    }
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// What becomes of newcomers, as it was sent.
pub(super) fn read_newcomers(form: &Form) -> Result<FirstSignIn, PlatformError> {
    let sent = form.text("first_sign_in");
    let found = NEWCOMERS.iter().find(|(value, _)| value.as_str() == sent);
    Ok(found.ok_or_else(|| malformed("/first_sign_in", "choose one"))?.0)
}

/// The password, if one was typed.
pub(super) fn read_secret(form: &Form) -> Option<SecretText> {
    let text = form.text("secret");
    (!text.is_empty()).then(|| SecretText::new(text.to_owned()))
}

/// The key of our own certificate, if one was typed.
fn read_key(form: &Form) -> Option<SecretText> {
    let text = form.text("client_key").trim();
    (!text.is_empty()).then(|| SecretText::new(text.replace("\r\n", "\n")))
}

/// The settings of a new directory, as they were sent.
pub(super) fn read_new(form: &Form) -> Result<Draft, PlatformError> {
    let product = match form.text("preset") {
        "active-directory" | "samba" => Product::ActiveDirectory,
        "openldap" => Product::Openldap,
        "freeipa" | "389" => Product::Freeipa,
        _ => return Err(malformed("/preset", "choose one")),
    };
    let mut servers = read_servers(form)?;
    let more = servers.split_off(1);
    let first = servers.remove(0);
    let text = |name: &str| form.text(name).trim().to_owned();
    let mut settings = Settings::preset(product, first, text("service_dn"), text("base"));
    settings.servers.extend(more);
    settings.security = read_security(form, None)?;
    settings.authorities = read_certificates(form, "authorities", None);
    settings.client_certificate = read_certificates(form, "client_certificate", None);
    settings.service_proof = read_proof(form)?;
    if form.text("preset") == "389" {
        "(objectClass=inetOrgPerson)".clone_into(&mut settings.person_filter);
        "nsUniqueId".clone_into(&mut settings.attributes.id);
        "cn".clone_into(&mut settings.attributes.name);
    }
    Ok(Draft {
        settings,
        secret: read_secret(form),
        client_key: read_key(form),
    })
}

/// Other settings of a directory, as they were sent. What no input is for stays as it is.
pub(super) fn read_old(form: &Form, view: &DirectoryView) -> Result<Draft, PlatformError> {
    let text = |name: &str| form.text(name).trim().to_owned();
    let mut settings = view.settings.clone();
    settings.servers = read_servers(form)?;
    settings.security = read_security(form, Some(view.settings.security))?;
    settings.authorities = read_certificates(form, "authorities", view.settings.authorities.as_deref());
    let stored = view.settings.client_certificate.as_deref();
    settings.client_certificate = read_certificates(form, "client_certificate", stored);
    settings.service_dn = text("service_dn");
    settings.service_proof = read_proof(form)?;
    settings.binding = match text("template") {
        template if template.is_empty() => Binding::Search,
        template => Binding::Template(template),
    };
    settings.person_bases = lines(form.text("person_bases"));
    settings.person_filter = text("person_filter");
    settings.group_bases = lines(form.text("group_bases"));
    settings.attributes.login = form
        .text("logins")
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    settings.attributes.email = text("email_attribute");
    settings.attributes.name = text("name_attribute");
    Ok(Draft {
        settings,
        secret: read_secret(form),
        client_key: read_key(form),
    })
}
