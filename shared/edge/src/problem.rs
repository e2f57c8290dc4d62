//! What is wrong with a request: what its caller reads, and what only the log says.

use domain::problem::ProblemKind;
use http::header::{ALLOW, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};
use store::StoreError;

/// Which of the two published contracts an endpoint belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contract {
    /// Videos & Chat: RFC 9457 problem details.
    Videos,
    /// Jobs: `{"error": "…"}`.
    Jobs,
}

/// After this many seconds another try makes sense where others were in the way.
const BUSY_SECS: i64 = 5;

/// A refusal. `detail` is for the caller, `cause` for the log; neither ever shows in the other's place.
#[derive(Debug)]
pub struct Problem {
    /// Which kind, and with it status and title.
    pub kind: ProblemKind,
    detail: String,
    cause: Option<String>,
    retry_after: Option<i64>,
    /// The methods that the path has, where that is what is wrong.
    allow: Option<String>,
}

impl Problem {
    /// A refusal that the caller can act on.
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), cause: None, retry_after: None, allow: None }
    }

    /// This service's own fault. The caller learns the request id and nothing else.
    pub fn internal(cause: impl ToString) -> Self {
        Self::new(ProblemKind::Internal, "").caused_by(cause)
    }

    /// In how many seconds another try makes sense, at least one. SDKs of the Jobs contract read it in the body.
    pub fn retry_after(mut self, secs: i64) -> Self {
        self.retry_after = Some(secs.max(1));
        self
    }

    /// Something that this service needs does not answer, or is not set up. The caller reads `detail`, which says
    /// what to do and nothing about the cause.
    pub fn unavailable(detail: impl Into<String>, cause: impl ToString) -> Self {
        Self::new(ProblemKind::Unavailable, detail).caused_by(cause)
    }

    /// A bad field.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::InvalidRequest, detail)
    }

    /// With what only the log says about it.
    pub(crate) fn caused_by(self, cause: impl ToString) -> Self {
        Self { cause: Some(cause.to_string()), ..self }
    }

    /// No such thing, or somebody else's, which is the same.
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemKind::NotFound, format!("There is no such {what} in your account."))
    }

    /// A method that the path does not have. `allow` lists those that it has: `GET, POST`.
    pub fn method_not_allowed(allow: String) -> Self {
        let detail = format!("This path does not take that method. It takes {allow}.");
        Self { allow: Some(allow), ..Self::new(ProblemKind::MethodNotAllowed, detail) }
    }

    /// What the log says beside the kind.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// What this problem adds to the headers.
    pub(crate) fn headers(&self) -> HeaderMap {
        let retry_after = self.retry_after.map(|secs| (RETRY_AFTER, HeaderValue::from(secs)));
        let allow = self.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok());
        HeaderMap::from_iter(retry_after.into_iter().chain(allow.map(|allow| (ALLOW, allow))))
    }

    /// The body, in the form of the contract, and its content type.
    pub(crate) fn body(&self, contract: Contract, path: &str, request_id: &str) -> (Value, &'static str) {
        let detail = if self.kind == ProblemKind::Internal {
            format!("Something went wrong on our side. Try again; if it persists, name request {request_id}.")
        } else {
            self.detail.clone()
        };
        match contract {
            Contract::Jobs => {
                let mut body = json!({ "error": detail });
                if let Some(secs) = self.retry_after {
                    body["retryAfter"] = secs.into();
                }
                (body, "application/json")
            }
            Contract::Videos => {
                let body = json!({
                    "type": self.kind.type_uri(),
                    "title": self.kind.title(),
                    "status": self.kind.status(),
                    "detail": detail,
                    "instance": path,
                });
                (body, "application/problem+json")
            }
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            error if error.is_throttled() => {
                let detail = "This service takes no more requests at the moment. Try again in a few seconds.";
                Self::unavailable(detail, error).retry_after(BUSY_SECS)
            }
            StoreError::Busy { .. } => {
                let detail = "Other requests of your account are in the way. Try again in a few seconds.";
                Self::unavailable(detail, error).retry_after(BUSY_SECS)
            }
            StoreError::Conflict { .. }
            | StoreError::Service { .. }
            | StoreError::Interrupted { .. }
            | StoreError::Malformed { .. } => Self::internal(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_internal_leaks() {
        let problem = Problem::internal("table frameiq-prod is on fire");
        let outage = Problem::unavailable("Try again later.", "the provider is on fire");
        for contract in [Contract::Videos, Contract::Jobs] {
            let (body, _) = problem.body(contract, "/videos", "r-1");
            assert!(!body.to_string().contains("fire"), "{body}");
            assert!(body.to_string().contains("r-1"), "{body}");
            let (body, _) = outage.body(contract, "/videos", "r-1");
            assert!(!body.to_string().contains("fire"), "{body}");
            assert!(body.to_string().contains("Try again later."), "{body}");
        }
    }

    #[test]
    fn what_met_others_may_be_tried_again() {
        let problem = Problem::from(StoreError::Busy { operation: "creating a video" });
        assert_eq!(
            (problem.status().as_u16(), &problem.headers()[RETRY_AFTER]),
            (503, &HeaderValue::from(5))
        );
        let (body, _) = problem.body(Contract::Jobs, "/api/jobs", "r-1");
        assert_eq!(body["retryAfter"], 5);
        assert!(!body["error"].to_string().contains("creating a video"), "{body}");
        assert_eq!(Problem::from(StoreError::Conflict { operation: "x" }).status().as_u16(), 500);
        let service = |code: &str| StoreError::Service {
            operation: "creating a video",
            code: code.to_owned(),
            cause: "the chain".to_owned(),
        };
        for (code, status) in
            [("SlowDown", 503), ("ProvisionedThroughputExceededException", 503), ("none", 500)]
        {
            let problem = Problem::from(service(code));
            assert_eq!(problem.status().as_u16(), status, "{code}");
            assert_eq!(problem.headers().contains_key(RETRY_AFTER), status == 503, "{code}");
        }
    }

    #[test]
    fn says_which_methods_there_are() {
        let problem = Problem::method_not_allowed("GET, OPTIONS".to_owned());
        assert_eq!(
            (problem.status().as_u16(), &problem.headers()[ALLOW]),
            (405, &HeaderValue::from_static("GET, OPTIONS"))
        );
    }

    #[test]
    fn has_the_form_of_each_contract() {
        let problem =
            Problem::new(ProblemKind::PlanLimitExceeded, "Your free plan allows 50 queries per month.");
        let (body, content_type) = problem.body(Contract::Videos, "/chat/x", "r-1");
        assert_eq!(content_type, "application/problem+json");
        assert_eq!(body["type"], "https://frameiq.app/errors/plan-limit-exceeded");
        assert_eq!((body["status"].as_u64(), body["instance"].as_str()), (Some(402), Some("/chat/x")));
        let (body, _) = problem.body(Contract::Jobs, "/api/jobs", "r-1");
        assert_eq!(body, json!({ "error": "Your free plan allows 50 queries per month." }));
    }
}
