//! Reads a header back, strictly.
//!
//! Invariant: whatever is accepted encodes to the very same bytes.

use super::{Actor, ActorKind, Header, Object, VERSION};
use crate::fields::{DecodeError, Fields, array_of, id, integer, text};

impl Header {
    /// The header that `bytes` are.
    ///
    /// # Errors
    /// The part at fault: not deterministic CBOR, another version, a missing, unknown or ill-typed member.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut fields = Fields::parse("the header", bytes)?;
        let version: i128 = integer(&fields.required(1, "the version")?, "the version")?;
        if version != i128::from(VERSION) {
            return Err(DecodeError::Version { found: version });
        }
        let organization = fields
            .optional(2)
            .map(|item| id(item, "the organization"))
            .transpose()?;
        let entry_id = id(fields.required(3, "the entry id")?, "the entry id")?;
        let actor = Actor::parse(Fields::of("the actor", fields.required(4, "the actor")?)?)?;
        let action = text(fields.required(5, "the action")?, "the action")?;
        let object = Object::parse(Fields::of("the object", fields.required(6, "the object")?)?)?;
        let time_us = integer(&fields.required(7, "the time")?, "the time")?;
        let request_id = fields
            .optional(8)
            .map(|item| text(item, "the request id"))
            .transpose()?;
        let [ordinal, total] = array_of(fields.required(9, "the ordinal")?, "the ordinal")?;
        let schema_version = integer(&fields.required(10, "the schema version")?, "the schema version")?;
        let software_version = text(
            fields.required(11, "the software version")?,
            "the software version",
        )?;
        let image_key_id = fields
            .optional(12)
            .map(|item| id(item, "the image key id"))
            .transpose()?;
        let reason = fields
            .optional(13)
            .map(|item| text(item, "the reason"))
            .transpose()?;
        fields.finish()?;
        Ok(Self {
            organization,
            entry_id,
            actor,
            action,
            object,
            time_us,
            request_id,
            ordinal: integer(&ordinal, "the ordinal")?,
            total: integer(&total, "the total")?,
            schema_version,
            software_version,
            image_key_id,
            reason,
        })
    }
}

impl Actor {
    fn parse(mut fields: Fields) -> Result<Self, DecodeError> {
        let number = integer(&fields.required(1, "the actor's kind")?, "the actor's kind")?;
        let kind = ActorKind::from_number(number).ok_or(DecodeError::Kind {
            what: "the actor's kind",
            expected: "a known number",
        })?;
        let actor = Self {
            kind,
            id: fields
                .optional(2)
                .map(|item| id(item, "the actor's id"))
                .transpose()?,
            session: fields
                .optional(3)
                .map(|item| id(item, "the session"))
                .transpose()?,
            method: fields
                .optional(4)
                .map(|item| text(item, "the method"))
                .transpose()?,
            address: fields
                .optional(5)
                .map(|item| text(item, "the address"))
                .transpose()?,
            device: fields
                .optional(6)
                .map(|item| text(item, "the device"))
                .transpose()?,
        };
        fields.finish()?;
        Ok(actor)
    }
}

impl Object {
    fn parse(mut fields: Fields) -> Result<Self, DecodeError> {
        let object = Self {
            kind: text(fields.required(1, "the object's kind")?, "the object's kind")?,
            id: fields
                .optional(2)
                .map(|item| text(item, "the object's id"))
                .transpose()?,
        };
        fields.finish()?;
        Ok(object)
    }
}
