//! The rule of the house: a URL names its file.
//!
//! `DELETE /v1/api/keys/{keyPrefix}` is `functions/keys/revoke.rs`, is `[[bin]] keys-revoke`, is `KeysRevoke` in
//! `template.yaml`, is operationId `keys-revoke` in `infra/openapi/jobs.yaml`, is `events/keys-revoke.json`. When one
//! of the five is forgotten or disagrees, the message here names the file to touch.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot read what it tests has failed")]

#[path = "contract/binaries.rs"]
mod binaries;
#[path = "contract/canaries.rs"]
mod canaries;
#[path = "contract/capacity.rs"]
mod capacity;
#[path = "contract/deployer.rs"]
mod deployer;
#[path = "contract/documents.rs"]
mod documents;
#[path = "contract/events.rs"]
mod events;
#[path = "contract/first_poll.rs"]
mod first_poll;
#[path = "contract/gateway.rs"]
mod gateway;
#[path = "contract/house.rs"]
mod house;
#[path = "contract/limits.rs"]
mod limits;
#[path = "contract/models.rs"]
mod models;
#[path = "contract/names.rs"]
mod names;
#[path = "contract/observability.rs"]
mod observability;
#[path = "contract/operations.rs"]
mod operations;
#[path = "contract/permissions.rs"]
mod permissions;
#[path = "contract/routes.rs"]
mod routes;
#[path = "contract/safeguards.rs"]
mod safeguards;
#[path = "contract/sources.rs"]
mod sources;
#[path = "contract/template.rs"]
mod template;
#[path = "contract/transformed.rs"]
mod transformed;
#[path = "contract/workflow.rs"]
mod workflow;

use std::collections::{BTreeMap, BTreeSet};

use house::{Route, logical_id, settle};

/// How a function is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// By one URL of one contract: the rule.
    OneUrl,
    /// By several URLs, which are in no contract.
    Unlisted,
    /// By AWS alone.
    NoUrl,
}

/// The exceptions, by the start of the function's name.
const EXCEPTIONS: [(&str, Reach); 4] = [
    // The contracts themselves, and the pages that show them.
    ("meta-docs", Reach::Unlisted),
    // Two catch-alls: whatever is in no contract.
    ("meta-not-found", Reach::Unlisted),
    ("pipeline-", Reach::NoUrl),
    ("upkeep-", Reach::NoUrl),
];

fn reach(bin: &str) -> Reach {
    EXCEPTIONS.iter().find(|(start, _)| bin.starts_with(start)).map_or(Reach::OneUrl, |(_, reach)| *reach)
}

/// `functions/keys/revoke.rs` as `keys-revoke`.
fn bin_of(file: &str) -> String {
    file.trim_start_matches("functions/").trim_end_matches(".rs").replace(['/', '_'], "-")
}

/// Every file under `functions/` that is a program.
fn programs() -> BTreeSet<String> {
    let folders =
        std::fs::read_dir(house::root().join("functions")).unwrap().map(|entry| entry.unwrap().path());
    let folders = folders
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned());
    let files = folders.flat_map(|folder| {
        let stems = house::stems(&format!("functions/{folder}"), "rs");
        stems.into_iter().map(move |stem| format!("functions/{folder}/{stem}.rs"))
    });
    files.filter(|file| house::text(file).contains("fn main()")).collect()
}

#[test]
fn every_program_is_a_bin_of_its_files_name() {
    let bins = house::bins();
    let mut complaints = vec![];
    for (bin, file) in &bins {
        if !house::root().join(file).is_file() {
            complaints.push(format!(
                "functions/Cargo.toml: [[bin]] {bin} has no {file}: write it, or remove the [[bin]]"
            ));
        } else if bin_of(file) != *bin {
            complaints.push(format!(
                "functions/Cargo.toml: [[bin]] {bin} is {file}: rename it to {}",
                bin_of(file)
            ));
        }
    }
    for file in programs().into_iter().filter(|file| !bins.values().any(|known| known == file)) {
        complaints.push(format!(
            "{file} has a main but is no [[bin]] of functions/Cargo.toml: add {}",
            bin_of(&file)
        ));
    }
    settle(complaints);
}

