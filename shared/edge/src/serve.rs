//! The loop around a handler: let the caller in, run it, answer, log one line.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use domain::ids::TraceId;
use futures::TryStreamExt;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS};
use http::{HeaderValue, Method, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use lambda_http::request::RequestContext;
use lambda_http::{Body as LambdaBody, Request, RequestExt, service_fn};
use tracing::Instrument;

use crate::app::App;
use crate::call::Call;
use crate::caller::{Caller, Door, Knock};
use crate::clock;
use crate::problem::Problem;
use crate::reply::{Body, Reply};
use crate::telemetry;

type Handler = dyn Fn(Call) -> Pin<Box<dyn Future<Output = Result<Reply, Problem>> + Send>> + Send + Sync;

type Serving = Pin<Box<dyn Future<Output = Result<(), lambda_http::Error>>>>;

/// Serves an endpoint until the process ends.
///
/// # Errors
/// When a setting does not parse, or the runtime goes away.
pub async fn serve<F>(
    door: Door,
    handler: impl Fn(Call) -> F + Send + Sync + 'static,
) -> Result<(), lambda_http::Error>
where
    F: Future<Output = Result<Reply, Problem>> + Send + 'static,
{
    // Boxed here, so that everything around the handler is compiled once, in this crate.
    run(door, Box::new(move |call| Box::pin(handler(call)))).await
}

/// Serves an endpoint whose answers are sent while they are made.
///
/// # Errors
/// When a setting does not parse, or the runtime goes away.
pub async fn serve_streaming<F>(
    door: Door,
    handler: impl Fn(Call) -> F + Send + Sync + 'static,
) -> Result<(), lambda_http::Error>
where
    F: Future<Output = Result<Reply, Problem>> + Send + 'static,
{
    run_streaming(door, Box::new(move |call| Box::pin(handler(call)))).await
}

/// Boxed for the same reason: an `async fn` would be compiled again in every binary.
fn run(door: Door, handler: Box<Handler>) -> Serving {
    Box::pin(async move {
        telemetry::init();
        let app = Arc::new(App::new().await?);
        let (app, handler) = (&app, &handler);
        lambda_http::run(service_fn(move |request: Request| async move {
            let response = answer(app, door, handler, request).await;
            let (parts, body) = response.into_parts();
            match body {
                Body::Whole(text) => Ok(Response::from_parts(parts, LambdaBody::Text(text))),
                Body::Stream(_) => {
                    Err(lambda_http::Error::from("a buffered function answered with a stream"))
                }
            }
        }))
        .await
    })
}

fn run_streaming(door: Door, handler: Box<Handler>) -> Serving {
    Box::pin(async move {
        telemetry::init();
        let app = Arc::new(App::new().await?);
        let (app, handler) = (&app, &handler);
        lambda_http::run_with_streaming_response(service_fn(move |request: Request| async move {
            let response = answer(app, door, handler, request).await;
            let response = response.map(|body| StreamBody::new(body.into_stream().map_ok(Frame::data)));
            Ok::<_, lambda_http::Error>(response)
        }))
        .await
    })
}

/// Everything but the transport.
async fn answer(app: &Arc<App>, door: Door, handler: &Handler, request: Request) -> Response<Body> {
    let seen = Seen::of(&request);
    let request_of = telemetry::request(&seen.trace_id);
    answer_seen(app, door, handler, request, seen).instrument(request_of).await
}

async fn answer_seen(
    app: &Arc<App>,
    door: Door,
    handler: &Handler,
    request: Request,
    seen: Seen,
) -> Response<Body> {
    let started = Instant::now();
    let now = clock::now();
    let contract = door.contract(seen.stage.as_deref());
    let knock = Knock { headers: request.headers(), source_ip: &seen.source_ip, now };
    let (allowance, caller) = if is_preflight(door, request.method()) {
        (None, Ok(Caller::Anonymous))
    } else {
        let (allowance, caller) = door.open(app, contract, &knock).await;
        (Some(allowance), caller)
    };
    let limited = allowance.filter(|_| door.refuses_many()).and_then(|allowance| allowance.refusal(now));
    let outcome = match (limited, caller) {
        (Some(limited), _) => Err(limited),
        (None, Err(refused)) => Err(refused),
        (None, Ok(caller)) => {
            let (app, resource, trace_id) = (app.clone(), seen.resource.clone(), seen.trace_id.clone());
            handler(Call { app, now, contract, resource, trace_id, caller, request }).await
        }
    };
    let cause = outcome.as_ref().err().and_then(Problem::cause).map(str::to_owned);
    let reply =
        outcome.unwrap_or_else(|problem| Reply::refusal(&problem, contract, &seen.path, &seen.trace_id.0));
    let mut response = Response::new(reply.body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    let headers = response.headers_mut();
    // Any origin: callers are known by what they send in a header, never by a cookie.
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    if let Ok(id) = HeaderValue::from_str(&seen.trace_id.0) {
        headers.insert("x-request-id", id);
    }
    if let Some(allowance) = allowance {
        allowance.write(headers);
    }
    telemetry::answered(&seen.resource, reply.status, started.elapsed(), cause.as_deref());
    response
}

/// Headers that scripts in a browser may read.
const EXPOSED: &str =
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After, X-Request-Id, Allow";

/// Browsers ask before they send, and no script sees the answer: it is not one of the caller's requests a minute.
fn is_preflight(door: Door, method: &Method) -> bool {
    door == Door::Anywhere && method == Method::OPTIONS
}

/// What the gateway says about a request.
struct Seen {
    /// Its own id of the request.
    trace_id: TraceId,
    source_ip: String,
    stage: Option<String>,
    resource: String,
    path: String,
}

impl Seen {
    fn of(request: &Request) -> Self {
        let path = request.raw_http_path().to_owned();
        match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV1(context)) => Self {
                // A caller may have chosen it.
                trace_id: TraceId::new(context.request_id.as_deref().unwrap_or_default()),
                // Never a header: those are the caller's to write.
                source_ip: context.identity.source_ip.clone().unwrap_or_default(),
                stage: context.stage.clone(),
                resource: context.resource_path.clone().unwrap_or_default(),
                path,
            },
            _ => Self {
                trace_id: TraceId::new(""),
                source_ip: String::new(),
                stage: None,
                resource: String::new(),
                path,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use lambda_http::aws_lambda_events::apigw::ApiGatewayProxyRequestContext;

    use super::*;

    #[test]
    fn the_id_that_a_caller_chose_is_short_and_can_be_seen() {
        let mut context = ApiGatewayProxyRequestContext::default();
        context.request_id = Some(format!("mine\n{}", "é-".repeat(200)));
        let request = Request::default().with_request_context(RequestContext::ApiGatewayV1(context));
        assert_eq!(Seen::of(&request).trace_id.0, format!("mine{}", "-".repeat(124)));
    }
}
