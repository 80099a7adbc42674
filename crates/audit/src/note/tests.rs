//! The note of golang.org/x/mod/sumdb/note, whose key, text and signature are published, and notes that are none.

use super::*;
use crate::signing::Signer;
use proptest::prelude::*;

const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
/// The private half, from the same place: `PRIVATE+KEY+PeterNeumann+c74f20a3+AYEK...`, without its first byte.
const PETER_PRIVATE: &str = "gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=";
const TEXT: &str =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const LINE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn peter() -> VerifierKey {
    VerifierKey::parse(PETER).unwrap()
}

fn published() -> String {
    format!("{TEXT}\n{LINE}")
}

#[test]
fn the_published_note_parses_holds_and_is_written_again() {
    let note = Note::parse(published().as_bytes()).unwrap();
    assert_eq!(note.text(), TEXT);
    let [signature] = note.signatures() else {
        panic!("one signature")
    };
    assert!(signature.claims(&peter()));
    assert_eq!(peter().check(&note, signature), Ok(None));
    assert_eq!(note.to_string(), published());
    assert_eq!(peter().to_string(), PETER);
}

#[test]
fn signing_the_published_text_gives_the_published_line() {
    let private: [u8; 32] = STANDARD.decode(PETER_PRIVATE).unwrap().try_into().unwrap();
    let signer = Signer::of(private);
    let key = signer.key("PeterNeumann", Algorithm::Ed25519);
    assert_eq!(key, peter());
    let mut note = Note::new(TEXT).unwrap();
    let signature = signer.sign(note.text().as_bytes());
    note.add(Signature::log(&key, signature)).unwrap();
    assert_eq!(note.to_string(), published());
}

#[test]
fn a_key_that_was_changed_anywhere_is_refused() {
    for end in 0..PETER.len() {
        assert!(VerifierKey::parse(&PETER[..end]).is_err(), "{end}");
        assert!(VerifierKey::parse(&PETER[end + 1..]).is_err(), "{end}");
    }
    for place in 0..PETER.len() {
        let mut bytes = PETER.as_bytes().to_vec();
        bytes[place] += 1;
        let text = String::from_utf8(bytes).unwrap();
        assert!(VerifierKey::parse(&text).is_err(), "{text}");
    }
    // From the same tests: a key that is too long, and an unknown algorithm, with ids that fit.
    let long = "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==";
    let unknown = "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    assert_eq!(VerifierKey::parse(long), Err(KeyError::Form));
    assert_eq!(
        VerifierKey::parse(unknown),
        Err(KeyError::Algorithm { found: 0x65 })
    );
}

#[test]
fn the_cosignature_of_the_specification_is_read_with_its_time() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let signatures = "\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
                      \u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
    let note = Note::parse(format!("{text}\n{signatures}").as_bytes()).unwrap();
    let (time, signature) = note.signatures()[1].bytes().split_first_chunk::<8>().unwrap();
    assert_eq!(u64::from_be_bytes(*time), 1_679_315_147);
    assert_eq!(signature.len(), SIGNATURE_BYTES);
    let message = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
                   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    assert_eq!(cosigned(note.text(), 1_679_315_147), message);
}

#[test]
fn a_cosignature_holds_for_its_text_time_and_kind_only() {
    let signer = Signer::of([7; 32]);
    let key = signer.key("witness.example/w1", Algorithm::CosignatureV1);
    let plain = signer.key("witness.example/w1", Algorithm::Ed25519);
    assert_ne!(key.id(), plain.id());
    let mut note = Note::new("a\n1\nb\n").unwrap();
    let signature = signer.sign(cosigned(note.text(), 5).as_bytes());
    note.add(Signature::cosignature(&key, 5, signature)).unwrap();
    note.add(Signature::cosignature(&key, 6, signature)).unwrap();
    note.add(Signature::log(&plain, signature)).unwrap();
    let signatures = note.signatures();
    assert_eq!(key.check(&note, &signatures[0]), Ok(Some(5)));
    assert!(key.check(&note, &signatures[1]).is_err(), "another time");
    assert!(plain.check(&note, &signatures[2]).is_err(), "another kind");
    assert!(plain.check(&note, &signatures[0]).is_err(), "another key");
    let other = Note::new("a\n2\nb\n").unwrap();
    assert!(key.check(&other, &signatures[0]).is_err(), "another text");
}

#[test]
fn what_is_no_note_is_refused() {
    let refused = |bytes: &[u8]| Note::parse(bytes).unwrap_err();
    assert_eq!(refused(b""), NoteError::Unsigned);
    assert_eq!(refused(TEXT.as_bytes()), NoteError::Unsigned);
    assert_eq!(refused(format!("{TEXT}\n").as_bytes()), NoteError::Unsigned);
    assert_eq!(refused(format!("\n{LINE}").as_bytes()), NoteError::Unsigned);
    assert_eq!(refused(published().trim_end().as_bytes()), NoteError::Unsigned);
    assert_eq!(refused(b"\xff\n\n"), NoteError::Characters);
    assert_eq!(
        refused(published().replace('y', "\r").as_bytes()),
        NoteError::Characters
    );
    assert_eq!(
        refused(&vec![b'a'; NOTE_BYTES_MAX + 1]),
        NoteError::Length {
            found: NOTE_BYTES_MAX + 1
        }
    );
    assert_eq!(
        refused(format!("{TEXT}\n{}", LINE.repeat(65)).as_bytes()),
        NoteError::Many
    );
    for line in [
        "- PeterNeumann x08go/ZJkuA=",
        "\u{2014} Peter Neumann x08go/ZJkuA=",
        "\u{2014} Peter+Neumann x08go/ZJkuA=",
        "\u{2014}  x08go/ZJkuA=",
        "\u{2014} PeterNeumann",
        "\u{2014} PeterNeumann x08go",
        "\u{2014} PeterNeumann x08gow==",
        "\u{2014} PeterNeumann x08go/ZJkuB=",
    ] {
        let note = format!("{TEXT}\n{LINE}{line}\n");
        assert_eq!(
            refused(note.as_bytes()),
            NoteError::Signature { line: 2 },
            "{line}"
        );
    }
    assert_eq!(Note::new("no end of line"), Err(NoteError::Text));
    assert_eq!(Note::new(""), Err(NoteError::Text));
    assert_eq!(Note::new("a\tb\n"), Err(NoteError::Text));
}

#[test]
fn a_text_with_blank_lines_is_parted_at_the_last() {
    let note = Note::parse(format!("one\n\ntwo\n\n{LINE}").as_bytes()).unwrap();
    assert_eq!(note.text(), "one\n\ntwo\n");
}

proptest! {
    #[test]
    fn whatever_parses_is_written_as_it_was(
        text in "[a-z\n]{0,40}", name in "[a-z/. +]{0,12}", signature in prop::collection::vec(any::<u8>(), 0..90),
        cut in 0..200_usize,
    ) {
        let line = format!("\u{2014} {name} {}\n", STANDARD.encode(signature));
        let mut bytes = format!("{text}\n{line}").into_bytes();
        if let Some(byte) = bytes.get_mut(cut) {
            *byte = byte.wrapping_add(1);
        }
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes);
        }
    }
}
