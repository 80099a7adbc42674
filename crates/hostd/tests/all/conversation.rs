//! What a caller sends, read as the helper reads it. The fuzz target `frames` runs the same function, so it uses nothing
//! but the crate `host`.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use host::helper::{FRAME_BYTES_MAX, FrameError, Frames, Verb};

/// All that fits into a socket before anybody reads.
pub(super) const SENT_MAX: usize = 150_000;
/// Everything is there before the first look.
const DEADLINE: Duration = Duration::from_secs(5);

/// Panics where messages are torn or joined, where one is too long and taken all the same, where a refusal repeats what
/// could forge a line of the journal, or where the reader falls over.
pub(super) fn check(bytes: &[u8]) {
    let sent = &bytes[..bytes.len().min(SENT_MAX)];
    let (mut caller, helper) = UnixStream::pair().expect("no pair of sockets");
    caller.write_all(sent).expect("the socket does not take it");
    drop(caller);
    let mut frames = Frames::new(helper);
    let mut rest = sent;
    loop {
        let end = rest.iter().position(|byte| *byte == 0);
        match frames.next(DEADLINE, DEADLINE) {
            Ok(Some(message)) => {
                let end = end.expect("a message without an end");
                assert_eq!(message, rest[..end], "a message is another than was sent");
                rest = &rest[end + 1..];
                check_message(&message);
            }
            Ok(None) => return assert!(rest.is_empty(), "something was left unread"),
            Err(FrameError::TooLong) => {
                let length = end.unwrap_or(rest.len());
                return assert!(length > FRAME_BYTES_MAX, "{length} bytes are not too long");
            }
            Err(FrameError::Torn) => return assert!(end.is_none() && !rest.is_empty(), "nothing is torn"),
            Err(error) => panic!("{error}"),
        }
    }
}

fn check_message(message: &[u8]) {
    assert!(message.len() <= FRAME_BYTES_MAX, "a message is too long");
    match Verb::read(message) {
        Ok(verb) => assert!(Verb::NAMES.contains(&verb.name()), "a verb of no list"),
        Err(refusal) => {
            assert!(refusal.why.len() < 500, "a refusal repeats a whole message");
            assert!(
                !refusal.why.chars().any(char::is_control),
                "a refusal could forge a line"
            );
        }
    }
}
