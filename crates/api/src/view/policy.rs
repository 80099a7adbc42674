//! The policies of an organization as JSON.

use access::Choice;
use platform::policy::OrganizationPolicy;
use serde::Serialize;

/// What an organization decides for itself.
#[derive(Serialize)]
pub(crate) struct PoliciesView {
    administrators_reveal: Choice,
    administrators_export: Choice,
    administrators_close_periods: Choice,
    session_idle_seconds_max: Option<u32>,
    session_absolute_seconds_max: Option<u32>,
}

impl From<OrganizationPolicy> for PoliciesView {
    fn from(policy: OrganizationPolicy) -> Self {
        let OrganizationPolicy {
            administrators,
            requirements,
        } = policy;
        Self {
            administrators_reveal: administrators.administrators_reveal,
            administrators_export: administrators.administrators_export,
            administrators_close_periods: administrators.administrators_close_periods,
            session_idle_seconds_max: requirements.session_idle_seconds_max,
            session_absolute_seconds_max: requirements.session_absolute_seconds_max,
        }
    }
}
