//! The examples of the specification, and every small growth against the tree in memory.

use super::*;
use crate::leaf::LEAF_BYTES;
use crate::merkle::{self, Hash, check_consistency, check_inclusion, leaf_hash};
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is none")]
struct Absent;

/// Tiles as a folder holds them.
type Folder = BTreeMap<String, Vec<u8>>;

fn leaf(number: u64) -> [u8; LEAF_BYTES] {
    let mut bytes = [0x5a; LEAF_BYTES];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

fn hashes(size: u64) -> Vec<Hash> {
    (0..size).map(|number| leaf_hash(&leaf(number))).collect()
}

fn reader(folder: &Folder) -> impl FnMut(Tile) -> Result<Vec<u8>, Absent> {
    |tile| folder.get(&tile.to_string()).cloned().ok_or(Absent)
}

/// Appends in steps, keeps what a folder would, and compares the sizes on the way with the tree in memory.
fn grow(steps: &[u64]) -> (Folder, u64) {
    let (mut folder, mut edge, mut tree) = (Folder::new(), Edge::default(), merkle::Tree::default());
    for step in steps {
        let old = edge.size();
        let growth = edge.append((old..old + step).map(leaf));
        (old..old + step).for_each(|number| tree.push(&leaf(number)));
        assert_eq!(
            (growth.size, growth.root),
            (old + step, tree.root()),
            "{old} + {step}"
        );
        let mut named: Vec<Tile> = growth.tiles.iter().map(|(tile, _)| *tile).collect();
        named.sort();
        let mut expected: Vec<Tile> = new_tiles(old, growth.size).collect();
        expected.sort();
        assert_eq!(named, expected, "{old} + {step}");
        for (tile, bytes) in growth.tiles {
            assert_eq!(bytes.len(), tile.length(), "{tile}");
            folder.insert(tile.to_string(), bytes);
        }
        edge = Edge::load(edge.size(), reader(&folder)).unwrap();
        assert_eq!(edge.root(), tree.root());
    }
    (folder, edge.size())
}

#[test]
fn the_paths_are_those_of_the_specification() {
    let path = |content, index, size| Tile::of(content, index, size).unwrap().to_string();
    assert_eq!(
        path(Content::Hashes(0), 1_234_067, u64::MAX),
        "tile/0/x001/x234/067"
    );
    assert_eq!(path(Content::Hashes(1), 0, 70_000), "tile/1/000");
    assert_eq!(path(Content::Hashes(1), 1, 70_000), "tile/1/001.p/17");
    assert_eq!(path(Content::Hashes(2), 0, 70_000), "tile/2/000.p/1");
    assert_eq!(path(Content::Entries, 273, 70_000), "tile/entries/273.p/112");
    assert_eq!(path(Content::Entries, 1_000, 300_000), "tile/entries/x001/000");
}

#[test]
fn a_tree_of_70_000_has_the_tiles_of_the_specification() {
    let of_level = |content| {
        let tiles = tiles_of(70_000).filter(|tile| tile.content() == content);
        tiles.map(Tile::width).collect::<Vec<u16>>()
    };
    let expected = |full: usize, partial: u16| [vec![WIDTH; full], vec![partial]].concat();
    assert_eq!(of_level(Content::Entries), expected(273, 112));
    assert_eq!(of_level(Content::Hashes(0)), expected(273, 112));
    assert_eq!(of_level(Content::Hashes(1)), expected(1, 17));
    assert_eq!(of_level(Content::Hashes(2)), [1]);
    assert!(of_level(Content::Hashes(3)).is_empty());
    // Of 256: a full tile, and one hash of it in the level above.
    let names: Vec<String> = tiles_of(256).map(|tile| tile.to_string()).collect();
    assert_eq!(names, ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
    assert_eq!(tiles_of(0).count(), 0);
    assert_eq!(new_tiles(70_000, 70_000).count(), 0);
}

#[test]
fn what_is_no_path_is_refused() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/1000",
        "tile/00/000",
        "tile/8/000",
        "tile/x/000",
        "tile/0/x000/000",
        "tile/0/000/000",
        "tile/0/x000",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/07",
        "tile/0/001.p/",
        "tile/0/001.p/1/2",
        "tile/0/+01",
        "tile/0/001 ",
        "/tile/0/001",
        "tile/0/../001",
        "tile/entries/X00",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert!(Tile::parse(path).is_err(), "{path}");
    }
    assert!(Tile::parse(&"é".repeat(1_000)).unwrap_err().path.chars().count() <= 64);
}

#[test]
fn every_growth_of_a_small_tree_gives_the_tiles_and_root_of_its_size() {
    for size in [1, 2, 255, 256, 257, 511, 512, 513, 700] {
        let (whole, _) = grow(&[size]);
        for first in [1, size / 2, size - 1] {
            if (1..size).contains(&first) {
                let (folder, _) = grow(&[first, 0, size - first]);
                // The partial tiles of the way remain; whatever both have is the same.
                assert!(
                    whole.iter().all(|(name, bytes)| folder.get(name) == Some(bytes)),
                    "{first} of {size}"
                );
            }
        }
    }
}

