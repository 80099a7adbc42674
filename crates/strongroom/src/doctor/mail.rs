//! Whether mail goes out.

use crate::finding::Finding;
use platform::{
    Caller, Platform, PlatformError,
    mail::{self, MailView},
};

const CHECK: &str = "mail";

/// A warning: links can still be handed over by hand.
pub(super) async fn check(platform: &Platform) -> Finding {
    let caller = Caller::host();
    let view = match mail::show(platform, &caller).await {
        Ok(Some(view)) => view,
        Ok(None) => return Finding::ok(CHECK, "none is set; links are handed over by hand"),
        Err(error) => return Finding::could_not_look(CHECK, error.detail, "see the check `database`"),
    };
    judge(&view, mail::look(platform, &caller).await)
}

fn judge(view: &MailView, reached: Result<(), PlatformError>) -> Finding {
    if let Err(error) = reached {
        return Finding::warning(CHECK, error.detail, "run `strongroom mail test`");
    }
    match &view.last_failure {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use platform::mail::{MailSecurity, MailSettings};
    use types::ProblemCode;

    fn view(last_failure: Option<&str>) -> MailView {
        MailView {
            settings: MailSettings {
                host: "post.example.test".to_owned(),
                port: 465,
                security: MailSecurity::Tls,
                account: None,
                from: "us@example.test".to_owned(),
                authority_pem: None,
            },
            has_secret: false,
            waiting: 0,
            failed: i64::from(last_failure.is_some()),
            last_failure: last_failure.map(str::to_owned),
        }
    }

    #[test]
    fn a_server_that_lets_nobody_in_and_a_letter_that_was_given_up_are_warned_of() {
        let away = PlatformError::new(ProblemCode::Unavailable, "it is away");
        assert_eq!(judge(&view(None), Ok(())).level, Level::Ok);
        for (found, words) in [
            (judge(&view(None), Err(away)), "it is away"),
            (judge(&view(Some("it is full")), Ok(())), "it is full"),
        ] {
            assert!(
                found.level == Level::Warning && found.what.contains(words),
                "{found:?}"
            );
        }
    }
}
