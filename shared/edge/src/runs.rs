//! The lines that are counted: one when a run of a video begins, one when it ends. The filters of `template.yaml` make
//! metrics of them by the names of their fields, so each is written only by who won the write that it tells of, and a
//! second run of a step counts nothing.

use domain::failure::FailureCode;
use domain::video::{StateKind, VideoState};
use jiff::{SignedDuration, Timestamp};
use store::{Line, Store, Video};

use crate::app::App;

/// A video is queued: for the first time, or for another attempt.
pub fn begun(video: &Video) {
    tracing::info!(video.id = %video.id, trace.id = trace_id(video), attempt = video.attempt.0, run = "begun", "run begun");
}

/// A video is ready. What it took is told of its first time only: what is described anew was decoded and paid for before,
/// and would count twice.
pub async fn ready(app: &App, video: &Video, was_ready: bool) {
    let took = if was_ready { None } else { took(&app.store, video).await };
    tracing::info!(
        video.id = %video.id,
        trace.id = trace_id(video),
        attempt = video.attempt.0,
        run = "ended",
        outcome = "done",
        video_secs = took.map(|took| took.video_secs),
        processing_secs = took.map(|took| took.processing_secs),
        cost_micro_dollars = took.map(|took| took.cost_micro_dollars),
        "run ended"
    );
}

/// A video has failed.
pub(crate) fn failed(video: &Video) {
    let VideoState::Failed { stage, code } = video.state else { return };
    tracing::warn!(
        video.id = %video.id,
        trace.id = trace_id(video),
        attempt = video.attempt.0,
        run = "ended",
        outcome = "failed",
        code = code_name(code),
        fault = if code.is_service_fault() { "service" } else { "owner" },
        stage = stage.name(),
        "run ended"
    );
}

/// Its owner has ended a video, which is still as it was before. One that waited for its upload had no run.
pub(crate) fn called_off(video: &Video) {
    match video.state.kind() {
        StateKind::Queued | StateKind::Processing => tracing::info!(
            video.id = %video.id,
            trace.id = trace_id(video),
            attempt = video.attempt.0,
            run = "ended",
            outcome = "cancelled",
            "run ended"
        ),
        StateKind::AwaitingUpload | StateKind::Ready | StateKind::Failed | StateKind::Cancelled => {}
    }
}

/// How many videos run and how many wait in line, and for how long the first of these has. The age of the ingest queue's
/// messages tells nothing of that: they are done with when their videos are in line.
pub fn in_line(videos_running: usize, line: Line, now: Timestamp) {
    let waited = line.since.map_or(SignedDuration::ZERO, |since| now.duration_since(since));
    tracing::info!(
        videos_running,
        videos_waiting = line.videos,
        waited_secs = waited.as_secs(),
        "videos run, and wait"
    );
}

/// What a video took, all three or nothing: their quotients are what is looked at.
#[derive(Clone, Copy)]
struct Took {
    /// Its length.
    video_secs: f64,
    /// From the queue to its end.
    processing_secs: u64,
    /// By the price list, every attempt included.
    cost_micro_dollars: u64,
}

/// `None` of a video that was queued before that was written down, and when what it used cannot be read: a line that
/// lacks something is better than none.
async fn took(store: &Store, video: &Video) -> Option<Took> {
    let processing_secs = video.indexed_at?.duration_since(video.queued_at?).as_secs().max(0) as u64;
    let stages = match store.video_with_stages(video.id).await {
        Ok(found) => found?.1,
        Err(error) => {
            tracing::warn!(video.id = %video.id, %error, "use not read");
            return None;
        }
    };
    let cost_micro_dollars = stages.iter().map(|stage| stage.spent.micro_dollars()).sum();
    // To the millisecond, and so never in the scientific notation that metric filters do not read.
    let video_secs = (f64::from(video.duration?) * 1e3).round() / 1e3;
    Some(Took { video_secs, processing_secs, cost_micro_dollars })
}

fn trace_id(video: &Video) -> Option<&str> {
    video.trace_id.as_ref().map(|id| id.0.as_str())
}

/// The word that is stored and shown.
fn code_name(code: FailureCode) -> String {
    match serde_json::to_value(code) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(_) | Err(_) => format!("{code:?}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::telemetry::line::tests::lines_of;

    fn video(state: Value) -> Video {
        let mut row = json!({
            "id": "019ea186-6500-7c3e-9b1d-2f6a5e8d4c10",
            "owner": "user_a",
            "title": "a.mp4",
            "origin": "url",
            "url": "https://example.com/a.mp4",
            "attempt": 2,
            "resume_from": "download",
            "generation": 1,
            "created_at": "2026-06-07T10:00:00Z",
            "updated_at": "2026-06-07T10:00:00Z",
            "trace_id": "the request",
        });
        row.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn a_failure_names_its_code_and_whose_fault_it_is() {
        for (code, fault) in
            [("timed_out", "service"), ("fetch_unavailable", "service"), ("not_a_video", "owner")]
        {
            let failed = video(json!({ "state": "failed", "stage": "extract", "code": code }));
            let lines = lines_of(|| super::failed(&failed));
            let [line] = lines.as_slice() else { panic!("{lines:?}") };
            assert_eq!((&line["run"], &line["outcome"]), (&"ended".into(), &"failed".into()));
            assert_eq!((&line["code"], &line["fault"]), (&code.into(), &fault.into()));
            assert_eq!((&line["trace.id"], &line["attempt"]), (&"the request".into(), &2.into()));
        }
    }

    #[test]
    fn only_what_had_begun_is_called_off() {
        for (state, lines) in [("queued", 1), ("awaiting_upload", 0), ("ready", 0)] {
            let video = video(json!({ "state": state, "has_scenes": true }));
            assert_eq!(lines_of(|| called_off(&video)).len(), lines, "{state}");
        }
    }

    #[test]
    fn a_video_from_before_has_no_trace() {
        let mut old = video(json!({ "state": "queued" }));
        old.trace_id = None;
        let lines = lines_of(|| begun(&old));
        assert_eq!((&lines[0]["run"], lines[0].get("trace.id")), (&"begun".into(), None));
    }
}
