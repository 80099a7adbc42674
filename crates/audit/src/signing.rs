//! Signs in tests: the private halves live in `strongroom-vault`, which this crate does not know.

use crate::note::{Algorithm, KeyName, SIGNATURE_BYTES, VerifierKey};
use openssl::{
    pkey::{Id, PKey, Private},
    sign,
};

pub(crate) struct Signer(PKey<Private>);

impl Signer {
    pub(crate) fn of(private: [u8; 32]) -> Self {
        Self(PKey::private_key_from_raw_bytes(&private, Id::ED25519).unwrap())
    }

    pub(crate) fn key(&self, name: &str, algorithm: Algorithm) -> VerifierKey {
        let public = self.0.raw_public_key().unwrap().try_into().unwrap();
        VerifierKey::new(KeyName::parse(name).unwrap(), algorithm, public)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        let mut signer = sign::Signer::new_without_digest(&self.0).unwrap();
        signer.sign_oneshot_to_vec(message).unwrap().try_into().unwrap()
    }
}
