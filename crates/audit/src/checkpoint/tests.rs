//! The specification's example, and texts that are no checkpoint.

use super::*;

const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

#[test]
fn the_specifications_example_is_read_and_written() {
    let checkpoint = Checkpoint::parse(EXAMPLE).unwrap();
    assert_eq!(checkpoint.origin.as_str(), "example.com/behind-the-sofa");
    assert_eq!(checkpoint.size, 20_852_163);
    assert_eq!(
        checkpoint.root.to_string(),
        "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    );
    assert_eq!(checkpoint.to_string(), EXAMPLE);
    assert_eq!(checkpoint.to_note().unwrap().text(), EXAMPLE);
    let extended = format!("{EXAMPLE}one\ntwo\n");
    let parsed = Checkpoint::parse(&extended).unwrap();
    assert_eq!(parsed.extensions, ["one", "two"]);
    assert_eq!(parsed.to_string(), extended);
}

#[test]
fn what_is_no_checkpoint_is_refused() {
    let changed = |from: &str, to: &str| Checkpoint::parse(&EXAMPLE.replacen(from, to, 1)).unwrap_err();
    assert_eq!(Checkpoint::parse(""), Err(CheckpointError::Lines));
    assert_eq!(Checkpoint::parse(EXAMPLE.trim_end()), Err(CheckpointError::Lines));
    assert_eq!(Checkpoint::parse("a\n1\n"), Err(CheckpointError::Lines));
    assert_eq!(changed("2I=\n", "2I=\n\n"), CheckpointError::Lines);
    assert_eq!(changed("example", "an example"), CheckpointError::Origin);
    assert_eq!(changed("example", "exa+mple"), CheckpointError::Origin);
    for size in [
        "020852163",
        "+20852163",
        "-1",
        "2e7",
        "18446744073709551616",
        " 20852163",
    ] {
        assert_eq!(changed("20852163", size), CheckpointError::Size, "{size}");
    }
    for root in [
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I",
        "CsUYapGGPo4=",
        "not base64",
    ] {
        assert_eq!(
            changed("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", root),
            CheckpointError::Root,
            "{root}"
        );
    }
    // The same hash in other letters: the last one has bits that must be zero.
    assert_eq!(changed("2I=", "2J="), CheckpointError::Root);
}
