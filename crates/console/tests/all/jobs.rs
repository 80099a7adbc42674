//! Sample pages of imports.

use super::sample::{Page, at, badge, choices, chrome, fact, inside, page, text};
use console::view::{
    Choice, FieldInput, ImportColumn, ImportOutcome, ImportPreviewPage, ImportProgressPage, ImportResultPage,
    ImportRow, ImportsPage, InputKind, Nav, RefusedRow, Tone,
};

const IMPORTS: &str = "/o/northwind/imports";
const JOB: &str = "/o/northwind/imports/0198d0";

pub(super) fn pages() -> Vec<Page> {
    vec![
        page(IMPORTS, &imports()),
        page(JOB, &preview(true)),
        page("/states/import-into-dataset", &preview(false)),
        page("/states/import-running", &progress(Some(7_043))),
        page("/states/import-starting", &progress(None)),
        page("/states/import-refused", &result(ImportOutcome::Refused)),
        page("/states/import-dry-run", &result(ImportOutcome::DryRunPassed)),
        page("/states/import-done", &result(ImportOutcome::Imported)),
    ]
}

fn imports() -> ImportsPage {
    let row = |file: &str, dataset: &str, state, rows: &str| ImportRow {
        job: "0198d0".into(),
        file: file.into(),
        dataset: dataset.into(),
        state,
        rows: rows.into(),
        at: at("12 Mar 2026, 13:50"),
    };
    let datasets = [
        ("", "A new dataset, from the file"),
        ("customers", "Customers"),
        ("payments", "Payments"),
    ];
    ImportsPage {
        chrome: chrome("Imports", Nav::Imports),
        organization: "northwind".into(),
        fields: vec![
            FieldInput::new("file", "CSV file", InputKind::File(".csv,text/csv")).required(),
            FieldInput::new("dataset", "Dataset", InputKind::Choice(choices(&datasets, ""))),
            FieldInput::new("name", "Name of the new dataset", InputKind::Text)
                .with_help("Empty: the name of the file."),
        ],
        failure: None,
        imports: vec![
            row(
                "birdstrikes.csv",
                "Bird strikes",
                badge("waiting for you", Tone::Brass),
                "10,000",
            ),
            row(
                "telco-customers.csv",
                "Customers",
                badge("imported", Tone::Good),
                "7,043",
            ),
            row(
                "library-payments.csv",
                "Payments",
                badge("refused", Tone::Bad),
                "12,418",
            ),
        ],
        may_import: true,
    }
}

fn import_columns() -> Vec<ImportColumn> {
    let found = [
        (
            "customerID",
            "7590-VHVEG, 5575-GNVDE, 3668-QPYBK",
            "Text",
            "text",
            "7,043 values, all different, letters and digits.",
        ),
        (
            "tenure",
            "1, 34, 2, 45",
            "Integer",
            "integer",
            "7,043 of 7,043 values are whole numbers from 0 to 72.",
        ),
        (
            "MonthlyCharges",
            "29.85, 56.95, 53.85",
            "Decimal",
            "decimal",
            "Every value has at most 2 digits after the point.",
        ),
        (
            "Contract",
            "Month-to-month, One year",
            "Choice",
            "choice",
            "3 different values among 7,043.",
        ),
        (
            "PaperlessBilling",
            "Yes, No",
            "Yes or no",
            "boolean",
            "Only Yes and No occur.",
        ),
        (
            "TaxNumber",
            "NO 974 760 673",
            "Text",
            "text",
            "6,871 values; 172 empty.",
        ),
    ];
    found
        .iter()
        .enumerate()
        .map(
            |(index, (name, samples, guess, type_name, evidence))| ImportColumn {
                index,
                name: (*name).into(),
                samples: (*samples).into(),
                guess: (*guess).into(),
                evidence: (*evidence).into(),
                include: true,
                field: String::new(),
                label: (*name).into(),
                type_name: (*type_name).into(),
                sensitive: *name == "TaxNumber",
                error: (*name == "tenure")
                    .then(|| "Line 489 holds “n/a”: choose Text, or mend the file".into()),
            },
        )
        .collect()
}

