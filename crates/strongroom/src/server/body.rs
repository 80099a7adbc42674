//! Bodies within time: the framework has a deadline for the head only, and would wait for a stalled body for minutes.

use super::deadline::Patience;
use actix_web::{
    Error, HttpMessage,
    body::MessageBody,
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    middleware::Next,
};
use bytes::Bytes;
use futures_util::Stream;
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Instant,
};
use tokio::time::Sleep;

/// Lets every body of a request through, within [`Patience`].
pub(super) async fn within_time<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let body = request.take_payload();
    if !matches!(body, Payload::None) {
        let payload = Box::pin(TimedBody {
            body,
            patience: Patience::default(),
            alarm: None,
        });
        request.set_payload(Payload::Stream { payload });
    }
    next.call(request).await
}

struct TimedBody {
    body: Payload,
    patience: Patience,
    /// Set only while we wait, so that a body which comes at once costs no timer.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Stream for TimedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        match Pin::new(&mut this.body).poll_next(context) {
            Poll::Ready(item) => {
                let bytes = item
                    .as_ref()
                    .and_then(|item| item.as_ref().ok())
                    .map_or(0, Bytes::len);
                this.patience.receive(bytes, Instant::now());
                this.alarm = None;
                Poll::Ready(item)
            }
            Poll::Pending => {
                let until = this.patience.wait(Instant::now());
                let alarm = this
                    .alarm
                    .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until.into())));
                alarm.as_mut().poll(context).map(|()| {
                    let late = io::Error::new(io::ErrorKind::TimedOut, "the body came too slowly");
                    Some(Err(PayloadError::Io(late)))
                })
            }
        }
    }
}
