//! apt's settings as apt itself reads them (`apt-config dump`): a line in any file may undo another one.

use crate::run::{Call, Program, RunError};

/// Every setting, in apt's order; a name that ends with `::` is one of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings(Vec<(String, String)>);

/// Settings that let through what should be refused, with the values that are harmless.
const WEAKENING: [(&str, bool); 5] = [
    ("Acquire::Check-Valid-Until", true),
    ("Acquire::Check-Date", true),
    ("Acquire::AllowInsecureRepositories", false),
    ("Acquire::AllowWeakRepositories", false),
    ("APT::Get::AllowUnauthenticated", false),
];

impl Settings {
    /// Asks apt.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn look() -> Result<Self, RunError> {
        Ok(Self::parse(&Call::new(Program::AptConfig).with(["dump"]).run()?))
    }

    /// From lines like `APT::Periodic::Unattended-Upgrade "1";`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let line = |line: &str| {
            let (name, rest) = line.split_once(' ')?;
            let value = rest.trim().strip_prefix('"')?.strip_suffix("\";")?;
            Some((name.to_owned(), value.to_owned()))
        };
        Self(text.lines().filter_map(line).collect())
    }

    /// A setting's value; the last one counts.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut found = self.0.iter().rev();
        let found = found.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The members of a list.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let is_of = move |other: &str| {
            let member = other.len() > name.len() && other.is_char_boundary(name.len());
            member && other[..name.len()].eq_ignore_ascii_case(name) && other[name.len()..].starts_with("::")
        };
        let members = self.0.iter().filter(move |(other, _)| is_of(other));
        members.map(|(_, value)| value.as_str())
    }

    /// Whether something happens by itself each day: `Update-Package-Lists`, `Unattended-Upgrade`.
    #[must_use]
    pub fn is_periodic(&self, what: &str) -> bool {
        let value = |name: &str| self.value(&format!("APT::Periodic::{name}")).unwrap_or("0");
        // Debian enables the whole by default; a number of days or `always` turns a part on.
        let is_on = |value: &str| !matches!(value, "0" | "" | "false");
        is_on(self.value("APT::Periodic::Enable").unwrap_or("1")) && is_on(value(what))
    }

    /// Settings by which apt would take what it should refuse.
    #[must_use]
    pub fn weakening(&self) -> Vec<String> {
        let weak = |(name, good): &(&str, bool)| {
            let value = self.value(name)?;
            // As apt reads them (StringToBool in apt-pkg).
            let is_on = matches!(
                value.to_ascii_lowercase().as_str(),
                "1" | "yes" | "true" | "with" | "on" | "enable"
            );
            let is_set = is_on || !value.is_empty();
            (is_set && is_on != *good).then(|| format!("{name} is {value:?}"))
        };
        WEAKENING.iter().filter_map(weak).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_lets_expired_or_unsigned_indices_through_is_found() {
        let good =
            "Acquire \"\";\nAcquire::Check-Valid-Until \"true\";\nAPT::Get::AllowUnauthenticated \"0\";\n";
        assert_eq!(Settings::parse(good).weakening(), Vec::<String>::new());
        for weak in [
            "Acquire::Check-Valid-Until \"false\";",
            "Acquire::check-valid-until \"no\";",
            "Acquire::AllowInsecureRepositories \"true\";",
            "APT::Get::AllowUnauthenticated \"1\";",
        ] {
            assert_eq!(
                Settings::parse(&format!("{good}{weak}\n")).weakening().len(),
                1,
                "{weak}"
            );
        }
    }

    #[test]
    fn the_last_line_counts_and_lists_have_members() {
        let text = "APT::Periodic::Unattended-Upgrade \"1\";\nAPT::Periodic::Unattended-Upgrade \"0\";\n\
                    Unattended-Upgrade::Origins-Pattern \"\";\nUnattended-Upgrade::Origins-Pattern:: \"origin=Strongroom\";\n";
        let settings = Settings::parse(text);
        assert!(!settings.is_periodic("Unattended-Upgrade"));
        let origins: Vec<&str> = settings.list("Unattended-Upgrade::Origins-Pattern").collect();
        assert_eq!(origins, ["origin=Strongroom"]);
        let on = Settings::parse("APT::Periodic::Update-Package-Lists \"always\";\n");
        assert!(on.is_periodic("Update-Package-Lists"));
        let off = Settings::parse("APT::Periodic::Enable \"0\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n");
        assert!(!off.is_periodic("Unattended-Upgrade"));
    }
}
