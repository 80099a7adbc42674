//! The audit log as messages: one for each leaf, in their order, with its index and hash, so that the collector is an anchor as well.
//!
//! Invariants: a leaf whose entry is gone or does not open is sent all the same, and says so; the dense index shows the collector what it
//! did not get.

use super::batch::{Batch, MESSAGES_MAX, PROGRAM};
use crate::{
    Platform,
    act::read_header,
    error::{PlatformError, Result},
    ledger, trail,
};
use audit::{Header, Leaf, LeafKind, merkle::leaf_hash};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use std::collections::{HashMap, HashSet};
use store::control::{
    audit_log::{self as rows, StoredLeaf},
    entry_log,
};
use store::tenant::audit as tenant_log;
use syslog::{Facility, Message, Severity};
use types::{AccountId, EntryId};
use vault::OrganizationKeys;

/// What the appliance's own leaves bear.
const APPLIANCE: [u8; 16] = [0; 16];
/// The last moment that an id can hold (RFC 9562 section 5.7: 48 bits).
const LAST_MS: u64 = (1 << 48) - 1;
/// How long before or after its leaf an entry may have been made, by two clocks, the likely first: each look reads what was entered around
/// the leaves, so that whoever catches up with months does not read what came after with each batch.
const LOOKS_AROUND_MS: [u64; 3] = [2 * 60 * 1_000, 24 * 60 * 60 * 1_000, 31 * 24 * 60 * 60 * 1_000];

/// What came after the leaf of that index.
pub(super) async fn read(platform: &Platform, host: &str, from: &str) -> Result<Batch> {
    let after: i64 = from
        .parse()
        .map_err(|_| PlatformError::invariant("the audit log's position is no index"))?;
    let leaves = rows::leaves_from(&mut platform.control().read().await?, after + 1, MESSAGES_MAX).await?;
    let headers = headers_of(platform, &leaves).await?;
    let mut batch = Batch::new("audit", from);
    for stored in &leaves {
        if batch.is_full() {
            break;
        }
        let leaf = Leaf::decode(&stored.leaf).ok();
        let header = leaf.as_ref().and_then(|leaf| headers.get(&leaf.header.0));
        push(&mut batch, host, stored, leaf.as_ref(), header);
    }
    Ok(batch)
}

fn push(batch: &mut Batch, host: &str, stored: &StoredLeaf, leaf: Option<&Leaf>, header: Option<&Header>) {
    let kind = leaf.map_or("damaged", |leaf| kind_of(leaf.kind));
    let mut parameters = vec![
        ("index", stored.index.to_string()),
        ("leaf", leaf_hash(&stored.leaf).to_string()),
        ("kind", kind.to_owned()),
    ];
    let is_refusal = header.is_some_and(is_refusal);
    match header {
        Some(header) => describe(&mut parameters, header),
        None if leaf.is_some_and(|leaf| leaf.kind == LeafKind::Heartbeat) => {}
        None => parameters.push(("entry", "gone".to_owned())),
    }
    let at = match (header, leaf) {
        (Some(header), _) => Timestamp::from_microsecond(header.time_us).ok(),
        (None, Some(leaf)) => i64::try_from(leaf.time_ms)
            .ok()
            .and_then(|at| Timestamp::from_millisecond(at).ok()),
        (None, None) => None,
    };
    let action = header.map_or(kind, |header| header.action.as_str());
    let text = header.map_or_else(|| kind.to_owned(), told);
    let message = Message {
        facility: Facility::Audit,
        severity: if is_refusal {
            Severity::Notice
        } else {
            Severity::Informational
        },
        at: at.unwrap_or(Timestamp::MIN),
        host,
        program: PROGRAM,
        kind: "audit",
        parameters,
        text: &text,
    };
    batch.push(
        &message,
        stored.index,
        format!("audit {}: {action}", stored.index),
    );
}

fn kind_of(kind: LeafKind) -> &'static str {
    match kind {
        LeafKind::Change => "change",
        LeafKind::Erasure => "erasure",
        LeafKind::Heartbeat => "heartbeat",
        LeafKind::Restore => "restore",
        LeafKind::KeyRotation => "key-rotation",
        LeafKind::Configuration => "configuration",
        LeafKind::ExplainedGap => "explained-gap",
        LeafKind::Access => "access",
    }
}

/// What was refused is called so in the action's name.
fn is_refusal(header: &Header) -> bool {
    header.action.ends_with(".refuse") || header.action.ends_with(".failed")
}

/// Who did what to which thing, from where. The reason stays here: it is free text.
fn describe(parameters: &mut Vec<(&'static str, String)>, header: &Header) {
    let id = |bytes: [u8; 16]| uuid::Uuid::from_bytes(bytes).to_string();
    let actor = &header.actor;
    let optional = [
        ("organization", header.organization.map(id)),
        ("entry", Some(id(header.entry_id))),
        ("action", Some(header.action.clone())),
        (
            "outcome",
            Some(if is_refusal(header) { "refused" } else { "done" }.to_owned()),
        ),
        ("actor", Some(actor.kind.name().to_owned())),
        ("account", actor.id.map(id)),
        ("session", actor.session.map(id)),
        ("method", actor.method.clone()),
        ("address", actor.address.clone()),
        ("object", Some(header.object.kind.clone())),
        ("objectId", header.object.id.clone()),
        ("request", header.request_id.clone()),
        ("device", actor.device.clone()),
    ];
    let found = optional
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)));
    parameters.extend(found);
}

