use super::*;
use clap::Parser;
use std::process::Stdio;

/// A folder with keys of a moment, roots, and packages.
struct Workshop(tempfile::TempDir);

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: BundleCommand,
}

impl Workshop {
    fn new() -> Self {
        let shop = Self(tempfile::tempdir().unwrap());
        for name in ["r1", "r2", "r3", "b1", "b2", "b3"] {
            let key = openssl::pkey::PKey::generate_ed25519().unwrap();
            fs::write(shop.path(name), key.private_key_to_pem_pkcs8().unwrap()).unwrap();
            fs::write(
                shop.path(&format!("{name}.pub")),
                key.public_key_to_pem().unwrap(),
            )
            .unwrap();
        }
        fs::create_dir(shop.path("packages")).unwrap();
        shop.package("strongroom", "0.2.0");
        shop
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn package(&self, name: &str, version: &str) -> PathBuf {
        let tree = self.path("tree");
        fs::create_dir_all(tree.join("DEBIAN")).unwrap();
        let control = format!(
            "Package: {name}\nVersion: {version}\nArchitecture: amd64\nMaintainer: A <a@example.org>\nDescription: a\n"
        );
        fs::write(tree.join("DEBIAN/control"), control).unwrap();
        let file = self.path(&format!("packages/{name}.deb"));
        let built = Command::new("dpkg-deb")
            .args(["-Znone", "--build"])
            .args([&tree, &file])
            .stdout(Stdio::null())
            .status();
        assert!(built.unwrap().success());
        file
    }

    /// Runs a command; words with an `@` are files of the workshop.
    fn run(&self, line: &str) -> Result<()> {
        let words = line.split_whitespace().map(|word| match word.strip_prefix('@') {
            Some(name) => self.path(name).display().to_string(),
            None => word.to_owned(),
        });
        run(&Line::try_parse_from(std::iter::once("bundle".to_owned()).chain(words))?.command)
    }

    fn root(&self) -> Result<()> {
        self.run(
            "root --root-key @r1.pub --root-key @r2.pub --root-key @r3.pub --bundle-key @b1.pub --bundle-key @b2.pub \
             --bundle-key @b3.pub --sign @r1 --sign @r2 --output @roots",
        )
    }

    fn make(&self, more: &str) -> Result<()> {
        self.run(&format!(
            "make --roots @roots --packages @packages --sequence 1 --from 0.1.0 --sign @b1 --sign @b3 --output @bundle {more}"
        ))
    }
}

#[test]
fn a_bundle_is_made_with_keys_out_of_files_and_verifies() {
    let shop = Workshop::new();
    shop.root().unwrap();
    shop.package("bash", "5.2-1");
    fs::write(shop.path("tracker"), r#"{"bash": {"CVE-1": {"releases": {}}}}"#).unwrap();
    shop.make("--tracker @tracker --data-as-of 2026-11-20T12:00:00Z")
        .unwrap();
    let chain = build::read_roots(&shop.path("roots")).unwrap();
    let terms = updates::terms::Terms {
        machine: Machine {
            product: PRODUCT.to_owned(),
            release: "trixie".to_owned(),
            architecture: "amd64".to_owned(),
            version: "0.1.0".parse().unwrap(),
        },
        trusted: chain.first_anchor().unwrap(),
        held: None,
        clock: Timestamp::now(),
        floor: None,
    };
    let file = File::open(shop.path("bundle")).unwrap();
    let received = updates::receive::receive(file, &terms, |_| Ok(None)).unwrap();
    let names: Vec<&str> = received
        .manifest
        .targets
        .iter()
        .map(|target| target.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "bash_5.2-1_amd64.deb",
            "strongroom_0.2.0_amd64.deb",
            "tracker.json"
        ]
    );
    assert!(shop.make("").is_err(), "a bundle was overwritten");
}

#[test]
fn one_key_makes_neither_root_nor_bundle_and_keys_can_be_replaced() {
    let shop = Workshop::new();
    let lonely = "root --root-key @r1.pub --root-key @r2.pub --bundle-key @b1.pub --bundle-key @b2.pub --sign @r1 --output @roots";
    assert!(shop.run(lonely).is_err());
    shop.root().unwrap();
    let one =
        "make --roots @roots --packages @packages --sequence 1 --from 0.1.0 --sign @b1 --output @bundle";
    assert!(shop.run(one).is_err());
    assert!(!shop.path("bundle").exists() && !shop.path("bundle.part").exists());
    let next = "root --roots @roots --root-key @r1.pub --root-key @r2.pub --bundle-key @r3.pub --bundle-key @b2.pub \
                --sign @r1 --sign @r2 --output @roots-2";
    shop.run(next).unwrap();
    assert_eq!(
        build::read_roots(&shop.path("roots-2"))
            .unwrap()
            .newest_anchor()
            .unwrap()
            .version,
        2
    );
}

#[test]
fn an_unsigned_index_of_debian_is_refused() {
    let shop = Workshop::new();
    shop.root().unwrap();
    fs::write(
        shop.path("InRelease"),
        "Origin: Debian\nValid-Until: Sat, 01 Jan 2050 00:00:00 UTC\nSHA256:\n",
    )
    .unwrap();
    fs::write(shop.path("Packages"), "").unwrap();
    fs::write(shop.path("keyring"), "").unwrap();
    let made = shop.make("--in-release @InRelease --index @Packages --keyring @keyring");
    let said = made.unwrap_err().to_string();
    assert!(said.contains("is not signed"), "{said}");
    assert!(!shop.path("bundle").exists());
}
