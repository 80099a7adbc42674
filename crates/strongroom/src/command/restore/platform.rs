//! `strongroom restore platform`

use super::{Common, Moment};
use crate::{
    backup::{
        PATIENT, Site,
        going_back::{self, Done},
    },
    command::backup::settings,
    failure::{CommandError, Exit},
    output,
};
use jiff::Timestamp;
use platform::revival::Outlook;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub(in crate::command) struct Platform {
    #[command(flatten)]
    moment: Moment,
    /// Take the last restore back, or end one that was cut off: what was there before is there again
    #[arg(long, conflicts_with_all = ["to", "ago"])]
    undo: bool,
    /// Let go of what was there before the last restore; there is no way back then
    #[arg(long, conflicts_with_all = ["to", "ago", "undo", "confirm"])]
    forget: bool,
    /// Carry it out: the appliance's name, as in its address. Without this it is only shown
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,
}

impl Platform {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let site = Site::of_enabled(&settings(common), PATIENT)?;
        if self.forget {
            let folder = going_back::forget(&site)?;
            output::talk(&format!("{} is gone", folder.display()));
            return Ok(());
        }
        if self.undo {
            return self.take_back(common, &site);
        }
        let moment = self.moment.of(Timestamp::now())?.ok_or_else(|| {
            CommandError::said(Exit::Usage, "say where to: --to TIME, --ago DURATION, or --undo")
        })?;
        let planned = going_back::plan(site, moment)?;
        match &self.confirm {
            None => preview(common, &planned.outlook, &planned.name, moment),
            Some(typed) => {
                talk(&planned.outlook);
                show_done(common, &going_back::carry_out(planned.confirm(typed)?)?)
            }
        }
    }
}

impl Platform {
    /// The work of everybody since the last restore goes with it, so it is shown and confirmed as that was.
    fn take_back(&self, common: &Common, site: &Site) -> Result<(), CommandError> {
        if let Some((outlook, since, name)) = going_back::plan_undo(site)? {
            match &self.confirm {
                None => return preview(common, &outlook, &name, since),
                Some(typed) if typed.trim() != name => {
                    let text = format!("type {name} to take the last restore back");
                    return Err(CommandError::said(Exit::Usage, text));
                }
                Some(_) => talk(&outlook),
            }
        }
        show_done(common, &going_back::undo(site)?)
    }
}

fn preview(common: &Common, outlook: &Outlook, name: &str, moment: Timestamp) -> Result<(), CommandError> {
    talk(outlook);
    let rows = outlook.lost.iter().map(|lost| {
        let fate = if lost.is_gone {
            "made since, and gone"
        } else {
            "goes back"
        };
        vec![
            lost.organization.clone(),
            lost.entries.to_string(),
            fate.to_owned(),
        ]
    });
    let lost: Vec<_> = outlook
        .lost
        .iter()
        .map(|lost| json!({"organization": lost.organization, "entries": lost.entries, "is_gone": lost.is_gone}))
        .collect();
    let json = json!({
        "moment": moment,
        "carried_out": false,
        "confirm": name,
        "organizations": lost,
        "appliance_entries": outlook.appliance_entries,
        "deleted_again": outlook.carried_over.deleted.len(),
        "erased_again": outlook.carried_over.erased.len(),
    });
    common.format().list(
        &["organization", "acts that are lost", "fate"],
        rows.collect(),
        &json,
    )?;
    output::talk(&format!(
        "nothing was changed; the same with `--confirm {}` carries it out. Nobody can work while it runs; to take back one \
         organization alone, see `strongroom restore organization`",
        name
    ));
    Ok(())
}

fn talk(outlook: &Outlook) {
    let carried = &outlook.carried_over;
    output::talk(
        "accounts, passwords, second factors, members and roles become what they were then: whoever was dismissed, narrowed or robbed of a \
         password since is as before, until you bar them again (`strongroom account disable`)",
    );
    if !carried.holds.is_empty() {
        output::talk(&format!(
            "{} legal holds were placed since, and are placed again",
            carried.holds.len()
        ));
    }
    if !carried.deleted.is_empty() {
        let slugs: Vec<&str> = carried.deleted.iter().map(|gone| gone.slug.as_str()).collect();
        output::talk(&format!("deleted since, and deleted again: {}", slugs.join(", ")));
    }
    if !carried.erased.is_empty() {
        output::talk(&format!(
            "{} records were erased since, and are erased again",
            carried.erased.len()
        ));
    }
}

fn show_done(common: &Common, done: &Done) -> Result<(), CommandError> {
    for left in &done.repeated.left {
        output::talk(left);
    }
    if let Some(why) = &done.without_backup {
        output::talk(&format!(
            "no backup was taken of what is here now: {why}; run `strongroom backup run --full`"
        ));
    }
    let kept = done.kept.as_ref();
    let pairs = [
        ("deleted again", done.repeated.deleted.to_string()),
        ("erased again", done.repeated.erased.to_string()),
        ("lives again and must not", done.repeated.left.len().to_string()),
        ("sessions, tokens and links ended", done.ended.to_string()),
        (
            "kept for undo",
            kept.map_or_else(
                || "nothing".to_owned(),
                |(folder, until)| format!("{} until {until}", folder.display()),
            ),
        ),
    ];
    let json = json!({
        "carried_out": true,
        "deleted_again": done.repeated.deleted,
        "erased_again": done.repeated.erased,
        "left": done.repeated.left,
        "ended": done.ended,
        "kept": kept.map(|(folder, until)| json!({"folder": folder, "until": until})),
    });
    common.format().thing(&pairs, &json)
}
