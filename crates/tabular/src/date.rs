//! How people write dates. A year always has four digits: with two nobody knows the century.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The order and separator of a date's parts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DateFormat {
    /// ISO 8601.
    #[default]
    #[serde(rename = "YYYY-MM-DD")]
    Iso,
    /// Year first, slashes.
    #[serde(rename = "YYYY/MM/DD")]
    YearSlash,
    /// Day first, points.
    #[serde(rename = "DD.MM.YYYY")]
    DayPoint,
    /// Day first, slashes.
    #[serde(rename = "DD/MM/YYYY")]
    DaySlash,
    /// Month first, slashes.
    #[serde(rename = "MM/DD/YYYY")]
    MonthSlash,
    /// Day first, hyphens.
    #[serde(rename = "DD-MM-YYYY")]
    DayHyphen,
    /// Month first, hyphens.
    #[serde(rename = "MM-DD-YYYY")]
    MonthHyphen,
}

impl DateFormat {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Iso,
        Self::YearSlash,
        Self::DayPoint,
        Self::DaySlash,
        Self::MonthSlash,
        Self::DayHyphen,
        Self::MonthHyphen,
    ];

    /// The pattern for people and in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Iso => "YYYY-MM-DD",
            Self::YearSlash => "YYYY/MM/DD",
            Self::DayPoint => "DD.MM.YYYY",
            Self::DaySlash => "DD/MM/YYYY",
            Self::MonthSlash => "MM/DD/YYYY",
            Self::DayHyphen => "DD-MM-YYYY",
            Self::MonthHyphen => "MM-DD-YYYY",
        }
    }

    /// The format that reads the same texts with day and month exchanged.
    #[must_use]
    pub fn exchanged(self) -> Option<Self> {
        match self {
            Self::DaySlash => Some(Self::MonthSlash),
            Self::MonthSlash => Some(Self::DaySlash),
            Self::DayHyphen => Some(Self::MonthHyphen),
            Self::MonthHyphen => Some(Self::DayHyphen),
            Self::Iso | Self::YearSlash | Self::DayPoint => None,
        }
    }

    fn separator(self) -> char {
        match self {
            Self::Iso | Self::DayHyphen | Self::MonthHyphen => '-',
            Self::YearSlash | Self::DaySlash | Self::MonthSlash => '/',
            Self::DayPoint => '.',
        }
    }

    /// Reads a date; `None` when it is not written this way or there is no such day.
    #[must_use]
    pub fn parse(self, text: &str) -> Option<Date> {
        if !(8..=10).contains(&text.len()) {
            return None;
        }
        let mut parts = text.split(self.separator());
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let (year, month, day) = match self {
            Self::Iso | Self::YearSlash => (first, second, third),
            Self::DayPoint | Self::DaySlash | Self::DayHyphen => (third, second, first),
            Self::MonthSlash | Self::MonthHyphen => (third, first, second),
        };
        let shortest = if self == Self::Iso { 2 } else { 1 };
        let year = digits(year, 4, 4)?;
        let month = i8::try_from(digits(month, shortest, 2)?).ok()?;
        Date::new(year, month, i8::try_from(digits(day, shortest, 2)?).ok()?).ok()
    }

    /// Rewrites `31.12.2026 23:59` as `2026-12-31T23:59`; `None` when the part before the blank or `T` is no such date.
    #[must_use]
    pub fn instant(self, text: &str) -> Option<String> {
        let (date, time) = text.split_once([' ', 'T'])?;
        let time = time.trim_start();
        let date = self.parse(date)?;
        time.starts_with(|c: char| c.is_ascii_digit())
            .then(|| format!("{date}T{time}"))
    }
}

impl std::fmt::Display for DateFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

fn digits(text: &str, shortest: usize, longest: usize) -> Option<i16> {
    let right = (shortest..=longest).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    right.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_reads_its_own_pattern() {
        let day = Date::constant(2026, 12, 31);
        for (format, text) in [
            (DateFormat::Iso, "2026-12-31"),
            (DateFormat::YearSlash, "2026/12/31"),
            (DateFormat::DayPoint, "31.12.2026"),
            (DateFormat::DaySlash, "31/12/2026"),
            (DateFormat::MonthSlash, "12/31/2026"),
            (DateFormat::DayHyphen, "31-12-2026"),
            (DateFormat::MonthHyphen, "12-31-2026"),
        ] {
            assert_eq!(format.parse(text), Some(day));
            let others = DateFormat::ALL.iter().filter(|other| other.parse(text).is_some());
            assert_eq!(others.count(), 1, "{text}");
            assert_eq!(serde_json::to_value(format).unwrap(), format.as_str());
        }
    }

    #[test]
    fn what_is_no_day_is_no_date() {
        for text in [
            "2026-02-30",
            "2026-2-3",
            "2026-07",
            "26-07-01",
            "2026-07-011",
            "",
            "２026-07-01",
            "+026-07-01",
        ] {
            assert_eq!(DateFormat::Iso.parse(text), None, "{text}");
        }
        assert_eq!(
            DateFormat::DayPoint.parse("1.2.2026"),
            Some(Date::constant(2026, 2, 1))
        );
        assert_eq!(DateFormat::DayPoint.parse("1.2.26"), None);
    }

    #[test]
    fn instants_are_rewritten_as_iso() {
        let text = DateFormat::DayPoint.instant("31.12.2026 23:59").unwrap();
        assert_eq!(text, "2026-12-31T23:59");
        assert_eq!(DateFormat::DayPoint.instant("31.12.2026"), None);
    }
}
