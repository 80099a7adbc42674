//! Bytes between tasks and threads: a stream that a blocking reader reads, a writer whose bytes leave as a stream.
//!
//! Invariants: at most [`DEPTH`] pieces wait, so memory does not grow with what flows through; a source that breaks
//! off is an error for its reader, never an end.

use crate::error::{PlatformError, Result};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::{
    io::{self, Read, Write},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::mpsc;
use types::ProblemCode;

/// Most pieces that wait.
const DEPTH: usize = 4;
/// Longest wait for the next piece from or to a client.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A piece, or the mark of a proper end.
enum Piece {
    Bytes(Bytes),
    End,
}

/// The end that a blocking thread reads.
pub(crate) struct PipeReader {
    pieces: mpsc::Receiver<Piece>,
    current: Bytes,
    ended: bool,
    read: Arc<AtomicU64>,
}

/// The end that a task feeds.
pub(crate) struct PipeFeeder(mpsc::Sender<Piece>);

/// A pipe into a blocking thread; `read` counts the bytes that the thread took.
pub(crate) fn pipe(read: Arc<AtomicU64>) -> (PipeFeeder, PipeReader) {
    let (sender, pieces) = mpsc::channel(DEPTH);
    let reader = PipeReader {
        pieces,
        current: Bytes::new(),
        ended: false,
        read,
    };
    (PipeFeeder(sender), reader)
}

impl PipeFeeder {
    /// Feeds a whole source. A reader that has seen enough is no error.
    ///
    /// # Errors
    /// The source's; the reader then sees a broken end.
    pub(crate) async fn feed(self, mut source: impl Stream<Item = Result<Bytes>> + Unpin) -> Result<()> {
        while let Some(bytes) = source.next().await {
            if self.0.send(Piece::Bytes(bytes?)).await.is_err() {
                return Ok(());
            }
        }
        // A reader that is gone needs no mark.
        let _gone = self.0.send(Piece::End).await;
        Ok(())
    }
}

impl Read for PipeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !self.ended {
            match self.pieces.blocking_recv() {
                Some(Piece::Bytes(bytes)) => self.current = bytes,
                Some(Piece::End) => self.ended = true,
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let count = self.current.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.current.split_to(count));
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A writer into memory whose bytes are taken out as they come.
#[derive(Clone, Default)]
pub(crate) struct Drain(Arc<Mutex<Vec<u8>>>);

impl Drain {
    /// What was written since the last call.
    pub(crate) fn take(&self) -> Bytes {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *bytes).into()
    }
}

impl Write for Drain {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where a task sends the bytes of an answer.
pub(crate) struct Outlet(mpsc::Sender<Result<Bytes>>);

impl Outlet {
    /// Sends bytes; waits while the client is slow.
    ///
    /// # Errors
    /// `timeout` when the client has gone or takes nothing for too long.
    pub(crate) async fn send(&self, bytes: Bytes) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let sent = tokio::time::timeout(PATIENCE, self.0.send(Ok(bytes))).await;
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(PlatformError::new(
                ProblemCode::Timeout,
                "the receiver does not take the data; ask again",
            )),
        }
    }
}

/// Bytes as they are made.
pub struct ByteStream(mpsc::Receiver<Result<Bytes>>);

impl Stream for ByteStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// Runs `make` in a task of its own and gives what it sends; its error is the stream's last item.
pub(crate) fn byte_stream<F>(make: impl FnOnce(Outlet) -> F) -> ByteStream
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(DEPTH);
    let failures = sender.clone();
    let work = make(Outlet(sender));
    tokio::spawn(async move {
        if let Err(error) = work.await {
            // Nobody to tell when the receiver is gone.
            let _gone = failures.send(Err(error)).await;
        }
    });
    ByteStream(receiver)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;

    #[tokio::test]
    async fn a_source_that_breaks_off_is_an_error_and_no_end() {
        for (broken, expected) in [(false, true), (true, false)] {
            let (feeder, mut reader) = pipe(Arc::default());
            let mut pieces = vec![Ok(Bytes::from("ab")), Ok(Bytes::from("c"))];
            if broken {
                pieces.push(Err(PlatformError::invariant("broken")));
            }
            let thread = tokio::task::spawn_blocking(move || {
                let mut text = String::new();
                reader.read_to_string(&mut text).map(|_| text)
            });
            assert_eq!(feeder.feed(stream::iter(pieces)).await.is_ok(), expected);
            assert_eq!(thread.await.unwrap().ok(), expected.then(|| "abc".to_owned()));
        }
    }
}
