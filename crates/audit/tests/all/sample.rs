//! A log made up for tests, through the real writer: organizations, records, bulk acts, erasures, heartbeats.
//!
//! All of it is computed from numbers, so that the same calls give the same bytes. The tests of `strongroom-verify` and
//! of the Python verifier make theirs here too.
#![allow(dead_code, reason = "each test binary uses its part")]

use audit::export::{ExportedImage, Opening, Scope, Writer};
use audit::image::{Image, ImageValue, RecordState};
use audit::merkle::{self, Hash, Tree, prove_inclusion};
use audit::note::{Algorithm, KeyName, Note, Signature, VerifierKey, cosigned};
use audit::policy::Policy;
use audit::receipt::Receipt;
use audit::rotation::{self, Announcement};
use audit::tile::{Edge, Tile, TiledTree};
use audit::{Actor, Checkpoint, Commitment, Header, Leaf, LeafKind, Object, Role, commit};
use openssl::pkey::{Id, PKey};
use openssl::{sha::sha256, sign::Signer};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;

pub(crate) const ORIGIN: &str = "records.example.org/log";
pub(crate) const WITNESS: &str = "witness.example.net/w1";
/// The tag of the appliance's own entries.
pub(crate) const APPLIANCE: u8 = 0;
const START_MS: u64 = 1_767_225_600_000;

/// What is shown of some bytes.
#[derive(Debug, Clone)]
pub(crate) enum Part {
    Open(Vec<u8>),
    Gone(u64),
    Missing,
}

#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) record: [u8; 16],
    pub(crate) version: u64,
    pub(crate) salt: [u8; 32],
    pub(crate) commitment: Commitment,
    pub(crate) part: Part,
}

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) leaf: Leaf,
    /// Nothing for a heartbeat.
    pub(crate) header: Option<([u8; 32], Part)>,
    pub(crate) images: Vec<Shown>,
}

/// A log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    pub(crate) entries: Vec<Entry>,
    homes: BTreeMap<[u8; 16], (u64, Hash)>,
    records: HashMap<[u8; 16], (u64, Commitment)>,
    numbers: u64,
}

pub(crate) fn tag(organization: u8) -> [u8; 16] {
    [organization; 16]
}

pub(crate) fn organization_id(organization: u8) -> [u8; 16] {
    [0xa0 | organization; 16]
}

pub(crate) fn record_id(number: u32) -> [u8; 16] {
    let mut id = [0x70; 16];
    id[12..].copy_from_slice(&number.to_be_bytes());
    id
}

pub(crate) fn signer(seed: u8, message: &[u8]) -> ([u8; 32], [u8; 64]) {
    let key = PKey::private_key_from_raw_bytes(&[seed; 32], Id::ED25519).unwrap();
    let signature = Signer::new_without_digest(&key)
        .unwrap()
        .sign_oneshot_to_vec(message)
        .unwrap();
    (
        key.raw_public_key().unwrap().try_into().unwrap(),
        signature.try_into().unwrap(),
    )
}

pub(crate) fn log_key(seed: u8) -> VerifierKey {
    named_key(ORIGIN, seed)
}

/// A key of the log of that name.
pub(crate) fn named_key(origin: &str, seed: u8) -> VerifierKey {
    let name = KeyName::parse(origin).unwrap();
    VerifierKey::new(name, Algorithm::Ed25519, signer(seed, b"").0)
}

pub(crate) fn witness_key() -> VerifierKey {
    VerifierKey::new(
        KeyName::parse(WITNESS).unwrap(),
        Algorithm::CosignatureV1,
        signer(77, b"").0,
    )
}

/// The policy of the sample's auditor: one log, one witness who must have seen it.
pub(crate) fn policy() -> Policy {
    Policy::parse(policy_text().as_bytes()).unwrap()
}

pub(crate) fn policy_text() -> String {
    format!(
        "# The auditor's policy of a made-up appliance.\nlog {}\nwitness office {}\nquorum office\n",
        log_key(1),
        witness_key()
    )
}

/// A checkpoint signed with that key, and by the witness.
pub(crate) fn signed(checkpoint: &Checkpoint, seed: u8) -> Note {
    signed_by(checkpoint, &[seed])
}

