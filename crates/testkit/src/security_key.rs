//! A security key in software (W3C Web Authentication, CTAP2), apart from the program's own code: it makes credentials and
//! answers questions as an authenticator and its browser together do.
//!
//! What an attacker could lie about is a public field. Start at [`SecurityKey::make`].

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rand::rand_bytes;
use openssl::sha::sha256;
use openssl::sign::Signer;
use serde_json::{Value, json};

/// Somebody was there, and showed a PIN or a finger.
const PRESENT_AND_VERIFIED: u8 = 0b0000_0101;
/// The data hold a new credential.
const WITH_CREDENTIAL: u8 = 0b0100_0000;

/// A key with one credential.
#[derive(Debug, Clone)]
pub struct SecurityKey {
    key: PKey<Private>,
    id: Vec<u8>,
    /// Where the browser says that it is.
    pub origin: String,
    /// The host that it signs for.
    pub host: String,
    /// How often it was used. It counts up before each use.
    pub counter: u32,
    /// Whose it says it is, if it says so.
    pub handle: Option<Vec<u8>>,
}

impl SecurityKey {
    /// Makes a credential as `options` ask (those of `navigator.credentials.create`, as JSON), in a browser at `origin`;
    /// gives it with the browser's answer.
    ///
    /// # Errors
    /// The options are not such.
    pub fn make(options: &str, origin: &str) -> Result<(Self, String)> {
        let options: Value = serde_json::from_str(options)?;
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let mut id = vec![0; 32];
        rand_bytes(&mut id)?;
        let key = Self {
            key: PKey::from_ec_key(EcKey::generate(&group)?)?,
            id,
            origin: origin.to_owned(),
            host: text(&options["rp"]["id"])?.to_owned(),
            counter: 0,
            handle: Some(URL_SAFE_NO_PAD.decode(text(&options["user"]["id"])?)?),
        };
        let answer = key.registration(&options)?;
        Ok((key, answer))
    }

    /// The answer that registers this very credential where `options` ask for one.
    ///
    /// # Errors
    /// The options are not such.
    pub fn register_again(&self, options: &str) -> Result<String> {
        self.registration(&serde_json::from_str(options)?)
    }

    fn registration(&self, options: &Value) -> Result<String> {
        let wants_ours = options["pubKeyCredParams"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["alg"] == -7));
        ensure!(wants_ours, "the page does not want keys of P-256");
        let mut data = self.data(PRESENT_AND_VERIFIED | WITH_CREDENTIAL);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len())?.to_be_bytes());
        data.extend(&self.id);
        data.extend(self.cose()?);
        let mut object = vec![0xa3];
        object.extend(cbor_text("fmt"));
        object.extend(cbor_text("none"));
        object.extend(cbor_text("attStmt"));
        object.push(0xa0);
        object.extend(cbor_text("authData"));
        object.push(0x59);
        object.extend(u16::try_from(data.len())?.to_be_bytes());
        object.extend(data);
        let client = self.client("webauthn.create", options)?;
        let response = json!({
            "attestationObject": URL_SAFE_NO_PAD.encode(object),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
            "transports": ["usb"],
        });
        Ok(self.credential(response))
    }

    /// Answers `options` (those of `navigator.credentials.get`, as JSON).
    ///
    /// # Errors
    /// The options are not such, or ask for other keys.
    pub fn answer(&mut self, options: &str) -> Result<String> {
        let options: Value = serde_json::from_str(options)?;
        let allowed = options["allowCredentials"]
            .as_array()
            .context("no list of keys")?;
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        ensure!(
            allowed.iter().any(|one| one["id"] == id.as_str()),
            "the page asks for other keys"
        );
        self.answer_anyway(&options)
    }

    /// The same, whichever keys are asked for.
    ///
    /// # Errors
    /// The options are not such.
    pub fn answer_anyway(&mut self, options: &Value) -> Result<String> {
        self.counter += 1;
        self.assertion(options)
    }

    /// Answers as a key does that keeps no counter.
    ///
    /// # Errors
    /// The options are not such.
    pub fn answer_uncounted(&self, options: &str) -> Result<String> {
        let uncounted = Self {
            counter: 0,
            ..self.clone()
        };
        uncounted.assertion(&serde_json::from_str(options)?)
    }

    fn assertion(&self, options: &Value) -> Result<String> {
        let data = self.data(PRESENT_AND_VERIFIED);
        let client = self.client("webauthn.get", options)?;
        let signed = [data.as_slice(), &sha256(client.as_bytes())].concat();
        let signature = Signer::new(MessageDigest::sha256(), &self.key)?.sign_oneshot_to_vec(&signed)?;
        let response = json!({
            "authenticatorData": URL_SAFE_NO_PAD.encode(data),
            "clientDataJSON": URL_SAFE_NO_PAD.encode(client),
            "signature": URL_SAFE_NO_PAD.encode(signature),
            "userHandle": self.handle.as_ref().map(|handle| URL_SAFE_NO_PAD.encode(handle)),
        });
        Ok(self.credential(response))
    }

    fn credential(&self, response: Value) -> String {
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": response }).to_string()
    }

    /// The authenticator's data (section 6.1) up to its counter.
    fn data(&self, flags: u8) -> Vec<u8> {
        let mut data = sha256(self.host.as_bytes()).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    /// What the browser says of the page (section 5.8.1).
    fn client(&self, kind: &str, options: &Value) -> Result<String> {
        let challenge = text(&options["challenge"])?;
        Ok(
            json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
                .to_string(),
        )
    }

    /// The public key (RFC 9053, section 7.1.1).
    fn cose(&self) -> Result<Vec<u8>> {
        let key = self.key.ec_key()?;
        let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
        let mut context = BigNumContext::new()?;
        key.public_key()
            .affine_coordinates(key.group(), &mut x, &mut y, &mut context)?;
        let mut cose = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32];
        cose.extend(x.to_vec_padded(32)?);
        cose.extend([0x22, 0x58, 32]);
        cose.extend(y.to_vec_padded(32)?);
        Ok(cose)
    }
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().context("the options lack a text")
}

/// A text of fewer than 24 bytes.
fn cbor_text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX);
    [&[0x60 | length], text.as_bytes()].concat()
}
