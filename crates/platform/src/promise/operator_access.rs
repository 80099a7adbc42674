//! Whoever runs the server reads nothing of an organization but under a grant of it.

use super::look::Look;
use crate::{Platform, error::Result};
use promises::Outcome;
use store::control::operator_grant;

pub(super) const ID: &str = "operator-access";

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let figures = operator_grant::figures(&mut platform.control().read().await?).await?;
    let mut look = Look::new();
    if figures.outside > 0 {
        let what = format!(
            "{} requests of operators into organizations went through without a grant",
            figures.outside
        );
        let advice = "look for them in the access logs, and report this as a bug";
        look.fault(what, "the access log", advice);
    }
    if figures.unlawful > 0 {
        let what = format!(
            "{} grants are longer than a day, without a purpose, or approved by whoever asked",
            figures.unlawful
        );
        look.fault(
            what,
            "the grants",
            "end them, and look who changed them in the database",
        );
    }
    if figures.operators_with_a_role > 0 {
        let what = format!(
            "{} operators are members of an organization, without purpose or end",
            figures.operators_with_a_role
        );
        let advice = "give them an account of their own for one of the two: strongroom operator dismiss";
        look.fault(what, "the memberships", advice);
    }
    Ok(look
        .fact("grants open now", figures.open)
        .fact("grants that are over", figures.past)
        .done())
}