/// The same with several keys of the log, as during a rotation.
pub(crate) fn signed_by(checkpoint: &Checkpoint, seeds: &[u8]) -> Note {
    let mut note = checkpoint.to_note().unwrap();
    for seed in seeds {
        let (_, signature) = signer(*seed, note.text().as_bytes());
        let key = named_key(checkpoint.origin.as_str(), *seed);
        note.add(Signature::log(&key, signature)).unwrap();
    }
    let time_s = START_MS / 1_000 + 60;
    let (_, signature) = signer(77, cosigned(note.text(), time_s).as_bytes());
    note.add(Signature::cosignature(&witness_key(), time_s, signature))
        .unwrap();
    note
}

impl Log {
    /// Everything that the format knows, once: 3 organizations, one of them erased.
    pub(crate) fn sample() -> Self {
        let mut log = Self::default();
        log.act(
            APPLIANCE,
            LeafKind::Configuration,
            "organization.create",
            "organization",
            None,
            &[],
        );
        log.act(
            1,
            LeafKind::Configuration,
            "dataset.create",
            "dataset",
            Some("d1"),
            &[],
        );
        log.create(1, 1);
        log.create(2, 50);
        log.update(1, 1);
        log.heartbeat();
        log.bulk(1, "record.import", &[2, 3, 4, 5, 6, 7, 8]);
        log.act(
            APPLIANCE,
            LeafKind::Access,
            "session.create",
            "session",
            None,
            &[],
        );
        log.update(1, 3);
        log.update(2, 50);
        log.transaction(1, &["dataset.create", "record.import"]);
        log.bulk(1, "record.bulk_update", &[1, 4, 5]);
        log.create(3, 90);
        log.purge(1, 4);
        log.update(1, 5);
        log.delete_organization(3);
        log.create(2, 51);
        log.heartbeat();
        log.update(1, 1);
        log
    }

    fn number(&mut self) -> [u8; 32] {
        self.numbers += 1;
        sha256(&self.numbers.to_be_bytes())
    }

    fn next_id(&mut self) -> [u8; 16] {
        *self.number().first_chunk().unwrap()
    }

    /// Sequences a leaf.
    pub(crate) fn leaf(&mut self, organization: u8, kind: LeafKind, commitments: [Commitment; 3]) -> Leaf {
        let index = self.entries.len() as u64;
        let home = self.homes.entry(tag(organization)).or_insert((0, Hash([0; 32])));
        let [header, before, after] = commitments;
        let leaf = Leaf {
            kind,
            organization_tag: tag(organization),
            organization_sequence: home.0 + 1,
            previous: home.1,
            time_ms: START_MS + 1_000 * index,
            header,
            before,
            after,
            key_id: [9; 16],
        };
        *home = (leaf.organization_sequence, leaf.hash());
        leaf
    }

    pub(crate) fn heartbeat(&mut self) {
        let leaf = self.leaf(APPLIANCE, LeafKind::Heartbeat, [Commitment::ZERO; 3]);
        self.entries.push(Entry {
            leaf,
            header: None,
            images: Vec::new(),
        });
    }

    pub(crate) fn header(&mut self, organization: u8, action: &str, object: Object) -> Header {
        let index = i64::try_from(self.entries.len()).unwrap();
        Header {
            organization: (organization != APPLIANCE).then(|| organization_id(organization)),
            entry_id: self.next_id(),
            actor: Actor::system(),
            action: action.to_owned(),
            object,
            time_us: (i64::try_from(START_MS).unwrap() + 1_000 * index) * 1_000 - 5,
            request_id: Some(format!("req-{index}")),
            ordinal: 1,
            total: 1,
            schema_version: 1,
            software_version: "0.1.0".to_owned(),
            image_key_id: None,
            reason: None,
        }
    }

    /// Sequences an entry with the given header.
    pub(crate) fn entry(
        &mut self,
        organization: u8,
        kind: LeafKind,
        header: &Header,
        images: Vec<Shown>,
        commitments: [Commitment; 2],
    ) {
        let salt = self.number();
        let bytes = header.encode();
        let [before, after] = commitments;
        let c_header = commit(Role::Header, &header.entry_id, &salt, &bytes);
        let leaf = self.leaf(organization, kind, [c_header, before, after]);
        self.entries.push(Entry {
            leaf,
            header: Some((salt, Part::Open(bytes))),
            images,
        });
    }

    /// An act on something: on records when there are some, of which one is an act on that record.
    pub(crate) fn act(
        &mut self,
        organization: u8,
        kind: LeafKind,
        action: &str,
        object: &str,
        id: Option<&str>,
        records: &[u32],
    ) {
        let object = Object {
            kind: object.to_owned(),
            id: id.map(str::to_owned),
        };
        let header = self.header(organization, action, object);
        self.act_with(organization, kind, &header, records);
    }

