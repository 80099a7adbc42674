//! Looks at the files that a valid configuration names.
//!
//! Invariant: reads and reports; changes nothing, and shows nothing of what secrets say.

use std::error::Error as _;
use std::fs;
use std::io;
use std::path::Path;

use crate::config::Config;
use crate::problem::{Place, Problem};
use crate::secret::{SecretSource, read_secret};

/// No certificate chain is longer.
const CERTIFICATE_BYTES_MAX: u64 = 1024 * 1024;

/// Every problem of the files that the configuration names.
pub(crate) fn files(config: &Config) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(certificate(config));
    problems.extend(secret(config, "tls.key", Some(&config.tls.key)));
    problems.extend(socket_folder(config));
    problems.extend(secret(
        config,
        "database.password_file",
        config.database.password_file.as_ref(),
    ));
    problems.extend(secret(config, "keys.root_file", Some(&config.keys.root_file)));
    problems
}

/// The configuration file itself cannot be read.
pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Problem {
    let place = Place {
        file: path.to_owned(),
        position: None,
        key: String::new(),
    };
    let advice = "make the file, name another with --config, or look at its rights";
    Problem {
        what: format!("cannot be read ({error})"),
        place,
        advice: advice.to_owned(),
    }
}

fn problem(config: &Config, key: &str, what: String, advice: &str) -> Problem {
    let place = Place {
        file: config.path.clone(),
        position: None,
        key: key.to_owned(),
    };
    Problem {
        what,
        place,
        advice: advice.to_owned(),
    }
}

fn certificate(config: &Config) -> Option<Problem> {
    let path = &config.tls.certificate;
    let shown = path.display();
    let found = fs::metadata(path).and_then(|metadata| {
        let small = metadata.is_file() && metadata.len() <= CERTIFICATE_BYTES_MAX;
        Ok(if small {
            fs::read_to_string(path)?
        } else {
            String::new()
        })
    });
    let what = match found {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => return None,
        Ok(_) => format!("{shown} holds no certificate in PEM"),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            format!("{shown} holds no certificate in PEM")
        }
        Err(error) => format!("cannot read {shown} ({error})"),
    };
    let advice = "name the file with the certificate chain, readable by the service's user";
    Some(problem(config, "tls.certificate", what, advice))
}

fn socket_folder(config: &Config) -> Option<Problem> {
    let path = &config.database.host;
    let what = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => return None,
        Ok(_) => format!("{} is no folder", path.display()),
        Err(error) => format!("cannot look into {} ({error})", path.display()),
    };
    let advice = "name the folder of PostgreSQL's unix socket, and see that PostgreSQL runs";
    Some(problem(config, "database.host", what, advice))
}

fn secret(config: &Config, key: &str, source: Option<&SecretSource>) -> Option<Problem> {
    let source = source?;
    // Outside the unit nobody can look; that is no fault of the configuration.
    if matches!(source, SecretSource::Credential { folder: None, .. }) {
        return None;
    }
    let error = read_secret(source).err()?;
    let cause = error
        .source()
        .map(|cause| format!(" ({cause})"))
        .unwrap_or_default();
    let text = error.to_string();
    let (what, advice) = text.split_once("; ").unwrap_or((&text, "look at the file"));
    Some(problem(config, key, format!("{what}{cause}"), advice))
}
