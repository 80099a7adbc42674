//! Whether the program that is told of alerts takes them.

use crate::finding::Finding;
use platform::{
    Caller, Platform, PlatformError,
    webhook::{self, WebhookView},
};

const CHECK: &str = "webhook";

/// A warning: what is wrong is shown in the console and by the doctor all the same.
pub(super) async fn check(platform: &Platform) -> Finding {
    let view = match webhook::show(platform, &Caller::host()).await {
        Ok(Some(view)) => view,
        Ok(None) => return Finding::ok(CHECK, "none is set"),
        Err(error) => return Finding::could_not_look(CHECK, error.detail, "see the check `database`"),
    };
    judge(&view, webhook::look(platform, &view.settings))
}

fn judge(view: &WebhookView, dialled: Result<(), PlatformError>) -> Finding {
    let advice = "run `strongroom webhook test`";
    if let Err(error) = dialled {
        return Finding::warning(CHECK, error.detail, advice);
    }
    match &view.last {
        None => Finding::warning(CHECK, "nothing was sent to it since it was set", advice),
        Some(last) => match &last.failure {
            None => Finding::ok(CHECK, format!("the last alert or test was taken at {}", last.at)),
            Some(why) => Finding::warning(
                CHECK,
                format!("the last alert or test was not taken: {why}"),
                advice,
            ),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use jiff::Timestamp;
    use platform::{delivery::Delivery, webhook::WebhookSettings};
    use types::ProblemCode;

    fn view(last: Option<Option<&str>>) -> WebhookView {
        WebhookView {
            settings: WebhookSettings {
                url: "https://watch.example.test/alerts".to_owned(),
                authority_pem: None,
            },
            waiting: 0,
            last: last.map(|failure| Delivery {
                at: Timestamp::UNIX_EPOCH,
                failure: failure.map(str::to_owned),
            }),
        }
    }

    #[test]
    fn a_host_that_no_setting_names_an_alert_that_was_refused_and_one_never_sent_are_warned_of() {
        let unnamed = PlatformError::new(ProblemCode::Invalid, "[outgoing] does not name it");
        assert_eq!(judge(&view(Some(None)), Ok(())).level, Level::Ok);
        for (found, words) in [
            (judge(&view(Some(None)), Err(unnamed)), "does not name it"),
            (
                judge(&view(Some(Some("it answered 503"))), Ok(())),
                "it answered 503",
            ),
            (judge(&view(None), Ok(())), "nothing was sent"),
        ] {
            assert!(
                found.level == Level::Warning && found.what.contains(words),
                "{found:?}"
            );
        }
    }
}
