//! Files of records: their names, and downloading them.
//!
//! Invariant: a browser saves a file and never shows it, whatever it claims to be; the right to read is asked again at
//! each download.

use crate::{
    errors::Fault,
    query::encode,
    view::{AttachedFile, CellKind, TableCell},
    visit::{Answer, Room, Visit},
    words::size,
};
use actix_web::{HttpResponse, http::header, web::Path};
use platform::file;
use types::{AttachmentId, ProblemCode};

fn href(room: &Room, id: AttachmentId) -> String {
    format!("{}/files/{id}", room.base())
}

/// A file as a link of that text.
pub(crate) fn link(room: &Room, id: AttachmentId, text: impl Into<String>) -> TableCell {
    let href = href(room, id);
    TableCell::new(text, CellKind::Link { href })
}

/// A file's name, size and address; none for a file that is not there.
pub(crate) async fn find(room: &Room, id: AttachmentId) -> Result<Option<AttachedFile>, Fault> {
    match file::describe(&room.workspace, id).await {
        Ok(found) => Ok(Some(AttachedFile {
            label: format!("{} ({})", found.name, size(found.size)),
            href: href(room, id),
        })),
        Err(error) if error.code == ProblemCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A file as a link with its name.
pub(crate) async fn cell(room: &Room, id: AttachmentId) -> Result<TableCell, Fault> {
    let found = find(room, id).await?;
    let text = found.map_or_else(|| id.to_string(), |file| file.label);
    Ok(link(room, id, text))
}

/// `GET /o/{organization}/files/{file}`
pub(crate) async fn download(visit: Visit, path: Path<(String, String)>) -> Answer {
    let room = visit.enter(&path.0).await?;
    let id = path.1.parse().map_err(|_| Fault::not_found("file"))?;
    let (view, stream) = file::open(&room.workspace, id).await?;
    let disposition = format!("attachment; filename*=UTF-8''{}", encode(&view.name));
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .streaming(stream))
}
