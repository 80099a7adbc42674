//! The package with the repository's public key. The key is the vendor's: it is given, never made here.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use testkit::repository::Home;

const FILE: &str = "debian/generated/strongroom-archive-keyring.gpg";
const PACKAGE: &str = "strongroom-archive-keyring_";

/// A public key as apt wants it, binary; a secret one is refused.
pub(super) fn read(file: &Path) -> Result<Vec<u8>> {
    // The user's own keys are nobody's business here, and there may be none.
    let home = std::env::temp_dir().join(format!("strongroom-keyring-{}", std::process::id()));
    let home = Home::new(&home)?;
    let name = file.to_string_lossy();
    let said = home
        .run(&["--show-keys", "--with-colons", &name])
        .with_context(|| format!("{} is no key", file.display()))?;
    check(&String::from_utf8_lossy(&said)).with_context(|| file.display().to_string())?;
    let bytes = fs::read(file)?;
    match bytes.starts_with(b"-----BEGIN") {
        true => home.run(&["--output", "-", "--dearmor", &name]),
        false => Ok(bytes),
    }
}

/// From gpg's lines with colons: `pub:` begins a public key, `sec:` a secret one.
fn check(said: &str) -> Result<()> {
    let has = |kind: &str| said.lines().any(|line| line.starts_with(kind));
    ensure!(
        !has("sec:"),
        "this is the secret key; give the public one and keep this one away"
    );
    ensure!(has("pub:"), "there is no public key in it");
    Ok(())
}

/// Puts the key where `debian/rules` looks for it.
pub(super) fn stage(source: &Path, key: &[u8]) -> Result<()> {
    let file = source.join(FILE);
    fs::create_dir_all(file.parent().unwrap_or(source))?;
    fs::write(&file, key)?;
    Ok(())
}

/// The package that was built; none where none was asked for.
pub(super) fn package(folder: &Path, is_wanted: bool) -> Result<Option<PathBuf>> {
    let mut entries = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(PACKAGE) && name.ends_with(".deb")
    };
    let found = entries.find(is_it);
    ensure!(
        found.is_some() == is_wanted,
        "the keyring package was built: {}",
        found.is_some()
    );
    Ok(found)
}

#[cfg(test)]
mod tests {
    use testkit::repository::SigningKey;

    use super::*;

    #[test]
    fn a_public_key_is_read_binary_or_armoured_and_a_real_secret_one_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::make(folder.path(), "Archive").unwrap();
        let binary = read(&key.public).unwrap();
        assert!(!binary.is_empty());
        let armoured = folder.path().join("public.asc");
        let home = Home::new(&folder.path().join("other")).unwrap();
        let text = home.run(&["--output", "-", "--enarmor", &key.public.to_string_lossy()]);
        let text = String::from_utf8(text.unwrap()).unwrap();
        // gpg calls what it armours by this command a file.
        fs::write(&armoured, text.replace("ARMORED FILE", "PUBLIC KEY BLOCK")).unwrap();
        assert_eq!(read(&armoured).unwrap(), binary);
        let refused = read(&key.secret).unwrap_err();
        assert!(format!("{refused:#}").contains("secret key"), "{refused:#}");
    }

    #[test]
    fn a_secret_key_and_a_file_without_any_are_refused() {
        assert!(check("pub:u:255:22:1234::::\n").is_ok());
        let secret = check("sec:u:255:22:1234::::\n").unwrap_err().to_string();
        assert!(secret.contains("secret key"), "{secret}");
        assert!(check("").is_err());
    }
}
