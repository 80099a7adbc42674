//! The dialect of a CSV file: delimiter, quotation mark, header or not; guessed from its first lines with the evidence.

use crate::date::DateFormat;
use crate::hint::count;
use crate::number::{NumberFormat, split_currency};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What parts the cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delimiter {
    /// `,`
    #[default]
    Comma,
    /// `;`
    Semicolon,
    /// The tab.
    Tab,
    /// `|`
    Pipe,
}

impl Delimiter {
    /// Every delimiter, the likeliest first.
    pub const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    /// The byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Comma => "commas",
            Self::Semicolon => "semicolons",
            Self::Tab => "tabs",
            Self::Pipe => "vertical bars",
        }
    }
}

/// What stands around a cell that holds the delimiter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quote {
    /// `"`
    #[default]
    Double,
    /// `'`
    Single,
}

impl Quote {
    /// The byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Double => b'"',
            Self::Single => b'\'',
        }
    }
}

/// Does the first line name the columns?
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Header {
    /// It does.
    #[default]
    Present,
    /// It is data already.
    Absent,
}

/// How a CSV file is written. The default is RFC 4180 with a header.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dialect {
    /// What parts the cells.
    pub delimiter: Delimiter,
    /// What stands around them.
    pub quote: Quote,
    /// What the first line is.
    pub header: Header,
}

/// Lines looked at.
const LINES_MAX: usize = 200;
/// Bytes looked at, so that a head without line ends costs no more.
const HEAD_MAX: usize = 1 << 20;

/// Guesses the dialect from the file's first text; a line cut at its end does no harm.
/// The second part is the evidence: one or two sentences.
#[must_use]
pub fn guess_dialect(head: &str) -> (Dialect, String) {
    let head = whole_lines(head);
    let splits = Delimiter::ALL
        .into_iter()
        .flat_map(|delimiter| [Quote::Double, Quote::Single].map(|quote| Split::new(head, delimiter, quote)));
    // The first of equals wins: a comma and double quotation marks unless others explain the lines better.
    let best = splits.reduce(|best, other| if other.score() > best.score() { other } else { best });
    let Some(best) = best.filter(|best| !best.lines.is_empty()) else {
        return (Dialect::default(), "the file is empty".into());
    };
    let (header, reason) = guess_header(&best.lines);
    let dialect = Dialect {
        delimiter: best.delimiter,
        quote: best.quote,
        header,
    };
    (dialect, format!("{}; {reason}", best.evidence()))
}

fn whole_lines(head: &str) -> &str {
    let mut end = head.len().min(HEAD_MAX);
    while !head.is_char_boundary(end) {
        end -= 1;
    }
    let head = &head[..end];
    // Where the text ends within a line nobody knows whether the line is whole; with three others it is not missed.
    match head.rfind('\n') {
        Some(last) if head[..last].matches('\n').count() >= 3 => &head[..=last],
        Some(_) | None => head,
    }
}

/// The head, split one way.
struct Split {
    delimiter: Delimiter,
    quote: Quote,
    lines: Vec<Vec<String>>,
    /// The commonest number of fields, and how many lines have it.
    fields: usize,
    agreeing: usize,
    /// Cells that begin or end with a quotation mark that this split did not take as one.
    stray_quotes: usize,
}

impl Split {
    fn new(head: &str, delimiter: Delimiter, quote: Quote) -> Self {
        let lines = split_lines(head, delimiter, quote);
        let mut counts: HashMap<usize, usize> = HashMap::new();
        for line in &lines {
            *counts.entry(line.len()).or_default() += 1;
        }
        let (fields, agreeing) = counts
            .into_iter()
            .max_by_key(|(fields, agreeing)| (*agreeing, *fields))
            .unwrap_or_default();
        let is_stray = |cell: &&String| {
            let wrapped = |mark: char| cell.len() > 1 && cell.starts_with(mark) && cell.ends_with(mark);
            wrapped('"') || wrapped('\'')
        };
        let stray_quotes = lines.iter().flatten().filter(is_stray).count();
        Self {
            delimiter,
            quote,
            lines,
            fields,
            agreeing,
            stray_quotes,
        }
    }

    /// More than one field beats one; then the share of agreeing lines in tenths, then fewer stray quotation marks, then
    /// the number of fields.
    fn score(&self) -> (bool, usize, std::cmp::Reverse<usize>, usize) {
        let tenths = (self.agreeing * 10).checked_div(self.lines.len()).unwrap_or(0);
        let splits = self.fields > 1 && tenths >= 5;
        (splits, tenths, std::cmp::Reverse(self.stray_quotes), self.fields)
    }

    fn evidence(&self) -> String {
        let lines = count(self.lines.len() as u64);
        let by = self.delimiter.plural();
        if self.fields <= 1 {
            return format!("none of {lines} lines can be split evenly, so each is one field");
        }
        let fields = self.fields;
        if self.agreeing == self.lines.len() {
            return format!("every one of {lines} lines has {fields} fields when split at {by}");
        }
        format!(
            "{} of {lines} lines have {fields} fields when split at {by}",
            count(self.agreeing as u64)
        )
    }
}

fn split_lines(head: &str, delimiter: Delimiter, quote: Quote) -> Vec<Vec<String>> {
    let mut core = crate::reader::core_reader(delimiter, quote);
    let mut output = vec![0; head.len() + 1];
    let mut ends = vec![0; head.len() + 2];
    let mut input = head.as_bytes();
    let (mut length, mut fields) = (0, 0);
    let mut lines = Vec::new();
    while lines.len() < LINES_MAX {
        let (result, read, wrote, ended) =
            core.read_record(input, &mut output[length..], &mut ends[fields..]);
        input = &input[read..];
        length += wrote;
        fields += ended;
        match result {
            csv_core::ReadRecordResult::InputEmpty => {}
            csv_core::ReadRecordResult::Record => {
                lines.push(cells(&output, &ends[..fields]));
                (length, fields) = (0, 0);
            }
            csv_core::ReadRecordResult::OutputFull
            | csv_core::ReadRecordResult::OutputEndsFull
            | csv_core::ReadRecordResult::End => break,
        }
    }
    lines
}

