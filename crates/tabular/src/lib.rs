#![doc = include_str!("../README.md")]

mod choices;
pub mod column;
pub mod date;
pub mod defuse;
pub mod dialect;
pub mod encoding;
pub mod export_csv;
pub mod export_json;
pub mod formats;
pub mod guess;
pub mod hint;
pub mod iif;
pub mod import_json;
pub mod number;
pub mod plan;
pub mod reader;
pub mod refusal;

pub use column::{Converter, convert};
pub use date::DateFormat;
pub use dialect::{Delimiter, Dialect, Header, Quote, guess_dialect};
pub use encoding::{Decoder, Encoding, decode_head, guess_encoding, guess_encoding_of};
pub use export_csv::{ByteOrderMark, CsvExport, CsvExportOptions, HeaderNames, SystemColumns, push_text_row};
pub use export_json::{JsonExport, JsonForm};
pub use formats::{Formats, Whitespace};
pub use guess::{ColumnGuess, Confidence, Guess, Guesser, Repeats};
pub use iif::{IifError, IifExport, IifMapping};
pub use import_json::{JsonDataset, JsonFault, JsonFaultKind, JsonReader, JsonRow};
pub use number::NumberFormat;
pub use plan::{ColumnPlan, NewField, Plan, Target, map_to_fields, propose_fields};
pub use reader::{CsvReader, Defusing, Limits, ReadFault, ReadFaultKind, ReadOptions, Row};
pub use refusal::{Refusal, RefusalReport};
