//! Messages on the wire: bytes up to a NUL, bounded, within a deadline.
//!
//! Invariant: never more is kept than one frame and one piece; the deadline is for the whole frame, so that a peer
//! who sends a byte now and then gains nothing.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// The longest message, without its NUL.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
const PIECE_BYTES: usize = 8 * 1024;

/// Why no frame came, or none could be sent.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The peer sends more than a frame may hold.
    #[error("a message is longer than {FRAME_BYTES_MAX} bytes")]
    TooLong,
    /// The peer began a message and went away.
    #[error("the connection ended in the middle of a message")]
    Torn,
    /// The peer took too long.
    #[error("the other side took too long")]
    TookTooLong,
    /// The operating system refused.
    #[error("the connection failed")]
    Failed(#[source] io::Error),
}

/// Both directions of a connection.
#[derive(Debug)]
pub struct Frames {
    stream: UnixStream,
    kept: Kept,
}

impl Frames {
    /// Of a connection.
    #[must_use]
    pub fn new(stream: UnixStream) -> Self {
        let kept = Kept::default();
        Self { stream, kept }
    }

    /// The connection below.
    #[must_use]
    pub fn stream(&self) -> &UnixStream {
        &self.stream
    }

    /// The next message; none when the peer has ended the connection between two of them. A message must begin by
    /// `idle` from now, and be whole by `frame` after it began.
    ///
    /// # Errors
    /// [`FrameError`]; the connection is of no use afterwards.
    pub fn next(&mut self, idle: Duration, frame: Duration) -> Result<Option<Vec<u8>>, FrameError> {
        let mut end = Instant::now() + if self.kept.is_empty() { idle } else { frame };
        loop {
            if let Some(message) = self.kept.take() {
                return Ok(Some(message));
            }
            let was_empty = self.kept.is_empty();
            let mut piece = [0; PIECE_BYTES];
            let read = self.read(&mut piece, end)?;
            if read == 0 {
                return if was_empty {
                    Ok(None)
                } else {
                    Err(FrameError::Torn)
                };
            }
            if was_empty {
                end = Instant::now() + frame;
            }
            self.kept.add(&piece[..read])?;
        }
    }

    /// Sends a message, whole by `deadline` from now.
    ///
    /// # Errors
    /// [`FrameError`].
    pub fn send(&mut self, message: &[u8], deadline: Duration) -> Result<(), FrameError> {
        if message.len() > FRAME_BYTES_MAX {
            return Err(FrameError::TooLong);
        }
        let end = Instant::now() + deadline;
        let framed = [message, b"\0"].concat();
        let mut rest = framed.as_slice();
        while !rest.is_empty() {
            self.stream
                .set_write_timeout(Some(left(end)?))
                .map_err(FrameError::Failed)?;
            match self.stream.write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(failure(error)),
            }
        }
        Ok(())
    }

    fn read(&mut self, piece: &mut [u8], end: Instant) -> Result<usize, FrameError> {
        loop {
            self.stream
                .set_read_timeout(Some(left(end)?))
                .map_err(FrameError::Failed)?;
            match self.stream.read(piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read.map_err(failure),
            }
        }
    }
}

/// What is left until then; a timeout of zero would mean none.
fn left(end: Instant) -> Result<Duration, FrameError> {
    let left = end.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(FrameError::TookTooLong);
    }
    Ok(left)
}

fn failure(error: io::Error) -> FrameError {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => FrameError::TookTooLong,
        _ => FrameError::Failed(error),
    }
}

/// What was read and not yet taken.
#[derive(Debug, Default)]
struct Kept(Vec<u8>);

impl Kept {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a piece; refuses when what is kept can be no frame any more.
    fn add(&mut self, piece: &[u8]) -> Result<(), FrameError> {
        self.0.extend_from_slice(piece);
        let first = self.0.iter().position(|byte| *byte == 0).unwrap_or(self.0.len());
        if first > FRAME_BYTES_MAX {
            return Err(FrameError::TooLong);
        }
        Ok(())
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        let end = self.0.iter().position(|byte| *byte == 0)?;
        let rest = self.0.split_off(end + 1);
        let mut message = std::mem::replace(&mut self.0, rest);
        message.pop();
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOON: Duration = Duration::from_millis(200);

    fn pair() -> (Frames, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Frames::new(ours), theirs)
    }

