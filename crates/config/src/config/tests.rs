//! What a whole file says, and every refusal with its text.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::*;
use crate::backup::SecondLocation;

const REQUIRED: &str = r#"
[tls]
certificate = "/etc/strongroom/tls/server.pem"
key = "/etc/strongroom/tls/server.key"

[database]
host = "/var/run/postgresql"
name = "strongroom"
user = "strongroom_app"

[keys]
root_file = "credential:root-key"
"#;

const COMPLETE: &str = r#"
[listen]
https = "127.0.0.1:8443"
http = "127.0.0.1:8080"
base_url = "https://strongroom.example.org"
trusted_proxies = ["10.0.0.5", "2001:db8::/32"]
[tls]
certificate = "/c.pem"
key = "credential:tls-key"
minimum = "1.2"
[tls.acme]
directory = "https://ca.example.org/acme/directory"
trust = "/ca.pem"
proofs = "/proofs"
[database]
host = "/run/postgresql"
port = 5433
name = "s"
user = "u"
password_file = "/p"
connections_max = 100
statement_seconds_max = 60
[keys]
root_file = "/k"
[limits]
body_bytes_max = 2048
upload_bytes_max = 4096
requests_per_minute = 1
connections_per_address = 2
sign_in_per_minute = 3
[session]
idle_seconds_max = 60
absolute_seconds_max = 61
[worker]
jobs_parallel_max = 3
poll_seconds = 4
[log]
filter = "debug"
[outgoing]
targets = ["ldaps://dc1.example.com", "10.0.0.5:587", "ldaps://dc1.example.com:636"]
[updates]
window = "22:00-01:30"
reboot = "in-window"
[audit]
folder = "/srv/audit"
[backup]
folder = "/srv/backup"
retention_days = 14
full_days = 3
second = "/mnt/copy"
second_bytes_per_second = 1_000_000
"#;

fn parse(text: &str) -> Result<Config, ConfigError> {
    Config::parse(text, Path::new(DEFAULT_PATH), &Environment::default())
}

#[test]
fn the_required_keys_are_enough() {
    let config = parse(REQUIRED).unwrap();
    assert_eq!(config.listen.https.to_string(), "[::]:443");
    assert_eq!(config.listen.http, None);
    assert_eq!(config.listen.base_url.as_str(), "https://localhost/");
    assert_eq!(config.tls.minimum, TlsMinimum::Tls13);
    assert_eq!(
        (config.database.port, config.database.connections_max),
        (5432, 40)
    );
    assert_eq!(config.database.password_file, None);
    let root = SecretSource::Credential {
        name: "root-key".to_owned(),
        folder: None,
    };
    assert_eq!(config.keys.root_file, root);
    assert_eq!(
        (config.limits.body_bytes_max, config.limits.upload_bytes_max),
        (1 << 20, 1 << 30)
    );
    assert_eq!(
        (
            config.session.idle_seconds_max,
            config.session.absolute_seconds_max
        ),
        (900, 43_200)
    );
    assert_eq!(
        (config.worker.jobs_parallel_max, config.worker.poll_seconds),
        (2, 5)
    );
    assert_eq!(config.log.filter, "info");
}

#[test]
fn the_example_of_the_readme_is_valid() {
    let readme = include_str!("../../README.md");
    let (_, rest) = readme.split_once("```toml\n").unwrap();
    let (example, _) = rest.split_once("```").unwrap();
    assert_eq!(parse(example).unwrap().database.name, "strongroom");
}

