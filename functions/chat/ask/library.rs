//! What is known about the videos that were asked about last, kept between invocations.

use std::collections::VecDeque;
use std::sync::Arc;

use edge::{App, Problem};
use intelligence::answer::{Evidence, Question};
use intelligence::index::VideoIndex;
use media::Joined;
use steps::providers::{self, Chosen};
use store::Video;
use store::keys::{Extracted, Outputs};
use tokio::sync::Mutex;

/// Videos that are kept: an hour of video is about 6 MB.
const KEPT: usize = 12;
/// Most pieces of evidence that an answer is made from.
pub(crate) const MAX_EVIDENCE: usize = 6;

/// The providers, and the videos at hand.
pub(crate) struct Library {
    pub(crate) providers: Chosen,
    shelf: Mutex<VecDeque<(Outputs, Arc<Known>)>>,
}

/// A video's index and scenes.
pub(crate) struct Known {
    index: VideoIndex,
    /// The scenes with their keyframes' times.
    pub(crate) joined: Joined,
}

impl Default for Library {
    fn default() -> Self {
        Self { providers: Chosen::within(providers::ANSWER), shelf: Mutex::default() }
    }
}

/// For the log.
pub(crate) fn cause(problem: Problem) -> String {
    problem.cause().unwrap_or("refused without a cause").to_owned()
}

impl Library {
    /// The pieces of each of the videos that bear on the question, best first.
    pub(crate) async fn evidence(
        &self,
        app: &App,
        videos: &[Arc<Known>],
        question: &Question,
    ) -> Vec<Vec<Evidence>> {
        let text = question.standalone();
        let embedders = videos.iter().map(|known| known.index.embedder());
        let vectors = self.providers.vectors(app, embedders, &text).await;
        let search = |known: &Arc<Known>| {
            let vector = vectors.get(known.index.embedder()).map(Vec::as_slice);
            known.index.search(&text, vector, MAX_EVIDENCE)
        };
        videos.iter().map(search).collect()
    }

    /// A ready video's index and scenes.
    pub(crate) async fn open(&self, app: &App, video: &Video) -> Result<Arc<Known>, String> {
        let outputs = Outputs { video: video.id, generation: video.generation };
        let mut shelf = self.shelf.lock().await;
        if let Some((_, known)) = shelf.iter().find(|(kept, _)| *kept == outputs) {
            return Ok(known.clone());
        }
        let (index_key, scenes_key) = (outputs.index(), Extracted { video: video.id }.scenes());
        let read = futures::try_join!(app.store.object(&index_key), app.store.object(&scenes_key));
        let (Some(index), Some(scenes)) = read.map_err(|error| error.to_string())? else {
            return Err("a ready video has no index".to_owned());
        };
        let index = VideoIndex::decode(&index).map_err(|error| error.to_string())?;
        let joined = serde_json::from_slice(&scenes).map_err(|error| error.to_string())?;
        let known = Arc::new(Known { index, joined });
        shelf.truncate(KEPT - 1);
        shelf.push_front((outputs, known.clone()));
        Ok(known)
    }
}
