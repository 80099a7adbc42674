//! Every act of the platform's own list was entered by some test: in this crate, through the API, or on the pages.

use platform::act::catalogue::ACTIONS;
use std::collections::BTreeSet;

#[test]
#[ignore = "it looks at what all other tests entered: `cargo xtask test` ends with it"]
fn every_act_of_the_catalogue_was_entered_by_some_test() {
    let seen = testkit::acts::seen().unwrap();
    let seen: BTreeSet<&str> = seen.iter().map(String::as_str).collect();
    let missing: Vec<_> = ACTIONS.iter().filter(|action| !seen.contains(*action)).collect();
    assert!(missing.is_empty(), "no test enters {missing:?}");
}
