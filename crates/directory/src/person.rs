//! A person as the directory describes them.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::{
    dn,
    entry::Entry,
    identifier,
    settings::Settings,
    state::{self, State},
};

/// Characters of a name or an address that are kept.
const TEXT_MAX: usize = 200;

/// A person.
#[derive(Debug, Clone)]
pub struct Person {
    /// The identifier that stays when everything else changes, in lower case.
    pub id: String,
    /// The distinguished name at this moment.
    pub dn: String,
    /// The login name as the directory writes it.
    pub login: String,
    /// The e-mail address, as written; not checked, not proof of anything.
    pub email: Option<String>,
    /// The name to show.
    pub name: String,
    /// Whether they may sign in as far as the entry says.
    pub state: State,
    pub(crate) member_of: BTreeSet<String>,
    pub(crate) primary_group: Option<String>,
}

impl Person {
    /// What an entry says; nothing when it has no identifier.
    pub(crate) fn of(settings: &Settings, entry: &Entry, now: Timestamp) -> Option<Self> {
        let attributes = &settings.attributes;
        let text = |name: &str| {
            entry
                .text(name)
                .map(|text| text.chars().take(TEXT_MAX).collect::<String>())
        };
        let login = attributes
            .login
            .iter()
            .find_map(|name| text(name))
            .unwrap_or_default();
        let sid = entry
            .bytes("objectSid")
            .first()
            .and_then(|bytes| identifier::sid(bytes));
        let primary_group = sid.zip(entry.text("primaryGroupID"));
        Some(Self {
            id: identifier_of(entry, &attributes.id)?,
            dn: entry.dn.clone(),
            name: text(&attributes.name).unwrap_or_else(|| login.clone()),
            login,
            email: text(&attributes.email),
            state: State::of(entry, now),
            member_of: entry.texts("memberOf").filter_map(dn::normalize).collect(),
            primary_group: primary_group.and_then(|(sid, group)| identifier::primary_group(&sid, group)),
        })
    }
}

/// The value of an identifying attribute: a GUID where Active Directory has its own form, otherwise the text.
pub(crate) fn identifier_of(entry: &Entry, attribute: &str) -> Option<String> {
    let bytes = entry.bytes(attribute).first()?;
    if attribute.eq_ignore_ascii_case("objectGUID") {
        return identifier::guid(bytes);
    }
    let text = std::str::from_utf8(bytes).ok()?.trim().to_lowercase();
    (1..=TEXT_MAX).contains(&text.len()).then_some(text)
}

/// What is asked of a person's entry.
pub(crate) fn attributes(settings: &Settings) -> Vec<&str> {
    let own = &settings.attributes;
    let named = [own.id.as_str(), &own.email, &own.name]
        .into_iter()
        .chain(own.login.iter().map(String::as_str));
    named
        .chain(state::ATTRIBUTES.iter().copied())
        .chain(["memberOf", "objectSid", "primaryGroupID"])
        .collect()
}
