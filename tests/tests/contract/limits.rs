//! What AWS allows, and what a new account is allowed.

use serde_json::Value;

use crate::house;
use crate::transformed::{PLAIN, WITH_CANARIES, resources};

/// Resources of one CloudFormation stack (service quota), and room for what is yet to come: alarms above all.
const RESOURCES: usize = 500;
const ROOM: usize = 60;

/// Megabytes of a function in an account that has not asked for more.
const MEMORY: u64 = 3008;

/// Until Lambda takes a chain of function, queue, function, … for a loop, it lets about so many links pass.
const HOPS: usize = 16;
/// Functions that send messages to the queue that calls them, and end by themselves before that.
const SHORT_LOOPS: [(&str, usize); 1] = [("UpkeepCallback", domain::callback::MAX_ATTEMPTS)];

#[test]
fn the_stack_has_room_for_more_resources() {
    for (name, template) in [("template.yaml", &PLAIN), ("with canaries", &WITH_CANARIES)] {
        let count = resources(template).count();
        assert!(
            count <= RESOURCES - ROOM,
            "{name} has {count} resources of {RESOURCES}: move some into a stack of their own"
        );
    }
}

#[test]
fn a_new_account_takes_every_memory_size() {
    let template = house::yaml("template.yaml");
    let default = |value: &Value| match value["Ref"].as_str() {
        Some(parameter) => template["Parameters"][parameter]["Default"].as_u64(),
        None => value.as_u64(),
    };
    let mut complaints = vec![];
    for (id, _, function) in functions() {
        let memory = &function["Properties"]["MemorySize"];
        match default(memory) {
            Some(megabytes) if megabytes <= MEMORY => {}
            _ => complaints.push(format!(
                "{id} has the MemorySize {memory}: at most {MEMORY} unless a parameter says more"
            )),
        }
    }
    house::settle(complaints);
}

#[test]
fn every_function_is_of_the_architecture_that_was_asked_for() {
    let template = house::yaml("template.yaml");
    let parameter = &template["Parameters"]["Architecture"];
    assert_eq!(
        (&parameter["Default"], &parameter["AllowedValues"]),
        (&"arm64".into(), &serde_json::json!(["arm64", "x86_64"]))
    );
    let other = functions().filter(|(_, _, function)| {
        function["Properties"]["Architectures"] != serde_json::json!([{ "Ref": "Architecture" }])
    });
    house::settle(
        other.map(|(id, ..)| format!("template.yaml: {id}: leave Architectures to Globals")).collect(),
    );
}

/// Lambda ends what it takes for a loop, which loses the message. Only a function that counts may go on.
#[test]
fn loops_through_a_queue_are_allowed_where_they_end() {
    let template = house::yaml("template.yaml");
    let mut loops = vec![];
    for (id, _, function) in functions() {
        let source = &template["Resources"][id]["Properties"];
        let queues = source["Events"].as_object().into_iter().flatten();
        let queues = queues.filter_map(|(_, event)| event["Properties"]["Queue"]["Fn::GetAtt"].as_str());
        let variables = &function["Properties"]["Environment"]["Variables"];
        let sends_to = |queue: &str| {
            let queue = queue.trim_end_matches(".Arn");
            variables.as_object().into_iter().flatten().any(|(_, value)| value["Ref"] == queue)
        };
        let is_loop = queues.into_iter().any(sends_to);
        let allowed = function["Properties"]["RecursiveLoop"] == "Allow";
        let short = SHORT_LOOPS.iter().find(|(known, _)| *known == id);
        if let Some((_, hops)) = short {
            assert!(*hops < HOPS, "{id} may call itself {hops} times");
        }
        assert_eq!(is_loop && short.is_none(), allowed, "template.yaml: {id}: RecursiveLoop");
        loops.extend(is_loop.then_some(id));
    }
    loops.sort_unstable();
    assert_eq!(loops, ["UpkeepCallback", "UpkeepPurge"]);
}

fn functions() -> impl Iterator<Item = (&'static str, &'static str, &'static Value)> {
    resources(&PLAIN).filter(|(_, kind, _)| *kind == "AWS::Lambda::Function")
}
