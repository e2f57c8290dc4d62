//! Functions that the front runs itself: the deployed program under the function's own role, several
//! processes when calls come at once, reused when they are idle.

use super::deployed::Deployed;
use super::runtime_api::{Chunk, Invocation, RuntimeApi, Streamed};
use crate::aws::{Aws, REGION};
use crate::error::StackError;
use crate::wire::{Body, BoxError};
use bytes::Bytes;
use futures::stream;
use http::Response;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Processes of one function at a time; further callers wait their turn.
const CONCURRENCY: usize = 32;
/// A role session lasts an hour; a process is retired well before its credentials are.
const LIFETIME: Duration = Duration::from_secs(40 * 60);

/// Why a hosted function gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HostError {
    /// It reported an error.
    #[error("the function failed: {0}")]
    Function(String),
    /// Its process ended, or was ended at the function's timeout, before it answered.
    #[error("the function's process ended, or ran into its timeout, before it answered")]
    Ended,
    /// It could not be started.
    #[error(transparent)]
    Start(#[from] StackError),
}

/// One deployed function and its processes.
pub(super) struct Function {
    aws: Aws,
    deployed: Deployed,
    bootstrap: PathBuf,
    log: PathBuf,
    /// What every function inherits here, whoever runs it.
    environment: Vec<(String, String)>,
    idle: Mutex<Vec<Instance>>,
    /// The processes at work; they end with the function.
    working: Mutex<JoinSet<()>>,
    places: Arc<Semaphore>,
}

struct Instance {
    process: Child,
    api: RuntimeApi,
    retire_at: Instant,
}

impl Function {
    pub(super) async fn load(
        aws: &Aws,
        name: &str,
        code: &Path,
        log: &Path,
        environment: &[(String, String)],
    ) -> Result<Arc<Self>, StackError> {
        let deployed = Deployed::read(aws, name).await?;
        let bootstrap = deployed.unpack(aws, code).await?;
        Ok(Arc::new(Self {
            aws: aws.clone(),
            deployed,
            bootstrap,
            log: log.to_owned(),
            environment: environment.to_vec(),
            idle: Mutex::default(),
            working: Mutex::default(),
            places: Arc::new(Semaphore::new(CONCURRENCY)),
        }))
    }

    /// Runs the function on one event and returns its response as soon as the head is known.
    pub(super) async fn invoke(
        self: &Arc<Self>,
        request_id: String,
        event: Bytes,
    ) -> Result<Response<Body>, HostError> {
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| HostError::Ended)?;
        let instance = match self.take_idle() {
            Some(instance) => instance,
            None => self.spawn().await?,
        };
        let time_left = Duration::from_secs(self.deployed.configuration.timeout);
        let (reply, head) = oneshot::channel();
        let (done, finished) = oneshot::channel();
        let function_arn = self.deployed.configuration.function_arn.clone();
        let invocation = Invocation { request_id, event, time_left, function_arn, reply, done };
        if instance.api.invocations.send(invocation).await.is_err() {
            return Err(HostError::Ended);
        }
        let work = supervise(Arc::downgrade(self), instance, finished, Instant::now() + time_left, place);
        {
            let mut working = locked(&self.working);
            while working.try_join_next().is_some() {}
            working.spawn(work);
        }
        match head.await {
            Ok(Ok(streamed)) => Ok(response(streamed)),
            Ok(Err(error)) => Err(HostError::Function(error.to_string())),
            Err(_) => Err(HostError::Ended),
        }
    }

    /// The process used last, unless it has ended or is near the end of its credentials.
    fn take_idle(&self) -> Option<Instance> {
        let mut idle = locked(&self.idle);
        idle.retain_mut(|instance| {
            instance.retire_at > Instant::now() && matches!(instance.process.try_wait(), Ok(None))
        });
        idle.pop()
    }

    async fn spawn(&self) -> Result<Instance, StackError> {
        let api = RuntimeApi::start().await?;
        let configuration = &self.deployed.configuration;
        let credentials = self.deployed.credentials(&self.aws).await?;
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.map_err(StackError::file(&self.log))?;
        let log_too = log.try_clone().map_err(StackError::file(&self.log))?;
        let process = Command::new(&self.bootstrap)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .envs(self.deployed.variables())
            .envs(credentials)
            .env("AWS_LAMBDA_RUNTIME_API", api.address.to_string())
            .env("AWS_LAMBDA_FUNCTION_NAME", &configuration.function_name)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", configuration.memory_size.to_string())
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "front")
            .env("AWS_REGION", REGION)
            .env("AWS_DEFAULT_REGION", REGION)
            .env("_HANDLER", "bootstrap")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(log_too)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(StackError::file(&self.bootstrap))?;
        Ok(Instance { process, api, retire_at: Instant::now() + LIFETIME })
    }
}

/// Holds the process while it works: back to the idle ones when it has finished, gone when it ended or is
/// late. Its Runtime API goes with it, which breaks off a response that is under way.
async fn supervise(
    function: Weak<Function>,
    mut instance: Instance,
    finished: oneshot::Receiver<()>,
    deadline: Instant,
    _place: OwnedSemaphorePermit,
) {
    tokio::select! {
        finished = finished => if finished.is_ok() && let Some(function) = function.upgrade() {
            locked(&function.idle).push(instance);
        },
        status = instance.process.wait() => tracing::warn!(?status, "a hosted function's process ended"),
        () = sleep_until(deadline) => tracing::warn!("a hosted function ran into its timeout"),
    }
}

/// A panic elsewhere leaves these collections whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn response(streamed: Streamed) -> Response<Body> {
    let mut response = Response::new(body(streamed.chunks));
    *response.status_mut() = streamed.head.status;
    *response.headers_mut() = streamed.head.headers;
    response
}

/// A stream that stops without its end is an error, so that the caller's connection breaks off as well.
fn body(chunks: mpsc::Receiver<Chunk>) -> Body {
    let frames = stream::unfold(Some(chunks), |chunks| async {
        let mut chunks = chunks?;
        match chunks.recv().await {
            Some(Chunk::Data(data)) => Some((Ok(Frame::data(data)), Some(chunks))),
            Some(Chunk::End) => None,
            None => Some((Err(BoxError::from("the function's response broke off")), None)),
        }
    });
    StreamBody::new(frames).boxed_unsync()
}
