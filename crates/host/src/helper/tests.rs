//! The description against the code, and messages from whoever means no good.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::message::check_depth;
use super::*;
use crate::encryption::Encryption;
use crate::listener::{Listener, Protocol};
use crate::unit::Reach;

mod description;

use description::Description;

fn place(found: Encryption) -> Place {
    Place::new(
        PlaceKind::Database,
        Some("17/main".to_owned()),
        "/data".to_owned(),
        found,
    )
}

fn encrypted() -> Encryption {
    Encryption::Encrypted {
        by: "dm-crypt LUKS2".to_owned(),
        place: "dm-0".to_owned(),
    }
}

fn unknown() -> Encryption {
    Encryption::Unknown {
        why: "hidden".to_owned(),
    }
}

/// A value of a verb's parameters and one of its reply, in JSON.
type Sample = (&'static str, (Value, Value));

fn sample<M: Method<Reply: serde::Serialize>>(method: &M, reply: &M::Reply) -> Sample {
    let json = |value: Result<Value, _>| value.unwrap();
    (
        M::NAME,
        (
            json(serde_json::to_value(method)),
            json(serde_json::to_value(reply)),
        ),
    )
}

/// One of each verb of our interface.
fn samples() -> BTreeMap<&'static str, (Value, Value)> {
    let facts = [storage(), ssh(), listeners(), units(), journal()];
    facts.into_iter().chain(changes()).collect()
}

fn storage() -> Sample {
    let found = [encrypted(), unknown(), Encryption::Memory];
    let places = found.map(place).to_vec();
    sample(&GetStorage {}, &StorageReply { places, left_out: 0 })
}

fn journal() -> Sample {
    let place = crate::journal::Cursor::try_from("s=1;i=a;b=2;m=3;t=4;x=5".to_owned()).unwrap();
    let line = JournalLine {
        place: place.clone(),
        at_us: 1,
        unit: "strongroom.service".to_owned(),
        priority: 6,
        message: "ready".to_owned(),
    };
    let reply = JournalReply {
        lines: vec![line],
        more: false,
    };
    sample(&GetJournal { after: Some(place) }, &reply)
}

fn ssh() -> Sample {
    let reply = SshReply {
        state: SshState::Known,
        passwords: Some(false),
        root_with_password: None,
        ports: vec![22],
        why: None,
    };
    sample(&GetSsh {}, &reply)
}

fn listeners() -> Sample {
    let listener = Listener {
        protocol: Protocol::Tcp,
        address: [127, 0, 0, 1].into(),
        port: 22,
        user: "root".to_owned(),
    };
    let listeners = vec![listener];
    sample(
        &GetListeners {},
        &ListenersReply {
            listeners,
            left_out: 3,
        },
    )
}

fn units() -> Sample {
    let unit = UnitReply {
        name: "strongroom.service".to_owned(),
        state: "active".to_owned(),
        is_enabled: true,
        restarts: 0,
        exposure_tenths: Some(14),
        drop_ins: vec!["/etc/x.conf".to_owned()],
        reach: Some(Reach {
            user: "strongroom".to_owned(),
            has_own_network: false,
            families: vec!["AF_UNIX".to_owned()],
            denies_every_address: true,
            allowed: Vec::new(),
        }),
        why: None,
    };
    sample(&GetUnits {}, &UnitsReply { units: vec![unit] })
}

fn changes() -> [Sample; 6] {
    let ruleset = "table".to_owned();
    let plan = PlanReply {
        ruleset: ruleset.clone(),
        ssh_ports: vec![22],
    };
    let firewall = FirewallReply {
        loaded: Some(ruleset.clone()),
        confirmed: None,
        is_pending: false,
        turned_away: Some(0),
    };
    let unit = OwnUnit::Worker;
    let (ports, ssh) = (Ports::try_from(vec![443]).unwrap(), SshAccess::Keep);
    let apply = ApplyFirewall {
        ports: ports.clone(),
        ssh,
        seconds: ReturnSeconds::try_from(60).unwrap(),
        session: Some(3),
    };
    [
        sample(&RestartUnit { unit }, &RestartReply { unit }),
        sample(&StartBackup {}, &BackupReply { was_running: false }),
        sample(&GetFirewall {}, &firewall),
        sample(&PlanFirewall { ports, ssh }, &plan),
        sample(&apply, &plan),
        sample(&ConfirmFirewall { session: None }, &ConfirmReply { ruleset }),
    ]
}

