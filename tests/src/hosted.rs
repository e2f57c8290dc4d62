//! One function's own program, under a Lambda Runtime API and a DynamoDB that count how often it waits.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use serde_json::Value;
use tiny_http::{Header, Method, Request, Response, Server};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use crate::world::World;

/// What the counting DynamoDB adds to each request. Requests that a function sends at once reach it well within this
/// time; one that comes after it is another round.
const DELAY: Duration = Duration::from_millis(200);

/// A running program.
pub struct Hosted {
    process: Child,
    rounds: Arc<Mutex<Rounds>>,
    invocations: mpsc::Sender<Invocation>,
}

/// An answer, and what it took until its first byte.
#[derive(Debug)]
pub struct Answered {
    /// HTTP status code.
    pub status: u64,
    /// Body, or what came of it in the first bytes of a stream.
    pub text: String,
    /// Each request to DynamoDB with its round, from 1: it came after as many others had been answered, one after the
    /// other.
    pub requests: Vec<(u32, String)>,
}

impl Answered {
    /// How many requests to DynamoDB had to wait for each other.
    pub fn rounds(&self) -> u32 {
        self.requests.iter().map(|(round, _)| *round).max().unwrap_or(0)
    }
}

struct Invocation {
    event: String,
    answer: oneshot::Sender<Answered>,
}

#[derive(Default)]
struct Rounds {
    /// The highest round of which a request was answered.
    answered: u32,
    requests: Vec<(u32, String)>,
}

impl Hosted {
    /// Starts the program of a `[[bin]]` as it is deployed under that name of the template, but for these variables.
    pub async fn start(world: &World, bin: &str, function: &str, instead: &[(&str, &str)]) -> Self {
        let rounds = Arc::<Mutex<Rounds>>::default();
        let dynamodb = count(world.aws_endpoint.clone(), rounds.clone());
        let (invocations, waiting) = mpsc::channel();
        let runtime_api = serve_runtime_api(waiting, rounds.clone());
        let deployed = world.deployed(function).await;
        let variables = deployed["Environment"]["Variables"].as_object().expect("variables").clone();
        let variables =
            variables.into_iter().filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())));
        let program =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/lambda").join(bin).join("bootstrap");
        let process = Command::new(&program)
            .env_clear()
            .envs(variables)
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .env("AWS_LAMBDA_FUNCTION_NAME", function)
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_ENDPOINT_URL", &world.aws_endpoint)
            .env("AWS_ENDPOINT_URL_DYNAMODB", dynamodb)
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("LOCAL_FETCH_ALLOW", world.web.to_string())
            .envs(instead.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = process.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Self { process, rounds, invocations }
    }

    /// Runs the function on one event.
    pub async fn invoke(&self, event: &Value) -> Answered {
        *locked(&self.rounds) = Rounds::default();
        let (answer, answered) = oneshot::channel();
        self.invocations.send(Invocation { event: event.to_string(), answer }).expect("a Runtime API");
        tokio::time::timeout(Duration::from_secs(30), answered)
            .await
            .expect("an answer in time")
            .expect("an answer")
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A panic elsewhere leaves the count whole.
fn locked(rounds: &Mutex<Rounds>) -> MutexGuard<'_, Rounds> {
    rounds.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers the two calls that a process makes in turn: for its next event, and with its answer. Ends with the process
/// of the tests.
fn serve_runtime_api(waiting: mpsc::Receiver<Invocation>, rounds: Arc<Mutex<Rounds>>) -> String {
    let server = Server::http("127.0.0.1:0").expect("a free port");
    let address = server.server_addr().to_string();
    std::thread::spawn(move || {
        let mut current = None;
        for (number, mut request) in server.incoming_requests().enumerate() {
            if request.method() == &Method::Get {
                let Ok(invocation) = waiting.recv() else { return };
                let mut response = Response::from_string(invocation.event);
                for (name, value) in [
                    ("lambda-runtime-aws-request-id", number.to_string()),
                    (
                        "lambda-runtime-deadline-ms",
                        (jiff::Timestamp::now().as_millisecond() + 30_000).to_string(),
                    ),
                    (
                        "lambda-runtime-invoked-function-arn",
                        "arn:aws:lambda:us-east-1:000000000000:function:f".to_owned(),
                    ),
                ] {
                    response.add_header(Header::from_bytes(name, value).expect("a header"));
                }
                current = Some(invocation.answer);
                // The process may have been ended.
                drop(request.respond(response));
                continue;
            }
            let answered = read(&mut request, &rounds);
            if let Some(answer) = current.take() {
                // Whoever asked may have given up.
                drop(answer.send(answered));
            }
            drop(request.respond(Response::empty(202)));
        }
    });
    address
}

/// The answer that a process posts: one JSON object, or the head of a stream as JSON and then the body.
fn read(request: &mut Request, rounds: &Mutex<Rounds>) -> Answered {
    let mut first = vec![0; 64 << 10];
    let length = request.as_reader().read(&mut first).expect("a first byte");
    let requests = locked(rounds).requests.clone();
    first.truncate(length);
    // To its end, or the process could not go on.
    request.as_reader().read_to_end(&mut first).expect("an answer");
    let mut parts = serde_json::Deserializer::from_slice(&first).into_iter::<Value>();
    let head = parts.next().and_then(Result::ok).unwrap_or_default();
    let body = match head["body"].as_str() {
        Some(body) => body.to_owned(),
        None => String::from_utf8_lossy(&first[parts.byte_offset()..]).trim_start_matches('\0').to_owned(),
    };
    Answered { status: head["statusCode"].as_u64().unwrap_or(0), text: body, requests }
}

/// Stands before the emulator's DynamoDB: later by [`DELAY`], and counting. Ends with the process of the tests.
fn count(endpoint: String, rounds: Arc<Mutex<Rounds>>) -> String {
    let server = Server::http("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", server.server_addr());
    std::thread::spawn(move || {
        let runtime = Runtime::new().expect("a runtime");
        let http = reqwest::Client::new();
        for mut request in server.incoming_requests() {
            let header = |name: &'static str| {
                let found = request.headers().iter().find(|header| header.field.equiv(name));
                found.map(|header| header.value.to_string()).unwrap_or_default()
            };
            let target = header("x-amz-target");
            let round = {
                let mut rounds = locked(&rounds);
                let round = rounds.answered + 1;
                let operation = target.split('.').next_back().unwrap_or_default().to_owned();
                rounds.requests.push((round, operation));
                round
            };
            let mut call = http.post(&endpoint).header("x-amz-target", target);
            for name in ["authorization", "content-type", "x-amz-date"] {
                call = call.header(name, header(name));
            }
            let mut body = vec![];
            request.as_reader().read_to_end(&mut body).expect("a body");
            let (handle, rounds) = (runtime.handle().clone(), rounds.clone());
            std::thread::spawn(move || {
                std::thread::sleep(DELAY);
                let answer = handle.block_on(async {
                    let answer = call.body(body).send().await.expect("an answer of the emulator");
                    let status = answer.status().as_u16();
                    (status, answer.bytes().await.expect("a body"))
                });
                let response = Response::from_data(answer.1).with_status_code(answer.0).with_header(
                    Header::from_bytes("content-type", "application/x-amz-json-1.0").expect("a header"),
                );
                let mut counted = locked(&rounds);
                counted.answered = counted.answered.max(round);
                drop(counted);
                // The process may have been ended.
                drop(request.respond(response));
            });
        }
    });
    url
}
