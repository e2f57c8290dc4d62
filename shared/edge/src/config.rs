//! The only reader of the environment.

use std::collections::HashSet;
use std::path::PathBuf;

use domain::billing::Prices;
use domain::camera_raw::RawCommands;
use domain::provider::{Choices, Provider};
use store::Names;
use thiserror::Error;

use crate::fetch::Exceptions;

mod aws;
mod openai;

pub use aws::Aws;
pub use openai::OpenAi;

/// A setting is missing or does not parse. The message names the variable.
#[derive(Debug, Error)]
#[error("{variable} {problem}")]
pub struct ConfigError {
    variable: &'static str,
    problem: String,
}

/// Everything that a function may be told from outside. What a function does not use stays empty: the
/// template gives each only what it needs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Names of the resources.
    pub names: Names,
    /// Whose session tokens hold.
    pub issuer: Option<Issuer>,
    /// Memory of this function, in megabytes; 0 where nobody says.
    pub memory_mb: u64,
    /// How many videos run at a time at most; 1 where nobody says.
    pub max_running_videos: u32,
    /// Where the tools are: `{root}/bin/ffmpeg`, `{root}/models/minilm`, …
    pub tools_root: PathBuf,
    /// What makes a video of camera RAW.
    pub raw_commands: RawCommands,
    /// What Clerk signs its webhooks with.
    pub clerk_webhook_secret: SecretArn,
    /// What Stripe signs its webhooks with.
    pub stripe_webhook_secret: SecretArn,
    /// What Stripe is called with.
    pub stripe_api_key: SecretArn,
    /// What the secrets that callbacks are signed with are derived from.
    pub callback_secret: SecretArn,
    /// The URL of the proxy that YouTube videos are downloaded through.
    pub youtube_proxy: SecretArn,
    /// The cookies that YouTube videos are downloaded with, as a file in Netscape's format.
    pub youtube_cookies: SecretArn,
    /// Who describes, transcribes, embeds and answers.
    pub providers: Choices,
    /// What the provider `aws` asks.
    pub aws: Aws,
    /// ARN of the bucket of S3 Vectors that tells which rows of a library are near in meaning; without one the sketches
    /// of its shards do.
    pub vector_bucket: Option<String>,
    /// The id that API Gateway gave the Jobs API, for the function that tells where that is.
    pub jobs_api_id: Option<String>,
    /// The server of the provider `openai`.
    pub openai: OpenAi,
    /// Where and at which prices things are sold.
    pub sales: Sales,
    /// Settings of the local stack. On AWS they are absent, and the template cannot set them.
    pub local: Local,
}

/// The identity provider whose session tokens are taken.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The `iss` of its tokens.
    pub url: String,
    /// Where its public keys are.
    pub jwks_url: String,
    /// The `azp` values that are taken; empty takes all.
    pub authorized_parties: HashSet<String>,
}

/// The name of a secret in Secrets Manager; none when the operator has not set it.
pub type SecretArn = Option<String>;

/// Where and at which prices things are sold.
#[derive(Debug, Clone)]
pub struct Sales {
    /// Stripe's API, without a slash at the end.
    pub stripe_api_url: String,
    /// Which price of Stripe is which product.
    pub prices: Prices,
    /// Where a browser goes once something is paid for.
    pub success_url: String,
    /// Where a browser goes when somebody turns back instead of paying.
    pub cancel_url: String,
    /// Where a browser goes from the customer portal.
    pub return_url: String,
}

