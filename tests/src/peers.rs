//! Software that others wrote for the same protocols: it signs, verifies and calls, so that our own code is not
//! measured by itself. Small programs under `tests/peers/` hold it, in the Python environment `.local/venv-tests`.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::webhook::Message;

/// An event is sent a second after it happened.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn program(name: &str) -> Command {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let python = root.join(".local/venv-tests/bin/python");
    assert!(python.exists(), "{} is missing: run `make test-setup`", python.display());
    let mut command = Command::new(python);
    command.arg(root.join("tests/peers").join(name)).stdin(Stdio::piped()).stdout(Stdio::piped());
    // What they call is on this machine, whatever proxy is set.
    command.env("NO_PROXY", "127.0.0.1,localhost").kill_on_drop(true);
    command
}

/// Runs a program to its end: JSON in, JSON out.
pub async fn run(name: &str, input: &Value) -> Value {
    let mut child = program(name).spawn().expect("a process");
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(input.to_string().as_bytes()).await.expect("it reads");
    drop(stdin);
    let ended = child.wait_with_output().await.expect("its end");
    assert!(ended.status.success(), "{name} failed; see above");
    serde_json::from_slice(&ended.stdout).expect("JSON")
}

/// What the official libraries of Svix and Stripe put into the signature header of each message.
pub async fn signatures(messages: &[Message<'_>]) -> Vec<String> {
    let orders: Vec<_> = messages.iter().map(|message| order("sign", message, "")).collect();
    serde_json::from_value(run("webhooks.py", &json!(orders)).await).expect("a list of signatures")
}

/// Whether the official library takes the message with this signature.
pub async fn verifies(message: &Message<'_>, signature: &str) -> bool {
    run("webhooks.py", &json!([order("verify", message, signature)])).await[0] == true
}

fn order(what: &str, message: &Message<'_>, signature: &str) -> Value {
    json!({
        "do": what,
        "scheme": message.scheme.name(),
        "secret": message.secret,
        "id": message.id,
        "timestamp": message.timestamp,
        "body": message.body,
        "signature": signature,
    })
}

/// localstripe, Stripe's API as Adrien Vergé wrote it: customers, plans, subscriptions, and events about them. It has
/// neither checkout nor portal sessions. Ends with this value.
pub struct LocalStripe {
    url: String,
    http: reqwest::Client,
    log: Lines<BufReader<ChildStdout>>,
    /// What it said that nobody has asked for yet: it sends several events at once, and their order is by chance.
    said: Vec<String>,
    _child: Child,
}

impl LocalStripe {
    /// Starts it on a free port.
    pub async fn start() -> Self {
        let mut child = program("localstripe_server.py").spawn().expect("a process");
        let mut log = BufReader::new(child.stdout.take().expect("its output")).lines();
        let port = log.next_line().await.expect("text").expect("a port; see above");
        Self {
            url: format!("http://127.0.0.1:{port}"),
            http: reqwest::Client::new(),
            log,
            said: vec![],
            _child: child,
        }
    }

    /// Has it send its events there, signed with that secret.
    pub async fn send_events_to(&self, url: &str, secret: &str) {
        let webhook = json!({ "url": url, "secret": secret });
        let set = self.http.post(format!("{}/_config/webhooks/tests", self.url)).body(webhook.to_string());
        assert!(set.send().await.expect("an answer").status().is_success());
    }

    /// Calls its API, as one who has a key.
    pub async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let call = self.http.request(method, format!("{}/v1/{path}", self.url)).bearer_auth("sk_test_local");
        let answer = call.body(body.to_string()).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("text"));
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// What it says of the next event of that kind, once it has sent it: `successfully delivered`, or with which
    /// status it was refused.
    pub async fn sent(&mut self, kind: &str) -> String {
        let start = format!("webhook \"{kind}\" ");
        loop {
            if let Some(at) = self.said.iter().position(|line| line.starts_with(&start)) {
                return self.said.remove(at).split_off(start.len());
            }
            let line = tokio::time::timeout(PATIENCE, self.log.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("localstripe says nothing of {kind}")).expect("text");
            self.said.push(line.expect("localstripe runs"));
        }
    }
}
