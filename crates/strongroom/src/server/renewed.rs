//! A certificate that was renewed is shown without a restart: its file is looked at again and again.
//!
//! Invariant: a new file that cannot be used changes nothing; the server goes on with what it has and says so once.

use super::tls;
use crate::{failure::told, stop};
use config::Tls;
use openssl::ssl::{SslAcceptorBuilder, SslContext};
use std::{
    fs,
    os::unix::fs::MetadataExt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};
use tokio::sync::watch;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Which file it is: whoever replaces one makes another.
type Mark = Option<(u64, i64, i64, u64)>;

/// The certificate that new connections are shown.
pub(super) struct Renewed {
    tls: Tls,
    seen: Mark,
    /// None until it is another than that of the start.
    current: Arc<RwLock<Option<SslContext>>>,
}

impl Renewed {
    /// Lets the acceptor show whatever is current. OpenSSL asks at each handshake, with a name or without
    /// (SSL_CTX_set_tlsext_servername_callback(3)).
    pub(super) fn follow(tls: &Tls, acceptor: &mut SslAcceptorBuilder) -> Self {
        let current = Arc::new(RwLock::new(None::<SslContext>));
        let shown = Arc::clone(&current);
        acceptor.set_servername_callback(move |connection, _| {
            let shown = shown.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(context) = shown.as_ref() {
                // Where it fails, the certificate of the start is shown.
                connection.set_ssl_context(context).ok();
            }
            Ok(())
        });
        Self {
            tls: tls.clone(),
            seen: mark(tls),
            current,
        }
    }

    /// Looks until the server stops.
    pub(super) async fn watch(mut self, stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop::asked(stop.clone()) => return,
            }
            let now = mark(&self.tls);
            // Between the removal of one and the coming of the next there is none.
            if now.is_none() || now == self.seen {
                continue;
            }
            self.seen = now;
            self.take();
        }
    }

    fn take(&self) {
        match tls::acceptor(&self.tls) {
            Ok(acceptor) => {
                let context = acceptor.build().into_context();
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = Some(context);
                tracing::info!("the certificate was renewed");
            }
            Err(error) => tracing::warn!(
                error = told(&error),
                "the new certificate cannot be used; the one before is shown until there is a good one, or the daemon is \
                 restarted with its key"
            ),
        }
    }
}

fn mark(tls: &Tls) -> Mark {
    let found = fs::metadata(&tls.certificate).ok()?;
    Some((found.ino(), found.mtime(), found.mtime_nsec(), found.size()))
}
