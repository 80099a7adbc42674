//! Where an LDAP message begins and ends: a BER sequence with a definite length (RFC 4511 5.1).
//!
//! Invariant: of what a server sends, only whole, plausible messages of a bounded size reach the parser behind; what announces
//! more than the cap is refused at its sixth byte and not after it was read. Elements are counted as well as bytes.

/// Most bytes of one message, and of everything that one exchange answers with.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Most elements (BER tags) of everything that one exchange answers with: what is parsed takes some 100 bytes for each, however
/// short it is. Names of groups' members are longer than 56 bytes as a rule, so that bytes end first.
const ELEMENTS_MAX: usize = 300_000;
/// The bit of a tag that says that elements are inside (X.690 8.1.2.5), and the number that says that more bytes follow.
const CONSTRUCTED: u8 = 0x20;
const LONG_TAG: u8 = 0x1f;

/// What is wrong with a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It is not LDAP.
    NotLdap,
    /// A message is larger than the cap.
    TooLarge,
}

/// Follows a stream from element to element.
#[derive(Debug, Default)]
pub(crate) struct Frames {
    /// The tag and length that are being read.
    header: Vec<u8>,
    /// Bytes of a value that nothing is inside of.
    value_left: usize,
    /// Bytes of the message.
    message_left: usize,
    bytes: usize,
    elements: usize,
}

impl Frames {
    /// Looks at the next bytes.
    pub(crate) fn check(&mut self, mut bytes: &[u8]) -> Result<(), Wrong> {
        self.bytes = self.bytes.saturating_add(bytes.len());
        while let Some((&first, rest)) = bytes.split_first() {
            if self.value_left > 0 {
                let taken = self.value_left.min(bytes.len());
                self.value_left -= taken;
                self.message_left -= taken;
                bytes = &bytes[taken..];
                continue;
            }
            self.header.push(first);
            bytes = rest;
            if let Some(length) = length(&self.header)? {
                self.enter(length)?;
                self.header.clear();
            }
        }
        if self.bytes > MESSAGE_BYTES_MAX || self.elements > ELEMENTS_MAX {
            Err(Wrong::TooLarge)
        } else {
            Ok(())
        }
    }

    /// A header is whole: of a message, or of an element within one, which it must not leave.
    fn enter(&mut self, length: usize) -> Result<(), Wrong> {
        self.elements += 1;
        let tag = self.header.first().copied().unwrap_or_default();
        if self.message_left == 0 {
            // The shortest message has an identifier and an operation.
            if tag != 0x30 || length < 5 {
                return Err(Wrong::NotLdap);
            }
            self.message_left = length;
            return Ok(());
        }
        let left = self.message_left.checked_sub(self.header.len());
        self.message_left = left.filter(|left| *left >= length).ok_or(Wrong::NotLdap)?;
        if tag & CONSTRUCTED == 0 {
            self.value_left = length;
        }
        Ok(())
    }

    /// A new exchange begins: the caps count from here.
    pub(crate) fn begin(&mut self) {
        self.bytes = 0;
        self.elements = 0;
    }
}

/// The length of an element, once its header is whole.
fn length(header: &[u8]) -> Result<Option<usize>, Wrong> {
    let [tag, rest @ ..] = header else { return Ok(None) };
    if tag & LONG_TAG == LONG_TAG {
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
            &[0x30, 10, 2, 1, 3, 0x64, 5, 4, 1, b'a', 0x30, 0],
        ]
        .concat();
        for size in 1..stream.len() {
            let mut frames = Frames::default();
            for piece in stream.chunks(size) {
                assert_eq!(frames.check(piece), Ok(()), "pieces of {size}");
            }
            assert_eq!(
                (frames.message_left, frames.header.len(), frames.elements),
                (0, 0, 11)
            );
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
        let message = [
            &[0x30, 0x83, 0x01, 0, 3, 4, 0x82, 0xff, 0xff][..],
            &vec![0; 65_535],
        ]
        .concat();
        let refused = (0..300).find(|_| frames.check(&message).is_err());
        assert!(refused.is_some_and(|at| (250..=256).contains(&at)), "{refused:?}");
    }

    #[test]
    fn many_elements_in_few_bytes_are_refused() {
        let mut frames = Frames::default();
        let values = [4, 0].repeat(60_000);
        let message = [&[0x30, 0x83, 0x01, 0xd4, 0xc0][..], &values].concat();
        let refused = (0..9).find(|_| frames.check(&message) == Err(Wrong::TooLarge));
        assert_eq!(refused, Some(4));
    }

    #[test]
    fn an_element_that_leaves_its_message_is_refused() {
        for bytes in [
            &[0x30, 5, 2, 4, 1, 0x61, 0][..],
            &[0x30, 5, 2, 1, 1, 0x61, 1],
            &[0x30, 5, 2, 1, 1, 0x1f, 0],
        ] {
            assert_eq!(Frames::default().check(bytes), Err(Wrong::NotLdap), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_ldap_is_refused_at_once() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request, and then some more words of a page that nobody asked for"[..],
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
