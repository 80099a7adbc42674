//! Carrying a plan out, one person a transaction, so that a break in the middle leaves whole people.

use super::{
    super::entrance::{entry, reconcile},
    plan::{Plan, Target},
};
use crate::{Caller, Platform, error::Result};
use store::control::{
    directory::{self as rows, Directory as Row},
    session,
};
use types::AccountId;

pub(super) async fn apply(platform: &Platform, caller: &Caller, row: &Row, plan: &Plan) -> Result<()> {
    for (account, target) in &plan.targets {
        one(platform, caller, row, *account, target).await?;
    }
    if !plan.targets.is_empty() {
        platform.standings().clear();
        platform.known().clear();
    }
    Ok(())
}

async fn one(
    platform: &Platform,
    caller: &Caller,
    row: &Row,
    account: AccountId,
    target: &Target,
) -> Result<()> {
    let mut tx = platform.control().begin().await?;
    let mut entries = Vec::new();
    match target {
        Target::Barred => {
            if rows::set_barred(&mut tx, account, true).await? {
                session::end_all_of(&mut tx, account, platform.now()).await?;
                entries.push(entry(platform, caller, row, "account.bar", account)?);
            }
        }
        Target::In(roles) => {
            if rows::set_barred(&mut tx, account, false).await? {
                entries.push(entry(platform, caller, row, "account.unbar", account)?);
            }
            entries.extend(reconcile(platform, caller, &mut tx, row.id, account, roles).await?);
        }
    }
    match entries.split_first() {
        None => tx.close().await?,
        Some((first, rest)) => drop(tx.commit(first, rest).await?),
    }
    Ok(())
}
