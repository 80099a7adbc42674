//! A whole organization as one file: taken away as a stream, and restored into an organization that is empty.
//!
//! Invariants: neither way is a byte kept here that we can open; the form's token is checked before a byte of an archive is read.

use crate::{
    errors::Fault,
    fields::with_problems,
    form::{Form, check_token},
    parts::read_until_file,
    range::{self, Wanted},
    view::{ArchivePage, Badge, Choice, ErrorSummary, FieldInput, InputKind, KeptArchiveRow, Nav, Tone},
    visit::{Answer, Room, Visit, page, page_with, see_other},
    words::{moment, sentence, size},
};
use access::Permission;
use actix_multipart::{Field as Part, Multipart};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::Path,
};
use bytes::Bytes;
use futures_util::{StreamExt, future::join, stream};
use platform::{
    PlatformError,
    export::{
        self, Envelope,
        kept::{self, Kept, KeptState},
    },
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
        FieldInput::new(
            "keep",
            "Make it in the background and keep it here for a day",
            InputKind::Checkbox,
        )
        .with_value(text("keep"))
        .with_help(
            "Only for a public key, so that nobody here can open it. A download that broke off then goes on where it stopped.",
        ),
    ]
}

/// Has one made and kept, where the form wants that.
async fn keep(room: &Room, form: &Form) -> Result<(), PlatformError> {
    if form.text("envelope") != "key" {
        let message = "only an archive for a public key is kept here, because nobody here can open it";
        return Err(PlatformError::invalid_at("/keep", "malformed", message));
    }
    kept::ask(&room.workspace, form.text("recipient")).await.map(drop)
}

fn kept_row(room: &Room, kept: &Kept) -> KeptArchiveRow {
    let bytes = |count: u64| size(i64::try_from(count).unwrap_or(i64::MAX));
    let (state, said, fetch) = match &kept.state {
        KeptState::Making { bytes: done } => (
            Badge::new("Being made", Tone::Accent),
            format!("{} so far", bytes(*done)),
            None,
        ),
        KeptState::Ready { size, until } => {
            let href = format!("{}/archive/kept/{}", room.base(), kept.id);
            (
                Badge::new("Ready", Tone::Good),
                bytes(*size),
                Some((href, moment(*until))),
            )
        }
        KeptState::Failed { why } => (Badge::new("Failed", Tone::Bad), sentence(why), None),
    };
    KeptArchiveRow {
        asked: moment(kept.asked_at),
        state,
        said,
        fetch,
    }
}

/// `GET /o/{organization}/archive/kept/{archive}`: all of it, or from a byte on.
pub(crate) async fn fetch(visit: Visit, path: Path<(String, String)>, request: HttpRequest) -> Answer {
    let room = visit.enter(&path.0).await?;
    let id = path.1.parse().map_err(|_| Fault::not_found("archive"))?;
    let about = kept::describe(&room.workspace, id).await?;
    let wanted = range::wanted(&request, about.size, &about.sha256);
    let mut answer = range::head(wanted, about.size, &about.sha256);
    let from = match wanted {
        Wanted::Nothing => {
            return Ok(answer
                .content_type("text/plain")
                .body("there is nothing behind its end\n"));
        }
        Wanted::Whole => 0,
        Wanted::From(from) => from,
    };
    let (about, stream) = kept::open(&room.workspace, id, from).await?;
    let disposition = format!("attachment; filename=\"{}\"", about.name);
    Ok(answer
        .content_type("application/octet-stream")
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .no_chunking(about.size.saturating_sub(from))
        .streaming(stream))
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
    let kept = match room.may(Permission::RecordExport) {
        true => kept::list(&room.workspace).await?,
        false => Vec::new(),
    };
    Ok(ArchivePage {
        is_making: kept
            .iter()
            .any(|kept| matches!(kept.state, KeptState::Making { .. })),
        kept: kept.iter().map(|kept| kept_row(room, kept)).collect(),
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
    if form.is_ticked("keep") {
        return match keep(&room, &form).await {
            Ok(()) => see_other(&format!("{}/archive?notice=archive-asked", room.base())),
            Err(error) => refused(&room, &form, error).await,
        };
    }
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
        Err(error) => return refused(&room, &form, error).await,
    };
    // A slug has small letters, digits and hyphens only.
    let disposition = format!("attachment; filename=\"{}.{ending}\"", room.slug());
    Ok(HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((header::CONTENT_DISPOSITION, disposition))
        .streaming(stream))
}

async fn refused(room: &Room, form: &Form, error: PlatformError) -> Answer {
    let (fields, failure) = with_problems("Nothing was taken", error, envelope_inputs(Some(form)))?;
    let template = archive_page(room, fields, inputs(), Some(failure)).await?;
    page_with(StatusCode::UNPROCESSABLE_ENTITY, &template)
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
