//! The report, for people and for programs, on standard output.
//!
//! Invariant: nothing else in this crate writes there. A report that could not be written was not given: the program
//! then cannot tell.

use crate::arguments::Arguments;
use audit::export::Scope;
use audit::verify::{Explanation, Fault, Lost, Report, Verdict, uuid};
use clap::CommandFactory;
use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// For people: the verdict first, then each side, then what it is about.
pub(crate) fn text(report: &Report) -> bool {
    let mut text = String::new();
    let heading = match (report.holds(), report.is_broken()) {
        (true, _) => "VERIFIED",
        (false, true) => "FALSE",
        (false, false) => "CANNOT TELL",
    };
    let _ = writeln!(text, "{heading}");
    side(
        &mut text,
        "integrity",
        &report.integrity,
        "what is shown is what was committed to",
    );
    side(&mut text, "completeness", &report.completeness, &complete(report));
    for (name, value) in facts(report).into_iter().chain(explained(report)) {
        let _ = writeln!(text, "  {name:<13} {value}");
    }
    print(&text)
}

/// For programs.
pub(crate) fn json(report: &Report) -> bool {
    let counts = report.counts.clone();
    let trusted = report.trusted.as_ref();
    let value = json!({
        "verdict": match (report.holds(), report.is_broken()) {
            (true, _) => "verified",
            (false, true) => "false",
            (false, false) => "unknown",
        },
        "integrity": verdict(&report.integrity),
        "completeness": verdict(&report.completeness),
        "scope": scope(report),
        "last_sequence": report.shown.last_sequence,
        "first_leaf_ms": report.shown.times_ms.map(|(first, _)| first),
        "last_leaf_ms": report.shown.times_ms.map(|(_, last)| last),
        "continues": report.continues,
        "receipt_leaf": report.receipt,
        "explained": json!({
            "restores_and_organizations": report.explained.wide.iter().map(explanation).collect::<Vec<_>>(),
            "restores_and_organizations_count": report.explained.wide_count,
            "records": report.explained.records.iter().map(explanation).collect::<Vec<_>>(),
            "records_count": report.explained.record_count,
            "openings_explained_by_others": report.explained.hidden,
        }),
        "checkpoint": trusted.map(|trusted| json!({
            "origin": trusted.checkpoint.origin.as_str(),
            "size": trusted.checkpoint.size,
            "root": trusted.checkpoint.root.to_string(),
            "witnesses": trusted.witnesses.iter()
                .map(|(name, time_s)| json!({"name": name, "time_s": time_s}))
                .collect::<Vec<_>>(),
            "unknown_signatures": trusted.unknown.iter().map(|name| name.as_str()).collect::<Vec<_>>(),
        })),
        "counts": {
            "leaves": counts.leaves,
            "hidden": counts.hidden,
            "headers": counts.headers,
            "images": counts.images,
            "gone": counts.gone,
            "heartbeats": counts.heartbeats,
            "organizations": counts.organizations,
            "open_transactions": counts.open_transactions,
        },
    });
    print(&format!("{value:#}\n"))
}

/// The manual page, for `man`.
pub(crate) fn manual() -> ExitCode {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(Arguments::command()).render(&mut page);
    if rendered.is_ok() && io::stdout().lock().write_all(&page).is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(crate::CANNOT_TELL)
    }
}

/// Why nothing was verified, with its causes.
pub(crate) fn failure(error: &dyn Error) {
    // That nobody may be there to read it changes nothing: the exit code says it.
    let _ = writeln!(io::stderr().lock(), "error: {}", chain(error));
}

/// An error with its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}");
        cause = error.source();
    }
    text
}

pub(crate) fn print(text: &str) -> bool {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
        .is_ok()
}

fn side(text: &mut String, name: &str, verdict: &Verdict, holds: &str) {
    let _ = match verdict {
        Verdict::Holds => writeln!(text, "  {name:<13} holds: {holds}"),
        Verdict::Unknown(reason) => writeln!(text, "  {name:<13} unknown: {reason}"),
        Verdict::Broken(faults, count) => {
            let _ = writeln!(text, "  {name:<13} BROKEN, first at:");
            for fault in faults {
                let _ = writeln!(text, "                {fault}");
            }
            let more = count.saturating_sub(faults.len() as u64);
            if more > 0 {
                writeln!(text, "                and {more} more")
            } else {
                Ok(())
            }
        }
    };
}

fn complete(report: &Report) -> String {
    match report.shown.last_sequence {
        Some(last) if report.receipt.is_some() => {
            format!("all entries of the organization up to number {last} are shown, the receipt's among them")
        }
        Some(last) => {
            format!(
                "all entries of the organization up to number {last} are shown, and link; give a receipt as --receipt: \
                 its index and leaf hash are to be those of the export, the number alone is not enough"
            )
        }
        None => "all entries are shown".to_owned(),
    }
}

