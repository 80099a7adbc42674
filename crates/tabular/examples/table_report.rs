//! Says what a CSV file holds and how long it took: `cargo run --example table_report FILE`.

use std::fs::File;
use std::io::{self, Write};
use std::time::Instant;
use tabular::{
    Converter, CsvReader, Guesser, Plan, ReadOptions, Refusal, RefusalReport, Row, Target, decode_head,
    guess_dialect, guess_encoding_of, propose_fields,
};
use types::{Field, FieldId};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("name a CSV file")?;
    let mut out = io::stdout().lock();
    let (encoding, evidence) = guess_encoding_of(File::open(&path)?)?;
    writeln!(out, "{encoding}: {evidence}")?;
    let mut head = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(File::open(&path)?, 1 << 16), &mut head)?;
    let (dialect, evidence) = guess_dialect(&decode_head(encoding, &head));
    writeln!(out, "{evidence}")?;

    let open = || -> Result<_, Box<dyn std::error::Error>> {
        Ok(CsvReader::new(
            File::open(&path)?,
            encoding,
            dialect,
            ReadOptions::default(),
        )?)
    };
    let start = Instant::now();
    let mut reader = open()?;
    let mut guesser = Guesser::new(reader.headers());
    let mut row = Row::default();
    while let Some(read) = reader.read(&mut row) {
        if read.is_ok() {
            guesser.see(&row);
        }
    }
    let guesses = guesser.finish();
    writeln!(out, "{} rows guessed in {:?}", reader.rows(), start.elapsed())?;
    for guess in &guesses {
        writeln!(
            out,
            "  {:28} {:14} {}",
            guess.header,
            guess.best.kind.as_str(),
            guess.best.evidence
        )?;
        for other in &guess.alternatives {
            writeln!(
                out,
                "  {:28} or {:11} {}",
                "",
                other.kind.as_str(),
                other.evidence
            )?;
        }
    }
    let start = Instant::now();
    let refused = convert(&mut open()?, &propose_fields(&guesses), &mut out)?;
    writeln!(out, "converted in {:?}, {refused} refused", start.elapsed())?;
    Ok(())
}

fn convert(reader: &mut CsvReader<File>, plan: &Plan, out: &mut impl Write) -> io::Result<u64> {
    let columns: Vec<(usize, Field, Converter)> = plan
        .columns
        .iter()
        .filter_map(|column| match &column.target {
            Target::New { field, formats } => {
                let field = field.as_ref().clone().with_id(FieldId(1));
                let converter = Converter::new(&field, *formats);
                Some((column.column, field, converter))
            }
            Target::Skip | Target::Existing { .. } => None,
        })
        .collect();
    let mut report = RefusalReport::new(out)?;
    let mut refused = 0;
    let mut row = Row::default();
    while let Some(read) = reader.read(&mut row) {
        if let Err(fault) = read {
            report.write(&Refusal::of_fault(&fault))?;
            refused += 1;
            continue;
        }
        for (place, field, converter) in &columns {
            let cell = row.cell(*place).unwrap_or_default();
            if let Err(error) = converter.convert(cell) {
                report.write(&Refusal::of_cell(
                    (row.number(), row.line()),
                    &field.label,
                    field,
                    cell,
                    &error,
                ))?;
                refused += 1;
            }
        }
    }
    Ok(refused)
}
