//! What a piece of text looks like: a number, a time, an id, an address, words of ours, or something else.
//!
//! Invariant: what is not recognized as harmless is [`Shape::Unknown`].

use std::net::{IpAddr, SocketAddr};

/// What a piece of text looks like.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Shape<'a> {
    /// Nothing to hide: numbers, times, ids, our own words.
    Plain,
    /// An e-mail address.
    Mail,
    /// A network address, with what follows: a port, a length.
    Address(IpAddr, String),
    /// A web address: its scheme and host; the rest is dropped.
    Url(&'a str, &'a str),
    /// A path that is not of our own words.
    Path,
    /// Anything else.
    Unknown,
}

/// Longest run of digits that is a number and not somebody's.
const DIGITS_MAX: usize = 7;
const UNITS: [&str; 20] = [
    "", "s", "ms", "us", "µs", "ns", "m", "min", "h", "d", "%", "B", "kB", "KiB", "MiB", "GiB", "TiB", "MB",
    "GB", "K",
];

/// Whether a character stands between pieces.
pub(super) fn separates(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "'`(){}<>,;=|".contains(c)
}

/// A separator as it is shown: control characters steer terminals.
pub(super) fn separator(c: char) -> char {
    if c.is_control() { ' ' } else { c }
}

/// Takes out what stands in quotes and is more than one piece: our messages quote what others wrote.
pub(super) fn without_quoted_prose(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for (number, part) in line.split('"').enumerate() {
        if number > 0 {
            out.push('"');
        }
        let is_quoted = number % 2 == 1;
        if is_quoted && part.chars().any(separates) {
            out.push_str("[removed]");
        } else {
            out.push_str(part);
        }
    }
    out
}

/// What a piece looks like; `is_ours` knows our words in lower case.
pub(super) fn of<'a>(piece: &'a str, is_ours: &dyn Fn(&str) -> bool) -> Shape<'a> {
    if piece.contains('@') {
        return Shape::Mail;
    }
    if let Some((scheme, rest)) = piece.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = host
            .rsplit_once(':')
            .filter(|(_, port)| is_digits(port))
            .map_or(host, |(host, _)| host);
        return match scheme {
            "https" | "http" => Shape::Url(scheme, host),
            _ => Shape::Unknown,
        };
    }
    if let Some(address) = address(piece) {
        return address;
    }
    let is_marked = matches!(piece, "[removed]" | "[secret]");
    if is_marked || is_number(piece) || is_time(piece) || is_id(piece) || is_version(piece, is_ours) {
        return Shape::Plain;
    }
    let is_plain = is_of_words(piece, is_ours);
    match piece.starts_with('/') {
        _ if is_plain => Shape::Plain,
        true => Shape::Path,
        false => Shape::Unknown,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn address(piece: &str) -> Option<Shape<'_>> {
    if let Ok(socket) = piece.parse::<SocketAddr>() {
        return Some(Shape::Address(socket.ip(), format!(":{}", socket.port())));
    }
    let (bare, more) = match piece.split_once('/') {
        Some((bare, length)) if is_digits(length) && length.len() < 4 => (bare, format!("/{length}")),
        Some(_) => return None,
        None => (piece, String::new()),
    };
    let address = bare.trim_matches(['[', ']']).parse().ok()?;
    Some(Shape::Address(address, more))
}

fn is_number(piece: &str) -> bool {
    let bare = piece.trim_start_matches(['+', '-', '#', '~']);
    let digits: String = bare
        .chars()
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let count = digits.bytes().filter(u8::is_ascii_digit).count();
    let dots = digits.len() - count;
    count > 0 && count <= DIGITS_MAX && dots <= 1 && UNITS.contains(&&bare[digits.len()..])
}

fn is_time(piece: &str) -> bool {
    let is_made_of_digits = piece.chars().all(|c| c.is_ascii_digit() || "TZ:.+-".contains(c));
    let is_clock = piece.len() == 8 && piece.parse::<jiff::civil::Time>().is_ok();
    // A day alone may be a birthday.
    is_made_of_digits && piece.len() <= 35 && (piece.parse::<jiff::Timestamp>().is_ok() || is_clock)
}

