//! What operators look after.

use super::Chrome;
use askama::Template;

/// `/appliance`: the way to its sections.
#[derive(Debug, Clone, Template)]
#[template(path = "appliance.html")]
pub struct AppliancePage {
    /// The frame.
    pub chrome: Chrome,
    /// Where the sections are.
    pub sections: &'static [ApplianceSection],
}

/// A page of the appliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplianceSection {
    /// Its address.
    pub href: &'static str,
    /// Name of an icon in the sprite.
    pub icon: &'static str,
    /// What it is called.
    pub title: &'static str,
    /// What it is for, in one sentence.
    pub text: &'static str,
}
