//! The rules for new passwords: what is asked of whoever sets one, at every place where one is set.
//!
//! Invariant: a password is hashed here and nowhere else, so that none slips past the rules: not by the API, an invitation,
//! set-up or the command line. Start at [`hash`].

use crate::{
    Platform,
    error::{PlatformError, Result},
    sign_in_policy::{self, Classes, SignInPolicy},
};
use store::control::{account, factor, organization};
use types::{AccountId, FieldProblem};
use unicode_normalization::UnicodeNormalization;
use vault::{
    SecretText, Verdict,
    password::guess::{PIECES_MIN, pieces},
};
use zeroize::Zeroizing;

/// Whose password it is to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose<'a> {
    /// Of an account that is about to be made: what the appliance asks holds.
    Nobody {
        /// Their names, of which it must not be made.
        words: &'a [&'a str],
    },
    /// Of an account that there is.
    Account {
        /// Which.
        id: AccountId,
        /// Their names.
        words: &'a [&'a str],
    },
}

/// What holds for one person.
struct Rules {
    policy: SignInPolicy,
    length_min: usize,
    words: Vec<String>,
    /// Hashes of passwords that cannot be chosen.
    earlier: Vec<String>,
}

/// Checks a new password and hashes it.
///
/// # Errors
/// `invalid` at `pointer` with what is wrong.
pub(crate) async fn hash(
    platform: &Platform,
    pointer: &str,
    password: SecretText,
    whose: Whose<'_>,
) -> Result<String> {
    let rules = rules_for(platform, whose).await?;
    check(&rules, pointer, password.expose())?;
    let earlier = rules.earlier;
    let hashed = platform
        .hash_with(move |hasher| {
            let known = |stored: &String| hasher.verify(password.expose(), Some(stored));
            let again = earlier
                .iter()
                .any(|stored| !matches!(known(stored), Ok(Verdict::Wrong) | Err(_)));
            (again, hasher.hash(password.expose()))
        })
        .await?;
    match hashed {
        (true, _) => Err(refused(
            pointer,
            "used-before",
            "you had this password before; choose another",
        )),
        (false, hashed) => {
            hashed.map_err(|error| PlatformError::invalid_at(pointer, "malformed", error.to_string()))
        }
    }
}

async fn rules_for(platform: &Platform, whose: Whose<'_>) -> Result<Rules> {
    let (policy, words, has_strong_factor, earlier) = match whose {
        Whose::Nobody { words } => (
            sign_in_policy::appliance_wide(platform).await?,
            words,
            false,
            Vec::new(),
        ),
        Whose::Account { id, words } => {
            let policy = sign_in_policy::in_force(platform, id).await?;
            let mut read = platform.control().read().await?;
            // A code by mail or SMS is too weak to make up for a shorter password.
            let strong = factor::standing(&mut read, id).await?.strong;
            let earlier = account::list_passwords(&mut read, id, policy.history.into()).await?;
            (policy, words, strong, earlier)
        }
    };
    let mut words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    words.push("Strongroom".to_owned());
    words.push(platform.settings().base_url.clone());
    if let Whose::Account { id, .. } = whose {
        let found = organization::list_for_account(&mut platform.control().read().await?, id).await?;
        words.extend(found.into_iter().map(|(row, _)| row.name));
    }
    let length_min = if has_strong_factor {
        policy.length_min_with_factor
    } else {
        policy.length_min
    };
    Ok(Rules {
        length_min: length_min.into(),
        policy,
        words,
        earlier,
    })
}

fn refused(pointer: &str, code: &str, message: impl Into<String>) -> PlatformError {
    PlatformError::invalid(vec![FieldProblem::new(pointer, code, message)])
}

fn check(rules: &Rules, pointer: &str, password: &str) -> Result<()> {
    let normal: Zeroizing<String> = Zeroizing::new(password.nfkc().collect());
    let least = rules.length_min;
    if normal.chars().count() < least {
        let message = format!("at least {least} characters; a sentence of a few words is good");
        return Err(refused(pointer, "too-short", message));
    }
    let words: Vec<&str> = rules.words.iter().map(String::as_str).collect();
    if pieces(&normal, &words) < PIECES_MIN {
        let message = "too easy to guess: it is made of common passwords, names, repetitions or rows of keys; choose another";
        return Err(refused(pointer, "guessable", message));
    }
    if rules.policy.classes == Classes::All && !has_all_classes(&normal) {
        let message = "small and capital letters, digits, and another sign are asked for";
        return Err(refused(pointer, "classes", message));
    }
    Ok(())
}

/// Would a password be taken under a policy, beside a second factor, of somebody without a name? For the promise that asks.
pub(crate) fn is_taken(policy: &SignInPolicy, password: &str) -> bool {
    let rules = Rules {
        length_min: policy.length_min_with_factor.into(),
        policy: policy.clone(),
        words: vec!["Strongroom".to_owned()],
        earlier: Vec::new(),
    };
    check(&rules, "/password", password).is_ok()
}

fn has_all_classes(text: &str) -> bool {
    let has = |kind: fn(char) -> bool| text.chars().any(kind);
    has(char::is_lowercase)
        && has(char::is_uppercase)
        && has(char::is_numeric)
        && has(|c| !c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(length_min: usize, classes: Classes) -> Rules {
        Rules {
            policy: SignInPolicy {
                classes,
                ..SignInPolicy::default()
            },
            length_min,
            words: vec!["Ada Okonkwo".to_owned(), "Northwind".to_owned()],
            earlier: Vec::new(),
        }
    }

    fn code(rules: &Rules, password: &str) -> Option<String> {
        let refused = check(rules, "/password", password).err()?;
        Some(refused.errors[0].code.clone())
    }

    #[test]
    fn each_rule_refuses_what_breaks_it() {
        let shipped = rules(15, Classes::Any);
        assert_eq!(code(&shipped, "fourteen signs").as_deref(), Some("too-short"));
        assert_eq!(code(&shipped, "Northwind-Okonkwo").as_deref(), Some("guessable"));
        assert_eq!(code(&shipped, "seven quiet herons at dawn"), None);
        let classes = rules(8, Classes::All);
        assert_eq!(code(&classes, "seven quiet herons").as_deref(), Some("classes"));
        assert_eq!(code(&classes, "Seven 8 quiet herons"), None);
        let ligatures = "ﬁﬁﬁ ﬂﬂ"; // ten characters once they are normalized
        assert_ne!(
            code(&rules(10, Classes::Any), ligatures).as_deref(),
            Some("too-short")
        );
    }
}
