//! The published vector, verdicts, bounds, and what may not pass as a stored hash.

use super::*;

/// Strong enough for the algorithm, cheap enough for a test.
const CHEAP: Strength = Strength {
    memory_kib: 64,
    passes: 1,
    lanes: 1,
};

fn hasher() -> PasswordHasher {
    PasswordHasher::new(CHEAP).unwrap()
}

/// From the test-suite of the reference implementation (P-H-C/phc-winner-argon2, test.c, version 19):
/// `hashtest(version, 2, 16, 1, "password", "somesalt", ...)` for Argon2id, 64 MiB.
#[test]
fn the_published_vector_holds() {
    let strength = Strength {
        memory_kib: 65_536,
        passes: 2,
        lanes: 1,
    };
    let hash = argon2id(strength, "password", b"somesalt").unwrap();
    assert_eq!(
        hex::encode(*hash),
        "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"
    );
}

#[test]
fn the_shipped_policy_is_that_of_the_design() {
    assert_eq!(
        Strength::default(),
        Strength {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1
        }
    );
    let hasher = PasswordHasher::new(Strength::default()).unwrap();
    let stored = hasher.hash("correct horse").unwrap();
    assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
    assert_eq!(
        hasher.verify("correct horse", Some(&stored)).unwrap(),
        Verdict::Right
    );
    assert_eq!(parse_strength(&stored).unwrap(), Strength::default());
}

#[test]
fn the_right_password_is_right_and_another_wrong() {
    let stored = hasher().hash("correct horse").unwrap();
    assert_eq!(
        hasher().verify("correct horse", Some(&stored)).unwrap(),
        Verdict::Right
    );
    for wrong in [
        "correct horsf",
        "Correct horse",
        "correct horse ",
        "",
        &"x".repeat(10_000),
    ] {
        assert_eq!(hasher().verify(wrong, Some(&stored)).unwrap(), Verdict::Wrong);
    }
    assert_ne!(stored, hasher().hash("correct horse").unwrap());
}

#[test]
fn a_hash_below_the_policy_lets_in_and_asks_for_another() {
    let weak = hasher().hash("correct horse").unwrap();
    for policy in [
        Strength {
            memory_kib: 128,
            ..CHEAP
        },
        Strength { passes: 2, ..CHEAP },
    ] {
        let hasher = PasswordHasher::new(policy).unwrap();
        assert_eq!(
            hasher.verify("correct horse", Some(&weak)).unwrap(),
            Verdict::RightButWeak
        );
        assert_eq!(hasher.verify("wrong horse", Some(&weak)).unwrap(), Verdict::Wrong);
        let strong = hasher.hash("correct horse").unwrap();
        assert_eq!(
            hasher.verify("correct horse", Some(&strong)).unwrap(),
            Verdict::Right
        );
        assert!(!parse_strength(&weak).unwrap().meets(policy));
        assert!(parse_strength(&strong).unwrap().meets(CHEAP));
    }
}

#[test]
fn an_unknown_name_is_wrong_and_costs_as_much() {
    let hasher = PasswordHasher::new(Strength {
        memory_kib: 8_192,
        passes: 2,
        lanes: 1,
    })
    .unwrap();
    let stored = hasher.hash("correct horse").unwrap();
    let time = |stored: Option<&str>| {
        let start = std::time::Instant::now();
        for _ in 0..5 {
            assert_eq!(hasher.verify("wrong horse", stored).unwrap(), Verdict::Wrong);
        }
        start.elapsed()
    };
    let (known, unknown) = (time(Some(&stored)), time(None));
    // Skipping the work would be a thousand times quicker; noise on a busy machine is not.
    assert!(unknown * 10 > known, "known {known:?}, unknown {unknown:?}");
}

#[test]
fn one_password_on_two_keyboards_is_one() {
    let stored = hasher().hash("Zu\u{308}rich\u{ff11}\u{ff12}").unwrap();
    assert_eq!(
        hasher().verify("Z\u{fc}rich12", Some(&stored)).unwrap(),
        Verdict::Right
    );
}

#[test]
fn length_counts_characters_from_eight_to_two_hundred_fifty_six() {
    assert!(matches!(hasher().hash("1234567"), Err(PasswordError::TooShort)));
    assert!(hasher().hash("12345678").is_ok());
    assert!(hasher().hash("äöüäöüäö").is_ok());
    assert!(hasher().hash(&"🗝".repeat(256)).is_ok());
    assert!(matches!(
        hasher().hash(&"a".repeat(257)),
        Err(PasswordError::TooLong)
    ));
    assert!(matches!(
        hasher().hash(&"a".repeat(1 << 20)),
        Err(PasswordError::TooLong)
    ));
}

#[test]
fn what_is_not_our_hash_is_refused_and_never_right() {
    let stored = hasher().hash("correct horse").unwrap();
    let content = stored.rsplit_once("p=1").unwrap().1;
    for (text, expected) in [
        (String::new(), PhcError::Algorithm),
        ("correct horse".into(), PhcError::Algorithm),
        (stored.replace("argon2id", "argon2i"), PhcError::Algorithm),
        (stored.replace("v=19", "v=16"), PhcError::Algorithm),
        ("$2y$10$abcdefghijklmnopqrstuv".into(), PhcError::Algorithm),
        (format!("$argon2id$v=19$m=64,t=1{content}"), PhcError::Parameters),
        (
            format!("$argon2id$v=19$m=64,t=1,p=1,x=1{content}"),
            PhcError::Parameters,
        ),
        (
            format!("$argon2id$v=19$m=+64,t=1,p=1{content}"),
            PhcError::Parameters,
        ),
        (
            format!("$argon2id$v=19$m=4294967295,t=1,p=1{content}"),
            PhcError::Parameters,
        ),
        (
            format!("$argon2id$v=19$m=64,t=0,p=1{content}"),
            PhcError::Parameters,
        ),
        (format!("{stored}$"), PhcError::Content),
        (format!("{stored}="), PhcError::Content),
        (stored[..stored.len() - 4].to_owned(), PhcError::Content),
    ] {
        assert_eq!(parse_strength(&text), Err(expected), "{text}");
        assert!(hasher().verify("correct horse", Some(&text)).is_err());
    }
}

#[test]
fn an_impossible_policy_is_refused() {
    assert!(
        PasswordHasher::new(Strength {
            memory_kib: 1,
            passes: 1,
            lanes: 1
        })
        .is_err()
    );
    assert!(
        PasswordHasher::new(Strength {
            memory_kib: 64,
            passes: 0,
            lanes: 1
        })
        .is_err()
    );
}
