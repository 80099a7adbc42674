//! Sample pages of datasets: the list, a new one, settings, trash, export.

use super::sample::{Page, at, badge, choices, chrome, dataset, inside, page};
use console::view::{
    ArchivePage, DatasetNewPage, DatasetRow, DatasetSettingsPage, DatasetTab, DatasetsPage, ErrorSummary,
    ExportPage, FieldInput, FieldRow, InputKind, KeptArchiveRow, Nav, Pagination, Tone, TrashPage, TrashRow,
};

const DATASETS: &str = "/o/northwind/datasets";
const TYPES: [(&str, &str); 8] = [
    ("text", "Text"),
    ("integer", "Integer"),
    ("decimal", "Decimal"),
    ("money", "Money"),
    ("boolean", "Yes or no"),
    ("date", "Date"),
    ("choice", "Choice"),
    ("sensitive-text", "Sensitive text"),
];

fn archive() -> ArchivePage {
    ArchivePage {
        kept: vec![KeptArchiveRow {
            asked: at("12 Mar 2026, 14:02 UTC"),
            state: badge("Ready", Tone::Good),
            said: "12 MB".into(),
            fetch: Some((
                "/o/northwind/archive/kept/018f".into(),
                at("13 Mar 2026, 14:05 UTC"),
            )),
        }],
        is_making: false,
        envelope_fields: vec![FieldInput::new("passphrase", "Passphrase", InputKind::Password)],
        chrome: chrome("Archive", Nav::Datasets),
        organization: "northwind".into(),
        may_export: true,
        has_sensitive: true,
        in_the_clear: true,
        fields: vec![FieldInput::new("file", "Archive", InputKind::File(".tar")).required()],
        failure: None,
    }
}

pub(super) fn pages() -> Vec<Page> {
    vec![
        page("/o/northwind/archive", &archive()),
        page(DATASETS, &datasets(false)),
        page("/states/no-datasets", &datasets(true)),
        page("/o/northwind/datasets/new", &dataset_new()),
        page("/o/northwind/d/customers/settings", &dataset_settings()),
        page("/o/northwind/d/customers/trash", &trash()),
        page("/o/northwind/d/customers/export", &export()),
    ]
}

fn datasets(empty: bool) -> DatasetsPage {
    let row = |slug: &str, name: &str, description: &str, records: &str, fields: &str, sensitive_fields| {
        DatasetRow {
            slug: slug.into(),
            name: name.into(),
            description: description.into(),
            records: records.into(),
            fields: fields.into(),
            sensitive_fields,
            changed: Some(at("12 Mar 2026, 14:02")),
        }
    };
    let datasets = vec![
        row(
            "customers",
            "Customers",
            "Subscribers with contract, services and monthly charges",
            "7,043",
            "21",
            2,
        ),
        row(
            "payments",
            "Payments",
            "Payments to suppliers of the library since 2014",
            "12,418",
            "9",
            1,
        ),
        row(
            "airports",
            "Airports",
            "Every airport with its position",
            "3,376",
            "7",
            0,
        ),
        row("birdstrikes", "Bird strikes", "", "10,000", "14", 0),
    ];
    DatasetsPage {
        chrome: super::sample::chrome("Datasets", console::view::Nav::Datasets),
        organization: "northwind".into(),
        datasets: if empty { Vec::new() } else { datasets },
        may_configure: true,
        may_import: true,
        may_archive: true,
    }
}

fn dataset_new() -> DatasetNewPage {
    let fields = vec![
        FieldInput::new("name", "Name", InputKind::Text)
            .required()
            .with_value("Customers"),
        FieldInput::new("slug", "Address name", InputKind::Text)
            .required()
            .with_value("customers")
            .with_help("Part of every link and of the table's name; it cannot be changed later.")
            .with_error("customers is taken by another dataset; choose another"),
        FieldInput::new("description", "Description", InputKind::LongText),
    ];
    DatasetNewPage {
        chrome: inside("New dataset", &[("Datasets", DATASETS)]),
        organization: "northwind".into(),
        failure: Some(ErrorSummary::of_fields(
            "The dataset was not made: one field needs a change",
            &fields,
        )),
        fields,
    }
}