/// Ids that are random or numbers of ours: they say nothing by themselves.
fn is_id(piece: &str) -> bool {
    let is_uuid = piece.len() == 36 && piece.parse::<types::EntryId>().is_ok();
    let is_schema = piece.len() == 28
        && piece
            .strip_prefix("o_")
            .is_some_and(|rest| rest.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')));
    // Tables of datasets have a number for a name.
    let is_table = piece
        .strip_prefix('d')
        .is_some_and(|number| is_digits(number) && number.len() <= DIGITS_MAX);
    is_uuid || is_schema || is_table
}

/// `17.2`, `0.1.0`, `6.12.48+deb13-amd64`.
fn is_version(piece: &str, is_ours: &dyn Fn(&str) -> bool) -> bool {
    let mut parts = piece.split(['.', '+', '-', '~']);
    let (mut digits, mut numbers) = (0, 0);
    let is_known = |part: &str| {
        if is_digits(part) {
            digits += part.len();
            numbers += 1;
        }
        let debian = part
            .strip_prefix("deb")
            .is_some_and(|rest| rest.len() < 6 && rest.split('u').all(is_digits));
        (is_digits(part) && part.len() <= 4) || debian || matches!(part, "amd64" | "arm64") || is_ours(part)
    };
    let is_version =
        piece.starts_with(|c: char| c.is_ascii_digit()) && piece.len() <= 40 && parts.all(is_known);
    is_version && digits <= DIGITS_MAX && numbers <= 3
}

/// Our own words, joined by marks, with short numbers: `strongroom-worker.service`, `request.id`, `/etc/strongroom/tls`.
fn is_of_words(piece: &str, is_ours: &dyn Fn(&str) -> bool) -> bool {
    let is_known = |part: &str| {
        part.len() == 1 && part.is_ascii()
            || is_digits(part) && part.len() <= 5
            || part.bytes().all(|byte| byte.is_ascii_alphabetic()) && is_ours(&part.to_ascii_lowercase())
    };
    let (mut letters, mut digits) = (0, 0);
    let mut parts = piece
        .split(|c: char| !c.is_alphanumeric())
        .filter(|part| !part.is_empty());
    // Single letters and digits in a row could spell anything.
    parts.all(|part| {
        letters += usize::from(part.len() == 1 || is_digits(part));
        digits += if is_digits(part) { part.len() } else { 0 };
        is_known(part)
    }) && letters <= 2
        && digits <= DIGITS_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(piece: &str) -> Shape<'_> {
        of(piece, &|word| {
            [
                "etc",
                "strongroom",
                "service",
                "request",
                "id",
                "failed",
                "tls",
                "main",
            ]
            .contains(&word)
        })
    }

    #[test]
    fn numbers_times_ids_and_our_words_are_plain() {
        for plain in [
            "17",
            "-3",
            "1.5GiB",
            "30s",
            "99%",
            "2026-11-28T23:45:21.123456Z",
            "23:45:21",
            "17.2",
            "0.1.0",
            "6.12.48+deb13-amd64",
            "strongroom.service",
            "request.id",
            "/etc/strongroom/tls",
            "failed",
            "0198c2f4-9d20-7b11-a01c-77d2f0e3b1aa",
            "o_abcdefghijklmnopqrstuvwxyz",
        ] {
            assert_eq!(shape(plain), Shape::Plain, "{plain}");
        }
    }

    #[test]
    fn whatever_could_be_somebodys_is_not() {
        for unknown in [
            "Okonkwo",
            "4111111111111111",
            "4111.1111.1111.1111",
            "4111-1111-1111-1111",
            "12345-67890",
            "1987-04-12",
            "DE89370400440532013000",
            "k-a-n-a-r-i-e",
            "1-2-3-4-5-6-7",
            "strongroomx",
            "failed_kanarie",
            "ÖBB",
            "c2VjcmV0",
            "deadbeefdeadbeef",
            "postgresql://u:p@h/d".split('@').next().unwrap(),
        ] {
            assert_eq!(shape(unknown), Shape::Unknown, "{unknown}");
        }
        assert_eq!(shape("/home/olga/x"), Shape::Path);
        assert_eq!(shape("olga@example.org"), Shape::Mail);
    }

    #[test]
    fn addresses_are_known_with_ports_and_lengths() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(
            shape("10.20.4.17"),
            Shape::Address(address("10.20.4.17"), String::new())
        );
        assert_eq!(
            shape("10.20.4.17:443"),
            Shape::Address(address("10.20.4.17"), ":443".to_owned())
        );
        assert_eq!(
            shape("fd00::1"),
            Shape::Address(address("fd00::1"), String::new())
        );
        assert_eq!(
            shape("10.0.0.0/8"),
            Shape::Address(address("10.0.0.0"), "/8".to_owned())
        );
        assert_eq!(
            shape("https://a.example:8443/x?y"),
            Shape::Url("https", "a.example")
        );
    }

    #[test]
    fn quoted_prose_goes_and_a_quoted_word_stays() {
        assert_eq!(
            without_quoted_prose("a \"late order\" of \"status\" and \"unclosed rest"),
            "a \"[removed]\" of \"status\" and \"[removed]"
        );
    }
}
