//! A whole organization as one file: taken away as a stream, and restored into an organization that is empty.
//!
//! Invariants: neither way is a byte kept here; the form's token is checked before a byte of an archive is read.

use crate::{
    errors::Fault,
    fields::with_problems,
    form::{Form, check_token},
    parts::read_until_file,
    view::{ArchivePage, Choice, ErrorSummary, FieldInput, InputKind, Nav},
    visit::{Answer, Room, Visit, page, page_with, see_other},
};
use access::Permission;
use actix_multipart::{Field as Part, Multipart};
use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::Path,
};
use bytes::Bytes;
use futures_util::{StreamExt, future::join, stream};
use platform::{
    PlatformError,
    export::{self, Envelope},
};
use tokio::sync::mpsc;
use types::{FieldKind, ProblemCode};
use vault::SecretText;

/// Pieces of an upload between the connection and the database.
const PIECES_MAX: usize = 8;

/// Is there anything on the page for this caller?
pub(crate) fn may_open(room: &Room) -> bool {
    room.may(Permission::RecordExport) || may_restore(room)
}

fn may_restore(room: &Room) -> bool {
    room.may(Permission::DatasetDefine) && room.may(Permission::RecordImport)
}

/// How the file leaves, as the form says it; without a word it is not encrypted.
const WAYS: [(&str, &str, &str); 3] = [
    ("open", "Not encrypted", "A tar file that any program reads."),
    (
        "passphrase",
        "With a passphrase",
        "For somebody whom you can tell it.",
    ),
    (
        "key",
        "For a public key",
        "For the holder of a key of age; nothing secret has to be told.",
    ),
];

fn envelope_inputs(form: Option<&Form>) -> Vec<FieldInput> {
    let text = |name: &str| form.map_or("", |form| form.text(name)).to_owned();
    let chosen = Some(text("envelope")).filter(|way| !way.is_empty());
    let chosen = chosen.unwrap_or_else(|| WAYS[0].0.to_owned());
    let ways = WAYS.map(|(way, name, help)| Choice {
        help: Some(help.to_owned()),
        ..Choice::new(way, name).selected_if(&chosen)
    });
    vec![
        FieldInput::new("envelope", "Encryption", InputKind::Radio(ways.to_vec())),
        FieldInput::new("passphrase", "Passphrase", InputKind::Password)
            .with_help("Only with a passphrase: at least 16 characters. It is kept nowhere here.")
            .with_autocomplete("new-password"),
        FieldInput::new("again", "Passphrase again", InputKind::Password).with_autocomplete("new-password"),
        FieldInput::new("recipient", "Public key", InputKind::Text)
            .with_value(text("recipient"))
            .with_help("Only for a public key: age1 and 58 letters and digits, as age-keygen shows it.")
            .with_autocomplete("off"),
    ]
}

/// None where it is not encrypted. A word that is not known must not become "not encrypted".
fn envelope(form: &Form) -> Result<Option<Envelope>, PlatformError> {
    let secret = |name: &str| SecretText::new(form.text(name).to_owned());
    match form.text("envelope") {
        "" | "open" if form.text("passphrase").is_empty() && form.text("recipient").is_empty() => Ok(None),
        "passphrase" => Envelope::for_passphrase(secret("passphrase"), &secret("again")).map(Some),
        "key" => Envelope::for_key(form.text("recipient")).map(Some),
        _ => {
            let message =
                "choose how it is encrypted; a passphrase or key was given, and nothing says to use it";
            Err(PlatformError::invalid_at("/envelope", "malformed", message))
        }
    }
}

fn inputs() -> Vec<FieldInput> {
    vec![
        FieldInput::new("file", "Archive", InputKind::File(".tar"))
            .with_help("A tar file that was taken here or on another Strongroom.")
            .required(),
    ]
}

