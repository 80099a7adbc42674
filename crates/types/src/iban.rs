//! International bank account numbers (ISO 13616), told from payment card numbers: where they stand in a text.
//!
//! Invariant: what is found here is a whole IBAN between characters that are no letters or digits: a country of the
//! registry, its length, its account number's shape, and a right check number (ISO/IEC 7064, MOD 97-10). Two letters in
//! front of digits are not enough. Whoever computes the check number himself can dress a card number as an account of a
//! country whose account numbers are long enough; this tells accidents apart, it does not defeat intent.

use std::ops::Range;

/// Countries and the shape of what follows the check number: runs of digits (`n`), capital letters (`a`), or either
/// (`c`), as the IBAN registry of SWIFT has them.
const COUNTRIES: [(&str, &str); 89] = [
    ("AD", "8n12c"),
    ("AE", "19n"),
    ("AL", "8n16c"),
    ("AT", "16n"),
    ("AZ", "4a20c"),
    ("BA", "16n"),
    ("BE", "12n"),
    ("BG", "4a6n8c"),
    ("BH", "4a14c"),
    ("BI", "23n"),
    ("BR", "23n1a1c"),
    ("BY", "4c4n16c"),
    ("CH", "5n12c"),
    ("CR", "18n"),
    ("CY", "8n16c"),
    ("CZ", "20n"),
    ("DE", "18n"),
    ("DJ", "23n"),
    ("DK", "14n"),
    ("DO", "4c20n"),
    ("EE", "16n"),
    ("EG", "25n"),
    ("ES", "20n"),
    ("FI", "14n"),
    ("FK", "2a12n"),
    ("FO", "14n"),
    ("FR", "10n11c2n"),
    ("GB", "4a14n"),
    ("GE", "2a16n"),
    ("GI", "4a15c"),
    ("GL", "14n"),
    ("GR", "7n16c"),
    ("GT", "24c"),
    ("HN", "4a20n"),
    ("HR", "17n"),
    ("HU", "24n"),
    ("IE", "4a14n"),
    ("IL", "19n"),
    ("IQ", "4a15n"),
    ("IS", "22n"),
    ("IT", "1a10n12c"),
    ("JO", "4a4n18c"),
    ("KW", "4a22c"),
    ("KZ", "3n13c"),
    ("LB", "4n20c"),
    ("LC", "4a24c"),
    ("LI", "5n12c"),
    ("LT", "16n"),
    ("LU", "3n13c"),
    ("LV", "4a13c"),
    ("LY", "21n"),
    ("MC", "10n11c2n"),
    ("MD", "20c"),
    ("ME", "18n"),
    ("MK", "3n10c2n"),
    ("MN", "16n"),
    ("MR", "23n"),
    ("MT", "4a5n18c"),
    ("MU", "4a19n3a"),
    ("NI", "4a20n"),
    ("NL", "4a10n"),
    ("NO", "11n"),
    ("OM", "3n16c"),
    ("PK", "4a16c"),
    ("PL", "24n"),
    ("PS", "4a21c"),
    ("PT", "21n"),
    ("QA", "4a21c"),
    ("RO", "4a16c"),
    ("RS", "18n"),
    ("RU", "14n15c"),
    ("SA", "2n18c"),
    ("SC", "4a20n3a"),
    ("SD", "14n"),
    ("SE", "20n"),
    ("SI", "15n"),
    ("SK", "20n"),
    ("SM", "1a10n12c"),
    ("SO", "19n"),
    ("ST", "21n"),
    ("SV", "4a20n"),
    ("TL", "19n"),
    ("TN", "20n"),
    ("TR", "6n16c"),
    ("UA", "6n19c"),
    ("VA", "18n"),
    ("VG", "4a16n"),
    ("XK", "16n"),
    ("YE", "4a4n18c"),
];

/// Where valid IBANs stand in the text, in bytes, in their order. Between two characters of one stands at most one
/// character that `is_separator` knows.
pub(crate) fn find_ibans(text: &str, is_separator: fn(char) -> bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut before = None;
    for (start, c) in text.char_indices() {
        let begins = c.is_ascii_alphabetic() && !before.is_some_and(char::is_alphanumeric);
        if begins && let Some(length) = length_at(&text[start..], is_separator) {
            found.push(start..start + length);
        }
        before = Some(c);
    }
    found
}

/// How many bytes the IBAN has that the text begins with.
fn length_at(text: &str, is_separator: fn(char) -> bool) -> Option<usize> {
    let country = text.get(..2)?.to_ascii_uppercase();
    let place = COUNTRIES
        .binary_search_by_key(&country.as_str(), |(code, _)| code)
        .ok()?;
    let shape = "2a2n".chars().chain(COUNTRIES[place].1.chars());
    let mut rest = text;
    let mut compact = String::with_capacity(34);
    for class in classes(shape) {
        if !compact.is_empty() {
            rest = rest.strip_prefix(is_separator).unwrap_or(rest);
        }
        let c = rest.chars().next().filter(char::is_ascii_alphanumeric)?;
        if class == 'n' && !c.is_ascii_digit() || class == 'a' && !c.is_ascii_alphabetic() {
            return None;
        }
        compact.push(c.to_ascii_uppercase());
        rest = &rest[1..];
    }
    let ends = !rest.starts_with(char::is_alphanumeric);
    (ends && passes_check(&compact)).then_some(text.len() - rest.len())
}

/// The class of every single character: `4a2n` is `aaaann`.
fn classes(shape: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    let mut count = 0;
    shape
        .filter_map(move |c| {
            if let Some(digit) = c.to_digit(10) {
                count = count * 10 + digit;
                return None;
            }
            Some((c, std::mem::take(&mut count)))
        })
        .flat_map(|(class, count)| std::iter::repeat_n(class, count as usize))
}

