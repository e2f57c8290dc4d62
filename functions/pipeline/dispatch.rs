//! Ingest queue: an upload has arrived, a fetched video is due, or a run has ended. Puts videos in line, and once for each
//! batch of messages starts the state machine for those at its head while few enough run.

use std::sync::Arc;

use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use edge::step::StepError;
use edge::{App, clock, queue, runs, telemetry};
use serde::Deserialize;
use store::{IngestMessage, Source, StepInput, keys};

/// From the rule: an execution has ended, in whatever way.
#[derive(Deserialize)]
struct RunEnded {
    detail: Ended,
}

#[derive(Deserialize)]
struct Ended {
    input: String,
}

async fn dispatch(app: Arc<App>, message: String) -> Result<(), StepError> {
    if let Ok(message) = serde_json::from_str::<IngestMessage>(&message) {
        queued(&app, message).await?;
    } else if let Ok(ended) = serde_json::from_str::<RunEnded>(&message) {
        let run: StepInput = serde_json::from_str(&ended.detail.input).map_err(StepError::transient)?;
        app.store.release_slot(run.video_id, run.attempt).await?;
    } else {
        match serde_json::from_str::<S3Event>(&message) {
            Ok(event) => {
                for record in event.records {
                    upload_arrived(&app, record).await?;
                }
            }
            // S3 tests a new notification with a message that has no records.
            Err(_) if message.contains("s3:TestEvent") => {}
            Err(error) => return Err(StepError::transient(error)),
        }
    }
    Ok(())
}

async fn start_waiting(app: Arc<App>) -> Result<(), StepError> {
    Ok(app.store.start_waiting(app.config.max_running_videos, clock::now()).await?)
}

async fn queued(app: &App, message: IngestMessage) -> Result<(), StepError> {
    let Some(video) = app.store.video(message.video_id).await? else { return Ok(()) };
    telemetry::follow(&video);
    if video.attempt == message.attempt {
        app.store.join_line(&video).await?;
    }
    Ok(())
}

async fn upload_arrived(app: &App, record: S3EventRecord) -> Result<(), StepError> {
    let object = record.s3.object;
    let key = object.url_decoded_key.or(object.key).unwrap_or_default();
    let Some(id) = keys::video_of_upload(&key) else { return Ok(()) };
    let source = Source {
        key,
        version_id: object.version_id.unwrap_or_default(),
        size: object.size.and_then(|size| size.try_into().ok()).unwrap_or(0),
    };
    let now = clock::now();
    let Some(video) = app.store.upload_arrived(id, source, now).await? else { return Ok(()) };
    telemetry::follow(&video);
    if app.store.claim_upload_count(&video, now).await? {
        runs::begun(&video);
    }
    Ok(app.store.join_line(&video).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    queue::serve_batches(dispatch, start_waiting).await
}
