//! Distinguished names (RFC 4514): compared without regard to case, spaces and the way of escaping.
//!
//! Invariant: two names that mean the same entry in any directory we know have one normal form; what does not parse has none,
//! and so equals nothing.

/// Longest name that is looked at, in bytes.
const LENGTH_MAX: usize = 4_096;

/// The normal form of a name: lower case, no spaces around parts, one way of escaping. `None` for what is no name.
#[must_use]
pub fn normalize(name: &str) -> Option<String> {
    if name.len() > LENGTH_MAX || name.trim().is_empty() {
        return None;
    }
    let parts = split(name, |c| c == ',' || c == ';')?;
    let parts: Option<Vec<String>> = parts.iter().map(|part| normal_part(part)).collect();
    Some(parts?.join(","))
}

/// A relative name, of several attributes when they are joined by a plus.
fn normal_part(part: &str) -> Option<String> {
    let pairs = split(part, |c| c == '+')?;
    let pairs: Option<Vec<String>> = pairs.iter().map(|pair| normal_pair(pair)).collect();
    let mut pairs = pairs?;
    pairs.sort();
    Some(pairs.join("+"))
}

fn normal_pair(pair: &str) -> Option<String> {
    let (attribute, value) = pair.split_once('=')?;
    let attribute = attribute.trim().to_lowercase();
    let value = unescape(trimmed(value))?.to_lowercase();
    let plain = attribute
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    (plain && !attribute.is_empty() && !value.is_empty())
        .then(|| format!("{attribute}={}", ldap3::dn_escape(value)))
}

/// Without the spaces around it, but with one that is escaped.
fn trimmed(value: &str) -> &str {
    let value = value.trim_start_matches(' ');
    let cut = value.trim_end_matches(' ');
    let escaped =
        cut.len() < value.len() && cut.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1;
    if escaped { &value[..=cut.len()] } else { cut }
}

/// Cuts at what is not escaped.
fn split(text: &str, at: impl Fn(char) -> bool) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if !escaped && at(c) {
            parts.push(String::new());
            continue;
        }
        escaped = !escaped && c == '\\';
        parts.last_mut()?.push(c);
    }
    (!escaped).then_some(parts)
}

/// `\,` and `\2C` as the character that they stand for.
fn unescape(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'\\' {
            bytes.push(first);
            continue;
        }
        let pair = rest.get(..2).and_then(|pair| hex::decode(pair).ok());
        if let Some(decoded) = pair {
            bytes.extend(decoded);
            rest = &rest[2..];
        } else {
            let (&literal, after) = rest.split_first()?;
            bytes.push(literal);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::normalize;
    use proptest::prelude::*;

    #[test]
    fn one_entry_has_one_normal_form() {
        let one = normalize("CN=Smith\\, John,OU=Staff,DC=Example,DC=Test");
        for same in [
            "cn=smith\\2c john , ou=staff, dc=example,dc=test",
            "cn=Smith\\, John;ou=STAFF;dc=example;dc=test",
        ] {
            assert_eq!(normalize(same), one, "{same}");
        }
        assert_ne!(normalize("cn=smith,ou=john,ou=staff,dc=example,dc=test"), one);
        assert_eq!(normalize("ou=b+cn=a,dc=c"), normalize("CN=A + OU=B, DC=C"));
    }

    #[test]
    fn what_is_no_name_equals_nothing() {
        for text in ["", "  ", "owners", "cn=", "=x", "cn=a\\", "cn=a,,dc=b", "c n=a"] {
            assert_eq!(normalize(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own(value in "[^\u{0}]{1,40}") {
            let name = format!("cn={},dc=test", ldap3::dn_escape(value.as_str()));
            if let Some(normal) = normalize(&name) {
                prop_assert_eq!(normalize(&normal), Some(normal.clone()));
            }
        }

        #[test]
        fn any_text_is_a_name_or_not(text in ".{0,200}") {
            let _ = normalize(&text);
        }
    }
}
