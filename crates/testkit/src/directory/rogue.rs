//! Servers that are no good directory: they hang, drip, lie about sizes, talk nonsense or die.
//!
//! Each answers on loopback until the process ends. They speak just as much LDAP (RFC 4511) as their fault needs: every message
//! below is a sequence of a number and one operation, written out in BER.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// An answer to the first request: a bind that succeeded. The fifth byte is the request's number, the sixth the operation, the tenth
/// the result.
const BOUND: [u8; 14] = [
    0x30, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x07, 0x0a, 0x01, 0, 0x04, 0, 0x04, 0,
];
/// An entry `cn=a` without attributes; the fifth byte is the request's number.
const ENTRY: [u8; 15] = [
    0x30, 0x0d, 0x02, 0x01, 0x01, 0x64, 0x08, 0x04, 0x04, b'c', b'n', b'=', b'a', 0x30, 0,
];
/// Operations: a request for a bind, the end of a search, the answer to an extended request.
const BIND: u8 = 0x60;
const SEARCHED: u8 = 0x65;
const EXTENDED: u8 = 0x78;
/// Results: what is asked for is not known, not allowed.
const PROTOCOL_ERROR: u8 = 2;
const NOT_ALLOWED: u8 = 50;
/// How long one that says nothing holds a connection.
const SILENCE: Duration = Duration::from_secs(30);

/// What is wrong with a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rogue {
    /// It takes connections and says nothing.
    Hangs,
    /// It answers a byte a second.
    Drips,
    /// It announces an answer of two gibibytes to a search, and begins to send it.
    AnnouncesTwoGibibytes,
    /// It answers a search with entries without end.
    SendsEntriesWithoutEnd,
    /// It answers a search with one entry that has millions of empty values.
    SendsOneEntryOfMillions,
    /// It answers with these bytes, which are no LDAP.
    Says(&'static [u8]),
    /// It dies in the middle of a page of entries.
    DiesInMidPage,
    /// It does not know StartTLS, as somebody on the way would have it who wants the password in the clear.
    StripsStartTls,
    /// It agrees to StartTLS and sends a bind's answer after it in the clear, for a client that would take it for protected.
    InjectsAfterStartTls,
}

impl Rogue {
    /// Bytes that are no LDAP: other protocols, and sequences whose inside is none of LDAP's.
    pub const NONSENSE: [Self; 5] = [
        Self::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        Self::Says(b"SSH-2.0-OpenSSH_9.2\r\n"),
        Self::Says(&[0x30, 0x05, 0x04, 0x01, 0x01, 0x05, 0x00]),
        Self::Says(&[
            0x30, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x07, 0x30, 0x05, 0, 0, 0, 0, 0,
        ]),
        Self::Says(&[0x30, 0x06, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    ];

    /// Starts one.
    ///
    /// # Errors
    /// When no port of loopback can be listened on.
    pub fn start(self) -> Result<RogueServer> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&heard);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let heard = Arc::clone(&shared);
                // A client that hangs up ends its thread, which is all there is to do about it.
                thread::spawn(move || drop(self.speak(Talk { stream, heard })));
            }
        });
        Ok(RogueServer { port, heard })
    }

    fn speak(self, mut talk: Talk) -> io::Result<()> {
        match self {
            Self::Hangs => {
                talk.hear()?;
                thread::sleep(SILENCE);
            }
            Self::Drips => {
                for byte in BOUND {
                    talk.say(&[byte])?;
                    thread::sleep(Duration::from_secs(1));
                }
            }
            Self::AnnouncesTwoGibibytes => {
                let search = talk.take_bind_and_search()?;
                talk.say(&[0x30, 0x84, 0x80, 0, 0, 0, 0x02, 0x01, search])?;
                talk.say_without_end(&[0; 65_536])?;
            }
            Self::SendsEntriesWithoutEnd => {
                let search = talk.take_bind_and_search()?;
                talk.say_without_end(&entry(search).repeat(4_000))?;
            }
            Self::SendsOneEntryOfMillions => {
                let search = talk.take_bind_and_search()?;
                talk.say(&entry_of_millions(search))?;
            }
            Self::Says(bytes) => {
                talk.hear()?;
                talk.say(bytes)?;
                thread::sleep(Duration::from_secs(1));
            }
            Self::DiesInMidPage => {
                let search = talk.take_bind_and_search()?;
                talk.say(&entry(search))?;
                talk.say(&entry(search)[..5])?;
            }
            Self::StripsStartTls => {
                talk.hear()?;
                talk.say(&answer(1, EXTENDED, PROTOCOL_ERROR))?;
                talk.hear()?;
            }
            Self::InjectsAfterStartTls => {
                talk.hear()?;
                talk.say(&[answer(1, EXTENDED, 0), BOUND].concat())?;
                thread::sleep(Duration::from_secs(1));
            }
        }
        Ok(())
    }
}

/// A rogue that answers on loopback.
pub struct RogueServer {
    /// Where.
    pub port: u16,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl RogueServer {
    /// Whether these bytes came to it in the clear, over any connection.
    #[must_use]
    pub fn has_heard(&self, bytes: &[u8]) -> bool {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.windows(bytes.len()).any(|window| window == bytes)
    }
}

/// One connection.
struct Talk {
    stream: TcpStream,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Talk {
    fn say(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    fn say_without_end(&mut self, bytes: &[u8]) -> io::Result<()> {
        loop {
            self.say(bytes)?;
        }
    }

    /// Reads one request and gives its number and its operation.
    fn hear(&mut self) -> io::Result<(u8, u8)> {
        let mut request = [0; 4096];
        let length = self.stream.read(&mut request)?;
        if length == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.extend_from_slice(&request[..length]);
        // A length of 128 and more stands in bytes of its own.
        let more = if request[1] < 0x80 { 0 } else { request[1] & 0x07 };
        let number = usize::from(more) + 4;
        Ok((request[number], request[number + 1]))
    }

    /// Shows nothing before a bind, takes any bind, and gives the number of the search after it.
    fn take_bind_and_search(&mut self) -> io::Result<u8> {
        loop {
            match self.hear()? {
                (number, BIND) => {
                    self.say(&answer(number, BOUND[5], 0))?;
                    return self.hear().map(|(number, _)| number);
                }
                (number, _) => self.say(&answer(number, SEARCHED, NOT_ALLOWED))?,
            }
        }
    }
}

/// An answer to the request of this number.
fn answer(number: u8, operation: u8, result: u8) -> [u8; 14] {
    let mut answer = BOUND;
    (answer[4], answer[5], answer[9]) = (number, operation, result);
    answer
}

/// An entry as an answer to the search of this number.
fn entry(search: u8) -> [u8; 15] {
    let mut entry = ENTRY;
    entry[4] = search;
    entry
}

/// Fifteen mebibytes: an entry `cn=a` with one attribute `cn` and nothing but empty values.
fn entry_of_millions(search: u8) -> Vec<u8> {
    const VALUES_BYTES: usize = 15 * 1024 * 1024;
    let wrapped = |tag: u8, inside: Vec<u8>| {
        let [.., a, b, c] = inside.len().to_be_bytes();
        [vec![tag, 0x83, a, b, c], inside].concat()
    };
    let set = wrapped(0x31, [4, 0].repeat(VALUES_BYTES / 2));
    let attribute = wrapped(0x30, [vec![4, 2, b'c', b'n'], set].concat());
    let entry = [vec![4, 4, b'c', b'n', b'=', b'a'], wrapped(0x30, attribute)].concat();
    wrapped(0x30, [vec![2, 1, search], wrapped(0x64, entry)].concat())
}
