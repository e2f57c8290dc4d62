//! The deployment: what `template.yaml` gives each function.

use domain::time::LONGEST_VIDEO_SECS;
use domain::youtube::{MAX_PICTURE_BYTES, MAX_SOUND_BYTES};
use serde_json::Value;

use crate::house::{self, Contract, Route};

/// A function in the template.
pub(crate) struct Function {
    /// Its logical id.
    pub(crate) id: String,
    properties: Value,
}

/// A URL that leads to a function.
pub(crate) struct Endpoint {
    pub(crate) route: Route,
    /// How the gateway passes the answer on, if that is said.
    pub(crate) transfer: Option<String>,
}

impl Function {
    pub(crate) fn code_uri(&self) -> &str {
        self.properties["CodeUri"].as_str().unwrap_or_default()
    }

    pub(crate) fn endpoints(&self) -> Vec<Endpoint> {
        let events = self.properties["Events"].as_object().into_iter().flatten();
        events
            .filter(|(_, event)| event["Type"] == "Api")
            .map(|(_, event)| endpoint(&event["Properties"]))
            .collect()
    }

    /// Its own variables, beside those of `Globals`.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.properties["Environment"]["Variables"].as_object().into_iter().flatten()
    }

    fn variables(&self) -> impl Iterator<Item = &String> {
        self.environment().map(|(name, _)| name)
    }
}

fn endpoint(event: &Value) -> Endpoint {
    let api = event["RestApiId"]["Ref"].as_str().unwrap_or_default();
    let contract = Contract::ALL.into_iter().find(|contract| contract.api() == api);
    let contract = contract
        .unwrap_or_else(|| panic!("template.yaml: an event has the RestApiId {}", event["RestApiId"]));
    let path = event["Path"].as_str().unwrap_or_default();
    Endpoint {
        route: Route {
            contract,
            method: event["Method"].as_str().unwrap_or_default().to_uppercase(),
            path: format!("{}{path}", contract.prefix()),
        },
        transfer: event["ResponseTransferMode"].as_str().map(str::to_owned),
    }
}

/// All functions, in the order of the template.
pub(crate) fn functions() -> Vec<Function> {
    let template = house::yaml("template.yaml");
    let resources = template["Resources"].as_object().unwrap().iter();
    resources
        .filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function")
        .map(|(id, resource)| Function { id: id.clone(), properties: resource["Properties"].clone() })
        .collect()
}

fn keys(object: &Value) -> impl Iterator<Item = &String> {
    object.as_object().into_iter().flat_map(|object| object.keys())
}

#[test]
fn each_contract_has_an_api_of_its_stage() {
    let template = house::yaml("template.yaml");
    for contract in Contract::ALL {
        let api = &template["Resources"][contract.api()];
        assert_eq!(api["Properties"]["StageName"], contract.stage(), "template.yaml: {}", contract.api());
    }
}

/// What the local stack alone may set would switch protections off in production.
#[test]
fn local_settings_cannot_be_deployed() {
    let template = house::yaml("template.yaml");
    let local = |name: &String| name.to_lowercase().starts_with("local");
    let mut complaints: Vec<String> = keys(&template["Parameters"])
        .filter(|name| local(name))
        .map(|name| format!("template.yaml has the parameter {name}: local settings have no parameter"))
        .collect();
    let globals = &template["Globals"]["Function"]["Environment"]["Variables"];
    for name in keys(globals).filter(|name| local(name)) {
        complaints.push(format!("template.yaml sets {name} in Globals: only the local stack may set it"));
    }
    for function in functions() {
        for name in function.variables().filter(|name| local(name)) {
            complaints
                .push(format!("template.yaml: {} sets {name}: only the local stack may set it", function.id));
        }
    }
    house::settle(complaints);
}

#[test]
fn every_variable_is_read() {
    let template = house::yaml("template.yaml");
    let config = house::text("shared/edge/src/config.rs");
    let globals = keys(&template["Globals"]["Function"]["Environment"]["Variables"]).cloned();
    let own = functions().into_iter().flat_map(|function| function.variables().cloned().collect::<Vec<_>>());
    let unread = globals.chain(own).filter(|name| !config.contains(&format!("\"{name}\"")));
    house::settle(
        unread
            .map(|name| format!("template.yaml sets {name}, which shared/edge/src/config.rs does not read"))
            .collect(),
    );
}

/// A buffered answer ends at 6 MB and arrives all at once; an endpoint that streams needs the gateway to do so too.
#[test]
fn what_streams_is_streamed_by_the_gateway() {
    let mut complaints = vec![];
    let functions = functions();
    for (bin, file) in house::bins() {
        let streams = house::code(&file).contains("serve_streaming(");
        let id = house::logical_id(&bin);
        let endpoints = functions.iter().filter(|function| function.id == id).flat_map(Function::endpoints);
        for Endpoint { route, transfer } in endpoints {
            match (streams, transfer.as_deref()) {
                (true, Some("RESPONSE_STREAM")) | (false, None) => {}
                (true, _) => complaints.push(format!(
                    "{file} streams: give {id}'s event for {route} in template.yaml `ResponseTransferMode: RESPONSE_STREAM`"
                )),
                (false, Some(mode)) => complaints.push(format!(
                    "template.yaml: {id}'s event for {route} has ResponseTransferMode {mode}, but {file} does not stream"
                )),
            }
        }
    }
    house::settle(complaints);
}

/// What a function writes to its disk at a time, at most, by the limits in the code.
#[test]
fn disks_hold_what_is_written_to_them() {
    // 16 kHz, 16 bits; and the longest piece of it that is cut out at a time, for Amazon Transcribe.
    let sound = |seconds: u64| seconds * 16_000 * 2;
    let soundtrack = sound(u64::from(LONGEST_VIDEO_SECS)) + sound(12_600);
    // The file that picture and sound are merged into is as large as both, and they go when it is there.
    let merged = 2 * (MAX_PICTURE_BYTES + MAX_SOUND_BYTES);
    for (id, bytes) in [("PipelineTranscribe", soundtrack), ("PipelineDownload", merged)] {
        let all = functions();
        let function = all.iter().find(|function| function.id == id).unwrap();
        let megabytes = function.properties["EphemeralStorage"]["Size"].as_u64().unwrap_or(512);
        let disk = megabytes << 20;
        assert!(disk >= bytes + (200 << 20), "template.yaml: {id} writes {bytes} bytes to a disk of {disk}");
        assert!(megabytes <= 10_240, "template.yaml: {id}: Lambda has no larger disk");
    }
}
