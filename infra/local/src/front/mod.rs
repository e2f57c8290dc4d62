//! The stack's public face on localhost: both APIs under their published paths, and the local issuer's keys.

mod deployed;
mod event;
mod gateway;
mod host;
mod listen;
mod prelude;
mod proxy;
mod routes;
mod runtime_api;

pub(crate) use listen::Listeners;

use crate::aws::Aws;
use crate::deploy::Outputs;
use crate::error::StackError;
use crate::issuer::Issuer;
use crate::options::StackOptions;
use crate::wire::{self, Body, HttpClient};
use bytes::Bytes;
use gateway::Reason;
use host::Function;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use routes::Api;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Uuid;

/// API Gateway's limit for a request's payload.
const PAYLOAD_LIMIT: usize = 10 * 1024 * 1024;
const JWKS_PATH: &str = "/.well-known/jwks.json";

/// What a request meets.
pub(crate) struct Front {
    http: HttpClient,
    endpoint: String,
    /// At `/`.
    videos: Api,
    /// At `/{its stage}`, so that its URLs are those of the reference.
    jobs: Api,
    hosted: BTreeMap<String, Arc<Function>>,
    jwks: String,
}

impl Front {
    /// Learns the deployed APIs and readies the functions that stream.
    pub(crate) async fn new(
        options: &StackOptions,
        aws: &Aws,
        http: HttpClient,
        outputs: &Outputs,
        environment: &[(String, String)],
        issuer: &Issuer,
    ) -> Result<Self, StackError> {
        let videos = Api::read(aws, outputs.get("VideosApiId")?).await?;
        let jobs = Api::read(aws, outputs.get("JobsApiId")?).await?;
        let mut hosted = BTreeMap::new();
        for name in videos.resources.streaming_functions().chain(jobs.resources.streaming_functions()) {
            if !hosted.contains_key(name) {
                let code = options.state("tmp").join("hosted").join(name);
                let log = options.state(format!("logs/{name}.log"));
                hosted.insert(name.to_owned(), Function::load(aws, name, &code, &log, environment).await?);
            }
        }
        Ok(Self { http, endpoint: aws.endpoint().to_owned(), videos, jobs, hosted, jwks: issuer.jwks()? })
    }

    async fn answer(&self, request: Request<Incoming>, caller: IpAddr) -> Response<Body> {
        let public = request.uri().path().to_owned();
        if public == JWKS_PATH {
            return self.keys();
        }
        let request_id = Uuid::new_v4().to_string();
        let (api, path) = self.mount(&public);
        self.reply(api, path, request, caller, &request_id)
            .await
            .unwrap_or_else(|reason| api.own.answer(reason, &public, &request_id))
    }

    async fn reply(
        &self,
        api: &Api,
        path: &str,
        request: Request<Incoming>,
        caller: IpAddr,
        request_id: &str,
    ) -> Result<Response<Body>, Reason> {
        if declared_length(request.headers()).is_some_and(|length| length > PAYLOAD_LIMIT) {
            return Err(Reason::RequestTooLarge);
        }
        if let Some(route) = api.resources.streaming_route(request.method(), path)
            && let Some(function) = self.hosted.get(route.function)
        {
            let (head, body) = request.into_parts();
            let body = read(body).await?;
            let event = event::proxy_event(api, &route, path, &head, &body, caller, request_id);
            return stream(function, route.function, event.to_string().into(), request_id).await;
        }
        proxy::forward(&self.http, &self.endpoint, api, path, request, caller).await
    }

    /// The API that serves this path, and the path inside its stage.
    fn mount<'a>(&self, path: &'a str) -> (&Api, &'a str) {
        match path.strip_prefix('/').and_then(|path| path.strip_prefix(&self.jobs.stage)) {
            Some("") => (&self.jobs, "/"),
            Some(inside) if inside.starts_with('/') => (&self.jobs, inside),
            _ => (&self.videos, path),
        }
    }

    fn keys(&self) -> Response<Body> {
        let mut response = Response::new(wire::full(self.jwks.clone()));
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

async fn read(body: Incoming) -> Result<Bytes, Reason> {
    match Limited::new(body, PAYLOAD_LIMIT).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Reason::RequestTooLarge),
        // The caller is gone, so nobody reads what this becomes.
        Err(_) => Err(Reason::IntegrationFailed),
    }
}

async fn stream(
    function: &Arc<Function>,
    name: &str,
    event: Bytes,
    request_id: &str,
) -> Result<Response<Body>, Reason> {
    let mut response = function.invoke(request_id.to_owned(), event).await.map_err(|error| {
        tracing::warn!(%error, function.name = name, "a hosted function gave no answer");
        Reason::IntegrationFailed
    })?;
    if let Ok(id) = HeaderValue::from_str(request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    Ok(response)
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
