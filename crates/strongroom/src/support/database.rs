//! Figures of the database: how much, how set, how often something failed.

use super::{
    Page,
    safe::{Redactor, Safe},
};
use crate::host::block_on;
use config::Config;
use platform::{
    Caller, Platform, PlatformError,
    support::{self, Count, Figures, Names},
};

/// What was found, or why nobody could look.
pub(super) type Looked = Result<(Figures, Option<Names>), &'static str>;

pub(super) fn look(config: Option<&Config>) -> Looked {
    let config = config.ok_or("the settings cannot be read")?;
    let looked = block_on(async {
        let caller = Caller::host();
        let found = async {
            let platform = Platform::open(config).await?;
            let figures = support::figures(&platform, &caller).await?;
            Ok::<_, PlatformError>((figures, support::names(&platform, &caller).await?))
        };
        Ok(found.await?)
    });
    looked.map_err(|_| "the database or the root key does not open")
}

pub(super) fn pages(redactor: &Redactor, looked: &Looked) -> Vec<Page> {
    let mut sizes = Page::new(
        "sizes.txt",
        "how much there is: tables by size, without any content",
    );
    let mut server = Page::new(
        "postgresql.txt",
        "how PostgreSQL is set, for questions of speed and safety",
    );
    let mut failures = Page::new("failures.txt", "which jobs and requests failed, and how often");
    match looked {
        Err(why) => {
            for page in [&mut sizes, &mut server, &mut failures] {
                page.line([Safe::known("could not look:"), Safe::known(why)]);
            }
        }
        Ok((figures, _)) => {
            fill_sizes(&mut sizes, redactor, figures);
            sizes.line([Safe::known("OpenID providers by kind and state:")]);
            counts(&mut sizes, redactor, &figures.providers);
            sizes.line([Safe::known("directories by product, encryption and state:")]);
            counts(&mut sizes, redactor, &figures.directories);
            sizes.fact("mail", Safe::known(figures.mail.unwrap_or("none is set")));
            let number = |count: u64| Safe::number(i64::try_from(count).unwrap_or(i64::MAX));
            match figures.forwarding {
                None => sizes.fact("collector of logs", Safe::known("none is set")),
                Some([logs, waiting]) => {
                    sizes.fact("logs that are forwarded", number(logs));
                    sizes.fact("messages of them that wait", number(waiting));
                }
            }
            let [leaves, signed, waiting] = figures.audit.map(number);
            sizes.fact("leaves of the audit log", leaves);
            sizes.fact("of them signed", signed);
            sizes.fact("entries that wait for it", waiting);
            let trouble = match figures.audit_trouble {
                true => "refused, or out of reach",
                false => "goes together with the database",
            };
            sizes.fact("the signed log", Safe::known(trouble));
            for setting in &figures.server_settings {
                server.line([redactor.text(&setting.name), redactor.text(&setting.value)]);
            }
            failures.line([Safe::known("jobs by kind and state:")]);
            counts(&mut failures, redactor, &figures.jobs);
            failures.line([Safe::known("failed requests among the newest 100000:")]);
            counts(&mut failures, redactor, &figures.failed_requests);
        }
    }
    vec![sizes, server, failures]
}

fn fill_sizes(page: &mut Page, redactor: &Redactor, figures: &Figures) {
    page.line([Safe::known(
        "schema, table, rows as estimated (-1: never), bytes with indexes",
    )]);
    for table in &figures.tables {
        page.line([
            redactor.text(&table.schema),
            redactor.text(&table.name),
            Safe::number(table.rows),
            Safe::number(table.bytes),
        ]);
    }
    if i64::try_from(figures.tables.len()).is_ok_and(|count| count >= support::LINES_MAX) {
        page.line([Safe::known("only the largest are listed")]);
    }
}

fn counts(page: &mut Page, redactor: &Redactor, counts: &[Count]) {
    for count in counts {
        page.line([Safe::number(count.count), redactor.text(&count.what)]);
    }
    if counts.is_empty() {
        page.line([Safe::known("none")]);
    }
}
