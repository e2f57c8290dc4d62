//! The scenes in one picture, out of the keyframes that are in the bucket already.

use bytes::Bytes;
use domain::ids::VideoId;
use domain::time::Seconds;
use edge::App;
use edge::step::StepError;
use futures::{StreamExt, TryStreamExt, stream};
use media::Joined;
use steps::{outputs, source};
use store::keys::{self, Extracted};

use crate::AT_ONCE;

/// Writes the contact sheet of a video; none without scenes.
pub(crate) async fn write(app: &App, extracted: Extracted, joined: &Joined) -> Result<(), StepError> {
    let scenes: Vec<(u32, Seconds)> = media::on_contact_sheet(joined.scenes.len())
        .filter_map(|place| joined.scenes.get(place))
        .map(|scene| (scene.ordinal, scene.start))
        .collect();
    let read = |(ordinal, start)| keyframe(app, extracted.video, ordinal, start);
    let frames: Vec<_> = stream::iter(scenes).map(read).buffered(AT_ONCE).try_collect().await?;
    let sheet = tokio::task::spawn_blocking(move || media::contact_sheet(&frames)).await;
    match sheet.map_err(StepError::transient)?.map_err(source::media_error)? {
        Some(jpeg) => Ok(app.store.put_once(&extracted.contact_sheet(), "image/jpeg", jpeg.into()).await?),
        None => Ok(()),
    }
}

async fn keyframe(
    app: &App,
    video: VideoId,
    ordinal: u32,
    start: Seconds,
) -> Result<(Seconds, Bytes), StepError> {
    Ok((start, outputs::read(app, &keys::scene_frame(video, ordinal + 1)).await?))
}