fn named(interface: &str) -> Vec<&'static str> {
    let of = |name: &&&str| {
        name.rsplit_once('.')
            .is_some_and(|(before, _)| before == interface)
    };
    Verb::NAMES.iter().filter(of).copied().collect()
}

#[test]
fn the_description_and_the_code_say_the_same() {
    let description = Description::parse(DESCRIPTION);
    let samples = samples();
    let ours = named(INTERFACE);
    assert_eq!(ours.len(), samples.len());
    assert_eq!(ours.len(), description.methods.len());
    for (name, (parameters, reply)) in &samples {
        let short = name.rsplit_once('.').unwrap().1;
        let (input, output) = &description.methods[short];
        description.check(input, parameters, name);
        description.check(output, reply, name);
    }
    let errors: Vec<&str> = ErrorName::ALL
        .iter()
        .filter_map(|name| name.as_str().strip_prefix(INTERFACE)?.strip_prefix('.'))
        .collect();
    let described: Vec<&str> = description.errors.keys().map(String::as_str).collect();
    let mut sorted = errors.clone();
    sorted.sort_unstable();
    assert_eq!(described, sorted);
}

#[test]
fn a_description_that_lies_would_be_noticed() {
    let reply = &samples()["org.strongroom.Host.GetUnits"].1;
    for (what, lie) in [
        ("  exposure_tenths: ?int,\n", ""),
        ("exposure_tenths: ?int", "exposure_tenths: ?string"),
        ("  restarts: int,\n", "  restarts: int,\n  more: int,\n"),
    ] {
        let text = DESCRIPTION.replacen(what, lie, 1);
        assert_ne!(text, DESCRIPTION, "{what}");
        let seen = std::panic::catch_unwind(|| {
            let description = Description::parse(&text);
            description.check(&description.methods["GetUnits"].1, reply, "GetUnits");
        });
        assert!(seen.is_err(), "{lie:?} instead of {what:?} goes unnoticed");
    }
}

#[test]
fn every_verb_reads_back_as_it_was_called() {
    for (name, (parameters, _)) in samples() {
        let message = json!({"method": name, "parameters": parameters}).to_string();
        assert_eq!(Verb::read(message.as_bytes()).unwrap().name(), name);
    }
    let bare = br#"{"method":"org.strongroom.Host.GetSsh"}"#;
    assert_eq!(Verb::read(bare).unwrap(), Verb::GetSsh(GetSsh {}));
}

/// What stands for `{}` in a message: method and parameters of our interface.
const ILL: &[(&str, &str)] = &[
    ("GetSsh", "{\"path\":\"/etc/shadow\"}"),
    ("GetSsh", "[]"),
    ("GetSsh", "{}, \"oneway\": true"),
    ("GetSsh", "{}, \"more\": true"),
    ("GetSsh", "{}, \"parameters\": {}"),
    ("GetSsh", "{}, \"x\": 1"),
    ("StartBackup", "{\"unit\":\"ssh\"}"),
    ("RestartUnit", "{}"),
    ("RestartUnit", "{\"unit\":\"ssh\"}"),
    ("RestartUnit", "{\"unit\":\"../../ssh.service\"}"),
    ("RestartUnit", "{\"unit\":\"server\",\"unit\":\"worker\"}"),
    ("PlanFirewall", "{\"ports\":[0],\"ssh\":\"keep\"}"),
    ("PlanFirewall", "{\"ports\":[65536],\"ssh\":\"keep\"}"),
    (
        "PlanFirewall",
        "{\"ports\":[\"22 accept; flush\"],\"ssh\":\"keep\"}",
    ),
    ("PlanFirewall", "{\"ports\":[1,2,3,4,5,6,7,8,9],\"ssh\":\"keep\"}"),
    (
        "ApplyFirewall",
        "{\"ports\":[443],\"ssh\":\"keep\",\"seconds\":86400}",
    ),
    (
        "ApplyFirewall",
        "{\"ports\":[443],\"ssh\":\"keep\",\"seconds\":0}",
    ),
];