fn told(header: &Header) -> String {
    let who = match header.actor.id {
        Some(id) => format!(
            "{} {}",
            header.actor.kind.name(),
            AccountId(uuid::Uuid::from_bytes(id))
        ),
        None => header.actor.kind.name().to_owned(),
    };
    let object = match &header.object.id {
        Some(id) => format!("{} {id}", header.object.kind),
        None => header.object.kind.clone(),
    };
    let from = header
        .actor
        .address
        .as_deref()
        .map(|address| format!(" from {address}"));
    format!(
        "{} on {object} by {who}{}",
        header.action,
        from.unwrap_or_default()
    )
}

/// The headers that the leaves commit to, by their commitments; those that do not open are left out.
async fn headers_of(platform: &Platform, leaves: &[StoredLeaf]) -> Result<HashMap<[u8; 32], Header>> {
    let mut wanted: HashMap<[u8; 16], Vec<(u64, [u8; 32])>> = HashMap::new();
    for leaf in leaves.iter().filter_map(|stored| Leaf::decode(&stored.leaf).ok()) {
        if leaf.kind != LeafKind::Heartbeat {
            let of_home = wanted.entry(leaf.organization_tag).or_default();
            of_home.push((leaf.time_ms, leaf.header.0));
        }
    }
    let mut found = HashMap::new();
    if let Some(own) = wanted.remove(&APPLIANCE) {
        find(
            Place::Appliance(platform),
            platform.appliance_keys(),
            &own,
            &mut found,
        )
        .await?;
    }
    let tags: Vec<[u8; 16]> = wanted.keys().copied().collect();
    let homes = rows::organizations_of(&mut platform.control().read().await?, &tags).await?;
    for (tag, organization) in homes {
        // One that is deleted in this moment has no entries any more.
        let Some(home) = platform.home_by_id(organization).await? else {
            continue;
        };
        let of_home = wanted.remove(&tag).unwrap_or_default();
        find(Place::Tenant(&home.tenant), &home.keys, &of_home, &mut found).await?;
    }
    Ok(found)
}

/// In whose log is looked.
enum Place<'a> {
    Appliance(&'a Platform),
    Tenant(&'a store::tenant::Tenant),
}

async fn find(
    place: Place<'_>,
    keys: &OrganizationKeys,
    wanted: &[(u64, [u8; 32])],
    found: &mut HashMap<[u8; 32], Header>,
) -> Result<()> {
    let times = || wanted.iter().map(|(time_ms, _)| *time_ms);
    let (oldest, newest) = (times().min().unwrap_or(0), times().max().unwrap_or(LAST_MS));
    let mut open: HashSet<[u8; 32]> = wanted.iter().map(|(_, header)| *header).collect();
    for around in LOOKS_AROUND_MS {
        if open.is_empty() {
            break;
        }
        let since = EntryId::new(oldest.saturating_sub(around), [0; 10]);
        let until = EntryId::new(newest.saturating_add(around).min(LAST_MS), [0xff; 10]);
        let headers: Vec<[u8; 32]> = open.iter().copied().collect();
        let entries = match &place {
            Place::Appliance(platform) => {
                let mut read = platform.control().read().await?;
                let entries = entry_log::find_committed(&mut read, &headers, (since, until)).await?;
                entries.into_iter().map(trail::as_tenants).collect()
            }
            Place::Tenant(tenant) => tenant_log::find_committed(tenant, &headers, (since, until)).await?,
        };
        for entry in entries {
            open.remove(&entry.c_header);
            if let Ok(header) = read_header(keys, &entry) {
                found.insert(entry.c_header, header);
            }
        }
    }
    Ok(())
}

/// Adds the newest checkpoint, as it was signed; answers whether there is one.
pub(super) async fn add_checkpoint(platform: &Platform, host: &str, batch: &mut Batch) -> Result<bool> {
    let Some(published) = ledger::checkpoint(platform).await? else {
        return Ok(false);
    };
    let text = format!("checkpoint of {} leaves, root {}", published.size, published.root);
    let message = Message {
        facility: Facility::Audit,
        severity: Severity::Informational,
        at: platform.now(),
        host,
        program: PROGRAM,
        kind: "checkpoint",
        parameters: vec![
            ("size", published.size.to_string()),
            ("root", published.root),
            // The signed note itself has lines; whoever checks it decodes it.
            ("note", STANDARD.encode(published.note)),
        ],
        text: &text,
    };
    batch.add_remark(&message, text.clone());
    Ok(true)
}
