//! The maintenance window: a stretch of each day, in the machine's own time.
//!
//! Invariant: it is at least one hour and less than a day long; it may reach over midnight.

use std::fmt;
use std::str::FromStr;

const HOUR_MINUTES: u16 = 60;
const DAY_MINUTES: u16 = 24 * HOUR_MINUTES;

/// From one minute of the day until before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: u16,
    minutes: u16,
}

/// A text that is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no window of at least an hour and less than a day")]
pub struct InvalidWindow {
    /// The text as it came.
    pub text: String,
}

impl Window {
    /// From two to five at night.
    pub const DEFAULT: Self = Self {
        from: 2 * HOUR_MINUTES,
        minutes: 3 * HOUR_MINUTES,
    };

    /// Whether a minute of the day, from 0 to 1439, lies in it.
    #[must_use]
    pub fn contains(self, minute: u16) -> bool {
        (minute % DAY_MINUTES + DAY_MINUTES - self.from) % DAY_MINUTES < self.minutes
    }
}

impl FromStr for Window {
    type Err = InvalidWindow;

    fn from_str(text: &str) -> Result<Self, InvalidWindow> {
        parse(text).ok_or_else(|| InvalidWindow {
            text: text.to_owned(),
        })
    }
}

fn parse(text: &str) -> Option<Window> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (minute(from)?, minute(to)?);
    let minutes = (to + DAY_MINUTES - from) % DAY_MINUTES;
    (minutes >= HOUR_MINUTES).then_some(Window { from, minutes })
}

/// `02:30`.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |digits: &str, below: u16| {
        let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits
            .parse::<u16>()
            .ok()
            .filter(|number| is_number && *number < below)
    };
    Some(number(hours, 24)? * HOUR_MINUTES + number(minutes, HOUR_MINUTES)?)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |minute: u16| (minute / HOUR_MINUTES, minute % HOUR_MINUTES);
        let (from, to) = (shown(self.from), shown((self.from + self.minutes) % DAY_MINUTES));
        write!(f, "{:02}:{:02}-{:02}:{:02}", from.0, from.1, to.0, to.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> Window {
        text.parse().unwrap()
    }

    #[test]
    fn a_minute_lies_in_the_window_or_outside_also_over_midnight() {
        let night = window("02:00-05:00");
        assert_eq!(night, Window::DEFAULT);
        assert!(night.contains(120) && night.contains(299));
        assert!(!night.contains(119) && !night.contains(300) && !night.contains(0));
        let late = window("23:30-00:30");
        assert!(late.contains(1410) && late.contains(0) && late.contains(29));
        assert!(!late.contains(30) && !late.contains(1409) && !late.contains(720));
        assert_eq!(late.to_string(), "23:30-00:30");
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in [
            "",
            "02:00",
            "02:00-02:00",
            "02:00-02:59",
            "2:00-5:00",
            "24:00-05:00",
            "02:60-05:00",
            "02:00-05:00-06:00",
            "+2:00-05:00",
        ] {
            assert!(text.parse::<Window>().is_err(), "{text}");
        }
    }
}
