//! An OpenLDAP server of one test, with its own authority, people and groups; it ends with the value.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use super::{BASE, SERVICE_DN, SERVICE_NAME, SERVICE_PASSWORD, password_of};
use crate::certificate::{Authority, Validity};
use crate::{port, process, secret};

const ADMINISTRATOR: &str = "cn=admin,dc=harbour,dc=test";
const ADMINISTRATOR_PASSWORD: &str = "administrator";
/// Pages, and no end of them.
const LIMITS: &str = "sizelimit size.soft=500 size.hard=500 size.pr=500 size.prtotal=unlimited";
const START_PATIENCE: Duration = Duration::from_secs(20);

/// Which certificate the server shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// For its own name, valid, of the authority.
    Good,
    /// For another name.
    OtherName,
    /// Valid through 2020.
    Ended,
    /// Of another authority than [`Openldap::authority`] says.
    OtherAuthority,
}

/// A running server.
pub struct Openldap {
    folder: TempDir,
    server: Child,
    /// Where it listens.
    address: Ipv4Addr,
    /// The port of LDAP and StartTLS.
    pub port: u16,
    /// The port of LDAPS.
    pub tls_port: u16,
    /// The authority to trust, in PEM.
    pub authority: String,
}

impl Drop for Openldap {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Openldap {
    /// Starts a server with people and groups, and this many more people.
    ///
    /// # Errors
    /// When slapd is not installed (`cargo xtask test` does it) or does not start.
    pub fn start(offered: Offered, more: usize) -> Result<Self> {
        Self::start_with(Ipv4Addr::LOCALHOST, more, |folder| {
            certificates(folder, offered, &["localhost", "127.0.0.1"])
        })
    }

    /// Starts a server with people and groups at another address of this machine, such as its end of a test machine's line,
    /// with a certificate for this name.
    ///
    /// # Errors
    /// As [`Openldap::start`].
    pub fn start_at(address: Ipv4Addr, name: &str) -> Result<Self> {
        Self::start_with(address, 0, |folder| certificates(folder, Offered::Good, &[name]))
    }

    /// Starts a server that gives no more than five entries, however they are asked for.
    ///
    /// # Errors
    /// As [`Openldap::start`].
    pub fn start_stingy() -> Result<Self> {
        Self::start_with(Ipv4Addr::LOCALHOST, 0, |folder| {
            fs::write(
                folder.join("limits"),
                "sizelimit size.soft=5 size.hard=5 size.pr=5 size.prtotal=5",
            )?;
            certificates(folder, Offered::Good, &["localhost", "127.0.0.1"])
        })
    }

    /// Starts a server that takes nobody over TLS without a client certificate of this authority, and takes the one for
    /// [`SERVICE_NAME`] as a proof of the service account (SASL EXTERNAL).
    ///
    /// # Errors
    /// As [`Openldap::start`].
    pub fn start_demanding(clients: &Authority) -> Result<Self> {
        Self::start_with(Ipv4Addr::LOCALHOST, 0, |folder| {
            fs::write(folder.join("clients.pem"), clients.certificate_pem()?)?;
            certificates(folder, Offered::Good, &["localhost", "127.0.0.1"])
        })
    }

    fn start_with(
        address: Ipv4Addr,
        more: usize,
        certify: impl FnOnce(&Path) -> Result<String>,
    ) -> Result<Self> {
        let folder = TempDir::new()?;
        let authority = certify(folder.path())?;
        fs::create_dir(folder.path().join("data"))?;
        fs::write(folder.path().join("slapd.conf"), configuration(folder.path()))?;
        let mut last = None;
        // A port that was free may be taken a moment later.
        for _ in 0..5 {
            let (port, tls_port) = (port::free(address)?, port::free(address)?);
            match serve(folder.path(), address, port, tls_port) {
                Ok(server) => {
                    let this = Self {
                        folder,
                        server,
                        address,
                        port,
                        tls_port,
                        authority,
                    };
                    this.add(&people(more))?;
                    return Ok(this);
                }
                Err(error) => last = Some(error),
            }
        }
        Err(last.context("slapd was not started")?)
    }

    /// Adds entries, in LDIF.
    ///
    /// # Errors
    /// What the server says.
    pub fn add(&self, ldif: &str) -> Result<()> {
        self.change("ldapadd", &[], ldif)
    }

    /// Changes entries, in LDIF, operational attributes too.
    ///
    /// # Errors
    /// What the server says.
    pub fn modify(&self, ldif: &str) -> Result<()> {
        self.change("ldapmodify", &["-e", "relax"], ldif)
    }

