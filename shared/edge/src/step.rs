//! The loop around a step of the pipeline.
//!
//! A step that cannot go on says why in one of four ways, and the state machine knows exactly these names:
//! `Rejected` (the video is at fault; recorded here, where the reason is known), `Stopped` (the video has
//! ended meanwhile; nothing is wrong), `Pending` (somebody else is at it; look again later) and `Transient` (worth
//! another try).

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use domain::cost::Spent;
use domain::failure::Failure;
use domain::ids::{Attempt, VideoId};
use domain::stage::Stage;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{StepInput, StoreError, Video};
use tracing::Instrument;

use crate::app::App;
use crate::clock;
use crate::problem::Problem;
use crate::runs;
use crate::scratch::Scratch;
use crate::telemetry;

/// Why a step did not do its work.
#[derive(Debug)]
pub enum StepError {
    /// The video cannot be processed.
    Rejected(Failure),
    /// The video has ended, or this attempt has been overtaken.
    Stopped,
    /// A service works on it for longer than a function may wait.
    Pending,
    /// Something else failed; trying again may help.
    Transient(String),
}

impl StepError {
    /// A failure that has nothing to do with the video.
    pub fn transient(cause: impl ToString) -> Self {
        Self::Transient(cause.to_string())
    }
}

impl From<StoreError> for StepError {
    fn from(error: StoreError) -> Self {
        Self::transient(error)
    }
}

impl From<Failure> for StepError {
    fn from(failure: Failure) -> Self {
        Self::Rejected(failure)
    }
}

impl From<StepError> for Diagnostic {
    fn from(error: StepError) -> Self {
        let (error_type, error_message) = match error {
            StepError::Rejected(failure) => ("Rejected", failure.detail),
            StepError::Stopped => ("Stopped", "the video has ended".to_owned()),
            StepError::Pending => ("Pending", "a service is at work".to_owned()),
            StepError::Transient(cause) => ("Transient", cause),
        };
        Self { error_type: error_type.to_owned(), error_message }
    }
}

/// A step has no caller, so what was meant for one is dropped: only the cause is kept.
impl From<Problem> for StepError {
    fn from(problem: Problem) -> Self {
        Self::transient(problem.cause().unwrap_or("refused without a cause"))
    }
}

type Handler<I, O> =
    dyn Fn(Arc<App>, I) -> Pin<Box<dyn Future<Output = Result<O, StepError>> + Send>> + Send + Sync;

/// Serves a function that AWS itself calls: a step, a queue's consumer, a schedule's target.
///
/// # Errors
/// When a setting does not parse, or the runtime goes away.
pub async fn serve<I, O, F>(
    handler: impl Fn(Arc<App>, I) -> F + Send + Sync + 'static,
) -> Result<(), lambda_runtime::Error>
where
    I: DeserializeOwned + Send + 'static,
    O: Serialize + Send + 'static,
    F: Future<Output = Result<O, StepError>> + Send + 'static,
{
    let typed: Box<Handler<I, O>> = Box::new(move |app, input| Box::pin(handler(app, input)));
    let typed = Arc::new(typed);
    run(Box::new(move |app, event| {
        let typed = typed.clone();
        Box::pin(async move {
            let input = serde_json::from_value(event).map_err(StepError::transient)?;
            let output = typed(app, input).await?;
            serde_json::to_value(output).map_err(StepError::transient)
        })
    }))
    .await
}

/// Boxed, because an `async fn` would be compiled again in every binary.
fn run(
    handler: Box<Handler<Value, Value>>,
) -> Pin<Box<dyn Future<Output = Result<(), lambda_runtime::Error>>>> {
    Box::pin(async move {
        telemetry::init();
        let app = Arc::new(App::new().await?);
        let scratch = Scratch::of_process();
        let (app, handler, scratch) = (&app, &handler, &scratch);
        lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| async move {
            if let Some(scratch) = scratch {
                scratch.clear();
            }
            let work = telemetry::work();
            // What the execution was started with; inside a Map, and once the row is read, the row says it.
            for (name, input) in [("video.id", "videoId"), ("trace.id", "traceId")] {
                if let Some(id) = event.payload[input].as_str() {
                    work.record(name, id);
                }
            }
            logged(handler(app.clone(), event.payload)).instrument(work).await
        }))
        .await
    })
}

