//! `GET /promises`: the register, as it stands for everybody who is signed in.

use crate::{
    view::{
        CellKind, Fact, Moment, Nav, PromiseCounts, PromiseSection, PromiseState, PromiseView, PromisesPage,
        TableCell,
    },
    visit::{Answer, Visit, page},
    words::{moment, sentence},
};
use jiff::Timestamp;
use promises::{Kind, Maker, RegisterLine, State};

/// The sections of the page: how promises are kept.
const SECTIONS: [(Kind, &str, &str); 3] = [
    (
        Kind::Enforced,
        "enforced",
        "Enforced: the software makes the opposite impossible",
    ),
    (
        Kind::Measured,
        "measured",
        "Measured: a figure is taken and compared with its bound",
    ),
    (
        Kind::Attested,
        "attested",
        "Attested: people keep it, and the register says who and until when",
    ),
];

/// The whole register, or the promises in one state.
pub(crate) async fn show(visit: Visit) -> Answer {
    visit.account()?;
    let lines = platform::promise::register(visit.platform(), &visit.caller).await?;
    let wanted = visit.query.text("state");
    let filter = PromiseState::ALL.into_iter().find(|state| state.name() == wanted);
    let section = |(kind, id, title): &(Kind, &str, &str)| PromiseSection {
        id: (*id).to_owned(),
        title: (*title).to_owned(),
        promises: lines
            .iter()
            .filter(|line| line.promise().kind == *kind)
            .map(view)
            .filter(|promise| filter.is_none_or(|state| state == promise.state))
            .collect(),
    };
    let sections = SECTIONS.iter().map(section);
    page(&PromisesPage {
        chrome: visit.chrome("Promises", Nav::Promises).await?,
        counts: counts(&lines),
        wall: lines
            .iter()
            .map(|line| (line.promise().id.as_str().to_owned(), state_of(line)))
            .collect(),
        filter,
        sections: sections.filter(|section| !section.promises.is_empty()).collect(),
        checked: last_checked(&lines),
    })
}

fn state_of(line: &RegisterLine) -> PromiseState {
    match line.verdict().state {
        State::Kept => PromiseState::Kept,
        State::Broken => PromiseState::Broken,
        State::Unknown => PromiseState::Unknown,
        State::Waived => PromiseState::Waived,
    }
}

fn counts(lines: &[RegisterLine]) -> PromiseCounts {
    let of = |state| {
        let count = lines.iter().filter(|line| state_of(line) == state).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    PromiseCounts {
        kept: of(PromiseState::Kept),
        broken: of(PromiseState::Broken),
        unknown: of(PromiseState::Unknown),
        waived: of(PromiseState::Waived),
    }
}

fn at(microseconds: i64) -> Option<Moment> {
    Timestamp::from_microsecond(microseconds).ok().map(moment)
}

fn last_checked(lines: &[RegisterLine]) -> Moment {
    let latest = lines.iter().filter_map(|line| line.verdict().checked_at_us).max();
    latest.and_then(at).unwrap_or_else(|| Moment {
        text: "never".to_owned(),
        iso: String::new(),
    })
}

fn view(line: &RegisterLine) -> PromiseView {
    let (promise, verdict) = (line.promise(), line.verdict());
    let fact = |label: &str, text: &str| Fact {
        label: label.to_owned(),
        cell: TableCell::new(text, CellKind::Text),
    };
    let facts = verdict.facts.iter().map(|seen| fact(&seen.name, &seen.value));
    let faults = verdict.faults.iter().map(|fault| {
        let text = format!("{}: {}. {}", fault.where_, fault.what, sentence(&fault.advice));
        fact("Fault", &text)
    });
    PromiseView {
        id: promise.id.as_str().to_owned(),
        state: state_of(line),
        kind: match promise.kind {
            Kind::Enforced => "Enforced",
            Kind::Measured => "Measured",
            Kind::Attested => "Attested",
        }
        .to_owned(),
        promise: promise.promise.clone(),
        evidence: promise.evidence.clone(),
        facts: facts.chain(faults).collect(),
        reason: Some(sentence(&verdict.reason)).filter(|_| !verdict.reason.is_empty()),
        made_by: promise
            .made_by
            .iter()
            .map(|maker| maker_name(*maker).to_owned())
            .collect(),
        checked: verdict.checked_at_us.and_then(at),
        open: false,
    }
}

fn maker_name(maker: Maker) -> &'static str {
    match maker {
        Maker::Carto => "CARTO",
        Maker::CarteFi => "CarteFi",
        Maker::ChartMogul => "ChartMogul",
        Maker::Cto => "CTO",
        Maker::Seatrobot => "Seatrobot",
        Maker::Strongroom => "Strongroom",
    }
}
