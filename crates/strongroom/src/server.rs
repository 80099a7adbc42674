//! `serve`: HTTPS with the console and the API, plain HTTP that only redirects, and an orderly start and end.
//!
//! Invariant: the service manager hears "ready" only when both listeners are bound, the database has answered, and every
//! thread has made what it serves; at the end requests are finished first, and what they wrote to the access log after
//! them. Start at [`run`].

mod body;
mod connections;
mod deadline;
mod faces;
mod proof;
mod redirect;
mod renewed;
mod tls;
pub(crate) mod witness;

use crate::{
    failure::CommandError,
    host,
    stop::{self, STOP_SECONDS_MAX},
    systemd,
};
use actix_web::{App, HttpServer, dev::Server, middleware::from_fn};
use config::Config;
use connections::Connections;
use faces::Faces;
use platform::{Platform, access_log, directories::sync, promise};
use renewed::Renewed;
use std::{future::poll_fn, io, net::TcpListener, pin::pin, sync::Arc, task::Poll, time::Duration};
use tokio::sync::watch;

/// The whole head of a request must have come by then.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// Open connections of one worker thread; each idle one costs a few KiB and a file descriptor.
const CONNECTIONS_PER_WORKER: usize = 4096;
const WORKERS_MIN: usize = 2;
/// The worker looks at the promises first; what only this process can see (its routes) is looked at after that.
const PROMISES_AFTER: Duration = Duration::from_secs(20);
/// Requests get this long to end; the rest of the stop's time is for what they leave behind.
const DRAIN_SECONDS: u64 = STOP_SECONDS_MAX - 3;

/// Serves until it is asked to stop.
pub(crate) async fn run(config: Config) -> Result<(), CommandError> {
    let stop = stop::on_signals()?;
    let mut acceptor = tls::acceptor(&config.tls)?;
    let renewed = Renewed::follow(&config.tls, &mut acceptor);
    // Bound before the database is waited for: a taken port is told at once, and clients queue meanwhile.
    let https = listen(config.listen.https)?;
    let http = config.listen.http.map(listen).transpose()?;
    let platform = tokio::select! {
        opened = host::open_patiently(&config) => opened?,
        () = stop::asked(stop.clone()) => return Ok(()),
    };
    let (drained, end_of_requests) = watch::channel(false);
    let recorder = tokio::spawn(access_log::write_events(platform.clone(), end_of_requests));
    let promises = tokio::spawn(watch_promises(platform.clone(), stop.clone()));
    let directories = tokio::spawn(sync::watch(platform.clone(), stop.clone()));
    let certificates = tokio::spawn(renewed.watch(stop.clone()));
    let main = main_server(&config, platform, https, acceptor, stop.clone())?;
    let redirect = http
        .map(|listener| redirect_server(&config, listener, stop.clone()))
        .transpose()?;
    let mut serving = pin!(serve(main, redirect));
    // The first poll waits on this very thread until each worker thread has made its routes. On a slow machine that is longer
    // than the manager waits for a sign of life, so it counts to the start.
    let early = poll_fn(|context| Poll::Ready(serving.as_mut().poll(context))).await;
    let ended = match early {
        Poll::Ready(ended) => ended,
        Poll::Pending => {
            announce(&config);
            let watchdog = systemd::ready();
            let ended = serving.await;
            watchdog.abort();
            ended
        }
    };
    systemd::stopping();
    // A look that is under way is worth nothing without its end.
    promises.abort();
    directories.abort();
    certificates.abort();
    drained.send_replace(true);
    stop::within(2, async {
        recorder.await.ok();
    })
    .await;
    tracing::info!("stopped");
    ended.map_err(CommandError::io("the listener failed"))
}

/// Until both have ended.
async fn serve(main: Server, redirect: Option<Server>) -> io::Result<()> {
    match redirect {
        Some(redirect) => tokio::try_join!(main, redirect).map(|_| ()),
        None => main.await,
    }
}

async fn watch_promises(platform: Platform, stop: watch::Receiver<bool>) {
    tokio::time::sleep(PROMISES_AFTER).await;
    promise::watch(platform, stop).await;
}

fn listen(address: std::net::SocketAddr) -> Result<TcpListener, CommandError> {
    TcpListener::bind(address).map_err(CommandError::io(format!(
        "cannot listen on {address}; is another program there, or is the port below 1024 and the right to bind it missing?"
    )))
}

fn main_server(
    config: &Config,
    platform: Platform,
    listener: TcpListener,
    acceptor: openssl::ssl::SslAcceptorBuilder,
    stop: watch::Receiver<bool>,
) -> Result<Server, CommandError> {
    let faces = Faces::new(platform, config);
    let connections = Connections::new(&config.listen, &config.limits);
    let counting = Arc::clone(&connections);
    let factory = move || {
        let faces = faces.clone();
        App::new()
            .wrap(from_fn(body::within_time))
            .wrap(from_fn(connections::refuse_excess))
            .configure(move |app| faces.mount(app))
    };
    let server = HttpServer::new(factory)
        .on_connect(move |connection, extensions| counting.count(connection, extensions))
        .workers(workers())
        .max_connections(CONNECTIONS_PER_WORKER)
        .client_request_timeout(HEAD_DEADLINE)
        .client_disconnect_timeout(Duration::from_secs(2))
        .tls_handshake_timeout(HANDSHAKE_DEADLINE)
        .keep_alive(KEEP_ALIVE)
        .tcp_nodelay(true)
        .shutdown_timeout(DRAIN_SECONDS)
        .shutdown_signal(stop::asked(stop));
    let bound = server.listen_openssl(listener, acceptor);
    Ok(bound.map_err(CommandError::io("cannot serve HTTPS"))?.run())
}

fn redirect_server(
    config: &Config,
    listener: TcpListener,
    stop: watch::Receiver<bool>,
) -> Result<Server, CommandError> {
    let base_url = config.listen.base_url.clone();
    let proofs = config.tls.acme.as_ref().map(|acme| acme.proofs.clone());
    let factory = move || {
        let proofs = proofs.clone();
        App::new()
            .configure(|app| proof::mount(app, proofs))
            .default_service(redirect::to(&base_url))
    };
    let server = HttpServer::new(factory)
        .workers(1)
        .max_connections(CONNECTIONS_PER_WORKER)
        .client_request_timeout(HEAD_DEADLINE)
        .shutdown_timeout(1)
        .shutdown_signal(stop::asked(stop));
    let bound = server.listen(listener);
    Ok(bound
        .map_err(CommandError::io("cannot serve the redirect"))?
        .run())
}

fn workers() -> usize {
    std::thread::available_parallelism().map_or(WORKERS_MIN, |found| found.get().max(WORKERS_MIN))
}

fn announce(config: &Config) {
    tracing::info!(
        listen.https = %config.listen.https,
        listen.http = config.listen.http.map(|address| address.to_string()),
        tls.minimum = config.tls.minimum.as_str(),
        "serving {}",
        config.listen.base_url
    );
}