/// ISO/IEC 7064 MOD 97-10 over the account number, country and check number; letters count from 10. Check numbers are
/// 02 to 98, or one account would have two.
fn passes_check(compact: &str) -> bool {
    let (head, account) = compact.split_at(4);
    matches!(head[2..].parse(), Ok(2..=98_u8)) && remainder(&[account, head].concat()) == 1
}

fn remainder(text: &str) -> u32 {
    let values = text.chars().filter_map(|c| c.to_digit(36));
    values.fold(0, |sum, value| {
        (sum * if value < 10 { 10 } else { 100 } + value) % 97
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn is_space(c: char) -> bool {
        c == ' '
    }

    /// The IBAN of a country with this seed for its account number.
    fn made(country: usize, seed: &[u8]) -> String {
        let (code, shape) = COUNTRIES[country];
        let pick = |(class, byte): (char, &u8)| {
            let (from, to) = match class {
                'n' => (0, 10),
                'a' => (10, 36),
                _ => (0, 36),
            };
            char::from_digit(from + u32::from(*byte) % (to - from), 36).unwrap_or('0')
        };
        let account: String = classes(shape.chars()).zip(seed).map(pick).collect();
        let account = account.to_ascii_uppercase();
        let check = 98 - remainder(&format!("{account}{code}00"));
        format!("{code}{check:02}{account}")
    }

    /// In groups of four, as on paper.
    pub(crate) fn grouped(compact: &str, separator: &str) -> String {
        let chars: Vec<char> = compact.chars().collect();
        let groups: Vec<String> = chars.chunks(4).map(|group| group.iter().collect()).collect();
        groups.join(separator)
    }

    prop_compose! {
        /// A valid IBAN of any country.
        pub(crate) fn any_iban()(
            country in 0..COUNTRIES.len(),
            seed in proptest::collection::vec(any::<u8>(), 30),
        ) -> String {
            made(country, &seed)
        }
    }

    #[test]
    fn the_table_is_in_order_and_no_number_is_longer_than_34() {
        assert!(COUNTRIES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (code, shape) in COUNTRIES {
            let length = 4 + classes(shape.chars()).count();
            assert!((15..=34).contains(&length), "{code} {length}");
        }
    }

    /// Examples of the registry.
    #[test]
    fn published_numbers_are_found() {
        for text in [
            "AD12 0001 2030 2003 5910 0100",
            "AT61 1904 3002 3457 3201",
            "BE68 5390 0754 7034",
            "BR15 0000 0000 0000 1093 2840 814P 2",
            "CH93 0076 2011 6238 5295 7",
            "CZ65 0800 0000 1920 0014 5399",
            "DE89 3704 0044 0532 0130 00",
            "DK50 0040 0440 1162 43",
            "EE38 2200 2210 2014 5685",
            "ES91 2100 0418 4502 0005 1332",
            "FI21 1234 5600 0007 85",
            "FR14 2004 1010 0505 0001 3M02 606",
            "GB29 NWBK 6016 1331 9268 19",
            "GR16 0110 1250 0000 0001 2300 695",
            "HU42 1177 3016 1111 1018 0000 0000",
            "IE29 AIBK 9311 5212 3456 78",
            "IS14 0159 2600 7654 5510 7303 39",
            "IT60 X054 2811 1010 0000 0123 456",
            "LU28 0019 4006 4475 0000",
            "MT84 MALT 0110 0001 2345 MTLC AST0 01S",
            "MU17 BOMM 0101 1010 3030 0200 000M UR",
            "NL91 ABNA 0417 1643 00",
            "NO93 8601 1117 947",
            "PL61 1090 1014 0000 0712 1981 2874",
            "PT50 0002 0123 1234 5678 9015 4",
            "SA03 8000 0000 6080 1016 7519",
            "SE45 5000 0000 0583 9825 7466",
            "SI56 2633 0001 2039 086",
            "SK31 1200 0000 1987 4263 7541",
            "TR33 0006 1005 1978 6457 8413 26",
            "XK05 1212 0123 4567 8906",
        ] {
            for text in [text.to_owned(), text.replace(' ', ""), text.to_lowercase()] {
                assert_eq!(find_ibans(&text, is_space), vec![0..text.len()], "{text}");
            }
        }
    }

    #[test]
    fn a_number_with_a_letter_or_digit_at_either_end_or_a_wrong_check_is_none() {
        for text in [
            "xDE89370400440532013000",
            "DE893704004405320130001",
            "DE89370400440532013000a",
            "DE89  370400440532013000",
            "DE88370400440532013000",
            "DE8937040044053201300",
            "ZZ89370400440532013000",
            "GB29123460161331926819",
            "DE",
            "",
        ] {
            assert!(find_ibans(text, is_space).is_empty(), "{text}");
        }
        assert_eq!(find_ibans("to: DE89370400440532013000.", is_space), vec![4..26]);
    }

    proptest! {
        #[test]
        fn a_number_of_any_country_is_found_and_with_one_digit_changed_is_not(
            iban in any_iban(),
            at in 0..2_usize,
            by in 1..10_u32,
        ) {
            prop_assert_eq!(find_ibans(&iban, is_space), vec![0..iban.len()]);
            let digit = iban[2 + at..=2 + at].parse::<u32>().unwrap_or(0);
            let changed = format!("{}{}{}", &iban[..2 + at], (digit + by) % 10, &iban[3 + at..]);
            prop_assert!(find_ibans(&changed, is_space).is_empty(), "{}", changed);
        }
    }
}
