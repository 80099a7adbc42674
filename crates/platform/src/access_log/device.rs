//! What kind of device a client is, out of what it calls itself.
//!
//! Invariant: pure and bounded. The text is the client's own and may be anything: it is looked through for known marks, never
//! parsed, so that nothing in it can fail or take long ([ADR 26](../../../../docs/adr/0026-devices-are-told-by-marks.md)).

/// Longest name of a program that is shown as it calls itself, in characters.
const NAME_CHARACTERS_MAX: usize = 60;

/// Browsers by their marks, the particular before the common: Edge and Opera call themselves Chrome too, Chrome calls itself
/// Safari.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg/", "Edge"),
    ("EdgA/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems by their marks; Android calls itself Linux too, an iPhone calls itself Mac OS.
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
];

/// A browser or program in words, for example `Firefox on Linux`, `curl` or `unknown`.
#[must_use]
pub fn device_type(text: &str) -> String {
    let find = |known: &[(&str, &'static str)]| {
        let found = known.iter().find(|(mark, _)| text.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => program(text),
    }
}

/// A program calls itself by a name, a slash and a version (RFC 9110 section 10.1.5): the name is shown.
fn program(text: &str) -> String {
    let shown = text.chars().filter(|character| !character.is_control());
    let shown: String = shown.take(NAME_CHARACTERS_MAX).collect();
    let name = match shown.split_once('/') {
        Some((name, _)) if !name.trim().is_empty() && !name.contains(' ') => name,
        _ => &shown,
    };
    match name.trim() {
        "" => "unknown".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_told_in_words() {
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
            Version/18.1 Mobile/15E148 Safari/604.1";
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36";
        for (text, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
                "Firefox on Linux",
            ),
            (chrome, "Chrome on Linux"),
            (&format!("{chrome} Edg/130.0"), "Edge on Linux"),
            (safari, "Safari on iPhone"),
            ("curl/8.14.1", "curl"),
            ("strongroom/0.1.0", "strongroom"),
            ("command line", "command line"),
            ("", "unknown"),
            ("/", "/"),
            (" \u{0} ", "unknown"),
        ] {
            assert_eq!(device_type(text), expected);
        }
    }

    #[test]
    fn what_a_client_calls_itself_can_be_anything() {
        for text in [
            "/".repeat(5_000),
            "é".repeat(5_000),
            "\u{202e}Firefox/".repeat(900),
            "\r\n=cmd|' /C calc'!A0".into(),
        ] {
            let shown = device_type(&text);
            assert!(shown.chars().count() <= NAME_CHARACTERS_MAX, "{shown}");
            assert!(!shown.chars().any(char::is_control));
        }
    }
}
