//! Attack 8, slow retrieval: a pipe that stalls, one that trickles, one without a writer.

use std::fs::File;
use std::io::{Write, pipe};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::stat::Mode;
use updates::patience::{self, Patience, Patient};
use updates::receive::{Received, receive};
use updates::refusal::Refusal;

use super::site::{Maker, terms};

const SHORT: Patience = Patience {
    stall: Duration::from_millis(150),
    bytes_per_second: 2000,
    grace: Duration::from_millis(300),
};

/// What is made of a pipe into which these bytes are written, so many at a time with a pause between.
fn through_pipe(bytes: Vec<u8>, piece: usize, pause: Duration) -> Result<Received, Refusal> {
    let (reader, mut writer) = pipe().unwrap();
    let feeder = thread::spawn(move || {
        for piece in bytes.chunks(piece) {
            if writer.write_all(piece).is_err() {
                return;
            }
            thread::sleep(pause);
        }
    });
    let received = receive(Patient::new(reader, SHORT), &terms(), |_| Ok(None));
    feeder.join().unwrap();
    received
}

#[test]
fn attack_8_a_pipe_that_stalls_is_left() {
    let bundle = Maker::new().make();
    let begun = Instant::now();
    let half = bundle.len() / 2;
    let stalled = through_pipe(bundle, half, Duration::from_millis(600));
    assert!(matches!(stalled, Err(Refusal::Stalled { .. })), "{stalled:?}");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn attack_8_a_pipe_that_trickles_is_left() {
    let slow = through_pipe(Maker::new().make(), 10, Duration::from_millis(20));
    assert!(matches!(slow, Err(Refusal::TooSlow { .. })), "{slow:?}");
}

#[test]
fn a_pipe_that_flows_is_taken() {
    let fast = through_pipe(Maker::new().make(), 4096, Duration::from_millis(1));
    assert!(fast.is_ok(), "{fast:?}");
}

#[test]
fn a_pipe_without_a_writer_does_not_hold_us() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    nix::unistd::mkfifo(&path, Mode::from_bits_truncate(0o600)).unwrap();
    let refused = receive(patience::open(&path, SHORT).unwrap(), &terms(), |_| Ok(None));
    let named = matches!(refused, Err(Refusal::Truncated { .. } | Refusal::Stalled { .. }));
    assert!(named, "{refused:?}");
    let file = folder.path().join("bundle");
    File::create(&file)
        .unwrap()
        .write_all(&Maker::new().make())
        .unwrap();
    assert!(receive(patience::open(&file, SHORT).unwrap(), &terms(), |_| Ok(None)).is_ok());
}
