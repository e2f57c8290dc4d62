//! Pieces of the JSON Schemas in which models are asked to answer.

use serde_json::{Value, json};

/// An object that has all of these properties and no other, as OpenAI's strict mode wants it.
pub(super) fn object(properties: &Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(|map| map.keys()).collect();
    json!({ "type": "object", "required": required, "additionalProperties": false, "properties": properties })
}

/// A list of texts.
pub(super) fn strings() -> Value {
    json!({ "type": "array", "items": { "type": "string" } })
}
