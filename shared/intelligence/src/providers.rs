//! Which provider does what: one choice a trait.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use domain::provider::{Choices, Provider};

use crate::{
    AwsConfig, Meter, OpenAiConfig, ProviderError,
    answer::{self, Answerer, Extractive},
    describe::{self, Describer},
    embed::{self, Embedder, EmbedderId, HashedTerms, MiniLm},
    openai::Server,
    transcribe::{self, Transcriber},
};

/// Where the programs and models of the provider `builtin` are.
#[derive(Debug, Clone)]
pub struct BuiltinConfig {
    /// Tesseract 5: a path, or a name to look up in `PATH`.
    pub tesseract: PathBuf,
    /// Tesseract's language data, when it is not where it was built to look.
    pub tessdata: Option<PathBuf>,
    /// Languages of on-screen text, as Tesseract writes them (`eng+chi_sim`).
    pub ocr_languages: String,
    /// The folder with the models that this project fetches. What is in it is checked before it is loaded; without
    /// all-MiniLM-L6-v2 in it search is lexical.
    pub models: PathBuf,
    /// An operator's own Whisper in the place of ours: a folder with `model.bin` as CTranslate2 stores it, `config.json`
    /// and `vocabulary.json`.
    pub whisper: Option<PathBuf>,
}

impl Default for BuiltinConfig {
    /// The programs where Debian's packages put them, and no models besides.
    fn default() -> Self {
        Self {
            tesseract: "tesseract".into(),
            tessdata: None,
            ocr_languages: "eng".to_owned(),
            models: "/opt/models".into(),
            whisper: None,
        }
    }
}

impl BuiltinConfig {
    /// Everything below one folder, as Lambda layers lay it out: `bin/tesseract`, `share/tessdata`,
    /// `models/minilm`, `models/whisper`, … Text is not read and search is lexical where what they need is not there.
    pub fn under(root: &Path) -> Self {
        let there = |name: &str| Some(root.join(name)).filter(|path| path.exists());
        Self {
            tesseract: root.join("bin/tesseract"),
            tessdata: there("share/tessdata"),
            models: root.join("models"),
            whisper: there("models/whisper-own"),
            ..Self::default()
        }
    }
}

/// One provider for each trait.
#[derive(Clone)]
pub struct Providers {
    /// Frames into descriptions.
    pub describer: Arc<dyn Describer>,
    /// Sound into a transcript.
    pub transcriber: Arc<dyn Transcriber>,
    /// Texts into vectors, for new indexes.
    pub embedder: Arc<dyn Embedder>,
    /// Evidence into answers.
    pub answerer: Arc<dyn Answerer>,
    /// What they use.
    pub meter: Meter,
}

impl Providers {
    /// The chosen ones. Starts, loads and connects to nothing yet.
    ///
    /// # Errors
    /// When no request to the server of the provider `openai` can be made: `Refused` for an impossible key.
    pub fn new(
        choices: &Choices,
        builtin: &BuiltinConfig,
        openai: &OpenAiConfig,
        aws: &AwsConfig,
    ) -> Result<Self, ProviderError> {
        let meter = Meter::default();
        let server = || Server::new(openai, &meter);
        Ok(Self {
            describer: match &choices.describe {
                Provider::Builtin => Arc::new(describe::Builtin::new(builtin)),
                Provider::Aws => {
                    Arc::new(describe::Aws::new(aws.bedrock(&aws.vision_model, &meter), aws.labels(&meter)))
                }
                Provider::OpenAi(model) => Arc::new(describe::OpenAi::new(server()?, model.clone())),
            },
            transcriber: match &choices.transcribe {
                Provider::Builtin => Arc::new(transcribe::Builtin::new(builtin)),
                Provider::Aws => Arc::new(transcribe::Aws::new(aws.transcribe(&meter))),
                Provider::OpenAi(model) => Arc::new(transcribe::OpenAi::new(server()?, model.clone())),
            },
            embedder: match &choices.embed {
                Provider::Builtin => builtin_embedder(builtin),
                Provider::Aws => Arc::new(embed::Aws::new(aws.bedrock(&aws.embed_model, &meter))),
                Provider::OpenAi(model) => {
                    Arc::new(embed::OpenAi::new(server()?, model.clone(), openai.embed_dimensions))
                }
            },
            answerer: match &choices.answer {
                Provider::Builtin => Arc::new(Extractive),
                Provider::Aws => Arc::new(answer::Aws::new(aws.bedrock(&aws.chat_model, &meter))),
                Provider::OpenAi(model) => Arc::new(answer::OpenAi::new(server()?, model.clone())),
            },
            meter: meter.clone(),
        })
    }

    /// The embedder that made an index's vectors, or `None` when it is not here: that index is then
    /// searched by its terms alone.
    pub fn embedder_named(&self, id: &EmbedderId) -> Option<Arc<dyn Embedder>> {
        if self.embedder.id() == id {
            return Some(Arc::clone(&self.embedder));
        }
        let hashed = HashedTerms::new();
        (hashed.id() == id).then(|| Arc::new(hashed) as Arc<dyn Embedder>)
    }
}

fn builtin_embedder(config: &BuiltinConfig) -> Arc<dyn Embedder> {
    match MiniLm::find(&config.models.join(models::Model::MiniLm.name())) {
        Some(minilm) => Arc::new(minilm),
        None => Arc::new(HashedTerms::new()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_config::SdkConfig;
    use domain::provider::Model;

    use super::*;
    use crate::Budget;

    #[test]
    fn vectors_are_never_mixed() {
        let builtin = || Provider::Builtin;
        let choices =
            Choices { describe: builtin(), transcribe: builtin(), embed: builtin(), answer: builtin() };
        let second = Duration::from_secs(1);
        let budget = Budget { time: second, attempt: second, pause: second, attempts: 1 };
        let openai = OpenAiConfig {
            base_url: "http://localhost/v1".parse().unwrap(),
            api_key: None,
            embed_dimensions: None,
            budget,
        };
        let model = || Model("unused".to_owned());
        let aws = AwsConfig {
            sdk: SdkConfig::builder().build(),
            bedrock_region: None,
            vision_model: model(),
            detect_labels: false,
            embed_model: model(),
            chat_model: model(),
            bucket: String::new(),
            s3_path_style: true,
            budget,
        };
        let providers = Providers::new(&choices, &BuiltinConfig::default(), &openai, &aws).unwrap();
        assert_eq!(providers.embedder.id().as_str(), HashedTerms::ID);
        assert!(providers.embedder_named(&EmbedderId::new(MiniLm::ID)).is_none());
        assert!(providers.embedder_named(&EmbedderId::new(HashedTerms::ID)).is_some());
    }
}
