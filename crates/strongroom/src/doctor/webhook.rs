//! Whether the program that is told of alerts takes them.

use crate::finding::Finding;
use platform::{Caller, Platform, webhook};

const CHECK: &str = "webhook";

/// A warning: what is wrong is shown in the console and by the doctor all the same.
pub(super) async fn check(platform: &Platform) -> Finding {
    let view = match webhook::show(platform, &Caller::host()).await {
        Ok(Some(view)) => view,
        Ok(None) => return Finding::ok(CHECK, "none is set"),
        Err(error) => return Finding::could_not_look(CHECK, error.detail, "see the check `database`"),
    };
    let advice = "run `strongroom webhook test`";
    if let Err(error) = webhook::look(platform, &view.settings) {
        return Finding::warning(CHECK, error.detail, advice);
    }
    match view.last {
        None => Finding::warning(CHECK, "nothing was sent to it since it was set", advice),
        Some(last) => match last.failure {
            None => Finding::ok(CHECK, format!("the last alert or test was taken at {}", last.at)),
            Some(why) => Finding::warning(
                CHECK,
                format!("the last alert or test was not taken: {why}"),
                advice,
            ),
        },
    }
}