#[test]
fn every_bin_is_a_function_of_the_template() {
    let (bins, functions) = (house::bins(), template::functions());
    let mut complaints = vec![];
    for (bin, file) in &bins {
        let id = logical_id(bin);
        let Some(function) = functions.iter().find(|function| function.id == id) else {
            complaints.push(format!("{file} is a [[bin]] but template.yaml has no {id}: add it"));
            continue;
        };
        let code = format!("target/lambda/{bin}/");
        if function.code_uri() != code {
            complaints.push(format!(
                "template.yaml: {id} has the CodeUri {:?}: make it {code}",
                function.code_uri()
            ));
        }
        let urls = function.endpoints().len();
        match reach(bin) {
            Reach::OneUrl if urls != 1 => {
                complaints.push(format!(
                    "template.yaml: {id} has {urls} Api events: give it the one URL that {file} serves"
                ));
            }
            Reach::NoUrl if urls > 0 => complaints
                .push(format!("template.yaml: {id} has an Api event: {file} is called by AWS alone")),
            Reach::Unlisted if urls == 0 => {
                complaints.push(format!("template.yaml: {id} has no Api event: add {file}'s URLs"))
            }
            Reach::OneUrl | Reach::NoUrl | Reach::Unlisted => {}
        }
    }
    for function in functions.iter().filter(|function| !bins.keys().any(|bin| logical_id(bin) == function.id))
    {
        complaints.push(format!(
            "template.yaml has {} but functions/Cargo.toml has no [[bin]] of that name: add it",
            function.id
        ));
    }
    settle(complaints);
}

#[test]
fn every_url_is_an_operation_of_its_contract() {
    let (bins, functions) = (house::bins(), template::functions());
    let mut operations: BTreeMap<String, Route> =
        documents::operations().into_iter().map(|operation| (operation.id, operation.route)).collect();
    let mut complaints = vec![];
    for (bin, file) in bins.iter().filter(|(bin, _)| reach(bin) == Reach::OneUrl) {
        let id = logical_id(bin);
        let endpoints =
            functions.iter().filter(|function| function.id == id).flat_map(template::Function::endpoints);
        let (operation, route) = (operations.remove(bin), endpoints.map(|endpoint| endpoint.route).next());
        // That it has no URL is the complaint of another test.
        let Some(route) = route else { continue };
        match operation {
            None => complaints.push(format!(
                "template.yaml: {id} is {route} but {} has no operationId {bin}: describe it there",
                route.contract.document()
            )),
            Some(operation) if operation != route => complaints.push(format!(
                "{}: operationId {bin} is {operation}, but template.yaml: {id} is {route}: make them the same",
                operation.contract.document()
            )),
            Some(_) => {}
        }
        let opening = format!("//! `{route}");
        let first_line = house::text(file).lines().next().unwrap_or_default().to_owned();
        if !first_line.strip_prefix(&opening).is_some_and(|rest| rest.starts_with(['`', '?'])) {
            complaints.push(format!(
                "{file} does not begin with {opening}`, which is its URL in template.yaml: say so"
            ));
        }
    }
    for (bin, route) in operations {
        complaints.push(format!(
            "{}: operationId {bin} ({route}) is no [[bin]] with a URL of its own: write the function, or remove the operation",
            route.contract.document()
        ));
    }
    settle(complaints);
}

#[test]
fn every_bin_has_a_sample_event() {
    let (bins, functions, events) = (house::bins(), template::functions(), house::stems("events", "json"));
    let mut complaints = vec![];
    for (bin, file) in bins.iter().filter(|(bin, _)| !events.contains(bin)) {
        complaints.push(format!(
            "{file} is a [[bin]] but there is no events/{bin}.json: add what `cargo lambda invoke` is to send"
        ));
    }
    for event in events.iter().filter(|event| !bins.contains_key(*event)) {
        complaints.push(format!(
            "events/{event}.json is for no [[bin]] of functions/Cargo.toml: rename or remove it"
        ));
    }
    for bin in bins.keys().filter(|bin| events.contains(bin)) {
        let id = logical_id(bin);
        let endpoints =
            functions.iter().filter(|function| function.id == id).flat_map(template::Function::endpoints);
        let routes: Vec<Route> = endpoints.map(|endpoint| endpoint.route).collect();
        complaints.extend(events::disagreements(bin, &routes));
    }
    settle(complaints);
}
