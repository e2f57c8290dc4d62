//! One local stack per test program, with its own ports and data.

mod aws;
mod logs;
mod processes;

use std::collections::HashSet;
use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError, mpsc};

use domain::ids::UserId;
use domain::metering::Wallet;
use domain::plan::Plan;
use jiff::Timestamp;
use local::{Stack, StackOptions};

use crate::client::Client;
use crate::clips::{self, Clips};
use crate::faults::FaultProxy;
use crate::proxy::Proxy;
use crate::receiver::Receiver;
use crate::stripe::FakeStripe;
use crate::vectors::VectorService;
use crate::wait::eventually;
use crate::web::{self, Web};

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
