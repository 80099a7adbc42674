//! The table: role x permission. The only place that says what a role may do.
//!
//! Invariant: what has no row is allowed to nobody. `table.txt` beside `Cargo.toml` is this table as people read
//! it; the test below keeps the two equal. Start at [`ROWS`].

use std::fmt::Write as _;

use crate::permission::Permission;
use crate::policy::{Choice, Policies, Policy};
use crate::role::Role;

/// What the table says about one role and one permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// The role has it.
    Yes,
    /// The role does not have it, and no policy can give it.
    No,
    /// The organization decides.
    ByPolicy(Policy),
}

const Y: Cell = Cell::Yes;
const N: Cell = Cell::No;
const R: Cell = Cell::ByPolicy(Policy::AdministratorsReveal);
const E: Cell = Cell::ByPolicy(Policy::AdministratorsExport);
const C: Cell = Cell::ByPolicy(Policy::AdministratorsClosePeriods);

/// One row per permission of an organization; cells in the order of [`Role::ALL`].
#[rustfmt::skip]
pub const ROWS: &[(Permission, [Cell; 5])] = &[
    //                                 viewer editor accountant administrator owner
    (Permission::OrganizationRead,    [Y,     Y,     Y,         Y,            Y]),
    (Permission::RecordRead,          [Y,     Y,     Y,         Y,            Y]),
    (Permission::ViewRead,            [Y,     Y,     Y,         Y,            Y]),
    (Permission::AccessLogReadOwn,    [Y,     Y,     Y,         Y,            Y]),
    (Permission::PromiseRead,         [Y,     Y,     Y,         Y,            Y]),
    (Permission::TokenManageOwn,      [Y,     Y,     Y,         Y,            Y]),
    (Permission::RecordWrite,         [N,     Y,     Y,         Y,            Y]),
    (Permission::RecordImport,        [N,     Y,     Y,         Y,            Y]),
    (Permission::RecordReveal,        [N,     N,     Y,         R,            R]),
    (Permission::RecordExport,        [N,     N,     Y,         E,            E]),
    (Permission::PeriodClose,         [N,     N,     Y,         C,            C]),
    (Permission::RecordPurge,         [N,     N,     N,         Y,            Y]),
    (Permission::DatasetDefine,       [N,     N,     N,         Y,            Y]),
    (Permission::TemplateApply,       [N,     N,     N,         Y,            Y]),
    (Permission::WebhookManage,       [N,     N,     N,         Y,            Y]),
    (Permission::MemberRead,          [N,     N,     N,         Y,            Y]),
    (Permission::MemberManage,        [N,     N,     N,         Y,            Y]),
    (Permission::TokenManageAll,      [N,     N,     N,         Y,            Y]),
    (Permission::PolicyManage,        [N,     N,     N,         Y,            Y]),
    (Permission::AuditRead,           [N,     N,     N,         Y,            Y]),
    (Permission::AccessLogRead,       [N,     N,     N,         Y,            Y]),
    (Permission::PersonRequest,       [N,     N,     Y,         Y,            Y]),
    (Permission::OperatorGrantManage, [N,     N,     N,         Y,            Y]),
    (Permission::OrganizationRename,  [N,     N,     N,         Y,            Y]),
    (Permission::OrganizationRestore, [N,    N,     N,         Y,            Y]),
    (Permission::KeyRotate,           [N,     N,     N,         Y,            Y]),
    (Permission::OrganizationDelete,  [N,     N,     N,         N,            Y]),
    (Permission::HoldManage,          [N,     N,     N,         N,            Y]),
    (Permission::OwnershipTransfer,   [N,     N,     N,         N,            Y]),
];

/// What the platform itself may do in an organization, with no person behind it: keep schedules (purge the trash
/// after its time, move values to a new key), look (promise checks, audit checks) and, for root on the host, take records back to
/// what they were. Never reveal, never export, never write a value of its own.
pub const SYSTEM: &[Permission] = &[
    Permission::RecordRead,
    Permission::RecordPurge,
    Permission::OrganizationRestore,
    Permission::KeyRotate,
    Permission::AuditRead,
];

/// What an operator may do whom the organization has let in to look: sensitive values masked, nothing exported.
pub const GRANTED_READ: &[Permission] = &[
    Permission::OrganizationRead,
    Permission::RecordRead,
    Permission::ViewRead,
    Permission::PromiseRead,
    Permission::MemberRead,
    Permission::AuditRead,
];

/// What they may do besides when they are let in to repair: mend records and definitions. Never members, policies, keys.
pub const GRANTED_REPAIR: &[Permission] = &[Permission::RecordWrite, Permission::DatasetDefine];

