//! Requests as API Gateway hands them to a function: for what no HTTP client sends, and no emulator passes on.

use std::path::Path;

use serde_json::{Value, json};

/// The sample event of a function with these headers, and no others. A name that comes twice is there as the gateway
/// has it: all its values among the many, and the last one alone.
pub fn request(function: &str, headers: &[(&str, &str)]) -> Value {
    let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../events")).join(format!("{function}.json"));
    let mut event: Value =
        serde_json::from_slice(&std::fs::read(file).expect("a sample event")).expect("JSON");
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
