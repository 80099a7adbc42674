//! Answers: status, headers and a body that is whole or a stream.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use platform::PlatformError;
use serde::Serialize;
use std::pin::Pin;

/// The bytes of a download, as they come.
pub(crate) type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, PlatformError>>>>;

/// What is sent back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Content,
}

enum Content {
    Empty,
    Whole(Bytes),
    Stream(ByteStream),
}

impl Answer {
    /// JSON that serializes always: our own views have string keys and finite numbers.
    pub(crate) fn json(status: StatusCode, view: &impl Serialize) -> Self {
        let mut bytes = Vec::with_capacity(512);
        let (status, bytes) = match serde_json::to_writer(&mut bytes, view) {
            Ok(()) => (status, bytes),
            Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Vec::new()),
        };
        Self {
            status,
            ..Self::written(bytes.into())
        }
    }

    /// 200 with JSON that is written already.
    pub(crate) fn written(json: Bytes) -> Self {
        Self {
            status: StatusCode::OK,
            headers: vec![(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))],
            body: Content::Whole(json),
        }
    }

    /// 200 with JSON.
    pub(crate) fn ok(view: &impl Serialize) -> Self {
        Self::json(StatusCode::OK, view)
    }

    /// 201 with JSON and the new thing's address.
    pub(crate) fn created(location: &str, view: &impl Serialize) -> Self {
        Self::json(StatusCode::CREATED, view).with(header::LOCATION, location)
    }

    /// A status without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Content::Empty,
        }
    }

    /// 200 with a download.
    pub(crate) fn stream(media_type: &str, stream: ByteStream) -> Self {
        let answer = Self {
            status: StatusCode::OK,
            headers: Vec::with_capacity(4),
            body: Content::Stream(stream),
        };
        answer.with(header::CONTENT_TYPE, media_type)
    }

    /// Sets a header in place of an older one of the name.
    pub(crate) fn set(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value));
    }

    /// With a header; a value that no header can hold is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.set(name, value);
        }
        self
    }

    /// The body, where it is whole.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.body {
            Content::Whole(bytes) => bytes,
            Content::Empty | Content::Stream(_) => &[],
        }
    }

    /// The answer for keeping under an idempotency key: a line with the status, header lines, an empty line, the body.
    /// A stream cannot be kept.
    pub(crate) fn to_kept(&self) -> Option<Vec<u8>> {
        if matches!(self.body, Content::Stream(_)) {
            return None;
        }
        let mut kept = format!("{}\n", self.status.as_u16()).into_bytes();
        for (name, value) in &self.headers {
            kept.extend_from_slice(name.as_str().as_bytes());
            kept.push(b':');
            kept.extend_from_slice(value.as_bytes());
            kept.push(b'\n');
        }
        kept.push(b'\n');
        kept.extend_from_slice(self.bytes());
        Some(kept)
    }

    /// The kept answer again.
    pub(crate) fn from_kept(kept: &[u8]) -> Option<Self> {
        let (line, mut rest) = split_line(kept)?;
        let status = StatusCode::from_bytes(line).ok()?;
        let mut headers = Vec::new();
        loop {
            let (line, after) = split_line(rest)?;
            rest = after;
            if line.is_empty() {
                break;
            }
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = HeaderName::from_bytes(&line[..colon]).ok()?;
            headers.push((name, HeaderValue::from_bytes(&line[colon + 1..]).ok()?));
        }
        let body = if rest.is_empty() {
            Content::Empty
        } else {
            Content::Whole(Bytes::copy_from_slice(rest))
        };
        Some(Self {
            status,
            headers,
            body,
        })
    }

    /// The response for actix.
    pub(crate) fn into_response(self, request_id: &str) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for pair in self.headers {
            response.insert_header(pair);
        }
        response.insert_header((header::CACHE_CONTROL, HeaderValue::from_static("no-store")));
        response.insert_header((
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ));
        if let Ok(value) = HeaderValue::from_str(request_id) {
            response.insert_header((HeaderName::from_static("x-request-id"), value));
        }
        match self.body {
            Content::Empty => response.finish(),
            Content::Whole(bytes) => response.body(bytes),
            Content::Stream(stream) => {
                let request_id = request_id.to_owned();
                response.streaming(stream.inspect(move |part| {
                    if let Err(error) = part {
                        tracing::error!(
                            request.id = request_id,
                            problem.code = error.code.as_str(),
                            error = crate::refusal::chain(error.source.as_ref()),
                            "a download broke off"
                        );
                    }
                }))
            }
        }
    }
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some((&bytes[..end], &bytes[end + 1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_answer_comes_back_with_status_headers_and_body() {
        let answer =
            Answer::created("/api/v1/x", &serde_json::json!({"a": "b\n\nc"})).with(header::ETAG, "\"1\"");
        let kept = answer.to_kept().unwrap();
        let again = Answer::from_kept(&kept).unwrap();
        assert_eq!(again.status, StatusCode::CREATED);
        assert_eq!(again.headers, answer.headers);
        assert_eq!(again.to_kept().unwrap(), kept);
    }

    #[test]
    fn an_answer_without_body_comes_back_without_body() {
        let kept = Answer::empty(StatusCode::NO_CONTENT).to_kept().unwrap();
        assert_eq!(Answer::from_kept(&kept).unwrap().to_kept().unwrap(), kept);
        assert!(Answer::from_kept(b"").is_none());
    }
}
