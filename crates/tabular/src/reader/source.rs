//! Records out of bytes: decoding, splitting (csv-core), counting lines and bytes.
//!
//! The splitting loop is here and not the `csv` crate's reader, because only the loop knows how long the record in
//! progress is, and on which line it began in a file with CR LF.

use super::{Limits, ReadFaultKind, Row};
use crate::encoding::{InvalidBytes, count_newlines};
use crate::{Decoder, Delimiter, Dialect, Encoding, Quote};
use csv_core::ReadRecordResult;
use std::io::{self, Read};

const BUFFER_BYTES: usize = 64 * 1024;

/// A record that could not be read: the line where it began, and why.
type Broken = (u64, ReadFaultKind);

pub(crate) fn core_reader(delimiter: Delimiter, quote: Quote) -> csv_core::Reader {
    csv_core::ReaderBuilder::new()
        .delimiter(delimiter.byte())
        .quote(quote.byte())
        .build()
}

pub(super) struct Source<R> {
    decoder: Decoder<R>,
    core: csv_core::Reader,
    limits: Limits,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// The line of `buffer[start]`.
    line: u64,
    bytes: u64,
    output: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: Read> Source<R> {
    pub(super) fn new(read: R, encoding: Encoding, dialect: Dialect, limits: Limits) -> Self {
        Self {
            decoder: Decoder::new(read, encoding),
            core: core_reader(dialect.delimiter, dialect.quote),
            limits,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            line: 1,
            bytes: 0,
            output: vec![0; 4096],
            ends: vec![0; 64],
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next record; `None` at the end.
    pub(super) fn read(&mut self, row: &mut Row) -> Option<Result<(), Broken>> {
        if let Err(broken) = self.skip_line_ends() {
            return Some(Err(broken));
        }
        let line = self.line;
        let (mut length, mut fields, mut taken) = (0, 0, 0);
        loop {
            if let Err(kind) = self.fill() {
                return Some(Err((line, kind)));
            }
            let input = &self.buffer[self.start..self.end];
            let (result, read, wrote, ended) =
                self.core
                    .read_record(input, &mut self.output[length..], &mut self.ends[fields..]);
            self.line += count_newlines(&input[..read]);
            self.start += read;
            self.bytes += read as u64;
            length += wrote;
            fields += ended;
            taken += read;
            let max = self.limits.record_bytes_max;
            if taken > max {
                return Some(Err((line, ReadFaultKind::RecordTooLong { max })));
            }
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => self.output.resize(self.output.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => return Some(self.finish(row, line, length, fields)),
                ReadRecordResult::End => return None,
            }
        }
    }

    fn finish(&self, row: &mut Row, line: u64, length: usize, fields: usize) -> Result<(), Broken> {
        // The decoder gives nothing but UTF-8 and cells end at ASCII, so this does not fail.
        let text = std::str::from_utf8(&self.output[..length])
            .map_err(|error| (line, ReadFaultKind::Io(io::Error::other(error))))?;
        row.fill(line, text, &self.ends[..fields]);
        Ok(())
    }

    /// Blank lines and the second half of CR LF belong to no record.
    fn skip_line_ends(&mut self) -> Result<(), Broken> {
        loop {
            self.fill().map_err(|kind| (self.line, kind))?;
            let input = &self.buffer[self.start..self.end];
            let count = input
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            self.line += count_newlines(&input[..count]);
            self.start += count;
            self.bytes += count as u64;
            if self.start < self.end || self.end == 0 {
                return Ok(());
            }
        }
    }

    /// Afterwards the buffer holds something, or the input has ended.
    fn fill(&mut self) -> Result<(), ReadFaultKind> {
        if self.start < self.end {
            return Ok(());
        }
        self.start = 0;
        self.end = 0;
        self.end = loop {
            match self.decoder.read(&mut self.buffer) {
                Ok(count) => break count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(fault_of(error)),
            }
        };
        Ok(())
    }
}

fn fault_of(error: io::Error) -> ReadFaultKind {
    let invalid = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<InvalidBytes>());
    match invalid {
        Some(invalid) => ReadFaultKind::InvalidBytes(invalid.clone()),
        None => ReadFaultKind::Io(error),
    }
}