/// The one line of an invocation.
async fn logged(work: impl Future<Output = Result<Value, StepError>>) -> Result<Value, StepError> {
    let started = Instant::now();
    let outcome = work.await;
    let duration_ms = started.elapsed().as_millis() as u64;
    match &outcome {
        Ok(_) => tracing::info!(duration_ms, "step done"),
        Err(StepError::Stopped) => tracing::info!(duration_ms, "step not needed any more"),
        Err(StepError::Pending) => tracing::info!(duration_ms, "step under way"),
        Err(StepError::Rejected(failure)) => {
            tracing::info!(duration_ms, code = ?failure.code, "video rejected");
        }
        Err(StepError::Transient(cause)) => tracing::error!(duration_ms, cause, "step failed"),
    }
    outcome
}

/// Does a step's work on a video: enters the stage, and if the video is at fault, records why and gives back
/// what was reserved for it.
///
/// # Errors
/// As the work's own; `Stopped` when the video has ended or another attempt has taken over.
pub async fn in_stage<O>(
    app: &App,
    input: StepInput,
    stage: Stage,
    work: impl AsyncFnOnce(Video) -> Result<O, StepError>,
) -> Result<O, StepError> {
    let began = Instant::now();
    let video = app.store.stage_started(input.video_id, input.attempt, stage, clock::now()).await?;
    let video = video.ok_or(StepError::Stopped)?;
    telemetry::follow(&video);
    let outcome = work(video).await;
    // Whatever came of it, it took its time.
    let megabyte_ms = app.config.memory_mb * began.elapsed().as_millis() as u64;
    record_spent(app, input.video_id, stage, Spent { megabyte_ms, ..Spent::default() }).await;
    if let Err(StepError::Rejected(failure)) = &outcome {
        give_up(app, input.video_id, input.attempt, stage, failure.clone()).await?;
    }
    outcome
}

/// Adds to what a stage has used. A receipt that lacks something is no reason to do the work again.
pub async fn record_spent(app: &App, id: VideoId, stage: Stage, spent: Spent) {
    if let Err(error) = app.store.spent(id, stage, spent).await {
        tracing::warn!(video.id = %id, %error, "use not recorded");
    }
}

/// Does a step's work inside a Map. A Map tells its machine that a child failed, but not how: so a part that is not
/// needed any more is no failure here, and the state after the Map finds the video ended and says so.
///
/// # Errors
/// As [`in_stage`], without `Stopped`.
pub async fn in_map(
    app: &App,
    input: StepInput,
    stage: Stage,
    work: impl AsyncFnOnce(Video) -> Result<(), StepError>,
) -> Result<(), StepError> {
    match in_stage(app, input, stage, work).await {
        Err(StepError::Stopped) => Ok(()),
        outcome @ (Ok(()) | Err(StepError::Rejected(_) | StepError::Pending | StepError::Transient(_))) => {
            outcome
        }
    }
}

/// Ends a video without a result, unless it has ended already or is in another attempt, and settles its account either
/// way.
///
/// # Errors
/// When the store does not answer; doing it again is safe.
pub async fn give_up(
    app: &App,
    id: VideoId,
    attempt: Attempt,
    stage: Stage,
    failure: Failure,
) -> Result<(), StoreError> {
    let now = clock::now();
    let ended = match app.store.failed(id, attempt, stage, failure, now).await? {
        Some(video) => {
            runs::failed(&video);
            Some(video)
        }
        None => app.store.video(id).await?,
    };
    match ended {
        Some(video) => app.store.settle(&video, now).await,
        None => Ok(()),
    }
}
