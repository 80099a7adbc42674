//! `strongroom restore organization`

use super::{Common, Moment};
use crate::{
    failure::{CommandError, Exit},
    host, output,
};
use jiff::Timestamp;
use platform::{
    Caller,
    restore::{self, Aside, PlannedRestore, Tally, Target},
};
use serde_json::{Value as Json, json};

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Organization {
    /// Its name in addresses
    slug: String,
    #[command(flatten)]
    moment: Moment,
    /// Take the last restore back, for every record that nobody has changed since
    #[arg(long, conflicts_with_all = ["to", "ago"])]
    undo: bool,
    /// Carry it out: the organization's name in addresses, typed again. Without this it is only shown
    #[arg(long, value_name = "SLUG")]
    confirm: Option<String>,
}

impl Organization {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let target = self.target()?;
        host::with_platform(common.config.as_deref(), async |platform, _| {
            let workspace = restore::enter(platform, &Caller::host(), &self.slug).await?;
            let planned = restore::plan(&workspace, target).await?;
            match &self.confirm {
                None => preview(common, &planned),
                Some(typed) => carry_out(common, planned, typed).await,
            }
        })
    }

    fn target(&self) -> Result<Target, CommandError> {
        match (self.moment.of(Timestamp::now())?, self.undo) {
            (Some(moment), _) => Ok(Target::Moment(moment)),
            (None, true) => Ok(Target::Undo),
            (None, false) => Err(CommandError::said(
                Exit::Usage,
                "say where to: --to TIME, --ago DURATION, or --undo",
            )),
        }
    }
}

fn preview(common: &Common, planned: &PlannedRestore) -> Result<(), CommandError> {
    talk_aside(&planned.aside);
    talk_unfit(&planned.tallies);
    let json = json!({
        "moment": planned.moment,
        "carried_out": false,
        "datasets": datasets(&planned.tallies),
        "erasures_since": planned.aside.erasures,
        "redefinitions_since": redefinitions(&planned.aside),
    });
    show(common, &planned.tallies, &json)?;
    output::talk(match planned.touched() {
        0 => "nothing differs",
        _ => "nothing was changed; the same with `--confirm` and the organization's name carries it out",
    });
    Ok(())
}

async fn carry_out(common: &Common, planned: PlannedRestore, typed: &str) -> Result<(), CommandError> {
    let moment = planned.moment;
    talk_aside(&planned.aside);
    let done = restore::carry_out(planned.confirm(typed)?).await?;
    talk_unfit(&done.tallies);
    let json = json!({
        "moment": moment,
        "carried_out": done.entry.is_some(),
        "entry": done.entry,
        "datasets": datasets(&done.tallies),
    });
    show(common, &done.tallies, &json)?;
    output::talk(match done.entry {
        Some(_) => "the same with `--undo` and `--confirm` takes it back",
        None => "nothing differed, and nothing was changed",
    });
    Ok(())
}

fn show(common: &Common, tallies: &[Tally], json: &Json) -> Result<(), CommandError> {
    let rows = tallies.iter().map(|tally| {
        let counts = [
            tally.changed,
            tally.back,
            tally.trashed,
            tally.unfit,
            tally.slipped,
        ];
        std::iter::once(tally.dataset.clone())
            .chain(counts.iter().map(u64::to_string))
            .collect()
    });
    let headers = [
        "dataset",
        "values of then",
        "out of the trash",
        "into the trash",
        "fit no more",
        "changed meanwhile",
    ];
    common.format().list(&headers, rows.collect(), json)
}

fn talk_aside(aside: &Aside) {
    if aside.erasures > 0 {
        output::talk(&format!(
            "{} acts have erased something since then; what they erased does not come back",
            aside.erasures
        ));
    }
    for one in &aside.redefinitions {
        output::talk(&format!(
            "{} was defined anew at {} ({}); its definition stays as it is now, and values of removed fields do not come back",
            one.dataset, one.at, one.action
        ));
    }
}

fn talk_unfit(tallies: &[Tally]) {
    for tally in tallies.iter().filter(|tally| tally.unfit > 0) {
        output::talk(&format!(
            "{} records of {} stay as they are, because their values of then fit no more",
            tally.unfit, tally.dataset
        ));
        for unfit in &tally.told {
            output::talk(&format!("  {}: {}", unfit.record, unfit.why));
        }
    }
}

fn datasets(tallies: &[Tally]) -> Vec<Json> {
    let one = |tally: &Tally| {
        let told = tally.told.iter();
        let told: Vec<Json> = told
            .map(|unfit| json!({"record": unfit.record, "why": unfit.why}))
            .collect();
        json!({
            "dataset": tally.dataset,
            "changed": tally.changed,
            "back": tally.back,
            "trashed": tally.trashed,
            "unfit": tally.unfit,
            "slipped": tally.slipped,
            "told": told,
        })
    };
    tallies.iter().map(one).collect()
}

fn redefinitions(aside: &Aside) -> Vec<Json> {
    let one =
        |one: &restore::Redefinition| json!({"dataset": one.dataset, "action": one.action, "at": one.at});
    aside.redefinitions.iter().map(one).collect()
}
