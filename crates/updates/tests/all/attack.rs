//! The nine attacks that TUF names, and the plain faults: each refused, for its own reason.

use std::fs;

use updates::build;
use updates::key::SigningKey;
use updates::manifest::{Content, Manifest};
use updates::receive::MAGIC;
use updates::root::Chain;
use updates::signed::{Purpose, Signed};

use super::site::{
    Maker, after, assert_refused, chain, days, digest_of, keys, look, machine, package, refused, root,
    rotated, set, terms, today,
};

/// What an attacker, or a mistake, does to a list.
type Change = fn(&mut serde_json::Value);

/// A bundle with whatever list the attacker likes, signed with whatever keys he has.
fn forge(chain: &Chain, body: Vec<u8>, keys: &[SigningKey], files: &[u8]) -> Vec<u8> {
    let list = Signed::sign(Purpose::Bundle, body, keys).unwrap();
    [MAGIC.as_slice(), &chain.encode(), &list.encode(), files].concat()
}

/// A list signed by those who may, with a change that the builder would not make.
fn signed_with(change: impl Fn(&mut serde_json::Value)) -> Vec<u8> {
    let (bytes, list) = Maker::new().make_with_list();
    let mut json = serde_json::to_value(&list).unwrap();
    change(&mut json);
    let files = &bytes[bytes.len() - usize::try_from(list.bytes()).unwrap()..];
    forge(
        &chain(),
        serde_json::to_vec(&json).unwrap(),
        &keys([11, 12]),
        files,
    )
}

fn forged_by(keys: &[SigningKey]) -> Vec<u8> {
    let (_, list) = Maker::new().make_with_list();
    forge(&chain(), serde_json::to_vec(&list).unwrap(), keys, b"")
}

#[test]
fn attack_1_arbitrary_software_is_refused() {
    assert_refused(&forged_by(&keys([90, 91])), &terms(), "SignatureUnknown");
    assert_refused(&forged_by(&keys([11, 90])), &terms(), "SignatureUnknown");
    assert_refused(&forged_by(&keys([11])), &terms(), "TooFewSignatures");
    assert_refused(&forged_by(&keys([11, 11])), &terms(), "SignatureTwice");
    assert_refused(&forged_by(&[]), &terms(), "TooFewSignatures");
    // Keys for roots sign no bundles.
    assert_refused(&forged_by(&keys([1, 2])), &terms(), "SignatureUnknown");
    // A whole maker of his own.
    let mut maker = Maker::new();
    maker.chain = build::add_root(Chain::new(Vec::new()), &root(1, 60), &keys([60, 61]), today()).unwrap();
    maker.keys = keys([70, 71]);
    assert_refused(&maker.make(), &terms(), "ForeignRoot");
}

#[test]
fn attack_2_a_rollback_is_refused() {
    let mut maker = Maker::new();
    let older = maker.make();
    maker.draft.sequence = 8;
    let newer = look(&maker.make(), &terms()).unwrap();
    assert_refused(&older, &after(&newer), "Rollback");
    // The same number on another bundle.
    maker.add("more", b"more", Content::Proof);
    assert_refused(&maker.make(), &after(&newer), "Replaced");
    // An older program under a higher number.
    let mut terms = after(&newer);
    terms.machine.version = "0.3.0".parse().unwrap();
    maker.draft.sequence = 9;
    assert_refused(&maker.make(), &terms, "Downgrade");
}

#[test]
fn attack_3_a_freeze_ends_and_setting_the_clock_back_does_not_help() {
    let bundle = Maker::new().make();
    let mut terms = terms();
    terms.clock = days(91);
    assert_refused(&bundle, &terms, "Expired");
    terms.clock = days(5);
    assert!(look(&bundle, &terms).is_ok());
    // An entry of day 91 has been seen.
    terms.floor = Some(days(91));
    assert_refused(&bundle, &terms, "Expired");
}

#[test]
fn attack_4_mixed_bundles_are_refused() {
    let (one, list) = Maker::new().make_with_list();
    let mut maker = Maker::new();
    fs::write(maker.path("openssl_3.5.1-1_amd64.deb"), b"a librarY").unwrap();
    maker.draft.sequence = 8;
    let other = maker.make();
    let files = usize::try_from(list.bytes()).unwrap();
    // The list of one with the files of the other, both genuine.
    let mixed = [&one[..one.len() - files], &other[other.len() - files..]].concat();
    assert_refused(&mixed, &terms(), "Altered");
    // An earlier list behind later roots, whose keys still count.
    let kept = build::add_root(
        chain(),
        &updates::root::Root {
            version: 2,
            ..root(1, 1)
        },
        &keys([1, 2]),
        today(),
    );
    let body = serde_json::to_vec(&list).unwrap();
    let mixed = forge(&kept.unwrap(), body, &keys([11, 12]), &one[one.len() - files..]);
    assert_refused(&mixed, &terms(), "Mixed");
}

