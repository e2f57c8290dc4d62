//! A bucket and Amazon Transcribe, as far as the provider uses them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::exception;
use crate::server::{Asked, Server, Told};

/// What is stored and begun.
#[derive(Default)]
pub(super) struct Cloud {
    pub(super) objects: BTreeMap<String, Bytes>,
    /// By their names: what was asked for.
    pub(super) jobs: BTreeMap<String, Value>,
    /// How often a job is said to be under way before it is done.
    pub(super) patience: usize,
    /// Why jobs fail, instead of being done.
    pub(super) failure: Option<&'static str>,
    /// What is written about each piece.
    pub(super) results: Vec<Value>,
    /// What jobs are begun with, instead of being begun.
    pub(super) refusal: Option<(u16, &'static str)>,
}

pub(super) type Shared = Arc<Mutex<Cloud>>;

/// What the service writes about one piece: from, to, who, what.
pub(super) fn result(segments: &[(f64, f64, &str, &str)]) -> Value {
    let segment = |(start, end, who, what): &(f64, f64, &str, &str)| {
        json!({
            "id": 0, "start_time": start.to_string(), "end_time": end.to_string(), "speaker_label": who,
            "transcript": what, "items": [0],
        })
    };
    let segments: Vec<Value> = segments.iter().map(segment).collect();
    json!({ "status": "COMPLETED", "results": { "transcripts": [], "items": [], "audio_segments": segments } })
}

pub(super) async fn server(cloud: &Shared) -> Server {
    let cloud = cloud.clone();
    Server::start(move |_, asked| {
        let mut cloud = cloud.lock().unwrap();
        match asked.headers.get("x-amz-target") {
            Some(target) => cloud.job(target.to_str().unwrap(), &asked.json_of("application/x-amz-json-1.1")),
            None => cloud.object(asked),
        }
    })
    .await
}

impl Cloud {
    fn object(&mut self, asked: &Asked) -> Told {
        let key = asked.path.strip_prefix("/bucket/").unwrap().to_owned();
        if asked.method == Method::PUT {
            let is_chunked = asked.headers.get("content-encoding").is_some_and(|how| how == "aws-chunked");
            let body = if is_chunked { unchunked(&asked.body) } else { asked.body.clone() };
            self.objects.insert(key, body);
            return Told { body: vec![], ..Told::json(&Value::Null) };
        }
        match self.objects.get(&key) {
            Some(object) => Told { body: vec![Ok(object.clone())], ..Told::json(&Value::Null) },
            None => {
                let body = "<Error><Code>NoSuchKey</Code><Message>No.</Message></Error>";
                Told { status: 404, body: vec![Ok(body.into())], ..Told::json(&Value::Null) }
            }
        }
    }

    fn job(&mut self, target: &str, asked: &Value) -> Told {
        let name = asked["TranscriptionJobName"].as_str().unwrap().to_owned();
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{name}");
        match (target, self.jobs.contains_key(&name)) {
            ("Transcribe.StartTranscriptionJob", _) if self.refusal.is_some() => {
                let (status, code) = self.refusal.unwrap();
                exception(status, code)
            }
            ("Transcribe.StartTranscriptionJob", true) => exception(400, "ConflictException"),
            ("Transcribe.StartTranscriptionJob", false) => {
                self.jobs.insert(name.clone(), asked.clone());
                status(&name, "IN_PROGRESS", None)
            }
            ("Transcribe.GetTranscriptionJob", true) => self.progress(&name),
            ("Transcribe.GetTranscriptionJob", false) => exception(400, "BadRequestException"),
            ("Transcribe.DeleteTranscriptionJob", _) => {
                self.jobs.remove(&name);
                Told::json(&json!({}))
            }
            // An action that the real service would not know either.
            _ => exception(400, "UnknownOperationException"),
        }
    }

    fn progress(&mut self, name: &str) -> Told {
        if self.patience > 0 {
            self.patience -= 1;
            return status(name, "IN_PROGRESS", None);
        }
        if let Some(reason) = self.failure {
            return status(name, "FAILED", Some(reason));
        }
        let result = &self.results[self.jobs.keys().position(|known| known == name).unwrap()];
        let key = self.jobs[name]["OutputKey"].as_str().unwrap().to_owned();
        self.objects.insert(key, result.to_string().into());
        status(name, "COMPLETED", None)
    }
}

fn status(name: &str, status: &str, reason: Option<&str>) -> Told {
    let mut job = json!({ "TranscriptionJobName": name, "TranscriptionJobStatus": status });
    if let Some(reason) = reason {
        job["FailureReason"] = reason.into();
    }
    Told::json(&json!({ "TranscriptionJob": job }))
}

/// A body in chunks, each after its length in hexadecimal digits, with a checksum at the end.
fn unchunked(mut body: &[u8]) -> Bytes {
    let mut whole = Vec::new();
    loop {
        let end = body.windows(2).position(|pair| pair == b"\r\n").unwrap();
        let length = std::str::from_utf8(&body[..end]).unwrap().split(';').next().unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        if length == 0 {
            return whole.into();
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + length]);
        body = &body[end + 2 + length + 2..];
    }
}
