//! Sample pages of datasets and records.

use super::sample::{Page, at, badge, choices, code, dataset, fact, inside, money, page, text, with_notice};
use console::view::{
    CellKind, Change, Column, ConflictRow, DatasetTab, ErrorSummary, FieldInput, FilterBar, FilterChip,
    FilterCondition, InputKind, NoticeKind, PageSizeLink, Pagination, RecordConflict, RecordFormPage,
    RecordHistoryPage, RecordPage, RecordRow, RecordValue, RecordVersion, RecordsPage, Sort, TableCell, Tone,
};

const DATASETS: &str = "/o/northwind/datasets";
const CUSTOMERS: &str = "/o/northwind/d/customers";
const RECORD: &str = "/o/northwind/d/customers/r/0198c2f4";

pub(super) fn pages() -> Vec<Page> {
    vec![
        page(CUSTOMERS, &records(true)),
        page("/states/no-records", &records(false)),
        page(RECORD, &record()),
        page("/o/northwind/d/customers/new", &record_form(None, false)),
        page(
            "/o/northwind/d/customers/r/0198c2f4/edit",
            &record_form(Some("7"), false),
        ),
        page("/states/conflict", &record_form(Some("8"), true)),
        page("/o/northwind/d/customers/r/0198c2f4/history", &history()),
    ]
}

fn columns() -> Vec<Column> {
    let column = |label: &str, numeric, sensitive, sort| Column {
        label: label.into(),
        numeric,
        sensitive,
        sort,
        sort_href: (!sensitive).then(|| format!("{CUSTOMERS}?sort={label}")),
    };
    vec![
        column("Customer", false, false, Sort::None),
        column("Name", false, false, Sort::None),
        column("Tax number", false, true, Sort::None),
        column("Contract", false, false, Sort::None),
        column("Months", true, false, Sort::None),
        column("Monthly charges", true, false, Sort::Descending),
        column("Total charges", true, false, Sort::None),
        column("Internet", false, false, Sort::None),
        column("Paperless", false, false, Sort::None),
        column("Since", false, false, Sort::None),
        column("Payment method", false, false, Sort::None),
    ]
}

/// Customer, name, contract, months, monthly charges, total charges, internet.
const PEOPLE: [&str; 6] = [
    "7590-VHVEG|Maren Solheim|Month-to-month|1|29.85 USD|29.85 USD|DSL",
    "5575-GNVDE|Tomás Echeverría|One year|34|56.95 USD|1,889.50 USD|DSL",
    "3668-QPYBK|Ingrid Østby|Month-to-month|2|53.85 USD|108.15 USD|DSL",
    "7795-CFOCW|Rahul Deshmukh|One year|45|42.30 USD|1,840.75 USD|DSL",
    "9237-HQITU|Chiara Lombardi|Month-to-month|2|70.70 USD|151.65 USD|Fibre optic",
    "9305-CDSKC|Wanjiru Kamau|Month-to-month|8|99.65 USD|820.50 USD|Fibre optic",
];

fn record_rows() -> Vec<RecordRow> {
    let row = |index: usize| {
        let person: Vec<&str> = PEOPLE[index % PEOPLE.len()].split('|').collect();
        let id = person[0];
        let cells = vec![
            text(id),
            text(person[1]),
            if index == 3 {
                TableCell::empty()
            } else {
                TableCell::masked()
            },
            TableCell::new(person[2], CellKind::Tag),
            TableCell::new(person[3], CellKind::Number),
            money(person[4]),
            money(person[5]),
            text(person[6]),
            TableCell::new(
                if index.is_multiple_of(2) { "true" } else { "false" },
                CellKind::Boolean,
            ),
            TableCell::new("2024-11-03", CellKind::Date),
            text(if index.is_multiple_of(3) {
                "Electronic check"
            } else {
                "Bank transfer (automatic)"
            }),
        ];
        RecordRow {
            id: "0198c2f4".into(),
            title: id.into(),
            cells,
        }
    };
    (0..24).map(row).collect()
}

