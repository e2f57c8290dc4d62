//! The template with canaries: every function behind a URL moves to new code step by step, and back when it fails.

use std::process::Command;

use serde_json::json;

use crate::house::{self, Contract};
use crate::transformed::{PLAIN, WITH_CANARIES, integrations, python, resources};

#[test]
fn without_canaries_nothing_is_published() {
    let published =
        resources(&PLAIN).filter(|(_, kind, _)| kind.contains("::Version") || kind.contains("CodeDeploy"));
    assert_eq!(published.count(), 0, "a changed parameter would not reach a published version");
}

#[test]
fn every_url_leads_to_an_alias_that_is_rolled_back() {
    let template = &*WITH_CANARIES;
    let mut functions = std::collections::BTreeSet::new();
    for contract in Contract::ALL {
        for (operation, integration) in integrations(&template["Resources"][contract.api()]) {
            let uri = integration["uri"]["Fn::Sub"].as_str().unwrap();
            let alias = uri.split_once("functions/${").unwrap().1.split_once('}').unwrap().0;
            let function =
                alias.strip_suffix("Aliaslive").unwrap_or_else(|| panic!("{operation} leads to {uri}"));
            functions.insert(function.to_owned());
        }
    }
    for id in &functions {
        let resource = |suffix: &str| &template["Resources"][format!("{id}{suffix}")];
        let update = &resource("Aliaslive")["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"];
        assert_eq!(update["DeploymentGroupName"], json!({ "Ref": format!("{id}DeploymentGroup") }), "{id}");
        let group = &resource("DeploymentGroup")["Properties"];
        let alarms = group["AlarmConfiguration"]["Alarms"].as_array().unwrap();
        assert_eq!(alarms[0], json!({ "Name": { "Ref": format!("{id}CanaryAlarm") } }), "{id}");
        assert!((2..=10).contains(&alarms.len()), "{id}: CodeDeploy looks at ten alarms at most");
        let events = group["AutoRollbackConfiguration"]["Events"].as_array().unwrap();
        assert!(events.contains(&json!("DEPLOYMENT_STOP_ON_ALARM")), "{id}");
        let watched = &resource("CanaryAlarm")["Properties"]["Dimensions"];
        let version = watched[2]["Value"]["Fn::GetAtt"][0].as_str().unwrap();
        assert_eq!(
            (&watched[2]["Name"], version),
            (&json!("ExecutedVersion"), format!("{id}Version1").as_str())
        );
        assert_eq!(template["Resources"][version]["Type"], "AWS::Lambda::Version", "{id}");
    }
    let all = resources(template).filter(|(_, kind, _)| *kind == "AWS::CodeDeploy::DeploymentGroup").count();
    assert_eq!(all, functions.len(), "what has no URL has no canary: nothing would send requests to it");
}

#[test]
fn canaries_lint() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("canary.yaml");
    std::fs::write(&file, python(&["infra/canary.py", "template.yaml"], &[])).unwrap();
    let lint = Command::new(house::root().join(".local/venv/bin/cfn-lint")).arg(&file).output().unwrap();
    assert!(lint.status.success(), "{}", String::from_utf8_lossy(&lint.stdout));
}
