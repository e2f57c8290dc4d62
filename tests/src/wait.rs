//! Waiting for what will happen, however fast or slow the machine is.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Whatever is waited for takes seconds, and is over long before this on a busy machine too.
pub const PATIENCE: Duration = Duration::from_secs(240);
/// Between two looks: what a client's sixty requests a minute allow.
const PAUSE: Duration = Duration::from_millis(1500);
/// Between two looks at what may soon be over again.
const BLINK: Duration = Duration::from_millis(30);

/// Looks until `check` has found what it looks for. Its error is what it saw instead. Looks often at first, and then
/// so that an account may look by requests of its own.
pub async fn eventually<T, S: Debug>(what: &str, check: impl AsyncFnMut() -> Result<T, S>) -> T {
    look(what, check, Duration::from_millis(100), |pause| (pause * 3 / 2).min(PAUSE)).await
}

/// As [`eventually`], for what does not last: looks so often that it must not look by requests that are limited.
pub async fn caught<T, S: Debug>(what: &str, check: impl AsyncFnMut() -> Result<T, S>) -> T {
    look(what, check, BLINK, |pause| pause).await
}

async fn look<T, S: Debug>(
    what: &str,
    mut check: impl AsyncFnMut() -> Result<T, S>,
    mut pause: Duration,
    next: impl Fn(Duration) -> Duration,
) -> T {
    let began = Instant::now();
    loop {
        match check().await {
            Ok(found) => return found,
            Err(seen) => assert!(began.elapsed() < PATIENCE, "waited in vain: {what}. Last seen: {seen:?}"),
        }
        tokio::time::sleep(pause).await;
        pause = next(pause);
    }
}

/// Looks until `read` has read the same for a whole second: whatever was on its way has arrived.
pub async fn at_rest<T: PartialEq + Debug>(what: &str, mut read: impl AsyncFnMut() -> T) -> T {
    let (mut last, mut since) = (read().await, Instant::now());
    let rested = async || {
        let now = read().await;
        if now != last {
            (last, since) = (now, Instant::now());
        }
        if since.elapsed() >= Duration::from_secs(1) { Ok(()) } else { Err(()) }
    };
    look(what, rested, BLINK * 5, |pause| pause).await;
    last
}

/// An answer to a question of yes or no, as the functions here take it.
pub fn when<S>(yes: bool, seen: S) -> Result<(), S> {
    if yes { Ok(()) } else { Err(seen) }
}