    proptest! {
        /// However the bytes are cut, the same messages come out.
        #[test]
        fn messages_come_out_as_they_went_in(
            messages in prop::collection::vec(prop::collection::vec(1_u8.., 0..300), 0..8),
            cut in 1_usize..64,
        ) {
            let mut kept = Kept::default();
            let mut seen = Vec::new();
            let bytes: Vec<u8> = messages.iter().flat_map(|one| one.iter().copied().chain([0])).collect();
            for piece in bytes.chunks(cut) {
                kept.add(piece).unwrap();
                seen.extend(std::iter::from_fn(|| kept.take()));
            }
            prop_assert!(kept.is_empty());
            prop_assert_eq!(seen, messages);
        }

        /// What is kept never grows beyond a frame and a piece.
        #[test]
        fn what_has_no_end_is_refused_at_the_bound(piece in prop::collection::vec(1_u8.., 1..PIECE_BYTES)) {
            let mut kept = Kept::default();
            while kept.add(&piece).is_ok() {
                prop_assert!(kept.0.len() <= FRAME_BYTES_MAX);
            }
            prop_assert!(kept.0.len() <= FRAME_BYTES_MAX + PIECE_BYTES);
        }
    }

    #[test]
    fn a_message_is_sent_and_read_and_the_end_is_told_from_a_torn_one() {
        let (mut frames, mut peer) = pair();
        frames.send(b"{}", SOON).unwrap();
        let mut read = [0; 3];
        peer.read_exact(&mut read).unwrap();
        assert_eq!(&read, b"{}\0");
        peer.write_all(b"one\0two\0thr").unwrap();
        drop(peer);
        assert_eq!(frames.next(SOON, SOON).unwrap().unwrap(), b"one");
        assert_eq!(frames.next(SOON, SOON).unwrap().unwrap(), b"two");
        assert!(matches!(frames.next(SOON, SOON), Err(FrameError::Torn)));
        let (mut frames, peer) = pair();
        drop(peer);
        assert!(frames.next(SOON, SOON).unwrap().is_none());
    }

    #[test]
    fn a_peer_that_stalls_or_trickles_or_does_not_read_is_left_in_time() {
        let (mut frames, mut peer) = pair();
        assert!(matches!(frames.next(SOON, SOON), Err(FrameError::TookTooLong)));
        // A byte every now and then does not move the deadline.
        let trickle = std::thread::spawn(move || {
            while peer.write_all(b"x").is_ok() {
                std::thread::sleep(SOON / 10);
            }
        });
        let began = Instant::now();
        let stalled = frames.next(Duration::from_secs(20), SOON);
        assert!(matches!(stalled, Err(FrameError::TookTooLong)), "{stalled:?}");
        assert!(began.elapsed() < Duration::from_secs(15));
        drop(frames);
        trickle.join().unwrap();
        let (mut frames, _peer) = pair();
        let full = (0..100).find_map(|_| frames.send(&vec![b'x'; FRAME_BYTES_MAX], SOON).err());
        assert!(matches!(full, Some(FrameError::TookTooLong)), "{full:?}");
    }

    #[test]
    fn a_message_that_is_too_long_is_refused_both_ways() {
        let (mut frames, mut peer) = pair();
        let long = vec![b'x'; FRAME_BYTES_MAX + 1];
        assert!(matches!(frames.send(&long, SOON), Err(FrameError::TooLong)));
        let writer = std::thread::spawn(move || peer.write_all(&long).ok());
        let read = frames.next(Duration::from_secs(20), Duration::from_secs(20));
        assert!(matches!(read, Err(FrameError::TooLong)), "{read:?}");
        drop(frames);
        writer.join().unwrap();
    }
}