fn dataset_settings() -> DatasetSettingsPage {
    let row = |key: &str, label: &str, type_label: &str, marks: Vec<_>| FieldRow {
        key: key.into(),
        label: label.into(),
        type_label: type_label.into(),
        sensitive: type_label == "Sensitive text",
        may_become_sensitive: type_label == "Text",
        open: false,
        inputs: if type_label == "Auto number" {
            Vec::new()
        } else {
            vec![
                FieldInput::new(format!("{key}-label"), "Label", InputKind::Text)
                    .required()
                    .with_value(label),
                FieldInput::new(format!("{key}-help"), "Help text", InputKind::Text),
                FieldInput::new(format!("{key}-required"), "Required", InputKind::Checkbox)
                    .with_value("true"),
            ]
        },
        marks,
    };
    let required = || badge("required", Tone::Neutral);
    DatasetSettingsPage {
        chrome: inside("Customers", &[("Datasets", DATASETS)]),
        dataset: dataset(DatasetTab::Settings),
        settings: vec![
            FieldInput::new("name", "Name", InputKind::Text)
                .required()
                .with_value("Customers"),
            FieldInput::new("description", "Description", InputKind::LongText)
                .with_value("Subscribers with contract, services and monthly charges"),
        ],
        fields: vec![
            row(
                "customer_id",
                "Customer",
                "Text",
                vec![required(), badge("unique", Tone::Accent)],
            ),
            row("contract", "Contract", "Choice", vec![required()]),
            row("monthly_charges", "Monthly charges", "Money", vec![]),
            row(
                "tax_number",
                "Tax number",
                "Sensitive text",
                vec![badge("sensitive", Tone::Brass)],
            ),
            row("number", "Number", "Auto number", vec![]),
        ],
        new_field: vec![
            FieldInput::new("label", "Label", InputKind::Text).required(),
            FieldInput::new("type", "Type", InputKind::Choice(choices(&TYPES, "text"))).required(),
            FieldInput::new("required", "Required", InputKind::Checkbox),
            FieldInput::new("unique", "Unique", InputKind::Checkbox),
            FieldInput::new("sensitive", "Sensitive", InputKind::Checkbox)
                .with_help("Encrypted under the organization's key, masked, each reveal logged."),
        ],
        new_field_open: false,
        failure: None,
    }
}

fn trash() -> TrashPage {
    let row = |title: &str| TrashRow {
        id: title.into(),
        title: title.into(),
        version: "4".into(),
        actor: "Jonas Weber".into(),
        at: at("11 Mar 2026, 17:40"),
    };
    TrashPage {
        chrome: inside("Customers", &[("Datasets", DATASETS)]),
        dataset: dataset(DatasetTab::Trash),
        rows: vec![row("1452-KIOVK"), row("6713-OKOMC")],
        pagination: Pagination {
            summary: "2 records".into(),
            ..Pagination::default()
        },
        may_purge: true,
    }
}

fn export() -> ExportPage {
    let mut formats = choices(&[("csv", "CSV"), ("json", "JSON")], "csv");
    formats[0].help = Some("For spreadsheets: UTF-8, a head line, one record per line.".into());
    formats[1].help = Some("For programs: an array of records; decimals and money as strings.".into());
    let sensitive = [
        ("masked", "Masked"),
        ("revealed", "Revealed; each record's reveal is logged"),
    ];
    ExportPage {
        chrome: inside("Customers", &[("Datasets", DATASETS)]),
        dataset: dataset(DatasetTab::Export),
        summary: "All 7,043 records with 21 fields.".into(),
        fields: vec![
            FieldInput::new("format", "Format", InputKind::Radio(formats)).required(),
            FieldInput::new(
                "sensitive",
                "Sensitive fields",
                InputKind::Radio(choices(&sensitive, "masked")),
            )
            .required(),
        ],
        kept: vec![],
        failure: None,
    }
}
