//! Servers that hang, drip, lie about sizes, talk nonsense or die: bounded time, bounded memory, a clear message.

use crate::fixture::{at, plain_at, secret, settings, sign_in};
use directory::{Failure, Pool, Settings, listing, settings::Security};
use jiff::Timestamp;
use std::time::{Duration, Instant};
use testkit::{
    directory::{Offered, Openldap, Rogue, SERVICE_DN, password_of},
    process::most_memory_mib,
};
use vault::SecretText;

/// The name of the request for TLS (RFC 4511 section 4.14.1).
const STARTTLS: &[u8] = b"1.3.6.1.4.1.1466.20037";

/// A failure of a server that sends without end: it comes within 64 MiB.
async fn bounded_failure(settings: &Settings) -> Failure {
    let before = most_memory_mib().unwrap();
    let failed = failure(settings).await;
    let more = most_memory_mib().unwrap() - before;
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

fn starttls_at(port: u16) -> Settings {
    Settings {
        security: Security::Starttls,
        ..at(port)
    }
}

#[tokio::test]
async fn a_server_that_hangs_ends_in_time() {
    let port = Rogue::Hangs.start().unwrap().port;
    for settings in [plain_at(port), at(port), starttls_at(port)] {
        assert!(matches!(failure(&settings).await, Failure::Slow { .. }));
    }
}

#[tokio::test]
async fn a_byte_a_second_ends_in_time() {
    let port = Rogue::Drips.start().unwrap().port;
    assert!(matches!(failure(&plain_at(port)).await, Failure::Slow { .. }));
}

#[tokio::test]
async fn two_gibibytes_are_not_read() {
    let port = Rogue::AnnouncesTwoGibibytes.start().unwrap().port;
    let began = Instant::now();
    assert!(matches!(
        bounded_failure(&plain_at(port)).await,
        Failure::TooLarge { .. }
    ));
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn an_endless_stream_of_entries_is_cut() {
    let port = Rogue::SendsEntriesWithoutEnd.start().unwrap().port;
    assert!(matches!(
        bounded_failure(&plain_at(port)).await,
        Failure::TooLarge { .. }
    ));
}

#[tokio::test]
async fn one_entry_of_endlessly_many_empty_values_is_cut() {
    let port = Rogue::SendsOneEntryOfMillions.start().unwrap().port;
    assert!(matches!(
        bounded_failure(&plain_at(port)).await,
        Failure::TooLarge { .. }
    ));
}

#[tokio::test]
async fn nonsense_is_named_and_brings_nothing_down() {
    for rogue in Rogue::NONSENSE {
        let failed = failure(&plain_at(rogue.start().unwrap().port)).await;
        let named = matches!(
            failed,
            Failure::Nonsense { .. } | Failure::Closed { .. } | Failure::Slow { .. }
        );
        assert!(named, "{rogue:?}: {failed}");
    }
}

#[tokio::test]
async fn start_tls_that_is_refused_or_followed_by_injected_bytes_sends_no_password() {
    let refuses = Rogue::StripsStartTls.start().unwrap();
    assert!(matches!(
        failure(&starttls_at(refuses.port)).await,
        Failure::StartTlsRefused { code: 2, .. }
    ));
    let injects = Rogue::InjectsAfterStartTls.start().unwrap();
    assert!(matches!(
        failure(&starttls_at(injects.port)).await,
        Failure::NoTls { .. } | Failure::Tls { .. }
    ));
    for server in [refuses, injects] {
        assert!(
            server.has_heard(STARTTLS) && !server.has_heard(SERVICE_DN.as_bytes()),
            "nothing but the request for TLS may be sent"
        );
    }
}

#[tokio::test]
async fn a_server_that_dies_in_mid_page_lists_nobody() {
    let port = Rogue::DiesInMidPage.start().unwrap().port;
    let listed = listing::list(&Pool::new(), &plain_at(port), &secret(), Timestamp::now()).await;
    assert!(
        matches!(listed, Err(Failure::Closed { .. })),
        "{:?}",
        listed.map(|listed| listed.people.len())
    );
}

async fn try_with(pool: &Pool, settings: &Settings) -> Result<directory::Outcome, Failure> {
    let password = SecretText::new(password_of("anna"));
    directory::sign_in(pool, settings, &secret(), "anna", &password, Timestamp::now()).await
}

#[tokio::test]
async fn a_real_server_that_stops_answering_ends_in_time_and_is_left_alone_after() {
    let server = Openldap::start(Offered::Good, 0).unwrap();
    server.hang().unwrap();
    let (pool, settings) = (Pool::new(), settings(&server));
    let began = Instant::now();
    let first = try_with(&pool, &settings).await;
    assert!(matches!(first, Err(Failure::Slow { .. })), "{first:?}");
    assert!(began.elapsed() < Duration::from_secs(12));
    let began = Instant::now();
    let second = try_with(&pool, &settings).await;
    assert!(matches!(second, Err(Failure::Resting { .. })), "{second:?}");
    assert!(began.elapsed() < Duration::from_millis(100));
    server.resume().unwrap();
}

#[tokio::test]
async fn a_server_that_rests_is_asked_at_once_when_the_settings_were_mended() {
    let (server, stranger) = (
        Openldap::start(Offered::Good, 0).unwrap(),
        Openldap::start(Offered::Good, 0).unwrap(),
    );
    let (pool, mended) = (Pool::new(), settings(&server));
    let wrong = Settings {
        authorities: Some(stranger.authority.clone()),
        ..mended.clone()
    };
    let first = try_with(&pool, &wrong).await;
    assert!(matches!(first, Err(Failure::Authority { .. })), "{first:?}");
    let again = try_with(&pool, &wrong).await;
    assert!(matches!(again, Err(Failure::Resting { .. })), "{again:?}");
    try_with(&pool, &mended).await.unwrap();
}
