//! The steps, embedded in the program. A new step is a new folder and a new line here; an old one never changes.

use super::Scope;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Which schemas it changes.
    pub scope: Scope,
    /// From 1, dense within its scope.
    pub version: i32,
    /// The folder's name without its number.
    pub name: &'static str,
    /// How it is done. `{{schema}}` stands for an organization's schema.
    pub up: &'static str,
    /// How it is undone.
    pub down: &'static str,
}

const CONTROL: &[Migration] = &[
    Migration {
        scope: Scope::Control,
        version: 1,
        name: "foundation",
        up: include_str!("../../migrations/control/0001_foundation/up.sql"),
        down: include_str!("../../migrations/control/0001_foundation/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 2,
        name: "invitation",
        up: include_str!("../../migrations/control/0002_invitation/up.sql"),
        down: include_str!("../../migrations/control/0002_invitation/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 3,
        name: "maintenance",
        up: include_str!("../../migrations/control/0003_maintenance/up.sql"),
        down: include_str!("../../migrations/control/0003_maintenance/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 4,
        name: "break glass",
        up: include_str!("../../migrations/control/0004_break_glass/up.sql"),
        down: include_str!("../../migrations/control/0004_break_glass/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 5,
        name: "identity",
        up: include_str!("../../migrations/control/0005_identity/up.sql"),
        down: include_str!("../../migrations/control/0005_identity/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 6,
        name: "second factor",
        up: include_str!("../../migrations/control/0006_second_factor/up.sql"),
        down: include_str!("../../migrations/control/0006_second_factor/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 7,
        name: "password reset",
        up: include_str!("../../migrations/control/0007_password_reset/up.sql"),
        down: include_str!("../../migrations/control/0007_password_reset/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 8,
        name: "provider factor",
        up: include_str!("../../migrations/control/0008_provider_factor/up.sql"),
        down: include_str!("../../migrations/control/0008_provider_factor/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 9,
        name: "directory",
        up: include_str!("../../migrations/control/0009_directory/up.sql"),
        down: include_str!("../../migrations/control/0009_directory/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 10,
        name: "requirements",
        up: include_str!("../../migrations/control/0010_requirements/up.sql"),
        down: include_str!("../../migrations/control/0010_requirements/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 11,
        name: "access log by month",
        up: include_str!("../../migrations/control/0011_access_log_by_month/up.sql"),
        down: include_str!("../../migrations/control/0011_access_log_by_month/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 12,
        name: "operator grant",
        up: include_str!("../../migrations/control/0012_operator_grant/up.sql"),
        down: include_str!("../../migrations/control/0012_operator_grant/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 13,
        name: "security key",
        up: include_str!("../../migrations/control/0013_security_key/up.sql"),
        down: include_str!("../../migrations/control/0013_security_key/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 14,
        name: "withdrawal",
        up: include_str!("../../migrations/control/0014_withdrawal/up.sql"),
        down: include_str!("../../migrations/control/0014_withdrawal/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 15,
        name: "lifecycle",
        up: include_str!("../../migrations/control/0015_lifecycle/up.sql"),
        down: include_str!("../../migrations/control/0015_lifecycle/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 16,
        name: "sent code",
        up: include_str!("../../migrations/control/0016_sent_code/up.sql"),
        down: include_str!("../../migrations/control/0016_sent_code/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 17,
        name: "audit log",
        up: include_str!("../../migrations/control/0017_audit_log/up.sql"),
        down: include_str!("../../migrations/control/0017_audit_log/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 18,
        name: "forwarding",
        up: include_str!("../../migrations/control/0018_forwarding/up.sql"),
        down: include_str!("../../migrations/control/0018_forwarding/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 19,
        name: "answer of organization",
        up: include_str!("../../migrations/control/0019_answer_of_organization/up.sql"),
        down: include_str!("../../migrations/control/0019_answer_of_organization/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 20,
        name: "log review",
        up: include_str!("../../migrations/control/0020_log_review/up.sql"),
        down: include_str!("../../migrations/control/0020_log_review/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 21,
        name: "sign in",
        up: include_str!("../../migrations/control/0021_sign_in/up.sql"),
        down: include_str!("../../migrations/control/0021_sign_in/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 22,
        name: "kept narrowing",
        up: include_str!("../../migrations/control/0022_kept_narrowing/up.sql"),
        down: include_str!("../../migrations/control/0022_kept_narrowing/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 23,
        name: "job again",
        up: include_str!("../../migrations/control/0023_job_again/up.sql"),
        down: include_str!("../../migrations/control/0023_job_again/down.sql"),
    },
    Migration {
        scope: Scope::Control,
        version: 24,
        name: "append at once",
        up: include_str!("../../migrations/control/0024_append_at_once/up.sql"),
        down: include_str!("../../migrations/control/0024_append_at_once/down.sql"),
    },
];

const ORGANIZATION: &[Migration] = &[
    Migration {
        scope: Scope::Organization,
        version: 1,
        name: "organization foundation",
        up: include_str!("../../migrations/organization/0001_foundation/up.sql"),
        down: include_str!("../../migrations/organization/0001_foundation/down.sql"),
    },
    Migration {
        scope: Scope::Organization,
        version: 2,
        name: "resealed files",
        up: include_str!("../../migrations/organization/0002_resealed_files/up.sql"),
        down: include_str!("../../migrations/organization/0002_resealed_files/down.sql"),
    },
    Migration {
        scope: Scope::Organization,
        version: 3,
        name: "organization maintenance",
        up: include_str!("../../migrations/organization/0003_maintenance/up.sql"),
        down: include_str!("../../migrations/organization/0003_maintenance/down.sql"),
    },
    Migration {
        scope: Scope::Organization,
        version: 4,
        name: "organization looks by index",
        up: include_str!("../../migrations/organization/0004_looks_by_index/up.sql"),
        down: include_str!("../../migrations/organization/0004_looks_by_index/down.sql"),
    },
    Migration {
        scope: Scope::Organization,
        version: 5,
        name: "organization lifecycle",
        up: include_str!("../../migrations/organization/0005_lifecycle/up.sql"),
        down: include_str!("../../migrations/organization/0005_lifecycle/down.sql"),
    },
    Migration {
        scope: Scope::Organization,
        version: 6,
        name: "organization restore",
        up: include_str!("../../migrations/organization/0006_restore/up.sql"),
        down: include_str!("../../migrations/organization/0006_restore/down.sql"),
    },
    Migration {
        scope: Scope::Organization,
        version: 7,
        name: "images by entry",
        up: include_str!("../../migrations/organization/0007_images_by_entry/up.sql"),
        down: include_str!("../../migrations/organization/0007_images_by_entry/down.sql"),
    },
    Migration {
        scope: Scope::Organization,
        version: 8,
        name: "person request",
        up: include_str!("../../migrations/organization/0008_person_request/up.sql"),
        down: include_str!("../../migrations/organization/0008_person_request/down.sql"),
    },
    Migration {
        scope: Scope::Organization,
        version: 9,
        name: "organization append at once",
        up: include_str!("../../migrations/organization/0009_append_at_once/up.sql"),
        down: include_str!("../../migrations/organization/0009_append_at_once/down.sql"),
    },
];

/// The steps that a program knows, of both scopes, each in order.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    /// Of the control schema.
    pub control: &'static [Migration],
    /// Of every organization's schema.
    pub organization: &'static [Migration],
}

impl Steps {
    /// This program's. Others are an earlier release's, or a test's future ones.
    pub const OWN: Self = Self {
        control: CONTROL,
        organization: ORGANIZATION,
    };

    /// Those that an earlier release knew, by its newest versions.
    #[must_use]
    pub fn up_to(self, control: usize, organization: usize) -> Self {
        Self {
            control: &self.control[..control.min(self.control.len())],
            organization: &self.organization[..organization.min(self.organization.len())],
        }
    }

    /// The steps of a scope.
    #[must_use]
    pub fn of(self, scope: Scope) -> &'static [Migration] {
        match scope {
            Scope::Control => self.control,
            Scope::Organization => self.organization,
        }
    }

    /// The newest version of a scope.
    #[must_use]
    pub fn newest(self, scope: Scope) -> i32 {
        self.of(scope).last().map_or(0, |step| step.version)
    }
}

impl Migration {
    /// SHA-256 of both texts in hexadecimal.
    #[must_use]
    pub fn checksum(&self) -> String {
        let mut hasher = openssl::sha::Sha256::new();
        hasher.update(self.up.as_bytes());
        hasher.update(&[0]);
        hasher.update(self.down.as_bytes());
        hexadecimal(&hasher.finish())
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_dense_from_one() {
        for scope in Scope::ALL {
            for (index, step) in Steps::OWN.of(scope).iter().enumerate() {
                assert_eq!(
                    (step.scope, step.version),
                    (scope, index as i32 + 1),
                    "{}",
                    step.name
                );
            }
        }
    }
}
