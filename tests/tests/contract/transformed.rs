//! What CloudFormation gets: templates as SAM's own translator transforms them.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value;

use crate::house;

/// `template.yaml`, transformed.
pub(crate) static PLAIN: LazyLock<Value> =
    LazyLock::new(|| transform(house::text("template.yaml").as_bytes()));

/// The same with canaries.
pub(crate) static WITH_CANARIES: LazyLock<Value> =
    LazyLock::new(|| transform(&python(&["infra/canary.py", "template.yaml"], &[])));

fn transform(template: &[u8]) -> Value {
    let printed =
        python(&["tests/transform.py", "-", "ClerkIssuer=https://clerk.example.com", "Release=1"], template);
    serde_json::from_slice(&printed).unwrap()
}

/// What a script of the project prints.
pub(crate) fn python(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(house::root().join(".local/venv/bin/python"))
        .args(arguments)
        .current_dir(house::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("no .local/venv: run `make test-setup` ({error})"));
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?} failed");
    output.stdout
}

/// Every resource: its logical id, its type, and the whole of it.
pub(crate) fn resources(template: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let resources = template["Resources"].as_object().unwrap().iter();
    resources.map(|(id, resource)| (id.as_str(), resource["Type"].as_str().unwrap(), resource))
}

/// The methods of an API, as its document has them: method and path, and the integration.
pub(crate) fn integrations(api: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = api["Properties"]["Body"]["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| {
            (format!("{} {path}", method.to_uppercase()), &operation["x-amazon-apigateway-integration"])
        })
    })
}
