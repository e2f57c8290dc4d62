//! Sentence vectors by all-MiniLM-L6-v2, computed with candle from the model's published files.
//!
//! A crate of its own that knows nothing of this workspace: candle and tokenizers are generic to the last corner, so
//! whoever uses them compiles them, and that should not happen each time a rule of the domain changes.
#![warn(missing_docs)]

use std::error::Error;
use std::{fs, io, path::Path};

use candle_core::{Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config, DTYPE};
use serde::Deserialize;
use tokenizers::{Tokenizer, TruncationParams};

/// The file that tells a folder with the model from one without.
pub const WEIGHTS: &str = "model.safetensors";

/// Why the model cannot be loaded, or failed on a text.
pub type Cause = Box<dyn Error + Send + Sync>;

/// The model in memory: about 90 MB.
pub struct Model {
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

impl Model {
    /// Reads `model.safetensors`, `config.json`, `tokenizer.json` and, if it is there, `sentence_bert_config.json`.
    ///
    /// # Errors
    /// When a file is missing or is not what its name says.
    pub fn load(folder: &Path) -> Result<Self, Cause> {
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

    /// The mean of a text's token vectors, as the model was trained to be used; zeros for a text of nothing but
    /// space. Not normalised. A text past the model's length (256 tokens) is cut there. Takes 15 to 20 ms.
    ///
    /// # Errors
    /// When the arithmetic fails, which takes a damaged model.
    pub fn embed(&self, text: &str) -> Result<Vec<f32>, Cause> {
        if text.trim().is_empty() {
            return Ok(vec![0.0; self.dimensions]);
        }
        self.thread.install(|| {
            let encoding = self.tokenizer.encode(text, true)?;
            let ids = Tensor::new(encoding.get_ids(), &Device::Cpu)?.unsqueeze(0)?;
            let types = ids.zeros_like()?;
            let tokens = self.bert.forward(&ids, &types, None)?;
            // One text at a time has no padding, so the mean over all tokens is the mean over the text.
            Ok(tokens.mean(1)?.squeeze(0)?.to_vec1::<f32>()?)
        })
    }
}
