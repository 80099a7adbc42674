//! Writes CBOR, each head in its shortest form.
//!
//! Invariant: heads are shortest. The order of map keys is the caller's duty here; [`super::Item`] keeps it by
//! itself, and writers of fixed formats write their integer keys in ascending order.

use super::Integer;

pub(super) const UNSIGNED: u8 = 0;
pub(super) const NEGATIVE: u8 = 1;
pub(super) const BYTES: u8 = 2;
pub(super) const TEXT: u8 = 3;
pub(super) const ARRAY: u8 = 4;
pub(super) const MAP: u8 = 5;
pub(super) const SIMPLE: u8 = 7;
pub(super) const FALSE: u64 = 20;
pub(super) const TRUE: u64 = 21;
pub(super) const NULL: u64 = 22;

/// Appends data items to a buffer.
#[derive(Debug, Default)]
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// An unsigned integer.
    pub fn unsigned(&mut self, value: u64) {
        self.head(UNSIGNED, value);
    }

    /// An integer of either sign.
    pub fn integer(&mut self, value: Integer) {
        // `Integer` keeps both branches within 64 bits.
        match u64::try_from(value.get()) {
            Ok(unsigned) => self.head(UNSIGNED, unsigned),
            Err(_) => self.head(NEGATIVE, u64::try_from(-1 - value.get()).unwrap_or(u64::MAX)),
        }
    }

    /// A byte string.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.head(BYTES, bytes.len() as u64);
        self.out.extend_from_slice(bytes);
    }

    /// A UTF-8 string.
    pub fn text(&mut self, text: &str) {
        self.head(TEXT, text.len() as u64);
        self.out.extend_from_slice(text.as_bytes());
    }

    /// The head of an array; `length` items follow.
    pub fn array(&mut self, length: usize) {
        self.head(ARRAY, length as u64);
    }

    /// The head of a map; `length` pairs follow, in the order of their encoded keys.
    pub fn map(&mut self, length: usize) {
        self.head(MAP, length as u64);
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) {
        self.head(SIMPLE, if value { TRUE } else { FALSE });
    }

    /// `null`.
    pub fn null(&mut self) {
        self.head(SIMPLE, NULL);
    }

    /// The bytes written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    fn head(&mut self, major: u8, value: u64) {
        let major = major << 5;
        let wide = value.to_be_bytes();
        let [.., low] = wide;
        match value {
            0..=23 => self.out.push(major | low),
            24..=0xff => self.out.extend_from_slice(&[major | 24, low]),
            0x100..=0xffff => {
                self.out.push(major | 25);
                self.out.extend_from_slice(&wide[6..]);
            }
            0x1_0000..=0xffff_ffff => {
                self.out.push(major | 26);
                self.out.extend_from_slice(&wide[4..]);
            }
            _ => {
                self.out.push(major | 27);
                self.out.extend_from_slice(&wide);
            }
        }
    }
}