fn filter(full: bool) -> FilterBar {
    let condition = |field: &str, operator: &str, value: &str| FilterCondition {
        field: field.into(),
        operator: operator.into(),
        value: value.into(),
        error: (value == "yesterday").then(|| "Since is a date: write it as 2026-03-12".into()),
    };
    let chip = |text: &str| FilterChip {
        text: text.into(),
        remove_href: CUSTOMERS.into(),
    };
    let fields = [
        ("contract", "Contract"),
        ("monthly_charges", "Monthly charges"),
        ("since", "Since"),
    ];
    let operators = [
        ("eq", "is"),
        ("ne", "is not"),
        ("contains", "contains"),
        ("gte", "is at least"),
    ];
    FilterBar {
        action: CUSTOMERS.into(),
        search: if full { String::new() } else { "zebra".into() },
        fields: choices(&fields, ""),
        operators: choices(&operators, ""),
        conditions: if full {
            vec![condition("contract", "ne", "Two year"), condition("", "", "")]
        } else {
            vec![
                condition("contract", "eq", "One year"),
                condition("since", "gte", "yesterday"),
            ]
        },
        applied: vec![
            chip("Contract is not Two year"),
            chip("Monthly charges is at least 29.00"),
        ],
        clear_href: CUSTOMERS.into(),
        open: !full,
        kept: vec![("sort".into(), "-monthly_charges".into())],
    }
}

fn records(full: bool) -> RecordsPage {
    let summary = if full {
        "24 records of about 5,348"
    } else {
        "No records"
    };
    let page_size = |size| PageSizeLink {
        size,
        href: format!("{CUSTOMERS}?limit={size}"),
        current: size == 25,
    };
    RecordsPage {
        chrome: inside("Customers", &[("Datasets", DATASETS)]),
        dataset: dataset(DatasetTab::Records),
        filter: filter(full),
        columns: columns(),
        rows: if full { record_rows() } else { Vec::new() },
        pagination: Pagination {
            count_href: Some(format!("{CUSTOMERS}?count=exact")),
            summary: summary.into(),
            first_href: full.then(|| CUSTOMERS.into()),
            previous_href: None,
            next_href: full.then(|| format!("{CUSTOMERS}?after=eyJ")),
            page_sizes: [25, 50, 100].map(page_size).to_vec(),
        },
        narrowed: true,
        export_query: "search=x".into(),
    }
}

fn record() -> RecordPage {
    let value = |label: &str, cell: TableCell| RecordValue {
        key: label.to_lowercase(),
        label: label.into(),
        sensitive: cell.is_masked(),
        cell,
    };
    RecordPage {
        chrome: with_notice(
            inside("7590-VHVEG", &[("Datasets", DATASETS), ("Customers", CUSTOMERS)]),
            NoticeKind::Success,
            "Saved as version 7.",
        ),
        dataset: dataset(DatasetTab::Records),
        id: "0198c2f4".into(),
        version: "7".into(),
        values: vec![
            value("Customer", text("7590-VHVEG")),
            value("Name", text("Maren Solheim")),
            value("Tax number", TableCell::masked()),
            value("Bank account", TableCell::masked()),
            value("Contract", TableCell::new("Month-to-month", CellKind::Tag)),
            value("Months", TableCell::new("1", CellKind::Number)),
            value("Monthly charges", money("29.85 USD")),
            value("Paperless", TableCell::new("true", CellKind::Boolean)),
            value("Since", TableCell::new("2024-11-03", CellKind::Date)),
            value(
                "Web",
                TableCell::new(
                    "solheim.example",
                    CellKind::Link {
                        href: "https://solheim.example".into(),
                    },
                ),
            ),
            value(
                "Notes",
                text("Prefers letters.\nAsk for Maren, not for the company."),
            ),
            value("Ended", TableCell::empty()),
        ],
        facts: vec![
            fact("Version", text("7")),
            fact(
                "Created",
                text("3 Nov 2024, 09:12 by import of telco-customers.csv"),
            ),
            fact("Updated", text("12 Mar 2026, 14:02 by Ada Okonkwo")),
            fact("Record id", code("0198c2f4-7a31-7c52-9b0e-5d1f0a6be2c4")),
        ],
        may_reveal: true,
        masked: true,
        trashed: false,
    }
}