/// What only the local stack sets, through the environment that its functions inherit.
#[derive(Debug, Clone, Default)]
pub struct Local {
    /// Hosts and ports that may be fetched although they are not public.
    pub fetch_allow: Exceptions,
    /// Stands in for `https://www.youtube.com`.
    pub youtube_url: Option<String>,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// When a variable is there but does not parse.
    pub fn from_env() -> Result<Self, ConfigError> {
        let var = |name: &'static str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let issuer = match (var("CLERK_ISSUER"), var("CLERK_JWKS_URL")) {
            (None, _) => None,
            (Some(url), jwks_url) => Some(Issuer {
                jwks_url: jwks_url
                    .unwrap_or_else(|| format!("{}/.well-known/jwks.json", url.trim_end_matches('/'))),
                url,
                authorized_parties: items(&var("CLERK_AUTHORIZED_PARTIES").unwrap_or_default()),
            }),
        };
        let fetch_allow = var("LOCAL_FETCH_ALLOW").unwrap_or_default();
        let fetch_allow =
            fetch_allow.parse().map_err(|problem| ConfigError { variable: "LOCAL_FETCH_ALLOW", problem })?;
        let raw_commands = var("RAW_COMMANDS").unwrap_or_default();
        let raw_commands =
            raw_commands.parse().map_err(|problem| ConfigError { variable: "RAW_COMMANDS", problem })?;
        let prices = var("STRIPE_PRICES").unwrap_or_default();
        let prices = prices.parse().map_err(|problem| ConfigError { variable: "STRIPE_PRICES", problem })?;
        let provider = |variable, model_variable| {
            let name = var(variable).unwrap_or_else(|| "builtin".to_owned());
            Provider::named(&name, var(model_variable).as_deref(), model_variable)
                .map_err(|problem| ConfigError { variable, problem })
        };
        let max_running_videos = var("MAX_RUNNING_VIDEOS").map_or(Ok(1), |most| most.parse::<u32>());
        let max_running_videos = max_running_videos.map_err(|error| ConfigError {
            variable: "MAX_RUNNING_VIDEOS",
            problem: format!("must be a whole number: {error}"),
        })?;
        let stripe_api_url = var("STRIPE_API_URL").unwrap_or_else(|| "https://api.stripe.com".to_owned());
        Ok(Self {
            names: Names {
                table: var("TABLE").unwrap_or_default(),
                bucket: var("BUCKET").unwrap_or_default(),
                ingest_queue_url: var("INGEST_QUEUE_URL").unwrap_or_default(),
                purge_queue_url: var("PURGE_QUEUE_URL").unwrap_or_default(),
                callback_queue_url: var("CALLBACK_QUEUE_URL").unwrap_or_default(),
                callback_queue_arn: var("CALLBACK_QUEUE_ARN").unwrap_or_default(),
                callback_schedule_group: var("CALLBACK_SCHEDULE_GROUP").unwrap_or_default(),
                callback_schedule_role_arn: var("CALLBACK_SCHEDULE_ROLE_ARN").unwrap_or_default(),
                state_machine_arn: var("STATE_MACHINE_ARN").unwrap_or_default(),
                // Emulators do not resolve a host name per bucket; AWS wants nothing else.
                s3_path_style: var("AWS_ENDPOINT_URL").is_some(),
            },
            issuer,
            memory_mb: var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").and_then(|size| size.parse().ok()).unwrap_or(0),
            max_running_videos,
            tools_root: var("TOOLS_ROOT").map_or_else(|| PathBuf::from("/opt"), PathBuf::from),
            raw_commands,
            clerk_webhook_secret: var("CLERK_WEBHOOK_SECRET_ARN"),
            stripe_webhook_secret: var("STRIPE_WEBHOOK_SECRET_ARN"),
            stripe_api_key: var("STRIPE_API_KEY_ARN"),
            callback_secret: var("CALLBACK_SECRET_ARN"),
            youtube_proxy: var("YOUTUBE_PROXY_ARN"),
            youtube_cookies: var("YOUTUBE_COOKIES_ARN"),
            providers: Choices {
                describe: provider("DESCRIBE_PROVIDER", "OPENAI_VISION_MODEL")?,
                transcribe: provider("TRANSCRIBE_PROVIDER", "OPENAI_TRANSCRIBE_MODEL")?,
                embed: provider("EMBED_PROVIDER", "OPENAI_EMBED_MODEL")?,
                answer: provider("ANSWER_PROVIDER", "OPENAI_CHAT_MODEL")?,
            },
            aws: Aws::of(
                var("BEDROCK_REGION"),
                [var("BEDROCK_VISION_MODEL"), var("BEDROCK_EMBED_MODEL"), var("BEDROCK_CHAT_MODEL")],
                var("DETECT_LABELS").as_deref(),
            )?,
            vector_bucket: var("VECTOR_BUCKET_ARN"),
            jobs_api_id: var("JOBS_API_ID"),
            openai: OpenAi::of(
                var("OPENAI_BASE_URL"),
                var("OPENAI_API_KEY_ARN"),
                var("OPENAI_EMBED_DIMENSIONS"),
            )?,
            sales: Sales {
                stripe_api_url: stripe_api_url.trim_end_matches('/').to_owned(),
                prices,
                success_url: var("BILLING_SUCCESS_URL").unwrap_or_default(),
                cancel_url: var("BILLING_CANCEL_URL").unwrap_or_default(),
                return_url: var("BILLING_RETURN_URL").unwrap_or_default(),
            },
            local: Local { fetch_allow, youtube_url: var("LOCAL_YOUTUBE_URL") },
        })
    }

    /// The path of a program among the tools.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.tools_root.join("bin").join(name)
    }
}

/// The items of a comma-separated list.
fn items(list: &str) -> HashSet<String> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}
