//! A record's form as it is sent: plainly, or in parts when it has inputs for files.
//!
//! Invariants: the form's token is checked before a byte of a file is read; a file is stored only for a field that takes
//! one, once. A file that was stored stays with the form when something else in it is refused: the page carries its id
//! along.

use super::{
    Problems,
    inputs::{NEW_FILE, name_of},
};
use crate::{
    errors::Fault,
    form::{BYTES_MAX, Form, check_token},
    parts::{file_name, text_of, unreadable},
    query::Pairs,
    visit::Room,
};
use actix_multipart::{Field as Part, Multipart};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::CONTENT_TYPE};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, future::LocalBoxFuture};
use platform::{PlatformError, file};
use types::{Dataset, Field, FieldKind, FieldProblem, ProblemCode};

/// A form that has arrived, or whose parts are on their way.
pub(crate) enum Sent {
    Plain(Form),
    Parts(Multipart),
}

/// A form with the ids of its files in the place of the files, and what was wrong with them.
pub(super) struct Received {
    pub(super) form: Form,
    pub(super) problems: Problems,
}

impl FromRequest for Sent {
    type Error = Fault;
    type Future = LocalBoxFuture<'static, Result<Self, Fault>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = request.headers().get(CONTENT_TYPE);
        let media = media.and_then(|value| value.to_str().ok()).unwrap_or_default();
        if media.starts_with("multipart/form-data") {
            let parts = Multipart::new(request.headers(), payload.take());
            return Box::pin(async { Ok(Self::Parts(parts)) });
        }
        let form = Form::from_request(request, payload);
        Box::pin(async { Ok(Self::Plain(form.await?)) })
    }
}

/// Reads the form to its end and stores its files.
pub(super) async fn receive(room: &Room, dataset: &Dataset, sent: Sent) -> Result<Received, Fault> {
    let mut parts = match sent {
        Sent::Parts(parts) => parts,
        Sent::Plain(form) => {
            return Ok(Received {
                form,
                problems: Problems::new(),
            });
        }
    };
    let mut reading = Reading::default();
    while let Some(part) = parts.next().await {
        reading
            .take(room, dataset, part.map_err(|_| unreadable())?)
            .await?;
    }
    if !reading.is_checked {
        check_token(&room.visit, "", false)?;
    }
    let pairs = Pairs::of(reading.pairs).ok_or_else(unreadable)?;
    Ok(Received {
        form: Form::of_checked_parts(pairs),
        problems: reading.problems,
    })
}

/// A form half-way.
#[derive(Default)]
struct Reading {
    pairs: Vec<(String, String)>,
    bytes: usize,
    is_checked: bool,
    problems: Problems,
}

impl Reading {
    async fn take(&mut self, room: &Room, dataset: &Dataset, part: Part) -> Result<(), Fault> {
        let name = part.name().unwrap_or_default().to_owned();
        match file_name(&part) {
            // A browser sends an empty part for an input without a file.
            Some(file_name) if file_name.is_empty() => Ok(()),
            Some(file_name) => self.take_file(room, dataset, &name, &file_name, part).await,
            None => self.take_text(room, name, part).await,
        }
    }

    async fn take_text(&mut self, room: &Room, name: String, mut part: Part) -> Result<(), Fault> {
        let text = text_of(&mut part, BYTES_MAX.saturating_sub(self.bytes)).await?;
        self.bytes += text.len() + name.len();
        if name == "csrf" {
            check_token(&room.visit, &text, false)?;
            self.is_checked = true;
        }
        self.pairs.push((name, text));
        Ok(())
    }

    async fn take_file(
        &mut self,
        room: &Room,
        dataset: &Dataset,
        name: &str,
        file_name: &str,
        part: Part,
    ) -> Result<(), Fault> {
        if !self.is_checked {
            check_token(&room.visit, "", false)?;
        }
        let is_sent = self.pairs.iter().any(|(sent, _)| sent == name);
        let field = dataset.fields.iter().find(|field| takes(field, name));
        let field = field.filter(|_| !is_sent).ok_or_else(unreadable)?;
        match store(room, file_name, part).await {
            Ok(id) => self.pairs.push((name.to_owned(), id)),
            Err(error) if error.code == ProblemCode::Invalid => {
                let pointer = format!("/fields/{}", field.key);
                let problem = error.errors.first();
                let message = problem.map_or(error.detail.as_str(), |problem| &problem.message);
                let message = format!("the name of the file: {message}");
                self.problems
                    .push(FieldProblem::new(pointer, "malformed", message));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

fn takes(field: &Field, name: &str) -> bool {
    field.kind == FieldKind::Attachment && name.strip_suffix(NEW_FILE) == Some(&name_of(field))
}

async fn store(room: &Room, name: &str, part: Part) -> Result<String, PlatformError> {
    let broken = |_| PlatformError::new(ProblemCode::Malformed, "the upload ended before the file did");
    let media_type = part.content_type().map(ToString::to_string);
    let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    let stream = part.map_ok(Bytes::from).map_err(broken);
    Ok(file::store(&room.workspace, name, &media_type, stream)
        .await?
        .id
        .to_string())
}
