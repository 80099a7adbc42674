//! Lower-case base32 without padding (RFC 4648 section 6), for tokens.

const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for group in bytes.chunks(5) {
        let mut wide = [0; 8];
        wide[3..3 + group.len()].copy_from_slice(group);
        let bits = u64::from_be_bytes(wide);
        let digits = (group.len() * 8).div_ceil(5);
        text.extend((0..digits).map(|place| char::from(DIGITS[(bits >> (35 - 5 * place) & 31) as usize])));
    }
    text
}

pub(crate) fn is_digit(byte: u8) -> bool {
    DIGITS.contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_the_rfc_hold() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "my"),
            ("fo", "mzxq"),
            ("foo", "mzxw6"),
            ("foob", "mzxw6yq"),
            ("fooba", "mzxw6ytb"),
            ("foobar", "mzxw6ytboi"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), expected);
        }
    }
}
