//! Where a request comes from: the address, the device and an id of the request.
//!
//! Invariant: nothing of `Forwarded` or `X-Forwarded-For` is believed unless the peer is a proxy that the
//! configuration trusts; request ids are made here and accepted from nobody.

use actix_web::{HttpRequest, http::header};
use config::Network;
use jiff::Timestamp;
use std::net::IpAddr;

/// Longest device name, in characters.
const DEVICE_MAX: usize = 200;

/// A new request id: the hex of a UUID version 7, so that ids sort by time.
pub(crate) fn request_id(now: Timestamp) -> String {
    let mut random = [0; 10];
    // A request without a unique id is still better answered than refused: the time remains.
    let _ = openssl::rand::rand_bytes(&mut random);
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    id.simple().to_string()
}

/// The client's address: the peer, or behind trusted proxies the last address that they did not add themselves.
pub(crate) fn address(request: &HttpRequest, trusted: &[Network]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(*address));
    if !is_trusted(&peer) {
        return Some(peer);
    }
    let mut client = peer;
    let lines: Vec<&str> = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for hop in hops {
        let Ok(address) = hop.trim().parse::<IpAddr>() else {
            break;
        };
        client = address.to_canonical();
        if !is_trusted(&client) {
            break;
        }
    }
    Some(client)
}

/// The device or program as it calls itself, without control characters.
pub(crate) fn device(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(header::USER_AGENT)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    let text: String = text
        .chars()
        .filter(|character| !character.is_control())
        .take(DEVICE_MAX)
        .collect();
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut request = TestRequest::default().peer_addr(format!("{peer}:4").parse().unwrap());
        for line in forwarded {
            request = request.append_header(("X-Forwarded-For", *line));
        }
        let trusted: Vec<Network> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        address(&request.to_http_request(), &trusted).unwrap().to_string()
    }

    #[test]
    fn a_header_of_a_stranger_is_not_believed() {
        assert_eq!(seen("192.0.2.1", &["203.0.113.9"], &[]), "192.0.2.1");
        assert_eq!(seen("192.0.2.1", &["203.0.113.9"], &["10.0.0.0/8"]), "192.0.2.1");
    }

    #[test]
    fn behind_trusted_proxies_the_last_untrusted_address_counts() {
        let trusted = &["10.0.0.0/8"];
        assert_eq!(
            seen("10.0.0.1", &["198.51.100.7, 203.0.113.9"], trusted),
            "203.0.113.9"
        );
        assert_eq!(
            seen("10.0.0.1", &["198.51.100.7", "203.0.113.9, 10.0.0.2"], trusted),
            "203.0.113.9"
        );
        assert_eq!(seen("10.0.0.1", &["junk"], trusted), "10.0.0.1");
        assert_eq!(seen("10.0.0.1", &[], trusted), "10.0.0.1");
    }

    #[test]
    fn a_device_is_bounded_and_has_no_control_characters() {
        let request = TestRequest::default()
            .insert_header((header::USER_AGENT, format!("a\tb{}", "x".repeat(300))))
            .to_http_request();
        let device = device(&request).unwrap();
        assert!(device.starts_with("abx") && device.chars().count() == DEVICE_MAX);
    }

    #[test]
    fn request_ids_are_hex_and_differ() {
        let (one, two) = (
            request_id(Timestamp::UNIX_EPOCH),
            request_id(Timestamp::UNIX_EPOCH),
        );
        assert!(one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(one, two);
    }
}
