//! `GET /videos/{video_id}`: one video, and while it is processed, how far.

use domain::failure::Failure;
use domain::ids::VideoId;
use domain::stage::Stage;
use domain::video::VideoStatus;
use edge::{Call, Door, Problem, Reply};
use http::StatusCode;
use serde::Serialize;
use store::{StageProgress, Video};

#[derive(Serialize)]
struct Body {
    id: VideoId,
    title: String,
    status: VideoStatus,
    frame_count: Option<u32>,
    duration_secs: Option<u64>,
    job: Option<Job>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

#[derive(Serialize)]
struct Job {
    stage: Stage,
    progress: u8,
}

async fn get_video(call: Call) -> Result<Reply, Problem> {
    let id = call.path("video_id", "video")?;
    let found = call.app.store.video_with_stages(id).await?;
    let (video, stages) = found.ok_or_else(|| Problem::not_found("video"))?;
    let video = call.own_video(Some(video), "video")?;
    let body = Body {
        id: video.id,
        status: video.state.video_status(),
        frame_count: video.frame_count,
        duration_secs: video.duration.map(|duration| duration.get().round() as u64),
        job: (!video.is_terminal()).then(|| job(&video, &stages)),
        failure: video.failure(),
        title: video.title,
    };
    Reply::json(StatusCode::OK, &body)
}

fn job(video: &Video, stages: &[StageProgress]) -> Job {
    let stage = video.current_stage();
    let progress = stages.iter().find(|progress| progress.stage == stage).map_or(0, StageProgress::percent);
    Job { stage, progress }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, get_video).await
}