/// What is left of everybody's permissions in a cancelled organization. Records, files and definitions stay as they are; who may
/// see them does not: members leave and tokens are stolen in ninety days too.
pub const LEFT_AFTER_CANCELLATION: &[Permission] = &[
    Permission::OrganizationRead,
    Permission::RecordRead,
    Permission::ViewRead,
    Permission::AccessLogReadOwn,
    Permission::PromiseRead,
    Permission::TokenManageOwn,
    Permission::RecordReveal,
    Permission::RecordExport,
    Permission::MemberRead,
    Permission::MemberManage,
    Permission::TokenManageAll,
    Permission::PolicyManage,
    Permission::AuditRead,
    Permission::AccessLogRead,
    Permission::PersonRequest,
    Permission::OperatorGrantManage,
    Permission::KeyRotate,
    Permission::OrganizationDelete,
    Permission::HoldManage,
    Permission::OwnershipTransfer,
];

/// What the table says about a role and a permission; [`Cell::No`] where it says nothing.
pub fn cell(role: Role, permission: Permission) -> Cell {
    let row = ROWS.iter().find(|(of, _)| *of == permission);
    let column = Role::ALL.iter().position(|of| *of == role);
    match (row, column) {
        (Some((_, cells)), Some(column)) => cells[column],
        (None, _) | (_, None) => Cell::No,
    }
}

