//! Handshakes with the running listener: TLS 1.3 with a good certificate, and nothing older; and plain HTTP, which only
//! redirects.

use super::{
    look::Look,
    plain,
    tls::{Fault, Offer, Shown, handshake, host_of, is_for, reachable},
};
use crate::{Platform, PlatformError, error::Result};
use openssl::{asn1::Asn1Time, error::ErrorStack, x509::X509};
use promises::Outcome;
use std::net::SocketAddr;

/// A certificate that ends within so many days is a fault: nobody should find out by its end.
const DAYS_LEFT_MIN: i32 = 3;

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let Some(listener) = platform.settings().listener else {
        return Ok(Outcome::could_not_look("no listener is configured on this node"));
    };
    let base_url = platform.settings().base_url.clone();
    let address = reachable(listener);
    let plain = platform.settings().plain_listener.map(reachable);
    let task = tokio::task::spawn_blocking(move || {
        let host = host_of(&base_url);
        let modern = handshake(address, host, Offer::Modern);
        let old = handshake(address, host, Offer::Old);
        let look = judge(modern, old, host)?;
        check_plain(plain, &base_url, look)
    });
    let outcome = task
        .await
        .map_err(|error| PlatformError::invariant(error.to_string()))?;
    Ok(outcome.unwrap_or_else(|fault| Outcome::could_not_look(fault.to_string())))
}

/// The listener for plain HTTP, where there is one. One that is away hides no fault that was found before.
fn check_plain(
    plain: Option<SocketAddr>,
    base_url: &str,
    mut look: Look,
) -> std::result::Result<Outcome, Fault> {
    let Some(address) = plain else {
        return Ok(look.fact("plain HTTP", "no plain listener").done());
    };
    match plain::check(address, base_url, &mut look) {
        Ok(requests) => Ok(look.fact("plain requests", requests).done()),
        Err(fault) if look.is_clean() => Err(fault),
        Err(_) => Ok(look
            .fact("plain HTTP", "the plain listener does not answer")
            .done()),
    }
}

fn judge(
    modern: std::result::Result<Shown, Fault>,
    old: std::result::Result<Shown, Fault>,
    host: &str,
) -> std::result::Result<Look, Fault> {
    let mut look = Look::new();
    match old {
        Ok(shown) => look.fault(
            format!("the listener accepts {}", shown.protocol),
            "the listener",
            "let it offer TLS 1.3 only",
        ),
        Err(Fault::Refused) => {}
        Err(fault) => return Err(fault),
    }
    let shown = match modern {
        Ok(shown) => shown,
        Err(Fault::Refused) => {
            look.fault(
                "the listener does not speak TLS 1.3",
                "the listener",
                "turn TLS 1.3 on",
            );
            return Ok(look);
        }
        Err(fault) => return Err(fault),
    };
    let Some(leaf) = shown.chain.first() else {
        look.fault(
            "the listener shows no certificate",
            "the listener",
            "configure a certificate",
        );
        return Ok(look);
    };
    let days = days_left(leaf)?;
    check_leaf(leaf, days, host, &mut look)?;
    check_chain(&shown.chain, &mut look)?;
    Ok(look
        .fact("protocol", shown.protocol)
        .fact("cipher", shown.cipher)
        .fact("days to expiry", days)
        .fact("certificates in the chain", shown.chain.len())
        .fact("TLS 1.2 and older", "offered by us; see the faults, if any"))
}

fn check_leaf(leaf: &X509, days: i32, host: &str, look: &mut Look) -> std::result::Result<(), ErrorStack> {
    if days < 0 {
        look.fault("the certificate has expired", host, "install a new certificate");
    } else if days < DAYS_LEFT_MIN {
        look.fault(
            format!("the certificate expires in {days} days"),
            host,
            "install a new certificate",
        );
    }
    if leaf.not_before() > &*Asn1Time::days_from_now(0)? {
        look.fault(
            "the certificate is not valid yet",
            host,
            "check the clock, or install another certificate",
        );
    }
    if !is_for(leaf, host) {
        look.fault(
            "the certificate is for another name",
            host,
            "install one for the host of the base URL",
        );
    }
    Ok(())
}

/// Each certificate is signed by the next one.
fn check_chain(chain: &[X509], look: &mut Look) -> std::result::Result<(), ErrorStack> {
    for pair in chain.windows(2) {
        let key = pair[1].public_key()?;
        if !pair[0].verify(&key)? {
            look.fault(
                "the certificate chain does not hold together",
                "the listener",
                "install the right chain",
            );
        }
    }
    Ok(())
}

/// Whole days until the certificate ends; below zero when it has.
fn days_left(leaf: &X509) -> std::result::Result<i32, ErrorStack> {
    let left = Asn1Time::days_from_now(0)?.diff(leaf.not_after())?;
    Ok(if left.secs < 0 { left.days - 1 } else { left.days })
}
