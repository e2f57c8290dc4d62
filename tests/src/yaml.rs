//! The project's YAML files as JSON.

use std::path::Path;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// A file's first document. CloudFormation's short tags become the functions that they stand for: `!Ref Table` is
/// `{"Ref": "Table"}` and `!GetAtt Table.Arn` is `{"Fn::GetAtt": "Table.Arn"}`.
pub fn read(path: &Path) -> Value {
    let source = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let documents = Yaml::load_from_str(&source)
        .unwrap_or_else(|error| panic!("{} is not YAML: {error}", path.display()));
    to_json(&documents[0])
}

fn to_json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(items) => items.iter().map(to_json).collect(),
        Yaml::Mapping(pairs) => {
            let key = |key: &Yaml<'_>| {
                key.as_str().unwrap_or_else(|| panic!("a key that is no text: {key:?}")).to_owned()
            };
            Value::Object(pairs.iter().map(|(name, value)| (key(name), to_json(value))).collect())
        }
        Yaml::Tagged(tag, value) => {
            let name = match tag.suffix.as_str() {
                name @ ("Ref" | "Condition") => name.to_owned(),
                name => format!("Fn::{name}"),
            };
            Value::Object(Map::from_iter([(name, to_json(value))]))
        }
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            panic!("YAML that was not resolved: {node:?}")
        }
    }
}
