//! Storing an answer while it is told, without keeping its listener waiting.

use std::time::Duration;

use domain::answer::{Journal, Part};
use edge::clock;
use futures::StreamExt;
use futures::channel::mpsc::UnboundedReceiver;
use jiff::SignedDuration;
use store::{AnswerId, Store};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// How long events wait for others to be stored with: one write for them all.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
/// How often a maker that has nothing to tell says that it is still there.
const SIGN_OF_LIFE_EVERY: Duration = Duration::from_secs(5);
/// A maker that has not written for this long is dead: it missed three signs of life.
pub(crate) const SILENCE: SignedDuration = SignedDuration::from_secs(20);

/// Stores what is told until no more is; returns what is stored, and what is not. Returns early when somebody has taken
/// the maker for dead and ended the answer: to tell anything more is then an error, which stops the maker.
pub(crate) async fn record(
    store: &Store,
    answer: AnswerId,
    mut journal: Journal,
    mut told: UnboundedReceiver<(String, Part)>,
) -> Journal {
    let mut flush = interval_at(Instant::now() + FLUSH_EVERY, FLUSH_EVERY);
    flush.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_sign = Instant::now();
    loop {
        tokio::select! {
            event = told.next() => match event {
                Some((event, part)) => journal.record(event, part),
                None => return journal,
            },
            _ = flush.tick() => {
                if journal.is_stored() && last_sign.elapsed() < SIGN_OF_LIFE_EVERY {
                    continue;
                }
                match store.put_chunk(answer, &journal.cut(clock::now())).await {
                    Ok(true) => {
                        journal.confirm();
                        last_sign = Instant::now();
                    }
                    Ok(false) => return journal,
                    // It is tried again at the next tick, and at the end.
                    Err(error) => tracing::warn!(error = %error, "part of an answer not stored yet"),
                }
            }
        }
    }
}
