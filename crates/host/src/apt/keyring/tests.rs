use super::*;

/// Made by GnuPG 2.2 with `--quick-generate-key "An ended key" ed25519 sign seconds=60`, at 2026-11-29T07:00:00Z.
const ENDED: &str = "9833046b0bcd7016092b06010401da470f0101074007df1a518c46f56bc7e9f08091205093055b6734108f1c382325f5cccae14453b40c416e20656e646564206b6579889604131608003e1621046b8f911717484b3f2bf388fea625b2e9b529e38605026b0bcd70021b0305090000003c050b0908070206150a09080b020416020301021e01021780000a0910a625b2e9b529e386581b00ff4dc233726808a66c095ee41ecf4b2dde16ce4667bb18e8339e0d42795a36fbe300fd1568e63363a2e4f0165b03893ad53939c782e2b67ba0ee90a9fa9839ca062a0f";
/// The same with `never`.
const ENDLESS: &str = "9833046b0bcd7016092b06010401da470f01010740101411a869c36f6a39342533ec72c7afecdad1f249dd96d9ef8ea144f57cd973b40e416e20656e646c657373206b6579889004131608003816210456d7e754f587e2bf501d467135381c2d94ae228b05026b0bcd70021b03050b0908070206150a09080b020416020301021e01021780000a091035381c2d94ae228bc2a10100f93e85dba9f6b30b386c4b572981480d8cc2c376f31d400169ddceb5e8b1ae9100f901c6cb1d5fdce99bf4bc7d987c668327d79d0bfe6fab26c162c8ff2db8ba9c00";

fn bytes(hex: &str) -> Vec<u8> {
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn a_keyring_has_ended_when_the_last_of_its_keys_has() {
    let (ended, endless) = (bytes(ENDED), bytes(ENDLESS));
    let end = at("2026-11-29T07:01:00Z");
    assert_eq!(ended_at(&ended, at("2026-11-29T07:00:59Z")), None);
    assert_eq!(ended_at(&ended, end), Some(end));
    assert_eq!(ended_at(&endless, at("2099-01-01T00:00:00Z")), None);
    let both = [ended.clone(), endless].concat();
    assert_eq!(
        ended_at(&both, at("2099-01-01T00:00:00Z")),
        None,
        "the other one goes on"
    );
    let twice = [ended.clone(), ended].concat();
    assert_eq!(ended_at(&twice, at("2099-01-01T00:00:00Z")), Some(end));
}

#[test]
fn what_is_not_understood_ends_nothing() {
    let now = at("2099-01-01T00:00:00Z");
    let whole = bytes(ENDED);
    assert_eq!(ended_at(&[], now), None);
    assert_eq!(ended_at(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n", now), None);
    let mut of_version_3 = whole.clone();
    of_version_3[2] = 3;
    assert_eq!(ended_at(&of_version_3, now), None);
}

/// Whatever stands in the file, looking ends, and no length leads out of it.
#[test]
fn a_keyring_that_is_cut_off_or_changed_anywhere_is_no_harm() {
    let now = at("2099-01-01T00:00:00Z");
    let whole = bytes(ENDED);
    for length in 0..whole.len() {
        let is_past = |keyring: &[u8]| ended_at(keyring, now).is_none_or(|end| end <= now);
        assert!(is_past(&whole[..length]));
        for value in [0, 0x7f, 0xc0, 0xff] {
            let mut changed = whole.clone();
            changed[length] = value;
            assert!(is_past(&changed), "{length}: {value}");
        }
    }
}
