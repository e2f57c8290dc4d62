//! A YAML document as JSON, its keys in their own order.

use std::collections::HashMap;

use saphyr::{LoadableYamlNode, Mapping, Scalar, Yaml};
use serde::ser::{Error, Serialize, SerializeMap, Serializer};

/// The first document of the text, which is an OpenAPI document, with `server` in place of the servers that it names.
///
/// # Errors
/// When it is not YAML, or has something that JSON has not.
pub(crate) fn to_json(yaml: &str, server: &str) -> Result<String, String> {
    let documents = Yaml::load_from_str(yaml).map_err(|error| error.to_string())?;
    let document = documents.first().and_then(Yaml::as_mapping).ok_or("no mapping")?;
    serde_json::to_string(&Served { document, server }).map_err(|error| error.to_string())
}

struct Served<'a> {
    document: &'a Mapping<'a>,
    server: &'a str,
}

impl Serialize for Served<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.document.len()))?;
        for (key, value) in self.document {
            if key.as_str() == Some("servers") {
                map.serialize_entry("servers", &[HashMap::from([("url", self.server)])])?;
            } else {
                map.serialize_entry(&Node(key), &Node(value))?;
            }
        }
        map.end()
    }
}

struct Node<'a>(&'a Yaml<'a>);

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Yaml::Value(Scalar::Null) => serializer.serialize_unit(),
            Yaml::Value(Scalar::Boolean(flag)) => serializer.serialize_bool(*flag),
            Yaml::Value(Scalar::Integer(number)) => serializer.serialize_i64(*number),
            Yaml::Value(Scalar::FloatingPoint(number)) => serializer.serialize_f64(number.into_inner()),
            Yaml::Value(Scalar::String(text)) => serializer.serialize_str(text),
            Yaml::Sequence(items) => serializer.collect_seq(items.iter().map(Node)),
            Yaml::Mapping(pairs) => {
                serializer.collect_map(pairs.iter().map(|(key, value)| (Node(key), Node(value))))
            }
            Yaml::Tagged(..) | Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
                Err(S::Error::custom("a node that JSON has no form for"))
            }
        }
    }
}
