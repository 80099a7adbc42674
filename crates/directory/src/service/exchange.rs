//! One question to one DNS server: by UDP, and by TCP where the answer is too long for that.
//!
//! Invariants: an answer counts only with the number and the question that were sent, from the server that was asked;
//! anything else is passed over as if it had not come, and ends no wait. What is read is capped.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use openssl::rand::rand_bytes;
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, RCODE, SimpleDnsError, TYPE};
use types::ServiceName;

/// Longest wait for one server.
const SERVER_PATIENCE: Duration = Duration::from_secs(3);
/// Longest answer by UDP that is read; none of us says that it may be longer than 512 (RFC 1035 section 4.2.1).
const DATAGRAM_MAX: usize = 4_096;

/// A record of a service.
pub(super) struct Listed {
    pub(super) priority: u16,
    pub(super) weight: u16,
    pub(super) port: u16,
    /// In lower case, without the dot of the root; whatever DNS can say, so not yet a host's name.
    pub(super) host: String,
}

impl Listed {
    /// The root says that the service is not offered (RFC 2782, "Target").
    pub(super) fn is_none(&self) -> bool {
        self.host.is_empty()
    }
}

/// An answer that counts.
pub(super) struct Answer {
    pub(super) code: RCODE,
    /// The records of the name that was asked for. Those of other names, such as those behind an alias, do not count.
    pub(super) listed: Vec<Listed>,
    is_cut: bool,
}

/// A question with a random number, as it is sent.
struct Asked<'a> {
    number: u16,
    name: Name<'a>,
    bytes: Vec<u8>,
}

impl<'a> Asked<'a> {
    fn new(name: &'a ServiceName) -> Result<Self> {
        let mut number = [0; 2];
        rand_bytes(&mut number)?;
        let number = u16::from_be_bytes(number);
        let name = Name::new(name.as_str()).map_err(broken)?;
        let mut packet = Packet::new_query(number);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        let (kind, class) = (QTYPE::TYPE(TYPE::SRV), QCLASS::CLASS(CLASS::IN));
        packet
            .questions
            .push(Question::new(name.clone(), kind, class, false));
        let bytes = packet.build_bytes_vec().map_err(broken)?;
        Ok(Self { number, name, bytes })
    }

    /// The answer, where these bytes answer this very question. Names have no case (RFC 4343).
    fn answer(&self, bytes: &[u8]) -> Option<Answer> {
        let packet = Packet::parse(bytes).ok()?;
        let [question] = packet.questions.as_slice() else {
            return None;
        };
        let is_ours = packet.id() == self.number
            && packet.has_flags(PacketFlag::RESPONSE)
            && question.qname == self.name
            && question.qtype == QTYPE::TYPE(TYPE::SRV)
            && question.qclass == QCLASS::CLASS(CLASS::IN);
        let own = packet.answers.iter().filter(|record| record.name == self.name);
        let listed = own.filter_map(|record| match &record.rdata {
            RData::SRV(listed) => Some(Listed {
                priority: listed.priority,
                weight: listed.weight,
                port: listed.port,
                host: listed.target.to_string().to_ascii_lowercase(),
            }),
            _ => None,
        });
        is_ours.then(|| Answer {
            code: packet.rcode(),
            is_cut: packet.has_flags(PacketFlag::TRUNCATION),
            listed: listed.collect(),
        })
    }
}

fn broken(error: SimpleDnsError) -> Error {
    Error::new(ErrorKind::InvalidInput, error)
}

/// Asks one server, no longer than its patience and than `until`.
pub(super) fn ask(name: &ServiceName, server: SocketAddr, until: Instant) -> Result<Answer> {
    let until = until.min(Instant::now() + SERVER_PATIENCE);
    let asked = Asked::new(name)?;
    let answer = by_udp(&asked, server, until)?;
    if answer.is_cut {
        by_tcp(&asked, server, until)
    } else {
        Ok(answer)
    }
}

fn left(until: Instant) -> Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(Error::new(ErrorKind::TimedOut, "no answer in time"));
    }
    Ok(left)
}

/// The system says "would block" where a wait ended.
fn timely(error: Error) -> Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => Error::new(ErrorKind::TimedOut, "no answer in time"),
        _ => error,
    }
}

fn by_udp(asked: &Asked<'_>, server: SocketAddr, until: Instant) -> Result<Answer> {
    let own: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    // The system chooses the port by chance; connected, it hands over what comes from this server and no other.
    let socket = UdpSocket::bind((own, 0))?;
    socket.connect(server)?;
    socket.send(&asked.bytes)?;
    let mut buffer = [0; DATAGRAM_MAX];
    loop {
        socket.set_read_timeout(Some(left(until)?))?;
        let length = socket.recv(&mut buffer).map_err(timely)?;
        if let Some(answer) = asked.answer(&buffer[..length]) {
            return Ok(answer);
        }
    }
}

fn by_tcp(asked: &Asked<'_>, server: SocketAddr, until: Instant) -> Result<Answer> {
    let mut stream = TcpStream::connect_timeout(&server, left(until)?)?;
    let length = u16::try_from(asked.bytes.len()).map_err(Error::other)?;
    stream.set_write_timeout(Some(left(until)?))?;
    stream.write_all(&[&length.to_be_bytes()[..], &asked.bytes].concat())?;
    let mut length = [0; 2];
    fill(&mut stream, &mut length, until)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    fill(&mut stream, &mut answer, until)?;
    asked
        .answer(&answer)
        .ok_or_else(|| Error::new(ErrorKind::InvalidData, "what it answers is no answer"))
}

/// Reads so many bytes, however slowly they drip, within the one deadline.
fn fill(stream: &mut TcpStream, mut buffer: &mut [u8], until: Instant) -> Result<()> {
    while !buffer.is_empty() {
        stream.set_read_timeout(Some(left(until)?))?;
        match stream.read(buffer).map_err(timely)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => buffer = &mut buffer[count..],
        }
    }
    Ok(())
}