    fn change(&self, program: &str, more: &[&str], ldif: &str) -> Result<()> {
        let file = self.folder.path().join("change.ldif");
        fs::write(&file, ldif)?;
        let mut command = Command::new(program);
        command.args([
            "-x",
            "-H",
            &format!("ldap://{}:{}", self.address, self.port),
            "-D",
            ADMINISTRATOR,
        ]);
        command
            .args(["-w", ADMINISTRATOR_PASSWORD])
            .args(more)
            .arg("-f")
            .arg(file);
        process::run(&mut command).map(drop)
    }

    /// How many binds the server's log holds for this name.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn binds(&self, dn: &str) -> Result<usize> {
        let wanted = format!("BIND dn=\"{dn}\" method=128").to_lowercase();
        Ok(self
            .log()?
            .to_lowercase()
            .lines()
            .filter(|line| line.contains(&wanted))
            .count())
    }

    /// Whether the server lets a person below `ou=people` in with this password.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn lets_in(&self, login: &str, password: &str) -> Result<bool> {
        let mut command = Command::new("ldapwhoami");
        command.args(["-x", "-H", &format!("ldap://{}:{}", self.address, self.port)]);
        command.args(["-D", &format!("uid={login},ou=people,{BASE}"), "-w", password]);
        Ok(command
            .output()
            .context("cannot start ldapwhoami")?
            .status
            .success())
    }

    /// The server's log.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(self.folder.path().join("log"))?).into_owned())
    }

    /// Stops answering: connections are taken by the system and nobody reads them.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn hang(&self) -> Result<()> {
        self.signal(nix::sys::signal::Signal::SIGSTOP)
    }

    /// Answers again.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn resume(&self) -> Result<()> {
        self.signal(nix::sys::signal::Signal::SIGCONT)
    }

    fn signal(&self, signal: nix::sys::signal::Signal) -> Result<()> {
        process::send(i32::try_from(self.server.id())?, signal)
    }
}

