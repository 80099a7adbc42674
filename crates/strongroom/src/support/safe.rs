//! Text that may leave the machine, and the hand that makes it so.
//!
//! Invariant: a [`Safe`] is made only of the program's own words, numbers, states and pseudonyms; nothing else can be put
//! into a bundle. A pseudonym is the same for the same value within one bundle, and nobody can compute it again: its key
//! is random and is gone with the [`Redactor`].

use super::shape::{self, Shape};
use jiff::Timestamp;
use openssl::sha::Sha256;
use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    net::IpAddr,
};

/// Text that may leave the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Safe(String);

impl Safe {
    /// Words of the program.
    pub(crate) fn known(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// A count, a size, a limit.
    pub(crate) fn number(value: impl Into<i128>) -> Self {
        Self(value.into().to_string())
    }

    /// Yes or no.
    pub(crate) fn flag(value: bool) -> Self {
        Self::known(if value { "yes" } else { "no" })
    }

    /// A moment.
    pub(crate) fn moment(value: Timestamp) -> Self {
        Self(value.to_string())
    }

    /// In the place of a secret, whatever it is.
    pub(crate) fn secret() -> Self {
        Self::known("[secret]")
    }

    /// Several in a row.
    pub(crate) fn joined(parts: impl IntoIterator<Item = Self>, between: &'static str) -> Self {
        let parts: Vec<String> = parts.into_iter().map(|part| part.0).collect();
        Self(parts.join(between))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody or something is called; its pseudonym begins with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named {
    /// A machine.
    Host,
    /// An organization.
    Organization,
    /// A person.
    Person,
}

/// Makes text safe for one bundle.
pub(crate) struct Redactor {
    key: [u8; 32],
    words: HashSet<&'static str>,
    /// By the first word in lower case: whole names in lower case.
    names: HashMap<String, Vec<(String, Named)>>,
    secrets: Vec<String>,
}

/// systemd's words about units, which stand beside ours in the journal, and names of tables that no sentence has.
const SYSTEMD: &str = "claim started stopped starting stopping main process exited code status failed failure result exit \
    signal killed dumped core oom killer watchdog timeout scheduled restart job counter is at consumed cpu time \
    deactivated successfully unit entered state control sigterm sigkill sigabrt start request repeated too quickly \
    reloading reloaded service socket credentials exec setting up step permission denied no such file or directory \
    thread panicked at note run with backtrace environment variable to display called unwrap on an err value";

impl Redactor {
    /// A redactor with a random key.
    pub(crate) fn new(key: [u8; 32]) -> Self {
        let own = include_str!(concat!(env!("OUT_DIR"), "/words.txt"));
        Self {
            key,
            words: own.lines().chain(SYSTEMD.split_whitespace()).collect(),
            names: HashMap::new(),
            secrets: Vec::new(),
        }
    }

    /// Hides a name wherever it stands, also where it is made of words that we use ourselves.
    pub(crate) fn hide_name(&mut self, named: Named, name: &str) {
        let whole = name.trim().to_lowercase();
        let first: String = whole.chars().take_while(|c| c.is_alphanumeric()).collect();
        // A single letter would be found everywhere and says nothing.
        if whole.chars().count() > 1 {
            let all = self.names.entry(first).or_default();
            all.push((whole, named));
            all.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        }
    }

    /// Hides a secret wherever it stands, and its bytes in hexadecimal and base64.
    pub(crate) fn hide_secret(&mut self, secret: &str) {
        let bytes = secret.trim().as_bytes();
        if bytes.len() < 4 {
            return;
        }
        self.secrets.push(secret.trim().to_owned());
        self.secrets
            .push(bytes.iter().fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").ok();
                text
            }));
        self.secrets.push(
            openssl::base64::encode_block(bytes)
                .trim_end_matches('=')
                .to_owned(),
        );
    }

    fn pseudonym(&self, prefix: &str, value: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.key);
        hash.update(value.to_lowercase().as_bytes());
        let [a, b, c, d, ..] = hash.finish();
        format!("{prefix}-{a:02x}{b:02x}{c:02x}{d:02x}")
    }

    /// A host's name or address.
    pub(crate) fn host(&self, name: &str) -> Safe {
        let bare = name.trim_matches(['[', ']']);
        match bare.parse() {
            Ok(address) => self.address(address),
            Err(_) => Safe(self.pseudonym("host", bare)),
        }
    }

