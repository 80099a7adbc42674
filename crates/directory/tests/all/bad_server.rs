//! Servers that hang, drip, lie about sizes, talk nonsense or die: bounded time, bounded memory, a clear message.

use crate::fixture::{at, plain_at, secret, settings, sign_in};
use directory::{Failure, Pool, Settings, listing, settings::Security};
use jiff::Timestamp;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};
use testkit::directory::{Offered, Openldap};

/// A server of our own that does this with every connection; it ends with the test's process.
fn server(behave: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let behave = behave.clone();
            thread::spawn(move || behave(stream));
        }
    });
    port
}

/// Reads one request and answers a successful bind.
fn bound(stream: &mut TcpStream) {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request);
    let id = request[4];
    let _ = stream.write_all(&[
        0x30, 0x0c, 0x02, 0x01, id, 0x61, 0x07, 0x0a, 0x01, 0, 0x04, 0, 0x04, 0,
    ]);
}

/// The most memory that this process has had, in MiB (proc(5), `VmHWM`).
fn most_memory_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1_024
}

/// A failure of a server that sends without end: it comes within 64 MiB.
async fn bounded_failure(settings: &Settings) -> Failure {
    let before = most_memory_mib();
    let failed = failure(settings).await;
    let more = most_memory_mib() - before;
    assert!(more <= 64, "{more} MiB more: {failed}");
    failed
}

async fn failure(settings: &Settings) -> Failure {
    let began = Instant::now();
    let failed = sign_in(settings, "anna", "x").await.unwrap_err();
    assert!(
        began.elapsed() < Duration::from_secs(12),
        "{:?}: {failed}",
        began.elapsed()
    );
    failed
}

#[tokio::test]
async fn a_server_that_hangs_ends_in_time() {
    let port = server(|stream| {
        thread::sleep(Duration::from_secs(30));
        drop(stream);
    });
    assert!(matches!(failure(&plain_at(port)).await, Failure::Slow { .. }));
    assert!(matches!(failure(&at(port)).await, Failure::Slow { .. }));
    let starttls = Settings {
        security: Security::Starttls,
        ..at(port)
    };
    assert!(matches!(failure(&starttls).await, Failure::Slow { .. }));
}

#[tokio::test]
async fn a_byte_a_second_ends_in_time() {
    let port = server(|mut stream| {
        for byte in [
            0x30_u8, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x07, 0x0a, 0x01, 0, 0x04, 0, 0x04, 0,
        ] {
            if stream.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_secs(1));
        }
    });
    assert!(matches!(failure(&plain_at(port)).await, Failure::Slow { .. }));
}

