//! What the end-to-end tests and the benchmark share: clips to process, a web server to fetch them from, an
//! endpoint that is called back, a Stripe to pay at, a running local stack, and a client of both contracts.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic here is a failed test with a line number"
)]

pub mod burst;
pub mod client;
pub mod clips;
pub mod event;
pub mod faults;
pub mod hosted;
pub mod jwt;
pub mod library;
pub mod metric_filter;
pub mod model;
pub mod openapi;
pub mod peers;
pub mod proxy;
pub mod receiver;
pub mod runs;
pub mod stripe;
pub mod usage;
pub mod vectors;
pub mod wait;
pub mod web;
pub mod webhook;
pub mod world;
pub mod yaml;