async fn archive_page(
    room: &Room,
    envelope_fields: Vec<FieldInput>,
    fields: Vec<FieldInput>,
    failure: Option<ErrorSummary>,
) -> Result<ArchivePage, Fault> {
    if !may_open(room) {
        let detail = "your role may neither export records nor restore an archive";
        return Err(Fault::new(ProblemCode::NotAllowed, detail));
    }
    let datasets = platform::dataset::list(&room.workspace).await?;
    let is_empty = may_restore(room) && datasets.is_empty();
    let mut kinds = datasets
        .iter()
        .flat_map(|dataset| &dataset.fields)
        .map(|field| field.kind);
    Ok(ArchivePage {
        chrome: room.chrome("Archive", Nav::Datasets).await?,
        organization: room.slug().to_owned(),
        may_export: room.may(Permission::RecordExport),
        has_sensitive: kinds.any(|kind| kind == FieldKind::SensitiveText),
        in_the_clear: room.may(Permission::RecordReveal),
        envelope_fields,
        fields: if is_empty { fields } else { Vec::new() },
        failure,
    })
}

/// `GET /o/{organization}/archive`
pub(crate) async fn show(visit: Visit, slug: Path<String>) -> Answer {
    let room = visit.enter(&slug).await?;
    page(&archive_page(&room, envelope_inputs(None), inputs(), None).await?)
}

/// `POST /o/{organization}/archive`: the answer is the file.
pub(crate) async fn run(visit: Visit, slug: Path<String>, form: Form) -> Answer {
    let room = visit.enter(&slug).await?;
    let begun = match envelope(&form) {
        Ok(None) => export::archive(&room.workspace)
            .await
            .map(|stream| (stream, "application/x-tar", "tar")),
        Ok(Some(envelope)) => export::sealed_archive(&room.workspace, envelope)
            .await
            .map(|stream| (stream, "application/octet-stream", "tar.age")),
        Err(error) => Err(error),
    };
    let (stream, media_type, ending) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            let fields = envelope_inputs(Some(&form));
            let (fields, failure) = with_problems("Nothing was taken", error, fields)?;
            let template = archive_page(&room, fields, inputs(), Some(failure)).await?;
            return page_with(StatusCode::UNPROCESSABLE_ENTITY, &template);
        }
    };
    // A slug has small letters, digits and hyphens only.
    let disposition = format!("attachment; filename=\"{}.{ending}\"", room.slug());
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .streaming(stream))
}

/// `POST /o/{organization}/archive/restore`
pub(crate) async fn restore(visit: Visit, slug: Path<String>, mut parts: Multipart) -> Answer {
    let (texts, file) = read_until_file(&mut parts).await?;
    check_token(&visit, texts.get("csrf").map_or("", String::as_str), false)?;
    let room = visit.enter(&slug).await?;
    let done = match file {
        Some((_, part)) => take(&room, part).await,
        None => Err(PlatformError::invalid_at("/file", "required", "choose a file")),
    };
    match done {
        Ok(()) => see_other(&format!("{}/datasets?notice=archive-restored", room.base())),
        Err(error) => {
            let (fields, failure) = with_problems("The archive was not restored", error, inputs())?;
            let template = archive_page(&room, envelope_inputs(None), fields, Some(failure)).await?;
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
        }
    }
}

/// Restores what arrives. The connection's end of it stays on this thread; a channel hands the pieces over.
async fn take(room: &Room, part: Part) -> Result<(), PlatformError> {
    let (sender, receiver) = mpsc::channel(PIECES_MAX);
    let most = room.visit.platform().settings().upload_bytes_max;
    let arriving = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let restored = export::restore_archive(&room.workspace, Box::pin(arriving));
    let ((), restored) = join(hand_over(part, sender, most), Box::pin(restored)).await;
    restored.map(|_| ())
}

/// Passes pieces on until nobody wants them any more, or there are too many.
async fn hand_over(mut part: Part, sender: mpsc::Sender<Result<Bytes, PlatformError>>, most: u64) {
    let mut seen = 0_u64;
    while let Some(piece) = part.next().await {
        let broken = |_| PlatformError::new(ProblemCode::Malformed, "the upload ended before the file did");
        seen = seen.saturating_add(piece.as_ref().map_or(0, |piece| piece.len() as u64));
        let piece = if seen > most {
            let message = format!("an archive has at most {most} bytes here");
            Err(PlatformError::new(ProblemCode::TooLarge, message))
        } else {
            piece.map_err(broken)
        };
        let is_over = piece.is_err();
        if sender.send(piece).await.is_err() || is_over {
            return;
        }
    }
}
