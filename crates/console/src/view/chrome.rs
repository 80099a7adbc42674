//! The frame around every page: title, navigation, organization switcher, account menu, notice.
//!
//! Invariant: a page rendered with `account_name: None` shows no navigation, so that nothing about an organization
//! appears before sign-in.

use askama::Template;

/// The frame around a page. Every page struct has one, named `chrome`.
#[derive(Debug, Clone, Default)]
pub struct Chrome {
    /// The page's name: the browser's title and the one level-1 heading.
    pub title: String,
    /// Display name of the signed-in account; `None` before sign-in.
    pub account_name: Option<String>,
    /// Whether that account looks after the appliance.
    pub is_operator: bool,
    /// The organization whose pages the navigation leads to.
    pub organization: Option<OrganizationLink>,
    /// All organizations of the account, for the switcher.
    pub organizations: Vec<OrganizationLink>,
    /// Token that every POST form carries in its hidden `csrf` field.
    pub csrf: String,
    /// The current item of the navigation.
    pub nav: Nav,
    /// The way from the organization down to this page, without the page itself.
    pub crumbs: Vec<Crumb>,
    /// What just happened, said once.
    pub notice: Option<Notice>,
    /// Light, dark, or as the system says.
    pub theme: Theme,
    /// The maintenance that everybody should know of.
    pub maintenance: Option<Banner>,
    /// That the organization is cancelled or about to be deleted.
    pub lifecycle: Option<Banner>,
}

impl Chrome {
    /// Up to two letters that stand for the signed-in account in the menu.
    #[must_use]
    pub fn account_initials(&self) -> String {
        initials(self.account_name.as_deref().unwrap_or_default())
    }
}

/// An organization as the switcher shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrganizationLink {
    /// Slug, as in `/o/{slug}`.
    pub slug: String,
    /// Display name.
    pub name: String,
    /// The account's role in it, for example `editor`.
    pub role: String,
    /// Whether that role leads to members, audit and the other administrative pages.
    pub may_administer: bool,
    /// Whether it leads to what persons ask for about their data.
    pub may_find_people: bool,
}

impl OrganizationLink {
    /// Up to two letters that stand for the organization.
    #[must_use]
    pub fn initials(&self) -> String {
        initials(&self.name)
    }
}

/// First letters of the first two words, in capitals.
pub(crate) fn initials(name: &str) -> String {
    name.split_whitespace()
        .take(2)
        .filter_map(|word| word.chars().next())
        .flat_map(char::to_uppercase)
        .collect()
}

/// The items of the navigation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Nav {
    /// No item is current.
    #[default]
    None,
    /// The list of organizations.
    Organizations,
    /// Datasets and everything inside them.
    Datasets,
    /// Imports.
    Imports,
    /// Members.
    Members,
    /// Entries of the audit log.
    Audit,
    /// Who came into the organization.
    OrganizationAccess,
    /// What the organization decides for itself.
    Policies,
    /// The organization's own life, and holds.
    Lifecycle,
    /// Operators whom the organization lets in.
    OperatorAccess,
    /// What persons ask for about their data.
    PersonRequests,
    /// Reviews of the security logs.
    LogReview,
    /// API tokens.
    Tokens,
    /// What operators look after.
    Appliance,
    /// The promise register.
    Promises,
    /// The account's own access log.
    AccessLog,
    /// The account's own settings.
    Account,
}

/// One step of the breadcrumb.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crumb {
    /// What the step is called.
    pub text: String,
    /// Where it leads.
    pub href: String,
}

/// Something that just happened, shown above the content.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/notice.html")]
pub struct Notice {
    /// How it is meant.
    pub kind: NoticeKind,
    /// One sentence.
    pub text: String,
}

/// What stands above every page while maintenance is announced or on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Banner {
    /// On already, and not only announced.
    pub is_on: bool,
    /// What it means for people, and when.
    pub text: String,
    /// The operator's sentence.
    pub message: Option<String>,
}

/// How a notice is meant; decides colour, icon and whether a screen reader interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// It worked.
    Success,
    /// Worth knowing.
    Information,
    /// It worked, but look here.
    Warning,
    /// It did not work.
    Failure,
}

impl NoticeKind {
    /// Suffix of the CSS class.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Success => "good",
            Self::Information => "info",
            Self::Warning => "warn",
            Self::Failure => "bad",
        }
    }

    /// Name of the icon in the sprite.
    #[must_use]
    pub fn icon(self) -> &'static str {
        match self {
            Self::Success => "check",
            Self::Information => "info",
            Self::Warning | Self::Failure => "alert",
        }
    }

    /// ARIA role: failures interrupt, everything else waits.
    #[must_use]
    pub fn role(self) -> &'static str {
        match self {
            Self::Failure => "alert",
            Self::Success | Self::Information | Self::Warning => "status",
        }
    }
}

/// Colour scheme of the pages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// Value of the form field and of the `data-theme` attribute.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn initials_are_the_first_letters_of_two_words() {
        assert_eq!(initials("northwind trading company"), "NT");
        assert_eq!(initials("Östra"), "Ö");
        assert_eq!(initials(""), "");
    }
}
