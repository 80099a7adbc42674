//! The certificate in its file, and the listener as a client meets it.

use crate::{
    certificate::{Leaf, load},
    finding::Finding,
    probe::{Probe, ProbeError, Shown},
};
use config::{Config, TlsMinimum, read_secret};
use openssl::x509::X509;
use std::fs;

/// The host of the base URL; an IPv6 address without its brackets.
fn host(config: &Config) -> &str {
    config
        .listen
        .base_url
        .host_str()
        .unwrap_or("localhost")
        .trim_matches(['[', ']'])
}

pub(super) fn certificate(config: &Config) -> Vec<Finding> {
    const CHECK: &str = "certificate";
    let path = &config.tls.certificate;
    let chain = match fs::read(path) {
        Ok(chain) => chain,
        Err(error) => {
            let what = format!("cannot read {} ({error})", path.display());
            return vec![Finding::fault(
                CHECK,
                what,
                "put the certificate back, or run this as root",
            )];
        }
    };
    let key = match read_secret(&config.tls.key) {
        Ok(key) => key,
        Err(error) => {
            return vec![Finding::could_not_look(
                CHECK,
                error.to_string(),
                "run this as root",
            )];
        }
    };
    match load(&chain, key.expose().as_bytes()) {
        Ok(leaf) => look(&leaf, host(config)),
        Err(what) => vec![Finding::fault(CHECK, what, "put both files back in PEM")],
    }
}

fn look(leaf: &Leaf, host: &str) -> Vec<Finding> {
    match leaf
        .faults(host)
        .and_then(|faults| Ok((faults, (leaf.days_left()?, leaf.is_due()?))))
    {
        Ok((faults, left)) => judge(faults, left, host),
        Err(error) => vec![Finding::could_not_look(
            "certificate",
            error.to_string(),
            "look with `openssl x509`",
        )],
    }
}

fn judge(faults: Vec<(String, &'static str)>, (days, is_due): (i32, bool), host: &str) -> Vec<Finding> {
    const CHECK: &str = "certificate";
    if !faults.is_empty() {
        let finding = |(what, advice): (String, &'static str)| Finding::fault(CHECK, what, advice);
        return faults.into_iter().map(finding).collect();
    }
    let what = format!("for {host}, {days} days left");
    let renew = "run `strongroom certificate renew`, which says what stands in its way; one that was made elsewhere is \
                 renewed there";
    vec![if is_due {
        Finding::warning(CHECK, what, renew)
    } else {
        Finding::ok(CHECK, what)
    }]
}

pub(super) fn check(config: &Config) -> Vec<Finding> {
    const CHECK: &str = "listener";
    // Where set-up puts the certificate of our own authority.
    let authority = config.tls.certificate.with_file_name("authority.pem");
    let probe = Probe::of_listener(config.listen.https, host(config), Some(&authority));
    let seen = probe.look().and_then(|shown| {
        let old = config.tls.minimum == TlsMinimum::Tls13 && probe.speaks_old()?;
        Ok((shown, old, probe.status_of("/api/v1/health")?))
    });
    match seen {
        Ok((shown, old, status)) => judge_listener(is_configured(config, &shown), &shown, old, status),
        Err(error @ ProbeError::Away { .. }) => vec![Finding::fault(
            CHECK,
            error.to_string(),
            "look at `systemctl status strongroom` and `journalctl -u strongroom`",
        )],
        Err(error @ ProbeError::Refused { .. }) => vec![Finding::fault(
            CHECK,
            format!("{error} with TLS 1.3"),
            "another program may have the port; `ss -ltnp` names it",
        )],
        Err(error @ ProbeError::Crypto(_)) => {
            vec![Finding::could_not_look(
                CHECK,
                error.to_string(),
                "look at the installation of OpenSSL",
            )]
        }
    }
}

fn judge_listener(is_configured: bool, shown: &Shown, speaks_old: bool, status: Option<u16>) -> Vec<Finding> {
    const CHECK: &str = "listener";
    let mut findings = Vec::new();
    if speaks_old {
        let advice = "set tls.minimum = \"1.3\"; if it is set, another program has the port";
        findings.push(Finding::fault(CHECK, "TLS 1.2 or older is spoken", advice));
    }
    if status != Some(200) {
        let status = status.map_or_else(|| "no HTTP".to_owned(), |status| status.to_string());
        let what = format!("/api/v1/health answers {status}, not 200");
        findings.push(Finding::fault(CHECK, what, "look at `journalctl -u strongroom`"));
    }
    if !is_configured {
        let what = "another certificate is shown than the one in the file";
        findings.push(Finding::warning(
            CHECK,
            what,
            "run `systemctl restart strongroom`",
        ));
    }
    if let Some(why) = &shown.mistrust {
        let what = format!("a client on this machine does not trust the certificate: {why}");
        let advice = "give clients the certificate of its issuer (/usr/local/share/ca-certificates, update-ca-certificates)";
        findings.push(Finding::warning(CHECK, what, advice));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            CHECK,
            format!("{} with {}, trusted", shown.protocol, shown.suite),
        ));
    }
    findings
}

fn is_configured(config: &Config, shown: &Shown) -> bool {
    let file = fs::read(&config.tls.certificate)
        .ok()
        .and_then(|pem| X509::from_pem(&pem).ok());
    let der = |leaf: Option<&X509>| leaf.and_then(|leaf| leaf.to_der().ok());
    der(file.as_ref()).is_some_and(|file| Some(file) == der(shown.leaf.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;

    #[test]
    fn a_certificate_that_ends_soon_is_a_warning_and_one_with_a_fault_a_fault() {
        let level = |faults, left| judge(faults, left, "a.example")[0].level;
        assert_eq!(level(Vec::new(), (200, false)), Level::Ok);
        assert_eq!(level(Vec::new(), (29, true)), Level::Warning);
        assert_eq!(
            level(vec![("expired".to_owned(), "get another")], (200, false)),
            Level::Fault
        );
    }

    #[test]
    fn old_tls_an_ill_answer_another_certificate_and_mistrust_are_told() {
        let level = |is_configured, old, status, mistrust: Option<&str>| {
            let shown = Shown {
                protocol: "TLSv1.3".to_owned(),
                suite: "TLS_AES_256_GCM_SHA384".to_owned(),
                leaf: None,
                mistrust: mistrust.map(str::to_owned),
            };
            judge_listener(is_configured, &shown, old, status)[0].level
        };
        assert_eq!(level(true, false, Some(200), None), Level::Ok);
        assert_eq!(level(true, true, Some(200), None), Level::Fault);
        assert_eq!(level(true, false, Some(503), None), Level::Fault);
        assert_eq!(level(true, false, None, None), Level::Fault);
        assert_eq!(level(false, false, Some(200), None), Level::Warning);
        assert_eq!(level(true, false, Some(200), Some("self-signed")), Level::Warning);
    }
}
