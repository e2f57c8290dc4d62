//! Vectors of videos in a bucket of S3 Vectors, if the settings name one: the last step puts those of a video, upkeep
//! makes good what is missing and removes what is left over.

use std::time::Duration;

use domain::ids::{Generation, VideoId};
use domain::vectors::VectorSet;
use edge::App;
use edge::step::StepError;
use intelligence::Budget;
use intelligence::index::{VectorBucket, VideoIndex};
use store::Video;

/// For a step or upkeep, which have 15 minutes: 100,000 rows take a minute of them.
pub const STEP: Budget = Budget {
    time: Duration::from_secs(4 * 60),
    attempt: Duration::from_secs(30),
    // Nothing is streamed.
    pause: Duration::ZERO,
    attempts: 6,
};
/// For a search, whose caller waits.
pub const SEARCH: Budget = Budget {
    time: Duration::from_secs(10),
    attempt: Duration::from_secs(5),
    pause: Duration::ZERO,
    attempts: 3,
};

/// The bucket that the settings name.
pub fn bucket(app: &App, budget: Budget) -> Option<VectorBucket> {
    let arn = app.config.vector_bucket.clone()?;
    Some(VectorBucket::new(&app.sdk, arn, budget))
}

/// Puts the vectors of a video, in the place of those of the same names.
///
/// # Errors
/// When the bucket or the table does not answer; doing it again is safe.
pub async fn put(
    app: &App,
    bucket: &VectorBucket,
    video: &Video,
    generation: Generation,
    index: &VideoIndex,
) -> Result<(), StepError> {
    let Some(set) = bucket.set_of(&video.owner, generation, index) else { return Ok(()) };
    // Another embedder may have been chosen between two runs of a step; what is written down next is all that is known.
    let is_replaced =
        |old: &VectorSet| (&old.bucket, &old.index) != (&set.bucket, &set.index) || old.rows > set.rows;
    if let Some(old) = app.store.vector_set(video.id, generation).await?.filter(is_replaced) {
        remove(Some(bucket), video.id, &old).await?;
    }
    app.store.note_vectors(video.id, &set).await?;
    bucket.put(&video.owner, video.id, &set, index).await.map_err(StepError::transient)?;
    let set = VectorSet { is_whole: true, ..set };
    Ok(app.store.note_vectors(video.id, &set).await?)
}

/// Removes vectors of a video. Those of another bucket are out of reach: whoever chose this one is told.
///
/// # Errors
/// When the bucket does not answer; doing it again is safe.
pub async fn remove(bucket: Option<&VectorBucket>, video: VideoId, set: &VectorSet) -> Result<(), StepError> {
    match bucket.filter(|bucket| bucket.arn() == set.bucket) {
        Some(bucket) => bucket.delete(video, set).await.map_err(StepError::transient),
        None => {
            let (bucket, index) = (&set.bucket, &set.index);
            tracing::warn!(video.id = %video, bucket, index, "vectors stay in a bucket that is not in use any more");
            Ok(())
        }
    }
}
