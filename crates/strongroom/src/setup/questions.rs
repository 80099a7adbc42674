//! The questions of an interactive set-up, each with a default, asked again until the answer can be.

use super::answers::{
    Answers, Written, WrittenBackup, WrittenCertificate, WrittenDatabase, WrittenFirewall,
    WrittenOrganization, WrittenServer, WrittenServices, WrittenUpdates,
    audit::WrittenAudit,
    sources::{WrittenDirectory, WrittenMail, WrittenProvider},
    webhook::WrittenWebhook,
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
    let certificate = certificate(input)?;
    let organization = organization(input)?;
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
        directory: directory(input)?,
        provider: provider(input)?,
        mail: mail(input)?,
        webhook: webhook(input)?,
        // Named by who answers in a file: it needs an authority's certificate, and can be set at any time.
        forwarding: None,
        server,
        firewall,
        backup: backup(input)?,
        audit: audit(input)?,
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

/// The questions about the server's certificate.
fn certificate(input: &mut impl BufRead) -> Result<WrittenCertificate, CommandError> {
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
    Ok(certificate)
}

/// The questions about the first organization and its owner.
fn organization(input: &mut impl BufRead) -> Result<WrittenOrganization, CommandError> {
    let name = question(input, "Name of the first organization", None)?;
    let slug = question(input, "Its name in addresses", Some(&slug_of(&name)))?;
    Ok(WrittenOrganization {
        slug,
        name: Some(name),
        owner_name: Some(question(input, "Name of its first owner", None)?),
        owner_email: question(input, "E-mail address of the owner", None)?,
        owner_password_file: None,
        owner_operates: Some(yes_or_no(
            input,
            "Is the owner to look after the appliance in the browser, as an operator: yes or no",
            "yes",
        )?),
        owner_factor: Some(yes_or_no(
            input,
            "Set an authenticator app up for the owner now (operators need one): yes or no",
            "yes",
        )?),
    })
}

/// The questions about a directory, none of which is asked where there is none.
fn directory(input: &mut impl BufRead) -> Result<Option<WrittenDirectory>, CommandError> {
    let text =
        "Servers of an LDAP directory that people sign in by, with blanks between; nothing to leave it out";
    let servers = question(input, text, Some(""))?;
    if servers.is_empty() {
        return Ok(None);
    }
    let product = "What it is: active-directory, samba, openldap or freeipa";
    let authorities = "File with its authority's certificate; nothing for the machine's";
    Ok(Some(WrittenDirectory {
        servers: servers.split_whitespace().map(str::to_owned).collect(),
        product: question(input, product, Some("active-directory"))?,
        service_account: question(input, "Service account that reads people and groups", None)?,
        base: question(input, "Below which name people and groups are", None)?,
        authorities: optional(input, authorities)?.map(Into::into),
        ..WrittenDirectory::default()
    }))
}

/// The questions about a provider.
fn provider(input: &mut impl BufRead) -> Result<Option<WrittenProvider>, CommandError> {
    let text = "Issuer of an OpenID provider that people sign in by; nothing to leave it out";
    let issuer = question(input, text, Some(""))?;
    if issuer.is_empty() {
        return Ok(None);
    }
    let domain = "The only domain whose people come in (Google needs it); nothing for all";
    let secret = "File with our secret there; nothing where it gave none";
    Ok(Some(WrittenProvider {
        issuer,
        kind: Some(question(
            input,
            "Kind: standard, google or entra",
            Some("standard"),
        )?),
        client_id: question(input, "Our client id there", None)?,
        hosted_domain: optional(input, domain)?,
        secret_file: optional(input, secret)?.map(Into::into),
        ..WrittenProvider::default()
    }))
}

/// The questions about mail.
fn mail(input: &mut impl BufRead) -> Result<Option<WrittenMail>, CommandError> {
    let host = question(input, "Server that sends mail; nothing to leave it out", Some(""))?;
    if host.is_empty() {
        return Ok(None);
    }
    let account = optional(input, "Our account there; nothing where it asks for none")?;
    let password_file = match account {
        Some(_) => Some(question(input, "File with its password", None)?.into()),
        None => None,
    };
    Ok(Some(WrittenMail {
        host,
        security: Some(question(input, "Encryption: tls or starttls", Some("tls"))?),
        account,
        password_file,
        from: question(input, "Address that letters are from", None)?,
        ..WrittenMail::default()
    }))
}

/// The questions about a program that is told of alerts.
fn webhook(input: &mut impl BufRead) -> Result<Option<WrittenWebhook>, CommandError> {
    let text = "Address of a program that alerts about backups go to, beside mail; nothing to leave it out";
    let Some(url) = optional(input, text)? else {
        return Ok(None);
    };
    Ok(Some(WrittenWebhook {
        url,
        secret_file: Some(question(input, "File with the secret that it knows too", None)?.into()),
        ..WrittenWebhook::default()
    }))
}

/// The questions about backups.
fn backup(input: &mut impl BufRead) -> Result<WrittenBackup, CommandError> {
    if !yes_or_no(input, "Back up every night, encrypted: yes or no", "yes")? {
        return Ok(WrittenBackup::default());
    }
    let second = "Folder on another disk or machine for a second copy; nothing to name one later";
    let kit = "File for the recovery kit, on a disk that leaves this machine; nothing to make it later";
    Ok(WrittenBackup {
        enable: Some(true),
        second: optional(input, second)?,
        kit: optional(input, kit)?.map(Into::into),
        ..WrittenBackup::default()
    })
}

/// The questions about the audit log's auditor.
fn audit(input: &mut impl BufRead) -> Result<WrittenAudit, CommandError> {
    let kit = "Folder for the auditor's kit, on a disk that leaves this machine; nothing to write it later";
    let key =
        "Key of a witness on another host (`strongroom witness make` prints it); nothing where there is none";
    let note = "Whom the note of the day goes to by mail, with blanks between; nothing for nobody";
    Ok(WrittenAudit {
        kit: optional(input, kit)?.map(Into::into),
        witness_key: optional(input, key)?,
        note_to: optional(input, note)?
            .iter()
            .flat_map(|text| text.split_whitespace())
            .map(str::to_owned)
            .collect(),
        ..WrittenAudit::default()
    })
}

/// A question that Enter leaves out.
fn optional(input: &mut impl BufRead, text: &str) -> Result<Option<String>, CommandError> {
    let answer = question(input, text, Some(""))?;
    Ok(Some(answer).filter(|answer| !answer.is_empty()))
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
        let typed = "records.example.org\n\n\n\n\nHarbour Analytics & Co\n\nOlga\nolga@example.org\nno\n\n\nperhaps\ny\n\n\n\n\n\n\n/media/kit\n/media/auditor\n\nann@example.org bob@example.org\n";
        let answers = Answers::check(answers(typed).unwrap()).unwrap();
        assert_eq!(answers.base_url(), "https://records.example.org");
        assert_eq!(answers.organization.slug, "harbour-analytics-co");
        assert_eq!(answers.server.http, None);
        assert!(answers.firewall.apply);
        assert!(!answers.organization.owner_operates && answers.organization.owner_factor);
        assert_eq!(
            answers.backup.kit.as_deref(),
            Some(std::path::Path::new("/media/kit"))
        );
        assert_eq!(answers.audit.kit, Some("/media/auditor".into()));
        assert_eq!(answers.audit.note_to, ["ann@example.org", "bob@example.org"]);
        assert!(answers.directory.is_none() && answers.provider.is_none() && answers.mail.is_none());
    }

    #[test]
    fn a_directory_a_provider_mail_and_a_webhook_are_asked_for_when_they_are_wanted() {
        let typed = "records.example.org\n\n\n\nHarbour\n\nOlga\nolga@example.org\n\n\n\n\n\
            dc1.example.org dc2.example.org\n\napp@example.org\ndc=example,dc=org\n\n\
            https://login.example.org\n\nus\n\n\n\
            post.example.org\n\n\nus@example.org\n\
            https://alerts.example.org/strongroom\n/root/webhook-secret\n\
            no\n\n\n\n";
        let answers = Answers::check(answers(typed).unwrap()).unwrap();
        assert_eq!(answers.directory.unwrap().settings.servers.len(), 2);
        assert_eq!(answers.provider.unwrap().issuer, "https://login.example.org");
        assert_eq!(answers.mail.unwrap().settings.port, 465);
        assert_eq!(
            answers.webhook.unwrap().settings.target().unwrap(),
            "alerts.example.org:443"
        );
    }

    #[test]
    fn a_terminal_that_goes_away_ends_the_questions() {
        let error = answers("records.example.org\n").err().unwrap();
        assert!(error.contains("nothing was changed"), "{error}");
    }
}
