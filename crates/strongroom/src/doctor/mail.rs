//! Whether mail goes out.

use crate::finding::Finding;
use platform::{Caller, Platform, mail};

const CHECK: &str = "mail";

/// A warning: links can still be handed over by hand.
pub(super) async fn check(platform: &Platform) -> Finding {
    let caller = Caller::host();
    let view = match mail::show(platform, &caller).await {
        Ok(Some(view)) => view,
        Ok(None) => return Finding::ok(CHECK, "none is set; links are handed over by hand"),
        Err(error) => return Finding::could_not_look(CHECK, error.detail, "see the check `database`"),
    };
    if let Err(error) = mail::look(platform, &caller).await {
        return Finding::warning(CHECK, error.detail, "run `strongroom mail test`");
    }
    match view.last_failure {
        None => Finding::ok(
            CHECK,
            format!("{} lets us in, {} letters wait", view.settings.host, view.waiting),
        ),
        Some(why) => Finding::warning(
            CHECK,
            format!("{} letters were given up, the last because {why}", view.failed),
            "run `strongroom mail test`; whoever waited for one needs a new link",
        ),
    }
}
