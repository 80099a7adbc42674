//! Stored files: attachments of records.

use crate::{
    answer::{Answer, ByteStream},
    call::Call,
    read::body,
    refusal::{Refusal, Result},
    view::import::FileJson,
};
use actix_web::http::header;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use platform::{PlatformError, file};
use types::{AttachmentId, ProblemCode};

/// The uploaded bytes as the platform takes them. A declared length beyond the bound is refused at once.
pub(super) fn stream_of(call: &mut Call) -> Result<ByteStream> {
    let limit = call.platform().settings().upload_bytes_max;
    if body::declared_length(&call.request)?.is_some_and(|length| length > limit) {
        return Err(body::too_large(limit));
    }
    if call.request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(body::media_type("send the file without a Content-Encoding"));
    }
    let payload = call.take_file()?;
    let broken = |_| PlatformError::new(ProblemCode::Malformed, "the upload broke off; send it again");
    Ok(Box::pin(payload.map(move |part| part.map_err(broken))))
}

/// A download under a name; a browser saves it and never shows it.
pub(super) fn download(
    media_type: &str,
    name: &str,
    stream: impl Stream<Item = Result<Bytes, PlatformError>> + 'static,
) -> Answer {
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    let encoded = encoded.replace('+', "%20");
    let disposition = format!("attachment; filename*=UTF-8''{encoded}");
    Answer::stream(media_type, Box::pin(stream)).with(header::CONTENT_DISPOSITION, &disposition)
}

/// Stores a file; a record's attachment field can then name it.
pub(crate) async fn create(mut call: Call) -> Result<Answer> {
    let stream = stream_of(&mut call)?;
    let name = call.query.get("name");
    let name = name.ok_or_else(|| Refusal::invalid_at("name", "required", "say what the file is called"))?;
    let media_type = call.request.headers().get(header::CONTENT_TYPE);
    let media_type = media_type
        .and_then(|value| value.to_str().ok())
        .unwrap_or("application/octet-stream");
    let stored = file::store(call.workspace()?, name, media_type, stream).await?;
    let location = format!("{}/{}", call.request.path(), stored.id);
    Ok(Answer::created(&location, &FileJson::from(&stored)))
}

/// A file's bytes.
pub(crate) async fn show(call: Call) -> Result<Answer> {
    let id: AttachmentId = call.id("file")?;
    let (view, stream) = file::open(call.workspace()?, id).await?;
    Ok(download("application/octet-stream", &view.name, stream))
}
