//! One local stack per test program, with its own ports and data.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use domain::ids::UserId;
use domain::metering::Wallet;
use domain::plan::Plan;
use jiff::Timestamp;
use local::{Stack, StackOptions};
use serde_json::{Value, json};
use store::{Names, Purge, Store};

use crate::client::Client;
use crate::clips::{self, Clips};
use crate::faults::FaultProxy;
use crate::proxy::Proxy;
use crate::receiver::Receiver;
use crate::stripe::FakeStripe;
use crate::vectors::VectorService;
use crate::wait::eventually;
use crate::web::{self, Web};

/// The emulator takes the key `test` for the account's root and does not check its signature.
const ROOT: &str = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/any/aws4_request, SignedHeaders=host, Signature=none";

/// The template's parameter of how many videos run at a time.
pub const RUNNING: &str = "MaxRunningVideos";

/// A running stack and what it is fed with.
pub struct World {
    /// The Videos & Chat API.
    pub url: String,
    /// `host:port` of the web server that jobs may fetch from.
    pub web: Web,
    /// The state machine.
    pub pipeline_arn: String,
    /// Inputs.
    pub clips: Clips,
    /// What YouTube videos are downloaded through.
    pub proxy: Proxy,
    /// Where jobs' ends are told.
    pub receiver: Receiver,
    /// Where things are paid for.
    pub stripe: FakeStripe,
    /// The file with the key that session tokens are signed with.
    pub issuer_key: PathBuf,
    /// What Clerk signs its webhooks with.
    pub clerk_secret: String,
    /// What Stripe signs its webhooks with.
    pub stripe_secret: String,
    /// Where the emulator speaks for AWS.
    pub aws_endpoint: String,
    table: String,
    bucket: String,
    requests: mpsc::SyncSender<Request>,
    /// Of all clients so far.
    names: Mutex<HashSet<String>>,
    addresses: AtomicU16,
}

/// What only the stack can do, asked of the thread that runs it.
struct Request {
    user: String,
    plan: Plan,
    token: mpsc::SyncSender<String>,
}

