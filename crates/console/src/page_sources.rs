//! What pages are made of, as it was built into the program: for whoever looks that none of it is loaded from elsewhere.
//!
//! Invariant: every template and every asset is here.

use crate::assets::ASSETS;
use platform::promise::PageSource;

macro_rules! templates {
    ($($name:literal,)+) => {
        &[$(PageSource { name: $name, text: include_str!(concat!("../templates/", $name)) }),+]
    };
}

/// The templates, as they stand in their folder.
const TEMPLATES: &[PageSource] = templates![
    "access_log.html",
    "account.html",
    "accounts.html",
    "appliance.html",
    "appliance_updates.html",
    "archive.html",
    "audit.html",
    "audit_entry.html",
    "audit_note.html",
    "backups.html",
    "break_glass.html",
    "confirm.html",
    "dataset_new.html",
    "dataset_settings.html",
    "datasets.html",
    "directories.html",
    "directory.html",
    "endings.html",
    "error.html",
    "export.html",
    "factor_add.html",
    "factors.html",
    "import_preview.html",
    "import_progress.html",
    "import_result.html",
    "imports.html",
    "invitation.html",
    "layout.html",
    "lifecycle.html",
    "log_review.html",
    "mail.html",
    "member_rights.html",
    "members.html",
    "old_password.html",
    "operator_access.html",
    "organization_access_log.html",
    "organization_restore.html",
    "organizations.html",
    "own_grants.html",
    "parts/cell.html",
    "parts/changes.html",
    "parts/column.html",
    "parts/dataset_tabs.html",
    "parts/directory_answer.html",
    "parts/error_summary.html",
    "parts/field.html",
    "parts/filter_bar.html",
    "parts/newcomers.html",
    "parts/notice.html",
    "parts/pagination.html",
    "parts/stages.html",
    "parts/tokens.html",
    "parts/ui.html",
    "password_reset.html",
    "person_request.html",
    "person_requests.html",
    "policies.html",
    "promises.html",
    "provider.html",
    "providers.html",
    "record.html",
    "record_form.html",
    "record_history.html",
    "records.html",
    "recovery_codes.html",
    "role_groups.html",
    "second_step.html",
    "security_key.html",
    "sign_in.html",
    "sign_in_rules.html",
    "sms.html",
    "tie_go.html",
    "tokens.html",
    "trash.html",
];

/// Templates, styles, scripts and pictures.
#[must_use]
pub fn page_sources() -> Vec<PageSource> {
    let asset = |asset: &crate::assets::Asset| PageSource {
        name: asset.name,
        // One that is no text names nothing.
        text: std::str::from_utf8(asset.bytes).unwrap_or_default(),
    };
    TEMPLATES
        .iter()
        .copied()
        .chain(ASSETS.iter().map(asset))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fs, path::Path};

    fn files(folder: &Path, before: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{before}{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                files(&entry.path(), &format!("{name}/"), found);
            } else {
                found.insert(name);
            }
        }
    }

    #[test]
    fn every_template_and_asset_is_listed() {
        let mut found = BTreeSet::new();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        files(&root.join("templates"), "", &mut found);
        files(&root.join("assets"), "", &mut found);
        let listed: BTreeSet<String> = page_sources()
            .iter()
            .map(|source| source.name.to_owned())
            .collect();
        assert_eq!(listed, found);
        assert!(page_sources().iter().all(|source| !source.text.is_empty()));
    }
}
