//! What is known about the videos that were asked about last, kept between invocations.

use std::collections::VecDeque;
use std::sync::Arc;

use edge::App;
use edge::config::Config;
use intelligence::answer::{Evidence, Question};
use intelligence::index::VideoIndex;
use intelligence::{BuiltinConfig, Providers};
use media::Joined;
use store::Video;
use store::keys::Outputs;
use tokio::sync::{Mutex, OnceCell};

/// Videos that are kept: an hour of video is about 6 MB.
const KEPT: usize = 8;
/// Most pieces of evidence that an answer is made from.
const MAX_EVIDENCE: usize = 6;

/// The providers, and the videos at hand.
#[derive(Default)]
pub(crate) struct Library {
    providers: OnceCell<Providers>,
    shelf: Mutex<VecDeque<(Outputs, Arc<Known>)>>,
}

/// A video's index and scenes.
pub(crate) struct Known {
    index: VideoIndex,
    /// The scenes with their keyframes' times.
    pub(crate) joined: Joined,
}

impl Library {
    pub(crate) async fn providers(&self, config: &Config) -> &Providers {
        self.providers
            .get_or_init(async || Providers::builtin(&BuiltinConfig::under(&config.tools_root)))
            .await
    }

    /// The pieces of the video that bear on the question, best first.
    pub(crate) async fn evidence(&self, app: &App, known: &Known, question: &Question) -> Vec<Evidence> {
        let providers = self.providers(&app.config).await;
        let text = question.standalone();
        let vector = match providers.embedder_named(known.index.embedder()) {
            Some(embedder) => embedder.embed(std::slice::from_ref(&text)).await,
            None => Ok(vec![]),
        };
        // Without a vector the search is by words alone: worse, and still an answer.
        let vector = vector.unwrap_or_else(|error| {
            tracing::warn!(error = %error, "question not embedded");
            vec![]
        });
        known.index.search(&text, vector.first().map(Vec::as_slice), MAX_EVIDENCE)
    }

    /// A ready video's index and scenes.
    pub(crate) async fn open(&self, app: &App, video: &Video) -> Result<Arc<Known>, String> {
        let outputs = Outputs { video: video.id, generation: video.generation };
        let mut shelf = self.shelf.lock().await;
        if let Some((_, known)) = shelf.iter().find(|(kept, _)| *kept == outputs) {
            return Ok(known.clone());
        }
        let (index_key, scenes_key) = (outputs.index(), outputs.scenes());
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
