//! `GET /videos/{video_id}/jobs`: the stages that have begun, each with its progress.

use domain::ids::VideoId;
use domain::stage::{Stage, overall_progress};
use domain::video::VideoStatus;
use edge::{Call, Door, Problem, Reply};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct Body {
    video_id: VideoId,
    status: VideoStatus,
    stages: Vec<StageBody>,
    overall_progress: u8,
}

#[derive(Serialize)]
struct StageBody {
    stage: Stage,
    progress: u8,
    started_at: Timestamp,
    finished_at: Option<Timestamp>,
}

async fn get_progress(call: Call) -> Result<Reply, Problem> {
    let id = call.path("video_id", "video")?;
    let found = call.app.store.video_with_stages(id).await?;
    let (video, stages) = found.ok_or_else(|| Problem::not_found("video"))?;
    let video = call.own_video(Some(video), "video")?;
    let body = Body {
        video_id: id,
        status: video.state.video_status(),
        overall_progress: overall_progress(
            stages.iter().map(|progress| (progress.stage, progress.percent())),
        ),
        stages: stages
            .iter()
            .filter_map(|progress| {
                Some(StageBody {
                    stage: progress.stage,
                    progress: progress.percent(),
                    started_at: progress.started_at?,
                    finished_at: progress.finished_at,
                })
            })
            .collect(),
    };
    Reply::json(StatusCode::OK, &body)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, get_progress).await
}
