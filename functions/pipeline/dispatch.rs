//! Ingest queue: an upload has arrived, or a fetched video is due. Starts the state machine.

use std::sync::Arc;

use aws_lambda_events::event::s3::{S3Event, S3EventRecord};
use domain::video::StateKind;
use edge::step::StepError;
use edge::{App, clock, queue, runs, telemetry};
use store::{IngestMessage, Source, keys};

async fn dispatch(app: Arc<App>, message: String) -> Result<(), StepError> {
    if let Ok(message) = serde_json::from_str::<IngestMessage>(&message) {
        return start_run(&app, message).await;
    }
    match serde_json::from_str::<S3Event>(&message) {
        Ok(event) => {
            for record in event.records {
                upload_arrived(&app, record).await?;
            }
            Ok(())
        }
        // S3 tests a new notification with a message that has no records.
        Err(_) if message.contains("s3:TestEvent") => Ok(()),
        Err(error) => Err(StepError::transient(error)),
    }
}

async fn start_run(app: &App, message: IngestMessage) -> Result<(), StepError> {
    let Some(video) = app.store.video(message.video_id).await? else { return Ok(()) };
    telemetry::follow(&video);
    if video.attempt == message.attempt && !video.is_terminal() {
        app.store.start_execution(&video).await?;
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
    let arrived = app.store.upload_arrived(id, source.clone(), clock::now()).await?;
    let video = match arrived {
        Some(video) => {
            telemetry::follow(&video);
            runs::begun(&video);
            video
        }
        // A redelivery of the event that did it may have died before it started the run; a later PUT is ignored.
        None => match app.store.video(id).await? {
            Some(video)
                if video.source.as_ref() == Some(&source) && video.state.kind() == StateKind::Queued =>
            {
                video
            }
            Some(_) | None => return Ok(()),
        },
    };
    Ok(app.store.start_execution(&video).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    queue::serve(dispatch).await
}
