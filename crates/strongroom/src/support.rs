//! The support bundle: what somebody who helps needs to see of an appliance, and nothing that is the customer's.
//!
//! Invariants: a page is made of [`Safe`] text only; what cannot be looked at is said and not left out; nothing is sent
//! anywhere. Start at [`gather`].

mod database;
mod machine;
mod safe;
mod settings;
mod shape;

use crate::{
    doctor::{self, Hand},
    failure::CommandError,
};
use config::{Config, Environment};
use jiff::Timestamp;
use openssl::sha::sha256;
use platform::support::NAMES_MAX;
use safe::{Named, Redactor, Safe};
use std::{fmt::Write, path::Path};

/// One file of the bundle, not yet text.
pub(crate) struct Page {
    name: &'static str,
    /// Why it is there.
    about: &'static str,
    lines: Vec<Safe>,
}

/// One file of the bundle.
pub(crate) struct File {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) text: String,
}

/// What of the names to hide is known.
enum Known {
    All,
    /// Why not.
    Not(&'static str),
}

impl Page {
    fn new(name: &'static str, about: &'static str) -> Self {
        Self {
            name,
            about,
            lines: Vec::new(),
        }
    }

    fn line(&mut self, parts: impl IntoIterator<Item = Safe>) {
        self.lines.push(Safe::joined(parts, " "));
    }

    fn fact(&mut self, label: &'static str, value: Safe) {
        self.lines.push(Safe::joined([Safe::known(label), value], ": "));
    }

    fn into_file(self) -> File {
        let mut text = Safe::joined(self.lines, "\n").as_str().to_owned();
        text.push('\n');
        let (name, about) = (self.name, self.about);
        File { name, about, text }
    }
}

/// Looks at everything and gives the files, the manifest first.
///
/// # Errors
/// No random numbers can be had.
pub(crate) fn gather(place: &Path) -> Result<Vec<File>, CommandError> {
    let mut key = [0; 32];
    openssl::rand::rand_bytes(&mut key).map_err(CommandError::tls("cannot make random numbers"))?;
    let mut redactor = Redactor::new(key);
    let config = Config::load_with(Some(place), &Environment::default());
    let database = database::look(config.as_ref().ok());
    let known = hide(&mut redactor, config.as_ref().ok(), &database);
    let mut pages = vec![
        machine::versions(&redactor),
        settings::page(&redactor, place, config.as_ref()),
        machine::units(&redactor),
    ];
    pages.extend(database::pages(&redactor, &database));
    let findings = doctor::examine(place, Hand::Look);
    pages.push(machine::findings(&redactor, &findings));
    pages.push(match known {
        Known::All => machine::journal(&redactor),
        Known::Not(why) => machine::no_journal(why),
    });
    let files: Vec<File> = pages.into_iter().map(Page::into_file).collect();
    let manifest = manifest(&files);
    Ok(std::iter::once(manifest).chain(files).collect())
}

/// Tells the redactor every name and secret that can be known.
fn hide(redactor: &mut Redactor, config: Option<&Config>, database: &database::Looked) -> Known {
    redactor.hide_name(Named::Host, &::host::machine::Machine::of_process().name);
    if let Some(config) = config {
        let host = config.listen.base_url.host_str().unwrap_or_default();
        redactor.hide_name(Named::Host, host.trim_matches(['[', ']']));
        let sources = [
            Some(&config.keys.root_file),
            Some(&config.tls.key),
            config.database.password_file.as_ref(),
        ];
        for source in sources.into_iter().flatten() {
            // One that cannot be read here was read by no program of ours here either; the shapes are left.
            if let Ok(secret) = config::read_secret(source) {
                redactor.hide_secret(secret.expose());
            }
        }
    }
    match database {
        Ok((_, Some(names))) => {
            for name in &names.organizations {
                redactor.hide_name(Named::Organization, name);
            }
            for name in &names.hosts {
                redactor.hide_name(Named::Host, name);
            }
            for name in &names.people {
                redactor.hide_name(Named::Person, name);
            }
            Known::All
        }
        Ok((_, None)) => Known::Not("left out: there are more names than can be hidden one by one"),
        Err(_) => {
            Known::Not("left out: the database is away, so the names that must be hidden are not known")
        }
    }
}

fn manifest(files: &[File]) -> File {
    let mut text = format!(
        "Strongroom support bundle, made {} by version {}\n\n\
         Names of people, organizations and machines, addresses, and every word that is not the program's own stand as\n\
         pseudonyms (host-1a2b3c4d): the same thing has the same pseudonym in this bundle and another one in the next.\n\
         Secrets, records and files are not inside. At most {NAMES_MAX} accounts are known by name.\n\n",
        Timestamp::now(),
        env!("CARGO_PKG_VERSION"),
    );
    for file in files {
        let digest = sha256(file.text.as_bytes())
            .iter()
            .fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").ok();
                text
            });
        writeln!(
            text,
            "{digest}  {:>8}  {}\n    {}",
            file.text.len(),
            file.name,
            file.about
        )
        .ok();
    }
    File {
        name: "manifest.txt",
        about: "what is inside, and why",
        text,
    }
}

/// The files as one tar archive.
///
/// # Errors
/// None that a list of short files in memory can meet; they are told all the same.
pub(crate) fn archive(files: &[File]) -> Result<Vec<u8>, CommandError> {
    let mut builder = tar::Builder::new(Vec::new());
    for file in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(file.text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(Timestamp::now().as_second()).unwrap_or(0));
        let name = format!("strongroom-support/{}", file.name);
        let added = builder.append_data(&mut header, name, file.text.as_bytes());
        added.map_err(CommandError::io("cannot put the bundle together"))?;
    }
    builder
        .into_inner()
        .map_err(CommandError::io("cannot put the bundle together"))
}