#[test]
fn every_key_can_be_set() {
    let credentials_folder = Some(PathBuf::from("/run/credentials/strongroom.service"));
    let environment = Environment {
        credentials_folder: credentials_folder.clone(),
        ..Environment::default()
    };
    let config = Config::parse(COMPLETE, Path::new("/a.toml"), &environment).unwrap();
    let expected = Config {
        path: "/a.toml".into(),
        listen: Listen {
            https: "127.0.0.1:8443".parse().unwrap(),
            http: Some("127.0.0.1:8080".parse().unwrap()),
            base_url: "https://strongroom.example.org".parse().unwrap(),
            trusted_proxies: vec!["10.0.0.5".parse().unwrap(), "2001:db8::/32".parse().unwrap()],
        },
        tls: Tls {
            certificate: "/c.pem".into(),
            key: SecretSource::Credential {
                name: "tls-key".to_owned(),
                folder: credentials_folder,
            },
            minimum: TlsMinimum::Tls12,
            acme: Some(Acme {
                directory: "https://ca.example.org/acme/directory".parse().unwrap(),
                trust: Some("/ca.pem".into()),
                proofs: "/proofs".into(),
            }),
        },
        database: Database {
            host: "/run/postgresql".into(),
            port: 5433,
            name: "s".to_owned(),
            user: "u".to_owned(),
            password_file: Some(SecretSource::File("/p".into())),
            connections_max: 100,
            statement_seconds_max: 60,
        },
        keys: Keys {
            root_file: SecretSource::File("/k".into()),
        },
        limits: Limits {
            body_bytes_max: 2048,
            upload_bytes_max: 4096,
            requests_per_minute: 1,
            connections_per_address: 2,
            sign_in_per_minute: 3,
        },
        session: Session {
            idle_seconds_max: 60,
            absolute_seconds_max: 61,
        },
        worker: Worker {
            jobs_parallel_max: 3,
            poll_seconds: 4,
        },
        log: Log {
            filter: "debug".to_owned(),
        },
        outgoing: Outgoing {
            targets: every_target(),
        },
        updates: Updates {
            window: "22:00-01:30".parse().unwrap(),
            reboot: RebootSetting::InWindow,
        },
        backup: every_key_of_backup(),
        audit: every_key_of_audit(),
    };
    assert_eq!(config, expected);
}

fn every_target() -> Vec<Target> {
    ["dc1.example.com:636", "10.0.0.5:587"]
        .map(|text| text.parse().unwrap())
        .to_vec()
}

fn every_key_of_audit() -> Audit {
    Audit {
        folder: "/srv/audit".into(),
    }
}

fn every_key_of_backup() -> Backup {
    Backup {
        folder: "/srv/backup".into(),
        record: "/var/lib/strongroom/backup".into(),
        retention_days: 14,
        full_days: 3,
        second: Some(SecondLocation::Folder("/mnt/copy".into())),
        second_bytes_per_second: std::num::NonZeroU64::new(1_000_000),
    }
}

/// Each case: what is wrong, and what is put before, or in place of, the required keys.
const REFUSALS: &[(&str, &str, &str)] = &[
    ("an unknown section", "", "[telemetry]\nurl = \"https://x\"\n"),
    ("an unknown key", "[keys]", "[log]\ncolour = true\n[keys]"),
    (
        "a wrong type",
        "[keys]",
        "[limits]\nbody_bytes_max = \"1 MiB\"\n[keys]",
    ),
    (
        "a number with a fraction",
        "[keys]",
        "[worker]\npoll_seconds = 1.5\n[keys]",
    ),
    ("a key twice", "[keys]", "port = 1\nport = 2\n[keys]"),
    ("no TOML", "[keys]", "= 3\n[keys]"),
    ("port 0", "", "[listen]\nhttps = \"[::]:0\"\n"),
    (
        "no address",
        "",
        "[listen]\nhttps = \"localhost:443\"\nhttp = \"80\"\n",
    ),
    (
        "one address for both",
        "",
        "[listen]\nhttps = \"[::]:443\"\nhttp = \"[::]:443\"\n",
    ),
    (
        "a base URL over plain http",
        "",
        "[listen]\nbase_url = \"http://strongroom.example.org\"\n",
    ),
    (
        "a base URL with a path",
        "",
        "[listen]\nbase_url = \"https://example.org/strongroom\"\n",
    ),
    (
        "a base URL with a user",
        "",
        "[listen]\nbase_url = \"https://ada:pw@example.org\"\n",
    ),
    (
        "no network",
        "",
        "[listen]\ntrusted_proxies = [\"10.0.0.1\", \"proxy\", \"10.0.0.1/8\"]\n",
    ),
    ("an old TLS", "key =", "minimum = \"1.1\"\nkey ="),
    (
        "a relative path",
        "\"/etc/strongroom/tls/server.pem\"",
        "\"server.pem\"",
    ),
    (
        "a credential with a path",
        "credential:root-key",
        "credential:../root-key",
    ),
    ("a credential that climbs", "credential:root-key", "credential:.."),
    (
        "a credential without a name",
        "credential:root-key",
        "credential:",
    ),
    (
        "a database on the network",
        "\"/var/run/postgresql\"",
        "\"db.example.org\"",
    ),
    (
        "numbers out of bounds",
        "[keys]",
        "port = 0\nconnections_max = -1\nstatement_seconds_max = 86400\n[keys]",
    ),
    (
        "uploads below bodies",
        "[keys]",
        "[limits]\nbody_bytes_max = 4096\nupload_bytes_max = 2048\n[keys]",
    ),
    (
        "idle for longer than at all",
        "[keys]",
        "[session]\nidle_seconds_max = 600\nabsolute_seconds_max = 300\n[keys]",
    ),
    ("an empty value", "\"strongroom_app\"", "\" \""),
    (
        "no window and no setting of reboots",
        "[keys]",
        "[updates]\nwindow = \"25:00-02:00\"\nreboot = \"always\"\n[keys]",
    ),
    (
        "targets that are no single hosts",
        "[keys]",
        "[outgoing]\ntargets = [\"10.0.0.0/8:25\", \"http://host\", \"host\", \"0.0.0.0:25\", \"https://ada:pw@host\"]\n[keys]",
    ),
];

