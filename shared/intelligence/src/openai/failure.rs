//! What went wrong at the server, as what its caller may do about it.

use std::time::Duration;

use reqwest::{
    Response, StatusCode,
    header::{DATE, HeaderMap, HeaderName, RETRY_AFTER},
};
use serde::Deserialize;
use serde_json::Value;

use super::Endpoint;
use crate::{ProviderError, ProviderErrorKind, retry_after};

/// An error's body is read up to here, bytes.
const LONGEST_BODY: usize = 64 * 1024;
/// Longest code that is repeated in a log.
const LONGEST_CODE: usize = 60;

/// A request that was not answered, or not to its end.
pub(super) fn of_transport(endpoint: Endpoint, error: reqwest::Error) -> ProviderError {
    let detail = format!(
        "the server of the provider openai does not answer {}; check that it runs, and OPENAI_BASE_URL",
        endpoint.path()
    );
    // Its URL may carry a password.
    ProviderError::down(detail).caused_by(error.without_url())
}

/// An answer of another form.
pub(super) fn of_unlike_answer(endpoint: Endpoint) -> ProviderError {
    ProviderError::down(format!(
        "what answers {} does not speak OpenAI's protocol there; check OPENAI_BASE_URL",
        endpoint.path()
    ))
}

/// A status that is no success.
pub(super) async fn of(endpoint: Endpoint, mut response: Response) -> ProviderError {
    let (status, wait) = (response.status(), retry_after(response.headers()));
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_BODY {
            break;
        }
    }
    let code = code(&body);
    let kind = kind(status, wait.is_some(), code.as_deref());
    let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
    let detail = format!("{} answered {}{code}; {}", endpoint.path(), status.as_u16(), advice(status, kind));
    ProviderError::new(kind, detail).after(wait)
}

/// An error in the midst of a stream, which has a code but no status.
pub(crate) fn of_code(error: &Value) -> ProviderError {
    let code = identifier(error).unwrap_or_else(|| "no code".to_owned());
    let kind = if is_policy(&code) { ProviderErrorKind::Policy } else { ProviderErrorKind::Down };
    ProviderError::new(kind, format!("an answer broke off with an error of the server ({code})"))
}

fn kind(status: StatusCode, says_when: bool, code: Option<&str>) -> ProviderErrorKind {
    match status.as_u16() {
        // OpenAI says 429 to accounts without money, too; that does not pass.
        429 if code.is_some_and(|code| code.contains("quota") || code.contains("billing")) => {
            ProviderErrorKind::Refused
        }
        429 => ProviderErrorKind::Throttled,
        503 if says_when => ProviderErrorKind::Throttled,
        408 | 409 | 425 | 500.. => ProviderErrorKind::Down,
        400..=499 if code.is_some_and(is_policy) => ProviderErrorKind::Policy,
        400 | 413 | 415 | 422 => ProviderErrorKind::BadInput,
        // Keys, money, models and addresses that are not there, redirects.
        _ => ProviderErrorKind::Refused,
    }
}

fn advice(status: StatusCode, kind: ProviderErrorKind) -> &'static str {
    match (kind, status.as_u16()) {
        (ProviderErrorKind::Throttled, _) => "ask for a higher rate limit, or lower MapWidth",
        (ProviderErrorKind::Down, _) => "look into the log of the server",
        (ProviderErrorKind::BadInput, _) => "check that the model takes this kind of input",
        (ProviderErrorKind::Refused, 401 | 403) => "check the key that OPENAI_API_KEY_ARN names",
        (ProviderErrorKind::Refused, 402 | 429) => "check the account's balance",
        (ProviderErrorKind::Refused, 404) => "check OPENAI_BASE_URL, and that the model is installed there",
        (ProviderErrorKind::Policy, _) => "its content policy forbids this input",
        (ProviderErrorKind::Refused, _) => "check OPENAI_BASE_URL",
    }
}

fn is_policy(code: &str) -> bool {
    code.contains("content_filter") || code.contains("content_policy") || code.contains("moderation")
}

#[derive(Deserialize)]
struct Body {
    error: Value,
}

/// The code in `{"error": {"code": "…", "type": "…"}}`. The message is not read: it may repeat what was sent.
fn code(body: &[u8]) -> Option<String> {
    identifier(&serde_json::from_slice::<Body>(body).ok()?.error)
}

fn identifier(error: &Value) -> Option<String> {
    let is_identifier = |text: &&str| {
        (1..=LONGEST_CODE).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte))
    };
    let found = ["code", "type"].iter().filter_map(|field| error[*field].as_str()).find(is_identifier);
    found.map(str::to_owned)
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: HeaderName| headers.get(name)?.to_str().ok();
    retry_after::parse(text(RETRY_AFTER)?, text(DATE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_tell_what_a_caller_may_do() {
        use ProviderErrorKind::{BadInput, Down, Policy, Refused, Throttled};
        let cases = [
            (429, false, None, Throttled),
            (429, false, Some("insufficient_quota"), Refused),
            (503, true, None, Throttled),
            (503, false, None, Down),
            (500, false, None, Down),
            (502, true, None, Down),
            (408, false, None, Down),
            (401, false, None, Refused),
            (403, false, None, Refused),
            (404, false, Some("model_not_found"), Refused),
            (302, false, None, Refused),
            (400, false, None, BadInput),
            (413, false, None, BadInput),
            (422, false, None, BadInput),
            (400, false, Some("content_policy_violation"), Policy),
            (400, false, Some("content_filter"), Policy),
            (403, false, Some("moderation_blocked"), Policy),
            (418, false, None, Refused),
        ];
        for (status, says_when, code, expected) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(kind(status, says_when, code), expected, "{status} {code:?}");
        }
    }

    #[test]
    fn only_identifiers_of_an_error_are_repeated() {
        let of = |body: &str| code(body.as_bytes());
        assert_eq!(
            of(r#"{"error":{"code":"rate_limit_exceeded","type":"x"}}"#).unwrap(),
            "rate_limit_exceeded"
        );
        assert_eq!(of(r#"{"error":{"code":404,"type":"NotFoundError"}}"#).unwrap(), "NotFoundError");
        assert_eq!(of(r#"{"error":{"code":"Incorrect key sk-abc","type":null}}"#), None);
        assert_eq!(of(r#"{"error":"model not found"}"#), None);
        assert_eq!(of("<html>"), None);
    }
}
