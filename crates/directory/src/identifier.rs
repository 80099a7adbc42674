//! Identifiers that stay when a name changes: GUIDs of Active Directory, entryUUID and nsUniqueId elsewhere, and SIDs.

use std::fmt::Write;

/// A GUID as Windows prints it; its first three fields are little-endian in the sixteen bytes (MS-DTYP 2.3.4.2).
#[must_use]
pub fn guid(bytes: &[u8]) -> Option<String> {
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    let mut text = String::with_capacity(36);
    for (place, from) in order.into_iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        let _ = write!(text, "{:02x}", bytes[from]);
    }
    Some(text)
}

/// A SID in its text form `S-1-5-21-...` (MS-DTYP 2.4.2.2).
#[must_use]
pub fn sid(bytes: &[u8]) -> Option<String> {
    let (&[revision, count], rest) = bytes.split_first_chunk::<2>()?;
    let (authority, rest) = rest.split_first_chunk::<6>()?;
    if revision != 1 || count > 15 || rest.len() != usize::from(count) * 4 {
        return None;
    }
    let authority = authority
        .iter()
        .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    let mut text = format!("S-1-{authority}");
    for part in rest.chunks_exact(4) {
        let _ = write!(text, "-{}", u32::from_le_bytes(part.try_into().ok()?));
    }
    Some(text)
}

/// The SID of a group in the same domain as the person: the person's without its last part, and the group's number.
#[must_use]
pub fn primary_group(person: &str, group: &str) -> Option<String> {
    let number: u32 = group.parse().ok()?;
    let (domain, _) = person.rsplit_once('-')?;
    Some(format!("{domain}-{number}"))
}

/// Bytes for a search filter (RFC 4515): every byte as `\xx`.
#[must_use]
pub fn filter_bytes(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "\\{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_reads_as_windows_prints_it() {
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(guid(&bytes).unwrap(), "03020100-0504-0706-0809-0a0b0c0d0e0f");
        assert_eq!(guid(&bytes[1..]), None);
    }

    #[test]
    fn a_sid_reads_as_windows_prints_it() {
        let bytes = hex::decode("010500000000000515000000a065cf7e784b9b5fe77c8770091c0100").unwrap();
        let text = sid(&bytes).unwrap();
        assert_eq!(text, "S-1-5-21-2127521184-1604012920-1887927527-72713");
        assert_eq!(
            primary_group(&text, "513").unwrap(),
            "S-1-5-21-2127521184-1604012920-1887927527-513"
        );
        assert_eq!(sid(&bytes[..27]), None);
        assert_eq!(sid(&[1]), None);
    }
}