fn record_fields() -> Vec<FieldInput> {
    let contracts = [
        ("month", "Month-to-month"),
        ("one", "One year"),
        ("two", "Two year"),
    ];
    let services = [
        ("phone", "Phone"),
        ("internet", "Internet"),
        ("backup", "Online backup"),
    ];
    vec![
        FieldInput::new("customer_id", "Customer", InputKind::Text)
            .required()
            .with_value("7590-VHVEG"),
        FieldInput::new("tax_number", "Tax number", InputKind::Sensitive { stored: true }),
        FieldInput::new(
            "contract",
            "Contract",
            InputKind::Choice(choices(&contracts, "month")),
        )
        .required(),
        FieldInput::new(
            "services",
            "Services",
            InputKind::MultipleChoice(choices(&services, "internet")),
        ),
        FieldInput::new("months", "Months", InputKind::Integer)
            .with_value("one")
            .with_help("Whole months since the contract began.")
            .with_error("one is not a whole number"),
        FieldInput::new(
            "monthly_charges",
            "Monthly charges",
            InputKind::Money {
                currency: "USD".into(),
                currencies: vec!["EUR".into(), "USD".into(), "GBP".into()],
            },
        )
        .with_value("29.85"),
        FieldInput::new("paperless", "Paperless", InputKind::Boolean).with_value("true"),
        FieldInput::new("since", "Since", InputKind::Date).with_value("2024-11-03"),
        FieldInput::new("last_call", "Last call", InputKind::Timestamp).with_value("2026-03-10T16:20"),
        FieldInput::new("mail", "E-mail", InputKind::Email).with_value("maren@solheim.example"),
        FieldInput::new(
            "account",
            "Account",
            InputKind::Reference(choices(&[("0198", "Solheim AS")], "")),
        )
        .with_help("Id of a record of Accounts."),
        FieldInput::new(
            "place",
            "Place",
            InputKind::GeoPoint {
                latitude: "59.9139".into(),
                longitude: "10.7522".into(),
            },
        ),
        FieldInput::new("extra", "Extra", InputKind::Json).with_value("{\n  \"letters\": true\n}"),
        FieldInput::new("notes", "Notes", InputKind::LongText).with_value("Prefers letters."),
        FieldInput::new("number", "Number", InputKind::ReadOnly).with_value("1042"),
    ]
}

fn record_form(version: Option<&str>, conflict: bool) -> RecordFormPage {
    let fields = record_fields();
    let failure = (version.is_none() && !conflict)
        .then(|| ErrorSummary::of_fields("The record was not created: one field needs a change", &fields));
    let row = |label: &str, theirs: TableCell, mine: TableCell| ConflictRow {
        label: label.into(),
        theirs,
        mine,
    };
    RecordFormPage {
        chrome: inside(
            if version.is_some() {
                "Edit 7590-VHVEG"
            } else {
                "New record"
            },
            &[("Datasets", DATASETS), ("Customers", CUSTOMERS)],
        ),
        dataset: dataset(DatasetTab::Records),
        action: RECORD.into(),
        cancel_href: RECORD.into(),
        version: version.map(Into::into),
        fields,
        failure,
        conflict: conflict.then(|| RecordConflict {
            actor: "Jonas Weber".into(),
            at: at("12 Mar 2026, 14:01"),
            rows: vec![
                row("Monthly charges", money("31.20 USD"), money("29.85 USD")),
                row("Contract", text("One year"), text("Month-to-month")),
            ],
        }),
    }
}

fn history() -> RecordHistoryPage {
    let change = |label: &str, before, after| Change {
        label: label.into(),
        before,
        after,
    };
    let version = |version: &str, action, actor: &str, changes| RecordVersion {
        version: version.into(),
        action,
        actor: actor.into(),
        at: at("12 Mar 2026, 14:02"),
        entry_href: Some("/o/northwind/audit/0198c2f5".into()),
        changes,
    };
    RecordHistoryPage {
        chrome: inside(
            "History of 7590-VHVEG",
            &[
                ("Datasets", DATASETS),
                ("Customers", CUSTOMERS),
                ("7590-VHVEG", RECORD),
            ],
        ),
        dataset: dataset(DatasetTab::Records),
        id: "0198c2f4".into(),
        is_erased: false,
        older_href: None,
        versions: vec![
            version(
                "3",
                badge("updated", Tone::Accent),
                "Ada Okonkwo",
                vec![
                    change("Monthly charges", money("31.20 USD"), money("29.85 USD")),
                    change("Tax number", TableCell::masked(), TableCell::masked()),
                ],
            ),
            version("2", badge("restored", Tone::Good), "Jonas Weber", vec![]),
            version(
                "1",
                badge("created", Tone::Neutral),
                "Import of telco-customers.csv",
                vec![
                    change("Customer", TableCell::empty(), text("7590-VHVEG")),
                    change("Contract", TableCell::empty(), text("Month-to-month")),
                    change("Monthly charges", TableCell::empty(), money("31.20 USD")),
                ],
            ),
        ],
    }
}