fn serve(folder: &Path, address: Ipv4Addr, port: u16, tls_port: u16) -> Result<Child> {
    let log = File::create(folder.join("log"))?;
    let program = PathBuf::from("/usr/sbin/slapd");
    ensure!(
        program.exists(),
        "slapd is not installed; cargo xtask test installs it"
    );
    let mut server = Command::new(program)
        .arg("-f")
        .arg(folder.join("slapd.conf"))
        .args([
            "-h",
            &format!("ldap://{address}:{port} ldaps://{address}:{tls_port}"),
            "-d",
            "stats",
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .context("cannot start slapd")?;
    let up = process::poll(START_PATIENCE, || TcpStream::connect((address, tls_port)).is_ok());
    if up && server.try_wait()?.is_none() {
        return Ok(server);
    }
    let _ = server.kill();
    let _ = server.wait();
    anyhow::bail!(
        "slapd did not start: {}",
        fs::read_to_string(folder.join("log")).unwrap_or_default()
    )
}

/// The server's key and certificate as files; the PEM of the authority that a client is told.
fn certificates(folder: &Path, offered: Offered, names: &[&str]) -> Result<String> {
    let authority = Authority::create("Harbour authority")?;
    let told = authority.certificate_pem()?;
    let leaf = match offered {
        Offered::Good => authority.issue(names)?,
        Offered::OtherName => authority.issue(&["other.harbour.test"])?,
        Offered::Ended => authority.issue_valid(names, Validity::Over)?,
        Offered::OtherAuthority => Authority::create("Stranger")?.issue(names)?,
    };
    fs::write(folder.join("server.pem"), leaf.certificate_pem()?)?;
    secret::write_private(&folder.join("server.key"), &leaf.key_pem()?)?;
    Ok(told)
}

fn configuration(folder: &Path) -> String {
    let clients = match folder.join("clients.pem") {
        file if file.exists() => {
            format!(
                "TLSCACertificateFile {}\nTLSVerifyClient demand\nauthz-regexp \"^cn={SERVICE_NAME}$\" \"{SERVICE_DN}\"",
                file.display()
            )
        }
        _ => String::new(),
    };
    let limits = fs::read_to_string(folder.join("limits")).unwrap_or_else(|_| LIMITS.to_owned());
    let folder = folder.display();
    format!(
        r#"include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload ppolicy
pidfile {folder}/pid
argsfile {folder}/args
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
{clients}
disallow bind_anon
threads 4
database mdb
suffix "{BASE}"
rootdn "{ADMINISTRATOR}"
rootpw {ADMINISTRATOR_PASSWORD}
directory {folder}/data
maxsize 268435456
dbnosync
index objectClass,entryUUID,member,uniqueMember,memberUid,uid eq
{limits}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{SERVICE_DN}" read by self read by * none
overlay memberof
memberof-refint TRUE
overlay ppolicy
ppolicy_default "cn=default,ou=policies,{BASE}"
ppolicy_hash_cleartext
ppolicy_use_lockout
"#
    )
}

/// One entry below the base.
fn entry(dn: &str, lines: &[&str]) -> String {
    let lines: Vec<&str> = lines.iter().copied().filter(|line| !line.is_empty()).collect();
    format!("dn: {dn},{BASE}\n{}\n\n", lines.join("\n"))
}

/// People: `twin` twice, `nomail` without an address, names with signs of filters and with umlauts.
/// Groups: owners names harbour-masters, which names anna; two name each other; a posixGroup by login; a group of the same
/// `cn` elsewhere.
fn people(more: usize) -> String {
    let mut ldif =
        format!("dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: harbour\no: Harbour\n\n");
    for unit in ["people", "guests", "groups", "services", "policies"] {
        ldif += &entry(
            &format!("ou={unit}"),
            &["objectClass: organizationalUnit", &format!("ou: {unit}")],
        );
    }
    ldif += &entry("cn=default,ou=policies", &POLICY);
    let service = format!("userPassword: {SERVICE_PASSWORD}");
    let classes = [
        "objectClass: account",
        "objectClass: simpleSecurityObject",
        "uid: strongroom",
        &service,
    ];
    ldif += &entry("uid=strongroom,ou=services", &classes);
    for (login, unit) in PEOPLE {
        ldif += &person(login, unit, &format!("userPassword: {}", password_of(login)));
    }
    for (name, class, members) in GROUPS {
        ldif += &group(name, class, members);
    }
    for number in 0..more {
        let login = format!("crew{number:05}");
        ldif += &person(
            &login,
            "people",
            &format!("userPassword: {}", password_of(&login)),
        );
    }
    ldif
}

fn person(login: &str, unit: &str, password: &str) -> String {
    let address = login
        .to_ascii_lowercase()
        .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let mail = if login == "nomail" {
        String::new()
    } else {
        format!("mail: {address}@harbour.test")
    };
    let (uid, cn) = (format!("uid: {login}"), format!("cn: {login} of Harbour"));
    let lines = [
        "objectClass: inetOrgPerson",
        &uid,
        &cn,
        "sn: Harbour",
        &mail,
        password,
    ];
    entry(&format!("uid={login},ou={unit}"), &lines)
}

fn group(name: &str, class: &str, members: &[&str]) -> String {
    let cn = name.split([',', '=']).nth(1).unwrap_or_default();
    let mut lines = vec![format!("objectClass: {class}"), format!("cn: {cn}")];
    let named = |member: &&str| match class {
        "posixGroup" => (*member).to_owned(),
        _ => format!("{member},{BASE}"),
    };
    lines.extend(members.iter().map(named));
    entry(name, &lines.iter().map(String::as_str).collect::<Vec<_>>())
}

const PEOPLE: &[(&str, &str)] = &[
    ("anna", "people"),
    ("boris", "people"),
    ("carla", "guests"),
    ("locked", "people"),
    ("mustchange", "people"),
    ("mover", "people"),
    ("twin", "people"),
    ("twin", "guests"),
    ("p(a)r*en", "people"),
    ("nomail", "people"),
    ("Jürgen Größe", "people"),
    ("tryme", "people"),
];

const POLICY: [&str; 9] = [
    "objectClass: device",
    "objectClass: pwdPolicy",
    "cn: default",
    "pwdAttribute: userPassword",
    "pwdLockout: TRUE",
    "pwdMaxFailure: 5",
    "pwdLockoutDuration: 60",
    "pwdMustChange: TRUE",
    "pwdAllowUserChange: TRUE",
];

const GROUPS: &[(&str, &str, &[&str])] = &[
    (
        "cn=harbour-masters,ou=groups",
        "groupOfNames",
        &["member: uid=anna,ou=people"],
    ),
    (
        "cn=owners,ou=groups",
        "groupOfNames",
        &["member: cn=harbour-masters,ou=groups"],
    ),
    (
        "cn=editors,ou=groups",
        "groupOfUniqueNames",
        &["uniqueMember: uid=boris,ou=people"],
    ),
    (
        "cn=loop-a,ou=groups",
        "groupOfNames",
        &["member: cn=loop-b,ou=groups", "member: uid=carla,ou=guests"],
    ),
    (
        "cn=loop-b,ou=groups",
        "groupOfNames",
        &["member: cn=loop-a,ou=groups"],
    ),
    (
        "cn=owners,ou=guests",
        "groupOfNames",
        &["member: uid=carla,ou=guests"],
    ),
    (
        "cn=crew,ou=groups",
        "posixGroup",
        &["gidNumber: 3001", "memberUid: boris"],
    ),
];
