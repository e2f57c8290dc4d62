//! The loop around a queue's consumer.

use std::future::Future;
use std::sync::Arc;

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
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
    serve_batches(take, |_| std::future::ready(Ok(()))).await
}

/// As [`serve`], and does `after` once for all messages of a batch, when each was taken or has failed. Where that fails,
/// all of them come back: what it does may be owed to any of them.
///
/// # Errors
/// As [`serve`].
pub async fn serve_batches<F, G>(
    take: impl Fn(Arc<App>, String) -> F + Copy + Send + Sync + 'static,
    after: impl Fn(Arc<App>) -> G + Copy + Send + Sync + 'static,
) -> Result<(), lambda_runtime::Error>
where
    F: Future<Output = Result<(), StepError>> + Send + 'static,
    G: Future<Output = Result<(), StepError>> + Send + 'static,
{
    step::serve(move |app: Arc<App>, event: SqsEvent| async move {
        let after = after(Arc::clone(&app));
        Ok(batch(event.records, |body| take(Arc::clone(&app), body), after).await)
    })
    .await
}

/// Which of the messages come back.
async fn batch<F>(
    messages: Vec<SqsMessage>,
    take: impl Fn(String) -> F,
    after: impl Future<Output = Result<(), StepError>>,
) -> SqsBatchResponse
where
    F: Future<Output = Result<(), StepError>>,
{
    let (mut all, mut failed) = (vec![], vec![]);
    for message in messages {
        let work = telemetry::work();
        let id = message.message_id.unwrap_or_default();
        if let Err(error) = take(message.body.unwrap_or_default()).instrument(work.clone()).await {
            // Under the ids of the video and the request that the message turned out to be about.
            work.in_scope(|| tracing::error!(message.id = id, ?error, "message failed; it comes back"));
            failed.push(id.clone());
        }
        all.push(id);
    }
    if let Err(error) = after.await {
        tracing::error!(?error, messages = all.len(), "batch failed; all of its messages come back");
        failed = all;
    }
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = failed.into_iter().map(failure).collect();
    response
}

fn failure(message: String) -> BatchItemFailure {
    let mut failure = BatchItemFailure::default();
    failure.item_identifier = message;
    failure
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// The messages `a`, `b` and `c`, of which `b` fails: which come back, and how often `after` was done.
    async fn back(after: Result<(), StepError>) -> (Vec<String>, u32) {
        let messages = ["a", "b", "c"].map(|name| {
            let mut message = SqsMessage::default();
            (message.message_id, message.body) = (Some(name.to_owned()), Some(name.to_owned()));
            message
        });
        let (taken, done) = (Cell::new(0), Cell::new(0));
        let take = |body: String| {
            taken.set(taken.get() + 1);
            std::future::ready(if body == "b" { Err(StepError::transient("it fails")) } else { Ok(()) })
        };
        let after = async {
            assert_eq!(taken.get(), 3, "before all were taken");
            done.set(done.get() + 1);
            after
        };
        let response = batch(messages.into(), take, after).await;
        let back = response.batch_item_failures.into_iter().map(|failure| failure.item_identifier);
        (back.collect(), done.get())
    }

    #[tokio::test]
    async fn what_comes_after_a_batch_is_done_once_and_fails_for_all_of_it() {
        assert_eq!(back(Ok(())).await, (vec!["b".to_owned()], 1));
        let all = ["a", "b", "c"].map(str::to_owned).into();
        assert_eq!(back(Err(StepError::transient("no line"))).await, (all, 1));
    }
}
