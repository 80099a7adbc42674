//! QR codes: as a picture for a page, and as text for a terminal.
//!
//! Invariant: drawn here, from nothing but the text itself; no picture comes from elsewhere, and none is stored.

use crate::error::{PlatformError, Result};
use qrcode::{Color, EcLevel, QrCode};

/// Modules of white around the code (ISO/IEC 18004 asks for four).
const QUIET: usize = 4;

struct Modules {
    dark: Vec<bool>,
    width: usize,
}

impl Modules {
    fn of(text: &str) -> Result<Self> {
        // The stronger correction while it fits: paper creases.
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .or_else(|_| QrCode::with_error_correction_level(text, EcLevel::L));
        let code = code.map_err(|error| PlatformError::invariant(format!("no QR code: {error}")))?;
        Ok(Self {
            width: code.width(),
            dark: code
                .into_colors()
                .into_iter()
                .map(|color| color == Color::Dark)
                .collect(),
        })
    }

    /// With the white around it.
    fn size(&self) -> usize {
        self.width + 2 * QUIET
    }

    fn is_dark(&self, row: usize, column: usize) -> bool {
        let inside = |place: usize| place.checked_sub(QUIET).filter(|place| *place < self.width);
        match (inside(row), inside(column)) {
            (Some(row), Some(column)) => self.dark.get(row * self.width + column) == Some(&true),
            _ => false,
        }
    }
}

/// An SVG element, dark on white whatever the page's colours are, or a camera would not read it. `label` is what it is said to be, plain
/// words without markup.
///
/// # Errors
/// `internal` when the text is too long for a QR code: more than 2,953 bytes (ISO/IEC 18004, version 40-L).
pub(crate) fn svg(text: &str, label: &str) -> Result<String> {
    let modules = Modules::of(text)?;
    let size = modules.size();
    let mut path = String::new();
    for row in 0..size {
        for column in (0..size).filter(|column| modules.is_dark(row, *column)) {
            path.push_str(&format!("M{column} {row}h1v1h-1z"));
        }
    }
    Ok(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {size} {size}\" role=\"img\" aria-label=\"{label}\" \
         shape-rendering=\"crispEdges\"><rect width=\"{size}\" height=\"{size}\" fill=\"#fff\"/>\
         <path d=\"{path}\" fill=\"#000\"/></svg>"
    ))
}

/// Lines of half blocks for a terminal with a dark ground: what is white is drawn.
///
/// # Errors
/// As [`svg`].
pub(crate) fn text(text: &str) -> Result<String> {
    let modules = Modules::of(text)?;
    let mut out = String::new();
    for row in (0..modules.size()).step_by(2) {
        for column in 0..modules.size() {
            let below = row + 1 < modules.size() && !modules.is_dark(row + 1, column);
            out.push(match (!modules.is_dark(row, column), below) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            });
        }
        out.push('\n');
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn picture_and_text_show_the_same_modules_within_white() {
        let uri = "otpauth://totp/a:b?secret=GEZDGNBVGY3TQOJQ&issuer=a";
        let modules = Modules::of(uri).unwrap();
        let (svg, text) = (svg(uri, "a code").unwrap(), text(uri).unwrap());
        let dark = modules.dark.iter().filter(|dark| **dark).count();
        assert_eq!(svg.matches("h1v1h-1z").count(), dark);
        assert!(!svg.contains("style") && !svg.contains("secret"), "{svg}");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), modules.size().div_ceil(2));
        assert!(lines.iter().all(|line| line.chars().count() == modules.size()));
        assert!(lines[0].chars().all(|block| block == '█'), "white around it");
    }

    #[test]
    fn a_text_that_is_too_long_for_one_correction_takes_the_weaker_and_beyond_it_is_refused() {
        assert!(Modules::of(&"a".repeat(2_953)).is_ok());
        assert!(Modules::of(&"a".repeat(2_954)).is_err());
    }
}
