//! Every five minutes: looks after every video that has taken longer than it should. Whatever was lost on the way
//! (a message, an event, a process) comes to light here, so that no video stays open, nothing stays reserved, and no
//! end stays untold.

use std::sync::Arc;

use domain::failure::{Failure, FailureCode};
use domain::ids::VideoId;
use domain::video::StateKind;
use edge::step::{self, StepError, give_up};
use edge::{App, clock, runs, telemetry};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use store::{Admitted, Purge, Run, StoreError, Video};
use tracing::Instrument;

/// Above the state machine's own limit of 36 hours: reached only where that is not enforced.
const LONGEST_RUN: SignedDuration = SignedDuration::from_hours(37);
/// Whoever lets a video run starts it within this time, or has died.
const LONGEST_START: SignedDuration = SignedDuration::from_mins(5);
/// A start that is refused for so long always will be, and others need the slot.
const LONGEST_REFUSAL: SignedDuration = SignedDuration::from_hours(1);
/// A run is looked after so often.
const NEXT_LOOK: SignedDuration = SignedDuration::from_mins(5);
/// A place in line is not lost, and is looked at only in case that it is: so often.
const NEXT_LOOK_IN_LINE: SignedDuration = SignedDuration::from_mins(30);

async fn sweep(app: Arc<App>, _tick: Value) -> Result<(), StepError> {
    let now = clock::now();
    // First, because it is short: looking after all videos may take longer than this function has.
    let mut outcome = look_at_line(&app, now).await;
    if let Err(error) = &outcome {
        // Nor must the line's trouble keep videos waiting that are in none.
        tracing::error!(?error, "line not looked at in full");
    }
    for id in app.store.due(now).await? {
        let work = telemetry::work();
        // One video's trouble must not keep the others waiting.
        if let Err(error) = look_after(&app, id, now).instrument(work.clone()).await {
            work.in_scope(|| tracing::error!(video.id = %id, %error, "video not looked after"));
            outcome = Err(error.into());
        }
    }
    // Again, for whoever was put in line meanwhile.
    app.store.start_waiting(app.config.max_running_videos, now).await?;
    outcome
}

/// Frees the slots of runs that are over, tells how long the line is, and starts videos at its head.
async fn look_at_line(app: &App, now: Timestamp) -> Result<(), StepError> {
    let mut outcome = Ok(());
    let running = app.store.admitted().await?;
    let videos_running = running.len();
    for run in running {
        let work = telemetry::work();
        if let Err(error) = check_slot(app, run, now).instrument(work.clone()).await {
            work.in_scope(|| tracing::error!(video.id = %run.video, %error, "slot not checked"));
            outcome = Err(error.into());
        }
    }
    runs::in_line(videos_running, app.store.line().await?, now);
    app.store.start_waiting(app.config.max_running_videos, now).await?;
    outcome
}

/// The end of a run gives its slot back, and whoever lets a video run starts it. Here, where either was lost.
async fn check_slot(app: &App, run: Admitted, now: Timestamp) -> Result<(), StoreError> {
    let found = app.store.run(run.video, run.attempt).await?;
    match found {
        Some(Run::Going { since }) if now.duration_since(since) < LONGEST_RUN => return Ok(()),
        None if now.duration_since(run.since) < LONGEST_START => return Ok(()),
        Some(Run::Going { .. } | Run::Over) | None => {}
    }
    let video = video_of(app, run).await?;
    if let Some(video) = video.filter(|video| found.is_none() && !video.is_terminal())
        && start_again(app, &video, run, now).await?
    {
        return Ok(());
    }
    // Also where the message that says so is on its way.
    tracing::info!(video.id = %run.video, "a run has ended: the slot is given back now");
    app.store.release_slot(run.video, run.attempt).await
}

/// The video of a run, if it is in this attempt still. One that cannot be read must not keep its slot for ever.
async fn video_of(app: &App, run: Admitted) -> Result<Option<Video>, StoreError> {
    let video = match app.store.video(run.video).await {
        Ok(video) => video.filter(|video| video.attempt == run.attempt),
        Err(error @ StoreError::Malformed { .. }) => {
            tracing::error!(video.id = %run.video, %error, "video of a slot not read");
            None
        }
        Err(error) => return Err(error),
    };
    if let Some(video) = &video {
        telemetry::follow(video);
    }
    Ok(video)
}

/// Starts a run whose start was lost. False where that was refused for so long that the video has been given up.
async fn start_again(app: &App, video: &Video, run: Admitted, now: Timestamp) -> Result<bool, StoreError> {
    match app.store.start_execution(video).await {
        Ok(()) => {
            tracing::warn!(video.id = %video.id, "a lost start: the run is started now");
            Ok(true)
        }
        Err(error) if now.duration_since(run.since) < LONGEST_REFUSAL => Err(error),
        Err(error) => {
            tracing::error!(video.id = %video.id, %error, "run not started for an hour: its video is given up");
            end(app, video, not_started()).await?;
            Ok(false)
        }
    }
}

async fn look_after(app: &App, id: VideoId, now: Timestamp) -> Result<(), StoreError> {
    let Some(video) = &app.store.video(id).await? else {
        // Buried: the message that asked for its removal is lost.
        return app.store.enqueue_purge(Purge::Video(id), SignedDuration::ZERO).await;
    };
    telemetry::follow(video);
    match video.state.kind() {
        StateKind::AwaitingUpload => end(app, video, upload_expired()).await,
        StateKind::Queued | StateKind::Processing => match app.store.run(id, video.attempt).await? {
            // It waits in line, or the message that was to put it there is lost.
            None if video.state.kind() == StateKind::Queued => {
                app.store.join_line(video).await?;
                app.store.postpone_check(video, now + NEXT_LOOK_IN_LINE).await
            }
            Some(Run::Going { since }) if now.duration_since(since) < LONGEST_RUN => {
                app.store.postpone_check(video, now + NEXT_LOOK).await
            }
            Some(Run::Going { .. } | Run::Over) | None => end(app, video, interrupted()).await,
        },
        StateKind::Ready | StateKind::Failed | StateKind::Cancelled => app.store.settle(video, now).await,
    }
}

async fn end(app: &App, video: &Video, failure: Failure) -> Result<(), StoreError> {
    tracing::warn!(video.id = %video.id, code = ?failure.code, "video ended from outside");
    give_up(app, video.id, video.attempt, video.current_stage(), failure).await
}

fn upload_expired() -> Failure {
    let detail =
        "The upload URL ended before a file was uploaded. Create a new job and upload within 15 minutes.";
    Failure::new(FailureCode::UploadExpired, detail)
}

fn interrupted() -> Failure {
    let detail = "Processing was interrupted on our side. This attempt was not billed; please retry.";
    Failure::new(FailureCode::Internal, detail)
}

fn not_started() -> Failure {
    let detail = "Processing could not be started on our side. This attempt was not billed; please retry.";
    Failure::new(FailureCode::Internal, detail)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    step::serve(sweep).await
}
