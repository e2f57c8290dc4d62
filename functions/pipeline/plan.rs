//! Probes the source once, sets its length aside in the owner's account and lays the segments.

use std::sync::Arc;

use domain::failure::{Failure, FailureCode};
use domain::metering::billable_secs;
use domain::stage::Stage;
use domain::time::Seconds;
use edge::step::{self, StepError, in_stage};
use edge::{App, clock};
use media::SegmentPlan;
use serde::Serialize;
use steps::{outputs, source};
use store::keys::Outputs;
use store::{Reservation, StepInput, Video};

/// Where the state machine finds the list of segments.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Planned {
    segment_list: String,
}

async fn plan(app: Arc<App>, input: StepInput) -> Result<Planned, StepError> {
    in_stage(&app, input, Stage::Extract, async |video| {
        let outputs = Outputs { video: video.id, generation: input.generation };
        let plan = match app.store.object(&outputs.plan()).await? {
            Some(stored) => SegmentPlan::from_json(&stored).map_err(source::media_error)?,
            None => look(&app, &video).await?,
        };
        app.store
            .probed(video.id, input.attempt, plan.length, clock::now())
            .await?
            .ok_or(StepError::Stopped)?;
        reserve(&app, &video, plan.length).await?;
        let segments: Vec<u32> = (0..plan.segments.len() as u32).collect();
        // Every segment is a part, and so is joining them.
        let parts = segments.len() as u32 + 1;
        app.store.stage_begun(video.id, Stage::Extract, parts, clock::now()).await?;
        outputs::write_json(&app, &outputs.segment_list(), &segments).await?;
        outputs::write_json(&app, &outputs.plan(), &plan).await?;
        Ok(Planned { segment_list: outputs.segment_list() })
    })
    .await
}

async fn look(app: &App, video: &Video) -> Result<SegmentPlan, StepError> {
    let (proxy, tools) = (source::serve(app, video).await?, source::tools(app));
    let probe = media::probe(&tools, proxy.url(), &video.title).await.map_err(source::media_error)?;
    media::plan(&tools, proxy.url(), &probe, video.processing_mode).await.map_err(source::media_error)
}

async fn reserve(app: &App, video: &Video, length: Seconds) -> Result<(), StepError> {
    let now = clock::now();
    let plan = app.store.account(video.owner.clone(), now).await?.plan;
    let secs = billable_secs(length);
    match app.store.reserve(video, plan, secs, now).await? {
        Reservation::Held => Ok(()),
        Reservation::Over => Err(StepError::Stopped),
        Reservation::Refused(refused) => {
            let (needed, available) =
                (Seconds::new(refused.needed as f64), Seconds::new(refused.available as f64));
            let detail = format!(
                "The video is billed as {needed}, and your account has {available} left. Buy a credit pack or upgrade, then retry."
            );
            Err(Failure::new(FailureCode::InsufficientCredits, detail).into())
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), edge::Error> {
    step::serve(plan).await
}
