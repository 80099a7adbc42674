//! HKDF-SHA-256 (RFC 5869), by OpenSSL.

use crate::crypto::{CryptoError, failed};
use crate::secret::Secret;
use openssl::error::ErrorStack;
use openssl::md::Md;
use openssl::pkey::Id;
use openssl::pkey_ctx::PkeyCtx;

/// A key for one use, derived from `key`. `info` names the use, `salt` the owner.
pub(crate) fn derive_key(key: &Secret<32>, salt: &[u8], info: &str) -> Result<Secret<32>, CryptoError> {
    let mut out = [0; 32];
    expand(key.expose(), salt, info.as_bytes(), &mut out).map_err(failed("HKDF"))?;
    Ok(Secret::take(&mut out))
}

/// As [`derive_key`], for a key of another length and a use that another format names.
pub(crate) fn derive(key: &[u8], salt: &[u8], info: &[u8]) -> Result<Secret<32>, CryptoError> {
    let mut out = [0; 32];
    expand(key, salt, info, &mut out).map_err(failed("HKDF"))?;
    Ok(Secret::take(&mut out))
}

fn expand(key: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) -> Result<(), ErrorStack> {
    let mut context = PkeyCtx::new_id(Id::HKDF)?;
    context.derive_init()?;
    context.set_hkdf_md(Md::sha256())?;
    context.set_hkdf_key(key)?;
    context.set_hkdf_salt(salt)?;
    context.add_hkdf_info(info)?;
    context.derive(Some(out))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5869 appendix A.1 to A.3.
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        let long = |from: u8, to: u8| (from..=to).collect::<Vec<u8>>();
        for (key, salt, info, expected) in [
            (
                vec![0x0b; 22],
                long(0x00, 0x0c),
                long(0xf0, 0xf9),
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
            ),
            (
                long(0x00, 0x4f),
                long(0x60, 0xaf),
                long(0xb0, 0xff),
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09\
                 da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
            ),
            (
                vec![0x0b; 22],
                vec![],
                vec![],
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
            ),
        ] {
            let mut out = vec![0; expected.len() / 2];
            expand(&key, &salt, &info, &mut out).unwrap();
            assert_eq!(hex::encode(out), expected);
        }
    }

    #[test]
    fn each_use_and_owner_has_its_own_key() {
        let key = Secret::from_slice(&[1; 32]).unwrap();
        let of = |salt: &[u8], info| *derive_key(&key, salt, info).unwrap().expose();
        assert_eq!(of(b"a", "x"), of(b"a", "x"));
        assert_ne!(of(b"a", "x"), of(b"a", "y"));
        assert_ne!(of(b"a", "x"), of(b"b", "x"));
    }
}
