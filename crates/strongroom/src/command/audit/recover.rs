//! `strongroom audit recover`

use super::{
    super::{Common, database::Admin},
    give,
};
use crate::{
    failure::CommandError,
    host,
    output::{Format, talk},
};
use clap::Args;
use platform::{
    Caller,
    ledger::{self, Plan},
};
use serde_json::json;

#[derive(Debug, Args)]
pub(in crate::command) struct Recover {
    #[command(flatten)]
    admin: Admin,
    /// What the command shows when it is called without this
    #[arg(long, value_name = "WORDS")]
    confirm: Option<String>,
}

impl Recover {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        host::with_platform(common.config.as_deref(), async |platform, config| {
            let caller = Caller::host();
            let Some(confirmation) = &self.confirm else {
                let plan = ledger::plan(platform, &caller).await?;
                return tell_plan(plan, common.format());
            };
            let (admin, name) = (self.admin.access(config)?, &config.database.name);
            let done = ledger::recover(platform, &caller, &admin, name, confirmation).await?;
            talk("done; start strongroom-worker.service, and run `strongroom audit check`");
            give(
                common.format(),
                &described(done),
                &json!({"done": done.confirmation()}),
            )
        })
    }
}

fn tell_plan(plan: Option<Plan>, format: Format) -> Result<(), CommandError> {
    let Some(plan) = plan else {
        talk("nothing is wrong with the log that this would mend");
        return give(format, "", &json!({"plan": null}));
    };
    let confirmation = plan.confirmation();
    talk(&format!(
        "stop strongroom-worker.service, keep a copy of the folder, and run this again with --confirm {confirmation}"
    ));
    give(format, &described(plan), &json!({"plan": confirmation}))
}

fn described(plan: Plan) -> String {
    match plan {
        Plan::Return { database, signed } => format!(
            "leaves {database} to {} were signed and are not in the database, which was set back; they come back out of the tiles, and the \
             check takes their entries as lost by the restore",
            signed.saturating_sub(1)
        ),
        Plan::Remember { size } => {
            format!("what was signed last is taken from the checkpoint of {size} leaves in the folder")
        }
        Plan::BeginAgain { database } => format!(
            "the tiles of all {database} leaves are made anew out of the database, and signed; compare the checkpoint with one that was kept \
             elsewhere"
        ),
        Plan::Resign { size } => format!(
            "the database was set back to before the log's key was exchanged: the checkpoint of {size} leaves is signed once more with the \
             key of before. Confirm only what you know to be a restore: whoever writes in the database can write an old key back. \
             Look with this command again afterwards, then exchange the key again and hand the policy to witnesses and auditors anew"
        ),
    }
}
