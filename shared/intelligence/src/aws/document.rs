//! JSON as the SDK writes it, which cannot be serialized.

use aws_smithy_types::{Document, Number};
use serde_json::{Map, Value};

/// For a request.
pub(crate) fn of(value: &Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(bool) => Document::Bool(*bool),
        Value::Number(number) => Document::Number(number_of(number)),
        Value::String(text) => Document::String(text.clone()),
        Value::Array(items) => Document::Array(items.iter().map(of).collect()),
        Value::Object(fields) => {
            Document::Object(fields.iter().map(|(name, value)| (name.clone(), of(value))).collect())
        }
    }
}

/// Of an answer. What is no number in JSON becomes null.
pub(crate) fn value(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(bool) => Value::Bool(*bool),
        Document::Number(Number::PosInt(number)) => (*number).into(),
        Document::Number(Number::NegInt(number)) => (*number).into(),
        Document::Number(Number::Float(number)) => (*number).into(),
        Document::String(text) => Value::String(text.clone()),
        Document::Array(items) => Value::Array(items.iter().map(value).collect()),
        Document::Object(fields) => {
            let fields = fields.iter().map(|(name, document)| (name.clone(), value(document)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

fn number_of(number: &serde_json::Number) -> Number {
    match (number.as_u64(), number.as_i64()) {
        (Some(number), _) => Number::PosInt(number),
        (None, Some(number)) => Number::NegInt(number),
        (None, None) => Number::Float(number.as_f64().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn json_stays_what_it_is() {
        let there = json!({ "a": [1, -2, 0.5, u64::MAX, true, null], "b": { "c": "d" } });
        assert_eq!(value(&of(&there)), there);
        assert_eq!(value(&Document::Number(Number::Float(f64::NAN))), Value::Null);
    }
}
