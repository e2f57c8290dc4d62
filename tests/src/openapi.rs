//! Every reply is held against the OpenAPI documents: its status, its headers, its body.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jsonschema::Validator;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Answer;

/// The pages that show the documents; they are in neither.
const DOCUMENTATION: [&str; 3] = ["/docs", "/redoc", "/openapi"];

static VIDEOS: LazyLock<Document> =
    LazyLock::new(|| Document::read("videos.yaml", "application/problem+json", "Problem"));
static JOBS: LazyLock<Document> = LazyLock::new(|| Document::read("jobs.yaml", "application/json", "Error"));

/// One contract's document.
struct Document {
    name: &'static str,
    root: Value,
    /// Content type and schema of a refusal.
    refusal: (&'static str, &'static str),
    /// By where the schema is; made once, because clients poll.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// Fails unless the documents describe this reply.
#[track_caller]
pub fn check(method: &Method, path: &str, answer: &Answer) {
    let path = path.split('?').next().unwrap_or_default();
    if DOCUMENTATION.iter().any(|page| path.starts_with(page)) {
        return;
    }
    let document = if path.starts_with("/v1/") { &*JOBS } else { &*VIDEOS };
    if let Err(complaint) = document.describes(method, path, answer) {
        panic!("{}: {method} {path} answered {}: {complaint}\n{}", document.name, answer.status, answer.text);
    }
}

/// Fails unless the Jobs document describes this callback.
#[track_caller]
pub fn check_callback(body: &Value) {
    let described = &JOBS.root["webhooks"]["jobEnded"]["post"]["requestBody"]["content"]["application/json"];
    if let Err(complaint) = JOBS.fits_schema("jobEnded", &described["schema"], body) {
        panic!("{}: {complaint}\n{body}", JOBS.name);
    }
}

/// Fails unless the Videos document describes this event of a chat.
#[track_caller]
pub fn check_chat_event(data: &Value) {
    let schema = json!({ "$ref": "#/components/schemas/ChatEvent" });
    if let Err(complaint) = VIDEOS.fits_schema("an event of a chat", &schema, data) {
        panic!("{}: {complaint}\n{data}", VIDEOS.name);
    }
}

/// The value with the components that it refers to in their places. Schemas keep their references.
pub fn resolved(document: &Value, value: &Value) -> Value {
    match value {
        Value::Object(object) => match object.get("$ref").and_then(Value::as_str) {
            Some(target) if !target.starts_with("#/components/schemas/") => {
                let component =
                    document.pointer(&target[1..]).unwrap_or_else(|| panic!("{target} leads nowhere"));
                resolved(document, component)
            }
            _ => Value::Object(
                object.iter().map(|(name, value)| (name.clone(), resolved(document, value))).collect(),
            ),
        },
        Value::Array(items) => items.iter().map(|item| resolved(document, item)).collect(),
        scalar => scalar.clone(),
    }
}

impl Document {
    fn read(name: &'static str, content_type: &'static str, schema: &'static str) -> Self {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/openapi"));
        let root = crate::yaml::read(&folder.join(name));
        Self { name, root, refusal: (content_type, schema), validators: Mutex::default() }
    }

    fn describes(&self, method: &Method, path: &str, answer: &Answer) -> Result<(), String> {
        let item = self.path_item(path);
        let operation = item.map(|item| &item[method.as_str().to_lowercase()]);
        match (item, operation) {
            (_, Some(operation)) if operation.is_object() => self.answers(operation, answer),
            (Some(_), _) if method == Method::OPTIONS => expect_status(answer, 204),
            (Some(_), _) => {
                expect_status(answer, 405)?;
                header(answer, "allow")?;
                self.refuses(method, answer)
            }
            (None, _) => {
                expect_status(answer, 404)?;
                self.refuses(method, answer)
            }
        }
    }

    /// The path's item; a literal path before one with parameters.
    fn path_item(&self, path: &str) -> Option<&Value> {
        let paths = self.root["paths"].as_object().expect("paths");
        let fitting = paths.iter().filter(|(template, _)| fits(template, path));
        fitting.min_by_key(|(template, _)| template.matches('{').count()).map(|(_, item)| item)
    }

    /// An answer of an operation that is described.
    fn answers(&self, operation: &Value, answer: &Answer) -> Result<(), String> {
        let id = operation["operationId"].as_str().unwrap_or_default();
        let status = answer.status.as_str();
        let response = &operation["responses"][status];
        if response.is_null() {
            return Err(format!("{id} does not list {status}"));
        }
        let response = resolved(&self.root, response);
        for (name, described) in response["headers"].as_object().into_iter().flatten() {
            let text = header(answer, name)?;
            let value = text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number));
            self.fits_schema(&format!("{id} {status} {name}"), &described["schema"], &value)?;
        }
        let Some(content) = response["content"].as_object() else {
            return if answer.text.is_empty() { Ok(()) } else { Err(format!("{id} {status} has a body")) };
        };
        let kind = content_type(answer)?;
        let described =
            content.get(kind).ok_or_else(|| format!("{id} {status} is {kind}, which is not listed"))?;
        if kind.ends_with("json") {
            self.fits_schema(&format!("{id} {status}"), &described["schema"], &answer.body)?;
        }
        Ok(())
    }

    /// An answer to what is not described: a refusal in the contract's form.
    fn refuses(&self, method: &Method, answer: &Answer) -> Result<(), String> {
        header(answer, "x-request-id")?;
        // What a browser asks first is not counted, so it is not told a limit either.
        if method != Method::OPTIONS {
            for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
                header(answer, name)?;
            }
        }
        let (kind, schema) = self.refusal;
        if content_type(answer)? != kind {
            return Err(format!("it is not {kind}"));
        }
        if method == Method::HEAD {
            return Ok(());
        }
        let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
        self.fits_schema("a refusal", &schema, &answer.body)
    }

    /// `place` names the schema, in the complaint and among those that were built before.
    fn fits_schema(&self, place: &str, schema: &Value, value: &Value) -> Result<(), String> {
        let validator = self.validator(place, schema);
        let errors: Vec<String> = validator
            .iter_errors(value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(format!("{place}: {}", errors.join("; "))) }
    }

    fn validator(&self, place: &str, schema: &Value) -> Arc<Validator> {
        let mut known = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(validator) = known.get(place) {
            return validator.clone();
        }
        let mut schema = schema.clone();
        schema["components"] = self.root["components"].clone();
        let built = jsonschema::options().should_validate_formats(true).build(&schema);
        let built = Arc::new(built.unwrap_or_else(|error| panic!("{}: {place}: {error}", self.name)));
        known.insert(place.to_owned(), built.clone());
        built
    }
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let same = |(expected, part): (&&str, &&str)| expected.starts_with('{') || expected == part;
    template.len() == path.len() && template.iter().zip(&path).all(same)
}

fn expect_status(answer: &Answer, status: u16) -> Result<(), String> {
    if answer.status == status { Ok(()) } else { Err(format!("no document has it, so that it is {status}")) }
}

fn header<'a>(answer: &'a Answer, name: &str) -> Result<&'a str, String> {
    let value = answer.headers.get(name).ok_or_else(|| format!("there is no {name}"))?;
    value.to_str().map_err(|_| format!("{name} is not text"))
}

/// Without its parameters.
fn content_type(answer: &Answer) -> Result<&str, String> {
    Ok(header(answer, "content-type")?.split(';').next().unwrap_or_default())
}
