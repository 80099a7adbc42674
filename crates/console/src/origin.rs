//! Where a request comes from: the peer's address, or what an explicitly trusted proxy says of it.
//!
//! Invariant: `X-Forwarded-For` of anybody else is ignored; `Forwarded` and `Host` are never read.

use actix_web::{dev::ServiceRequest, http::header};
use config::Network;
use platform::Origin;
use std::net::IpAddr;

/// Longest device text that is kept, in characters.
const DEVICE_MAX: usize = 200;

/// The address of whoever asks.
pub(crate) fn address(request: &ServiceRequest, trusted: &[Network]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let forwarded = request.headers().get_all("x-forwarded-for");
    let values: Vec<&str> = forwarded.filter_map(|value| value.to_str().ok()).collect();
    Some(behind_proxies(peer, &values.join(","), trusted))
}

/// From the right: the first address that no trusted proxy has.
fn behind_proxies(peer: IpAddr, forwarded: &str, trusted: &[Network]) -> IpAddr {
    let is_proxy = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = peer;
    for text in forwarded.rsplit(',') {
        if !is_proxy(address) {
            break;
        }
        match text.trim().parse::<IpAddr>() {
            Ok(before) => address = before.to_canonical(),
            Err(_) => break,
        }
    }
    address
}

/// The origin as it enters the audit log.
pub(crate) fn origin(request: &ServiceRequest, address: Option<IpAddr>, request_id: &str) -> Origin {
    let device = request.headers().get(header::USER_AGENT);
    let device = device.and_then(|value| value.to_str().ok());
    Origin {
        address: address.map(|address| address.to_string()),
        device: device.map(|text| text.chars().take(DEVICE_MAX).collect()),
        request_id: Some(request_id.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let proxies = ["10.0.0.0/24".parse().unwrap()];
        let of = |peer: &str, forwarded: &str| {
            behind_proxies(peer.parse().unwrap(), forwarded, &proxies).to_string()
        };
        assert_eq!(of("192.0.2.1", "198.51.100.7"), "192.0.2.1");
        assert_eq!(of("10.0.0.1", "1.1.1.1, 198.51.100.7"), "198.51.100.7");
        assert_eq!(of("10.0.0.1", "198.51.100.7, 10.0.0.9"), "198.51.100.7");
        assert_eq!(of("10.0.0.1", "nonsense"), "10.0.0.1");
        assert_eq!(of("10.0.0.1", ""), "10.0.0.1");
    }
}
