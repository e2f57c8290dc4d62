//! What a user of the official SDK does, reported as JSON on standard output. The same program is built against each
//! version of the SDK; `tests/tests/end_to_end/sdk.rs` runs it and judges the report.
//!
//! Environment: `BASE_URL`, `API_KEY`, `READ_ONLY_KEY`, `FILE` (a video), `NOT_A_VIDEO` (another file), `URL` (a video),
//! `CALLBACK_URL`.

use std::pin::pin;
use std::time::Duration;

use framequery::{Client, ClientBuilder, FrameQueryError, ProcessOptions, ProcessingResult};
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

/// Twice a key's requests in a minute, and one: wherever the minute ends among them, one of the two is too full.
const HAMMER: usize = 2 * 100 + 1;
/// Requests at once, so that a slow machine is done within two minutes of the clock.
const AT_ONCE: usize = 8;

fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn client_of(key: &str) -> Client {
    let builder = ClientBuilder::new().base_url(setting("BASE_URL")).max_retries(0);
    builder.api_key(key).build().expect("a client")
}

fn options() -> Option<ProcessOptions> {
    let (poll_interval, timeout) = (Duration::from_millis(1500), Duration::from_secs(240));
    Some(ProcessOptions { poll_interval, timeout, ..Default::default() })
}

/// All that the version can say about a job.
fn every_option() -> Option<ProcessOptions> {
    #[cfg(feature = "later-options")]
    return options().map(|options| ProcessOptions {
        callback_url: Some(setting("CALLBACK_URL")),
        processing_mode: Some("transcript".to_owned()),
        idempotency_key: Some("of the SDK".to_owned()),
        ..options
    });
    #[cfg(not(feature = "later-options"))]
    options()
}

fn processed(result: Result<ProcessingResult, FrameQueryError>) -> Value {
    match result {
        Ok(result) => json!({
            "status": result.status,
            "filename": result.filename,
            "duration": result.duration,
            "descriptions": result.scenes.iter().map(|scene| &scene.description).collect::<Vec<_>>(),
            "objects": result.scenes.iter().flat_map(|scene| &scene.objects).collect::<Vec<_>>(),
            "words": result.transcript.iter().map(|segment| &segment.text).collect::<Vec<_>>(),
            "createdAt": result.created_at,
        }),
        Err(error) => json!({ "error": kind(&error) }),
    }
}

/// The kind of an error: what users match on.
fn kind(error: &FrameQueryError) -> String {
    match error {
        FrameQueryError::Authentication { .. } => "Authentication".into(),
        FrameQueryError::PermissionDenied { .. } => "PermissionDenied".into(),
        FrameQueryError::NotFound { .. } => "NotFound".into(),
        FrameQueryError::RateLimit { retry_after, .. } => format!("RateLimit {}", retry_after.is_some()),
        FrameQueryError::JobFailed(_) => "JobFailed".into(),
        other => format!("{other:?}"),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let client = client_of(&setting("API_KEY"));
    let uploaded = processed(client.process(setting("FILE"), options()).await);
    let fetched = processed(client.process_url(&setting("URL"), every_option()).await);
    if cfg!(feature = "later-options") {
        let again = processed(client.process_url(&setting("URL"), every_option()).await);
        assert_eq!(again, fetched, "the same key is the same job");
    }
    let failed = processed(client.process(setting("NOT_A_VIDEO"), options()).await);

    let first = client.list_jobs(Some(1), None, None).await.expect("a page");
    let rest = client.list_jobs(Some(100), first.next_cursor.as_deref(), None).await.expect("a page");
    let ids: Vec<&String> = first.jobs.iter().chain(&rest.jobs).map(|job| &job.id).collect();
    let statuses: Vec<&String> = first.jobs.iter().chain(&rest.jobs).map(|job| &job.status).collect();
    let terminal = first.jobs.iter().chain(&rest.jobs).all(|job| job.is_terminal());
    let quota = client.get_quota().await.expect("the quota");

    let missing = client.get_job("00000000-0000-7000-8000-000000000000").await.err();
    let stranger = client_of("fq_live_00000000000000000000000000000000").get_quota().await.err();
    let reader = client_of(&setting("READ_ONLY_KEY"));
    let denied = reader.process_url(&setting("URL"), options()).await.err();
    let hammer = stream::iter(0..HAMMER).map(|_| reader.list_jobs(Some(1), None, None)).buffer_unordered(AT_ONCE);
    // Whatever else is refused has nothing to do with the limit.
    let limit = hammer.filter_map(async |listed| match listed {
        Ok(_) => None,
        Err(limit @ FrameQueryError::RateLimit { .. }) => Some(limit),
        Err(other) => panic!("a request failed beside the limit: {other:?}"),
    });
    let limited = pin!(limit).next().await;
    let errors = [missing, stranger, denied, limited].map(|error| error.as_ref().map(kind));
    let report = json!({
        "uploaded": uploaded,
        "fetched": fetched,
        "failed": failed,
        "list": { "ids": ids, "statuses": statuses, "terminal": terminal, "more": rest.has_more() },
        "quota": {
            "plan": quota.plan,
            "includedHours": quota.included_hours,
            "creditsBalanceHours": quota.credits_balance_hours,
            "resetDate": quota.reset_date,
        },
        "errors": errors,
    });
    println!("{report}");
}
