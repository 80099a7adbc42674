//! How many connections one address holds open: counted when they come, uncounted when they go.
//!
//! Invariant: a connection beyond the limit gets one refusal and is closed; it cannot ask again, and one that asks
//! nothing is closed by the head's deadline.

use actix_tls::accept::openssl::TlsStream;
use actix_web::{
    Error, HttpResponse,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{Extensions, ServiceRequest, ServiceResponse},
    http::header,
    middleware::Next,
    rt::net::TcpStream,
};
use config::{Limits, Listen, Network};
use std::{
    any::Any,
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};
use types::ProblemCode;

/// The open connections by address.
pub(super) struct Connections {
    open: Mutex<HashMap<IpAddr, u32>>,
    per_address_max: u32,
    /// Proxies hold many people's connections.
    exempt: Vec<Network>,
}

/// One connection's place in the count.
pub(super) struct Place {
    connections: Arc<Connections>,
    address: IpAddr,
    excess: bool,
}

impl Connections {
    pub(super) fn new(listen: &Listen, limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            open: Mutex::default(),
            per_address_max: limits.connections_per_address,
            exempt: listen.trusted_proxies.clone(),
        })
    }

    /// Counts a connection that was just accepted; its place goes when the connection goes.
    pub(super) fn count(self: &Arc<Self>, connection: &dyn Any, extensions: &mut Extensions) {
        let stream = connection.downcast_ref::<TlsStream<TcpStream>>();
        let peer = stream.and_then(|stream| stream.get_ref().peer_addr().ok());
        if let Some(peer) = peer {
            extensions.insert(self.take_place(peer.ip()));
        }
    }

    fn take_place(self: &Arc<Self>, peer: IpAddr) -> Place {
        let address = household(peer);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(address).or_insert(0);
        *count += 1;
        let proxy = self.exempt.iter().any(|network| network.contains(peer));
        Place {
            connections: Arc::clone(self),
            address,
            excess: *count > self.per_address_max && !proxy,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self
            .connections
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

/// One subscriber has a whole /64 of IPv6 and would otherwise count as many.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        address @ IpAddr::V4(_) => address,
    }
}

/// Refuses requests on connections beyond the limit.
pub(super) async fn refuse_excess<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    if request.conn_data::<Place>().is_some_and(|place| place.excess) {
        return Ok(request.into_response(refusal()).map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

fn refusal() -> HttpResponse {
    let code = ProblemCode::TooMany;
    let problem = serde_json::json!({
        "type": "about:blank",
        "title": code.title(),
        "status": code.status(),
        "code": code.as_str(),
        "detail": "too many connections are open from this address; close some and try again",
    });
    HttpResponse::TooManyRequests()
        .insert_header((header::CONTENT_TYPE, "application/problem+json"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .force_close()
        .body(problem.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(per_address_max: u32, exempt: &[&str]) -> Arc<Connections> {
        Arc::new(Connections {
            open: Mutex::default(),
            per_address_max,
            exempt: exempt.iter().map(|network| network.parse().unwrap()).collect(),
        })
    }

    #[test]
    fn an_address_has_only_so_many_places_and_gets_them_back() {
        let connections = connections(2, &[]);
        let ada: IpAddr = "192.0.2.1".parse().unwrap();
        let held = [connections.take_place(ada), connections.take_place(ada)];
        assert!(held.iter().all(|place| !place.excess));
        assert!(connections.take_place(ada).excess);
        assert!(!connections.take_place("192.0.2.2".parse().unwrap()).excess);
        drop(held);
        assert!(!connections.take_place(ada).excess);
        assert!(connections.open.lock().unwrap().is_empty());
    }

    #[test]
    fn a_household_counts_as_one_and_a_proxy_not_at_all() {
        let connections = connections(1, &["10.0.0.0/8"]);
        let first: IpAddr = "2001:db8::1".parse().unwrap();
        let _held = connections.take_place(first);
        assert!(connections.take_place("2001:db8::ffff:1".parse().unwrap()).excess);
        assert!(!connections.take_place("2001:db8:0:1::1".parse().unwrap()).excess);
        let proxy: IpAddr = "10.1.2.3".parse().unwrap();
        let places = [connections.take_place(proxy), connections.take_place(proxy)];
        assert!(places.iter().all(|place| !place.excess));
    }
}
