//! Events as AWS hands them to a function: for what no HTTP client sends, and no emulator passes on or repeats.

use std::path::Path;

use serde_json::{Value, json};
use store::Source;

/// The sample event of a function with these headers, and no others. A name that comes twice is there as the gateway
/// has it: all its values among the many, and the last one alone.
pub fn request(function: &str, headers: &[(&str, &str)]) -> Value {
    let mut event = sample(function);
    (event["headers"], event["multiValueHeaders"]) = (json!({}), json!({}));
    for (name, value) in headers {
        event["headers"][name] = json!(value);
        match event["multiValueHeaders"][name].as_array_mut() {
            Some(values) => values.push(json!(value)),
            None => event["multiValueHeaders"][name] = json!([value]),
        }
    }
    event
}

/// The message by which S3 tells the ingest queue of an upload.
pub fn upload(source: &Source) -> Value {
    let mut event = sample("pipeline-dispatch");
    let message = &mut event["Records"][0]["body"];
    let mut told: Value = serde_json::from_str(message.as_str().expect("a body")).expect("JSON");
    let object = &mut told["Records"][0]["s3"]["object"];
    (object["key"], object["versionId"]) = (json!(source.key), json!(source.version_id));
    object["size"] = json!(source.size);
    *message = json!(told.to_string());
    event
}

fn sample(function: &str) -> Value {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../events")).join(format!("{function}.json"));
    serde_json::from_slice(&std::fs::read(file).expect("a sample event")).expect("JSON")
}
