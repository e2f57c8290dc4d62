//! The providers behind a network against a server in this process that speaks their protocols, and checks what it is
//! sent.
#![expect(clippy::unwrap_used, reason = "a panic here is a failed test with a line number")]

mod aws;
mod openai;
mod server;
mod sound;

use std::time::Duration;

use intelligence::Budget;

const BUDGET: Budget = Budget {
    time: Duration::from_secs(20),
    attempt: Duration::from_secs(10),
    pause: Duration::from_secs(1),
    attempts: 3,
};
