//! Input without an end: refused early, held never.

use proptest::prelude::*;
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;
use tabular::{
    CsvReader, Dialect, Encoding, Guesser, JsonReader, ReadOptions, decode_head, guess_dialect,
    guess_encoding,
};

/// A gigabyte made while it is read, after a beginning.
struct Giant {
    beginning: io::Cursor<Vec<u8>>,
    filler: u8,
    left: u64,
    read: Rc<Cell<u64>>,
}

impl Giant {
    fn new(beginning: &str, filler: u8) -> (Self, Rc<Cell<u64>>) {
        let read = Rc::new(Cell::new(0));
        let giant = Self {
            beginning: io::Cursor::new(beginning.into()),
            filler,
            left: 1 << 30,
            read: Rc::clone(&read),
        };
        (giant, read)
    }
}

impl Read for Giant {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut count = self.beginning.read(out)?;
        if count == 0 {
            count = out.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
            out[..count].fill(self.filler);
            self.left -= count as u64;
        }
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

#[test]
fn a_line_of_a_gigabyte_is_refused_after_a_megabyte() {
    for (beginning, filler) in [("", b'a'), ("", b','), ("", b'"'), ("\"", b'\n')] {
        let (giant, read) = Giant::new(beginning, filler);
        let refused = CsvReader::new(giant, Encoding::Utf8, Dialect::default(), ReadOptions::default());
        assert_eq!(
            refused.err().map(|fault| fault.code()),
            Some("record-too-long"),
            "{filler}"
        );
        assert!(read.get() < 1_300_000, "{} bytes read", read.get());
    }
    let (giant, read) = Giant::new("a,b\n1,2\n3,\"", b'x');
    let mut reader =
        CsvReader::new(giant, Encoding::Utf8, Dialect::default(), ReadOptions::default()).unwrap();
    assert!(reader.next().unwrap().is_ok());
    let fault = reader.next().unwrap().unwrap_err();
    assert_eq!((fault.code(), fault.row, fault.line), ("record-too-long", 2, 3));
    assert!(read.get() < 1_300_000, "{} bytes read", read.get());
    assert!(reader.next().is_none());
}

#[test]
fn a_json_record_of_a_gigabyte_is_refused_after_four_megabytes() {
    let (giant, read) = Giant::new("[{\"a\":1},{\"a\":\"", b'x');
    let mut reader = JsonReader::new(giant).unwrap();
    assert!(reader.next().unwrap().is_ok());
    assert_eq!(reader.next().unwrap().unwrap_err().code(), "record-too-long");
    assert!(read.get() < 4_400_000, "{} bytes read", read.get());
}

proptest! {
    #[test]
    fn no_bytes_make_reading_and_guessing_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn no_text_makes_reading_and_guessing_panic(text in "[a-c1-3,;|\t\"'\r\n.€/:-]{0,200}") {
        read_all(text.as_bytes());
    }
}

fn read_all(bytes: &[u8]) {
    let (encoding, _) = guess_encoding(bytes);
    let (dialect, _) = guess_dialect(&decode_head(encoding, bytes));
    let Ok(reader) = CsvReader::new(bytes, encoding, dialect, ReadOptions::default()) else {
        return;
    };
    let mut guesser = Guesser::new(reader.headers());
    for row in reader.take(1_000) {
        match row {
            Ok(row) => guesser.see(&row),
            Err(fault) => assert!(!fault.to_string().is_empty()),
        }
    }
    let _ = tabular::propose_fields(&guesser.finish());
}
