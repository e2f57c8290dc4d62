//! Callback queue: tells the owner's own endpoint that a job has ended.
//!
//! A message is one attempt. Before it is made, it is claimed; afterwards, what it came to is recorded, and the next
//! one is asked for. Whoever dies between the two leaves an attempt that is made again, under the same `webhook-id`.

use std::sync::Arc;

use domain::callback::{Callback, CallbackEvent};
use edge::signature::{StandardSecret, callback_secret};
use edge::step::StepError;
use edge::{App, Job, Secret, clock, fetch, queue, telemetry};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use serde::Serialize;
use store::{CallbackAttempt, CallbackMessage, Video};

/// What is posted.
#[derive(Serialize)]
struct Body {
    #[serde(rename = "type")]
    event: CallbackEvent,
    /// When the job ended; the same at every attempt.
    timestamp: Timestamp,
    data: Job,
}

async fn call_back(app: Arc<App>, message: String) -> Result<(), StepError> {
    let message: CallbackMessage = serde_json::from_str(&message).map_err(StepError::transient)?;
    // Deleted meanwhile, or retried and not at its new end yet: there is nothing to tell.
    let Some(video) = app.store.video(message.video_id).await? else { return Ok(()) };
    telemetry::follow(&video);
    let told = CallbackEvent::of(video.state).filter(|_| video.attempt == message.run);
    let (Some(event), Some(callback)) = (told, &video.callback) else { return Ok(()) };
    let body = Body { event, timestamp: video.updated_at, data: Job::new(&video, callback.api_version) };
    let body = serde_json::to_vec(&body).map_err(StepError::transient)?;
    let secret = signing_secret(&app, &video, callback).await?;
    let at = clock::now();
    let headers = headers(&secret, message, at, &body)?;
    // What fails until here is no attempt.
    if !app.store.claim_attempt(message, at).await? {
        return Ok(());
    }
    let allowed = &app.config.local.fetch_allow;
    let outcome = fetch::post(&callback.url, headers, body.into(), allowed).await;
    tracing::info!(video.id = %video.id, number = message.number, ?outcome, "callback attempted");
    Ok(app.store.record_attempt(message, CallbackAttempt { at, outcome }, clock::now()).await?)
}

async fn signing_secret(app: &App, video: &Video, callback: &Callback) -> Result<StandardSecret, StepError> {
    let master = app.secret(Secret::Callback).await?;
    let secret = callback_secret(master, &video.owner, &callback.key);
    StandardSecret::parse(&secret).map_err(StepError::transient)
}

fn headers(
    secret: &StandardSecret,
    message: CallbackMessage,
    at: Timestamp,
    body: &[u8],
) -> Result<HeaderMap, StepError> {
    // The same at every attempt, and another one when a retried job ends again.
    let id = format!("msg_{}-{}", message.video_id, message.run.0);
    let signature = secret.sign(&id, at, body);
    let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    for (name, value) in [
        ("webhook-id", id),
        ("webhook-timestamp", at.as_second().to_string()),
        ("webhook-signature", signature),
    ] {
        headers.insert(name, HeaderValue::try_from(value).map_err(StepError::transient)?);
    }
    Ok(headers)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    queue::serve(call_back).await
}
