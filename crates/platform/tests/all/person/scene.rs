//! `acme` with people and their orders; the accountant asks and proposes, the owner approves.

use super::{GROUND, IBAN, NAME};
use crate::{
    fixture::{Site, field},
    lifecycle::code,
};
use access::Role;
use bytes::Bytes;
use futures_util::stream;
use jiff::Timestamp;
use platform::{
    PlatformError, Workspace, dataset, file,
    person::{self, NewRequest, Outcome, RequestKind, Verdict},
    record::{self, Expected},
};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use types::{AttachmentId, FieldKind, PersonRequestId, ProblemCode, RecordId};
use uuid::Uuid;

/// `acme` with people and their orders; the accountant asks and proposes, the owner approves.
pub(super) struct Scene {
    pub(super) site: Site,
    pub(super) owner: Workspace,
    pub(super) asker: Workspace,
    /// By its name in [`Scene::start`].
    pub(super) records: BTreeMap<&'static str, RecordId>,
    pub(super) photo: AttachmentId,
}

pub(super) async fn make(workspace: &Workspace, dataset: &str, fields: Json) -> RecordId {
    let made = record::create(workspace, dataset, fields.as_object().unwrap()).await;
    made.unwrap().record.id
}

pub(super) fn bytes(text: &str) -> impl futures_util::Stream<Item = Result<Bytes, PlatformError>> + Unpin {
    stream::iter([Ok(Bytes::copy_from_slice(text.as_bytes()))])
}

impl Scene {
    pub(super) async fn start() -> Self {
        let site = Site::start().await;
        let owner = site.as_role(Role::Owner).await;
        let asker = site.as_role(Role::Accountant).await;
        let fields = vec![
            field("Name", FieldKind::Text),
            field("Iban", FieldKind::SensitiveText),
            field("Note", FieldKind::LongText),
            field("Photo", FieldKind::Attachment),
        ];
        site.dataset(&owner, "People", fields).await;
        let mut customer = field("Customer", FieldKind::Reference);
        customer.references = Some("people".to_owned());
        site.dataset(&owner, "Orders", vec![field("Item", FieldKind::Text), customer])
            .await;
        let photo = file::store(&owner, "mustermann, erika.jpg", "image/jpeg", bytes("a face"))
            .await
            .unwrap();
        let mut records = BTreeMap::new();
        let plain = json!({"name": NAME, "iban": IBAN});
        records.insert("plain", make(&owner, "people", plain).await);
        let sensitive = json!({"name": "a donor", "iban": "DE89 3704 0044 0532 0130 00"});
        records.insert("sensitive", make(&owner, "people", sensitive).await);
        let renamed = make(&owner, "people", json!({"name": NAME})).await;
        let fields = json!({"name": "nobody"});
        record::update(
            &owner,
            "people",
            renamed,
            Expected::Any,
            fields.as_object().unwrap(),
        )
        .await
        .unwrap();
        records.insert("renamed", renamed);
        let trashed = make(&owner, "people", json!({"note": "called by erika MUSTERMANN"})).await;
        record::trash(&owner, "people", trashed, Expected::Any)
            .await
            .unwrap();
        records.insert("trashed", trashed);
        let pictured = json!({"name": "a face", "photo": photo.id});
        records.insert("pictured", make(&owner, "people", pictured).await);
        let other = json!({"name": "Erika Musterfrau", "iban": "DE02120300000000202051"});
        records.insert("other", make(&owner, "people", other).await);
        let order = json!({"item": "a chair", "customer": records["plain"]});
        records.insert("order", make(&owner, "orders", order).await);
        Self {
            site,
            owner,
            asker,
            records,
            photo: photo.id,
        }
    }

    pub(super) async fn open(&self, kind: RequestKind) -> PersonRequestId {
        let new = NewRequest {
            kind,
            reference: "case 7".to_owned(),
            received_on: None,
            words: vec![NAME.to_owned(), "de89 3704 0044 0532 0130 00".to_owned()],
        };
        person::open(&self.asker, new).await.unwrap()
    }

