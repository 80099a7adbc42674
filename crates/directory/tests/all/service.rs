//! A service's name at a real DNS server, and at servers that hang, lie or talk nonsense.

use directory::service::{PLACES_MAX, Place, ServiceError, look_up};
use simple_dns::{
    CLASS, Name, Packet, PacketFlag, RCODE, ResourceRecord,
    rdata::{RData, SRV},
};
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, UdpSocket},
    thread,
    time::{Duration, Instant},
};
use testkit::dns::{DnsServer, Listed};
use types::ServiceName;

const SERVICE: &str = "_ldap._tcp.harbour.test";
const DEADLINE: Duration = Duration::from_secs(8);

fn service() -> ServiceName {
    SERVICE.parse().unwrap()
}

fn listed(host: &'static str, port: u16, priority: u16, weight: u16) -> Listed {
    Listed {
        service: SERVICE,
        host,
        port,
        priority,
        weight,
    }
}

fn place(host: &str, port: u16, priority: u16, weight: u16) -> Place {
    Place {
        priority,
        weight,
        host: host.to_owned(),
        port,
    }
}

fn dns(all: &[Listed]) -> DnsServer {
    DnsServer::start(all).unwrap()
}

fn found(resolvers: &[SocketAddr]) -> Result<Vec<Place>, ServiceError> {
    look_up(&service(), resolvers, DEADLINE)
}

/// A DNS server of our own that answers every question by UDP so; none where it says nothing. It ends with the process.
fn liar(answer: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + 'static) -> SocketAddr {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 4_096];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            if let Some(bytes) = answer(&buffer[..length]) {
                socket.send_to(&bytes, client).unwrap();
            }
        }
    });
    address
}

/// An answer to the question with these places, changed by `change`.
fn answer(question: &[u8], places: &[(&str, u16)], change: impl FnOnce(&mut Packet)) -> Option<Vec<u8>> {
    let mut packet = Packet::parse(question).unwrap();
    packet.set_flags(PacketFlag::RESPONSE);
    let owner = packet.questions[0].qname.clone();
    for (host, port) in places {
        let listed = SRV {
            priority: 0,
            weight: 0,
            port: *port,
            target: Name::new_unchecked(host),
        };
        let record = ResourceRecord::new(owner.clone(), CLASS::IN, 60, RData::SRV(listed));
        packet.answers.push(record);
    }
    change(&mut packet);
    packet.build_bytes_vec().ok()
}

fn with(places: &'static [(&'static str, u16)]) -> SocketAddr {
    liar(|question| answer(question, places, |_| {}))
}

#[test]
fn the_hosts_that_a_dns_server_lists_are_found_in_their_order() {
    let dns = dns(&[
        listed("dc3.harbour.test", 389, 10, 0),
        listed("DC2.harbour.test", 3_389, 0, 25),
        listed("dc1.harbour.test", 389, 0, 75),
    ]);
    assert_eq!(
        found(&[dns.address]).unwrap(),
        [
            place("dc2.harbour.test", 3_389, 0, 25),
            place("dc1.harbour.test", 389, 0, 75),
            place("dc3.harbour.test", 389, 10, 0),
        ]
    );
    let upper: ServiceName = "_LDAP._TCP.Harbour.Test".parse().unwrap();
    assert_eq!(look_up(&upper, &[dns.address], DEADLINE).unwrap().len(), 3);
}

#[test]
fn an_answer_too_long_for_udp_comes_by_tcp() {
    const HOSTS: [&str; 24] = {
        const fn host(number: usize) -> &'static str {
            // Each of another length, so that no two are one.
            let all = "a-long-name-of-a-directory-server.harbour.test";
            all.split_at(number).1
        }
        let mut hosts = [""; 24];
        let mut number = 0;
        while number < hosts.len() {
            hosts[number] = host(number);
            number += 1;
        }
        hosts
    };
    let hosts = HOSTS.into_iter().filter(|host| !host.starts_with('-'));
    let all: Vec<Listed> = hosts.map(|host| listed(host, 389, 0, 0)).collect();
    let dns = dns(&all);
    assert_eq!(found(&[dns.address]).unwrap().len(), all.len());
}

#[test]
fn no_name_an_empty_one_and_a_service_that_is_not_offered_are_told_apart_from_no_answer() {
    let none = dns(&[]);
    let nothing = found(&[none.address]).unwrap_err();
    assert!(matches!(nothing, ServiceError::Nothing { .. }), "{nothing}");
    let empty = found(&[with(&[])]).unwrap_err();
    assert!(matches!(empty, ServiceError::Nothing { .. }), "{empty}");
    let refused = found(&[dns(&[listed("", 0, 0, 0)]).address]).unwrap_err();
    assert!(matches!(refused, ServiceError::NotOffered { .. }), "{refused}");
    let nobody = found(&[]).unwrap_err();
    assert!(matches!(nobody, ServiceError::Unanswered { .. }), "{nobody}");
}

