//! Whether the directories that people sign in by are well: reachable, their service account let in, their certificates good for
//! a while, and everybody compared.

use crate::finding::Finding;
use platform::{
    Caller, Platform, PlatformError,
    directories::{self, DirectoryState, DirectoryView, Health},
};

const CHECK: &str = "directories";
const ADVICE: &str = "run `strongroom directory test`; until it is well, owners with a password here sign in";
/// Fewest days that a certificate is to be good for.
const DAYS_MIN: i64 = 30;

/// One finding for each directory that is open. Each look ends within 90 seconds by itself.
pub(super) async fn check(platform: &Platform) -> Vec<Finding> {
    let caller = Caller::host();
    let found = match directories::list(platform, &caller).await {
        Ok(found) => found,
        Err(error) => {
            return vec![Finding::could_not_look(
                CHECK,
                error.detail,
                "see the check `database`",
            )];
        }
    };
    let mut findings = Vec::new();
    for view in found.iter().filter(|view| view.state == DirectoryState::Active) {
        findings.push(judge(
            view,
            directories::health(platform, &caller, &view.key).await,
        ));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(CHECK, "none is open; people sign in otherwise"));
    }
    findings
}

/// A warning: the appliance works, and so does everybody's way in who has a password here.
fn judge(view: &DirectoryView, health: Result<Health, PlatformError>) -> Finding {
    let key = &view.key;
    let warning = |what: String, advice: &str| Finding::warning(CHECK, format!("{key}: {what}"), advice);
    let health = match health {
        Ok(health) => health,
        Err(error) => return warning(error.detail, ADVICE),
    };
    if let Some(stage) = health.failed {
        return warning(
            format!("{}, server {}: {}", stage.name, stage.server, stage.text),
            ADVICE,
        );
    }
    if let Some(days) = health.certificate_days.filter(|days| *days < DAYS_MIN) {
        let advice = "have the directory's certificate renewed; nobody of it signs in after its end";
        return warning(format!("a server's certificate ends in {days} days"), advice);
    }
    match &view.last_sync {
        Some(last) if last.result != "done" => warning(
            format!("the last comparison changed nobody: {}", last.text),
            "look at `strongroom directory sync --dry-run`",
        ),
        Some(_) => Finding::ok(
            CHECK,
            format!("{key} lets the service account in, and was compared"),
        ),
        None => Finding::ok(
            CHECK,
            format!("{key} lets the service account in; not compared yet"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use jiff::Timestamp;
    use platform::{
        directories::{
            Stage,
            settings::{Product, Settings},
            sync::Outcome,
        },
        provider::FirstSignIn,
    };
    use types::ProblemCode;

    fn view(result: Option<&str>) -> DirectoryView {
        let server = "dc1.example.test".parse().unwrap();
        DirectoryView {
            key: "harbour".to_owned(),
            state: DirectoryState::Active,
            settings: Settings::preset(Product::Openldap, server, "cn=app".into(), "dc=a".into()),
            has_secret: true,
            has_client_key: false,
            first_sign_in: FirstSignIn::Refuse,
            people: 3,
            last_sync: result.map(|result| Outcome {
                at: Timestamp::UNIX_EPOCH,
                result: result.to_owned(),
                text: "of the 40 known people 30 are gone".to_owned(),
                changed: 0,
            }),
        }
    }

    fn well() -> Health {
        Health {
            failed: None,
            certificate_days: Some(90),
        }
    }

    #[test]
    fn a_directory_that_is_well_is_ok() {
        assert_eq!(judge(&view(Some("done")), Ok(well())).level, Level::Ok);
        assert_eq!(judge(&view(None), Ok(well())).level, Level::Ok);
    }

    #[test]
    fn a_stage_that_fails_an_end_that_is_near_and_a_refused_comparison_are_warned_of() {
        let failed = Health {
            failed: Some(Stage {
                name: "bind",
                server: "dc1.example.test".to_owned(),
                good: false,
                text: "the password of the service account is wrong".to_owned(),
                took_ms: 3,
            }),
            ..well()
        };
        let near = Health {
            certificate_days: Some(29),
            ..well()
        };
        let away = PlatformError::new(ProblemCode::Unavailable, "it is away");
        for (found, words) in [
            (judge(&view(None), Ok(failed)), "service account is wrong"),
            (judge(&view(None), Ok(near)), "ends in 29 days"),
            (judge(&view(Some("refused")), Ok(well())), "30 are gone"),
            (judge(&view(None), Err(away)), "it is away"),
        ] {
            assert!(
                found.level == Level::Warning && found.what.contains(words),
                "{found:?}"
            );
        }
    }
}
