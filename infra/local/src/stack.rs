use crate::aws::Aws;
use crate::deploy::{self, Outputs};
use crate::emulator::Emulator;
use crate::error::StackError;
use crate::front::{Front, Listeners};
use crate::issuer::Issuer;
use crate::options::StackOptions;
use crate::secrets::{WebhookSecrets, put};
use crate::stack_file::StackFile;
use crate::wire::{self, HttpClient};
use crate::{package, plan, tools};
use domain::plan::Plan;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::fs::{self, File, TryLockError};
use std::sync::Arc;
use std::time::Instant;
use tokio::task::JoinSet;

/// Whose token and key the banner shows.
const BANNER_USER: &str = "dev";

/// What is for sale locally. Made-up prices: whoever plays Stripe takes any.
const PRICES: &str = "starter=price_local_starter,pro=price_local_pro,max=price_local_max,5h=price_local_5h,20h=price_local_20h";

/// A running local stack. Dropping it ends everything too, but does not wait for the data to be saved;
/// [`Stack::stop`] does.
pub struct Stack {
    options: StackOptions,
    url: String,
    http: HttpClient,
    emulator: Emulator,
    listening: JoinSet<()>,
    outputs: Outputs,
    issuer: Issuer,
    secrets: WebhookSecrets,
    /// Held while the stack runs; the system lets go of it however we end.
    _lock: File,
}

impl Stack {
    /// Starts the emulator with the data of last time, deploys `template.yaml` with the functions built in
    /// `target/lambda/`, and serves both APIs.
    ///
    /// # Errors
    /// Each [`StackError`] says what to do about it. What was started until then is stopped again.
    pub async fn start(options: StackOptions) -> Result<Self, StackError> {
        let began = Instant::now();
        let lock = claim(&options)?;
        let listeners = Listeners::bind(options.port).await?;
        let url = format!("http://localhost:{}", listeners.port);
        let tools = tools::link_tools(&options)?;
        let issuer = Issuer::open(&options.state("issuer.pem"), &url)?;
        let secrets = WebhookSecrets::open(&options.state("secrets.json"))?;
        let http = wire::client();

        options.say("starting the AWS emulator");
        let emulator = Emulator::start(&options, &http).await?;
        let aws = Aws::new(emulator.endpoint().to_owned(), http.clone());
        let mut parameters = vec![
            ("Architecture", architecture().to_owned()),
            ("ToolsRoot", tools.display().to_string()),
            ("ClerkIssuer", url.clone()),
            ("ClerkJwksUrl", format!("{url}/.well-known/jwks.json")),
            // The issuer's own tokens name no party; one that does must name this stack.
            ("ClerkAuthorizedParties", url.clone()),
            // One laptop, not a fleet, and no account whose limit its API shares.
            ("MapWidth", "2".to_owned()),
            ("MaxRunningVideos", "4".to_owned()),
            ("QueueConcurrency", "5".to_owned()),
            ("StripePrices", PRICES.to_owned()),
        ];
        parameters.extend(secrets.publish(&aws).await?);
        parameters.retain(|(own, _)| options.parameters.iter().all(|(given, _)| given != own));
        for (parameter, text) in &options.secrets {
            parameters.push((*parameter, put(&aws, &format!("local/{parameter}"), text).await?));
        }
        parameters.extend(options.parameters.clone());
        let outputs = deploy_template(&options, &aws, &parameters).await?;
        let front =
            Front::new(&options, &aws, http.clone(), &outputs, emulator.environment(), &issuer).await?;
        let listening = listeners.serve(Arc::new(front));
        options.say(&format!("ready after {:.1} s", began.elapsed().as_secs_f64()));
        Ok(Self { options, url, http, emulator, listening, outputs, issuer, secrets, _lock: lock })
    }

    /// The Videos & Chat API's base URL, `http://localhost:{port}`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The Jobs API's base URL, as the SDKs take it.
    pub fn jobs_url(&self) -> String {
        format!("{}/v1/api", self.url)
    }

    /// The emulator's address, for AWS clients; key and secret `test` are the account's root.
    pub fn aws_endpoint(&self) -> &str {
        self.emulator.endpoint()
    }

    /// The outputs of the deployed template.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// What webhooks are signed with here.
    pub fn secrets(&self) -> &WebhookSecrets {
        &self.secrets
    }

