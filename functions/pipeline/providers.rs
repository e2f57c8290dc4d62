//! The providers that the settings choose.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use domain::cost::Spent;
use domain::failure::{Failure, FailureCode};
use domain::provider::{Choices, Provider};
use edge::step::StepError;
use edge::{App, Problem, Secret};
use intelligence::answer::Answerer;
use intelligence::embed::EmbedderId;
use intelligence::{AwsConfig, Budget, BuiltinConfig, OpenAiConfig, ProviderError, Providers};
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// For a step, which has 15 minutes: some of them go to reading and writing.
pub const STEP: Budget = Budget {
    time: Duration::from_secs(12 * 60),
    attempt: Duration::from_secs(4 * 60),
    // No step reads a stream.
    pause: Duration::ZERO,
    attempts: 6,
};
/// For an answer, whose function has 300 s (`ChatAsk` of the template): one of the five minutes is for what comes before
/// and after the model. Models that think take a minute or two until their first word, and so do servers that load
/// their model; that leaves them 90 s for the answer's few hundred words. After the first word tokens come many times a
/// second: a server that pauses for 45 s has hung.
pub const ANSWER: Budget = Budget {
    time: Duration::from_secs(240),
    attempt: Duration::from_secs(150),
    pause: Duration::from_secs(45),
    attempts: 3,
};

/// Time for the vector of a text that somebody searches for or asks: they wait for it.
const EMBED_LIMIT: Duration = Duration::from_secs(10);

/// Made once per process, at the first use: what a remote one is called with is a secret, which is read then.
pub struct Chosen {
    budget: Budget,
    made: OnceCell<Providers>,
    /// For who answers without the secret.
    without_secret: OnceCell<Providers>,
}

impl Chosen {
    /// Providers whose calls take no more than this.
    pub const fn within(budget: Budget) -> Self {
        Self { budget, made: OnceCell::const_new(), without_secret: OnceCell::const_new() }
    }

    /// The providers. They load and connect to nothing yet.
    ///
    /// # Errors
    /// 500 when a secret cannot be read, or cannot be a key.
    pub async fn of(&self, app: &App) -> Result<&Providers, Problem> {
        self.made.get_or_try_init(|| make(app, &app.config.providers, self.budget)).await
    }

    /// Who answers. Where that asks no server of the provider `openai`, its secret is not needed: that it cannot be read
    /// is no reason not to answer.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub async fn answerer(&self, app: &App) -> Result<Arc<dyn Answerer>, Problem> {
        let answer = &app.config.providers.answer;
        let providers = match answer {
            Provider::OpenAi(_) => self.of(app).await?,
            Provider::Builtin | Provider::Aws => {
                let builtin = || Provider::Builtin;
                let choices = Choices {
                    describe: builtin(),
                    transcribe: builtin(),
                    embed: builtin(),
                    answer: answer.clone(),
                };
                let made = async || make(app, &choices, self.budget).await;
                self.without_secret.get_or_try_init(made).await?
            }
        };
        Ok(Arc::clone(&providers.answerer))
    }

    /// What was used since the last time. In a function that does one thing at a time that is what this thing used.
    pub fn spent(&self) -> Spent {
        let made = [&self.made, &self.without_secret].into_iter().filter_map(OnceCell::get);
        made.map(|providers| providers.meter.take()).fold(Spent::default(), Spent::plus)
    }

    /// A text as each of these embedders embeds it, once for each. Without one that is not there any more, or does not
    /// answer in time: what it embedded is then searched by words alone, which is worse, and still a search.
    pub async fn vectors(
        &self,
        app: &App,
        embedders: impl IntoIterator<Item = &EmbedderId>,
        text: &str,
    ) -> HashMap<EmbedderId, Vec<f32>> {
        let embedders: HashSet<&EmbedderId> = embedders.into_iter().collect();
        let mut vectors = HashMap::new();
        for embedder in embedders {
            // Boxed: nested in the futures of its callers, it would be deeper than the compiler looks.
            match Box::pin(self.vector(app, embedder, text)).await {
                Ok(vector) => vectors.extend(vector.map(|vector| (embedder.clone(), vector))),
                Err(cause) => tracing::error!(cause, "not embedded; words alone are searched for"),
            }
        }
        vectors
    }

    /// `None` when the embedder is not there any more.
    async fn vector(&self, app: &App, embedder: &EmbedderId, text: &str) -> Result<Option<Vec<f32>>, String> {
        let providers = self.of(app).await;
        let providers = providers.map_err(|problem| problem.cause().unwrap_or_default().to_owned())?;
        let Some(embedder) = providers.embedder_named(embedder) else { return Ok(None) };
        let texts = [text.to_owned()];
        let embedded = timeout(EMBED_LIMIT, embedder.embed(&texts)).await;
        let embedded = embedded.map_err(|_| "it took too long".to_owned())?;
        Ok(embedded.map_err(|error| error.to_string())?.pop())
    }
}

async fn make(app: &App, choices: &Choices, budget: Budget) -> Result<Providers, Problem> {
    let config = &app.config;
    let api_key = match config.openai.api_key {
        Some(_) if choices.ask_openai() => Some(app.secret(Secret::OpenAiApiKey).await?.to_owned()),
        Some(_) | None => None,
    };
    let openai = OpenAiConfig {
        base_url: config.openai.base_url.clone(),
        api_key,
        embed_dimensions: config.openai.embed_dimensions,
        budget,
    };
    let aws = AwsConfig {
        sdk: app.sdk.clone(),
        bedrock_region: config.aws.bedrock_region.clone(),
        vision_model: config.aws.vision_model.clone(),
        detect_labels: config.aws.detect_labels,
        embed_model: config.aws.embed_model.clone(),
        chat_model: config.aws.chat_model.clone(),
        bucket: config.names.bucket.clone(),
        s3_path_style: config.names.s3_path_style,
        budget,
    };
    Providers::new(choices, &BuiltinConfig::under(&config.tools_root), &openai, &aws)
        .map_err(Problem::internal)
}

/// Nobody can do anything about it but the operator, who finds the cause in the log.
const REFUSED: &str = "A service that is needed here does not take this video. Retry later; if it fails again, contact support.";

/// What fails again however often it is tried ends the video.
pub fn provider_error(error: ProviderError) -> StepError {
    if error.is_transient() {
        return StepError::transient(error);
    }
    tracing::error!(%error, "a provider refused");
    StepError::Rejected(Failure::new(FailureCode::Internal, REFUSED))
}
