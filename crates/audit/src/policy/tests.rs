//! Quorums by every set of witnesses, and policies that are none.

use super::*;
use crate::merkle::Hash;
use crate::note::{Algorithm, Signature, cosigned};
use crate::signing::Signer;

const ORIGIN: &str = "records.example/log";

fn log() -> Signer {
    Signer::of([1; 32])
}

fn witness(number: u8) -> (Signer, VerifierKey) {
    let signer = Signer::of([100 + number; 32]);
    let key = signer.key(&format!("witness.example/{number}"), Algorithm::CosignatureV1);
    (signer, key)
}

/// Two houses of witnesses, as in the specification: two of the first three, and any of the last two.
fn policy() -> Policy {
    let mut text = format!(
        "# Who sees the log\n\nlog {} https://log.example\n",
        log().key(ORIGIN, Algorithm::Ed25519)
    );
    for number in 1..=5 {
        text += &format!("\twitness  W{number} {}\n", witness(number).1);
    }
    text += "group X 2 W1 W2 W3\ngroup Y any W4 W5\ngroup both all X Y\nquorum both\n";
    Policy::parse(text.as_bytes()).unwrap()
}

fn signed(witnesses: &[u8]) -> Note {
    let checkpoint = Checkpoint::new(KeyName::parse(ORIGIN).unwrap(), 9, Hash([3; 32]));
    let mut note = checkpoint.to_note().unwrap();
    let signature = log().sign(note.text().as_bytes());
    note.add(Signature::log(&log().key(ORIGIN, Algorithm::Ed25519), signature))
        .unwrap();
    for number in witnesses {
        let (signer, key) = witness(*number);
        let time_s = 1_000 + u64::from(*number);
        let signature = signer.sign(cosigned(note.text(), time_s).as_bytes());
        note.add(Signature::cosignature(&key, time_s, signature)).unwrap();
    }
    note
}

#[test]
fn the_quorum_is_met_by_the_right_sets_and_no_others() {
    for set in 0..32_u8 {
        let witnesses: Vec<u8> = (1..=5).filter(|number| set >> (number - 1) & 1 == 1).collect();
        let of = |range: std::ops::RangeInclusive<u8>| {
            witnesses.iter().filter(|number| range.contains(number)).count()
        };
        let checked = policy().check(&signed(&witnesses));
        if of(1..=3) >= 2 && of(4..=5) >= 1 {
            let expected: Vec<(String, u64)> = witnesses
                .iter()
                .map(|number| (format!("W{number}"), 1_000 + u64::from(*number)))
                .collect();
            assert_eq!(checked.unwrap().witnesses, expected);
        } else {
            let quorum = "both".to_owned();
            assert_eq!(
                checked,
                Err(TrustError::Quorum {
                    quorum,
                    found: witnesses.len()
                })
            );
        }
    }
}

#[test]
fn one_witness_that_signs_twice_is_one() {
    assert!(matches!(
        policy().check(&signed(&[1, 1, 4])),
        Err(TrustError::Quorum { found: 2, .. })
    ));
}

#[test]
fn a_note_without_the_logs_own_signature_is_refused() {
    let only = |keep: fn(&Signature) -> bool| {
        let whole = signed(&[1, 2, 4]);
        let mut note = Note::new(whole.text()).unwrap();
        whole
            .signatures()
            .iter()
            .filter(|signature| keep(signature))
            .for_each(|signature| {
                note.add(signature.clone()).unwrap();
            });
        policy().check(&note)
    };
    assert_eq!(
        only(|signature| signature.name().as_str() != ORIGIN),
        Err(TrustError::Unsigned)
    );
    assert_eq!(only(|_| false), Err(TrustError::Unsigned));
    assert!(matches!(
        only(|signature| signature.name().as_str() == ORIGIN),
        Err(TrustError::Quorum { .. })
    ));
}

#[test]
fn a_false_signature_of_a_known_key_refuses_and_an_unknown_key_counts_for_nothing() {
    let mut note = signed(&[1, 2, 4]);
    let stranger = Signer::of([200; 32]);
    let unknown = stranger.key("stranger.example", Algorithm::Ed25519);
    note.add(Signature::log(&unknown, [0; 64])).unwrap();
    let trusted = policy().check(&note).unwrap();
    assert_eq!(trusted.unknown, [KeyName::parse("stranger.example").unwrap()]);
    assert_eq!(trusted.log_keys.len(), 1);
    note.add(Signature::cosignature(&witness(5).1, 7, [0; 64]))
        .unwrap();
    assert!(matches!(policy().check(&note), Err(TrustError::Signature(_))));
    // A key with the log's name that the policy does not know is nobody.
    let mut forged = Note::new(note.text()).unwrap();
    let impostor = stranger.key(ORIGIN, Algorithm::Ed25519);
    forged
        .add(Signature::log(&impostor, stranger.sign(note.text().as_bytes())))
        .unwrap();
    assert_eq!(policy().check(&forged), Err(TrustError::Unsigned));
}

