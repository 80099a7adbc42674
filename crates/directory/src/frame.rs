//! Where an LDAP message begins and ends: a BER sequence with a definite length (RFC 4511 5.1).
//!
//! Invariant: of what a server sends, only whole, plausible messages of a bounded size reach the parser behind; what announces
//! more than the cap is refused at its sixth byte and not after it was read.

/// Most bytes of one message, and of everything that one search answers with.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What is wrong with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is not LDAP.
    NotLdap,
    /// A message is larger than the cap.
    TooLarge,
}

/// Follows a stream from message to message.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    header: Vec<u8>,
    body_left: usize,
    total: usize,
}

impl Frames {
    /// Looks at the next bytes.
    pub(crate) fn check(&mut self, mut bytes: &[u8]) -> Result<(), Wrong> {
        self.total = self.total.saturating_add(bytes.len());
        while let Some((&first, rest)) = bytes.split_first() {
            if self.body_left > 0 {
                let taken = self.body_left.min(bytes.len());
                self.body_left -= taken;
                bytes = &bytes[taken..];
                continue;
            }
            self.header.push(first);
            bytes = rest;
            if let Some(length) = length(&self.header)? {
                self.header.clear();
                self.body_left = length;
            }
        }
        if self.total > MESSAGE_BYTES_MAX {
            Err(Wrong::TooLarge)
        } else {
            Ok(())
        }
    }

    /// A new exchange begins: the cap counts from here.
    pub(crate) fn begin(&mut self) {
        self.total = 0;
    }
}

/// The length of a message's body, once its header is whole.
fn length(header: &[u8]) -> Result<Option<usize>, Wrong> {
    let [tag, rest @ ..] = header else { return Ok(None) };
    if *tag != 0x30 {
        return Err(Wrong::NotLdap);
    }
    let [first, digits @ ..] = rest else {
        return Ok(None);
    };
    let length = match first {
        0..=0x7f => usize::from(*first),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            if digits.len() < count {
                return Ok(None);
            }
            digits
                .iter()
                .fold(0, |sum, digit| (sum << 8) | usize::from(*digit))
        }
        _ => return Err(Wrong::NotLdap),
    };
    // The shortest message has an identifier and an operation.
    if length < 5 {
        return Err(Wrong::NotLdap);
    }
    if length > MESSAGE_BYTES_MAX {
        Err(Wrong::TooLarge)
    } else {
        Ok(Some(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_pass_in_any_pieces() {
        let stream = [
            &[0x30, 5, 2, 1, 1, 0x61, 0][..],
            &[0x30, 0x81, 5, 2, 1, 2, 0x61, 0],
        ]
        .concat();
        for size in 1..stream.len() {
            let mut frames = Frames::default();
            for piece in stream.chunks(size) {
                assert_eq!(frames.check(piece), Ok(()), "pieces of {size}");
            }
            assert_eq!((frames.body_left, frames.header.len()), (0, 0));
        }
    }

    #[test]
    fn two_gibibytes_are_refused_when_they_are_announced() {
        let mut frames = Frames::default();
        assert_eq!(frames.check(&[0x30, 0x84, 0x80, 0, 0, 0]), Err(Wrong::TooLarge));
    }

    #[test]
    fn many_small_messages_do_not_pass_the_cap_together() {
        let mut frames = Frames::default();
        let message = [&[0x30, 0x83, 0x01, 0, 0][..], &vec![0; 65_536]].concat();
        let refused = (0..300).find(|_| frames.check(&message).is_err());
        assert!(refused.is_some_and(|at| (250..=256).contains(&at)), "{refused:?}");
    }

    #[test]
    fn what_is_not_ldap_is_refused_at_once() {
        for bytes in [
            &b"HTTP/1.1 400"[..],
            b"SSH-2.0",
            &[0x30, 0x80],
            &[0x30, 0x85, 0, 0],
            &[0x30, 0],
            &[0x15, 3, 3],
        ] {
            assert_eq!(Frames::default().check(bytes), Err(Wrong::NotLdap), "{bytes:?}");
        }
    }
}
