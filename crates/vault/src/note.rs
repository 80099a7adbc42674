//! Signs notes of the audit log: as the log itself, or as a witness of one.
//!
//! Invariant: what is signed is the text of the note as it stands, so a caller adds no line afterwards. Whether a
//! checkpoint may be signed at all (never two of one size) is the caller's to know before it comes here.

use crate::crypto::CryptoError;
use crate::signing::SigningKey;
use audit::note::{Algorithm, KeyName, Note, NoteError, Signature, VerifierKey, cosigned};

/// Why a note was not signed.
#[derive(Debug, thiserror::Error)]
pub enum NoteSigningError {
    /// OpenSSL refuses.
    #[error("the note cannot be signed")]
    Crypto(#[from] CryptoError),
    /// The note has as many signatures as it may have.
    #[error("the note takes no further signature")]
    Note(#[from] NoteError),
}

impl SigningKey {
    /// What others check the signatures of this key with, under that name.
    ///
    /// # Errors
    /// OpenSSL refuses.
    pub fn verifier(&self, name: &KeyName, algorithm: Algorithm) -> Result<VerifierKey, CryptoError> {
        Ok(VerifierKey::new(name.clone(), algorithm, self.public()?))
    }

    /// Adds the log's own signature; `name` is the checkpoint's origin.
    ///
    /// # Errors
    /// OpenSSL refuses, or the note has as many signatures as it may have.
    pub fn sign_note(&self, name: &KeyName, note: &mut Note) -> Result<(), NoteSigningError> {
        let signature = self.signature(note.text().as_bytes())?;
        let key = self.verifier(name, Algorithm::Ed25519)?;
        Ok(note.add(Signature::log(&key, signature))?)
    }

    /// Adds a witness's cosignature of that time, in seconds since 1970.
    ///
    /// # Errors
    /// OpenSSL refuses, or the note has as many signatures as it may have.
    pub fn cosign_note(&self, name: &KeyName, time_s: u64, note: &mut Note) -> Result<(), NoteSigningError> {
        let signature = self.signature(cosigned(note.text(), time_s).as_bytes())?;
        let key = self.verifier(name, Algorithm::CosignatureV1)?;
        Ok(note.add(Signature::cosignature(&key, time_s, signature))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use audit::{Checkpoint, Hash, policy::Policy};

    #[test]
    fn a_signed_and_witnessed_checkpoint_is_accepted_by_its_policy() {
        let (log, witness) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
        let origin = KeyName::parse("records.example/log").unwrap();
        let name = KeyName::parse("witness.example").unwrap();
        let mut note = Checkpoint::new(origin.clone(), 3, Hash([1; 32]))
            .to_note()
            .unwrap();
        log.sign_note(&origin, &mut note).unwrap();
        witness.cosign_note(&name, 77, &mut note).unwrap();
        let policy = format!(
            "log {}\nwitness w {}\nquorum w\n",
            log.verifier(&origin, Algorithm::Ed25519).unwrap(),
            witness.verifier(&name, Algorithm::CosignatureV1).unwrap()
        );
        let trusted = Policy::parse(policy.as_bytes()).unwrap().check(&note).unwrap();
        assert_eq!(trusted.witnesses, [("w".to_owned(), 77)]);
        let other = SigningKey::generate().unwrap();
        let stranger = Policy::of_log(other.verifier(&origin, Algorithm::Ed25519).unwrap());
        assert!(stranger.check(&note).is_err());
    }
}
