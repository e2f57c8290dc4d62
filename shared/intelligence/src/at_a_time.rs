//! Requests beside each other, of which one may fail.

use std::future::Future;

use futures::stream::{FuturesUnordered, StreamExt};

use crate::ProviderError;

/// Does all of these, so many at a time. After a failure nothing more is begun, but what is under way comes to its end:
/// it is paid for.
///
/// # Errors
/// The first failure.
pub(crate) async fn at_a_time<F>(
    most: usize,
    work: impl IntoIterator<Item = F, IntoIter: Send>,
) -> Result<(), ProviderError>
where
    F: Future<Output = Result<(), ProviderError>> + Send,
{
    let mut waiting = work.into_iter();
    let mut under_way: FuturesUnordered<F> = waiting.by_ref().take(most).collect();
    let mut outcome = Ok(());
    while let Some(done) = under_way.next().await {
        outcome = outcome.and(done);
        if outcome.is_ok() {
            under_way.extend(waiting.next());
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        time::Duration,
    };

    use tokio::time::sleep;

    use super::*;

    #[tokio::test]
    async fn what_is_under_way_is_finished_and_nothing_begun_after_a_failure() {
        let (begun, finished) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = (0..10).map(async |n| {
            begun.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(if n == 1 { 5 } else { 50 })).await;
            finished.fetch_add(1, Ordering::Relaxed);
            if n == 1 { Err(ProviderError::down("x")) } else { Ok(()) }
        });
        let work: Vec<_> = work.collect();
        assert!(at_a_time(3, work).await.is_err());
        assert_eq!((begun.into_inner(), finished.into_inner()), (3, 3));
        assert!(at_a_time(3, (0..10).map(async |_| Ok(()))).await.is_ok());
    }
}
