//! What a process builds once and every invocation uses.

use aws_config::SdkConfig;
use store::Store;
use tokio::sync::OnceCell;

use crate::aws;
use crate::config::Config;
use crate::jwks::Jwks;
use crate::secrets::Secrets;

/// A process's clients and settings.
#[derive(Debug)]
pub struct App {
    /// Settings.
    pub config: Config,
    /// What clients of AWS are built from: credentials, region, and the one HTTP client.
    pub sdk: SdkConfig,
    /// The data.
    pub store: Store,
    http: OnceCell<reqwest::Client>,
    pub(crate) jwks: Jwks,
    pub(crate) secrets: Secrets,
}

impl App {
    /// Reads the settings and builds the clients; connects to nothing yet.
    ///
    /// # Errors
    /// When a setting does not parse.
    pub async fn new() -> Result<Self, lambda_runtime::Error> {
        let config = Config::from_env()?;
        let sdk = aws::config().await;
        let store = Store::new(&sdk, config.names.clone());
        let secrets = Secrets::new(sdk.clone());
        Ok(Self { config, sdk, store, http: OnceCell::new(), jwks: Jwks::default(), secrets })
    }

    /// A client for addresses that this service chose itself. Users' URLs go through [`crate::fetch`].
    /// Built at first use, because most functions never need it and its root certificates cost milliseconds.
    ///
    /// # Errors
    /// When the TLS set-up of the machine is broken.
    pub async fn http(&self) -> Result<&reqwest::Client, reqwest::Error> {
        let build = async || reqwest::Client::builder().timeout(std::time::Duration::from_secs(10)).build();
        self.http.get_or_try_init(build).await
    }
}
