//! A verified bundle, as people and programs read it.

use crate::{failure::CommandError, output::Format};
use serde_json::json;
use std::path::Path;
use updates::{
    manifest::{Content, Manifest},
    receive::Received,
};

/// Shows what a bundle holds, and where it was put.
pub(super) fn show(format: Format, received: &Received, folder: Option<&Path>) -> Result<(), CommandError> {
    let manifest = &received.manifest;
    let packages = packages(manifest);
    let mut pairs = vec![
        ("version", manifest.version.to_string()),
        ("sequence", manifest.sequence.to_string()),
        (
            "for",
            format!("Debian {}, {}", manifest.release, manifest.architecture),
        ),
        ("updates from", manifest.from_oldest.to_string()),
        ("made", manifest.made_at.to_string()),
        ("valid until", manifest.not_after.to_string()),
        ("root", received.anchor.to_string()),
        ("packages", packages.len().to_string()),
        ("bytes", received.bytes.to_string()),
        ("sha256", received.sha256.to_string()),
    ];
    pairs.extend(folder.map(|folder| ("unpacked to", folder.display().to_string())));
    let json = json!({
        "version": manifest.version,
        "sequence": manifest.sequence,
        "release": manifest.release,
        "architecture": manifest.architecture,
        "from_oldest": manifest.from_oldest,
        "made_at": manifest.made_at,
        "not_before": manifest.not_before,
        "not_after": manifest.not_after,
        "root": received.anchor.to_string(),
        "packages": packages,
        "bytes": received.bytes,
        "sha256": received.sha256,
        "folder": folder,
    });
    format.thing(&pairs, &json)
}

fn packages(manifest: &Manifest) -> Vec<String> {
    let named = manifest
        .targets
        .iter()
        .filter_map(|target| match &target.content {
            Content::Package { package, version, .. } => Some(format!("{package} {version}")),
            _ => None,
        });
    named.collect()
}
