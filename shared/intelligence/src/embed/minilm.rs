//! Sentence vectors by all-MiniLM-L6-v2, computed in the function itself.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use minilm::{Cause, Model, WEIGHTS};
use tokio::sync::OnceCell;

use super::{Embedder, EmbedderId, normalise};
use crate::{ProviderError, error::off_thread};

/// Embeds with MiniLM. The model is read at the first use and kept.
pub struct MiniLm {
    id: EmbedderId,
    folder: PathBuf,
    model: OnceCell<Arc<Model>>,
}

impl MiniLm {
    /// The id under which its vectors are stored.
    pub const ID: &str = "builtin/all-minilm-l6-v2";

    /// The model in `folder` (`model.safetensors`, `config.json`, `tokenizer.json`,
    /// `sentence_bert_config.json`), or `None` when there is none.
    pub fn find(folder: &Path) -> Option<Self> {
        let found = folder.join(WEIGHTS).is_file();
        found.then(|| Self {
            id: EmbedderId::new(Self::ID),
            folder: folder.to_owned(),
            model: OnceCell::new(),
        })
    }

    async fn model(&self) -> Result<Arc<Model>, ProviderError> {
        let load = || async {
            let folder = self.folder.clone();
            off_thread(move || {
                let cannot = |error: Cause| {
                    ProviderError::down("the MiniLM model cannot be loaded; install its files again")
                        .caused_by(error)
                };
                models::Model::MiniLm.verify(&folder).map_err(|error| cannot(error.into()))?;
                let model = Model::load(&folder).map_err(cannot)?;
                Ok(Arc::new(model))
            })
            .await
        };
        self.model.get_or_try_init(load).await.cloned()
    }
}

#[async_trait]
impl Embedder for MiniLm {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ProviderError> {
        let model = self.model().await?;
        let texts = texts.to_vec();
        off_thread(move || {
            let vectors: Result<Vec<Vec<f32>>, _> = texts.iter().map(|text| embed(&model, text)).collect();
            vectors.map_err(|error| ProviderError::down("the MiniLM model failed on a text").caused_by(error))
        })
        .await
    }
}

fn embed(model: &Model, text: &str) -> Result<Vec<f32>, Cause> {
    let mut vector = model.embed(text)?;
    normalise(&mut vector);
    Ok(vector)
}
