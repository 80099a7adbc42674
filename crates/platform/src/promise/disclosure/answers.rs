//! Answers of our own listener: the policy that browsers are given, and what the pages name. Blocking: run it on a
//! blocking thread.

use super::pages::foreign;
use crate::promise::{
    look::Look,
    tls::{Answer, Fault, answer_to, host_of},
};
use std::net::SocketAddr;

/// A page, its parts, a page that is not there, and the API.
const PATHS: [&str; 6] = [
    "/sign-in",
    "/assets/console.css",
    "/assets/console.js",
    "/assets/icons.svg",
    "/no-such-page",
    "/api/v1/health",
];
/// Headers that have a browser fetch or report something.
const TELLING: [&str; 6] = [
    "link",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "nel",
    "content-security-policy-report-only",
];
const ADVICE: &str = "let only `strongroom serve` listen there, and no proxy that changes its answers; install the package anew";

/// Gives how many answers were looked at.
pub(super) fn check(address: SocketAddr, base_url: &str, look: &mut Look) -> Result<usize, Fault> {
    for path in PATHS {
        let answer = answer_to(address, host_of(base_url), path)?;
        for what in faults(&answer, base_url) {
            look.fault(what, format!("GET {path}"), ADVICE);
        }
    }
    Ok(PATHS.len())
}

fn faults(answer: &Answer, base_url: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if answer.is_cut {
        faults.push("the answer is longer than was looked at".to_owned());
    }
    // Data for programs is nothing that a browser loads from.
    let is_data = answer.header("content-type").is_some_and(|kind| {
        kind.starts_with("application/json") || kind.starts_with("application/problem+json")
    });
    let policies = answer.headers("content-security-policy");
    if policies.is_empty() && !is_data {
        faults.push("the answer has no Content-Security-Policy".to_owned());
    }
    for policy in &policies {
        faults.extend(check_policy(policy));
    }
    for name in TELLING {
        if answer.header(name).is_some() {
            faults.push(format!("the answer has the header {name}"));
        }
    }
    // Our own address may stand in a page; it is not elsewhere.
    let body = answer.body.replace(&format!("{base_url}/"), "/");
    if let Some(found) = foreign(&body).filter(|_| !is_data) {
        faults.push(format!("the answer loads from elsewhere: {found}"));
    }
    faults
}

/// What a policy allows beyond our own server (Content Security Policy Level 3, section 2.3).
fn check_policy(policy: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut has_default = false;
    for directive in policy.split(';') {
        let mut words = directive.split_ascii_whitespace();
        let Some(name) = words.next() else { continue };
        has_default |= name.eq_ignore_ascii_case("default-src");
        let open: Vec<&str> = words
            .filter(|word| !matches!(*word, "'none'" | "'self'"))
            .collect();
        if !open.is_empty() {
            faults.push(format!("the policy's {name} lets in {}", open.join(" ")));
        }
    }
    if !has_default {
        faults.push("the policy has no default-src, so what it does not name is open".to_owned());
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_names_a_host_a_report_or_no_default_is_told() {
        assert!(check_policy("default-src 'none'; img-src 'self'; base-uri 'none'").is_empty());
        for open in [
            "default-src 'none'; img-src cdn.example.org",
            "default-src *",
            "default-src 'self'; report-uri /r",
            "default-src 'self' 'unsafe-inline'",
            "img-src 'self'",
        ] {
            assert_eq!(check_policy(open).len(), 1, "{open}");
        }
    }
}
