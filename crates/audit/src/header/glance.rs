//! A header at a glance: the members that a verification compares, borrowed from its bytes.
//!
//! Invariant: accepts exactly the bytes that [`super::Header::decode`] accepts. Decoding allocates a value for each
//! member, which costs more than hashing the header does; over millions of entries that is what a verification takes.

use super::{ActorKind, VERSION};
use crate::cbor::Cursor;

/// What a verification compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeaderGlance<'a> {
    pub(crate) organization: Option<&'a [u8; 16]>,
    pub(crate) entry_id: &'a [u8; 16],
    pub(crate) object_kind: &'a str,
    pub(crate) object_id: Option<&'a str>,
    pub(crate) time_us: i64,
    pub(crate) request_id: Option<&'a str>,
    pub(crate) ordinal: u32,
    pub(crate) total: u32,
}

/// The members as they are met.
#[derive(Default)]
struct Members<'a> {
    version: Option<u64>,
    organization: Option<&'a [u8; 16]>,
    entry_id: Option<&'a [u8; 16]>,
    has_actor: bool,
    has_action: bool,
    object: Option<(&'a str, Option<&'a str>)>,
    time_us: Option<i64>,
    request_id: Option<&'a str>,
    place: Option<(u32, u32)>,
    has_schema_version: bool,
    has_software_version: bool,
}

impl<'a> HeaderGlance<'a> {
    /// Looks at a header; nothing when the bytes are none.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let mut members = Members::default();
        cursor.map(|key, cursor| members.take(key, cursor))?;
        let is_whole = cursor.is_at_end()
            && members.version == Some(VERSION)
            && members.has_actor
            && members.has_action
            && members.has_schema_version
            && members.has_software_version;
        let ((object_kind, object_id), (ordinal, total)) = (members.object?, members.place?);
        is_whole.then_some(Self {
            organization: members.organization,
            entry_id: members.entry_id?,
            object_kind,
            object_id,
            time_us: members.time_us?,
            request_id: members.request_id,
            ordinal,
            total,
        })
    }
}

impl<'a> Members<'a> {
    fn take(&mut self, key: u64, cursor: &mut Cursor<'a>) -> Option<()> {
        match key {
            1 => self.version = Some(cursor.integer()?),
            2 => self.organization = Some(cursor.id()?),
            3 => self.entry_id = Some(cursor.id()?),
            4 => self.has_actor = pass_actor(cursor)?,
            5 => self.has_action = cursor.text().map(|_| true)?,
            6 => self.object = Some(read_object(cursor)?),
            7 => self.time_us = Some(cursor.integer()?),
            8 => self.request_id = Some(cursor.text()?),
            9 => {
                (cursor.array()? == 2).then_some(())?;
                self.place = Some((cursor.integer()?, cursor.integer()?));
            }
            10 => self.has_schema_version = cursor.integer::<u32>().map(|_| true)?,
            11 => self.has_software_version = cursor.text().map(|_| true)?,
            12 => _ = cursor.id()?,
            13 => _ = cursor.text()?,
            _ => return None,
        }
        Some(())
    }
}

/// True when it has a kind.
fn pass_actor(cursor: &mut Cursor<'_>) -> Option<bool> {
    let mut kind = None;
    cursor.map(|key, cursor| {
        match key {
            1 => kind = Some(ActorKind::from_number(cursor.integer()?)?),
            2 | 3 => _ = cursor.id()?,
            4..=6 => _ = cursor.text()?,
            _ => return None,
        }
        Some(())
    })?;
    Some(kind.is_some())
}

fn read_object<'a>(cursor: &mut Cursor<'a>) -> Option<(&'a str, Option<&'a str>)> {
    let (mut kind, mut id) = (None, None);
    cursor.map(|key, cursor| {
        match key {
            1 => kind = Some(cursor.text()?),
            2 => id = Some(cursor.text()?),
            _ => return None,
        }
        Some(())
    })?;
    Some((kind?, id))
}
