//! Server-sent events: `data:` lines of one JSON object each, as the reference writes them, and before each the
//! `id:` by which a listener who lost the stream takes it up again.

use std::time::Duration;

use bytes::Bytes;
use domain::answer::EventId;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::{StreamExt, stream};

use crate::call::Call;
use crate::problem::Problem;
use crate::reply::Reply;

/// Gateways and proxies drop a connection on which nothing moves; a comment is enough to keep it.
const PING_EVERY: Duration = Duration::from_secs(15);

/// Where events are sent to while the answer is made. The reply ends when this is dropped.
pub struct Events(UnboundedSender<Bytes>);

/// Nobody listens any more.
#[derive(Debug, Clone, Copy)]
pub struct Gone;

impl Events {
    /// Sends one event, a JSON object on one line. Never waits: a slow listener does not slow the answer down.
    ///
    /// # Errors
    /// When nobody listens any more.
    pub fn send(&self, id: EventId, json: &str) -> Result<(), Gone> {
        self.0.unbounded_send(Bytes::from(format!("id: {id}\ndata: {json}\n\n"))).map_err(|_| Gone)
    }
}

/// A pair: where to send events, and the reply that carries them.
pub fn events() -> (Events, Reply) {
    let (sender, receiver) = unbounded();
    let body = stream::unfold(receiver, next).map(Ok).boxed();
    (Events(sender), Reply::stream("text/event-stream", body))
}

/// The last event that the caller has heard of an answer it wants the rest of, if it wants that.
///
/// # Errors
/// When the header names no event: to answer the question anew would be charged, and is not what was asked for.
pub fn last_event_id(call: &Call) -> Result<Option<EventId>, Problem> {
    let Some(value) = call.request.headers().get("last-event-id") else { return Ok(None) };
    let id = value.to_str().ok().and_then(|text| text.trim().parse().ok());
    id.map(Some).ok_or_else(|| {
        Problem::invalid(
            "Last-Event-ID is the last id: of the stream that broke off. Send it as it was, or ask without it.",
        )
    })
}

async fn next(mut receiver: UnboundedReceiver<Bytes>) -> Option<(Bytes, UnboundedReceiver<Bytes>)> {
    match tokio::time::timeout(PING_EVERY, receiver.next()).await {
        Ok(event) => event.map(|event| (event, receiver)),
        Err(_) => Some((Bytes::from_static(b": ping\n\n"), receiver)),
    }
}
