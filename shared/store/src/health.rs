//! Whether each service answers this function.

use aws_sdk_sqs::types::QueueAttributeName;

use crate::keys::Key;
use crate::{Reply, Store, StoreError};

impl Store {
    /// Whether the table answers.
    pub fn ping_database(&self) -> Reply<'_, ()> {
        Box::pin(async move {
            // A key that nobody writes: the read costs half a unit and finds nothing.
            self.row("checking the table", Key::rate("health", "ping", 0)).await?;
            Ok(())
        })
    }

    /// Whether the bucket answers.
    pub fn ping_storage(&self) -> Reply<'_, ()> {
        Box::pin(async move {
            let head = self.s3().head_bucket().bucket(&self.names.bucket).send().await;
            head.map(drop).map_err(StoreError::sdk("checking the bucket"))
        })
    }

    /// Whether the ingest queue answers.
    pub fn ping_queue(&self) -> Reply<'_, ()> {
        Box::pin(async move { self.queue_depth().await.map(drop) })
    }

    /// Messages that wait on the ingest queue. Approximate, as SQS counts.
    pub fn queue_depth(&self) -> Reply<'_, u64> {
        const OPERATION: &str = "checking the queue";
        Box::pin(async move {
            let asked = self
                .sqs()
                .get_queue_attributes()
                .queue_url(&self.names.ingest_queue_url)
                .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
                .send()
                .await
                .map_err(StoreError::sdk(OPERATION))?;
            let depth = asked
                .attributes
                .and_then(|mut all| all.remove(&QueueAttributeName::ApproximateNumberOfMessages));
            Ok(depth.and_then(|digits| digits.parse().ok()).unwrap_or(0))
        })
    }

    /// Whether the state machine answers.
    pub fn ping_workflow(&self) -> Reply<'_, ()> {
        Box::pin(async move {
            let describe =
                self.sfn().describe_state_machine().state_machine_arn(&self.names.state_machine_arn);
            describe.send().await.map(drop).map_err(StoreError::sdk("checking the state machine"))
        })
    }
}
