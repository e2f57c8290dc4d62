//! The role of the workflow that deploys: it may make every kind of resource that a stage can have, and give each role to
//! the service that it is for. Whether each action is there shows on AWS alone.

use std::collections::BTreeSet;

use crate::house;
use crate::permissions::items;
use crate::transformed::{WITH_CANARIES, resources};

const ROLE: &str = "infra/ci/role.yaml";

#[test]
fn the_workflows_role_may_make_every_kind_of_resource() {
    let role = house::text(ROLE);
    let kinds = resources(&WITH_CANARIES).map(|(_, kind, _)| kind).collect::<BTreeSet<_>>();
    let services = kinds.iter().map(|kind| kind.split("::").nth(1).unwrap()).collect::<BTreeSet<_>>();
    let mut complaints = vec![];
    for service in services {
        // Actions begin with the service's name, but for one.
        let prefix = if service == "StepFunctions" { "states".to_owned() } else { service.to_lowercase() };
        if !role.contains(&format!("{prefix}:")) {
            complaints.push(format!("{ROLE}: nothing allows {prefix}, and template.yaml has AWS::{service}"));
        }
    }
    house::settle(complaints);
}

#[test]
fn the_workflows_role_may_pass_every_role() {
    let role = house::text(ROLE);
    let passed = role.lines().find_map(|line| line.trim().strip_prefix("iam:PassedToService:")).unwrap();
    let mut complaints = BTreeSet::new();
    for (id, _, resource) in resources(&WITH_CANARIES).filter(|(_, kind, _)| *kind == "AWS::IAM::Role") {
        for statement in items(&resource["Properties"]["AssumeRolePolicyDocument"]["Statement"]) {
            for service in items(&statement["Principal"]["Service"]) {
                if !passed.contains(service.as_str().unwrap()) {
                    complaints
                        .insert(format!("{ROLE}: {id} is for {service}: add it to iam:PassedToService"));
                }
            }
        }
    }
    house::settle(complaints.into_iter().collect());
}