fn preview(new_dataset: bool) -> ImportPreviewPage {
    let row = |id: &str| {
        ["1", "29.85", "Month-to-month", "Yes", "NO 974 760 673"]
            .map(String::from)
            .into_iter()
            .fold(vec![id.to_owned()], |mut row, value| {
                row.push(value);
                row
            })
    };
    let types: Vec<Choice> = choices(
        &[
            ("text", "Text"),
            ("integer", "Integer"),
            ("decimal", "Decimal"),
            ("boolean", "Yes or no"),
            ("choice", "Choice"),
        ],
        "",
    );
    let encodings = [("utf-8", "UTF-8"), ("windows-1252", "Windows-1252")];
    let delimiters = [(",", "Comma"), (";", "Semicolon"), ("tab", "Tab")];
    let mut chrome = inside("Preview of the import", &[("Imports", IMPORTS)]);
    chrome.nav = Nav::Imports;
    ImportPreviewPage {
        chrome,
        action: JOB.into(),
        file: "telco-customers.csv".into(),
        facts: vec![
            fact("Size", text("977 KB")),
            fact("Rows", text("7,043 and a head line")),
            fact("Encoding", text("UTF-8: every byte sequence is valid")),
            fact("Delimiter", text("Comma: 20 on every line")),
        ],
        dataset: "Customers".into(),
        new_dataset,
        reading: vec![
            FieldInput::new(
                "encoding",
                "Encoding",
                InputKind::Choice(choices(&encodings, "utf-8")),
            )
            .required(),
            FieldInput::new(
                "delimiter",
                "Delimiter",
                InputKind::Choice(choices(&delimiters, ",")),
            )
            .required(),
        ],
        columns: import_columns(),
        types,
        fields: choices(&[("customer_id", "Customer"), ("months", "Months")], ""),
        rows: [
            "7590-VHVEG",
            "5575-GNVDE",
            "3668-QPYBK",
            "7795-CFOCW",
            "9237-HQITU",
        ]
        .map(row)
        .to_vec(),
        failure: None,
    }
}

fn progress(total: Option<u64>) -> ImportProgressPage {
    ImportProgressPage {
        chrome: chrome("Import of telco-customers.csv", Nav::Imports),
        action: JOB.into(),
        stage: if total.is_some() {
            "Writing records".into()
        } else {
            "Waiting to start".into()
        },
        done: 4_410,
        total,
        rows_read: "4,410".into(),
        started: at("13:50:12"),
        refresh_href: String::new(),
        refresh_seconds: 2,
    }
}

fn result(outcome: ImportOutcome) -> ImportResultPage {
    let refused = |row: &str, column: &str, code: &str, message: &str| RefusedRow {
        row: row.into(),
        column: column.into(),
        code: code.into(),
        message: message.into(),
    };
    let failed = outcome == ImportOutcome::Refused;
    ImportResultPage {
        chrome: chrome("Import of library-payments.csv", Nav::Imports),
        action: JOB.into(),
        outcome,
        summary: "12,418 rows read from library-payments.csv in 2.1 s.".into(),
        rows_read: "12,418".into(),
        rows_accepted: if failed { "12,415".into() } else { "12,418".into() },
        rows_refused: if failed { "3".into() } else { "0".into() },
        refused: if failed {
            vec![
                refused(
                    "489",
                    "amount",
                    "not-a-decimal",
                    "“12,50-” is not a decimal; write it as -12.50",
                ),
                refused(
                    "3,071",
                    "reference",
                    "card-number",
                    "this looks like a payment card number, which is never stored",
                ),
                refused("8,815", "", "ragged-row", "8 values where the head line has 9"),
            ]
        } else {
            Vec::new()
        },
        report_href: failed.then(|| format!("{JOB}/report")),
        dataset_href: (outcome == ImportOutcome::Imported).then(|| "/o/northwind/d/payments".into()),
        imports_href: IMPORTS.into(),
        plan_href: None,
    }
}