    pub(crate) fn act_with(&mut self, organization: u8, kind: LeafKind, header: &Header, records: &[u32]) {
        let mut images = Vec::new();
        let (mut before, mut after) = (Tree::default(), Tree::default());
        let mut first = [Commitment::ZERO; 2];
        let mut is_all_new = true;
        for number in records {
            let record = record_id(*number);
            let (version, was) = self
                .records
                .get(&record)
                .copied()
                .unwrap_or((0, Commitment::ZERO));
            let salt = self.number();
            let mut image = Image::new(if kind == LeafKind::Erasure {
                RecordState::Purged
            } else {
                RecordState::Live
            });
            if kind != LeafKind::Erasure {
                let text = format!("record {number}, version {}", version + 1);
                image.fields.insert(NonZeroU32::MIN, ImageValue::Text(text));
            }
            let bytes = image.encode();
            let commitment = commit(Role::AfterImage, &header.entry_id, &salt, &bytes);
            before.push(&was.0);
            after.push(&commitment.0);
            is_all_new &= version == 0;
            first = [was, commitment];
            self.records.insert(record, (version + 1, commitment));
            images.push(Shown {
                record,
                version: version + 1,
                salt,
                commitment,
                part: Part::Open(bytes),
            });
        }
        let commitments = match (header.object.kind.as_str(), records.len(), is_all_new) {
            (_, 0, _) | ("record", _, _) => first,
            (_, _, true) => [Commitment::ZERO, Commitment(after.root().0)],
            (_, _, false) => [Commitment(before.root().0), Commitment(after.root().0)],
        };
        self.entry(organization, kind, header, images, commitments);
    }

    pub(crate) fn create(&mut self, organization: u8, record: u32) {
        self.record(organization, LeafKind::Change, "record.create", record);
    }

    pub(crate) fn update(&mut self, organization: u8, record: u32) {
        self.record(organization, LeafKind::Change, "record.update", record);
    }

    fn record(&mut self, organization: u8, kind: LeafKind, action: &str, record: u32) {
        let id = audit::verify::uuid(&record_id(record));
        self.act(organization, kind, action, "record", Some(&id), &[record]);
    }

    pub(crate) fn bulk(&mut self, organization: u8, action: &str, records: &[u32]) {
        self.act(
            organization,
            LeafKind::Change,
            action,
            "dataset",
            Some("d1"),
            records,
        );
    }

    /// Announces a key of the log; gives the index of its leaf.
    pub(crate) fn rotate(&mut self, key: &str) -> usize {
        let index = self.entries.len();
        self.act(
            APPLIANCE,
            LeafKind::KeyRotation,
            "audit-key.rotate",
            rotation::OBJECT,
            Some(key),
            &[],
        );
        index
    }

    /// Loses the entry of leaf `index` by a restore, which the log explains.
    pub(crate) fn lose(&mut self, index: usize) {
        let by = self.entries.len() as u64;
        let range = format!("{index}-{}", by - 1);
        self.act(
            APPLIANCE,
            LeafKind::Restore,
            "log.recover",
            "log",
            Some(&range),
            &[],
        );
        self.entries[index].header.as_mut().unwrap().1 = Part::Gone(by);
    }

    /// What the log hands out of leaf `index`, under its newest checkpoint, signed with these keys.
    pub(crate) fn announcement(&self, index: usize, seeds: &[u8]) -> Announcement {
        let hashes: Vec<Hash> = self.entries.iter().map(|entry| entry.leaf.hash()).collect();
        let Some((salt, Part::Open(header))) = &self.entries[index].header else {
            panic!("leaf {index} has no header");
        };
        Announcement {
            header: header.clone(),
            salt: *salt,
            receipt: Receipt {
                leaf: self.entries[index].leaf.encode(),
                index: index as u64,
                hashes: prove_inclusion(&hashes, index).unwrap(),
                checkpoint: signed_by(&self.checkpoint(self.entries.len()), seeds),
            },
        }
    }

