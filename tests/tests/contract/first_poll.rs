//! Every function starts on a C library that is older than Lambda's: Debian 11's, which `make test` lays beside the
//! project. It is started by that library's own loader, with the variables that the template gives it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tiny_http::Server;

use crate::{house, template};

const SLOWEST_START: Duration = Duration::from_secs(30);

/// A folder with an older C library and its loader, made by infra/local/setup.sh.
fn older_library() -> (PathBuf, PathBuf) {
    let root = house::root().join(".local/glibc-2.31");
    let (folder, loader) = if cfg!(target_arch = "aarch64") {
        ("lib/aarch64-linux-gnu", "ld-linux-aarch64.so.1")
    } else {
        ("lib/x86_64-linux-gnu", "ld-linux-x86-64.so.2")
    };
    (root.join(folder), root.join(folder).join(loader))
}

/// Ends its process whatever becomes of the test.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program as Lambda does and waits until it asks for its first event.
fn first_poll(program: &Path, variables: &BTreeMap<String, String>) -> Result<(), String> {
    let runtime_api = Server::http("127.0.0.1:0").unwrap();
    let (library, loader) = older_library();
    let process = Command::new(&loader)
        .arg("--library-path")
        .arg(&library)
        .arg(program)
        .env_clear()
        .envs(variables)
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api.server_addr().to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "first-poll")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{}: {error}: `make test` lays it there", loader.display()))?;
    let mut started = Started(process);
    match runtime_api.recv_timeout(SLOWEST_START) {
        Ok(Some(request)) if request.url().ends_with("/runtime/invocation/next") => Ok(()),
        Ok(Some(request)) => Err(format!("asks for {} before its first event", request.url())),
        Ok(None) | Err(_) => {
            // So that its last words can be read to their end.
            let _ = started.0.kill();
            let words = started.0.stderr.take().map(std::io::read_to_string).transpose();
            Err(format!("does not ask for an event: {}", words.ok().flatten().unwrap_or_default().trim()))
        }
    }
}

/// What a variable would be in a deployment with the default parameters; names of resources are made up.
fn value(of: &Value, parameters: &Value) -> String {
    if let Some(name) = of["Ref"].as_str() {
        return match &parameters[name]["Default"] {
            Value::String(default) => default.clone(),
            Value::Null if parameters[name].is_object() => "https://clerk.example.com".to_owned(),
            Value::Null => format!("https://sqs.us-east-1.amazonaws.com/123456789012/{name}"),
            default => default.to_string(),
        };
    }
    match of {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        // Conditions are off by default; what is left is an attribute of a resource.
        _ if of["Fn::If"].is_array() => String::new(),
        _ => "arn:aws:states:us-east-1:123456789012:stateMachine:frameiq".to_owned(),
    }
}

#[test]
fn every_function_starts_on_an_older_c_library() {
    let document = house::yaml("template.yaml");
    let globals = &document["Globals"]["Function"]["Environment"]["Variables"];
    let mut complaints = vec![];
    for function in template::functions() {
        let variables: BTreeMap<String, String> = globals
            .as_object()
            .into_iter()
            .flatten()
            .chain(function.environment())
            .map(|(name, of)| (name.clone(), value(of, &document["Parameters"])))
            .collect();
        let program = house::root().join(function.code_uri()).join("bootstrap");
        if let Err(fault) = first_poll(&program, &variables) {
            complaints.push(format!("{}: {fault}", program.display()));
        }
    }
    house::settle(complaints);
}