#[test]
fn attack_5_endless_data_and_bombs_are_refused_before_they_are_read() {
    let mut bundle = Maker::new().make();
    bundle.push(0);
    assert_refused(&bundle, &terms(), "Endless");
    // A list of 4 GiB, and roots without number.
    let announced = [MAGIC.as_slice(), &chain().encode(), &u32::MAX.to_be_bytes()].concat();
    assert_refused(&announced, &terms(), "TooLong");
    assert_refused(&[MAGIC.as_slice(), &[255]].concat(), &terms(), "TooLong");
    // A signed list with too much.
    let huge = signed_with(|list| list["targets"][1]["bytes"] = (3_u64 << 30).into());
    assert_refused(&huge, &terms(), "TooLong");
    let many = signed_with(|list| {
        let target = list["targets"][1].clone();
        list["targets"] = vec![target; 4097].into();
    });
    assert_refused(&many, &terms(), "TooLong");
    let all = signed_with(|list| {
        let targets = list["targets"].as_array_mut().unwrap();
        for number in 0..5 {
            let mut target = targets[2].clone();
            target["name"] = format!("part-{number}").into();
            target["bytes"] = (2_u64 << 30).into();
            targets.push(target);
        }
    });
    assert_refused(&all, &terms(), "TooLong");
}

#[test]
fn attack_6_a_fast_forward_is_refused_and_undone_by_new_keys() {
    let mut maker = Maker::new();
    let first = look(&maker.make(), &terms()).unwrap();
    maker.draft.sequence = 7 + 1001;
    assert_refused(&maker.make(), &after(&first), "FastForward");
    maker.draft.sequence = u64::MAX;
    assert_refused(&maker.make(), &terms(), "FastForward");
    // Within the bound, a thief used numbers up. New keys for bundles begin anew ...
    maker.draft.sequence = 7 + 1000;
    let stolen = look(&maker.make(), &after(&first)).unwrap();
    maker.chain = rotated();
    maker.keys = keys([51, 52]);
    maker.draft.sequence = 8;
    let healed = look(&maker.make(), &after(&stolen)).unwrap();
    // ... and nothing that was signed before comes back.
    assert_refused(&Maker::new().make(), &after(&healed), "RootRollback");
}

#[test]
fn attack_6_keys_that_stay_keep_their_numbers() {
    let mut maker = Maker::new();
    let first = look(&maker.make(), &terms()).unwrap();
    let next = updates::root::Root {
        bundle: set(2, &keys([11, 12, 53])),
        ..root(2, 1)
    };
    maker.chain = build::add_root(chain(), &next, &keys([1, 2]), today()).unwrap();
    maker.draft.sequence = 6;
    assert_refused(&maker.make_signed_by([11, 12]), &after(&first), "Rollback");
}

#[test]
fn attack_7_stolen_keys_are_put_out_of_use_and_one_is_never_enough() {
    assert_refused(&forged_by(&keys([11])), &terms(), "TooFewSignatures");
    // After the rotation the old keys sign nothing, not even behind the new roots.
    let (_, list) = Maker::new().make_with_list();
    let body = serde_json::to_vec(&list).unwrap();
    assert_refused(
        &forge(&rotated(), body, &keys([11, 12, 13]), b""),
        &terms(),
        "SignatureUnknown",
    );
    // A root by one stolen key for roots, and one by keys of its own.
    for thieves in [vec![1, 90], vec![90, 91]] {
        let own = updates::root::Root {
            root: set(2, &keys([90, 91])),
            ..root(2, 1)
        };
        let signers: Vec<SigningKey> = thieves.iter().map(|number| keys([*number]).remove(0)).collect();
        let signed = Signed::sign(Purpose::Root, serde_json::to_vec(&own).unwrap(), &signers).unwrap();
        let bundle = [MAGIC.as_slice(), &chain().with(signed).encode()].concat();
        assert_refused(&bundle, &terms(), "TooFewSignatures");
    }
}

#[test]
fn attack_7_a_root_that_skips_expires_or_is_no_root_is_refused() {
    let with = |root: &updates::root::Root| {
        let body = serde_json::to_vec(root).unwrap();
        let signed = Signed::sign(Purpose::Root, body, &keys([1, 2])).unwrap();
        [MAGIC.as_slice(), &chain().with(signed).encode()].concat()
    };
    assert_refused(&with(&root(3, 1)), &terms(), "RootChain");
    let mut expired = root(2, 1);
    expired.expires = days(0);
    assert_refused(&with(&expired), &terms(), "RootExpired");
    // A signed list in the place of a root: the same keys, another purpose.
    let body = serde_json::to_vec(&root(2, 1)).unwrap();
    let list = Signed::sign(Purpose::Bundle, body, &keys([1, 2])).unwrap();
    let bundle = [MAGIC.as_slice(), &chain().with(list).encode()].concat();
    assert_refused(&bundle, &terms(), "TooFewSignatures");
}

