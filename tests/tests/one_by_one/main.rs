//! The product from outside, as in `end_to_end`, in tests that cannot bear others beside them: they take the whole
//! machine, measure it, or kill what others need. Cargo runs this program after the other one.
#![expect(clippy::unwrap_used, reason = "a test that cannot read an answer has failed")]

mod conformance;
mod kills;
mod ledger;
mod races;
mod rounds;

use tokio::sync::{Mutex, MutexGuard};

/// Waits for the end of every other test here; the next one begins when the guard is dropped.
async fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}
