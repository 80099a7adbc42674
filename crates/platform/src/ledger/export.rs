//! The export for an auditor: every leaf with its openings, or one organization's, under the newest checkpoint.
//!
//! Invariants: what cannot be opened is written as gone only where a leaf of the log explains it, and as missing otherwise, which
//! never verifies; memory does not grow with the log. Start at [`export`].

use super::{
    checkpoint,
    error::LedgerError,
    feed::{Feed, Found, IMAGES},
    folder::Folder,
    recover::{Loss, losses},
};
use crate::{
    Caller, Platform,
    act::{Act, Object, read_header},
    check::require_operator,
    error::{PlatformError, Result},
    organization, trail,
};
use audit::{
    Header, Leaf, LeafKind,
    export::{Opening, Scope, Writer},
    note::Note,
    tile::TiledTree,
};
use serde::Serialize;
use std::{
    collections::{BTreeSet, HashMap},
    io::Write,
};
use store::control::{
    audit_log::{self as rows, StoredLeaf},
    entry_log,
};
use types::ProblemCode;

/// Leaves read at once.
const PAGE: i64 = 1_000;
/// What the appliance's own leaves bear.
const APPLIANCE: [u8; 16] = [0; 16];

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Leaves of the checkpoint.
    pub size: u64,
    /// Leaves that are shown.
    pub shown: u64,
    /// Images that are shown.
    pub images: u64,
    /// Openings that are gone, and that a leaf explains.
    pub gone: u64,
    /// Openings that nothing explains: it will not verify.
    pub missing: u64,
}

/// Writes an export of one organization, or of everything, and notes that in the log. For the operator at the host: it holds sensitive values
/// in the clear.
///
/// # Errors
/// `not-allowed`; `not-found` for an unknown organization and before the first checkpoint; `conflict` where tiles or leaves are not those that
/// were signed, or a record was erased meanwhile; `unavailable`.
pub async fn export<W: Write>(
    platform: &Platform,
    caller: &Caller,
    slug: Option<&str>,
    cuts: &[u64],
    sink: W,
) -> Result<(Exported, W)> {
    require_operator(caller)?;
    let act = Act::access("audit.export", Object::new("log", slug.unwrap_or("all")));
    let entry = platform.entry(caller, None, &act)?;
    platform.control().begin().await?.commit(&entry, &[]).await?;
    write(platform, slug, cuts, sink).await
}

/// The same without a note, for whoever only verifies it.
pub(crate) async fn write<W: Write>(
    platform: &Platform,
    slug: Option<&str>,
    cuts: &[u64],
    sink: W,
) -> Result<(Exported, W)> {
    let mut export = Export::prepare(platform, slug).await?;
    export.cuts = cuts.to_vec();
    let scope = export.only.map_or(Scope::Whole, Scope::Organization);
    let mut writer = Writer::begin(sink, scope, &export.note).map_err(failed)?;
    let mut next = 0;
    while next < export.done.size {
        let first = i64::try_from(next).unwrap_or(i64::MAX);
        let page = rows::leaves_from(&mut platform.control().read().await?, first, PAGE).await?;
        for (expected, stored) in (first..).zip(&page) {
            if next >= export.done.size {
                break;
            }
            if stored.index != expected {
                return Err(LedgerError::Forked { index: next }.into());
            }
            export.take(stored, &mut writer).await?;
            next += 1;
        }
        if page.is_empty() {
            return Err(LedgerError::Forked { index: next }.into());
        }
    }
    export.hide_to(export.done.size, &mut writer)?;
    let sink = writer.finish().map_err(failed)?;
    Ok((export.done, sink))
}

fn failed(error: impl std::error::Error) -> PlatformError {
    let cause = error.source().map(|cause| format!(": {cause}"));
    let what = format!("{error}{}", cause.unwrap_or_default());
    PlatformError::new(ProblemCode::Unavailable, what)
}

/// What a walk over the leaves needs.
struct Export<'a> {
    platform: &'a Platform,
    folder: Folder,
    note: Note,
    only: Option<[u8; 16]>,
    /// Sizes of earlier checkpoints, which no hidden part spans.
    cuts: Vec<u64>,
    feeds: HashMap<[u8; 16], Feed>,
    losses: Vec<Loss>,
    /// The leaf that explains what is gone with a deleted organization, by its tag.
    deleted: HashMap<[u8; 16], u64>,
    done: Exported,
}