#[test]
fn every_refusal_says_what_is_wrong_where_and_what_to_do() {
    let mut report = format!("# an empty file\n{}\n", parse("").unwrap_err());
    for (title, from, to) in REFUSALS {
        let text = REQUIRED.replacen(from, to, 1);
        assert_ne!(text, REQUIRED, "{title}");
        let error = parse(&text).expect_err(title);
        let _ = write!(report, "\n# {title}\n{error}\n");
    }
    insta::assert_snapshot!("refusals", report);
}

/// A folder with everything that a valid file names.
fn installed() -> (TempDir, PathBuf) {
    let folder = TempDir::new().unwrap();
    let place = |name: &str| folder.path().join(name);
    fs::create_dir(place("socket")).unwrap();
    fs::write(place("server.pem"), "-----BEGIN CERTIFICATE-----\n").unwrap();
    for name in ["server.key", "root", "password"] {
        fs::write(place(name), "secret").unwrap();
        fs::set_permissions(place(name), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let text = format!(
        "[tls]\ncertificate = \"{0}/server.pem\"\nkey = \"{0}/server.key\"\n[database]\nhost = \"{0}/socket\"\n\
         name = \"s\"\nuser = \"u\"\npassword_file = \"{0}/password\"\n[keys]\nroot_file = \"{0}/root\"\n",
        folder.path().display()
    );
    fs::write(place("strongroom.toml"), text).unwrap();
    let path = place("strongroom.toml");
    (folder, path)
}

fn checked(folder: &TempDir, path: &Path) -> String {
    let problems = Config::check_with(Some(path), &Environment::default());
    let text = problems
        .iter()
        .map(Problem::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    text.replace(&folder.path().display().to_string(), "FOLDER")
}

#[test]
fn a_complete_installation_has_no_problem() {
    let (folder, path) = installed();
    assert_eq!(checked(&folder, &path), "");
}

#[test]
fn a_check_finds_every_missing_file_at_once() {
    let (folder, path) = installed();
    for name in ["server.pem", "server.key", "root", "password"] {
        fs::remove_file(folder.path().join(name)).unwrap();
    }
    fs::remove_dir(folder.path().join("socket")).unwrap();
    insta::assert_snapshot!("missing_files", checked(&folder, &path));
}

#[test]
fn a_check_finds_files_that_are_open_to_others_or_not_what_they_should_be() {
    let (folder, path) = installed();
    let place = |name: &str| folder.path().join(name);
    fs::set_permissions(place("root"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(place("server.key"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::write(place("password"), "").unwrap();
    fs::write(place("server.pem"), [0xff]).unwrap();
    fs::remove_dir(place("socket")).unwrap();
    fs::write(place("socket"), "").unwrap();
    insta::assert_snapshot!("wrong_files", checked(&folder, &path));
}

#[test]
fn a_check_of_a_missing_file_says_so() {
    let folder = TempDir::new().unwrap();
    let text = checked(&folder, &folder.path().join("gone.toml"));
    insta::assert_snapshot!("missing_config", text);
}

#[test]
fn an_argument_goes_before_the_environment() {
    let (_folder, path) = installed();
    let environment = Environment {
        config_path: Some(path.clone()),
        ..Environment::default()
    };
    assert_eq!(Config::load_with(None, &environment).unwrap().path, path);
    let gone = path.with_extension("gone");
    let error = Config::load_with(Some(&gone), &environment).unwrap_err();
    assert!(matches!(error, ConfigError::Unreadable { path, .. } if path == gone));
}

#[test]
fn the_log_filter_of_the_environment_goes_before_the_file() {
    let config = parse(REQUIRED).unwrap();
    assert_eq!(config.log_filter(&Environment::default()), "info");
    let environment = Environment {
        log_filter: Some("trace".to_owned()),
        ..Environment::default()
    };
    assert_eq!(config.log_filter(&environment), "trace");
}
