//! What comes in from JSON, and what does not.

use super::*;
use crate::{JsonExport, JsonForm, NewField};
use proptest::prelude::*;
use types::{AccountId, Dataset, DatasetId, FieldId, FieldKind, Record, RecordId, Value};

fn dataset() -> Dataset {
    let field =
        |id, key: &str, kind| NewField::plain(key.parse().unwrap(), "Label", kind).with_id(FieldId(id));
    Dataset {
        id: DatasetId(7),
        key: "invoices".parse().unwrap(),
        label: "Invoices".into(),
        description: String::new(),
        schema_version: 1,
        fields: vec![
            field(1, "zeta", FieldKind::Text),
            field(2, "amount", FieldKind::Money),
        ],
    }
}

fn record(text: &str) -> Record {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let by = AccountId(uuid::Uuid::nil());
    Record {
        id: RecordId(uuid::Uuid::nil()),
        version: 3,
        created_at: at,
        created_by: by,
        updated_at: at,
        updated_by: by,
        deleted_at: None,
        values: vec![
            Value::from_text(FieldKind::Text, text).unwrap(),
            Value::from_text(FieldKind::Money, "12345678901234567890.12 EUR").unwrap(),
        ],
    }
}

fn exported(form: JsonForm, texts: &[&str]) -> Vec<u8> {
    let mut export = JsonExport::new(Vec::new(), &dataset(), form).unwrap();
    texts
        .iter()
        .for_each(|text| export.record(&record(text)).unwrap());
    export.finish().unwrap()
}

fn codes(json: &[u8]) -> Vec<Result<usize, &'static str>> {
    match JsonReader::new(json) {
        Ok(reader) => reader
            .map(|row| row.map(|row| row.fields.len()).map_err(|fault| fault.code()))
            .collect(),
        Err(fault) => vec![Err(fault.code())],
    }
}

#[test]
fn both_forms_come_back_with_the_definition() {
    for form in [JsonForm::Document, JsonForm::Lines] {
        let json = exported(form, &["a\"]}", "\\", "é\n"]);
        let reader = JsonReader::new(json.as_slice()).unwrap();
        assert_eq!(reader.dataset().unwrap().fields, dataset().fields);
        let rows: Vec<JsonRow> = reader.map(Result::unwrap).collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[2].number, 3);
        assert_eq!(
            rows[0].id.as_deref(),
            Some("00000000-0000-0000-0000-000000000000")
        );
        for (row, text) in rows.iter().zip(["a\"]}", "\\", "é\n"]) {
            let values = dataset()
                .fields
                .iter()
                .map(|field| Value::from_json(field.kind, &row.fields[field.key.as_str()]).unwrap())
                .collect::<Vec<_>>();
            assert_eq!(values, record(text).values);
        }
        assert!(
            JsonReader::new(exported(form, &[]).as_slice())
                .unwrap()
                .next()
                .is_none()
        );
    }
}

#[test]
fn a_document_is_valid_json_with_fields_in_their_order() {
    let json = exported(JsonForm::Document, &["a", "b"]);
    let whole: Json = serde_json::from_slice(&json).unwrap();
    assert_eq!(
        whole["records"][1]["fields"]["amount"]["amount"],
        "12345678901234567890.12"
    );
    assert_eq!(whole["records"][0]["version"], 3);
    let text = String::from_utf8(json).unwrap();
    assert!(text.contains("\"fields\":{\"zeta\":\"a\",\"amount\":"), "{text}");
}

#[test]
fn plain_arrays_and_lines_of_objects_are_read() {
    assert_eq!(codes(b"[{\"a\":1},{\"a\":2,\"b\":3}]"), [Ok(1), Ok(2)]);
    assert_eq!(
        codes(b"\xef\xbb\xbf{\"a\":1}\n{\"a\":2,\"fields\":3}\n"),
        [Ok(1), Ok(2)]
    );
    assert_eq!(
        codes(b"{\"records\":[{\"id\":\"x\",\"fields\":{}}],\"more\":[1]}"),
        [Ok(0)]
    );
    assert_eq!(codes(b""), []);
}

#[test]
fn what_is_no_export_is_refused() {
    let deep = [b"[{\"a\":".to_vec(), vec![b'['; 5_000_000]].concat();
    for (json, last) in [
        (&b"[{\"a\":1}"[..], "malformed-json"),
        (b"[{\"a\":1}] x", "malformed-json"),
        (b"[1]", "malformed-json"),
        (b"[{\"a\":1} {\"a\":2}]", "malformed-json"),
        (b"[{\"a\":\"\xff\"}]", "malformed-json"),
        (b"hello", "malformed-json"),
        (b"{\"a\":1", "malformed-json"),
        (b"[{\"a\":1,\"a\":2}]", "duplicate-member"),
        (b"[{\"a\":{\"b\":1,\"b\":2}}]", "duplicate-member"),
        (b"{\"a\":1,\"a\":2}", "duplicate-member"),
        (
            b"{\"dataset\":{\"key\":\"X y\"},\"records\":[]}",
            "bad-definition",
        ),
        (&deep, "too-deep"),
    ] {
        assert_eq!(
            codes(json).last(),
            Some(&Err(last)),
            "{}",
            String::from_utf8_lossy(&json[..json.len().min(60)])
        );
    }
    let cut = exported(JsonForm::Document, &["a", "b"]);
    assert_eq!(codes(&cut[..cut.len() - 3]).last(), Some(&Err("malformed-json")));
}

#[test]
fn the_fault_names_record_and_line() {
    let mut reader = JsonReader::new(&b"[\n{\"a\":1},\n{\"a\":}\n]"[..]).unwrap();
    assert!(reader.next().unwrap().is_ok());
    let fault = reader.next().unwrap().unwrap_err();
    assert_eq!((fault.row, fault.line), (2, 3));
    assert!(reader.next().is_none());
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(json in "[\\[\\]{}\":,a1\\\\ \n]{0,40}|\\PC{0,40}") {
        let _ = codes(json.as_bytes());
    }

    #[test]
    fn a_cut_document_is_never_taken_for_whole(cut in 1usize..60) {
        let json = exported(JsonForm::Document, &["a"]);
        let end = json.len() - 1 - cut.min(json.len() - 2);
        prop_assert!(codes(&json[..end]).last().is_none_or(Result::is_err));
    }
}
