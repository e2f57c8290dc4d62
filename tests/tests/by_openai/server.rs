//! A model server that speaks OpenAI's protocol, and does to pictures what the test says.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tiny_http::{Header, Request, Response, Server};

/// What the model says about every picture that it describes.
pub(crate) const SENTENCE: &str = "A person writes an equation on a board.";
/// What it answers to every question.
pub(crate) const ANSWER: &str = "A person does [00:01].";
/// What it hears in every piece of speech.
pub(crate) const WORDS: &str = "The board is in the corner.";
/// Tokens of every request.
pub(crate) const INPUT_TOKENS: u64 = 700;
/// Tokens of every description or answer.
pub(crate) const OUTPUT_TOKENS: u64 = 60;

/// What happens to requests for descriptions, numbered from 0 since it was last said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Temper {
    Describes,
    /// A content policy forbids the one of this number.
    Refuses(usize),
    RefusesAll,
    /// The one of this number fails for good, after the others.
    Fails(usize),
    /// The one of this number is never answered.
    Hangs(usize),
}

#[derive(Debug)]
struct State {
    temper: Temper,
    asked: usize,
}

/// The server, as long as the process runs.
#[derive(Clone)]
pub(crate) struct Model {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Model {
    pub(crate) fn serve() -> Self {
        let server = Server::http("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", server.server_addr());
        let state = Arc::new(Mutex::new(State { temper: Temper::Describes, asked: 0 }));
        let model = Self { url, state };
        let answering = model.clone();
        thread::spawn(move || {
            for request in server.incoming_requests() {
                let model = answering.clone();
                thread::spawn(move || model.answer(request));
            }
        });
        model
    }

    /// From now on it does this.
    pub(crate) fn set(&self, temper: Temper) {
        *self.state() = State { temper, asked: 0 };
    }

    /// Descriptions that it was asked for since then.
    pub(crate) fn asked(&self) -> usize {
        self.state().asked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, mut request: Request) {
        if request.url().ends_with("/audio/transcriptions") {
            drop(request.respond(Response::from_string(heard().to_string())));
            return;
        }
        let asked: Value = serde_json::from_reader(request.as_reader()).unwrap_or_default();
        if asked["stream"] == true {
            assert_eq!(asked["stream_options"]["include_usage"], true, "{asked}");
            drop(request.respond(Response::from_string(answered())));
            return;
        }
        let (status, body) = self.describe(&asked);
        let json = Header::from_bytes("content-type", "application/json").unwrap();
        let response = Response::from_string(body.to_string()).with_status_code(status).with_header(json);
        // The client may have gone away.
        drop(request.respond(response));
    }

    fn describe(&self, asked: &Value) -> (u16, Value) {
        assert!(asked["messages"][1]["content"][0]["image_url"]["url"].is_string(), "a picture: {asked}");
        let (number, temper) = {
            let mut state = self.state();
            state.asked += 1;
            (state.asked - 1, state.temper)
        };
        match temper {
            Temper::Refuses(refused) if refused == number => forbidden(),
            Temper::RefusesAll => forbidden(),
            Temper::Fails(fails) if fails == number => {
                thread::sleep(Duration::from_secs(1));
                (401, json!({ "error": { "code": "invalid_api_key", "message": "no" } }))
            }
            Temper::Hangs(hangs) if hangs == number => {
                thread::sleep(Duration::from_secs(600));
                described()
            }
            Temper::Describes | Temper::Refuses(_) | Temper::Fails(_) | Temper::Hangs(_) => described(),
        }
    }
}

fn answered() -> String {
    let delta = json!({ "choices": [{ "index": 0, "delta": { "content": ANSWER }, "finish_reason": null }] });
    let end = json!({ "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    let usage = json!({ "choices": [], "usage": usage() });
    format!("data: {delta}\n\ndata: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n")
}

fn heard() -> Value {
    json!({ "text": WORDS, "segments": [{ "id": 0, "start": 0.0, "end": 3.0, "text": WORDS }] })
}

fn usage() -> Value {
    json!({ "prompt_tokens": INPUT_TOKENS, "completion_tokens": OUTPUT_TOKENS })
}

fn forbidden() -> (u16, Value) {
    (400, json!({ "error": { "code": "content_policy_violation", "message": "no" } }))
}

fn described() -> (u16, Value) {
    let reply = json!({ "sentence": SENTENCE, "on_screen_text": [], "objects": [] });
    let message = json!({ "role": "assistant", "content": reply.to_string() });
    let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
    (200, json!({ "model": "eyes-1", "choices": [choice], "usage": usage() }))
}
