//! A witness that answers over https: C2SP tlog-witness `add-checkpoint`, and nothing else.
//!
//! Invariant: whoever asks is nobody; what is signed is decided by the log's own signature and by what was signed before
//! (`platform::ledger::witness`), one request after the other.

use super::{CONNECTIONS_PER_WORKER, HANDSHAKE_DEADLINE, HEAD_DEADLINE, body, listen, tls::acceptor};
use crate::{failure::CommandError, output::talk, stop, systemd};
use actix_web::{
    App, HttpResponse, HttpServer,
    http::StatusCode,
    middleware::from_fn,
    web::{self, Bytes, Data, PayloadConfig},
};
use config::Tls;
use jiff::Timestamp;
use platform::ledger::witness::{self, Logs, Refusal};
use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Longest request: 63 hashes and a note are far shorter.
const REQUEST_BYTES_MAX: usize = 64 * 1024;
/// The media type of a size (C2SP tlog-witness).
const SIZE_TYPE: &str = "text/x.tlog.size";
const STOP_SECONDS: u64 = 5;

/// Where a witness sits.
pub(crate) struct Seat {
    /// Its folder.
    pub(crate) folder: PathBuf,
    /// The logs that it signs for.
    pub(crate) logs: Logs,
}

/// Answers until it is asked to stop.
pub(crate) async fn run(seat: Seat, address: SocketAddr, tls: &Tls) -> Result<(), CommandError> {
    let stop = stop::on_signals()?;
    witness::seen(&seat.folder)?;
    let (acceptor, listener) = (acceptor(tls)?, listen(address)?);
    let seat = Data::new(Mutex::new(seat));
    let factory = move || {
        App::new()
            .wrap(from_fn(body::within_time))
            .app_data(seat.clone())
            .app_data(PayloadConfig::new(REQUEST_BYTES_MAX))
            .route("/add-checkpoint", web::post().to(add_checkpoint))
    };
    let server = HttpServer::new(factory)
        .workers(1)
        .max_connections(CONNECTIONS_PER_WORKER / 16)
        .client_request_timeout(HEAD_DEADLINE)
        .client_disconnect_timeout(Duration::from_secs(2))
        .tls_handshake_timeout(HANDSHAKE_DEADLINE)
        .shutdown_timeout(STOP_SECONDS)
        .shutdown_signal(stop::asked(stop))
        .listen_openssl(listener, acceptor)
        .map_err(CommandError::io("cannot serve HTTPS"))?;
    let watchdog = systemd::ready();
    talk(&format!(
        "the witness answers at https://{address}/add-checkpoint"
    ));
    let ended = server.run().await;
    watchdog.abort();
    systemd::stopping();
    ended.map_err(CommandError::io("the listener failed"))
}

async fn add_checkpoint(seat: Data<Mutex<Seat>>, request: Bytes) -> HttpResponse {
    let signing = web::block(move || {
        // What a thread that panicked was at stands in the folder, or does not: this memory decides nothing.
        let seat = seat.lock().unwrap_or_else(PoisonError::into_inner);
        witness::sign(&seat.folder, &seat.logs, &request, Timestamp::now())
    });
    match signing.await {
        Ok(Ok(line)) => HttpResponse::Ok()
            .content_type("text/plain; charset=utf-8")
            .body(line),
        Ok(Err(refusal)) => refuse(&refusal),
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

/// With the statuses of C2SP tlog-witness.
fn refuse(refusal: &Refusal) -> HttpResponse {
    let status = match refusal {
        Refusal::Malformed | Refusal::Backwards { .. } => StatusCode::BAD_REQUEST,
        Refusal::UnknownLog(_) => StatusCode::NOT_FOUND,
        Refusal::Untrusted(_) => StatusCode::FORBIDDEN,
        Refusal::Elsewhere { signed, .. } => {
            return HttpResponse::Conflict()
                .content_type(SIZE_TYPE)
                .body(format!("{signed}\n"));
        }
        Refusal::Forked { .. } => StatusCode::CONFLICT,
        Refusal::Rewritten { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::Own(why) => {
            // Whoever asks learns nothing of this machine.
            talk(&format!("a request could not be answered: {why}"));
            return HttpResponse::InternalServerError().finish();
        }
    };
    HttpResponse::build(status)
        .content_type("text/plain; charset=utf-8")
        .body(format!("{refusal}\n"))
}