#[test]
fn another_log_is_refused_though_its_key_is_the_same() {
    let key = log().key("other.example/log", Algorithm::Ed25519);
    let checked = Policy::of_log(key).check(&signed(&[]));
    assert_eq!(
        checked,
        Err(TrustError::Origin {
            found: KeyName::parse(ORIGIN).unwrap()
        })
    );
}

#[test]
fn a_policy_is_written_as_it_is_read() {
    let text = policy().to_string();
    assert_eq!(Policy::parse(text.as_bytes()).unwrap(), policy());
    let plain = Policy::of_log(log().key(ORIGIN, Algorithm::Ed25519));
    assert!(plain.to_string().ends_with("\nquorum none\n"));
    assert_eq!(Policy::parse(plain.to_string().as_bytes()).unwrap(), plain);
    assert!(plain.check(&signed(&[])).is_ok());
}

#[test]
fn what_is_no_policy_is_refused_by_its_line() {
    let log_line = format!("log {}\n", log().key(ORIGIN, Algorithm::Ed25519));
    let (w1, w2) = (witness(1).1, witness(2).1);
    let witnesses = format!("witness a {w1}\nwitness b {w2}\n");
    let fault = |rest: &str| {
        let error = Policy::parse(format!("{log_line}{witnesses}{rest}").as_bytes()).unwrap_err();
        (error.line, error.kind)
    };
    let named = |name: &str| name.to_owned();
    assert_eq!(fault(""), (0, PolicyErrorKind::Quorum));
    assert_eq!(fault("quorum none\nquorum a\n"), (5, PolicyErrorKind::Quorum));
    assert_eq!(
        fault("quorum c\n"),
        (4, PolicyErrorKind::NameUnknown { name: named("c") })
    );
    assert_eq!(
        fault("group g all a c\nquorum g"),
        (4, PolicyErrorKind::NameUnknown { name: named("c") })
    );
    assert_eq!(
        fault("group g all g a\n"),
        (4, PolicyErrorKind::NameUnknown { name: named("g") })
    );
    assert_eq!(
        fault("group a any b\n"),
        (4, PolicyErrorKind::NameTaken { name: named("a") })
    );
    assert_eq!(
        fault("group none any b\n"),
        (4, PolicyErrorKind::NameTaken { name: named("none") })
    );
    assert_eq!(
        fault("group g 2 a a\n"),
        (4, PolicyErrorKind::MemberTwice { name: named("a") })
    );
    assert_eq!(
        fault("group g any a\ngroup h any a b\n"),
        (5, PolicyErrorKind::MemberTwice { name: named("a") })
    );
    assert_eq!(fault("group g 3 a b\n"), (4, PolicyErrorKind::Threshold));
    assert_eq!(fault("group g 0 a b\n"), (4, PolicyErrorKind::Threshold));
    assert_eq!(fault("group g some a b\n"), (4, PolicyErrorKind::Form));
    assert_eq!(fault("group g all\n"), (4, PolicyErrorKind::Form));
    assert_eq!(fault("trust everyone\n"), (4, PolicyErrorKind::Form));
    assert_eq!(
        fault(&format!("witness c {w1}\n")),
        (4, PolicyErrorKind::KeyTwice)
    );
    assert_eq!(fault(&log_line), (4, PolicyErrorKind::KeyTwice));
    assert_eq!(fault(&format!("log {w1}\n")), (4, PolicyErrorKind::Algorithm));
    assert_eq!(
        fault("log nothing\n"),
        (4, PolicyErrorKind::Key(crate::note::KeyError::Form))
    );
    assert_eq!(fault("quorum none\r\n"), (0, PolicyErrorKind::Characters));
    let error = Policy::parse(b"quorum none\n").unwrap_err();
    assert_eq!((error.line, error.kind), (0, PolicyErrorKind::NoLog));
    assert!(Policy::parse(&vec![b'#'; POLICY_BYTES_MAX + 1]).is_err());
}