impl World {
    /// The world of this process, started at the first call.
    pub fn get() -> &'static Self {
        static WORLD: OnceLock<World> = OnceLock::new();
        WORLD.get_or_init(|| Self::start(&[], &[]))
    }

    /// One in which AWS's services do what is done on this machine otherwise. Bedrock speaks as the model at that
    /// address does. For a program that has no other world.
    pub fn by_aws(model: &str) -> Self {
        let by_aws = |provider| (provider, "aws".to_owned());
        let parameters =
            ["DescribeProvider", "TranscribeProvider", "EmbedProvider", "AnswerProvider"].map(by_aws);
        Self::start(&parameters, &[("MINISTACK_BEDROCK_PROXY_URL", model)])
    }

    /// One in which a server that speaks OpenAI's protocol, at that URL, describes, transcribes and answers. For a program
    /// that has no other world.
    pub fn by_openai(url: &str) -> Self {
        let parameters = [
            ("DescribeProvider", "openai"),
            ("OpenAiVisionModel", "eyes"),
            ("TranscribeProvider", "openai"),
            ("OpenAiTranscribeModel", "ears"),
            ("AnswerProvider", "openai"),
            ("OpenAiChatModel", "mouth"),
            ("OpenAiBaseUrl", url),
        ];
        Self::start(&parameters.map(|(name, value)| (name, value.to_owned())), &[])
    }

    /// One in which that service tells what is near in meaning. The emulator has none; the SDK finds this one by itself.
    /// For a program that has no other world.
    pub fn by_vectors(vectors: &VectorService) -> Self {
        let parameters = [
            ("LibrarySearch", "s3vectors".to_owned()),
            ("VectorBucketArn", VectorService::BUCKET.to_owned()),
        ];
        Self::start(&parameters, &[("AWS_ENDPOINT_URL_S3VECTORS", &vectors.url)])
    }

    /// One whose account lets so many functions run at a time. For a program that has no other world.
    pub fn limited(limit: u32, parameters: &[(&'static str, u32)]) -> Self {
        let parameters: Vec<_> = parameters.iter().map(|(name, value)| (*name, value.to_string())).collect();
        Self::start(&parameters, &[("LAMBDA_ACCOUNT_CONCURRENCY", &limit.to_string())])
    }

    /// One whose functions reach AWS's services through that proxy. For a program that has no other world.
    pub fn through(faults: &FaultProxy) -> Self {
        let world = Self::start(&[], &[("AWS_ENDPOINT_URL", &faults.url)]);
        faults.aim(&world.aws_endpoint);
        world
    }

    /// A client of its own: an account on that plan, a session token, an API key and a source address.
    pub async fn client(&self, name: &str, plan: Plan) -> Client {
        let new = self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
        assert!(new, "two tests have a client called {name}: each would find what the other one made");
        let token = self.token(name, plan).await;
        Client::new(&self.url, token, self.address().into()).await
    }

    /// A source address that nobody else has, and so requests of its own: the whole of 127/8 is this machine.
    pub fn address(&self) -> Ipv4Addr {
        let [high, low] = self.addresses.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        Ipv4Addr::new(127, 1, high, low)
    }

    /// A session token of an account on that plan.
    pub async fn token(&self, name: &str, plan: Plan) -> String {
        let (token, made) = mpsc::sync_channel(1);
        self.requests.send(Request { user: name.to_owned(), plan, token }).expect("the stack runs");
        tokio::task::spawn_blocking(move || made.recv()).await.expect("no panic").expect("a token")
    }

    /// What the books say of a user, once nothing is reserved any more: a video is settled a moment after its end.
    pub async fn settled_wallet(&self, name: &str) -> Wallet {
        let (store, user) = (self.store().await, UserId(format!("user_{name}")));
        eventually("nothing is reserved", async || {
            let wallet = store.wallet(user.clone(), Timestamp::now()).await.expect("a wallet");
            if wallet.held == 0 { Ok(wallet) } else { Err(wallet) }
        })
        .await
    }

    /// The table and the bucket, as somebody who may do everything.
    pub async fn store(&self) -> Store {
        self.store_through(&self.aws_endpoint).await
    }

    /// The same, by another way to the emulator.
    pub async fn store_through(&self, endpoint: &str) -> Store {
        let aws = self.aws().await.into_builder().endpoint_url(endpoint).build();
        Store::new(
            &aws,
            Names {
                table: self.table.clone(),
                bucket: self.bucket.clone(),
                s3_path_style: true,
                ..Names::default()
            },
        )
    }

    /// Rows of the table as they are stored, whatever the store makes of them: those of a partition whose sort keys
    /// have this start. A client of one's own, because one is slow to make and belongs to its runtime.
    pub async fn rows(&self, http: &reqwest::Client, partition: &str, start: &str) -> Vec<Value> {
        let mut query = json!({
            "TableName": self.table,
            "ConsistentRead": true,
            "KeyConditionExpression": "PK = :pk",
            "ExpressionAttributeValues": { ":pk": { "S": partition } },
        });
        // The table takes no empty text for a part of a key.
        if !start.is_empty() {
            query["KeyConditionExpression"] = json!("PK = :pk AND begins_with(SK, :sk)");
            query["ExpressionAttributeValues"][":sk"] = json!({ "S": start });
        }
        let call = http.post(&self.aws_endpoint).body(query.to_string());
        let call = call.header("x-amz-target", "DynamoDB_20120810.Query").header("authorization", ROOT);
        let mut answer = json_of(call.header("content-type", "application/x-amz-json-1.0")).await;
        assert!(answer["LastEvaluatedKey"].is_null(), "{partition} has more than one page");
        let Value::Array(rows) = answer["Items"].take() else { panic!("no rows: {answer}") };
        rows
    }

    /// Writes a row of the table as it is, whatever the store would make of it.
    pub async fn put_row(&self, row: Value) {
        let put = json!({ "TableName": self.table, "Item": row });
        let call = reqwest::Client::new().post(&self.aws_endpoint).body(put.to_string());
        let call = call.header("x-amz-target", "DynamoDB_20120810.PutItem").header("authorization", ROOT);
        let answer =
            call.header("content-type", "application/x-amz-json-1.0").send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{row}");
    }

    /// What an API of AWS answers that speaks JSON: `Logs_20140328.FilterLogEvents`.
    pub async fn call(&self, target: &str, body: Value) -> Value {
        let call = reqwest::Client::new().post(&self.aws_endpoint).body(body.to_string());
        let call = call.header("x-amz-target", target).header("authorization", ROOT);
        json_of(call.header("content-type", "application/x-amz-json-1.0")).await
    }

    /// The lines of the functions' log that have this text in them, parsed. Lambda's own are not JSON here, and left out.
    pub async fn log_lines(&self, text: &str) -> Vec<Value> {
        let group = self.deployed("PipelineIndex").await["LoggingConfig"]["LogGroup"].take();
        let found = json!({ "logGroupName": group, "filterPattern": format!("\"{text}\"") });
        let found = self.call("Logs_20140328.FilterLogEvents", found).await;
        let events = found["events"].as_array().unwrap_or_else(|| panic!("no events: {found}"));
        let lines = events.iter().filter_map(|event| event["message"].as_str());
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Keys of the objects under a prefix, old versions included.
    pub async fn objects(&self, prefix: &str) -> Vec<String> {
        self.store().await.keys_under(prefix).await.expect("a list of objects")
    }

    /// The versions of the object with that key.
    pub async fn versions(&self, key: &str) -> Vec<String> {
        let url = format!("{}/{}?versions&prefix={key}", self.aws_endpoint, self.bucket);
        let listed = reqwest::Client::new().get(url).header("authorization", ROOT).send().await;
        let listed = listed.expect("an answer").text().await.expect("a list");
        let parts = listed.split("<VersionId>").skip(1);
        parts.filter_map(|part| Some(part.split_once('<')?.0.to_owned())).collect()
    }

    /// Removes a version of an object for good.
    pub async fn remove_object(&self, key: &str, version: &str) {
        let url = format!("{}/{}/{key}?versionId={version}", self.aws_endpoint, self.bucket);
        let removed = reqwest::Client::new().delete(url).header("authorization", ROOT).send().await;
        assert_eq!(removed.expect("an answer").status(), 204, "{key}");
    }

    /// Gives a message to the function behind the purge queue, as the queue does.
    pub async fn purge(&self, message: &Purge) {
        let body = serde_json::to_string(message).expect("a message");
        let event = json!({ "Records": [{ "messageId": "m", "body": body, "eventSource": "aws:sqs" }] });
        let answer = self.invoke("UpkeepPurge", &event).await;
        assert_eq!(answer["batchItemFailures"], json!([]), "{message:?}");
    }

    /// Replaces the text of the secret that this parameter of the template names.
    pub async fn set_secret(&self, parameter: &str, text: &str) {
        let change = json!({ "SecretId": format!("local/{parameter}"), "SecretString": text });
        let call = reqwest::Client::new().post(&self.aws_endpoint).body(change.to_string());
        let call = call.header("x-amz-target", "secretsmanager.PutSecretValue").header("authorization", ROOT);
        let answer = json_of(call.header("content-type", "application/x-amz-json-1.1")).await;
        assert!(answer["VersionId"].is_string(), "{parameter}: {answer}");
    }

    /// Invokes a deployed function by the name that the template gives it; answers what it answers.
    pub async fn invoke(&self, function: &str, event: &Value) -> Value {
        let deployed = self.deployed(function).await;
        let name = deployed["FunctionName"].as_str().expect("a name");
        let url = format!("{}/2015-03-31/functions/{name}/invocations", self.aws_endpoint);
        let call = reqwest::Client::new().post(url).header("authorization", ROOT);
        json_of(call.body(event.to_string())).await
    }

    /// What Lambda says of a function, by the name that the template gives it.
    pub(crate) async fn deployed(&self, function: &str) -> Value {
        let url = format!("{}/2015-03-31/functions?MaxItems=10000", self.aws_endpoint);
        let mut listed: Value = json_of(reqwest::Client::new().get(url).header("authorization", ROOT)).await;
        let functions = listed["Functions"].as_array_mut().expect("a list of functions");
        let is_it = |deployed: &&mut Value| {
            deployed["FunctionName"].as_str().is_some_and(|name| name.split('-').any(|part| part == function))
        };
        functions.iter_mut().find(is_it).expect("a deployed function of that name").take()
    }

    /// Kills every process of a function as the system does when memory runs out; answers how many there were.
    pub fn kill(&self, function: &str) -> usize {
        let found = self.processes(function);
        for id in &found {
            // It may have ended by itself meanwhile.
            let _ = std::process::Command::new("kill").arg("-9").arg(id).status();
        }
        found.len()
    }

    /// The ids of a function's processes, and of the programs that those run.
    pub fn processes(&self, function: &str) -> Vec<OsString> {
        let is_it = |process: &Path| {
            let Ok(environment) = std::fs::read(process.join("environ")) else { return false };
            let mut variables =
                environment.split(|byte| *byte == 0).filter_map(|v| std::str::from_utf8(v).ok());
            let (mut named, mut ours) = (false, false);
            for (name, value) in variables.by_ref().filter_map(|variable| variable.split_once('=')) {
                named |= name == "AWS_LAMBDA_FUNCTION_NAME" && value.contains(function);
                ours |= name == "AWS_ENDPOINT_URL" && value == self.aws_endpoint;
            }
            named && ours
        };
        let processes = std::fs::read_dir("/proc").expect("a Linux machine").flatten();
        let processes: Vec<PathBuf> = processes.map(|process| process.path()).collect();
        let mut found: Vec<&PathBuf> = processes.iter().filter(|process| is_it(process)).collect();
        // What they started is not told whose it is.
        let mut known = 0;
        while known < found.len() {
            let parent = found[known].file_name();
            let is_child = |process: &&PathBuf| parent_of(process).as_deref() == parent;
            let children: Vec<&PathBuf> = processes.iter().filter(is_child).collect();
            found.extend(children.into_iter().filter(|child| !found.contains(child)).collect::<Vec<_>>());
            known += 1;
        }
        found.into_iter().filter_map(|process| process.file_name()).map(OsStr::to_owned).collect()
    }

    /// The emulator, as its root account.
    pub async fn aws(&self) -> SdkConfig {
        aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(&self.aws_endpoint)
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "tests"))
            .load()
            .await
    }

    fn start(parameters: &[(&'static str, String)], variables: &[(&str, &str)]) -> Self {
        let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let folder = root.join("target/tmp/clips");
        std::fs::create_dir_all(&folder).expect("a folder for clips");
        let web = web::serve(folder.clone());
        let stripe = FakeStripe::serve();
        let (receiver, proxy) = (Receiver::serve(), Proxy::serve());
        let state_dir = state_dir(&root);
        let issuer_key = state_dir.join("issuer.pem");
        let mut options = StackOptions {
            root: root.canonicalize().expect("the checkout"),
            state_dir,
            port: 0,
            parameters: vec![("StripeApiUrl", stripe.url.clone()), ("RawCommands", clips::raw_commands())],
            secrets: vec![
                ("YouTubeProxyArn", proxy.url.clone()),
                // As long as nobody has signed in.
                ("YouTubeCookiesArn", "# Netscape HTTP Cookie File".to_owned()),
            ],
            env: vec![
                ("LOCAL_FETCH_ALLOW".to_owned(), format!("{web},{}", receiver.address)),
                ("LOCAL_YOUTUBE_URL".to_owned(), format!("http://{web}/youtube")),
                // As AWS has it; the emulator would allow as many at once as it thinks that the machine can bear.
                ("LAMBDA_ACCOUNT_CONCURRENCY".to_owned(), "1000".to_owned()),
            ],
            quiet: true,
        };
        options.parameters.extend_from_slice(parameters);
        if parameters.iter().all(|(name, _)| *name != RUNNING) {
            // No test is to wait for another's videos.
            options.parameters.push((RUNNING, "100".to_owned()));
        }
        options.env.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        // The same tests with the tools of the layers in the place of the machine's.
        options.env.extend(std::env::var("LOCAL_LAYERS").map(|folder| ("LOCAL_LAYERS".to_owned(), folder)));
        let (requests, asked) = mpsc::sync_channel::<Request>(0);
        let (started, url) = mpsc::sync_channel(1);
        // A thread of its own, because every test has a runtime that ends with it.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            let stack = runtime.block_on(Stack::start(options)).expect("the stack starts");
            let outputs = stack.outputs();
            let output = |name| outputs.get(name).expect("an output of the template").to_owned();
            let (url, endpoint) = (stack.url().to_owned(), stack.aws_endpoint().to_owned());
            let secrets = stack.secrets().clone();
            started
                .send((
                    [url, endpoint, output("PipelineArn"), output("TableName"), output("BucketName")],
                    secrets,
                ))
                .expect("somebody waits");
            for request in asked {
                runtime.block_on(stack.set_plan(&request.user, request.plan)).expect("a plan");
                request.token.send(stack.token(&request.user).expect("a token")).expect("somebody waits");
            }
        });
        let ([url, aws_endpoint, pipeline_arn, table, bucket], secrets) =
            url.recv().expect("the stack starts; see above");
        let clips = Clips::new(folder);
        let (clerk_secret, stripe_secret) = (secrets.clerk, secrets.stripe);
        Self {
            url,
            web,
            pipeline_arn,
            clips,
            proxy,
            receiver,
            stripe,
            issuer_key,
            clerk_secret,
            stripe_secret,
            table,
            bucket,
            aws_endpoint,
            requests,
            names: Mutex::default(),
            addresses: AtomicU16::new(1),
        }
    }
}

/// The id of the process that started another one.
fn parent_of(process: &Path) -> Option<OsString> {
    let stat = std::fs::read_to_string(process.join("stat")).ok()?;
    // After the name, which may have any characters, come the state and the parent.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1).map(OsString::from)
}

async fn json_of(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.expect("an answer").bytes().await.expect("a body");
    serde_json::from_slice(&answer).unwrap_or_default()
}

/// An empty folder for the data of this program's stack. What earlier runs left is removed, as far as a stack that is
/// just being stopped does not write there still: the next run removes the rest.
pub fn state_dir(root: &Path) -> PathBuf {
    let program = std::env::current_exe().expect("a program");
    let name =
        program.file_stem().and_then(OsStr::to_str).and_then(|name| name.split('-').next()).expect("a name");
    let folder = root.join("target/tmp").join(format!("stack-{name}"));
    for earlier in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
        drop(std::fs::remove_dir_all(earlier.path()));
    }
    let folder = folder.join(std::process::id().to_string());
    std::fs::create_dir_all(&folder).expect("a folder for the stack");
    folder.canonicalize().expect("a folder that was just made")
}
