//! A parser of the grammar that knows nothing of the writer, and what it must find.

use super::*;
use proptest::prelude::*;

/// What the parser found in one frame.
#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    priority: u32,
    header: Vec<String>,
    element: String,
    parameters: Vec<(String, String)>,
    text: Option<String>,
    rest: Vec<u8>,
}

/// Reads `MSG-LEN SP SYSLOG-MSG` as RFC 5425 4.3 and RFC 5424 6 have it; what follows the frame is left.
fn parse(bytes: &[u8]) -> Option<Parsed> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let count = std::str::from_utf8(&bytes[..space]).ok()?;
    let is_count = !count.starts_with('0') && count.bytes().all(|byte| byte.is_ascii_digit());
    let count: usize = count.parse().ok().filter(|_| is_count)?;
    let message = bytes.get(space + 1..space + 1 + count)?;
    let rest = bytes[space + 1 + count..].to_vec();
    let message = std::str::from_utf8(message).ok()?;
    let (priority, message) = message.strip_prefix('<')?.split_once(">1 ")?;
    let priority: u32 = priority.parse().ok().filter(|number| *number <= 191)?;
    let mut header = Vec::new();
    let mut message = message;
    for _ in 0..5 {
        let (field, after) = message.split_once(' ')?;
        if field.is_empty() || !field.bytes().all(|byte| (33..=126).contains(&byte)) {
            return None;
        }
        header.push(field.to_owned());
        message = after;
    }
    let message = message.strip_prefix('[')?;
    let end = message.find([' ', ']'])?;
    let (element, mut message) = message.split_at(end);
    let mut parameters = Vec::new();
    while let Some(after) = message.strip_prefix(' ') {
        let (name, after) = after.split_once("=\"")?;
        if name.is_empty() || name.len() > 32 || name.contains([' ', ']', '"', '=']) {
            return None;
        }
        let (value, after) = value(after)?;
        parameters.push((name.to_owned(), value));
        message = after;
    }
    let message = message.strip_prefix(']')?;
    let text = match message {
        "" => None,
        message => Some(message.strip_prefix(" \u{feff}")?.to_owned()),
    };
    Some(Parsed {
        priority,
        header,
        element: element.to_owned(),
        parameters,
        text,
        rest,
    })
}

/// The value up to its quote, which is taken as well.
fn value(text: &str) -> Option<(String, &str)> {
    let mut found = String::new();
    let mut characters = text.char_indices();
    while let Some((place, character)) = characters.next() {
        match character {
            '"' => return Some((found, &text[place + 1..])),
            ']' => return None,
            '\\' => found.push(characters.next()?.1),
            other => found.push(other),
        }
    }
    None
}

fn message<'a>(parameters: Vec<(&'static str, String)>, text: &'a str) -> Message<'a> {
    Message {
        facility: Facility::Security,
        severity: Severity::Warning,
        at: Timestamp::from_microsecond(1_764_426_000_000_001).unwrap(),
        host: "records.example.com",
        program: "strongroom",
        kind: "access",
        parameters,
        text,
    }
}

#[test]
fn a_message_is_what_the_standard_says_byte_for_byte() {
    let frame = message(
        vec![("device", "a]\"\\\n".to_owned()), ("empty", String::new())],
        "hé",
    )
    .frame();
    let wanted = "<84>1 2025-11-29T14:20:00.000001Z records.example.com strongroom - access \
        [strongroom@32473 device=\"a\\]\\\"\\\\␊\" empty=\"\"] \u{feff}hé";
    assert_eq!(
        String::from_utf8(frame).unwrap(),
        format!("{} {wanted}", wanted.len())
    );
    let bare = message(Vec::new(), "").frame();
    assert!(
        String::from_utf8(bare)
            .unwrap()
            .ends_with(" access [strongroom@32473]")
    );
}

#[test]
fn facilities_and_severities_have_their_numbers() {
    assert_eq!(
        [Facility::Daemon, Facility::Security, Facility::Audit].map(Facility::number),
        [3, 10, 13]
    );
    for (number, severity) in (0..).zip(Severity::ALL) {
        assert_eq!(severity.number(), number);
        assert_eq!(Severity::from_number(number), severity);
    }
    assert_eq!(Severity::from_number(200), Severity::Debug);
}

#[test]
fn a_time_before_there_was_any_is_left_out() {
    let mut early = message(Vec::new(), "");
    early.at = Timestamp::MIN;
    let frame = early.frame();
    assert_eq!(parse(&frame).unwrap().header[0], "-");
    early.at = Timestamp::MAX;
    assert!(parse(&early.frame()).unwrap().header[0].starts_with("9999-"));
}

#[test]
fn however_much_is_said_it_fits_and_every_parameter_before_it_stands() {
    let long = "]".repeat(100_000);
    let found = message(
        vec![
            ("first", "one".to_owned()),
            ("second", long.clone()),
            ("third", long.clone()),
        ],
        &long,
    );
    let frame = found.frame();
    let found = parse(&frame).unwrap();
    assert!(frame.len() <= BYTES_MAX + "8192 ".len());
    assert_eq!(found.parameters[0], ("first".to_owned(), "one".to_owned()));
    assert!(found.parameters[1].1.ends_with('…'));
    assert!(found.text.unwrap().len() > 500);
}

proptest! {
    #[test]
    fn whatever_strangers_write_it_is_one_message_that_says_it(
        device in "\\PC*|[\\x00-\\x7f\u{85}\u{2028}\u{202e}\u{feff}]{0,200}",
        host in ".*",
        text in ".*",
        next in ".*",
    ) {
        let mut one = message(vec![("device", device.clone()), ("after", "kept".to_owned())], &text);
        one.host = &host;
        let other = message(vec![("device", next)], "");
        let stream = [one.frame(), other.frame()].concat();
        let found = parse(&stream).expect("the first frame");
        prop_assert_eq!(found.priority, 84);
        prop_assert_eq!(&found.header[2..], ["strongroom", "-", "access"]);
        prop_assert_eq!(found.element.as_str(), "strongroom@32473");
        prop_assert_eq!(found.parameters.len(), 2);
        prop_assert_eq!(found.parameters[1].1.as_str(), "kept");
        let is_plain = |text: &str| !text.chars().any(char::is_control);
        prop_assert!(is_plain(&found.parameters[0].1) && found.text.as_deref().is_none_or(is_plain));
        if is_plain(&device) && !device.contains(['\u{2028}', '\u{2029}', '\u{feff}', '\u{61c}', '\u{200e}', '\u{200f}'])
            && !device.contains(|c| ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c))
        {
            prop_assert_eq!(&found.parameters[0].1, &device);
        }
        let last = parse(&found.rest).expect("the second frame");
        prop_assert_eq!(last.rest, Vec::<u8>::new());
    }

    #[test]
    fn no_message_is_longer_than_its_bound(values in proptest::collection::vec(".{0,3000}", 0..20), text in ".{0,9000}") {
        let parameters = values.into_iter().map(|value| ("name", value)).collect();
        let frame = message(parameters, &text).frame();
        let found = parse(&frame).expect("one frame");
        prop_assert!(found.rest.is_empty());
        prop_assert!(frame.len() <= BYTES_MAX + "8192 ".len());
    }
}
