//! That a function calls what `template.yaml` allows it. The SDK has the name of each operation in its code, and the linker
//! leaves out what a program cannot reach: an operation whose name is not in a program is not called by it.
//!
//! What a role lacks is found where functions run with their roles, in every test against the emulator.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::house;
use crate::permissions::{given, items};

/// How a service's operations are called on the wire, by the start of its actions. Those of other services are called as
/// their actions are.
const TARGETS: [(&str, &str); 6] = [
    ("dynamodb:", "DynamoDB_20120810."),
    ("rekognition:", "RekognitionService."),
    ("secretsmanager:", "secretsmanager."),
    ("sqs:", "AmazonSQS."),
    ("states:", "AWSStepFunctions."),
    ("transcribe:", "Transcribe."),
];

/// Actions that operations of another name need.
const NEEDED_BY: [(&str, &str); 13] = [
    ("bedrock:InvokeModel", "Converse"),
    ("bedrock:InvokeModelWithResponseStream", "ConverseStream"),
    // A transaction needs the action of each of its parts.
    ("dynamodb:ConditionCheckItem", "DynamoDB_20120810.TransactWriteItems"),
    ("dynamodb:DeleteItem", "DynamoDB_20120810.TransactWriteItems"),
    ("dynamodb:PutItem", "DynamoDB_20120810.TransactWriteItems"),
    ("dynamodb:UpdateItem", "DynamoDB_20120810.TransactWriteItems"),
    ("dynamodb:GetItem", "DynamoDB_20120810.TransactGetItems"),
    ("iam:PassRole", "CreateSchedule"),
    ("s3:DeleteObject", "DeleteObjects"),
    ("s3:DeleteObjectVersion", "DeleteObjects"),
    ("s3:ListBucketVersions", "ListObjectVersions"),
    ("s3:PutObject", "CreateMultipartUpload"),
    ("s3vectors:GetVectors", "QueryVectors"),
];

/// Nothing in a program tells whether it calls these: the name is in every one of them, or they are needed for an answer
/// and not for an operation (404 instead of 403).
const UNTOLD: [&str; 3] = ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"];

/// The operations, by the names that a program has, any of which needs this action.
fn operations(action: &str) -> BTreeSet<String> {
    let target = TARGETS.iter().find_map(|(service, target)| Some((action.strip_prefix(service)?, target)));
    let own = match target {
        Some((name, target)) => format!("{target}{name}"),
        None => action.split(':').next_back().unwrap_or_default().to_owned(),
    };
    let others = NEEDED_BY.iter().filter(|(needed, _)| *needed == action);
    others.map(|(_, operation)| (*operation).to_owned()).chain([own]).collect()
}

fn program(bin: &str) -> PathBuf {
    house::root().join("target/lambda").join(bin).join("bootstrap")
}

/// Those of the names that are in a program. By grep, because tests are compiled without optimisation.
fn found(names: &BTreeSet<String>, program: &Path) -> BTreeSet<String> {
    let wanted = names.iter().flat_map(|name| ["-e", name]);
    let grep = Command::new("grep").env("LC_ALL", "C").args(["-aohF"]).args(wanted).arg(program).output();
    let grep = grep.unwrap();
    // 1 is that there are none.
    assert!(matches!(grep.status.code(), Some(0 | 1)), "{}: run `make build`", program.display());
    String::from_utf8_lossy(&grep.stdout).lines().map(str::to_owned).collect()
}

#[test]
fn every_action_that_a_role_allows_is_called() {
    let template = house::yaml("template.yaml");
    let (mut complaints, mut checked) = (vec![], 0);
    for bin in house::bins().keys() {
        let id = house::logical_id(bin);
        let policies = items(&template["Resources"][&id]["Properties"]["Policies"]);
        let statements = policies.iter().flat_map(|policy| items(&policy["Statement"])).flat_map(given);
        let actions = statements.flat_map(|statement| items(&statement["Action"]));
        let actions: BTreeSet<String> =
            actions.filter_map(|action| action.as_str().map(str::to_owned)).collect();
        let actions: Vec<&String> =
            actions.iter().filter(|action| !UNTOLD.contains(&action.as_str())).collect();
        let names = actions.iter().flat_map(|action| operations(action)).collect();
        let called = found(&names, &program(bin));
        checked += actions.len();
        for action in actions.into_iter().filter(|action| operations(action).is_disjoint(&called)) {
            complaints.push(format!(
                "template.yaml: {id} may do {action}, which {bin} never calls: take it out, or say in {} what needs it",
                file!()
            ));
        }
    }
    assert!(checked > 100, "{checked}");
    house::settle(complaints);
}

/// The test itself can fail: a function that looks nothing through has no name for doing so.
#[test]
fn an_operation_that_is_never_called_is_noticed() {
    let names = BTreeSet::from(["dynamodb:Scan", "dynamodb:UpdateItem"].map(|action| {
        let mut operations = operations(action).into_iter();
        operations.find(|name| !name.contains("Transact")).unwrap()
    }));
    let called = found(&names, &program("meta-not-found"));
    assert_eq!(called, BTreeSet::from(["DynamoDB_20120810.UpdateItem".to_owned()]));
}
