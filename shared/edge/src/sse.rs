//! Server-sent events: `data:` lines of one JSON object each, as the reference writes them.

use std::time::Duration;

use bytes::Bytes;
use futures::channel::mpsc::{Receiver, Sender, channel};
use futures::{SinkExt, StreamExt, stream};
use serde::Serialize;

use crate::reply::Reply;

/// Gateways and proxies drop a connection on which nothing moves; a comment is enough to keep it.
const PING_EVERY: Duration = Duration::from_secs(15);

/// Where events are sent to while the answer is made.
pub struct Events(Sender<Bytes>);

/// Whoever asked has gone away.
#[derive(Debug, Clone, Copy)]
pub struct Gone;

impl Events {
    /// Sends one event; waits while the reader is behind.
    ///
    /// # Errors
    /// When nobody reads any more.
    pub async fn send(&mut self, event: &impl Serialize) -> Result<(), Gone> {
        let json = serde_json::to_string(event).map_err(|_| Gone)?;
        self.0.send(Bytes::from(format!("data: {json}\n\n"))).await.map_err(|_| Gone)
    }
}

/// A pair: where to send events, and the reply that carries them.
pub fn events() -> (Events, Reply) {
    let (sender, receiver) = channel(0);
    let body = stream::unfold(receiver, next).map(Ok).boxed();
    (Events(sender), Reply::stream("text/event-stream", body))
}

async fn next(mut receiver: Receiver<Bytes>) -> Option<(Bytes, Receiver<Bytes>)> {
    match tokio::time::timeout(PING_EVERY, receiver.next()).await {
        Ok(event) => event.map(|event| (event, receiver)),
        Err(_) => Some((Bytes::from_static(b": ping\n\n"), receiver)),
    }
}