impl<'a> Export<'a> {
    async fn prepare(platform: &'a Platform, slug: Option<&str>) -> Result<Self> {
        let published = checkpoint(platform).await?;
        let published = published.ok_or_else(|| PlatformError::not_found("checkpoint"))?;
        let (mut feeds, mut only) = (HashMap::new(), None);
        if slug.is_none() {
            feeds.insert(APPLIANCE, Feed::of_appliance());
        }
        for summary in organization::list_all(platform, &Caller::system()).await? {
            if slug.is_some_and(|slug| slug != summary.slug) {
                continue;
            }
            let home = platform.home_by_id(summary.id).await?;
            let home = home.ok_or_else(|| PlatformError::not_found("organization"))?;
            let name = home.tenant.schema_name().as_str().to_owned();
            let tag = rows::tag_of(&mut platform.control().read().await?, &name).await?;
            let tag = tag.ok_or_else(|| PlatformError::not_found("organization"))?;
            only = slug.map(|_| tag);
            feeds.insert(tag, Feed::of_organization(platform, home).await?);
        }
        if slug.is_some() && only.is_none() {
            return Err(PlatformError::not_found("organization"));
        }
        let mut export = Self {
            platform,
            folder: Folder::at(&platform.settings().audit),
            note: Note::parse(published.note.as_bytes()).map_err(LedgerError::from)?,
            only,
            cuts: Vec::new(),
            feeds,
            losses: losses(platform).await?,
            deleted: HashMap::new(),
            done: Exported {
                size: published.size,
                shown: 0,
                images: 0,
                gone: 0,
                missing: 0,
            },
        };
        if slug.is_none() {
            export.deleted = export.find_deleted().await?;
        }
        Ok(export)
    }

    /// Which deletion explains which tag. Whose a tag was is forgotten with the organization; what is known is that all its leaves
    /// stand before the deletion, so each gets the first deletion after its last leaf that no other has.
    async fn find_deleted(&self) -> Result<HashMap<[u8; 16], u64>> {
        let mut last: HashMap<[u8; 16], u64> = HashMap::new();
        let mut next = 0;
        loop {
            let page = rows::leaves_from(&mut self.platform.control().read().await?, next, PAGE).await?;
            let Some(end) = page.last().map(|stored| stored.index + 1) else {
                break;
            };
            for stored in page
                .iter()
                .filter(|stored| stored.index.unsigned_abs() < self.done.size)
            {
                if let Ok(leaf) = Leaf::decode(&stored.leaf)
                    && !self.feeds.contains_key(&leaf.organization_tag)
                {
                    last.insert(leaf.organization_tag, stored.index.unsigned_abs());
                }
            }
            next = end;
        }
        if last.is_empty() {
            return Ok(HashMap::new());
        }
        let mut deletions = self.deletions().await?;
        let mut tags: Vec<_> = last.into_iter().map(|(tag, index)| (index, tag)).collect();
        tags.sort_unstable();
        let mut explained = HashMap::new();
        for (index, tag) in tags {
            if let Some(by) = deletions.range(index..).next().copied() {
                deletions.remove(&by);
                explained.insert(tag, by);
            }
        }
        Ok(explained)
    }

    /// The leaves of deletions of organizations.
    async fn deletions(&self) -> Result<BTreeSet<u64>> {
        let kind = i16::from(LeafKind::Erasure.number());
        let mut read = self.platform.control().read().await?;
        let mut found = BTreeSet::new();
        for entry in entry_log::list_of_kind(&mut read, kind).await? {
            let (id, c_header) = (entry.id, entry.c_header);
            let header = read_header(self.platform.appliance_keys(), &trail::as_tenants(entry));
            if header.is_ok_and(|header| header.object.kind == "organization")
                && let rows::Standing::Logged(leaf) = rows::standing(&mut read, id, &c_header).await?
            {
                found.insert(leaf.index.unsigned_abs());
            }
        }
        Ok(found)
    }