    /// The entries of one transaction.
    pub(crate) fn transaction(&mut self, organization: u8, actions: &[&str]) {
        let request = format!("tx-{}", self.entries.len());
        for (ordinal, action) in (1..).zip(actions) {
            let object = Object {
                kind: "dataset".to_owned(),
                id: None,
            };
            let mut header = self.header(organization, action, object);
            header.request_id = Some(request.clone());
            (header.ordinal, header.total) = (ordinal, u32::try_from(actions.len()).unwrap());
            self.act_with(organization, LeafKind::Configuration, &header, &[]);
        }
    }

    /// Removes a record for good: all its images are gone, the last one too.
    pub(crate) fn purge(&mut self, organization: u8, record: u32) {
        let by = self.entries.len() as u64;
        self.record(organization, LeafKind::Erasure, "record.purge", record);
        let images = self.entries.iter_mut().flat_map(|entry| &mut entry.images);
        images
            .filter(|image| image.record == record_id(record))
            .for_each(|image| image.part = Part::Gone(by));
    }

    /// Removes an organization for good: its headers and images are gone.
    pub(crate) fn delete_organization(&mut self, organization: u8) {
        let by = self.entries.len() as u64;
        let id = audit::verify::uuid(&organization_id(organization));
        self.act(
            APPLIANCE,
            LeafKind::Erasure,
            "organization.delete",
            "organization",
            Some(&id),
            &[],
        );
        for entry in self
            .entries
            .iter_mut()
            .filter(|entry| entry.leaf.organization_tag == tag(organization))
        {
            entry.images.clear();
            if let Some((_, part)) = &mut entry.header {
                *part = Part::Gone(by);
            }
        }
    }

    /// The tree of the leaves as they are.
    pub(crate) fn checkpoint(&self, size: usize) -> Checkpoint {
        let root = merkle::root(self.entries[..size].iter().map(|entry| entry.leaf.encode()));
        Checkpoint::new(KeyName::parse(ORIGIN).unwrap(), size as u64, root)
    }

    pub(crate) fn whole(&self) -> Vec<u8> {
        self.export(Scope::Whole, &[])
    }

    /// An export through the writer, under a good signature.
    pub(crate) fn export(&self, scope: Scope, cuts: &[u64]) -> Vec<u8> {
        self.export_by(scope, cuts, &[1])
    }

    /// The same, signed with these keys of the log.
    pub(crate) fn export_by(&self, scope: Scope, cuts: &[u64], seeds: &[u8]) -> Vec<u8> {
        let mut tiles = BTreeMap::new();
        let growth = Edge::default().append(self.entries.iter().map(|entry| entry.leaf.encode()));
        tiles.extend(growth.tiles);
        let read = |tile: Tile| tiles.get(&tile).cloned().ok_or(std::fmt::Error);
        let mut tree = TiledTree::new(growth.size, read);
        let note = signed_by(&self.checkpoint(self.entries.len()), seeds);
        let mut writer = Writer::begin(Vec::new(), scope, &note).unwrap();
        for (index, entry) in (0..).zip(&self.entries) {
            let is_shown = match scope {
                Scope::Whole => true,
                Scope::Organization(tag) => entry.leaf.organization_tag == tag,
            };
            if is_shown {
                writer.hide_until(index, cuts, &mut tree).unwrap();
                entry.write(&mut writer);
            }
        }
        writer.hide_until(growth.size, cuts, &mut tree).unwrap();
        writer.finish().unwrap()
    }
}

impl Entry {
    fn write(&self, writer: &mut Writer<Vec<u8>>) {
        writer.leaf(&self.leaf.encode()).unwrap();
        if let Some((salt, part)) = &self.header {
            writer.header(part.opening(salt)).unwrap();
        }
        for image in &self.images {
            let exported = ExportedImage {
                record: image.record,
                version: image.version,
                commitment: image.commitment,
                opening: image.part.opening(&image.salt),
            };
            writer.image(exported).unwrap();
        }
    }
}

impl Part {
    fn opening<'a>(&'a self, salt: &'a [u8; 32]) -> Opening<'a> {
        match self {
            Self::Open(bytes) => Opening::Open { salt, bytes },
            Self::Gone(by) => Opening::Gone { explained_by: *by },
            Self::Missing => Opening::Missing,
        }
    }
}

/// The same export with the digest that its bytes have, as an attacker would leave it.
pub(crate) fn repaired(mut export: Vec<u8>) -> Vec<u8> {
    let end = export.len() - 37;
    let digest = sha256(&export[..end]);
    export[end + 5..].copy_from_slice(&digest);
    export
}

/// Numbers that look random and are the same each time (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).unwrap()
    }
}
