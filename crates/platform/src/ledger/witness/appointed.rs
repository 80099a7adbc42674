//! Which witnesses' word counts, and where those are that are asked over https.

use super::refused;
use crate::{
    Caller, Platform,
    act::{Act, Object},
    check::require_operator,
    error::Result,
    outgoing::{self, Door},
    setting::Setting,
};
use audit::note::{Algorithm, VerifierKey};
use openid::wire::Wire;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use store::control::Reads;
use url::Url;

/// The setting with the witnesses, by the names in their keys.
const SETTING: Setting<BTreeMap<String, Appointed>> = Setting::named("audit-witnesses");
/// Most witnesses.
const WITNESSES_MAX: usize = 16;

/// A witness as the setting holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appointed {
    /// Its key, as policies name it.
    pub key: String,
    /// Where it is asked; carried by hand if nowhere.
    #[serde(default)]
    pub contact: Option<Contact>,
}

/// Where a witness is asked over https.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// What comes before `/add-checkpoint` (C2SP tlog-witness).
    pub url: Url,
    /// Certificates of its authority in PEM; the system's if none.
    pub authority_pem: Option<String>,
}

impl Contact {
    /// The address that is asked.
    pub(super) fn submission(&self) -> String {
        format!("{}/add-checkpoint", self.url.as_str().trim_end_matches('/'))
    }

    /// Refuses what could never be asked, before it is kept.
    fn check(&self, platform: &Platform) -> Result<()> {
        let Self { url, authority_pem } = self;
        let host = url.host_str().filter(|_| url.scheme() == "https");
        let host = host.ok_or_else(|| {
            refused(format!(
                "{url} is no address of a witness: it begins with https://, and a host"
            ))
        })?;
        if url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some()
        {
            let text = format!("{url} is no address of a witness: nothing but a path follows its host");
            return Err(refused(text));
        }
        Wire::new(authority_pem.as_deref(), outgoing::reach(platform))
            .map_err(|error| refused(format!("its authority cannot be used: {error}")))?;
        let port = url.port_or_known_default().unwrap_or(443);
        Door::of(platform).beyond(host, port).map(drop)
    }
}

/// A witness's key as policies name it, without the blanks around it.
///
/// # Errors
/// `conflict` for what is none.
pub fn check_key(key: &str) -> Result<String> {
    Ok(parse_key(key)?.to_string())
}

fn parse_key(key: &str) -> Result<VerifierKey> {
    let key = VerifierKey::parse(key.trim()).map_err(|error| refused(error.to_string()))?;
    match key.algorithm() {
        Algorithm::CosignatureV1 => Ok(key),
        Algorithm::Ed25519 => Err(refused("this is a log's key; a witness's has the algorithm 4")),
    }
}

/// Whether a witness could be asked there now.
///
/// # Errors
/// As [`appoint`] for its contact.
pub fn check_contact(platform: &Platform, contact: &Contact) -> Result<()> {
    contact.check(platform)
}

/// The witnesses, by the names in their keys.
///
/// # Errors
/// `not-allowed`.
pub async fn appointed(platform: &Platform, caller: &Caller) -> Result<BTreeMap<String, Appointed>> {
    require_operator(caller)?;
    read(&mut platform.control().read().await?).await
}

/// Names a witness whose cosignatures count from now on, and where it is asked if it is not carried by hand.
///
/// # Errors
/// `not-allowed`; `conflict` for what is no key of a witness, too many of them, or no address; `invalid` for an address that no setting
/// lets out; `unavailable` for one that root has not looked up.
pub async fn appoint(
    platform: &Platform,
    caller: &Caller,
    key: &str,
    contact: Option<Contact>,
) -> Result<()> {
    require_operator(caller)?;
    let key = parse_key(key)?;
    if let Some(contact) = &contact {
        contact.check(platform)?;
    }
    let mut tx = platform.control().begin().await?;
    let mut known = read(&mut tx).await?;
    let text = key.to_string();
    known.insert(key.name().to_string(), Appointed { key: text, contact });
    if known.len() > WITNESSES_MAX {
        return Err(refused(format!("there are {WITNESSES_MAX} witnesses already")));
    }
    SETTING.write(platform, &mut tx, &known).await?;
    let act = Act::configuration("audit-witness.appoint", Object::new("witness", key.name()));
    let entry = platform.entry(caller, None, &act)?;
    tx.commit(&entry, &[]).await?;
    Ok(())
}

/// All of them.
pub(super) async fn read(on: &mut impl Reads) -> Result<BTreeMap<String, Appointed>> {
    Ok(SETTING.read(on).await?.unwrap_or_default())
}
