//! What a certificate file is worth: for which name, until when, with which key.

use openssl::{
    asn1::Asn1Time,
    error::ErrorStack,
    pkey::{PKey, Private},
    x509::X509,
};
use std::net::IpAddr;

/// People who trust a certificate by hand need some time; nobody needs longer than this.
const DUE_SECONDS_MAX: i64 = 30 * 86_400;

/// A server's certificate with its chain and key.
pub(crate) struct Leaf {
    /// The leaf first.
    pub(crate) chain: Vec<X509>,
    pub(crate) key: PKey<Private>,
}

/// Reads a chain and a key in PEM; the error says which of the two cannot be read, and nothing of the key.
pub(crate) fn load(chain: &[u8], key: &[u8]) -> Result<Leaf, &'static str> {
    let chain = X509::stack_from_pem(chain).ok().filter(|chain| !chain.is_empty());
    let chain = chain.ok_or("the certificate file holds no certificate in PEM")?;
    // Without the callback OpenSSL would ask for a passphrase at the terminal.
    let key = PKey::private_key_from_pem_callback(key, |_| Ok(0));
    let key = key.map_err(|_| "the key file holds no private key in PEM without a passphrase")?;
    Ok(Leaf { chain, key })
}

impl Leaf {
    /// Everything that a client would not accept, each with what to do.
    pub(crate) fn faults(&self, host: &str) -> Result<Vec<(String, &'static str)>, ErrorStack> {
        let mut faults = Vec::new();
        let Some(leaf) = self.chain.first() else {
            return Ok(vec![(
                "there is no certificate".to_owned(),
                "name the file with the chain",
            )]);
        };
        if !leaf.public_key()?.public_eq(&self.key) {
            let what = "the key does not belong to the certificate".to_owned();
            faults.push((what, "name the key that the certificate was asked for with"));
        }
        let days = self.days_left()?;
        if days < 0 {
            faults.push(("the certificate has expired".to_owned(), "get a new one"));
        }
        if leaf.not_before() > &*Asn1Time::days_from_now(0)? {
            let what = "the certificate is not valid yet".to_owned();
            faults.push((what, "check the clock, or get another one"));
        }
        if !is_for(leaf, host) {
            let what = format!("the certificate is not for {host}");
            faults.push((what, "get one with this name among its alternative names"));
        }
        for pair in self.chain.windows(2) {
            if !pair[0].verify(pair[1].public_key()?.as_ref())? {
                let what = "the certificates of the chain do not follow one another".to_owned();
                faults.push((what, "put the server's certificate first, then each issuer"));
            }
        }
        Ok(faults)
    }

    /// Whether it is time for the next: a third of its time is left, or thirty days.
    pub(crate) fn is_due(&self) -> Result<bool, ErrorStack> {
        let Some(leaf) = self.chain.first() else {
            return Ok(true);
        };
        let seconds = |span: openssl::asn1::TimeDiff| i64::from(span.days) * 86_400 + i64::from(span.secs);
        let whole = seconds(leaf.not_before().diff(leaf.not_after())?);
        let left = seconds(Asn1Time::days_from_now(0)?.diff(leaf.not_after())?);
        Ok(left < (whole / 3).min(DUE_SECONDS_MAX))
    }

    /// Whole days until the certificate ends; below zero when it has.
    pub(crate) fn days_left(&self) -> Result<i32, ErrorStack> {
        let Some(leaf) = self.chain.first() else {
            return Ok(-1);
        };
        let left = Asn1Time::days_from_now(0)?.diff(leaf.not_after())?;
        Ok(if left.secs < 0 { left.days - 1 } else { left.days })
    }
}

/// By the alternative names only, a star for one label (RFC 6125 section 6.4).
fn is_for(leaf: &X509, host: &str) -> bool {
    let octets = host.parse::<IpAddr>().ok().map(|address| match address {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    });
    let names = leaf.subject_alt_names();
    names
        .iter()
        .flatten()
        .any(|name| match (&octets, name.ipaddress(), name.dnsname()) {
            (Some(octets), Some(address), _) => octets.as_slice() == address,
            (None, _, Some(pattern)) => covers(pattern, host),
            _ => false,
        })
}

fn covers(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix("*.") {
        Some(rest) => host
            .split_once('.')
            .is_some_and(|(first, tail)| !first.is_empty() && tail.eq_ignore_ascii_case(rest)),
        None => pattern.eq_ignore_ascii_case(host),
    }
}
