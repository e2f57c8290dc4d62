//! Secrets, read from Secrets Manager by the functions that ask for them: once per process, or each time where somebody
//! replaces them often.

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use tokio::sync::OnceCell;

use crate::app::App;
use crate::config::{Config, SecretArn};
use crate::problem::Problem;

/// What this service is told in confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secret {
    /// What Clerk signs its webhooks with.
    ClerkWebhook,
    /// What Stripe signs its webhooks with.
    StripeWebhook,
    /// What this service calls Stripe with.
    StripeApiKey,
    /// What the secrets that callbacks are signed with are derived from.
    Callback,
    /// What the server of the provider `openai` is called with.
    OpenAiApiKey,
    /// The URL of the proxy that YouTube videos are downloaded through.
    YoutubeProxy,
    /// The cookies that YouTube videos are downloaded with.
    YoutubeCookies,
}

impl Secret {
    fn arn(self, config: &Config) -> &SecretArn {
        match self {
            Self::ClerkWebhook => &config.clerk_webhook_secret,
            Self::StripeWebhook => &config.stripe_webhook_secret,
            Self::StripeApiKey => &config.stripe_api_key,
            Self::Callback => &config.callback_secret,
            Self::OpenAiApiKey => &config.openai.api_key,
            Self::YoutubeProxy => &config.youtube_proxy,
            Self::YoutubeCookies => &config.youtube_cookies,
        }
    }

    /// What of the template names it.
    fn origin(self) -> &'static str {
        match self {
            Self::ClerkWebhook => "the parameter ClerkWebhookSecretArn",
            Self::StripeWebhook => "the parameter StripeWebhookSecretArn",
            Self::StripeApiKey => "the parameter StripeApiKeyArn",
            Self::Callback => "the resource CallbackSecret",
            Self::OpenAiApiKey => "the parameter OpenAiApiKeyArn",
            Self::YoutubeProxy => "the parameter YouTubeProxyArn",
            Self::YoutubeCookies => "the parameter YouTubeCookiesArn",
        }
    }
}

/// The secrets that were read, kept for the life of the process.
pub(crate) struct Secrets {
    sdk: SdkConfig,
    read: Read,
}

impl Secrets {
    pub(crate) fn new(sdk: SdkConfig) -> Self {
        Self { sdk, read: Read::default() }
    }
}

/// A place for each secret, by name: one without a place does not compile.
#[derive(Default)]
struct Read {
    clerk_webhook: OnceCell<String>,
    stripe_webhook: OnceCell<String>,
    stripe_api_key: OnceCell<String>,
    callback: OnceCell<String>,
    openai_api_key: OnceCell<String>,
    youtube_proxy: OnceCell<String>,
    youtube_cookies: OnceCell<String>,
}

impl Read {
    fn of(&self, secret: Secret) -> &OnceCell<String> {
        match secret {
            Secret::ClerkWebhook => &self.clerk_webhook,
            Secret::StripeWebhook => &self.stripe_webhook,
            Secret::StripeApiKey => &self.stripe_api_key,
            Secret::Callback => &self.callback,
            Secret::OpenAiApiKey => &self.openai_api_key,
            Secret::YoutubeProxy => &self.youtube_proxy,
            Secret::YoutubeCookies => &self.youtube_cookies,
        }
    }
}

/// Without what is in them.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl App {
    /// The text of a secret. The first call reads it, so a replaced secret holds from the next process on.
    ///
    /// # Errors
    /// 503 when the operator has not set it; the log says what that takes. 500 when it cannot be read.
    pub async fn secret(&self, secret: Secret) -> Result<&str, Problem> {
        let Some(arn) = secret.arn(&self.config) else {
            let detail = "This is not set up on this server yet. Nothing was done; ask its operator, or try again later.";
            let cause = format!("{secret:?} is not set: deploy with {}", secret.origin());
            return Err(Problem::unavailable(detail, cause));
        };
        let read = self.secrets.read.of(secret).get_or_try_init(async || {
            let text = self.read_secret(secret, arn).await?;
            Ok::<_, Problem>(text.trim().to_owned())
        });
        Ok(read.await?)
    }

    /// The text of a secret as it is now, byte for byte, or `None` where the operator has set none. Read at every call, so
    /// a replaced secret holds at once.
    ///
    /// # Errors
    /// 500 when it cannot be read.
    pub async fn current_secret(&self, secret: Secret) -> Result<Option<String>, Problem> {
        match secret.arn(&self.config) {
            Some(arn) => self.read_secret(secret, arn).await.map(Some),
            None => Ok(None),
        }
    }

    async fn read_secret(&self, secret: Secret, arn: &str) -> Result<String, Problem> {
        // Made here and not with the process: most functions ask for no secret.
        let answer = Client::new(&self.secrets.sdk).get_secret_value().secret_id(arn).send().await;
        let value = answer.map_err(|error| unreadable(secret, DisplayErrorContext(error)))?;
        value.secret_string.ok_or_else(|| unreadable(secret, "it is binary: store it as text"))
    }
}

fn unreadable(secret: Secret, cause: impl std::fmt::Display) -> Problem {
    Problem::internal(format!("{secret:?} cannot be read ({}): {cause}", secret.origin()))
}
