//! The database's functions against the migrations, for every promise that they keep.

use super::look::Look;
use crate::{Platform, error::Result};
use store::control::function;

/// Looks at the functions with the names that are wanted, and gives how many there are in all.
pub(super) async fn check(
    platform: &Platform,
    is_wanted: impl Fn(&str) -> bool,
    look: &mut Look,
) -> Result<i64> {
    let mut read = platform.control().read().await?;
    let altered = function::list_altered(&mut read).await?;
    for altered in altered.iter().filter(|altered| is_wanted(&altered.function)) {
        look.fault(
            format!("the function {} is {}", altered.function, altered.state),
            &*altered.schema,
            "find out who changed the database, and put the function back from the migrations",
        );
    }
    let counts = function::count(&mut read).await?;
    if counts.unjudged > 0 {
        look.unseen(format!(
            "{} schemas of the database are of another version than this program, which cannot judge their functions: bring both to one version, and look again",
            counts.unjudged
        ));
    }
    Ok(counts.judged)
}
