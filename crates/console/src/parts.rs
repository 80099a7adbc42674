//! Forms that are sent in parts, because they carry a file (RFC 7578).

use crate::errors::Fault;
use actix_multipart::{Field as Part, Multipart};
use futures_util::StreamExt;
use std::collections::BTreeMap;
use types::ProblemCode;

/// Most bytes of a text before the file.
const TEXT_BYTES_MAX: usize = 4_096;
/// Most texts before the file.
const TEXTS_MAX: usize = 8;

pub(crate) fn unreadable() -> Fault {
    Fault::malformed("the upload could not be read")
}

/// What the file is called at home; none for a part that is no file, empty for an input without one.
pub(crate) fn file_name(part: &Part) -> Option<String> {
    Some(part.content_disposition()?.get_filename()?.to_owned())
}

/// A part that is a text of at most so many bytes.
pub(crate) async fn text_of(part: &mut Part, bytes_max: usize) -> Result<String, Fault> {
    let too_long = |_| Fault::new(ProblemCode::TooLarge, "the form holds too much text");
    let bytes = part.bytes(bytes_max).await.map_err(too_long)?;
    let bytes = bytes.map_err(|_| unreadable())?;
    let text = String::from_utf8(bytes.to_vec()).map_err(|_| unreadable())?;
    if text.contains('\0') {
        return Err(unreadable());
    }
    Ok(text)
}

/// The texts of a form whose last part is the input `file`, and that file with its name, if one was chosen.
pub(crate) async fn read_until_file(
    parts: &mut Multipart,
) -> Result<(BTreeMap<String, String>, Option<(String, Part)>), Fault> {
    let mut texts = BTreeMap::new();
    for _ in 0..TEXTS_MAX {
        let Some(part) = parts.next().await else {
            return Ok((texts, None));
        };
        let mut part = part.map_err(|_| unreadable())?;
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            let file_name = file_name(&part).filter(|file_name| !file_name.is_empty());
            return Ok((texts, file_name.map(|file_name| (file_name, part))));
        }
        texts.insert(name, text_of(&mut part, TEXT_BYTES_MAX).await?);
    }
    Err(unreadable())
}
