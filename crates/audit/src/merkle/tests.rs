//! The reference tree of the Certificate Transparency test-suite, and properties over all small trees.

use super::*;
use proptest::prelude::*;

/// The eight leaves of `merkle_tree_test` in google/certificate-transparency.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// Roots of the trees of 0 to 8 of those leaves, from the same place.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn leaves(count: usize) -> Vec<Vec<u8>> {
    LEAVES[..count]
        .iter()
        .map(|leaf| hex::decode(leaf).unwrap())
        .collect()
}

fn hashes(count: usize) -> Vec<Hash> {
    leaves(count).iter().map(|leaf| leaf_hash(leaf)).collect()
}

fn hash(text: &str) -> Hash {
    Hash(hex::decode(text).unwrap().try_into().unwrap())
}

#[test]
fn the_reference_tree_has_the_published_roots() {
    for (count, expected) in ROOTS.iter().enumerate() {
        assert_eq!(root(leaves(count)).to_string(), *expected, "{count} leaves");
    }
}

#[test]
fn the_published_inclusion_proofs_are_made_and_hold() {
    let whole = hashes(8);
    for (index, size, expected) in [
        (0, 1, vec![]),
        (
            0,
            8,
            vec![
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            vec![
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            3,
            vec!["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
        ),
    ] {
        let expected: Vec<Hash> = expected.into_iter().map(hash).collect();
        assert_eq!(
            prove_inclusion(&whole[..size], index).unwrap(),
            expected,
            "leaf {index} of {size}"
        );
        let checked = check_inclusion(
            whole[index],
            index as u64,
            size as u64,
            &expected,
            hash(ROOTS[size]),
        );
        assert_eq!(checked, Ok(()));
    }
}

#[test]
fn the_published_consistency_proofs_are_made_and_hold() {
    let whole = hashes(8);
    for (first, second, expected) in [
        (1, 1, vec![]),
        (
            1,
            8,
            vec![
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            vec![
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            vec![
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ] {
        let expected: Vec<Hash> = expected.into_iter().map(hash).collect();
        assert_eq!(
            prove_consistency(&whole[..second], first).unwrap(),
            expected,
            "{first} of {second}"
        );
        let (old, new) = (hash(ROOTS[first]), hash(ROOTS[second]));
        assert_eq!(
            check_consistency(first as u64, old, second as u64, new, &expected),
            Ok(())
        );
    }
}

fn numbered(count: usize) -> Vec<Hash> {
    (0..count)
        .map(|number| leaf_hash(&number.to_be_bytes()))
        .collect()
}

fn root_of(hashes: &[Hash]) -> Hash {
    let mut tree = Tree::default();
    hashes.iter().for_each(|leaf| tree.push_hash(*leaf));
    assert_eq!(tree.size(), hashes.len() as u64);
    tree.root()
}

/// The definition in RFC 6962, as directly as it can be written.
fn root_by_definition(hashes: &[Hash]) -> Hash {
    match hashes {
        [] => Hash(sha256(&[])),
        [one] => *one,
        many => {
            let (left, right) = many.split_at(many.len().next_power_of_two() / 2);
            node_hash(&root_by_definition(left), &root_by_definition(right))
        }
    }
}

#[test]
fn every_proof_of_every_small_tree_holds_and_no_other_does() {
    let all = numbered(40);
    let wrong = leaf_hash(b"wrong");
    for size in 1..=all.len() {
        let tree = &all[..size];
        let new = root_of(tree);
        assert_eq!(new, root_by_definition(tree));
        for index in 0..size {
            let (at, of) = (index as u64, size as u64);
            let proof = prove_inclusion(tree, index).unwrap();
            assert_eq!(
                check_inclusion(tree[index], at, of, &proof, new),
                Ok(()),
                "{index} of {size}"
            );
            assert!(check_inclusion(wrong, at, of, &proof, new).is_err());
            assert!(check_inclusion(tree[index], at, of, &proof, wrong).is_err());
            assert!(check_inclusion(tree[index], at, of, &[&proof[..], &[wrong]].concat(), new).is_err());
            if index + 1 < size {
                assert!(check_inclusion(tree[index], at + 1, of, &proof, new).is_err());
            }
            if let Some((_, shorter)) = proof.split_last() {
                assert!(check_inclusion(tree[index], at, of, shorter, new).is_err());
            }
        }
        for first in 1..=size {
            let (from, to) = (first as u64, size as u64);
            let old = root_of(&tree[..first]);
            let proof = prove_consistency(tree, first).unwrap();
            assert_eq!(
                check_consistency(from, old, to, new, &proof),
                Ok(()),
                "{first} of {size}"
            );
            assert!(check_consistency(from, wrong, to, new, &proof).is_err());
            assert!(check_consistency(from, old, to, wrong, &proof).is_err());
            assert!(check_consistency(from, old, to, new, &[&proof[..], &[wrong]].concat()).is_err());
            if let Some((_, shorter)) = proof.split_last() {
                assert!(check_consistency(from, old, to, new, shorter).is_err());
            }
        }
    }
}

#[test]
fn proofs_about_what_cannot_be_are_refused() {
    let tree = numbered(3);
    let new = root_of(&tree);
    assert!(matches!(
        check_inclusion(tree[0], 3, 3, &[], new),
        Err(ProofError::Range { .. })
    ));
    assert!(matches!(
        check_inclusion(tree[0], 0, 0, &[], new),
        Err(ProofError::Range { .. })
    ));
    assert!(matches!(
        check_consistency(0, new, 3, new, &[]),
        Err(ProofError::Range { .. })
    ));
    assert!(matches!(
        check_consistency(4, new, 3, new, &[]),
        Err(ProofError::Range { .. })
    ));
    assert_eq!(prove_inclusion(&tree, 3), None);
    assert_eq!(prove_consistency(&tree, 0), None);
    assert_eq!(prove_consistency(&tree, 4), None);
}

proptest! {
    #[test]
    fn arbitrary_proofs_never_panic(
        index in any::<u64>(), size in any::<u64>(), proof in prop::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let proof: Vec<Hash> = proof.into_iter().map(Hash).collect();
        let root = leaf_hash(b"root");
        prop_assert!(check_inclusion(root, index, size, &proof, leaf_hash(b"other")).is_err());
        prop_assert!(check_consistency(index, root, size, leaf_hash(b"other"), &proof).is_err());
    }
}
