//! Sentence vectors by all-MiniLM-L6-v2, computed here with candle from the model's published files.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use candle_core::{Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config, DTYPE};
use serde::Deserialize;
use tokenizers::{Tokenizer, TruncationParams};
use tokio::sync::OnceCell;

use super::{Embedder, EmbedderId, normalise};
use crate::{ProviderError, error::off_thread};

const WEIGHTS: &str = "model.safetensors";

/// Embeds with MiniLM. The model is read at the first use and kept.
pub struct MiniLm {
    id: EmbedderId,
    folder: PathBuf,
    model: OnceCell<Arc<Model>>,
}

struct Model {
    tokenizer: Tokenizer,
    bert: BertModel,
    dimensions: usize,
    thread: rayon::ThreadPool,
}

/// The part of `sentence_bert_config.json` that matters here.
#[derive(Deserialize)]
struct SentenceConfig {
    max_seq_length: usize,
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
                let model = Model::load(&folder).map_err(|error| {
                    ProviderError::down("the MiniLM model cannot be loaded; install its files again")
                        .caused_by(error)
                })?;
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
            let vectors: Result<Vec<Vec<f32>>, _> = texts.iter().map(|text| model.embed(text)).collect();
            vectors.map_err(|error| ProviderError::down("the MiniLM model failed on a text").caused_by(error))
        })
        .await
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

impl Model {
    fn load(folder: &Path) -> Result<Self, Cause> {
        let config: Config = serde_json::from_slice(&fs::read(folder.join("config.json"))?)?;
        let limit = match fs::read(folder.join("sentence_bert_config.json")) {
            Ok(bytes) => serde_json::from_slice::<SentenceConfig>(&bytes)?.max_seq_length,
            Err(error) if error.kind() == io::ErrorKind::NotFound => config.max_position_embeddings,
            Err(error) => return Err(error.into()),
        };
        let mut tokenizer = Tokenizer::from_file(folder.join("tokenizer.json"))?;
        // Positions past the limit do not exist in the model; the file's own padding would only cost time.
        let max_length = limit.min(config.max_position_embeddings);
        tokenizer.with_truncation(Some(TruncationParams { max_length, ..Default::default() }))?;
        tokenizer.with_padding(None);
        let weights = fs::read(folder.join(WEIGHTS))?;
        let weights = VarBuilder::from_buffered_safetensors(weights, DTYPE, &Device::Cpu)?;
        let bert = BertModel::load(weights, &config)?;
        // Candle spreads each small product over all cores and loses: one thread is faster.
        let thread = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
        Ok(Self { tokenizer, bert, dimensions: config.hidden_size, thread })
    }

    fn embed(&self, text: &str) -> Result<Vec<f32>, Cause> {
        if text.trim().is_empty() {
            return Ok(vec![0.0; self.dimensions]);
        }
        self.thread.install(|| {
            let encoding = self.tokenizer.encode(text, true)?;
            let ids = Tensor::new(encoding.get_ids(), &Device::Cpu)?.unsqueeze(0)?;
            let types = ids.zeros_like()?;
            let tokens = self.bert.forward(&ids, &types, None)?;
            // One text at a time has no padding, so the mean over all tokens is the mean over the text.
            let mut vector = tokens.mean(1)?.squeeze(0)?.to_vec1::<f32>()?;
            normalise(&mut vector);
            Ok(vector)
        })
    }
}
