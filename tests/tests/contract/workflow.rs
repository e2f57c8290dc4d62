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

/// The names of the retriers that every step has, in their order.
const RETRIED: [&str; 3] = [THROTTLED, "Transient", "Lambda.Unknown"];
/// What Lambda answers when the account, or the function, runs as often as it may.
const THROTTLED: &str = "Lambda.TooManyRequestsException";
/// A step that is refused is tried again for so long on average; an account is busy for minutes, not seconds.
const THROTTLED_SECS: f64 = 1200.0;

fn retriers(state: &Value) -> Vec<&Value> {
    state["Retry"].as_array().into_iter().flatten().collect()
}

/// The most that all pauses of a retrier take together, in seconds.
fn longest_pauses(retrier: &Value) -> f64 {
    let number = |name: &str| retrier[name].as_f64();
    let longest = number("MaxDelaySeconds").unwrap_or(f64::INFINITY);
    let (first, rate) = (number("IntervalSeconds").unwrap_or(1.0), number("BackoffRate").unwrap_or(2.0));
    let pauses = (0..retrier["MaxAttempts"].as_i64().unwrap_or(3) as i32).map(|n| first * rate.powi(n));
    pauses.map(|pause| pause.min(longest)).sum()
}

/// The language has no macros, so the same retriers are written out in every step.
#[test]
fn every_step_is_retried_alike() {
    let machines = all_machines();
    let states = machines.iter().flat_map(|(_, machine)| machine["States"].as_object().unwrap());
    let tasks: Vec<(&String, &Value)> = states.filter(|(_, body)| body["Type"] == "Task").collect();
    let of_download = retriers(tasks.iter().find(|(state, _)| *state == "Download").unwrap().1);
    let named: Vec<&str> = of_download.iter().map(|retrier| errors(retrier)[0]).collect();
    assert_eq!(
        named, RETRIED,
        "{FILE}: Download: throttles, other passing faults and crashes, in this order"
    );
    let mut complaints = vec![];
    for (state, body) in tasks {
        let mut all = retriers(body);
        // A service that is waited for is no fault.
        all.retain(|retrier| errors(retrier) != ["Pending"]);
        // Its step ends the video, so it is done again whatever went wrong; but throttles are throttles there too.
        let alike = if state == "Fail" { all.first() == of_download.first() } else { all == of_download };
        if !alike {
            complaints.push(format!("{FILE}: {state}: make Retry the same as that of Download"));
        }
    }
    house::settle(complaints);
}

#[test]
fn a_throttled_step_is_retried_for_long_and_at_random() {
    let (definition, _) = definition();
    let throttles = retriers(&definition["States"]["Download"])[0];
    assert_eq!(errors(throttles), [THROTTLED], "{FILE}: throttles need attempts of their own");
    assert_eq!(
        throttles["JitterStrategy"], "FULL",
        "{FILE}: those who were refused together would meet again"
    );
    // At random is half of it on average.
    let mean = longest_pauses(throttles) / 2.0;
    assert!(mean >= THROTTLED_SECS, "{FILE}: a throttled step gives up after {mean} s on average");
}

/// The most that the pauses of a machine's steps take together, where all of its states are gone through.
fn longest_waits(machine: &Value) -> f64 {
    let states = machine["States"].as_object().unwrap().values();
    let wait = |state: &Value| {
        let own: f64 = retriers(state).into_iter().map(longest_pauses).sum();
        let branches = state["Branches"].as_array().into_iter().flatten().chain(state.get("ItemProcessor"));
        own + branches.map(longest_waits).fold(0.0, f64::max)
    };
    states.map(wait).sum()
}

/// A run whose every step is refused until its last attempt has half of the machine's time left for work; and the sweep
/// leaves it to the machine to end what takes too long.
#[test]
fn waiting_does_not_use_up_the_time_of_a_run() {
    let (definition, _) = definition();
    let limit = definition["TimeoutSeconds"].as_f64().unwrap();
    // Camera RAW is planned twice.
    let planned: f64 = retriers(&definition["States"]["Plan"]).into_iter().map(longest_pauses).sum();
    let waits = longest_waits(&definition) + planned;
    assert!(waits <= limit / 2.0, "{FILE}: {waits} s of pauses, and {limit} s in all");
    let sweep = house::code("functions/upkeep/sweep.rs");
    let hours = sweep.split_once("LONGEST_RUN:SignedDuration=SignedDuration::from_hours(").unwrap().1;
    let hours: f64 = hours.split_once(')').unwrap().0.parse().unwrap();
    assert!(
        hours * 3600.0 > limit,
        "functions/upkeep/sweep.rs: LONGEST_RUN is less than the machine's limit"
    );
}
