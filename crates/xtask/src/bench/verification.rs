//! How fast an export of the audit log is verified, beside `sha256sum` of the same file: both read it once and hash.
//!
//! Invariant: the export is written by the real writer and verified by the real program, and a verdict other than
//! "verified" ends the run. Start at [`measure`].

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use audit::export::{ExportedImage, Opening, Scope, Writer};
use audit::image::{Image, ImageValue, RecordState};
use audit::merkle::Tree;
use audit::note::{Algorithm, KeyName, Signature, VerifierKey};
use audit::policy::Policy;
use audit::{Actor, ActorKind, Checkpoint, Commitment, Hash, Header, Leaf, LeafKind, Object, Role, commit};
use nix::sys::resource::{UsageWho, getrusage};
use openssl::pkey::PKey;

use crate::program;

const ORIGIN: &str = "bench.example/log";
/// One in so many entries makes a record; the others change one.
const VERSIONS: u64 = 4;
/// Leaves verified per second of processor time that we hold ourselves to (issue 6).
const LEAVES_PER_SECOND_MIN: f64 = 500_000.0;

/// Builds, writes, verifies three times, prints.
pub(super) fn measure(entries: u64) -> Result<()> {
    program::run(program::cargo().args(["build", "--release", "--package", "strongroom-verify"]))?;
    let verifier = program::target().join("release/strongroom-verify");
    let folder = tempfile::tempdir_in(program::target())?;
    let (export, policy) = write(folder.path(), entries)?;
    let bytes = export.metadata()?.len();
    println!("an export of {entries} entries, {} MiB", bytes >> 20);
    let export = folder.path().join("export");
    for round in 1..=3 {
        let mut baseline = Command::new("sha256sum");
        let (hash_s, hash_processor_s) = timed(baseline.arg(&export))?;
        let mut verify = Command::new(&verifier);
        verify.arg(&export).arg("--policy").arg(&policy).arg("--quiet");
        let (verify_s, processor_s) = timed(&mut verify)?;
        let per_second = entries as f64 / processor_s;
        println!(
            "round {round}: {:.0} entries/s, {per_second:.0} per second of processor time ({} {LEAVES_PER_SECOND_MIN:.0}); \
             {verify_s:.2} s, sha256sum {hash_s:.2} s ({:.2} times its processor time)",
            entries as f64 / verify_s,
            if per_second >= LEAVES_PER_SECOND_MIN {
                "at least"
            } else {
                "NOT"
            },
            processor_s / hash_processor_s,
        );
    }
    Ok(())
}

/// Seconds on the clock, and of processors.
fn timed(command: &mut Command) -> Result<(f64, f64)> {
    let used = || -> Result<f64> {
        let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
        let seconds = [usage.user_time(), usage.system_time()]
            .map(|time| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6);
        Ok(seconds.iter().sum())
    };
    let (before, start) = (used()?, Instant::now());
    let output = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).output()?;
    let seconds = start.elapsed().as_secs_f64();
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "{} failed: {said}",
        command.get_program().display()
    );
    Ok((seconds, used()? - before))
}

fn write(folder: &Path, entries: u64) -> Result<(File, PathBuf)> {
    let key = PKey::generate_ed25519()?;
    let public: [u8; 32] = key
        .raw_public_key()?
        .try_into()
        .ok()
        .context("a key has 32 bytes")?;
    let origin = KeyName::parse(ORIGIN)?;
    let verifier = VerifierKey::new(origin.clone(), Algorithm::Ed25519, public);
    let policy = folder.join("policy");
    std::fs::write(&policy, Policy::of_log(verifier.clone()).to_string())?;
    // The root stands before the leaves: they are made twice.
    let mut tree = Tree::default();
    let mut log = Log::default();
    (0..entries).for_each(|number| tree.push(&log.entry(number).leaf));
    let mut note = Checkpoint::new(origin, entries, tree.root()).to_note()?;
    let mut signer = openssl::sign::Signer::new_without_digest(&key)?;
    let signature = signer.sign_oneshot_to_vec(note.text().as_bytes())?;
    note.add(Signature::log(
        &verifier,
        signature.try_into().ok().context("a signature has 64 bytes")?,
    ))?;
    let path = folder.join("export");
    let mut writer = Writer::begin(BufWriter::new(File::create(&path)?), Scope::Whole, &note)?;
    let mut log = Log::default();
    for number in 0..entries {
        let entry = log.entry(number);
        writer.leaf(&entry.leaf)?;
        writer.header(Opening::Open {
            salt: &entry.salt,
            bytes: &entry.header,
        })?;
        writer.image(ExportedImage {
            record: entry.record,
            version: entry.version,
            commitment: Commitment::ZERO,
            opening: Opening::Open {
                salt: &entry.salt,
                bytes: &entry.image,
            },
        })?;
    }
    writer.finish()?.flush()?;
    Ok((File::open(&path)?, policy))
}

