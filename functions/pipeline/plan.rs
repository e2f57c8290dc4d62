//! Probes the source once, sets its length aside in the owner's account and lays the segments. Camera RAW is sent on to
//! be developed, and comes back.

use std::sync::Arc;

use domain::camera_raw::CameraRaw;
use domain::cost;
use domain::failure::{Failure, FailureCode};
use domain::metering::billable_secs;
use domain::stage::Stage;
use domain::time::Seconds;
use edge::step::{self, StepError, in_stage};
use edge::{App, clock};
use media::{MediaError, SegmentPlan};
use serde::Serialize;
use steps::{outputs, source};
use store::keys::Extracted;
use store::{Reservation, StepInput, Video};

/// What the state machine goes on with.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
enum Planned {
    /// Where it finds the list of segments.
    Segments { segment_list: String },
    /// What is to be developed first; then it comes back.
    Raw { develop: CameraRaw },
}

/// What the source turns out to be.
enum Found {
    Video(SegmentPlan),
    Raw(CameraRaw),
}

async fn plan(app: Arc<App>, input: StepInput) -> Result<Planned, StepError> {
    in_stage(&app, input, Stage::Extract, async |video| {
        let extracted = Extracted { video: video.id };
        let found = match app.store.object(&extracted.plan()).await? {
            Some(stored) => Found::Video(SegmentPlan::from_json(&stored).map_err(source::media_error)?),
            None => look(&app, &video).await?,
        };
        let plan = match found {
            Found::Video(plan) => plan,
            Found::Raw(develop) => return Ok(Planned::Raw { develop }),
        };
        app.store
            .probed(video.id, input.attempt, plan.length, clock::now())
            .await?
            .ok_or(StepError::Stopped)?;
        check_cost(&app, &video, plan.length)?;
        reserve(&app, &video, plan.length).await?;
        let segments: Vec<u32> = (0..plan.segments.len() as u32).collect();
        // Every segment is a part, and so is joining them.
        let parts = segments.len() as u32 + 1;
        app.store.stage_begun(video.id, Stage::Extract, parts, clock::now()).await?;
        outputs::write_json(&app, &extracted.segment_list(), &segments).await?;
        outputs::write_json(&app, &extracted.plan(), &plan).await?;
        Ok(Planned::Segments { segment_list: extracted.segment_list() })
    })
    .await
}

async fn look(app: &App, video: &Video) -> Result<Found, StepError> {
    let (source, proxy) = (source::original(app, video)?, source::serve(app, video).await?);
    let is_developed = video.proxy.is_some();
    let laid = async {
        if let (false, Some(format)) = (is_developed, media::camera_raw(&*source).await?) {
            return Err(MediaError::CameraRaw(format));
        }
        let tools = source::tools(app);
        let probe = media::probe(&tools, proxy.url(), &video.title).await?;
        media::plan(&tools, proxy.url(), &probe, video.processing_mode).await
    };
    match laid.await {
        Ok(plan) => Ok(Found::Video(plan)),
        // A proxy that is camera RAW again would be developed for ever.
        Err(MediaError::CameraRaw(format)) if !is_developed && app.config.raw_commands.develop(format) => {
            Ok(Found::Raw(format))
        }
        Err(error) => Err(source::media_error(error)),
    }
}

/// Before anything is spent, and again at every retry: who does what may be another by then.
fn check_cost(app: &App, video: &Video, length: Seconds) -> Result<(), StepError> {
    let Some(most) = video.max_cost else { return Ok(()) };
    let stages = cost::estimate(length, video.processing_mode, &app.config.providers);
    let estimate: u64 = stages.iter().map(|(_, spent)| spent.micro_dollars()).sum();
    if estimate <= most {
        return Ok(());
    }
    let detail = format!(
        "Processing {length} of video costs about {estimate} micro-dollars, and maxCost allows {most}. Create the job again with a higher maxCost, or with another processingMode."
    );
    Err(Failure::new(FailureCode::MaxCostExceeded, detail).into())
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