/// What the report is about, in lines.
fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let counts = &report.counts;
    let mut facts = Vec::new();
    if let Some(trusted) = &report.trusted {
        let checkpoint = &trusted.checkpoint;
        facts.push((
            "log",
            format!("{}, {} leaves", checkpoint.origin, checkpoint.size),
        ));
        facts.push(("root", checkpoint.root.to_string()));
        for (name, time_s) in &trusted.witnesses {
            facts.push(("witness", format!("{name}, at {}", second(*time_s))));
        }
        for name in &trusted.unknown {
            facts.push((
                "ignored",
                format!("a signature of {name}, a key that the policy does not name"),
            ));
        }
    }
    if let Some(size) = report.continues {
        facts.push(("continues", format!("the earlier checkpoint of {size} leaves")));
    }
    if let Some(index) = report.receipt {
        facts.push(("receipt", format!("compared with leaf {index}")));
    }
    facts.push((
        "shown",
        format!(
            "{} leaves ({} heartbeats), {} headers, {} images; {} gone and explained",
            counts.leaves, counts.heartbeats, counts.headers, counts.images, counts.gone
        ),
    ));
    if counts.hidden > 0 {
        facts.push(("not shown", format!("{} leaves of others", counts.hidden)));
    }
    if let Some((first, last)) = report.shown.times_ms {
        facts.push(("from", second(first / 1_000)));
        facts.push(("to", second(last / 1_000)));
    }
    if counts.open_transactions > 0 {
        let open = counts.open_transactions;
        facts.push((
            "open",
            format!("{open} transactions, whose rest may stand after the checkpoint"),
        ));
    }
    facts
}

/// Why what is gone is gone: each restore and deleted organization, and the records together.
fn explained(report: &Report) -> Vec<(&'static str, String)> {
    let explained = &report.explained;
    let of = |tag: Option<[u8; 16]>| tag.map_or("everybody".to_owned(), |tag| format!("tag {}", uuid(&tag)));
    let mut lines = Vec::new();
    for Explanation {
        leaf,
        lost,
        tag,
        openings,
    } in &explained.wide
    {
        let what = match lost {
            Lost::Leaves { first, last } => format!("a restore that lost leaves {first} to {last}"),
            Lost::Organization(id) => format!("the deletion of organization {}", uuid(id)),
            Lost::Record(id) => format!("the erasure of record {}", uuid(id)),
        };
        let line = format!(
            "leaf {leaf}, {what}, explains {openings} openings of {}",
            of(*tag)
        );
        lines.push(("explained", line));
    }
    let more = explained.wide_count.saturating_sub(explained.wide.len() as u64);
    if more > 0 {
        lines.push((
            "explained",
            format!("{more} more restores and deletions of organizations"),
        ));
    }
    if explained.record_count > 0 {
        let line = format!(
            "{} erasures of records; --json names them",
            explained.record_count
        );
        lines.push(("explained", line));
    }
    if explained.hidden > 0 {
        let line = format!(
            "{} openings, whose explanation is said to be a leaf of others",
            explained.hidden
        );
        lines.push(("not explained", line));
    }
    lines
}

fn explanation(explanation: &Explanation) -> Value {
    let (object, id) = match explanation.lost {
        Lost::Record(id) => ("record", uuid(&id)),
        Lost::Organization(id) => ("organization", uuid(&id)),
        Lost::Leaves { first, last } => ("log", format!("{first}-{last}")),
    };
    json!({
        "leaf": explanation.leaf,
        "object": object,
        "id": id,
        "tag": explanation.tag.map(|tag| uuid(&tag)),
        "openings": explanation.openings,
    })
}

/// A time in seconds since 1970 as people read it, UTC.
pub(crate) fn second(time_s: u64) -> String {
    let time = i64::try_from(time_s)
        .ok()
        .and_then(|time| jiff::Timestamp::from_second(time).ok());
    time.map_or_else(|| format!("{time_s} s after 1970"), |time| time.to_string())
}

fn scope(report: &Report) -> Value {
    match report.shown.scope {
        None => Value::Null,
        Some(Scope::Whole) => json!("whole"),
        Some(Scope::Organization(tag)) => json!(uuid(&tag)),
    }
}

fn verdict(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Holds => json!({"verdict": "holds"}),
        Verdict::Unknown(reason) => json!({"verdict": "unknown", "reason": reason}),
        Verdict::Broken(faults, count) => json!({
            "verdict": "broken",
            "count": count,
            "faults": faults.iter().map(fault).collect::<Vec<_>>(),
        }),
    }
}

fn fault(fault: &Fault) -> Value {
    json!({
        "code": fault.kind.code(),
        "leaf": fault.index,
        "entry": fault.entry.map(|entry| uuid(&entry)),
        "record": fault.record.map(|record| uuid(&record)),
        "message": fault.to_string(),
    })
}