#[test]
fn a_tree_over_two_levels_of_tiles_has_the_root_of_the_tree_in_memory() {
    let (folder, size) = grow(&[65_000, 535, 1, 256, 300]);
    let mut tree = TiledTree::new(size, reader(&folder));
    let all = hashes(size);
    let root = tree.root().unwrap();
    for index in [0, 1, 255, 256, 65_535, 65_536, size - 1] {
        let proof = tree.prove_inclusion(index).unwrap();
        let at = usize::try_from(index).unwrap();
        assert_eq!(
            check_inclusion(all[at], index, size, &proof, root),
            Ok(()),
            "{index}"
        );
    }
    for first in [1, 256, 65_000, 65_535, 65_536, 65_537, size] {
        let old = tree.root_at(first).unwrap();
        let proof = tree.prove_consistency(first).unwrap();
        assert_eq!(
            check_consistency(first, old, size, root, &proof),
            Ok(()),
            "{first}"
        );
    }
}

#[test]
fn proofs_from_tiles_are_those_from_the_list() {
    let (folder, size) = grow(&[600]);
    let all = hashes(size);
    let mut tree = TiledTree::new(size, reader(&folder));
    for index in 0..size {
        let at = usize::try_from(index).unwrap();
        assert_eq!(
            tree.prove_inclusion(index).unwrap(),
            merkle::prove_inclusion(&all, at).unwrap()
        );
        let first = at + 1;
        let expected = merkle::prove_consistency(&all, first).unwrap();
        assert_eq!(tree.prove_consistency(index + 1).unwrap(), expected, "{first}");
    }
    assert_eq!(tree.leaves(1).unwrap()[3], leaf(259));
    assert_eq!(tree.leaves(2).unwrap().len(), 88);
}

#[test]
fn an_absent_short_or_wrong_tile_is_named() {
    let (folder, size) = grow(&[300]);
    let mut without = folder.clone();
    without.remove("tile/0/000");
    let error = TiledTree::new(size, reader(&without))
        .prove_inclusion(3)
        .unwrap_err();
    assert_eq!(error.to_string(), "tile/0/000 cannot be read");
    let mut short = folder.clone();
    short.get_mut("tile/0/001.p/44").unwrap().pop();
    let error = TiledTree::new(size, reader(&short)).root().unwrap_err();
    assert_eq!(
        error.to_string(),
        "tile/0/001.p/44 has 1407 bytes instead of 1408"
    );
    assert!(matches!(
        Edge::load(size, reader(&short)),
        Err(TileReadError::Length { .. })
    ));
    let mut framed = folder.clone();
    framed.get_mut("tile/entries/000").unwrap()[1] = 0xbd;
    let error = TiledTree::new(size, reader(&framed)).leaves(0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tile/entries/000 holds something that is no leaf of format version 1"
    );
    let mut tree = TiledTree::new(size, reader(&folder));
    for error in [
        tree.prove_inclusion(300).unwrap_err(),
        tree.prove_consistency(0).unwrap_err(),
        tree.prove_consistency(301).unwrap_err(),
        tree.root_at(301).unwrap_err(),
        tree.subtree(8, 1).unwrap_err(),
        tree.subtree(64, 0).unwrap_err(),
        tree.leaves(2).unwrap_err(),
    ] {
        assert!(matches!(error, TileReadError::Range { size: 300, .. }), "{error}");
    }
}

#[test]
fn a_tile_with_another_byte_leads_to_another_root() {
    let (folder, size) = grow(&[300]);
    let right = TiledTree::new(size, reader(&folder)).root().unwrap();
    let mut changed = folder.clone();
    changed.get_mut("tile/1/000.p/1").unwrap()[0] ^= 1;
    assert_ne!(TiledTree::new(size, reader(&changed)).root().unwrap(), right);
    assert_ne!(Edge::load(size, reader(&changed)).unwrap().root(), right);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_growth_gives_the_tiles_of_its_size(steps in prop::collection::vec(0..400_u64, 1..6)) {
        let (folder, size) = grow(&steps);
        let mut tree = TiledTree::new(size, reader(&folder));
        let mut whole = merkle::Tree::default();
        hashes(size).into_iter().for_each(|hash| whole.push_hash(hash));
        prop_assert_eq!(tree.root().unwrap(), whole.root());
    }

    #[test]
    fn a_path_names_one_tile(content in 0..9_u8, index in any::<u64>(), width in 1..=WIDTH) {
        let content = if content == 8 { Content::Entries } else { Content::Hashes(content) };
        let tile = Tile { content, index, width };
        prop_assert_eq!(Tile::parse(&tile.to_string()), Ok(tile));
    }

    #[test]
    fn subtrees_and_leaves_make_the_same_tree(parts in prop::collection::vec(0..6_u32, 1..12)) {
        let (mut by_leaf, mut by_part, mut at) = (merkle::Tree::default(), merkle::Tree::default(), 0_u64);
        for height in parts {
            let end = at.next_multiple_of(1 << height);
            (at..end).for_each(|number| {
                by_leaf.push(&leaf(number));
                by_part.push(&leaf(number));
            });
            let mut part = merkle::Tree::default();
            (end..end + (1 << height)).for_each(|number| {
                by_leaf.push(&leaf(number));
                part.push(&leaf(number));
            });
            by_part.push_subtree(height, part.root()).unwrap();
            at = end + (1 << height);
            if height > 0 && !(at + 1).is_multiple_of(1 << height) {
                by_leaf.push(&leaf(at));
                by_part.push(&leaf(at));
                at += 1;
                prop_assert!(by_part.clone().push_subtree(height, part.root()).is_err() || at.is_multiple_of(1 << height));
            }
        }
        prop_assert_eq!(by_leaf.root(), by_part.root());
        prop_assert_eq!(by_leaf.size(), by_part.size());
    }
}
