//! The header of an entry: who did what to which object, when, from where.
//!
//! Invariant: a header has one encoding (absent members are absent, never null), and [`Header::decode`] accepts
//! no other. The member numbers are frozen; see `vectors/header.json`.

mod decode;
mod glance;

pub(crate) use glance::HeaderGlance;

use crate::cbor::{Integer, Writer};

/// The format version written, member 1.
pub const VERSION: u64 = 1;

/// What kind of actor carried out the act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A person, signed in or trying to.
    Account,
    /// A program with an API token.
    Token,
    /// The operator, on the host's command line.
    Operator,
    /// The appliance itself: a job, a schedule.
    System,
}

impl ActorKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Account, Self::Token, Self::Operator, Self::System];

    /// The number in the bytes.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Account => 1,
            Self::Token => 2,
            Self::Operator => 3,
            Self::System => 4,
        }
    }

    /// The word for people and programs, `account` for example.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Token => "token",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }

    /// The kind with that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// Who acted, member 4. What is not known (the account of a failed sign-in, the address of a job) is absent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Member 1 of the actor.
    pub kind: ActorKind,
    /// Member 2: account, token or job id (UUID bytes).
    pub id: Option<[u8; 16]>,
    /// Member 3: session id (UUID bytes).
    pub session: Option<[u8; 16]>,
    /// Member 4: how the actor was known, `password` or `password+totp` for example.
    pub method: Option<String>,
    /// Member 5: network address as text, without a port.
    pub address: Option<String>,
    /// Member 6: device or program, as it called itself; bounded by the caller.
    pub device: Option<String>,
}

/// What was acted on, member 6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Member 1 of the object: `record`, `dataset`, `member`, `session` and so on.
    pub kind: String,
    /// Member 2: its id as text; absent where there is none (an unknown name at sign-in).
    pub id: Option<String>,
}

/// The header of an entry. Field numbers are those of the format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Member 2: organization (UUID bytes); absent for acts on the appliance.
    pub organization: Option<[u8; 16]>,
    /// Member 3: entry id (UUID version 7, bytes).
    pub entry_id: [u8; 16],
    /// Member 4.
    pub actor: Actor,
    /// Member 5: `record.create` for example.
    pub action: String,
    /// Member 6.
    pub object: Object,
    /// Member 7: time in microseconds since 1970, UTC.
    pub time_us: i64,
    /// Member 8: id of the request, the same as in the journal and in the answer.
    pub request_id: Option<String>,
    /// Member 9, first part: place of the entry in its transaction, from 1.
    pub ordinal: u32,
    /// Member 9, second part: number of entries of the transaction.
    pub total: u32,
    /// Member 10: version of the dataset's fields that the image's ids refer to.
    pub schema_version: u32,
    /// Member 11: version of the program that wrote the entry.
    pub software_version: String,
    /// Member 12: id of the key that seals the image; absent when there is none.
    pub image_key_id: Option<[u8; 16]>,
    /// Member 13: the reason the actor gave.
    pub reason: Option<String>,
}

impl Header {
    /// The bytes that are committed to and sealed.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let optional = [
            self.organization.is_some(),
            self.request_id.is_some(),
            self.image_key_id.is_some(),
            self.reason.is_some(),
        ];
        let mut writer = Writer::default();
        writer.map(9 + count(&optional));
        writer.unsigned(1);
        writer.unsigned(VERSION);
        write_id(&mut writer, 2, self.organization.as_ref());
        write_id(&mut writer, 3, Some(&self.entry_id));
        writer.unsigned(4);
        self.actor.write(&mut writer);
        write_text(&mut writer, 5, Some(&self.action));
        writer.unsigned(6);
        self.object.write(&mut writer);
        writer.unsigned(7);
        writer.integer(Integer::from(self.time_us));
        write_text(&mut writer, 8, self.request_id.as_deref());
        writer.unsigned(9);
        writer.array(2);
        writer.unsigned(self.ordinal.into());
        writer.unsigned(self.total.into());
        writer.unsigned(10);
        writer.unsigned(self.schema_version.into());
        write_text(&mut writer, 11, Some(&self.software_version));
        write_id(&mut writer, 12, self.image_key_id.as_ref());
        write_text(&mut writer, 13, self.reason.as_deref());
        writer.finish()
    }
}

impl Actor {
    /// The appliance itself, without more to say.
    #[must_use]
    pub fn system() -> Self {
        Self {
            kind: ActorKind::System,
            id: None,
            session: None,
            method: None,
            address: None,
            device: None,
        }
    }

    fn write(&self, writer: &mut Writer) {
        let optional = [
            self.id.is_some(),
            self.session.is_some(),
            self.method.is_some(),
            self.address.is_some(),
            self.device.is_some(),
        ];
        writer.map(1 + count(&optional));
        writer.unsigned(1);
        writer.unsigned(self.kind.number().into());
        write_id(writer, 2, self.id.as_ref());
        write_id(writer, 3, self.session.as_ref());
        write_text(writer, 4, self.method.as_deref());
        write_text(writer, 5, self.address.as_deref());
        write_text(writer, 6, self.device.as_deref());
    }
}

impl Object {
    fn write(&self, writer: &mut Writer) {
        writer.map(1 + usize::from(self.id.is_some()));
        write_text(writer, 1, Some(&self.kind));
        write_text(writer, 2, self.id.as_deref());
    }
}

fn count(present: &[bool]) -> usize {
    present.iter().filter(|present| **present).count()
}

fn write_id(writer: &mut Writer, key: u64, id: Option<&[u8; 16]>) {
    if let Some(id) = id {
        writer.unsigned(key);
        writer.bytes(id);
    }
}

fn write_text(writer: &mut Writer, key: u64, text: Option<&str>) {
    if let Some(text) = text {
        writer.unsigned(key);
        writer.text(text);
    }
}

#[cfg(test)]
mod tests;
