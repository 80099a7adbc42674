//! Words of the frame: roles, crumbs.

use crate::view::Crumb;
use access::Role;

/// A role as people read it.
pub(crate) fn role_label(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Editor => "Editor",
        Role::Accountant => "Accountant",
        Role::Administrator => "Administrator",
        Role::Owner => "Owner",
    }
}

/// A step of the breadcrumb.
pub(crate) fn crumb(text: impl Into<String>, href: impl Into<String>) -> Crumb {
    Crumb {
        text: text.into(),
        href: href.into(),
    }
}