fn refused(message: &str, name: ErrorName) {
    let refusal = Verb::read(message.as_bytes()).unwrap_err();
    let start: String = message.chars().take(200).collect();
    assert_eq!(refusal.name, name, "{start}: {refusal:?}");
    assert!(refusal.why.len() < 500, "{start}");
}

#[test]
fn what_is_no_call_of_ours_is_refused_with_its_name() {
    let list = "[\"org.strongroom.Host.GetSsh\"]";
    for message in ["", "nonsense", "{}", "[]", list, "{\"method\":1}"] {
        refused(message, ErrorName::InvalidParameter);
    }
    for (method, parameters) in ILL {
        let message = format!("{{\"method\":\"{INTERFACE}.{method}\",\"parameters\":{parameters}}}");
        refused(&message, ErrorName::InvalidParameter);
    }
    let deep = format!("{}1{}", "{\"a\":".repeat(9), "}".repeat(9));
    refused(&deep, ErrorName::InvalidParameter);
    refused(&"[".repeat(60_000), ErrorName::InvalidParameter);
    refused(
        "{\"method\":\"org.strongroom.Host.RunCommand\"}",
        ErrorName::MethodNotFound,
    );
    for method in ["org.example.Other.Do", "", "."] {
        refused(
            &format!("{{\"method\":\"{method}\"}}"),
            ErrorName::InterfaceNotFound,
        );
    }
}

#[test]
fn a_refusal_repeats_no_control_characters_of_the_caller() {
    let message = b"{\"method\":\"org.strongroom.Host.A\\n<0>forged line\\u001b[2J\"}";
    let refusal = Verb::read(message).unwrap_err();
    assert!(!refusal.why.chars().any(char::is_control), "{refusal:?}");
}

#[test]
fn answers_read_back_and_anything_else_is_none() {
    for name in ErrorName::ALL {
        let answer = Answer::Refused(Refusal::new(name, "because"));
        assert_eq!(Answer::parse(&answer.to_message()).unwrap(), answer);
    }
    let done = Answer::Done(json!({"a": 1}));
    assert_eq!(Answer::parse(&done.to_message()).unwrap(), done);
    for text in [
        "",
        "[]",
        "{\"error\":\"x\"}",
        "{\"continues\":true}",
        "{\"parameters\":{},\"x\":1}",
    ] {
        assert!(Answer::parse(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn a_place_says_what_it_said_and_an_answer_without_its_parts_is_unknown() {
    for found in [encrypted(), unknown(), Encryption::Memory] {
        assert_eq!(place(found.clone()).encryption(), found);
    }
    let mut bare = place(encrypted());
    bare.by = None;
    assert!(matches!(bare.encryption(), Encryption::Unknown { .. }));
}

proptest! {
    /// No bytes make the reader fall over, and whatever it takes is a verb of the list.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        if let Ok(verb) = Verb::read(&bytes) {
            prop_assert!(Verb::NAMES.contains(&verb.name()));
        }
        let _answer = Answer::parse(&bytes);
    }

    /// The same near a real call: one byte is another.
    #[test]
    fn a_call_with_a_changed_byte_is_read_or_refused(
        which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let samples: Vec<_> = samples().into_iter().collect();
        let (name, (parameters, _)) = which.get(&samples);
        let mut message = json!({"method": name, "parameters": parameters}).to_string().into_bytes();
        let at = place.index(message.len());
        message[at] = byte;
        if let Ok(verb) = Verb::read(&message) {
            prop_assert!(Verb::NAMES.contains(&verb.name()));
        }
    }

    /// The depth is counted as the parser counts it, brackets in texts aside.
    #[test]
    fn depth_is_bounded_and_brackets_in_texts_do_not_count(depth in 0_usize..40, text in "[\\[\\]{}\\\\\"a]{0,20}") {
        let inner = Value::String(text).to_string();
        let message = format!("{}{inner}{}", "[".repeat(depth), "]".repeat(depth));
        prop_assert_eq!(check_depth(message.as_bytes()).is_ok(), depth <= 8);
    }
}
