//! Legal holds: named, lifted only by whoever may, and nothing of a held organization was erased while they stood.

use super::{homes, lifecycle::guards, look::Look};
use crate::{Platform, error::Result};
use access::{Permission, Role};
use promises::Outcome;
use store::{
    control::{legal_hold, lifecycle},
    tenant::audit,
};

pub(super) const ID: &str = "legal-hold";

/// The kind of an entry of an erasure.
const ERASURE: [i16; 1] = [2];

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    guards(platform, &mut look).await?;
    let figures = lifecycle::hold_figures(&mut platform.control().read().await?).await?;
    if figures.unlawful > 0 {
        let what = format!(
            "{} holds are without reason or person, or were lifted by somebody who may not",
            figures.unlawful
        );
        look.fault(
            what,
            "the holds",
            "look who changed them in the database, and place them again",
        );
    }
    if figures.trimmed > 0 {
        let what = format!("{} months of the access log went during a hold", figures.trimmed);
        look.fault(
            what,
            "the access log",
            "restore them from a backup, and report this",
        );
    }
    let mut asked = 0;
    for home in homes(platform).await? {
        let holds = legal_hold::list(&mut platform.control().read().await?, home.summary.id).await?;
        for hold in &holds {
            let erased = audit::count_between(&home.tenant, &ERASURE, hold.placed_at, hold.lifted_at).await?;
            if erased > 0 {
                let what = format!("{erased} erasures were made during a hold");
                look.fault(
                    what,
                    &*home.summary.slug,
                    "restore what is gone from a backup, and report this",
                );
            }
        }
        for role in [Role::Viewer, Role::Editor, Role::Accountant] {
            asked += 1;
            if platform
                .enter_as_probe(std::sync::Arc::clone(&home), role)
                .may(Permission::HoldManage)
            {
                let what = format!("a member with the role {role} may lift a hold");
                look.fault(what, &*home.summary.slug, "report this as a bug");
            }
        }
    }
    Ok(look
        .fact("holds in force", figures.in_force)
        .fact("holds lifted", figures.lifted)
        .fact("roles asked that must not lift", asked)
        .done())
}
