//! `strongroom organization hold`: through the API for owners, or on the host for whoever runs the appliance.

use super::Common;
use crate::{
    client::{
        Client, Connection,
        show::{items, member},
    },
    failure::CommandError,
    host, output,
};
use clap::{Args, Subcommand};
use platform::{
    Caller,
    hold::{self, Hold, NewHold},
};
use serde_json::{Value as Json, json};
use types::{AccountId, HoldId};

#[derive(Debug, Args)]
pub(in crate::command) struct Holds {
    #[command(subcommand)]
    act: Act,
    /// Do it on this host, without a token, for the organization of that name; what is placed so is lifted only so
    #[arg(long, global = true, value_name = "SLUG", conflicts_with_all = ["url", "token_file", "organization"])]
    on_host: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List holds, those in force first
    List,
    /// Place a hold: nothing of the organization is deleted or expires until it is lifted
    Place(Place),
    /// Lift a hold
    Lift {
        /// Its id
        hold: HoldId,
        /// Why, in a sentence
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Args)]
struct Place {
    /// Why, in a sentence
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// On whose order: a court, an investigator
    #[arg(long, value_name = "NAME")]
    person: String,
    /// The member who is looked into, if it is one: they cannot lift it
    #[arg(long, value_name = "ACCOUNT")]
    concerns: Option<AccountId>,
}

impl Holds {
    pub(super) fn run(&self, common: &Common) -> Result<(), CommandError> {
        let listed = match &self.on_host {
            Some(slug) => self.on_host(common, slug)?,
            None => self.through_api(common)?,
        };
        show(common, &listed)
    }

    fn through_api(&self, common: &Common) -> Result<Json, CommandError> {
        let client = Client::open(common, &self.connection)?;
        match &self.act {
            Act::List => {}
            Act::Place(place) => {
                let body =
                    json!({"reason": place.reason, "person": place.person, "concerns": place.concerns});
                client.post(&["holds"], None, Some(&body))?;
                output::talk("the hold is in force");
            }
            Act::Lift { hold, reason } => {
                let body = json!({"reason": reason});
                client.post(&["holds", &hold.to_string(), "lift"], None, Some(&body))?;
                output::talk("the hold is lifted");
            }
        }
        client.get(&["holds"], &[])
    }

    fn on_host(&self, common: &Common, slug: &str) -> Result<Json, CommandError> {
        let caller = Caller::host();
        let file = common.config.as_deref();
        let holds = host::with_platform(file, async |platform, _| {
            match &self.act {
                Act::List => {}
                Act::Place(place) => {
                    let new = NewHold {
                        reason: place.reason.clone(),
                        person: place.person.clone(),
                        concerns: place.concerns,
                    };
                    hold::place_at_host(platform, &caller, slug, new).await?;
                }
                Act::Lift { hold, reason } => {
                    hold::lift_at_host(platform, &caller, slug, *hold, reason).await?;
                }
            }
            Ok(hold::list_at_host(platform, &caller, slug).await?)
        })?;
        Ok(json!({"holds": holds.into_iter().map(json_of).collect::<Vec<_>>()}))
    }
}

/// As the API has it.
fn json_of(hold: Hold) -> Json {
    let lifted = hold.lifted.as_ref();
    json!({
        "id": hold.id,
        "reason": hold.reason,
        "person": hold.person,
        "concerns": hold.concerns,
        "placed_at": hold.placed_at,
        "placed_by": hold.placed_by,
        "lifted_at": lifted.map(|lifted| lifted.at),
        "lifted_by": lifted.and_then(|lifted| lifted.by),
        "lifted_reason": lifted.map(|lifted| &lifted.reason),
    })
}

fn show(common: &Common, listed: &Json) -> Result<(), CommandError> {
    const MEMBERS: [&str; 5] = ["id", "person", "reason", "placed_at", "lifted_at"];
    let row = |hold: &Json| MEMBERS.iter().map(|name| member(hold, name)).collect();
    let rows = items(listed, "holds").iter().map(row).collect();
    common.format().list(
        &["id", "person", "reason", "placed at", "lifted at"],
        rows,
        listed,
    )
}
