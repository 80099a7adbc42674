//! The questions of an interactive set-up, each with a default, asked again until the answer can be.

use super::answers::{
    Answers, Written, WrittenBackup, WrittenCertificate, WrittenDatabase, WrittenFirewall,
    WrittenOrganization, WrittenServer, WrittenServices, WrittenUpdates,
};
use crate::{
    failure::{CommandError, Exit},
    output,
};
use ::host::machine::Machine;
use std::io::{self, BufRead, IsTerminal, Write};

/// Asks at the terminal for everything that has no good default.
///
/// # Errors
/// There is no terminal, or it has gone.
pub(crate) fn ask() -> Result<Answers, CommandError> {
    if !io::stdin().is_terminal() {
        let text = "there is no terminal to ask at; name an answers file with --answers";
        return Err(CommandError::said(Exit::Usage, text));
    }
    output::talk("Strongroom asks a few things; Enter takes what stands in brackets.\n");
    let mut input = io::stdin().lock();
    loop {
        match Answers::check(written(&mut input)?) {
            Ok(answers) => return Ok(answers),
            Err(what) => output::talk(&format!("\n{what}\nOnce more:\n")),
        }
    }
}

fn written(input: &mut impl BufRead) -> Result<Written, CommandError> {
    let host = Machine::of_process().name;
    let server = WrittenServer {
        name: question(input, "Name that people will type", Some(&host))?,
        https: Some(question(input, "Address and port of HTTPS", Some("[::]:443"))?),
        http: Some(question(
            input,
            "Address and port that redirect plain HTTP, such as [::]:80",
            Some(""),
        )?),
    };
    let from = question(
        input,
        "Certificate from: own-authority, files, request or acme",
        Some("own-authority"),
    )?;
    let mut certificate = WrittenCertificate {
        from: Some(from),
        ..WrittenCertificate::default()
    };
    if certificate.from.as_deref() == Some("files") {
        certificate.certificate = Some(question(input, "File with the certificate chain", None)?.into());
        certificate.key = Some(question(input, "File with its key", None)?.into());
    }
    if certificate.from.as_deref() == Some("acme") {
        let directory = "The authority's directory, such as https://ca.example.org/acme/directory";
        certificate.directory = Some(question(input, directory, None)?);
        let trust = question(
            input,
            "File with the authorities that it is trusted by; nothing for the machine's",
            Some(""),
        )?;
        certificate.trust = Some(trust).filter(|trust| !trust.is_empty()).map(Into::into);
    }
    let name = question(input, "Name of the first organization", None)?;
    let slug = question(input, "Its name in addresses", Some(&slug_of(&name)))?;
    let organization = WrittenOrganization {
        slug,
        name: Some(name),
        owner_name: Some(question(input, "Name of its first owner", None)?),
        owner_email: question(input, "E-mail address of the owner", None)?,
        owner_password_file: None,
    };
    let repository = question(
        input,
        "Repository of Strongroom's packages; nothing where updates come as bundles",
        Some(""),
    )?;
    let firewall = WrittenFirewall {
        apply: Some(yes_or_no(
            input,
            "Close every port but HTTPS and SSH: yes or no",
            "no",
        )?),
    };
    Ok(Written {
        server,
        firewall,
        backup: WrittenBackup::default(),
        certificate,
        organization,
        database: WrittenDatabase::default(),
        services: WrittenServices::default(),
        updates: WrittenUpdates {
            repository: Some(repository),
            ..WrittenUpdates::default()
        },
    })
}

/// One question; without a default it is asked until there is an answer.
fn question(input: &mut impl BufRead, text: &str, default: Option<&str>) -> Result<String, CommandError> {
    loop {
        let shown = default.filter(|default| !default.is_empty());
        let shown = shown.map_or_else(String::new, |default| format!(" [{default}]"));
        let mut stderr = io::stderr().lock();
        let asked = write!(stderr, "{text}{shown}: ").and_then(|()| stderr.flush());
        drop(stderr);
        let mut line = String::new();
        let read = asked.and_then(|()| input.read_line(&mut line));
        if read.map_err(CommandError::io("cannot ask at the terminal"))? == 0 {
            return Err(CommandError::said(
                Exit::Failed,
                "set-up was left before all was answered; nothing was changed",
            ));
        }
        match (line.trim(), default) {
            ("", Some(default)) => return Ok(default.to_owned()),
            ("", None) => {}
            (answer, _) => return Ok(answer.to_owned()),
        }
    }
}

/// A question that is asked until it is answered with one of the two.
fn yes_or_no(input: &mut impl BufRead, text: &str, default: &str) -> Result<bool, CommandError> {
    loop {
        match question(input, text, Some(default))?.to_lowercase().as_str() {
            "yes" | "y" => return Ok(true),
            "no" | "n" => return Ok(false),
            _ => {}
        }
    }
}

/// A proposal: lower-case letters, digits and single hyphens.
fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            letter if letter.is_ascii_alphanumeric() => slug.push(letter),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(text: &str) -> Result<Written, String> {
        written(&mut text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn enter_takes_the_default_and_what_has_none_is_asked_again() {
        let typed =
            "records.example.org\n\n\n\n\nHarbour Analytics & Co\n\nOlga\nolga@example.org\n\nperhaps\ny\n";
        let answers = Answers::check(answers(typed).unwrap()).unwrap();
        assert_eq!(answers.base_url(), "https://records.example.org");
        assert_eq!(answers.organization.slug, "harbour-analytics-co");
        assert_eq!(answers.server.http, None);
        assert!(answers.firewall.apply);
    }

    #[test]
    fn a_terminal_that_goes_away_ends_the_questions() {
        let error = answers("records.example.org\n").err().unwrap();
        assert!(error.contains("nothing was changed"), "{error}");
    }
}
