//! The emulator alone, for stacks that somebody else deploys to it, and a front for each of these.

use crate::aws::Aws;
use crate::deploy::{self, Outputs};
use crate::emulator::Emulator;
use crate::error::StackError;
use crate::front::{Front, Listeners};
use crate::issuer::Issuer;
use crate::options::StackOptions;
use crate::secrets::WebhookSecrets;
use crate::wire::{self, HttpClient};
use crate::{stack, tools};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::task::JoinSet;

/// An emulated AWS account in which nothing is deployed by us. Dropping it ends the emulator, but does not wait for
/// the data to be saved; [`Account::stop`] does.
pub struct Account {
    options: StackOptions,
    http: HttpClient,
    emulator: Emulator,
    aws: Aws,
    tools: PathBuf,
    /// Held while the account runs; the system lets go of it however we end.
    _lock: File,
}

/// Both APIs of a deployed stack under one address, with a token issuer of its own.
pub struct StackFront {
    stack: String,
    port: u16,
    /// Until the first [`StackFront::serve`].
    bound: Option<Listeners>,
    listening: JoinSet<()>,
    issuer: Issuer,
    url: String,
}

impl Account {
    /// Starts the emulator with the data of last time. Of `options`, `port` and `parameters` are not looked at.
    ///
    /// # Errors
    /// Each [`StackError`] says what to do about it.
    pub async fn start(options: StackOptions) -> Result<Self, StackError> {
        let lock = stack::claim(&options)?;
        let tools = tools::link_tools(&options)?;
        let http = wire::client();
        let emulator = Emulator::start(&options, &http).await?;
        let aws = Aws::new(emulator.endpoint().to_owned(), http.clone());
        Ok(Self { options, http, emulator, aws, tools, _lock: lock })
    }

    /// The emulator's address, for AWS clients; key and secret `test` are the account's root.
    pub fn aws_endpoint(&self) -> &str {
        self.emulator.endpoint()
    }

    /// The folder with this machine's tools, for `ToolsRoot`.
    pub fn tools(&self) -> &Path {
        &self.tools
    }

    /// Puts the local secrets where functions look for them. The template's parameters that name them there.
    ///
    /// # Errors
    /// When the emulator refuses them.
    pub async fn publish_secrets(&self) -> Result<[(&'static str, String); 3], StackError> {
        WebhookSecrets::open(&self.options.state("secrets.json"))?.publish(&self.aws).await
    }

    /// The address that the stack of this name will have. It is bound and not served: the stack is deployed with it,
    /// as its `ClerkIssuer`, first.
    ///
    /// # Errors
    /// When no port is free, or the issuer's key can neither be read nor written.
    pub async fn front(&self, stack: &str) -> Result<StackFront, StackError> {
        let listeners = Listeners::bind(0).await?;
        let port = listeners.port;
        let url = format!("http://localhost:{port}");
        let issuer = Issuer::open(&self.options.state("issuer.pem"), &url)?;
        let (bound, listening) = (Some(listeners), JoinSet::new());
        Ok(StackFront { stack: stack.to_owned(), port, bound, listening, issuer, url })
    }

    /// Ends the emulator and waits until the data is saved.
    ///
    /// # Errors
    /// When the emulator cannot be ended.
    pub async fn stop(self) -> Result<(), StackError> {
        self.emulator.stop().await
    }
}

impl StackFront {
    /// The Videos & Chat API's base URL, `http://localhost:{port}`; also the issuer of its tokens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A session token of the local user `user_{name}`.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn token(&self, name: &str) -> Result<String, StackError> {
        self.issuer.token(name)
    }

    /// Serves the stack as it is deployed now; again after each update, because its APIs and the functions that stream
    /// may be others.
    ///
    /// # Errors
    /// When there is no such stack, or it lacks an output.
    pub async fn serve(&mut self, account: &Account) -> Result<Outputs, StackError> {
        self.listening.shutdown().await;
        let outputs = deploy::read_outputs_of(&account.aws, &self.stack).await?;
        let environment = account.emulator.environment();
        let (options, http) = (&account.options, account.http.clone());
        let front = Front::new(options, &account.aws, http, &outputs, environment, &self.issuer).await?;
        let listeners = match self.bound.take() {
            Some(listeners) => listeners,
            None => Listeners::bind(self.port).await?,
        };
        self.listening = listeners.serve(Arc::new(front));
        Ok(outputs)
    }
}
