//! The loop around a queue's consumer.

use std::future::Future;
use std::sync::Arc;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use tracing::Instrument;

use crate::app::App;
use crate::step::{self, StepError};
use crate::telemetry;

/// Serves a queue: `take` gets each message's body by itself, so that only the messages that failed come back.
///
/// # Errors
/// When a setting does not parse, or the runtime goes away.
pub async fn serve<F>(
    take: impl Fn(Arc<App>, String) -> F + Copy + Send + Sync + 'static,
) -> Result<(), lambda_runtime::Error>
where
    F: Future<Output = Result<(), StepError>> + Send + 'static,
{
    step::serve(move |app, event: SqsEvent| async move {
        let mut response = SqsBatchResponse::default();
        for message in event.records {
            let work = telemetry::work();
            let taking = take(Arc::clone(&app), message.body.unwrap_or_default());
            if let Err(error) = taking.instrument(work.clone()).await {
                // Under the ids of the video and the request that the message turned out to be about.
                work.in_scope(|| {
                    tracing::error!(message.id = message.message_id, error = ?error, "message failed; it comes back");
                });
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = message.message_id.unwrap_or_default();
                response.batch_item_failures.push(failure);
            }
        }
        Ok(response)
    })
    .await
}
