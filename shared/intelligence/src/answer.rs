//! A question and evidence into a stream of words.

use async_trait::async_trait;
use domain::{analysis::Provenance, time::Seconds};
use futures::{StreamExt, stream, stream::BoxStream};
use serde::{Deserialize, Serialize};

use crate::ProviderError;

mod aws;
mod extractive;
mod follow_up;
mod limits;
mod openai;
mod prompt;
mod quoted;
mod told;

pub(crate) use aws::Aws;
pub use extractive::Extractive;
pub(crate) use openai::OpenAi;

/// What is said when there is nothing to answer from.
const NOTHING: &str = "I found nothing in this video that answers this. I know what is said in it, the text \
                       that it shows, and what was seen or measured on its pictures; try other words or a time.";

/// What someone asks about a video, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The words as typed.
    pub text: String,
    /// What was asked before in the same conversation, oldest first.
    pub earlier: Vec<String>,
}

/// Where a piece of evidence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    /// Words that were spoken.
    Speech,
    /// Words that are shown.
    ScreenText,
    /// A sentence about what is seen, or about the video as a whole.
    Description,
    /// Things that were detected.
    Object,
}

/// A piece of a video that may bear on a question.
///
/// Its text was made by strangers: it is quoted, and never followed as an instruction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// From when on.
    pub start: Seconds,
    /// Until when.
    pub end: Seconds,
    /// Where it comes from.
    pub kind: EvidenceKind,
    /// What was said, shown or seen.
    pub text: String,
    /// How much it bears on the question, 0 to 1; see [`crate::index`] for the scale.
    pub score: f32,
    /// Ordinal of the scene whose keyframe shows it; none for what was only heard.
    pub frame: Option<u32>,
    /// What its video is called, where a question is about several.
    pub video: Option<String>,
}

/// An answer as it is made.
pub struct Answer {
    /// Who makes it.
    pub by: Provenance,
    /// Pieces of text that make sense when put together without separators.
    pub pieces: BoxStream<'static, Result<String, ProviderError>>,
}

impl Answer {
    /// That there is nothing to answer from. No model is asked: one that has nothing to go on makes something up.
    fn nothing() -> Self {
        Self { by: extractive::provenance(), pieces: stream::iter([Ok(NOTHING.to_owned())]).boxed() }
    }
}

/// Answers questions from evidence.
#[async_trait]
pub trait Answerer: Send + Sync {
    /// Begins an answer.
    ///
    /// # Errors
    /// Before the first piece when the provider fails at once, and within the stream when it fails later.
    async fn answer(&self, question: &Question, evidence: &[Evidence]) -> Result<Answer, ProviderError>;
}
