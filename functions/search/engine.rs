//! Searching an account's library: what both contracts ask for, and what they show.
//!
//! Shards tell which rows may bear on the query (`intelligence::index`), with the help of vectors where the settings name
//! a bucket of them; the rows themselves tell how much. What is read stays at hand between invocations; neither a shard
//! nor a row ever changes.

#[path = "engine/cursor.rs"]
mod cursor;
#[path = "engine/request.rs"]
mod request;
#[path = "engine/shelf.rs"]
mod shelf;

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use domain::ids::{Generation, UserId, VideoId};
use domain::problem::ProblemKind;
use domain::time::Seconds;
use edge::{App, Call, Problem};
use intelligence::answer::EvidenceKind;
use intelligence::index::{CANDIDATES, CandidateSource, LibraryQuery, Moment, Shard, Sketches};
use steps::providers::{self, Chosen};
use steps::vectors;
use store::keys;

use request::Wanted;
pub(crate) use request::{Names, Parameters};
use shelf::Shelf;

/// How long the URL of a thumbnail holds.
const VALID: Duration = Duration::from_secs(900);

/// The providers, and what was read so far.
pub(crate) struct Engine {
    providers: Chosen,
    source: OnceLock<Box<dyn CandidateSource>>,
    shelf: Shelf,
}

/// A page of moments, the best first.
pub(crate) struct Found {
    pub(crate) moments: Vec<FoundMoment>,
    /// Where the next page begins; none after the last one.
    pub(crate) next: Option<String>,
}

/// A moment, as it is shown.
pub(crate) struct FoundMoment {
    pub(crate) video: VideoId,
    pub(crate) start: Seconds,
    pub(crate) end: Seconds,
    pub(crate) kind: EvidenceKind,
    pub(crate) text: String,
    pub(crate) score: f64,
    /// The keyframe of the scene that is on then, if the pictures were looked at.
    pub(crate) thumbnail_url: Option<String>,
}

impl Default for Engine {
    fn default() -> Self {
        let providers = Chosen::within(providers::ANSWER);
        Self { providers, source: OnceLock::new(), shelf: Shelf::default() }
    }
}

impl Engine {
    /// The moments of the caller's videos that bear on a query.
    ///
    /// # Errors
    /// 400 for parameters that are none, 404 for videos that are not the caller's.
    pub(crate) async fn search(
        &self,
        call: &Call,
        parameters: Parameters,
        names: Names,
    ) -> Result<Found, Problem> {
        let wanted = parameters.check(names)?;
        let user = call.user()?;
        let source = self.source(&call.app);
        let shards = self.shelf.shards(&call.app, &user, source.reads_sketches());
        let (shards, ()) = futures::try_join!(shards, are_known(call, &wanted, names))?;
        let embedders = shards.iter().map(|shard| shard.embedder());
        let vectors = self.providers.vectors(&call.app, embedders, &wanted.query).await;
        let query = LibraryQuery::new(&wanted.query, vectors, wanted.filter);
        let moments = self.moments(&call.app, user, &shards, &query).await?;
        let rest =
            moments.into_iter().filter(|moment| wanted.after.is_none_or(|after| after < moment.rank()));
        let mut rest: Vec<Moment> = rest.collect();
        let is_last = rest.len() <= wanted.limit;
        rest.truncate(wanted.limit);
        let next = rest.last().filter(|_| !is_last);
        let next = next.map(|last| cursor::text(last.rank(), wanted.search));
        let app = &call.app;
        let moments = futures::future::try_join_all(rest.into_iter().map(|moment| shown(app, moment)));
        Ok(Found { moments: moments.await?, next })
    }

    /// Where candidates come from, as the settings say.
    fn source(&self, app: &App) -> &dyn CandidateSource {
        let source = self.source.get_or_init(|| match vectors::bucket(app, vectors::SEARCH) {
            Some(bucket) => Box::new(bucket),
            None => Box::new(Sketches),
        });
        &**source
    }

    async fn moments(
        &self,
        app: &Arc<App>,
        user: UserId,
        shards: &[Arc<Shard>],
        query: &LibraryQuery,
    ) -> Result<Vec<Moment>, Problem> {
        let mut candidates = self.source(app).candidates(&user, shards, query, CANDIDATES).await;
        let current = current(app, user, candidates.iter().map(|candidate| candidate.video)).await?;
        candidates.retain(|candidate| current.contains(&(candidate.video, candidate.generation)));
        Ok(query.moments(self.shelf.records(app, candidates).await?))
    }
}

/// Of these videos those that are there, ready and the caller's, each with the set of outputs that is shown. Shards
/// may speak of others for a while.
async fn current(
    app: &App,
    user: UserId,
    videos: impl Iterator<Item = VideoId>,
) -> Result<HashSet<(VideoId, Generation)>, Problem> {
    let ids: HashSet<VideoId> = videos.collect();
    let videos = app.store.videos(ids.into_iter().collect()).await?;
    let shown = videos.into_iter().filter(|video| video.owner == user && video.is_ready());
    Ok(shown.map(|video| (video.id, video.generation)).collect())
}

/// That the videos which are named are the caller's. One that is not ready has no moments yet.
async fn are_known(call: &Call, wanted: &Wanted, names: Names) -> Result<(), Problem> {
    let Some(videos) = &wanted.filter.videos else { return Ok(()) };
    let user = call.user()?;
    let found = call.app.store.videos(videos.iter().copied().collect()).await?;
    let own: HashSet<VideoId> =
        found.into_iter().filter(|video| video.owner == user).map(|video| video.id).collect();
    match videos.difference(&own).min() {
        None => Ok(()),
        Some(unknown) => Err(Problem::new(
            ProblemKind::NotFound,
            format!("{} names {unknown}, which you do not have. Leave it out.", names.videos),
        )),
    }
}

async fn shown(app: &App, moment: Moment) -> Result<FoundMoment, Problem> {
    let Moment { video, row, score, .. } = moment;
    let thumbnail_url = match row.scene {
        Some(ordinal) => {
            let key = keys::scene_frame(video, ordinal + 1);
            Some(app.store.presign_get(&key, "inline", VALID).await?)
        }
        None => None,
    };
    // Four digits tell any two scores apart that mean something different.
    let score = (f64::from(score) * 1e4).round() / 1e4;
    Ok(FoundMoment {
        video,
        start: row.start,
        end: row.end,
        kind: row.kind,
        text: row.text,
        score,
        thumbnail_url,
    })
}
