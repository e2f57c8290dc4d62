//! The state machine: `infra/pipeline.asl.json` holds together, and with the template and the steps.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::house;

const FILE: &str = "infra/pipeline.asl.json";

/// The names under which `shared/edge/src/step.rs` tells the state machine why a step did not do its work.
const STEP_ERRORS: [&str; 4] = ["Rejected", "Stopped", "Pending", "Transient"];
/// The starts of the names that Lambda and Step Functions give.
const AWS_ERRORS: [&str; 4] = ["States.", "Lambda.", "Runtime.", "Sandbox."];

/// The definition, with every `${Name}` as the text `Name`, or as a number where no quotes are around it; and the names.
fn definition() -> (Value, BTreeSet<String>) {
    let source = house::text(FILE);
    let (mut plain, mut names, mut quoted, mut rest) =
        (String::new(), BTreeSet::new(), false, source.as_str());
    while let Some((before, after)) = rest.split_once("${") {
        quoted ^= before.replace("\\\"", "").matches('"').count() % 2 == 1;
        let (name, after) = after.split_once('}').unwrap_or_else(|| panic!("{FILE}: a ${{ is not closed"));
        plain.push_str(before);
        plain.push_str(if quoted { name } else { "1" });
        names.insert(name.to_owned());
        rest = after;
    }
    plain.push_str(rest);
    (serde_json::from_str(&plain).unwrap_or_else(|error| panic!("{FILE}: {error}")), names)
}

/// The machine and every machine inside its Map and Parallel states, each with its name.
fn machines(name: &str, machine: &Value) -> Vec<(String, Value)> {
    let states = machine["States"].as_object().unwrap_or_else(|| panic!("{FILE}: {name} has no States"));
    let inner = states.iter().flat_map(|(state, body)| {
        let branches = body["Branches"].as_array().into_iter().flatten();
        branches.chain(body.get("ItemProcessor")).flat_map(move |machine| machines(state, machine))
    });
    std::iter::once((name.to_owned(), machine.clone())).chain(inner).collect()
}

fn all_machines() -> Vec<(String, Value)> {
    machines("the pipeline", &definition().0)
}

/// Where a state can lead.
fn targets(state: &Value) -> Vec<&str> {
    let inside = |list: &'static str| state[list].as_array().into_iter().flatten().map(|item| &item["Next"]);
    let targets =
        [&state["Next"], &state["Default"]].into_iter().chain(inside("Choices")).chain(inside("Catch"));
    targets.filter_map(Value::as_str).collect()
}

fn reachable<'a>(start: &'a str, states: &'a Map<String, Value>) -> BTreeSet<&'a str> {
    let (mut seen, mut left) = (BTreeSet::new(), vec![start]);
    while let Some(state) = left.pop() {
        if seen.insert(state) {
            left.extend(states.get(state).map(targets).unwrap_or_default());
        }
    }
    seen
}

#[test]
fn every_state_exists_is_reached_and_leads_on() {
    let mut complaints = vec![];
    for (name, machine) in all_machines() {
        let states = machine["States"].as_object().unwrap();
        let reached = reachable(machine["StartAt"].as_str().unwrap_or_default(), states);
        for state in reached.iter().filter(|state| !states.contains_key(**state)) {
            complaints.push(format!("{FILE}: {name} leads to {state:?}, which it does not have"));
        }
        for (state, body) in states {
            if !reached.contains(state.as_str()) {
                complaints.push(format!("{FILE}: nothing in {name} leads to {state}"));
            }
            let ends =
                body["End"] == true || matches!(body["Type"].as_str(), Some("Choice" | "Succeed" | "Fail"));
            if ends == body["Next"].is_string() {
                complaints.push(format!("{FILE}: {state} needs either a Next or an End"));
            }
        }
    }
    house::settle(complaints);
}

#[test]
fn every_error_is_one_that_can_happen() {
    let steps = house::code("shared/edge/src/step.rs");
    for name in STEP_ERRORS {
        assert!(
            steps.contains(&format!("(\"{name}\",")),
            "shared/edge/src/step.rs does not give {name}: change STEP_ERRORS here"
        );
    }
    let mut complaints = vec![];
    for (state, body) in all_machines().iter().flat_map(|(_, machine)| machine["States"].as_object().unwrap())
    {
        for list in ["Retry", "Catch"] {
            let clauses: Vec<Vec<&str>> = body[list].as_array().into_iter().flatten().map(errors).collect();
            for error in clauses.iter().flatten() {
                if !STEP_ERRORS.contains(error) && !AWS_ERRORS.iter().any(|start| error.starts_with(start)) {
                    complaints.push(format!(
                        "{FILE}: {state}: {list} names {error}, which no step gives (shared/edge/src/step.rs)"
                    ));
                }
            }
            let catch_all = clauses.iter().position(|errors| errors.contains(&"States.ALL"));
            if catch_all.is_some_and(|at| at + 1 != clauses.len() || clauses[at].len() != 1) {
                complaints.push(format!("{FILE}: {state}: {list} must have States.ALL alone and last"));
            }
        }
    }
    house::settle(complaints);
}

fn errors(clause: &Value) -> Vec<&str> {
    clause["ErrorEquals"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Whatever stops a run, its video must end: every state of the outermost machine that can fail is caught.
#[test]
fn every_failure_of_a_run_ends_its_video() {
    let (definition, _) = definition();
    for (state, body) in definition["States"].as_object().unwrap() {
        let can_fail = matches!(body["Type"].as_str(), Some("Task" | "Map" | "Parallel"));
        let caught = body["Catch"].as_array().and_then(|clauses| clauses.last());
        let ends = caught.is_some_and(|clause| errors(clause) == ["States.ALL"] && clause["Next"] == "Fail");
        assert!(
            !can_fail || state == "Fail" || ends,
            "{FILE}: {state} must end with a Catch of States.ALL that leads to Fail"
        );
    }
}

#[test]
fn every_placeholder_is_filled_with_the_function_of_its_name() {
    let template = house::yaml("template.yaml");
    let pipeline = &template["Resources"]["Pipeline"]["Properties"];
    let filled: BTreeMap<&String, &Value> =
        pipeline["DefinitionSubstitutions"].as_object().unwrap().iter().collect();
    let (_, names) = definition();
    let mut complaints = vec![];
    for name in names.iter().filter(|name| !filled.contains_key(name)) {
        complaints.push(format!(
            "{FILE} has ${{{name}}}: add {name} to the Pipeline's DefinitionSubstitutions in template.yaml"
        ));
    }
    let invoked: Vec<&Value> = pipeline["Policies"].as_array().unwrap()[0]["Statement"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|statement| statement["Action"][0] == "lambda:InvokeFunction")
        .flat_map(|statement| statement["Resource"].as_array().into_iter().flatten())
        .collect();
    for (name, value) in filled {
        if !names.contains(name) {
            complaints.push(format!(
                "template.yaml: the Pipeline fills in {name}, which {FILE} does not have: remove it"
            ));
        }
        let Some(step) = name.strip_suffix("Function") else { continue };
        let expected = format!("Pipeline{step}.Arn");
        if value["Fn::GetAtt"] != expected.as_str() {
            complaints.push(format!("template.yaml: {name} is {value}: make it !GetAtt {expected}"));
        }
        if !invoked.contains(&value) {
            complaints.push(format!(
                "template.yaml: the Pipeline may not invoke {expected}: add it to lambda:InvokeFunction"
            ));
        }
    }
    house::settle(complaints);
}
