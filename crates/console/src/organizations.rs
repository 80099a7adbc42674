//! `/` and `/o`: where to go after sign-in.

use crate::{
    chrome::role_label,
    view::{Nav, OrganizationCard, OrganizationsPage},
    visit::{Answer, Visit, page, see_other},
};
use actix_web::web::Path;

/// `GET /`
pub(crate) async fn root(visit: Visit) -> Answer {
    see_other(if visit.caller.account().is_some() {
        "/o"
    } else {
        "/sign-in"
    })
}

/// `GET /o`: the list, or the one organization there is.
pub(crate) async fn list(visit: Visit) -> Answer {
    visit.account()?;
    let mine = platform::organization::list_mine(visit.platform(), &visit.caller).await?;
    if let [only] = mine.as_slice() {
        return see_other(&format!("/o/{}/datasets", only.summary.slug));
    }
    let card = |mine: platform::organization::MyOrganization| OrganizationCard {
        slug: mine.summary.slug,
        name: mine.summary.name,
        role: role_label(mine.role).to_owned(),
    };
    page(&OrganizationsPage {
        chrome: visit.chrome("Organizations", Nav::Organizations).await?,
        organizations: mine.into_iter().map(card).collect(),
    })
}

/// `GET /o/{organization}`
pub(crate) async fn home(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    see_other(&format!("{}/datasets", room.base()))
}
