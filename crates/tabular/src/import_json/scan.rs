//! Parts a stream of JSON into whole values without reading any of them: only strings and brackets matter for that.
//! What a value holds is serde_json's business, which sees one value at a time.

use super::JsonFaultKind;
use std::io::{self, Read};

/// Most bytes of one value.
pub(super) const BYTES_MAX: usize = 4 << 20;
/// Most levels of one value; serde_json's own bound is 128.
pub(super) const LEVELS_MAX: usize = 64;
const BUFFER_BYTES: usize = 64 * 1024;

pub(super) struct Scanner<R> {
    read: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    line: u64,
    began: bool,
    value: Vec<u8>,
}

impl<R: Read> Scanner<R> {
    pub(super) fn new(read: R) -> Self {
        Self {
            read,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            line: 1,
            began: false,
            value: Vec::new(),
        }
    }

    pub(super) fn line(&self) -> u64 {
        self.line
    }

    fn byte(&mut self) -> Result<Option<u8>, JsonFaultKind> {
        while self.start == self.end {
            self.start = 0;
            self.end = match self.read.read(&mut self.buffer) {
                Ok(0) => {
                    self.end = 0;
                    return Ok(None);
                }
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => 0,
                Err(error) => {
                    self.end = 0;
                    return Err(JsonFaultKind::Io(error));
                }
            };
        }
        Ok(Some(self.buffer[self.start]))
    }

    fn step(&mut self, byte: u8) {
        self.start += 1;
        self.line += u64::from(byte == b'\n');
    }

    /// The next byte that is no blank, left where it is; `None` at the end.
    pub(super) fn peek(&mut self) -> Result<Option<u8>, JsonFaultKind> {
        self.skip_mark()?;
        while let Some(byte) = self.byte()? {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Ok(Some(byte));
            }
            self.step(byte);
        }
        Ok(None)
    }

    /// A byte order mark at the very start.
    fn skip_mark(&mut self) -> Result<(), JsonFaultKind> {
        if std::mem::replace(&mut self.began, true) || self.byte()? != Some(0xef) {
            return Ok(());
        }
        for expected in [0xef, 0xbb, 0xbf] {
            if self.byte()? != Some(expected) {
                return Err(JsonFaultKind::Malformed {
                    expected: "text in UTF-8",
                });
            }
            self.start += 1;
        }
        Ok(())
    }

    /// Takes one punctuation mark.
    pub(super) fn take(&mut self, mark: u8) -> Result<(), JsonFaultKind> {
        if self.peek()? != Some(mark) {
            let expected = match mark {
                b'{' => "an object",
                b'}' => "the end of the object",
                b'[' => "an array",
                b']' => "the end of the array",
                b',' => "a comma or the end",
                _ => "a colon",
            };
            return Err(JsonFaultKind::Malformed { expected });
        }
        self.step(mark);
        Ok(())
    }

    /// A member's name with the colon after it.
    pub(super) fn member_name(&mut self) -> Result<String, JsonFaultKind> {
        let expected = "the name of a member";
        let name =
            serde_json::from_slice(self.value()?).map_err(|_| JsonFaultKind::Malformed { expected })?;
        self.take(b':')?;
        Ok(name)
    }

    /// The bytes of one whole value.
    pub(super) fn value(&mut self) -> Result<&[u8], JsonFaultKind> {
        self.value.clear();
        let expected = "a value";
        match self.peek()? {
            Some(b'"') => self.string()?,
            Some(b'{' | b'[') => self.nested()?,
            Some(_) => self.word()?,
            None => {}
        }
        if self.value.is_empty() {
            return Err(JsonFaultKind::Malformed { expected });
        }
        Ok(&self.value)
    }

    fn keep(&mut self, byte: u8) -> Result<(), JsonFaultKind> {
        if self.value.len() == BYTES_MAX {
            return Err(JsonFaultKind::TooLong { max: BYTES_MAX });
        }
        self.value.push(byte);
        self.step(byte);
        Ok(())
    }

    fn some_byte(&mut self, expected: &'static str) -> Result<u8, JsonFaultKind> {
        self.byte()?.ok_or(JsonFaultKind::Malformed { expected })
    }

    /// A string from its first quotation mark to its last.
    fn string(&mut self) -> Result<(), JsonFaultKind> {
        let open = "the end of the string";
        let first = self.some_byte(open)?;
        self.keep(first)?;
        loop {
            let byte = self.some_byte(open)?;
            self.keep(byte)?;
            match byte {
                b'"' => return Ok(()),
                b'\\' => {
                    let escaped = self.some_byte(open)?;
                    self.keep(escaped)?;
                }
                _ => {}
            }
        }
    }

    fn nested(&mut self) -> Result<(), JsonFaultKind> {
        let mut levels = 0;
        loop {
            let byte = self.some_byte("the end of the value")?;
            match byte {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'{' | b'[' => levels += 1,
                b'}' | b']' => levels -= 1,
                _ => {}
            }
            if levels > LEVELS_MAX {
                return Err(JsonFaultKind::TooDeep { max: LEVELS_MAX });
            }
            self.keep(byte)?;
            if levels == 0 {
                return Ok(());
            }
        }
    }

    /// A number, `true`, `false`, `null`.
    fn word(&mut self) -> Result<(), JsonFaultKind> {
        while let Some(byte) = self.byte()? {
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')) {
                break;
            }
            self.keep(byte)?;
        }
        Ok(())
    }
}