struct Entry {
    leaf: [u8; 188],
    salt: [u8; 32],
    header: Vec<u8>,
    record: [u8; 16],
    version: u64,
    image: Vec<u8>,
}

/// Changes of records, one after the other.
struct Log {
    previous: Hash,
    before: Commitment,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            previous: Hash([0; 32]),
            before: Commitment::ZERO,
        }
    }
}

impl Log {
    fn entry(&mut self, number: u64) -> Entry {
        let mut entry_id = [0x11; 16];
        entry_id[8..].copy_from_slice(&number.to_be_bytes());
        let mut record = [0x22; 16];
        record[8..].copy_from_slice(&(number / VERSIONS).to_be_bytes());
        let version = number % VERSIONS + 1;
        let mut salt = [0x5a; 32];
        salt[..8].copy_from_slice(&number.to_be_bytes());
        let header = header(entry_id, &record, number).encode();
        let image = image(number).encode();
        let after = commit(Role::AfterImage, &entry_id, &salt, &image);
        let leaf = Leaf {
            kind: LeafKind::Change,
            organization_tag: [7; 16],
            organization_sequence: number + 1,
            previous: self.previous,
            time_ms: 1_767_225_600_000 + number,
            header: commit(Role::Header, &entry_id, &salt, &header),
            before: if version == 1 {
                Commitment::ZERO
            } else {
                self.before
            },
            after,
            key_id: [9; 16],
        };
        self.previous = leaf.hash();
        self.before = after;
        Entry {
            leaf: leaf.encode(),
            salt,
            header,
            record,
            version,
            image,
        }
    }
}

fn header(entry_id: [u8; 16], record: &[u8; 16], number: u64) -> Header {
    Header {
        organization: Some([3; 16]),
        entry_id,
        actor: Actor {
            kind: ActorKind::Account,
            id: Some([4; 16]),
            session: Some([5; 16]),
            method: Some("session".to_owned()),
            address: Some("192.0.2.7".to_owned()),
            device: Some("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0".to_owned()),
        },
        action: "record.update".to_owned(),
        object: Object {
            kind: "record".to_owned(),
            id: Some(audit::verify::uuid(record)),
        },
        time_us: 1_767_225_600_000_000,
        request_id: Some(format!("{number:032x}")),
        ordinal: 1,
        total: 1,
        schema_version: 3,
        software_version: "0.1.0".to_owned(),
        image_key_id: Some([6; 16]),
        reason: None,
    }
}

/// An invoice.
fn image(number: u64) -> Image {
    let mut image = Image::new(RecordState::Live);
    let values = [
        ImageValue::Text(format!("INV-{number:08}")),
        ImageValue::Text("Northwind Traders, Hamburg".to_owned()),
        ImageValue::Date("2026-01-31".to_owned()),
        ImageValue::Integer(30),
        ImageValue::Boolean(false),
        ImageValue::Reference([8; 16]),
        ImageValue::Text("Thank you for your order; payable within thirty days.".to_owned()),
    ];
    let fields = (1..).zip(values);
    image.fields = fields
        .filter_map(|(field, value)| Some((std::num::NonZeroU32::new(field)?, value)))
        .collect();
    image
}