    /// Looks, and marks as theirs all but the other's.
    pub(super) async fn found(&self, kind: RequestKind) -> PersonRequestId {
        let id = self.open(kind).await;
        for _ in 0..2 {
            assert!(person::search(&self.asker, id).await.unwrap().is_complete);
            let found = person::hits(&self.asker, id).await.unwrap();
            let found: Vec<Uuid> = found.iter().map(|hit| hit.object).collect();
            person::mark(&self.asker, id, &found, Verdict::Theirs)
                .await
                .unwrap();
        }
        id
    }

    pub(super) async fn proposed(&self) -> PersonRequestId {
        let id = self.found(RequestKind::Erasure).await;
        person::propose(&self.asker, id, GROUND).await.unwrap();
        id
    }

    /// Writes a note about who is looked for, and removes the field.
    pub(super) async fn remove_notes(&self) {
        let fields = json!({"note": "left in May"});
        let fields = fields.as_object().unwrap();
        record::update(
            &self.owner,
            "people",
            self.records["plain"],
            Expected::Any,
            fields,
        )
        .await
        .unwrap();
        dataset::drop_field(&self.owner, "people", "note").await.unwrap();
    }

    /// Searches and marks, with every wrong turn on the way refused.
    pub(super) async fn decide_all_but_the_trashed(&self, id: PersonRequestId) {
        person::search(&self.asker, id).await.unwrap();
        assert_eq!(
            code(person::hand_over(&self.asker, id).await),
            ProblemCode::Conflict,
            "undecided hits"
        );
        let found = person::hits(&self.asker, id).await.unwrap();
        for hit in &found {
            let verdict = match self.name_of(hit.object) {
                "trashed" => Verdict::Other,
                _ => Verdict::Theirs,
            };
            person::mark(&self.asker, id, &[hit.object], verdict)
                .await
                .unwrap();
        }
        assert_eq!(
            code(person::close(&self.asker, id, Outcome::NothingFound, "nothing of theirs").await),
            ProblemCode::Conflict
        );
        assert_eq!(
            code(person::close(&self.asker, id, Outcome::HandedOver, "by registered mail").await),
            ProblemCode::Conflict,
            "nothing was handed over"
        );
        let early = person::hand_over(&self.asker, id).await;
        assert_eq!(
            code(early),
            ProblemCode::Conflict,
            "an order refers to what is theirs, and nobody has looked at it"
        );
        person::mark(&self.asker, id, &[self.records["order"].0], Verdict::Other)
            .await
            .unwrap();
        let refused = person::hand_over(&self.owner, id).await;
        assert_eq!(
            code(refused),
            ProblemCode::NotAllowed,
            "the policy keeps sensitive values from owners"
        );
    }

    pub(super) fn name_of(&self, object: Uuid) -> &'static str {
        let named = self.records.iter().find(|(_, id)| id.0 == object);
        named.map_or("a file", |(name, _)| name)
    }

    pub(super) async fn state(&self, name: &str) -> Option<ProblemCode> {
        let dataset = if name == "order" { "orders" } else { "people" };
        let read = record::read(&self.owner, dataset, self.records[name]).await;
        read.err().map(|error| error.code)
    }

    /// Every value of every table of the organization, and of the control schema, as PostgreSQL writes them.
    pub(super) async fn everything(&self) -> String {
        let superuser = self.site.superuser().await;
        let text = "SELECT string_agg(format('SELECT coalesce(string_agg(t::text, E''\\n''), '''') FROM %I.%I t', schemaname, tablename), ' UNION ALL ')
            FROM pg_tables WHERE schemaname = 'strongroom' OR schemaname ~ '^o_'";
        let all: String = superuser.query_one(text, &[]).await.unwrap().get(0);
        let rows = superuser.query(&all, &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, String>(0)).collect()
    }
}

/// Approves what is proposed now, as one who has just looked at it.
pub(super) async fn approve(
    workspace: &Workspace,
    id: PersonRequestId,
) -> Result<person::Erased, PlatformError> {
    let seen = person::find(workspace, id).await.ok();
    let proposed = seen.and_then(|view| view.request.proposed);
    person::approve(
        workspace,
        id,
        proposed.map_or(Timestamp::UNIX_EPOCH, |(_, at)| at),
    )
    .await
}