fn cells(output: &[u8], ends: &[usize]) -> Vec<String> {
    let starts = std::iter::once(0).chain(ends.iter().copied());
    starts
        .zip(ends)
        .map(|(start, end)| String::from_utf8_lossy(&output[start..*end]).trim().to_owned())
        .collect()
}

/// What a column says for (positive) or against the first line being a header.
fn vote(first: &str, below: &[&str]) -> i32 {
    let values: Vec<&&str> = below.iter().filter(|cell| !cell.is_empty()).collect();
    if values.is_empty() || first.is_empty() {
        return 0;
    }
    let typed = values.iter().all(|cell| is_typed(cell));
    if typed {
        return if is_typed(first) { -1 } else { 1 };
    }
    // A name hardly occurs among the values; a value that repeats does.
    if values.iter().any(|cell| **cell == first) {
        -1
    } else {
        0
    }
}

fn guess_header(lines: &[Vec<String>]) -> (Header, String) {
    let Some((first, rest)) = lines.split_first() else {
        return (Header::Present, "there is no line".into());
    };
    let votes: Vec<i32> = first
        .iter()
        .enumerate()
        .map(|(place, cell)| {
            let below: Vec<&str> = rest
                .iter()
                .filter_map(|line| line.get(place))
                .map(String::as_str)
                .collect();
            vote(cell, &below)
        })
        .collect();
    let (pro, contra) = (
        votes.iter().filter(|vote| **vote > 0).count(),
        votes.iter().filter(|vote| **vote < 0).count(),
    );
    let mut names = first.clone();
    names.sort();
    names.dedup();
    let plausible = names.len() == first.len() && !first.iter().any(|cell| cell.is_empty() || is_typed(cell));
    if pro > contra {
        let reason = format!(
            "the first line is a header: it has words above the numbers or dates of {}",
            columns(pro)
        );
        (Header::Present, reason)
    } else if contra > pro {
        let reason = format!(
            "the first line is data: it holds values like those below it in {}",
            columns(contra)
        );
        (Header::Absent, reason)
    } else if plausible {
        (
            Header::Present,
            "the first line is taken as a header: its cells are different words".into(),
        )
    } else {
        (
            Header::Absent,
            "the first line is taken as data: its cells are empty, repeated or numbers".into(),
        )
    }
}

fn columns(number: usize) -> String {
    match number {
        1 => "1 column".into(),
        number => format!("{} columns", count(number as u64)),
    }
}

/// A number, an amount or a date: nothing that names a column.
fn is_typed(cell: &str) -> bool {
    let (_, number) = split_currency(cell);
    NumberFormat::Point.canonical(&number).is_some()
        || NumberFormat::Comma.canonical(&number).is_some()
        || DateFormat::ALL
            .iter()
            .any(|format| format.parse(cell).is_some() || format.instant(cell).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_delimiter_is_recognised() {
        for (delimiter, mark) in Delimiter::ALL.into_iter().zip([',', ';', '\t', '|']) {
            let text = "name!note!price\na!\"x, y; z | w\tv\"!1\nb!\"it's\"!2\nc!d!3\n"
                .replace('!', &mark.to_string());
            let (dialect, evidence) = guess_dialect(&text);
            assert_eq!(
                dialect,
                Dialect {
                    delimiter,
                    ..Dialect::default()
                },
                "{evidence}"
            );
            assert!(
                evidence.starts_with("every one of 4 lines has 3 fields when split at"),
                "{evidence}"
            );
        }
    }

    #[test]
    fn semicolons_with_decimal_commas_are_not_split_at_the_commas() {
        let (dialect, _) = guess_dialect("preis;menge\n1,5;2,5\n3,5;4,5\n");
        assert_eq!(dialect.delimiter, Delimiter::Semicolon);
        assert_eq!(dialect.header, Header::Present);
    }

    #[test]
    fn single_quotation_marks_are_recognised() {
        let (dialect, _) = guess_dialect("'a','b'\n'x, y','z'\n'u','v'\n");
        assert_eq!(dialect.quote, Quote::Single);
        assert_eq!(guess_dialect("a,b\n\"x, y\",it's\nu,v\n").0.quote, Quote::Double);
    }

    #[test]
    fn data_without_a_header_is_recognised() {
        for text in [
            "1,ann\n2,bob\n",
            "yes,1.5\nno,2.5\nyes,3\n",
            "a,b\na,c\nb,b\n",
            "2026-01-01,x\n2026-01-02,y\n",
        ] {
            let (dialect, evidence) = guess_dialect(text);
            assert_eq!(dialect.header, Header::Absent, "{text}: {evidence}");
        }
    }

    #[test]
    fn one_column_and_nothing_at_all_are_fine() {
        let (dialect, evidence) = guess_dialect("name\nann\nbob\n");
        assert_eq!(dialect, Dialect::default());
        assert!(evidence.contains("each is one field"), "{evidence}");
        assert_eq!(guess_dialect("").0, Dialect::default());
    }

    #[test]
    fn a_line_cut_at_the_end_does_not_count() {
        let (_, evidence) = guess_dialect("a,b,c\n1,2,3\n1,2,3\n1,2,3\n1,2");
        assert!(evidence.starts_with("every one of 4 lines"), "{evidence}");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a1,;|\t\"'\r\n]{0,60}|\\PC{0,60}") {
            let _ = guess_dialect(&text);
        }
    }
}
