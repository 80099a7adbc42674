//! What the console's pages are made of: templates, styles, scripts, pictures. None of it may name another host.

use crate::{Platform, promise::look::Look};

/// A part of pages as it was built into the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSource {
    /// Its file name.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// Names of languages that look like addresses and are fetched by nobody.
const NAMESPACES: [&str; 3] = [
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1999/xlink",
    "http://www.w3.org/1999/xhtml",
];
/// What an address of another host begins with, in lower case: with its scheme, or without one in a quote, a bracket, or
/// a value without quotes. Browsers read a backslash as a slash.
const FOREIGN: [&str; 13] = [
    "http://", "https://", "ws://", "wss://", "ftp://", "\"//", "'//", "`//", "(//", "=//", "\"/\\", "'/\\",
    "@import",
];
/// Most characters of a place that are told.
const TOLD_CHARS: usize = 60;

pub(super) fn check(sources: &[PageSource], look: &mut Look) {
    for source in sources {
        if let Some(found) = foreign(source.text) {
            look.fault(
                format!("a page loads from elsewhere: {found}"),
                source.name,
                "install the package strongroom anew: it is shipped without",
            );
        }
    }
    look.note("parts of pages", sources.len());
}

/// The first place of a text that names another host, cut short.
pub(super) fn foreign(text: &str) -> Option<String> {
    let mut text = text.to_ascii_lowercase();
    for namespace in NAMESPACES {
        text = text.replace(&format!("\"{namespace}\""), "\"\"");
    }
    let at = FOREIGN.iter().filter_map(|sign| text.find(sign)).min()?;
    Some(text[at..].chars().take(TOLD_CHARS).collect())
}

impl Platform {
    /// Tells what this process' pages are made of, for the promise that none loads from elsewhere. The first declaration
    /// counts.
    pub fn declare_pages(&self, pages: Vec<PageSource>) {
        self.keep_pages(pages);
    }
}