    async fn take<W: Write>(&mut self, stored: &StoredLeaf, writer: &mut Writer<W>) -> Result<()> {
        let index = stored.index.unsigned_abs();
        let leaf = Leaf::decode(&stored.leaf).map_err(|_| LedgerError::Forked { index })?;
        if self.only.is_some_and(|only| only != leaf.organization_tag) {
            return Ok(());
        }
        self.hide_to(index, writer)?;
        writer.leaf(&stored.leaf).map_err(failed)?;
        self.done.shown += 1;
        if leaf.kind == LeafKind::Heartbeat {
            return Ok(());
        }
        let found = match self.feeds.get_mut(&leaf.organization_tag) {
            Some(feed) => feed.find(self.platform, &leaf.header.0).await?,
            None => None,
        };
        let Some(found) = found else {
            let opening = self.absent(index, &leaf);
            self.count(&opening);
            return writer.header(opening).map_err(failed);
        };
        let Found { opening, header, .. } = &found;
        let Some(opening) = opening else {
            self.done.missing += 1;
            return writer.header(Opening::Missing).map_err(failed);
        };
        writer
            .header(Opening::Open {
                salt: &opening.salt,
                bytes: &opening.bytes,
            })
            .map_err(failed)?;
        match header {
            Some(header) if leaf.after != audit::Commitment::ZERO => {
                self.images(&leaf, &found, header, writer).await
            }
            _ => Ok(()),
        }
    }

    /// An entry that is not there: of a deleted organization, or lost by a restore.
    fn absent(&self, index: u64, leaf: &Leaf) -> Opening<'static> {
        let lost = self.losses.iter().find(|loss| loss.range.contains(&index));
        let by = lost
            .and_then(|loss| loss.leaf)
            .or_else(|| self.deleted.get(&leaf.organization_tag).copied());
        by.map_or(Opening::Missing, |explained_by| Opening::Gone { explained_by })
    }

    fn count(&mut self, opening: &Opening<'_>) {
        match opening {
            Opening::Open { .. } => {}
            Opening::Gone { .. } => self.done.gone += 1,
            Opening::Missing => self.done.missing += 1,
        }
    }

    async fn images<W: Write>(
        &mut self,
        leaf: &Leaf,
        found: &Found,
        header: &Header,
        writer: &mut Writer<W>,
    ) -> Result<()> {
        let Some(feed) = self.feeds.get_mut(&leaf.organization_tag) else {
            return Ok(());
        };
        let mut after = -1;
        loop {
            let page = feed.images(found.id, header, after).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.ordinal;
            for image in &page {
                let opened = feed.open_image(self.platform, image).await?;
                if matches!(opened, super::feed::Image::Gone(by) if by >= self.done.size) {
                    let what = "a record was erased while the export was written; run it again";
                    return Err(PlatformError::new(ProblemCode::Conflict, what));
                }
                let opening = match &opened {
                    super::feed::Image::Open(opening) => Opening::Open {
                        salt: &opening.salt,
                        bytes: &opening.bytes,
                    },
                    super::feed::Image::Gone(explained_by) => Opening::Gone {
                        explained_by: *explained_by,
                    },
                    super::feed::Image::Missing => Opening::Missing,
                };
                match &opening {
                    Opening::Open { .. } => self.done.images += 1,
                    Opening::Gone { .. } => self.done.gone += 1,
                    Opening::Missing => self.done.missing += 1,
                }
                writer
                    .image(audit::export::ExportedImage {
                        record: image.record.bytes(),
                        version: image.version.unsigned_abs(),
                        commitment: audit::Commitment(image.commitment),
                        opening,
                    })
                    .map_err(failed)?;
            }
            if page.len() < usize::try_from(IMAGES).unwrap_or(usize::MAX) {
                return Ok(());
            }
        }
    }

    /// Leaves out what is another's.
    fn hide_to<W: Write>(&self, index: u64, writer: &mut Writer<W>) -> Result<()> {
        if writer.index() >= index {
            return Ok(());
        }
        let mut tree = TiledTree::new(self.done.size, |tile| self.folder.read_tile(tile));
        writer.hide_until(index, &self.cuts, &mut tree).map_err(failed)
    }
}
