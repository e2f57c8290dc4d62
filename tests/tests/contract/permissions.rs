//! What `template.yaml` allows each function.

use serde_json::Value;

use crate::house;

pub(crate) fn items(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.clone(),
        Value::Null => vec![],
        one => vec![one.clone()],
    }
}

#[test]
fn every_function_has_just_the_permissions_it_needs() {
    let template = house::yaml("template.yaml");
    let mut complaints = vec![];
    for (id, resource) in template["Resources"].as_object().unwrap() {
        let kind = resource["Type"].as_str().unwrap_or_default();
        if !matches!(kind, "AWS::Serverless::Function" | "AWS::Serverless::StateMachine") {
            continue;
        }
        let policies = items(&resource["Properties"]["Policies"]);
        let statements = policies.iter().flat_map(|policy| items(&policy["Statement"]));
        let statements: Vec<Value> = statements.flat_map(given).collect();
        if statements.is_empty() {
            complaints.push(format!("template.yaml: {id} has no Policies of its own: list what it may do"));
        }
        for policy in policies.iter().filter(|policy| !policy.is_object()) {
            complaints.push(format!(
                "template.yaml: {id} has the managed policy {policy}: list its actions instead"
            ));
        }
        complaints.extend(statements.iter().flat_map(|statement| too_much(id, statement)));
    }
    house::settle(complaints);
}

#[test]
fn vectors_are_allowed_only_while_they_are_searched() {
    let template = house::yaml("template.yaml");
    let mut complaints = vec![];
    let mut functions = 0;
    for (id, resource) in template["Resources"].as_object().unwrap() {
        let policies = items(&resource["Properties"]["Policies"]);
        for statement in policies.iter().flat_map(|policy| items(&policy["Statement"])) {
            let is_chosen = statement["Fn::If"][0] == "SearchesVectors";
            let actions: Vec<Value> =
                given(statement).iter().flat_map(|given| items(&given["Action"])).collect();
            let has = |name: &str| actions.iter().any(|action| action == name);
            let speaks_of_vectors =
                actions.iter().any(|action| action.as_str().is_some_and(|a| a.starts_with("s3vectors:")));
            functions += usize::from(speaks_of_vectors);
            if speaks_of_vectors && !is_chosen {
                complaints.push(format!("template.yaml: {id} may use vectors: only under SearchesVectors"));
            }
            // The service refuses a filter without it, and every query has one.
            if has("s3vectors:QueryVectors") != has("s3vectors:GetVectors") {
                complaints.push(format!("template.yaml: {id}: QueryVectors with a filter needs GetVectors"));
            }
        }
    }
    assert_eq!(functions, 4, "two that search, the last step, and upkeep");
    house::settle(complaints);
}

/// A statement, whether or not there is a condition for it.
pub(crate) fn given(statement: Value) -> Vec<Value> {
    match &statement["Fn::If"] {
        Value::Array(parts) => parts.iter().filter(|part| part["Effect"].is_string()).cloned().collect(),
        _ => vec![statement],
    }
}

/// Actions that IAM knows no resources of (Service Authorization Reference).
const WITHOUT_RESOURCES: [&str; 14] = [
    "rekognition:DetectLabels",
    "transcribe:StartTranscriptionJob",
    // What a state machine needs to have its log delivered, by the page of Step Functions about it.
    "logs:CreateLogDelivery",
    "logs:GetLogDelivery",
    "logs:UpdateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:DescribeResourcePolicies",
    "logs:DescribeLogGroups",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
];

fn too_much(id: &str, statement: &Value) -> Vec<String> {
    let mut complaints = vec![];
    for word in ["NotAction", "NotResource"] {
        if !statement[word].is_null() {
            complaints.push(format!("template.yaml: {id} uses {word}: say what is allowed, not what is not"));
        }
    }
    for action in items(&statement["Action"]) {
        if action.as_str().is_none_or(|action| action.contains('*')) {
            complaints.push(format!("template.yaml: {id} may do {action}: name the actions"));
        }
    }
    let resources = items(&statement["Resource"]);
    let has_none = |action: &Value| WITHOUT_RESOURCES.iter().any(|known| action == known);
    if items(&statement["Action"]).iter().all(has_none) {
        return complaints;
    }
    if resources.is_empty() || resources.iter().any(|resource| resource == "*" || resource["Fn::Sub"] == "*")
    {
        complaints.push(format!(
            "template.yaml: {id} may do {} with everything: name the resource",
            statement["Action"]
        ));
    }
    complaints
}
