//! Two stages may be in one account: no resource has a name that the other would have, too, or a name that a longer name
//! of the stack breaks.

use serde_json::Value;

use crate::house;
use crate::transformed::{PLAIN, WITH_CANARIES, resources};

/// The longest name of a stack that everything derived from it has room for.
const LONGEST_STACK_NAME: usize = 50;

/// Names that are unique in what they belong to, which is the stack's own.
const WITHIN_THE_STACK: [(&str, &str); 5] = [
    ("AWS::ApiGateway::Stage", "StageName"),
    ("AWS::IAM::Policy", "PolicyName"),
    ("AWS::Lambda::Alias", "Name"),
    // What an alarm looks at, and which of the known ways a deployment takes, are no names of theirs.
    ("AWS::CloudWatch::Alarm", "MetricName"),
    ("AWS::CodeDeploy::DeploymentGroup", "DeploymentConfigName"),
];

/// The most characters of a name that is derived from the stack's.
const LIMITS: [(&str, &str, usize); 9] = [
    ("AWS::ApiGateway::RestApi", "Name", 1024),
    ("AWS::CloudWatch::Alarm", "AlarmName", 255),
    ("AWS::CloudWatch::Dashboard", "DashboardName", 255),
    ("AWS::Events::Rule", "Name", 64),
    ("AWS::Lambda::LayerVersion", "LayerName", 140),
    ("AWS::Logs::LogGroup", "LogGroupName", 512),
    ("AWS::SNS::Topic", "DisplayName", 100),
    ("AWS::StepFunctions::StateMachine", "StateMachineName", 80),
    ("AWS::WAFv2::WebACL", "Name", 128),
];

/// A property that names its resource, or something in a space that stacks share.
fn is_name(property: &str) -> bool {
    property.ends_with("Name")
}

/// What follows from another resource or a parameter is not fixed here.
fn refers(value: &Value) -> bool {
    value.is_object() && !value["Fn::Sub"].is_string()
}

fn complaint(id: &str, kind: &str, property: &str, value: &Value) -> Option<String> {
    if refers(value) || WITHIN_THE_STACK.contains(&(kind, property)) {
        return None;
    }
    let Some(text) = value["Fn::Sub"].as_str().filter(|text| text.contains("${AWS::StackName}")) else {
        return Some(format!(
            "{id} ({kind}) has the {property} {value} in every stack: leave it out, or begin it with the stack's name"
        ));
    };
    let Some((_, _, limit)) = LIMITS.iter().find(|(known, name, _)| (*known, *name) == (kind, property))
    else {
        return Some(format!(
            "{id} ({kind}) has a {property} made of the stack's: leave it out, or say its limit in {}",
            file!()
        ));
    };
    let longest = text.replace("${AWS::StackName}", &"s".repeat(LONGEST_STACK_NAME)).len();
    (longest > *limit)
        .then(|| format!("{id}: {property} {text} may have {longest} characters, {limit} are the most"))
}

#[test]
fn stages_do_not_share_names() {
    let mut complaints = vec![];
    let mut checked = 0;
    for (id, kind, resource) in [&PLAIN, &WITH_CANARIES].into_iter().flat_map(|template| resources(template))
    {
        for (property, value) in resource["Properties"].as_object().into_iter().flatten() {
            if is_name(property) {
                checked += 1;
                complaints.extend(complaint(id, kind, property, value));
            }
        }
    }
    assert!(checked > 50, "{checked}");
    complaints.sort();
    complaints.dedup();
    house::settle(complaints);
}
