//! The rules for passwords: of the appliance and of every organization they are read as they are stored, and weak passwords are
//! put to the one function that takes new ones, under each of them.

use super::{homes, look::Look};
use crate::{
    Platform,
    error::Result,
    password,
    sign_in_policy::{self, SignInPolicy},
};
use promises::Outcome;
use store::control::{factor_evidence, sign_in_policy as rows};
use vault::hierarchy::APPLIANCE;

pub(super) const ID: &str = "password-policy";

/// What a guesser tries first, and what each rule must refuse, long enough for the longest rule.
const WEAK: [&str; 5] = [
    "password",
    "passwordpasswordpasswordpasswordpasswordpasswordpasswordpasswordpassword",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "Strongroom123456Strongroom123456Strongroom123456Strongroom123456Strongroom",
    "x7Kq9-",
];

pub(super) async fn look(platform: &Platform) -> Result<Outcome> {
    let mut look = Look::new();
    let stored = rows::find(&mut platform.control().read().await?, APPLIANCE).await?;
    let mut asked = judge("the appliance", stored, &mut look);
    let homes = homes(platform).await?;
    for home in &homes {
        let stored = rows::find(&mut platform.control().read().await?, home.summary.id).await?;
        let own = judge(&home.summary.slug, stored, &mut look);
        asked = asked.joined(&own);
    }
    let old = factor_evidence::count_older_passwords(&mut platform.control().read().await?).await?;
    Ok(look
        .fact(
            "rules looked at, the appliance's and each organization's",
            homes.len() + 1,
        )
        .fact("the strictest length", format!("{} characters", asked.length_min))
        .fact("the longest history", asked.history)
        .fact("weak passwords put to each rule", WEAK.len())
        .fact("passwords set before the rules were last changed", old)
        .done())
}

fn judge(place: &str, stored: Option<serde_json::Value>, look: &mut Look) -> SignInPolicy {
    let policy = match sign_in_policy::parsed(stored) {
        Ok(policy) => policy,
        Err(_) => {
            look.fault(
                "the rules cannot be read",
                place,
                "save them again in the console",
            );
            return SignInPolicy::default();
        }
    };
    if let Err(error) = policy.check() {
        let what = format!("the rules are weaker than can be set: {}", error.detail);
        look.fault(what, place, "save them again in the console");
    }
    for weak in WEAK {
        if password::is_taken(&policy, weak) {
            let what = "a weak password would be taken";
            look.fault(what, place, "report this as a bug; it should not happen");
        }
    }
    policy
}
