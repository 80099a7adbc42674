//! The login that a process belongs to, as the kernel's audit numbers them (pam_loginuid(8)).

use std::fs;

/// What the kernel says of a process that no login began.
const UNSET: u32 = u32::MAX;

/// The number of this process's login; none where it has none, as for a service or in a container.
#[must_use]
pub fn session() -> Option<u32> {
    parse(&fs::read_to_string("/proc/self/sessionid").ok()?)
}

fn parse(text: &str) -> Option<u32> {
    text.trim().parse().ok().filter(|number| *number != UNSET)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_has_a_number_and_a_service_none() {
        assert_eq!(parse("12"), Some(12));
        assert_eq!(parse("4294967295"), None);
        assert_eq!(parse(""), None);
    }
}
