//! Whatever no other function serves: 404 for a path that is in no contract, 405 for a method that a path does not
//! have, and what browsers ask before they send (`OPTIONS`).
//!
//! API Gateway chooses a resource by path and method together, so a known path with another method arrives here too.

use domain::problem::ProblemKind;
use edge::{Call, Contract, Door, Problem, Reply};
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE, ALLOW,
};
use http::{HeaderValue, Method, StatusCode};

/// A path as template.yaml has it, and its methods.
type Route = (&'static str, &'static str);

/// The routes of the Videos & Chat API; of two that a path fits the first is meant. A contract test holds both tables
/// equal to template.yaml.
const VIDEOS: &[Route] = &[
    ("/videos", "GET, POST"),
    ("/videos/{video_id}", "DELETE, GET"),
    ("/videos/{video_id}/jobs", "GET"),
    ("/videos/{video_id}/retry", "POST"),
    ("/chat/{video_id}", "POST"),
    ("/chat/{video_id}/sessions", "GET"),
    ("/chat/sessions/{session_id}", "GET"),
    ("/search", "POST"),
    ("/usage", "GET"),
    ("/billing/checkout", "POST"),
    ("/billing/portal", "POST"),
    ("/webhooks/clerk", "POST"),
    ("/webhooks/stripe", "POST"),
    ("/health", "GET"),
    ("/health/worker", "GET"),
    ("/openapi.json", "GET"),
    ("/openapi/jobs.json", "GET"),
    ("/docs", "GET"),
    ("/docs/{asset}", "GET"),
    ("/redoc", "GET"),
    ("/redoc/{asset}", "GET"),
];

/// The routes of the Jobs API.
const JOBS: &[Route] = &[
    ("/api/keys", "GET, POST"),
    ("/api/keys/{keyPrefix}", "DELETE"),
    ("/api/jobs", "GET, POST"),
    ("/api/jobs/from-url", "POST"),
    ("/api/jobs/{jobId}", "GET"),
    ("/api/jobs/{jobId}/cancel", "POST"),
    ("/api/jobs/{jobId}/captions.srt", "GET"),
    ("/api/jobs/{jobId}/captions.vtt", "GET"),
    ("/api/jobs/{jobId}/thumbnails/{scene}", "GET"),
    ("/api/jobs/{jobId}/contact-sheet", "GET"),
    ("/api/search", "POST"),
    ("/api/quota", "GET"),
];

/// Headers that a page of another origin may send. No `X-API-Key`: an API key does not belong in a browser.
const ALLOWED_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID";
/// Seconds for which a browser need not ask again; none remembers for longer than a day.
const MAX_AGE: &str = "86400";

async fn not_found(call: Call) -> Result<Reply, Problem> {
    // Without the stage or a custom domain's base path, which `path` may have.
    let path: String = call.path("proxy", "endpoint").unwrap_or_default();
    let methods = methods_of(call.contract, &path);
    if methods.is_empty() {
        return Err(Problem::new(
            ProblemKind::NotFound,
            "There is no such endpoint. Check the path against the API reference.",
        ));
    }
    let allow = format!("{}, OPTIONS", methods.join(", "));
    if call.method() != Method::OPTIONS {
        return Err(Problem::method_not_allowed(allow));
    }
    let allow = HeaderValue::try_from(allow).map_err(Problem::internal)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT)
        .with_header(ALLOW, allow.clone())
        .with_header(ACCESS_CONTROL_ALLOW_METHODS, allow)
        .with_header(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS))
        .with_header(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(MAX_AGE)))
}

/// The methods of the route that a path fits; none if it fits none.
fn methods_of(contract: Contract, path: &str) -> Vec<&'static str> {
    let routes = match contract {
        Contract::Videos => VIDEOS,
        Contract::Jobs => JOBS,
    };
    let route = routes.iter().find(|(route, _)| fits(route, path));
    route.map(|(_, methods)| methods.split(", ").collect()).unwrap_or_default()
}

fn fits(route: &str, path: &str) -> bool {
    let (route, path) = (parts(route), parts(path));
    let same = |(expected, part): (&&str, &&str)| expected.starts_with('{') || expected == part;
    route.len() == path.len() && route.iter().zip(&path).all(same)
}

fn parts(path: &str) -> Vec<&str> {
    path.split('/').filter(|part| !part.is_empty()).collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Anywhere, not_found).await
}