/// The table as text, one line per permission: for `table.txt` and the docs.
pub fn render() -> String {
    let mut text = format!("{:<24}", "permission");
    for role in Role::ALL {
        let _ = write!(text, "{role:<15}");
    }
    text.push_str("policy\n");
    for (permission, cells) in ROWS {
        let mut line = format!("{permission:<24}");
        for cell in cells {
            let _ = write!(line, "{:<15}", cell_text(*cell));
        }
        line.push_str(policy_of(cells));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The page of the docs: what roles may do, and how the organization and narrowing change it.
pub fn render_page() -> String {
    let mut page = String::from(ABOUT);
    for role in Role::ALL {
        let _ = write!(page, " {role} |");
    }
    page.push_str("\n|---|---|---|---|---|---|---|\n");
    for (permission, cells) in ROWS {
        let _ = write!(page, "| `{permission}` | {} |", permission.description());
        for cell in cells {
            let _ = write!(page, " {} |", cell_text(*cell));
        }
        page.push('\n');
    }
    page.push_str(BELOW);
    for policy in Policy::ALL {
        let choice = match Policies::default().choice(policy) {
            Choice::Allow => "allow",
            Choice::Deny => "deny",
        };
        let rows = ROWS
            .iter()
            .filter(|(_, cells)| policy_of(cells) == policy.as_str());
        let permissions: Vec<String> = rows.map(|(permission, _)| format!("`{permission}`")).collect();
        let _ = writeln!(
            page,
            "| `{}` | {} | {choice} |",
            policy.as_str(),
            permissions.join(", ")
        );
    }
    page.push_str(CANCELLED_ABOUT);
    let list = |permissions: &[Permission]| {
        let codes = permissions.iter().map(|permission| format!("`{permission}`"));
        codes.collect::<Vec<_>>().join(", ")
    };
    let _ = writeln!(page, "{}.", list(LEFT_AFTER_CANCELLATION));
    page.push_str(SYSTEM_ABOUT);
    let _ = writeln!(page, "{}.", list(SYSTEM));
    page.push_str(GRANTED_ABOUT);
    let _ = writeln!(page, "- reading: {}", list(GRANTED_READ));
    let _ = writeln!(page, "- repairing, besides: {}", list(GRANTED_REPAIR));
    page
}

/// The page up to the first row of its table.
const ABOUT: &str = "# Roles

This page is made from `crates/access/src/table.rs`, which is the only place that says what a role may do; a test keeps
the two equal. That every route really answers so is another golden table, `crates/api/tests/golden/routes.txt`.

| permission | what it permits |";

/// Between the two tables.
const BELOW: &str = "
## By policy

Where the table says \"by policy\" the organization decides, on its page of policies or with
`strongroom organization policy`. A policy cannot open a \"-\" or close a \"yes\".

| policy | decides about | unless changed |
|---|---|---|
";

/// After the policies.
const CANCELLED_ABOUT: &str = "
## After cancellation

A cancelled organization is read and exported, and nothing in it changes; the database refuses it besides. Who may come in still
does. Of what a role has, there is left: ";

/// At the end.
const GRANTED_ABOUT: &str = "
An operator whom an organization has let in, for a purpose and at most 24 hours, has:

";

/// After them.
const SYSTEM_ABOUT: &str = "
## Narrowing

Rights can be taken away from one member, and from one API token, per dataset (`none`, `read`) and per field (`hidden`,
`masked`, `read`). A narrowing is a cap: it is only ever combined by taking the lower right, so that nothing written into
one can give anything. Whoever narrows or adds somebody hands on no more than is left to themselves.
A member's outlives the membership: whoever is removed and comes back has it again.

## Nobody else

Operators of the appliance and root at the host have no role in any organization. The platform itself, with no person
behind it, has ";

fn cell_text(cell: Cell) -> &'static str {
    match cell {
        Cell::Yes => "yes",
        Cell::No => "-",
        Cell::ByPolicy(_) => "by policy",
    }
}

/// The policy that a row names; the tests hold that a row names at most one.
fn policy_of(cells: &[Cell]) -> &'static str {
    let named = cells.iter().find_map(|cell| match cell {
        Cell::ByPolicy(policy) => Some(policy.as_str()),
        Cell::Yes | Cell::No => None,
    });
    named.unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::permission::Realm;

    #[test]
    fn the_table_equals_its_golden_file() {
        let actual = render();
        let golden = include_str!("../table.txt");
        assert!(
            actual == golden,
            "put this into crates/access/table.txt if it is what you mean:\n{actual}"
        );
    }

    #[test]
    fn the_page_of_the_docs_equals_the_table() {
        let actual = render_page();
        let golden = include_str!("../../../docs/ROLES.md");
        assert!(
            actual == golden,
            "put this into docs/ROLES.md if it is what you mean:\n{actual}"
        );
    }

    #[test]
    fn every_permission_of_an_organization_has_one_row_in_order_and_no_other_has() {
        let rows: Vec<_> = ROWS.iter().map(|(permission, _)| *permission).collect();
        let organization = |permission: &Permission| permission.realm() == Realm::Organization;
        let expected: Vec<_> = Permission::ALL.iter().copied().filter(organization).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn rights_grow_with_rank_except_where_a_policy_decides() {
        for (permission, cells) in ROWS {
            for pair in cells.windows(2) {
                let shrinks = pair[0] != Cell::No && pair[1] == Cell::No;
                assert!(!shrinks, "{permission}: a higher role loses it");
                let unsettled = matches!(pair[0], Cell::ByPolicy(_)) && pair[1] != pair[0];
                assert!(
                    !unsettled,
                    "{permission}: administrators and owners differ by policy"
                );
            }
        }
    }

    #[test]
    fn viewers_and_editors_depend_on_no_policy() {
        for &permission in Permission::ALL {
            for role in [Role::Viewer, Role::Editor, Role::Accountant] {
                assert!(
                    !matches!(cell(role, permission), Cell::ByPolicy(_)),
                    "{role} {permission}"
                );
            }
        }
    }

    #[test]
    fn after_cancellation_nothing_that_changes_records_or_definitions_is_left() {
        for forbidden in [
            Permission::RecordWrite,
            Permission::RecordImport,
            Permission::RecordPurge,
            Permission::PeriodClose,
            Permission::DatasetDefine,
            Permission::TemplateApply,
            Permission::WebhookManage,
            Permission::OrganizationRename,
            Permission::OrganizationRestore,
        ] {
            assert!(!LEFT_AFTER_CANCELLATION.contains(&forbidden), "{forbidden}");
        }
        let realm = |permission: &Permission| permission.realm() == Realm::Organization;
        assert!(LEFT_AFTER_CANCELLATION.iter().all(realm));
    }

    #[test]
    fn an_operator_grant_never_reveals_exports_or_changes_who_may_what() {
        for forbidden in [
            Permission::RecordReveal,
            Permission::RecordExport,
            Permission::RecordPurge,
            Permission::PersonRequest,
            Permission::MemberManage,
            Permission::PolicyManage,
            Permission::TokenManageOwn,
            Permission::OperatorGrantManage,
        ] {
            assert!(!GRANTED_READ.contains(&forbidden) && !GRANTED_REPAIR.contains(&forbidden));
        }
        for permission in GRANTED_READ.iter().chain(GRANTED_REPAIR) {
            assert_ne!(cell(Role::Administrator, *permission), Cell::No, "{permission}");
        }
    }

    #[test]
    fn the_platform_itself_neither_reveals_nor_exports_nor_writes() {
        for forbidden in [
            Permission::RecordReveal,
            Permission::RecordExport,
            Permission::RecordWrite,
        ] {
            assert!(!SYSTEM.contains(&forbidden));
        }
        assert!(
            SYSTEM
                .iter()
                .all(|permission| permission.realm() == Realm::Organization)
        );
    }
}
