//! What stands in the package, and what must not.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;
use testkit::process;

/// The root of the checkout.
pub(crate) fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Where cargo and xtask put what they build.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout().join("target"), PathBuf::from)
}

/// The package of the platform that was built last.
pub(crate) fn package() -> PathBuf {
    package_named("strongroom")
}

pub(crate) fn package_named(package: &str) -> PathBuf {
    let folder = target().join("deb/dev");
    let files = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let found = files.map(|entry| entry.path()).find(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&format!("{package}_")) && name.ends_with(".deb")
    });
    found.unwrap_or_else(|| {
        panic!(
            "no package {package} in {}; run `cargo xtask deb --profile dev`",
            folder.display()
        )
    })
}

/// The package's control files and contents, unpacked: `DEBIAN` holds the first.
pub(crate) fn unpacked() -> TempDir {
    unpack(&package())
}

pub(crate) fn unpack(package: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--raw-extract").arg(package).arg(folder.path());
    process::run(&mut unpack).unwrap();
    folder
}

#[test]
fn the_package_asks_nothing_and_owns_no_settings() {
    let unpacked = unpacked();
    for name in ["config", "templates", "conffiles"] {
        let file = unpacked.path().join("DEBIAN").join(name);
        assert!(
            !file.exists(),
            "the package has {name}: dpkg or debconf would ask"
        );
    }
    assert!(
        !unpacked.path().join("etc").exists(),
        "settings are made by set-up, not shipped"
    );
}

#[test]
fn the_root_helper_is_inside_and_speaks_to_no_network_library() {
    let unpacked = unpacked();
    let program = unpacked.path().join("usr/bin/strongroom-hostd");
    let needed = process::run(Command::new("objdump").arg("--private-headers").arg(&program)).unwrap();
    let needed = String::from_utf8_lossy(&needed.stdout);
    assert!(needed.contains("libc.so.6"), "{needed}");
    for library in ["libssl", "libcrypto", "libsystemd"] {
        assert!(
            !needed.contains(library),
            "the root helper is linked with {library}"
        );
    }
    for unit in [
        "strongroom-hostd.socket",
        "strongroom-hostd.service",
        "strongroom-firewall.service",
    ] {
        let file = unpacked.path().join("lib/systemd/system").join(unit);
        assert!(file.exists(), "{unit} is missing");
    }
}

#[test]
fn lintian_minds_nothing() {
    let mut lintian = Command::new("lintian");
    lintian.args([
        "--fail-on",
        "error,warning",
        "--tag-display-limit",
        "0",
        "--allow-root",
    ]);
    lintian.arg(package()).arg(package_named("strongroom-verify"));
    let output = lintian.output().expect("lintian is not installed");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
}

#[test]
fn every_command_has_its_manual_page_and_shells_complete_them() {
    let unpacked = unpacked();
    let share = unpacked.path().join("usr/share");
    for file in [
        "man/man1/strongroom.1.gz",
        "man/man1/strongroom-serve.1.gz",
        "man/man1/strongroom-database-prepare.1.gz",
        "bash-completion/completions/strongroom",
        "zsh/vendor-completions/_strongroom",
        "fish/vendor_completions.d/strongroom.fish",
        "doc/strongroom/OPERATIONS.md",
        "doc/strongroom/copyright",
        "doc/strongroom/examples/strongroom.toml",
    ] {
        let is_there = share.join(file).exists() || share.join(format!("{file}.gz")).exists();
        assert!(is_there, "usr/share/{file} is missing");
    }
}

#[test]
fn the_bill_names_what_is_inside_and_the_licences_stand_beside_it() {
    let unpacked = unpacked();
    let read = |name: &str| {
        let file = unpacked.path().join("usr/share/doc/strongroom").join(name);
        let output = process::run(Command::new("zcat").arg(file)).unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let bill: Value = serde_json::from_str(&read("bill-of-materials.cdx.json.gz")).unwrap();
    let components = bill["components"].as_array().unwrap();
    let has = |name: &str| components.iter().any(|component| component["name"] == name);
    assert!(has("openssl") && has("tokio") && !has("fantoccini"));
    // Where the program itself looks, which may not need its documents.
    let own = unpacked
        .path()
        .join("usr/share/strongroom/bill-of-materials.cdx.json");
    let own: Value = serde_json::from_slice(&std::fs::read(own).unwrap()).unwrap();
    assert_eq!(own, bill);
    let licences = read("third-party-licences.txt.gz");
    assert!(licences.contains("\nserde ") && licences.contains("Apache License"));
}

#[test]
fn the_example_of_settings_is_valid() {
    let unpacked = unpacked();
    let example = unpacked
        .path()
        .join("usr/share/doc/strongroom/examples/strongroom.toml");
    let output = Command::new(unpacked.path().join("usr/bin/strongroom"))
        .args(["config", "check", "--config"])
        .arg(&example)
        .output()
        .unwrap();
    // The files that it names are not here; its own keys and values must be in order.
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    for fault in ["unknown field", "is not set", "invalid type", "is no "] {
        assert!(!said.contains(fault), "{said}");
    }
    assert!(
        said.contains("tls.certificate"),
        "the example was not looked at: {said}"
    );
}

#[test]
fn the_verifier_has_a_package_of_its_own_that_needs_nothing_of_ours() {
    let unpacked = unpack(&package_named("strongroom-verify"));
    let root = unpacked.path();
    let control = std::fs::read_to_string(root.join("DEBIAN/control")).unwrap();
    let needed = control
        .lines()
        .find_map(|line| line.strip_prefix("Depends: "))
        .unwrap_or_default();
    for other in ["strongroom", "postgresql", "systemd", "nftables"] {
        assert!(!needed.contains(other), "{needed}");
    }
    for file in [
        "man/man1/strongroom-verify.1.gz",
        "doc/strongroom-verify/AUDIT-EXPORT.md.gz",
        "doc/strongroom-verify/copyright",
    ] {
        assert!(
            root.join("usr/share").join(file).exists(),
            "usr/share/{file} is missing"
        );
    }
    let vectors = checkout().join("crates/audit/vectors");
    let (policy, since) = (vectors.join("export-policy.txt"), vectors.join("since.note"));
    let mut verify = Command::new(root.join("usr/bin/strongroom-verify"));
    verify
        .arg(vectors.join("whole.srexport"))
        .arg("--policy")
        .arg(&policy)
        .arg("--since")
        .arg(&since);
    let said = process::run(&mut verify).unwrap();
    assert!(said.stdout.starts_with(b"VERIFIED\n"));
    // The other verifier lies beside it, packed when it is long.
    let script = root.join("usr/share/doc/strongroom-verify/verify.py");
    if !script.exists() {
        process::run(Command::new("gunzip").arg(script.with_extension("py.gz"))).unwrap();
    }
    let mut python = Command::new("python3");
    process::run(
        python
            .arg(&script)
            .arg(vectors.join("whole.srexport"))
            .arg(&policy)
            .arg(&since),
    )
    .unwrap();
}
