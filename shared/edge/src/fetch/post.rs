//! Posting to a URL that a user named: one request to vetted addresses, of whose answer only the status counts.

use bytes::Bytes;
use domain::callback::{ANSWER_WITHIN, CallbackOutcome};
use domain::failure::FailureCode;
use http::HeaderMap;

use super::{Exceptions, check, pinned, system_resolver};

/// Posts `body`. Redirects are not followed, and the answer's body is not read: whoever answers can neither lead inside
/// nor keep this service busy.
pub async fn post(url: &str, headers: HeaderMap, body: Bytes, exceptions: &Exceptions) -> CallbackOutcome {
    let within = ANSWER_WITHIN.unsigned_abs();
    // Around everything: looking a host up has no time limit of its own.
    tokio::time::timeout(within, send(url, headers, body, exceptions))
        .await
        .unwrap_or(CallbackOutcome::TimedOut)
}

async fn send(url: &str, headers: HeaderMap, body: Bytes, exceptions: &Exceptions) -> CallbackOutcome {
    let Ok(url) = check(url, exceptions) else { return CallbackOutcome::Refused };
    let client = match pinned(&system_resolver, &url, exceptions).await {
        Ok(client) => client,
        Err(failure) if failure.code == FailureCode::FetchForbidden => return CallbackOutcome::Refused,
        Err(_) => return CallbackOutcome::Unreachable,
    };
    match client.post(url).headers(headers).body(body).send().await {
        Ok(answer) => CallbackOutcome::Answered { status: answer.status().as_u16() },
        Err(error) if error.is_timeout() => CallbackOutcome::TimedOut,
        Err(error) => {
            tracing::info!(error = %error.without_url(), "post failed");
            CallbackOutcome::Unreachable
        }
    }
}
