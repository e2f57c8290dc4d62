//! What is known about the videos that were asked about last, kept between invocations.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use edge::{App, Problem};
use intelligence::answer::{Evidence, Question};
use intelligence::index::VideoIndex;
use media::Joined;
use steps::providers::{self, Chosen};
use store::Video;
use store::keys::{Extracted, Outputs};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Videos that are kept: an hour of video is about 6 MB.
const KEPT: usize = 12;
/// Most pieces of evidence that an answer is made from.
pub(crate) const MAX_EVIDENCE: usize = 6;
/// Time for the vector of a question: whoever asked waits for it before the first word.
const EMBED_LIMIT: Duration = Duration::from_secs(10);

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
    /// The pieces of the video that bear on the question, best first.
    pub(crate) async fn evidence(&self, app: &App, known: &Known, question: &Question) -> Vec<Evidence> {
        let text = question.standalone();
        // Without a vector the search is by words alone: worse, and still an answer.
        let vector = self.vector(app, known, &text).await.unwrap_or_else(|cause| {
            tracing::warn!(cause, "question not embedded");
            vec![]
        });
        known.index.search(&text, vector.first().map(Vec::as_slice), MAX_EVIDENCE)
    }

    /// None when the index was made by an embedder that is not there any more.
    async fn vector(&self, app: &App, known: &Known, text: &str) -> Result<Vec<Vec<f32>>, String> {
        let providers = self.providers.of(app).await.map_err(cause)?;
        let Some(embedder) = providers.embedder_named(known.index.embedder()) else { return Ok(vec![]) };
        let texts = [text.to_owned()];
        let embedded = timeout(EMBED_LIMIT, embedder.embed(&texts)).await;
        embedded.map_err(|_| "it took too long".to_owned())?.map_err(|error| error.to_string())
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
