//! A receipt that proves its leaf, and what is changed in it.

use super::*;
use crate::checkpoint::Checkpoint;
use crate::merkle::{Tree, prove_inclusion};
use crate::note::{Algorithm, KeyName, Signature};
use crate::signing::Signer;
use crate::{Commitment, LeafKind};

fn leaf(number: u64) -> Leaf {
    Leaf {
        kind: LeafKind::Change,
        organization_tag: [1; 16],
        organization_sequence: number + 1,
        previous: Hash([2; 32]),
        time_ms: number,
        header: Commitment([3; 32]),
        before: Commitment::ZERO,
        after: Commitment::ZERO,
        key_id: [0; 16],
    }
}

fn receipt(index: u64) -> (Receipt, Policy) {
    let signer = Signer::of([9; 32]);
    let key = signer.key("records.example/log", Algorithm::Ed25519);
    let mut tree = Tree::default();
    let hashes: Vec<Hash> = (0..11).map(|number| leaf(number).hash()).collect();
    hashes.iter().for_each(|hash| tree.push_hash(*hash));
    let checkpoint = Checkpoint::new(
        KeyName::parse("records.example/log").unwrap(),
        tree.size(),
        tree.root(),
    );
    let mut note = checkpoint.to_note().unwrap();
    let signature = signer.sign(note.text().as_bytes());
    note.add(Signature::log(&key, signature)).unwrap();
    let receipt = Receipt {
        leaf: leaf(index).encode(),
        index,
        hashes: prove_inclusion(&hashes, usize::try_from(index).unwrap()).unwrap(),
        checkpoint: note,
    };
    (receipt, Policy::of_log(key))
}

#[test]
fn every_receipt_is_written_read_and_holds() {
    for index in 0..11 {
        let (receipt, policy) = receipt(index);
        let text = receipt.to_string();
        assert!(
            text.starts_with("c2sp.org/tlog-proof@v1\nextra U1JMRUFG"),
            "{text}"
        );
        assert_eq!(Receipt::parse(text.as_bytes()).unwrap(), receipt);
        assert_eq!(receipt.check(&policy).unwrap().0, leaf(index));
    }
}

#[test]
fn a_receipt_with_any_bit_changed_is_refused() {
    let (receipt, policy) = receipt(5);
    let bytes = receipt.to_string().into_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let checked = Receipt::parse(&changed).and_then(|receipt| receipt.check(&policy));
        assert!(
            checked.is_err(),
            "bit {bit}: {}",
            String::from_utf8_lossy(&changed)
        );
    }
}

#[test]
fn what_is_no_receipt_is_refused() {
    let (receipt, policy) = receipt(5);
    let text = receipt.to_string();
    for (from, to) in [
        ("@v1", "@v2"),
        ("extra ", "extra  "),
        ("index 5", "index 05"),
        ("index 5", "index"),
        ("index 5\n", ""),
        ("\n\n", "\n"),
    ] {
        assert!(
            Receipt::parse(text.replacen(from, to, 1).as_bytes()).is_err(),
            "{from} -> {to}"
        );
    }
    let many = Receipt {
        hashes: vec![Hash([0; 32]); 65],
        ..receipt.clone()
    };
    assert!(Receipt::parse(many.to_string().as_bytes()).is_err());
    let elsewhere = Receipt { index: 6, ..receipt };
    assert!(matches!(elsewhere.check(&policy), Err(ReceiptError::Proof(_))));
}
