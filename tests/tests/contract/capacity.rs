//! How an account's limit of concurrent executions is shared: `infra/deploy/capacity.py` and the template agree, and what
//! the rule gives the pipeline leaves the API its share.

use serde_json::Value;
use tests::burst::parameters;

use crate::house;

/// What a new account has.
const NEW_ACCOUNT: u32 = 10;
/// What Lambda keeps for everybody: it reserves nothing that would leave less.
const UNRESERVED: u32 = 100;

#[test]
fn the_templates_defaults_are_for_a_new_account() {
    let template = house::yaml("template.yaml");
    for (name, value) in parameters(NEW_ACCOUNT) {
        let default = &template["Parameters"][&name]["Default"];
        assert_eq!(*default, value, "template.yaml: {name}: make it what infra/deploy/capacity.py says");
    }
}

#[test]
fn the_pipeline_leaves_the_api_its_share() {
    for limit in [5, NEW_ACCOUNT, 11, 50, 100, 399, 400, 401, 1000, 5000] {
        let of = parameters(limit);
        let (width, running) = (of["MapWidth"], of["MaxRunningVideos"]);
        let most = match of["StepConcurrency"] {
            // Both wide steps may be at their widest; the descriptions have a transcription beside them.
            0 => running * (width + 1),
            reserved => {
                assert!(limit - 2 * reserved >= UNRESERVED, "{limit}: Lambda would refuse {of:?}");
                2 * reserved + running
            }
        };
        assert!(running >= 1 && width >= 1 && most * 10 <= limit * 6, "{limit}: {most} of it by {of:?}");
    }
}

#[test]
fn a_larger_account_never_gets_less() {
    let sizes = [NEW_ACCOUNT, 50, 100, 399, 400, 1000, 5000].map(parameters);
    for pair in sizes.windows(2) {
        for name in ["MapWidth", "MaxRunningVideos", "QueueConcurrency"] {
            assert!(pair[0][name] <= pair[1][name], "{name}: {:?} and {:?}", pair[0], pair[1]);
        }
    }
}

/// Lambda takes as many messages at a time as there are, and what the account refuses counts as received.
#[test]
fn every_queue_is_worked_on_by_few() {
    let template = house::yaml("template.yaml");
    let mut complaints = vec![];
    for (id, resource) in template["Resources"].as_object().unwrap() {
        let events = resource["Properties"]["Events"].as_object().into_iter().flatten();
        for (event, body) in events.filter(|(_, body): &(&String, &Value)| body["Type"] == "SQS") {
            let most = &body["Properties"]["ScalingConfig"]["MaximumConcurrency"];
            if most["Ref"] != "QueueConcurrency" {
                complaints.push(format!(
                    "template.yaml: {id}: give {event} `ScalingConfig: {{ MaximumConcurrency: !Ref QueueConcurrency }}`"
                ));
            }
        }
    }
    house::settle(complaints);
}
