//! Other versions of a package, made in a second out of its file: for tests that update.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;

/// Packs the package's file anew under another version, after `change` was at its unpacked files; gives the new file,
/// in `folder`. The program inside still tells its own version.
///
/// # Errors
/// When the file is no package, or `change` fails.
pub fn repack(
    package: &Path,
    version: &str,
    folder: &Path,
    change: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let tree = folder.join(format!("tree-{version}"));
    process::run(
        Command::new("dpkg-deb")
            .arg("--raw-extract")
            .arg(package)
            .arg(&tree),
    )?;
    let control = tree.join("DEBIAN/control");
    let text = fs::read_to_string(&control)?;
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
    let before = field("Version: ").context("the package has no version")?;
    let architecture = field("Architecture: ").context("the package has no architecture")?;
    fs::write(
        &control,
        text.replace(&format!("Version: {before}\n"), &format!("Version: {version}\n")),
    )?;
    let preinst = tree.join("DEBIAN/preinst");
    if let Ok(script) = fs::read_to_string(&preinst) {
        fs::write(
            &preinst,
            script.replace(&format!("OWN='{before}'"), &format!("OWN='{version}'")),
        )?;
    }
    change(&tree)?;
    // apt-ftparchive chooses by the end of the name.
    let file = folder.join(format!("strongroom_{version}_{architecture}.deb"));
    process::run(
        Command::new("dpkg-deb")
            .args(["--root-owner-group", "-Zgzip", "-z1", "--build"])
            .arg(&tree)
            .arg(&file),
    )?;
    fs::remove_dir_all(&tree)?;
    Ok(file)
}

/// Writes an executable script in the place of a program, which moves aside under a name with `.real`.
///
/// # Errors
/// When it cannot be written.
pub fn wrap(program: &Path, script: &str) -> Result<()> {
    fs::rename(program, program.with_extension("real"))?;
    fs::write(program, script)?;
    fs::set_permissions(program, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