    /// An address; those that are the same on every machine stay.
    pub(crate) fn address(&self, address: IpAddr) -> Safe {
        if address.is_loopback() || address.is_unspecified() {
            return Safe(address.to_string());
        }
        Safe(self.pseudonym("address", &address.to_string()))
    }

    /// Text of any origin, line by line: our own words stay, all else becomes a pseudonym.
    pub(crate) fn text(&self, text: &str) -> Safe {
        let lines: Vec<String> = text.lines().map(|line| self.line(line)).collect();
        Safe(lines.join("\n"))
    }

    fn line(&self, line: &str) -> String {
        let line = self.without_secrets(line);
        // PostgreSQL repeats values there.
        let line = match line.find("DETAIL:") {
            Some(place) => format!("{}DETAIL: [removed]", &line[..place]),
            None => line,
        };
        let mut out = String::with_capacity(line.len());
        for (number, part) in shape::without_quoted_prose(&line).split('"').enumerate() {
            if number > 0 {
                out.push('"');
            }
            self.part(part, &mut out);
        }
        out
    }

    fn without_secrets(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for secret in &self.secrets {
            if line.contains(secret.as_str()) {
                line = line.replace(secret.as_str(), "[secret]");
            }
        }
        line
    }

    fn part(&self, part: &str, out: &mut String) {
        let mut rest = part;
        while let Some(first) = rest.chars().next() {
            let (taken, shown) = if shape::separates(first) {
                (first.len_utf8(), shape::separator(first).to_string())
            } else if let Some((length, shown)) = self.name_at(rest) {
                (length, shown)
            } else {
                let end = rest.find(shape::separates).unwrap_or(rest.len());
                // A name may begin within a chunk, such as after a slash; then the chunk ends before it.
                let end = self.next_name_in(&rest[..end]).unwrap_or(end);
                (end, self.chunk(&rest[..end]))
            };
            out.push_str(&shown);
            rest = &rest[taken..];
        }
    }

    /// The pseudonym of a name that the text begins with, and how many bytes the name takes.
    fn name_at(&self, text: &str) -> Option<(usize, String)> {
        let first: String = text
            .chars()
            .take_while(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect();
        for (name, named) in self.names.get(&first)? {
            let Some(found) = begins_with(text, name) else {
                continue;
            };
            let ends_there = text[found..]
                .chars()
                .next()
                .is_none_or(|next| !next.is_alphanumeric());
            if ends_there {
                let prefix = match named {
                    Named::Host => "host",
                    Named::Organization => "organization",
                    Named::Person => "person",
                };
                return Some((found, self.pseudonym(prefix, name)));
            }
        }
        None
    }

    fn next_name_in(&self, chunk: &str) -> Option<usize> {
        let starts = chunk
            .char_indices()
            .zip(chunk.chars().skip(1))
            .filter(|((_, before), next)| !before.is_alphanumeric() && next.is_alphanumeric());
        let mut starts = starts.map(|((place, before), _)| place + before.len_utf8());
        starts.find(|place| self.name_at(&chunk[*place..]).is_some())
    }

    fn chunk(&self, chunk: &str) -> String {
        let bare = chunk.trim_end_matches(['.', ':', '!', '?']);
        let end = &chunk[bare.len()..];
        let shown = match shape::of(bare, &|word| self.words.contains(word)) {
            Shape::Plain => bare.to_owned(),
            Shape::Mail => self.pseudonym("mail", bare),
            Shape::Address(address, more) => format!("{}{more}", self.address(address).0),
            // A hidden name follows.
            Shape::Url(scheme, "") => format!("{scheme}://"),
            Shape::Url(scheme, host) => format!("{scheme}://{}/", self.host(host).0),
            Shape::Path => self.pseudonym("path", bare),
            Shape::Unknown => self.pseudonym("x", bare),
        };
        format!("{shown}{end}")
    }
}

/// How many bytes of the text a name in lower case takes, if the text begins with it in whatever case.
fn begins_with(text: &str, name: &str) -> Option<usize> {
    let mut wanted = name.chars();
    let mut taken = 0;
    for next in text.chars() {
        let Some(expected) = wanted.next() else {
            return Some(taken);
        };
        // Letters whose lower case has several characters are compared by the first, which hides more and never less.
        if next.to_lowercase().next() != Some(expected) {
            return None;
        }
        taken += next.len_utf8();
    }
    wanted.next().is_none().then_some(taken)
}

#[cfg(test)]
mod tests;
