//! An archive encrypted on its way out, in the format of age, for a passphrase or for a public key.
//!
//! Invariants: what is sealed leaves piece by piece, so memory does not grow with the archive; an archive that breaks off has no last
//! piece and does not open as a whole one; a passphrase is held until the first byte left, and written down nowhere.

use crate::{
    Platform,
    act::vault_failure,
    error::{PlatformError, Result},
    pipe::{ByteStream, byte_stream},
};
use futures_util::StreamExt;
use vault::{
    SecretText,
    age::{PublicKey, Recipient, Sealer},
    password::guess::{PIECES_MIN, pieces},
};

/// The first bytes of a file of age.
pub(super) const MAGIC: &[u8] = b"age-encryption.org/v1";
/// Whoever has the file has all the time there is to guess.
const PASSPHRASE_CHARS_MIN: usize = 16;
const PASSPHRASE_CHARS_MAX: usize = 1_000;

/// Who opens an archive.
#[derive(Debug)]
pub struct Envelope(Recipient);

impl Envelope {
    /// For the holder of the other half of a public key of age (`age1...`).
    ///
    /// # Errors
    /// `invalid` at `/recipient`.
    pub fn for_key(text: &str) -> Result<Self> {
        let key = text.trim().parse::<PublicKey>();
        let key =
            key.map_err(|error| PlatformError::invalid_at("/recipient", "malformed", error.to_string()))?;
        Ok(Self(Recipient::Key(key)))
    }

    /// For whoever knows a passphrase, typed twice.
    ///
    /// # Errors
    /// `invalid` at `/passphrase` for one that is too short or easily guessed, at `/again` where both differ.
    pub fn for_passphrase(passphrase: SecretText, again: &SecretText) -> Result<Self> {
        let text = passphrase.expose();
        let length = text.chars().count();
        if !(PASSPHRASE_CHARS_MIN..=PASSPHRASE_CHARS_MAX).contains(&length) {
            let message =
                format!("at least {PASSPHRASE_CHARS_MIN} characters; five words taken at random are good");
            return Err(PlatformError::invalid_at("/passphrase", "too-short", message));
        }
        // The receiver's tool reads one line.
        if text.chars().any(char::is_control) {
            let message = "letters, digits, signs and spaces only";
            return Err(PlatformError::invalid_at("/passphrase", "malformed", message));
        }
        if pieces(text, &["Strongroom"]) < PIECES_MIN {
            let message = "too easy to guess: it is made of common passwords, repetitions or rows of keys; choose another";
            return Err(PlatformError::invalid_at("/passphrase", "guessable", message));
        }
        if text != again.expose() {
            let message =
                "this is another one; type the same twice, because nobody can open the file without it";
            return Err(PlatformError::invalid_at("/again", "different", message));
        }
        Ok(Self(Recipient::Passphrase(passphrase)))
    }

    /// As an entry says it.
    pub(super) fn told(&self) -> &'static str {
        match self.0 {
            Recipient::Passphrase(_) => "encrypted for a passphrase",
            Recipient::Key(_) => "encrypted for a public key",
        }
    }

    /// The header, and what seals the rest. A passphrase costs memory and time, as hashing a password does.
    pub(super) async fn open(self, platform: &Platform) -> Result<(Sealer, Vec<u8>)> {
        let begun = platform.hash_with(move |_| Sealer::begin(&self.0)).await?;
        begun.map_err(vault_failure)
    }
}

/// The stream, sealed as it comes; its failure is ours, and then there is no proper end.
pub(super) fn seal(mut stream: ByteStream, mut sealer: Sealer, header: Vec<u8>) -> ByteStream {
    byte_stream(|outlet| async move {
        outlet.send(header.into()).await?;
        while let Some(bytes) = stream.next().await {
            let mut sealed = Vec::new();
            sealer.push(&bytes?, &mut sealed).map_err(vault_failure)?;
            outlet.send(sealed.into()).await?;
        }
        let mut sealed = Vec::new();
        sealer.finish(&mut sealed).map_err(vault_failure)?;
        outlet.send(sealed.into()).await
    })
}