    /// A session token of the local user `user_{name}`.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn token(&self, name: &str) -> Result<String, StackError> {
        self.issuer.token(name)
    }

    /// Puts the local user `name` on a plan.
    ///
    /// # Errors
    /// When the table cannot be written to.
    pub async fn set_plan(&self, name: &str, plan: Plan) -> Result<(), StackError> {
        plan::set_plan(self.aws_endpoint(), &self.outputs, name, plan).await
    }

    /// Ends the front, the functions and the emulator, in this order, and waits until the data is saved.
    ///
    /// # Errors
    /// When the emulator cannot be ended.
    pub async fn stop(mut self) -> Result<(), StackError> {
        self.listening.shutdown().await;
        self.emulator.stop().await
    }

    /// What `stack.json` says of this stack. The API key of last time is kept while it still opens the API.
    ///
    /// # Errors
    /// When the Jobs API gives no key.
    pub async fn describe(&self) -> Result<StackFile, StackError> {
        let session_token = self.token(BANNER_USER)?;
        let last = StackFile::read(&self.options.state("stack.json")).ok().map(|file| file.api_key);
        let api_key = match last {
            Some(key) if self.opens(&key).await? => key,
            _ => self.create_key(&session_token).await?,
        };
        Ok(StackFile {
            url: self.url.clone(),
            jobs_url: self.jobs_url(),
            session_token,
            api_key,
            pid: std::process::id(),
            aws_endpoint: self.aws_endpoint().to_owned(),
            clerk_webhook_secret: self.secrets.clerk.clone(),
            stripe_webhook_secret: self.secrets.stripe.clone(),
        })
    }

    async fn opens(&self, key: &str) -> Result<bool, StackError> {
        let request = Request::get(format!("{}/quota", self.jobs_url())).header("x-api-key", key);
        Ok(self.call(request, String::new()).await?.0 == StatusCode::OK)
    }

    async fn create_key(&self, session_token: &str) -> Result<String, StackError> {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("{}/keys", self.jobs_url()))
            .header(header::AUTHORIZATION, format!("Bearer {session_token}"))
            .header(header::CONTENT_TYPE, "application/json");
        let (status, answer) = self.call(request, json!({ "name": "local stack" }).to_string()).await?;
        let key = answer.pointer("/data/key").and_then(Value::as_str).map(str::to_owned);
        key.ok_or_else(|| StackError::answer("POST /v1/api/keys", format!("{status} {answer}")))
    }

    async fn call(
        &self,
        request: http::request::Builder,
        body: String,
    ) -> Result<(StatusCode, Value), StackError> {
        let failed = |error: &dyn std::fmt::Display| StackError::answer("the Jobs API", error);
        let request = request.body(wire::full(body)).map_err(|error| failed(&error))?;
        let answer = self.http.request(request).await.map_err(|error| failed(&error))?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|error| failed(&error))?.to_bytes();
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }
}

/// This machine's, in Lambda's word: the functions run here, so they were built for it.
fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

/// Makes the state directory and takes it for as long as the file that is returned is open.
pub(crate) fn claim(options: &StackOptions) -> Result<File, StackError> {
    for directory in ["", "logs", "data"] {
        let directory = options.state(directory);
        fs::create_dir_all(&directory).map_err(StackError::file(&directory))?;
    }
    let path = options.state("lock");
    let file = File::create(&path).map_err(StackError::file(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StackError::AlreadyRunning(options.state_dir.clone())),
        Err(TryLockError::Error(error)) => Err(StackError::file(&path)(error)),
    }
}

async fn deploy_template(
    options: &StackOptions,
    aws: &Aws,
    parameters: &[(&str, String)],
) -> Result<Outputs, StackError> {
    let path = options.template();
    let template = fs::read_to_string(&path).map_err(StackError::file(&path))?;
    let root = options.root.clone();
    let package = tokio::task::spawn_blocking(move || package::package(&template, &root))
        .await
        .map_err(|error| StackError::io("packaging")(error.into()))??;
    let (template_url, new) = package.upload(aws).await?;
    options.say(&format!("deploying template.yaml ({new} changed artifacts)"));
    let outputs = deploy::deploy(aws, &package.template, &template_url, parameters).await?;
    package.prune(aws).await?;
    Ok(outputs)
}
