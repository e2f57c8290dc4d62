//! Erasing an account: queued, because it may own more than one call can delete.

use domain::ids::UserId;
use serde::{Deserialize, Serialize};

use crate::{Reply, Store, StoreError};

/// What is put on the ingest queue for an account whose data is to go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasureMessage {
    /// Whose.
    pub erase: UserId,
}

impl Store {
    /// Queues the erasure of everything an account owns. Delivered at least once.
    pub fn enqueue_erasure(&self, user: UserId) -> Reply<'_, ()> {
        const OPERATION: &str = "queueing an erasure";
        Box::pin(async move {
            let message = serde_json::to_string(&ErasureMessage { erase: user });
            let body = message.map_err(StoreError::malformed(OPERATION))?;
            let send = self.sqs.send_message().queue_url(&self.names.ingest_queue_url).message_body(body);
            send.send().await.map_err(StoreError::sdk(OPERATION))?;
            Ok(())
        })
    }
}