#[test]
fn whoever_forges_a_record_leads_nowhere_outside_of_the_domain() {
    for host in [
        "dc1.harbour.test.evil.example",
        "evilharbour.test",
        "test",
        "127.0.0.1",
        "_x.harbour.test",
        "*.harbour.test",
    ] {
        let address = liar(move |question| answer(question, &[(host, 389)], |_| {}));
        let outside = found(&[address]).unwrap_err();
        assert!(
            matches!(outside, ServiceError::Outside { .. }),
            "{host}: {outside}"
        );
    }
    let no_port = found(&[with(&[("dc1.harbour.test", 0)])]).unwrap_err();
    assert!(matches!(no_port, ServiceError::Outside { .. }), "{no_port}");
    // One bad record among good ones spoils the answer.
    let mixed = with(&[("dc1.harbour.test", 389), ("dc1.evil.example", 389)]);
    assert!(found(&[mixed]).is_err());
}

#[test]
fn more_hosts_than_anybody_means_are_refused() {
    let crowd = liar(|question| {
        // Packed tightly, so that they fit into what is read.
        let mut bytes = question.to_vec();
        (bytes[2], bytes[3]) = (0x81, 0x80);
        let count = u16::try_from(PLACES_MAX + 1).unwrap();
        bytes[6..8].copy_from_slice(&count.to_be_bytes());
        for number in 0..=PLACES_MAX {
            // Owner: where the question's name is. SRV, IN, a minute; priority, weight, port, a name of one more part.
            bytes.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60, 0, 11]);
            bytes.extend([
                0,
                0,
                0,
                u8::try_from(number).unwrap(),
                1,
                133,
                2,
                b'd',
                b'c',
                0xc0,
                23,
            ]);
        }
        Some(bytes)
    });
    let crowded = found(&[crowd]).unwrap_err();
    assert!(
        matches!(crowded, ServiceError::TooMany { count, .. } if count == PLACES_MAX + 1),
        "{crowded}"
    );
}

#[test]
fn a_server_that_hangs_refuses_or_talks_nonsense_is_followed_by_the_next() {
    let good = dns(&[listed("dc1.harbour.test", 389, 0, 0)]);
    let hanging = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let gone = UdpSocket::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
    let nonsense = liar(|_| Some(b"not DNS at all".to_vec()));
    let failing = liar(|question| answer(question, &[], |packet| *packet.rcode_mut() = RCODE::ServerFailure));
    for bad in [hanging.local_addr().unwrap(), gone, nonsense, failing] {
        let began = Instant::now();
        assert_eq!(found(&[bad, good.address]).unwrap().len(), 1);
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let began = Instant::now();
        let alone = look_up(&service(), &[bad], Duration::from_secs(2)).unwrap_err();
        assert!(matches!(alone, ServiceError::Unanswered { .. }), "{alone}");
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    }
}

#[test]
fn an_answer_of_another_number_or_to_another_question_does_not_count() {
    const EVIL: &[(&str, u16)] = &[("evil.harbour.test", 389)];
    let other_number = liar(|question| {
        answer(question, EVIL, |packet| {
            packet.set_id(packet.id().wrapping_add(1))
        })
    });
    let other_question = liar(|question| {
        answer(question, EVIL, |packet| {
            packet.questions[0].qname = Name::new_unchecked("_ldap._tcp.elsewhere.test");
        })
    });
    let a_question =
        liar(|question| answer(question, EVIL, |packet| packet.remove_flags(PacketFlag::RESPONSE)));
    for liar in [other_number, other_question, a_question] {
        let refused = look_up(&service(), &[liar], Duration::from_secs(1)).unwrap_err();
        assert!(matches!(refused, ServiceError::Unanswered { .. }), "{refused}");
    }
    let other_owner = liar(|question| {
        answer(question, EVIL, |packet| {
            packet.answers[0].name = Name::new_unchecked("_ldap._tcp.elsewhere.test");
        })
    });
    let refused = found(&[other_owner]).unwrap_err();
    assert!(matches!(refused, ServiceError::Nothing { .. }), "{refused}");
}

#[test]
fn a_server_that_drips_its_answer_by_tcp_costs_its_patience_and_no_more() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let socket = UdpSocket::bind(address).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            let cut = answer(&buffer[..length], &[], |packet| {
                packet.set_flags(PacketFlag::TRUNCATION);
            });
            socket.send_to(&cut.unwrap(), client).unwrap();
        }
    });
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 512]);
            // Says that 64 KiB come, and sends a byte at a time.
            let _ = stream.write_all(&[0xff, 0xff]);
            while stream.write_all(&[0]).is_ok() {
                thread::sleep(Duration::from_millis(200));
            }
        }
    });
    let began = Instant::now();
    let slow = found(&[address]).unwrap_err();
    assert!(matches!(slow, ServiceError::Unanswered { .. }), "{slow}");
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
}
