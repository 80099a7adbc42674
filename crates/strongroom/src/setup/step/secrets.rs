//! The root key and the database's password: made once, never replaced.

use super::Standing;
use crate::{
    failure::{CommandError, Exit},
    setup::site::{DATABASE_PASSWORD, ROOT_KEY, Site},
};
use ::host::write;
use config::{SecretSource, read_secret};
use openssl::rand::rand_bytes;
use vault::RootKey;
use zeroize::Zeroizing;

pub(super) fn look(site: &Site) -> Result<Standing, CommandError> {
    let (key, password) = (site.credential(ROOT_KEY), site.credential(DATABASE_PASSWORD));
    if write::look(&key)?.is_none() {
        return Ok(Standing::ToDo(format!("make the root key {}", key.display())));
    }
    let key = RootKey::load(&key).map_err(|error| CommandError::said(Exit::Failed, error.to_string()))?;
    if write::look(&password)?.is_none() {
        let what = format!("make the database's password {}", password.display());
        return Ok(Standing::ToDo(what));
    }
    read_secret(&SecretSource::File(password))?;
    let id = key
        .id()
        .map_err(|error| CommandError::said(Exit::Failed, error.to_string()))?;
    Ok(Standing::Done(format!("root key {id} and database password")))
}

pub(super) fn apply(site: &Site) -> Result<(), CommandError> {
    let key = site.credential(ROOT_KEY);
    if write::look(&key)?.is_none() {
        RootKey::create(&key).map_err(|error| CommandError::said(Exit::Failed, error.to_string()))?;
    }
    let password = site.credential(DATABASE_PASSWORD);
    if write::look(&password)?.is_none() {
        write::file(&password, random()?.as_bytes(), site.private(0o600))?;
    }
    Ok(())
}

/// 32 random bytes as text.
fn random() -> Result<Zeroizing<String>, CommandError> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    rand_bytes(bytes.as_mut_slice()).map_err(CommandError::tls("cannot draw a random password"))?;
    let mut text = Zeroizing::new(String::with_capacity(65));
    for byte in bytes.iter() {
        text.push_str(&format!("{byte:02x}"));
    }
    text.push('\n');
    Ok(text)
}
