use super::*;
use crate::NewField;
use jiff::Timestamp;
use types::{AccountId, FieldId, RecordId};
use uuid::Uuid;

const KINDS: [(&str, FieldKind); 7] = [
    ("day", FieldKind::Date),
    ("account", FieldKind::Choice),
    ("contra", FieldKind::Text),
    ("amount", FieldKind::Money),
    ("partner", FieldKind::Text),
    ("number", FieldKind::AutoNumber),
    ("memo", FieldKind::LongText),
];

fn fields() -> Vec<Field> {
    let field = |(place, (key, kind)): (usize, (&str, FieldKind))| {
        NewField::plain(key.parse().unwrap(), key, kind).with_id(FieldId(i32::try_from(place).unwrap()))
    };
    KINDS.into_iter().enumerate().map(field).collect()
}

fn mapping() -> IifMapping {
    IifMapping {
        date: "day".to_owned(),
        account: "account".to_owned(),
        contra: "contra".to_owned(),
        amount: "amount".to_owned(),
        name: Some("partner".to_owned()),
        number: Some("number".to_owned()),
        memo: Some("memo".to_owned()),
    }
}

fn money(amount: &str, currency: &str) -> Value {
    Value::Money(
        amount.parse().unwrap(),
        types::currency::Currency::parse(currency).unwrap(),
    )
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn record(change: impl FnOnce(&mut Vec<Value>)) -> Record {
    let mut values = vec![
        Value::Date("2026-02-03".parse().unwrap()),
        text("Expenses:Office"),
        text("Checking"),
        money("1210.5", "EUR"),
        text("Müller & Söhne"),
        Value::Integer(17),
        text("chairs, two"),
    ];
    change(&mut values);
    Record {
        id: RecordId(Uuid::nil()),
        version: 1,
        created_at: Timestamp::UNIX_EPOCH,
        created_by: AccountId(Uuid::nil()),
        updated_at: Timestamp::UNIX_EPOCH,
        updated_by: AccountId(Uuid::nil()),
        deleted_at: None,
        values,
    }
}

fn written(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut export = IifExport::new(&mut bytes, &fields(), &mapping())
        .unwrap()
        .unwrap();
    for record in records {
        export.record(record).unwrap().unwrap();
    }
    bytes
}

fn refused(change: impl FnOnce(&mut Vec<Value>)) -> String {
    let mut bytes = Vec::new();
    let mut export = IifExport::new(&mut bytes, &fields(), &mapping())
        .unwrap()
        .unwrap();
    export.record(&record(|_| ())).unwrap().unwrap();
    let refused = export.record(&record(change)).unwrap().unwrap_err().to_string();
    assert_eq!(
        read(&bytes).unwrap().len(),
        1,
        "nothing of a refused record is written"
    );
    refused
}

#[test]
fn a_ledger_is_written_as_balanced_transactions_in_windows_1252() {
    let bytes = written(&[record(|_| ()), record(|values| values[3] = money("-0.07", "EUR"))]);
    let expected = "!TRNS\tTRNSID\tTRNSTYPE\tDATE\tACCNT\tNAME\tAMOUNT\tDOCNUM\tMEMO\r\n\
        !SPL\tSPLID\tTRNSTYPE\tDATE\tACCNT\tNAME\tAMOUNT\tDOCNUM\tMEMO\r\n\
        !ENDTRNS\r\n\
        TRNS\t\tGENERAL JOURNAL\t02/03/2026\tExpenses:Office\tMüller & Söhne\t1210.50\t17\tchairs, two\r\n\
        SPL\t\tGENERAL JOURNAL\t02/03/2026\tChecking\tMüller & Söhne\t-1210.50\t17\tchairs, two\r\n\
        ENDTRNS\r\n\
        TRNS\t\tGENERAL JOURNAL\t02/03/2026\tExpenses:Office\tMüller & Söhne\t-0.07\t17\tchairs, two\r\n\
        SPL\t\tGENERAL JOURNAL\t02/03/2026\tChecking\tMüller & Söhne\t0.07\t17\tchairs, two\r\n\
        ENDTRNS\r\n";
    let (decoded, _, _) = WINDOWS_1252.decode(&bytes);
    assert_eq!(decoded, expected);
}

#[test]
fn what_is_written_comes_back_under_the_rules() {
    let found = read(&written(&[
        record(|_| ()),
        record(|values| values[6] = Value::Empty),
    ]))
    .unwrap();
    assert_eq!(found.len(), 2);
    let first = &found[0];
    assert_eq!(
        (first.kind.as_str(), first.date.to_string().as_str()),
        (TRANSACTION_TYPE, "2026-02-03")
    );
    assert_eq!(
        (first.name.as_str(), first.number.as_str()),
        ("Müller & Söhne", "17")
    );
    let amounts: Vec<String> = first.postings.iter().map(|one| one.amount.to_string()).collect();
    assert_eq!(amounts, ["1210.50", "-1210.50"]);
    assert_eq!(found[1].memo, "");
}

#[test]
fn what_cannot_be_mapped_is_refused_with_its_reason() {
    assert_eq!(refused(|values| values[0] = Value::Empty), "day is empty");
    assert_eq!(refused(|values| values[1] = Value::Empty), "account is empty");
    assert!(refused(|values| values[2] = text("a::b")).contains("is no account"));
    assert!(refused(|values| values[2] = text(&"x".repeat(32))).contains("is no account"));
    assert!(refused(|values| values[2] = text("a:b:c:d:e:f")).contains("is no account"));
    assert!(refused(|values| values[3] = money("1.005", "EUR")).contains("two decimal places"));
    assert!(refused(|values| values[3] = money("10000000000", "EUR")).contains("ten digits"));
    assert!(refused(|values| values[3] = money("1", "USD")).contains("is in USD, and the file is in EUR"));
    assert!(refused(|values| values[4] = text(&"x".repeat(42))).contains("more than 41"));
    assert!(refused(|values| values[5] = Value::Integer(123_456_789_012)).contains("more than 11"));
    for hostile in ["a\tb", "a\nTRNS", "a\r\nENDTRNS", "say \"hi\""] {
        assert!(
            refused(|values| values[6] = text(hostile)).contains("cannot hold"),
            "{hostile:?}"
        );
    }
    assert!(refused(|values| values[6] = text("日本")).contains("Windows-1252"));
}

#[test]
fn a_mapping_names_fields_of_the_right_kind() {
    let made = |change: fn(&mut IifMapping)| {
        let mut mapping = mapping();
        change(&mut mapping);
        IifExport::new(Vec::new(), &fields(), &mapping)
            .unwrap()
            .err()
            .unwrap()
            .to_string()
    };
    assert_eq!(
        made(|mapping| mapping.amount = "sum".to_owned()),
        "there is no field sum"
    );
    assert_eq!(
        made(|mapping| mapping.amount = "memo".to_owned()),
        "memo is no amount"
    );
    assert_eq!(
        made(|mapping| mapping.date = "account".to_owned()),
        "account is no date"
    );
    assert_eq!(
        made(|mapping| mapping.memo = Some("day".to_owned())),
        "day is no text or choice"
    );
}

#[test]
fn a_file_against_the_rules_is_not_read() {
    let good = String::from_utf8(written(&[record(|values| values[4] = Value::Empty)])).unwrap();
    for (from, to, why) in [
        ("-1210.50", "-1210.49", "do not sum to zero"),
        ("ENDTRNS\r\n", "", "no end"),
        ("02/03/2026\tExpenses", "2026-02-03\tExpenses", "MM/DD/YYYY"),
        ("!SPL", "!SPLIT", "no line of a transaction"),
        ("\tChecking\t", "\t\t", "ACCNT is empty"),
        (
            "TRNS\t\tGENERAL JOURNAL",
            "ENDTRNS\r\nTRNS\t\tGENERAL JOURNAL",
            "ENDTRNS without",
        ),
    ] {
        let bad = match from {
            "ENDTRNS\r\n" => good.trim_end_matches("ENDTRNS\r\n").to_owned(),
            _ => good.replacen(from, to, 1),
        };
        assert_ne!(bad, good, "{from}");
        let fault = read(bad.as_bytes()).unwrap_err();
        assert!(fault.to_string().contains(why), "{from}: {fault}");
    }
    assert!(read(b"").unwrap().is_empty());
    assert!(read(b"\0\xff\tTRNS").is_err());
}
