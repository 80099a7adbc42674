//! The machine: versions, units, the doctor's findings, the journal of our own units.

use super::{
    Page,
    safe::{Redactor, Safe},
};
use crate::{
    finding::{Finding, Level},
    setup::step::services::UNITS,
};
use ::host::{
    journal::{self, Line},
    machine::Machine,
    postgresql,
    release::Release,
    unit,
};
use jiff::Timestamp;

/// The newest lines say what is wrong now; more would not fit into what a program may say.
const LINES_MAX: u32 = 2_000;
const JOURNAL: (&str, &str) = ("journal.txt", "what our own units said last, newest first");

pub(super) fn versions(redactor: &Redactor) -> Page {
    let mut page = Page::new("versions.txt", "which program runs on what");
    page.fact("strongroom", Safe::known(env!("CARGO_PKG_VERSION")));
    let machine = Machine::of_process();
    page.fact("machine", redactor.host(&machine.name));
    page.fact("kernel", redactor.text(&machine.kernel));
    page.fact(
        "processors",
        Safe::number(i64::try_from(machine.processors).unwrap_or(0)),
    );
    match machine.memory_bytes {
        Some(bytes) => page.fact("memory in bytes", Safe::number(bytes)),
        None => page.fact("memory in bytes", Safe::known("unknown")),
    }
    match Release::of_machine() {
        Some(release) => {
            let version = release.version.as_deref().unwrap_or("none");
            page.fact(
                "system",
                Safe::joined([redactor.text(&release.id), redactor.text(version)], " "),
            );
        }
        None => page.fact("system", Safe::known("unknown")),
    }
    match postgresql::clusters() {
        Ok(clusters) => {
            for cluster in clusters {
                page.line([
                    Safe::known("postgresql cluster"),
                    Safe::number(cluster.version),
                    redactor.text(&cluster.name),
                    Safe::known("port"),
                    Safe::number(cluster.port),
                    Safe::known("runs:"),
                    Safe::flag(cluster.is_running),
                ]);
            }
        }
        Err(_) => page.line([Safe::known("postgresql clusters: could not look")]),
    }
    page
}

pub(super) fn units(redactor: &Redactor) -> Page {
    let mut page = Page::new(
        "units.txt",
        "whether the daemons run, and how often they began anew",
    );
    for name in UNITS {
        match unit::look(name) {
            Ok(found) => page.line([
                Safe::known(name),
                redactor.text(&found.state),
                Safe::known("installed:"),
                Safe::flag(found.is_installed),
                Safe::known("at boot:"),
                Safe::flag(found.is_enabled),
                Safe::known("restarts:"),
                Safe::number(found.restarts),
            ]),
            Err(error) => page.line([Safe::known(name), redactor.text(&error.to_string())]),
        }
    }
    page
}

pub(super) fn findings(redactor: &Redactor, findings: &[Finding]) -> Page {
    let mut page = Page::new("doctor.txt", "what `strongroom doctor` found");
    for finding in findings {
        let level = Safe::known(match finding.level {
            Level::Ok => "ok",
            Level::CouldNotLook => "unknown",
            Level::Warning => "warning",
            Level::Fault => "fault",
        });
        let muted = Safe::known(if finding.muted.is_some() { "(muted)" } else { "" });
        page.line([
            level,
            Safe::known(finding.check),
            muted,
            redactor.text(&finding.what),
        ]);
    }
    page
}

pub(super) fn journal(redactor: &Redactor) -> Page {
    let mut page = Page::new(JOURNAL.0, JOURNAL.1);
    match journal::newest(&UNITS, LINES_MAX) {
        Ok(lines) if lines.is_empty() => page.line([Safe::known("nothing, or this account may not read it")]),
        Ok(lines) => {
            for line in &lines {
                page.line(shown(redactor, line));
            }
        }
        Err(error) => page.line([Safe::known("could not look:"), redactor.text(&error.to_string())]),
    }
    page
}

pub(super) fn no_journal(why: &'static str) -> Page {
    let mut page = Page::new(JOURNAL.0, JOURNAL.1);
    page.line([Safe::known(why)]);
    page
}

fn shown(redactor: &Redactor, line: &Line) -> [Safe; 4] {
    let at = Timestamp::from_microsecond(line.at_us);
    [
        at.map_or_else(|_| Safe::known("unknown time"), Safe::moment),
        Safe::number(line.priority),
        redactor.text(&line.unit),
        redactor.text(&line.message),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_journal_keeps_our_words_and_nothing_else() {
        let written = r#"{"__REALTIME_TIMESTAMP":"1764373521123456","_SYSTEMD_UNIT":"strongroom.service","PRIORITY":"4","MESSAGE":"WARN jobs cannot be claimed detail=kanarienvogel for vera.kanarie@corp.example from 203.0.113.9"}"#;
        let lines = journal::parse(written);
        let text = Safe::joined(shown(&Redactor::new([1; 32]), &lines[0]), " ");
        let text = text.as_str();
        assert!(
            text.contains("strongroom.service WARN jobs cannot be claimed detail=x-"),
            "{text}"
        );
        for hidden in ["kanarie", "vera", "corp", "203.0"] {
            assert!(!text.contains(hidden), "{text}");
        }
    }
}
