//! The workspace's crates and their dependencies, as `cargo metadata` tells them.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::program;

/// The crates of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    pub(crate) packages: Vec<Package>,
}

/// A crate of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    name: String,
    manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A line under `[dependencies]` and its sisters.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    name: String,
    /// `dev`, `build`, or nothing.
    kind: Option<String>,
    /// The folder, for a crate of the workspace.
    path: Option<PathBuf>,
}

impl Workspace {
    pub(crate) fn read() -> Result<Self> {
        let mut cargo = program::cargo();
        let output = cargo
            .args(["metadata", "--format-version=1", "--no-deps"])
            .output()?;
        ensure!(
            output.status.success(),
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).context("cannot read what cargo metadata says")
    }
}

impl Package {
    /// The name without the house's prefix, which is its folder's under `crates/`.
    pub(crate) fn name(&self) -> &str {
        short(&self.name)
    }

    /// The folder of the crate.
    pub(crate) fn folder(&self) -> PathBuf {
        self.manifest_path.parent().map(PathBuf::from).unwrap_or_default()
    }
}

impl Dependency {
    /// The crate's name, the house's prefix taken off.
    pub(crate) fn name(&self) -> &str {
        short(&self.name)
    }

    /// Whether it reaches what is shipped: development dependencies do not.
    pub(crate) fn is_shipped(&self) -> bool {
        self.kind.as_deref() != Some("dev")
    }

    /// Whether it is a crate of the house.
    pub(crate) fn is_ours(&self) -> bool {
        self.path.is_some()
    }
}

fn short(name: &str) -> &str {
    name.strip_prefix("strongroom-").unwrap_or(name)
}

#[cfg(test)]
impl Package {
    /// A crate as the tests need it: dependencies as (name, shipped).
    pub(crate) fn planted(name: &str, ours: &[(&str, bool)], others: &[&str]) -> Self {
        let kind = |shipped: bool| (!shipped).then(|| "dev".to_owned());
        let ours = ours.iter().map(|(name, shipped)| Dependency {
            name: format!("strongroom-{name}"),
            kind: kind(*shipped),
            path: Some(PathBuf::from("/planted")),
        });
        let others = others.iter().map(|name| Dependency {
            name: (*name).to_owned(),
            kind: None,
            path: None,
        });
        Self {
            name: format!("strongroom-{name}"),
            manifest_path: PathBuf::from("/planted/Cargo.toml"),
            dependencies: ours.chain(others).collect(),
        }
    }
}