#[test]
fn attack_9_another_machines_software_is_refused() {
    let refused_for = |change: fn(&mut updates::terms::Machine)| {
        let mut terms = terms();
        change(&mut terms.machine);
        refused(&Maker::new().make(), &terms)
    };
    assert!(refused_for(|here| here.product = "vault".to_owned()).starts_with("OtherProduct"));
    assert!(refused_for(|here| here.release = "bookworm".to_owned()).starts_with("OtherRelease"));
    assert!(refused_for(|here| here.architecture = "arm64".to_owned()).starts_with("OtherArchitecture"));
    assert!(refused_for(|here| here.version = "0.0.9".parse().unwrap()).starts_with("TooFar"));
    let foreign = signed_with(|list| list["targets"][1]["content"]["architecture"] = "arm64".into());
    assert_refused(&foreign, &terms(), "OtherArchitecture");
    assert_eq!(machine().product, "strongroom");
}

#[test]
fn a_list_that_contradicts_itself_is_refused() {
    let unsound: [(&str, Change); 9] = [
        ("stands twice", |list| {
            list["targets"][1]["name"] = list["targets"][0]["name"].clone()
        }),
        ("package strongroom twice", |list| {
            list["targets"][1]["content"] = list["targets"][0]["content"].clone()
        }),
        ("does not end in .deb", |list| {
            list["targets"][1]["name"] = "openssl".into()
        }),
        ("does not hold strongroom", |list| {
            list["version"] = "0.2.1".into()
        }),
        ("form 2", |list| list["format"] = 2.into()),
        ("number is 0", |list| list["sequence"] = 0.into()),
        ("ends before it begins", |list| {
            list["not_after"] = list["not_before"].clone()
        }),
        ("newer version than its own", |list| {
            list["from_oldest"] = "0.3.0".into()
        }),
        ("made", |list| list["made_at"] = "2999-01-01T00:00:00Z".into()),
    ];
    for (why, change) in unsound {
        let said = refused(&signed_with(change), &terms());
        assert!(
            said.starts_with("List") && (why == "made" || said.contains(why)),
            "{why}: {said}"
        );
    }
}

#[test]
fn paths_unknown_members_and_nonsense_are_refused_even_when_signed() {
    let nonsense: [Change; 6] = [
        |list| list["targets"][1]["name"] = "../../etc/cron.d/x.deb".into(),
        |list| list["targets"][1]["name"] = "/etc/passwd.deb".into(),
        |list| list["targets"][1]["name"] = "..".into(),
        |list| list["targets"][1]["sha256"] = "00".into(),
        |list| list["more"] = 1.into(),
        |list| list["targets"][1]["content"]["kind"] = "link".into(),
    ];
    for change in nonsense {
        assert_refused(&signed_with(change), &terms(), "Malformed");
    }
    let twice = br#"{"format":1,"format":1}"#.to_vec();
    assert_refused(
        &forge(&chain(), twice, &keys([11, 12]), b""),
        &terms(),
        "Malformed",
    );
}

#[test]
fn a_bundle_that_is_cut_short_anywhere_is_refused() {
    let bundle = Maker::new().make();
    for length in 0..bundle.len() {
        assert_refused(&bundle[..length], &terms(), "Truncated");
    }
}

#[test]
fn a_bundle_of_the_future_another_file_and_an_altered_one_are_refused() {
    let mut early = terms();
    early.clock = days(-1);
    let bundle = Maker::new().make();
    assert_refused(&bundle, &early, "NotYet");
    assert_refused(b"PK\x03\x04 something else", &terms(), "NotABundle");
    let mut altered = bundle.clone();
    *altered.last_mut().unwrap() ^= 1;
    assert_refused(&altered, &terms(), "Altered");
    let message = refused(&altered, &terms());
    assert!(message.contains("notes.md"), "{message}");
    assert_ne!(digest_of(&bundle), digest_of(&altered));
    assert_eq!(package("a", "1"), package("a", "1"));
}

/// One flipped bit, ten thousand times: no byte of a bundle is without a guard.
#[test]
fn ten_thousand_flipped_bits_are_all_refused() {
    let mut maker = Maker::new();
    maker.chain = rotated();
    maker.keys = keys([51, 52, 53]);
    let bundle = maker.make();
    assert!(look(&bundle, &terms()).is_ok());
    // Numbers that are the same in each run (Knuth's generator).
    let mut state = 0x5372_6f6f_6d31_u64;
    for _ in 0..10_000 {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let bit = usize::try_from(state >> 33).unwrap() % (bundle.len() * 8);
        let mut flipped = bundle.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(look(&flipped, &terms()).is_err(), "bit {bit} has no guard");
    }
}

impl Maker {
    fn make_signed_by(&self, numbers: [u8; 2]) -> Vec<u8> {
        let (bytes, list): (Vec<u8>, Manifest) = {
            let mut bytes = Vec::new();
            let list = build::bundle(
                &mut bytes,
                &self.chain,
                &self.draft,
                &self.sources,
                &keys(numbers),
            )
            .unwrap();
            (bytes, list)
        };
        assert_eq!(list.sequence, self.draft.sequence);
        bytes
    }
}
