//! Certificates in PEM, out of files that an operator names. What they hold is judged where it is used.
//!
//! Invariant: no more than [`BYTES_MAX`] is read, whatever the file is.

use crate::failure::CommandError;
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// As much as all authorities of a Debian machine take, four times over.
const BYTES_MAX: u64 = 1 << 20;

/// The file's text.
pub(crate) fn read(file: &Path) -> Result<String, CommandError> {
    read_bounded(file).map_err(CommandError::io(format!("cannot read {}", file.display())))
}

/// The file's text; none where none is named.
pub(crate) fn read_if_named(file: Option<&Path>) -> Result<Option<String>, CommandError> {
    file.map(read).transpose()
}

/// The file's text, for who says himself where it was named.
///
/// # Errors
/// Those of reading; [`io::ErrorKind::FileTooLarge`] beyond [`BYTES_MAX`].
pub(crate) fn read_bounded(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let length = File::open(file)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if u64::try_from(length).is_ok_and(|length| length <= BYTES_MAX) {
        return Ok(text);
    }
    let why = format!("more than {BYTES_MAX} bytes, which no list of authorities takes");
    Err(io::Error::new(io::ErrorKind::FileTooLarge, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_refused_and_what_is_as_long_as_may_be_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("authorities.pem");
        let longest = "x".repeat(usize::try_from(BYTES_MAX).unwrap());
        std::fs::write(&file, &longest).unwrap();
        assert_eq!(read_bounded(&file).unwrap(), longest);
        std::fs::write(&file, longest + "x").unwrap();
        let refused = read_bounded(&file).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_device_without_an_end_is_not_read_to_its_end() {
        let refused = read_bounded(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
    }
}