#[tokio::test]
async fn two_gibibytes_are_not_read() {
    let port = server(|mut stream| {
        bound(&mut stream);
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(&[0x30, 0x84, 0x80, 0, 0, 0, 2, 1, 2]);
        while stream.write_all(&[0; 65_536]).is_ok() {}
    });
    let began = Instant::now();
    assert!(matches!(
        bounded_failure(&plain_at(port)).await,
        Failure::TooLarge { .. }
    ));
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn an_endless_stream_of_entries_is_cut() {
    let port = server(|mut stream| {
        bound(&mut stream);
        let _ = stream.read(&mut [0; 4096]);
        // An entry "cn=a" without attributes.
        let entry = [
            0x30, 0x0d, 0x02, 0x01, 2, 0x64, 0x08, 0x04, 0x04, b'c', b'n', b'=', b'a', 0x30, 0,
        ];
        let many = entry.repeat(4_000);
        while stream.write_all(&many).is_ok() {}
    });
    assert!(matches!(
        bounded_failure(&plain_at(port)).await,
        Failure::TooLarge { .. }
    ));
}

#[tokio::test]
async fn one_entry_of_endlessly_many_empty_values_is_cut() {
    let port = server(|mut stream| {
        bound(&mut stream);
        let _ = stream.read(&mut [0; 4096]);
        // Fifteen mebibytes: an entry "cn=a" with one attribute "cn" and nothing but empty values.
        let values = 15_u32 * 1024 * 1024;
        let long = |tag: u8, length: u32| {
            let [_, a, b, c] = length.to_be_bytes();
            vec![tag, 0x83, a, b, c]
        };
        let set = [long(0x31, values), [4, 0].repeat(values as usize / 2)].concat();
        let wrapped = |tag: u8, inside: Vec<u8>| [long(tag, inside.len() as u32), inside].concat();
        let attribute = wrapped(0x30, [vec![4, 2, b'c', b'n'], set].concat());
        let entry = [vec![4, 4, b'c', b'n', b'=', b'a'], wrapped(0x30, attribute)].concat();
        let message = wrapped(0x30, [vec![2, 1, 2], wrapped(0x64, entry)].concat());
        let _ = stream.write_all(&message);
    });
    assert!(matches!(
        bounded_failure(&plain_at(port)).await,
        Failure::TooLarge { .. }
    ));
}

#[tokio::test]
async fn nonsense_is_named_and_brings_nothing_down() {
    let answers: [&'static [u8]; 5] = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        // Sequences whose inside is none of LDAP's.
        &[0x30, 0x05, 0x04, 0x01, 0x01, 0x05, 0x00],
        &[
            0x30, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x07, 0x30, 0x05, 0, 0, 0, 0, 0,
        ],
        &[0x30, 0x06, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ];
    for answer in answers {
        let port = server(move |mut stream| {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
            thread::sleep(Duration::from_secs(1));
        });
        let failed = failure(&plain_at(port)).await;
        let named = matches!(
            failed,
            Failure::Nonsense { .. } | Failure::Closed { .. } | Failure::Slow { .. }
        );
        assert!(named, "{answer:?}: {failed}");
    }
}

#[tokio::test]
async fn start_tls_that_is_refused_or_followed_by_injected_bytes_sends_no_password() {
    let refuses = server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(&[
            0x30, 0x0c, 0x02, 0x01, 0x01, 0x78, 0x07, 0x0a, 0x01, 2, 0x04, 0, 0x04, 0,
        ]);
        let mut more = [0; 64];
        assert_eq!(stream.read(&mut more).unwrap_or(0), 0, "nothing more may be sent");
    });
    let settings = Settings {
        security: Security::Starttls,
        ..at(refuses)
    };
    assert!(matches!(
        failure(&settings).await,
        Failure::StartTlsRefused { code: 2, .. }
    ));
    let injects = server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let mut answer = vec![
            0x30, 0x0c, 0x02, 0x01, 0x01, 0x78, 0x07, 0x0a, 0x01, 0, 0x04, 0, 0x04, 0,
        ];
        answer.extend([
            0x30, 0x0c, 0x02, 0x01, 0x01, 0x61, 0x07, 0x0a, 0x01, 0, 0x04, 0, 0x04, 0,
        ]);
        let _ = stream.write_all(&answer);
        thread::sleep(Duration::from_secs(1));
    });
    let settings = Settings {
        security: Security::Starttls,
        ..at(injects)
    };
    assert!(matches!(
        failure(&settings).await,
        Failure::NoTls { .. } | Failure::Tls { .. }
    ));
}

#[tokio::test]
async fn a_server_that_dies_in_mid_page_lists_nobody() {
    let port = server(|mut stream| {
        bound(&mut stream);
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(&[
            0x30, 0x0d, 0x02, 0x01, 2, 0x64, 0x08, 0x04, 0x04, b'c', b'n', b'=', b'a', 0x30, 0,
        ]);
        let _ = stream.write_all(&[0x30, 0x0d, 0x02, 0x01]);
    });
    let listed = listing::list(&Pool::new(), &plain_at(port), &secret(), Timestamp::now()).await;
    assert!(
        matches!(listed, Err(Failure::Closed { .. })),
        "{:?}",
        listed.map(|listed| listed.people.len())
    );
}

#[tokio::test]
async fn a_real_server_that_stops_answering_ends_in_time_and_is_left_alone_after() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    server.hang().unwrap();
    let pool = Pool::new();
    let settings = settings(&server);
    let password = vault::SecretText::new("x".into());
    let began = Instant::now();
    let first = directory::sign_in(&pool, &settings, &secret(), "anna", &password, Timestamp::now()).await;
    assert!(matches!(first, Err(Failure::Slow { .. })), "{first:?}");
    assert!(began.elapsed() < Duration::from_secs(12));
    let began = Instant::now();
    let second = directory::sign_in(&pool, &settings, &secret(), "anna", &password, Timestamp::now()).await;
    assert!(matches!(second, Err(Failure::Resting { .. })), "{second:?}");
    assert!(began.elapsed() < Duration::from_millis(100));
    server.resume().unwrap();
}
