//! How long the gateway waits, how much it lets through, and what it answers by itself.

use std::collections::BTreeSet;

use serde_json::json;

use crate::house::{self, Contract};
use crate::transformed::{PLAIN, integrations, resources};

/// Seconds that the gateway waits for an answer that is not streamed.
const BUFFERED: u64 = 29;
/// The most milliseconds of one that is (API Gateway, "Response transfer mode").
const STREAMED: u64 = 900_000;

/// What each contract has words for.
const OWN_ANSWERS: [&str; 6] = [
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "MISSING_AUTHENTICATION_TOKEN",
    "REQUEST_TOO_LARGE",
    "THROTTLED",
    "WAF_FILTERED",
];

/// `…functions/${ChatAsk.Arn}/…` → `ChatAsk`.
fn function_of(integration: &serde_json::Value) -> &str {
    let uri = integration["uri"]["Fn::Sub"].as_str().unwrap();
    uri.split_once("functions/${").unwrap().1.split_once(".Arn}").unwrap().0
}

#[test]
fn the_gateway_waits_as_long_as_the_function_runs() {
    let template = &*PLAIN;
    let mut complaints = vec![];
    let mut streamed = 0;
    for contract in Contract::ALL {
        for (operation, integration) in integrations(&template["Resources"][contract.api()]) {
            let id = function_of(integration);
            let function = template["Resources"][id]["Properties"]["Timeout"].as_u64().unwrap();
            let gateway = integration["timeoutInMillis"].as_u64();
            if integration["responseTransferMode"] == "STREAM" {
                streamed += 1;
                if gateway != Some(function * 1000) || function <= BUFFERED || function * 1000 > STREAMED {
                    complaints.push(format!(
                        "{operation} is streamed: {id} has a Timeout of {function} s and TimeoutInMillis {gateway:?}: make them the same, above {BUFFERED} s"
                    ));
                }
            } else if gateway.is_some() || function > BUFFERED {
                complaints.push(format!(
                    "{operation}: {id} has a Timeout of {function} s and TimeoutInMillis {gateway:?}, but nobody hears it after {BUFFERED} s"
                ));
            }
        }
    }
    assert_eq!(streamed, 2, "POST /chat/{{video_id}} and GET /v1/api/jobs/{{jobId}}");
    house::settle(complaints);
}

/// A resource of its own would be deployed after the API's first deployment, and is lost when the API is imported again.
#[test]
fn the_gateways_own_answers_are_part_of_each_api() {
    let template = &*PLAIN;
    assert!(resources(template).all(|(_, kind, _)| kind != "AWS::ApiGateway::GatewayResponse"));
    for contract in Contract::ALL {
        let body = &template["Resources"][contract.api()]["Properties"]["Body"];
        let answers = body["x-amazon-apigateway-gateway-responses"].as_object().unwrap();
        let kinds: BTreeSet<&str> = answers.keys().map(String::as_str).collect();
        assert_eq!(kinds, BTreeSet::from(OWN_ANSWERS), "{}", contract.api());
        let (content_type, limit) = match contract {
            Contract::Videos => ("'application/problem+json'", "'60'"),
            Contract::Jobs => ("'application/json'", "'100'"),
        };
        for (kind, answer) in answers {
            let header =
                |name: &str| answer["responseParameters"][format!("gatewayresponse.header.{name}")].as_str();
            assert_eq!(header("Content-Type"), Some(content_type), "{kind}");
            assert_eq!(header("Access-Control-Allow-Origin"), Some("'*'"), "{kind}");
            assert_eq!(header("X-RateLimit-Limit"), Some(limit), "{kind}");
            let body = answer["responseTemplates"]["application/json"].as_str().unwrap();
            let body: serde_json::Value =
                serde_json::from_str(body).unwrap_or_else(|error| panic!("{kind}: {error}"));
            match contract {
                Contract::Videos => assert_eq!(body["status"].to_string(), answer["statusCode"], "{kind}"),
                Contract::Jobs => assert!(body["error"].is_string(), "{kind}"),
            }
        }
    }
}

#[test]
fn each_stage_is_throttled_by_parameters() {
    let stages: Vec<_> = resources(&PLAIN).filter(|(_, kind, _)| *kind == "AWS::ApiGateway::Stage").collect();
    assert_eq!(stages.len(), 2);
    for (id, _, stage) in stages {
        let settings = stage["Properties"]["MethodSettings"].as_array().unwrap();
        let every =
            settings.iter().find(|setting| setting["ResourcePath"] == "/*" && setting["HttpMethod"] == "*");
        let every = every.unwrap_or_else(|| panic!("{id} has no MethodSettings for every method"));
        assert_eq!(every["ThrottlingRateLimit"]["Ref"], "ApiRateLimit", "{id}");
        assert_eq!(every["ThrottlingBurstLimit"]["Ref"], "ApiBurstLimit", "{id}");
    }
}

#[test]
fn a_domain_and_a_firewall_cover_both_apis() {
    let of = |wanted: &str| -> Vec<_> { resources(&PLAIN).filter(|(_, kind, _)| *kind == wanted).collect() };
    let mappings = of("AWS::ApiGateway::BasePathMapping");
    let path = |api: &str| {
        let mapping =
            mappings.iter().find(|(_, _, mapping)| mapping["Properties"]["RestApiId"]["Ref"] == api);
        mapping.map(|(_, _, mapping)| mapping["Properties"]["BasePath"].as_str())
    };
    // The stage of the Jobs API is the first part of its paths; see infra/openapi/jobs.yaml.
    assert_eq!((path("VideosApi"), path("JobsApi")), (Some(None), Some(Some("v1"))));
    let guarded = of("AWS::WAFv2::WebACLAssociation");
    for contract in Contract::ALL {
        let stage = format!("/restapis/${{{}}}/stages/", contract.api());
        let covers =
            |resource: &serde_json::Value| resource["Properties"]["ResourceArn"].to_string().contains(&stage);
        assert!(guarded.iter().any(|(_, _, resource)| covers(resource)), "{}", contract.api());
    }
    for (id, _, resource) in mappings.iter().chain(&guarded) {
        assert!(resource["Condition"].is_string(), "{id} is there although nobody asked for it");
    }
}

/// Its window is a minute, and AWS WAF takes no limit below 10: better a refusal at once than a stack that rolls back.
#[test]
fn a_limit_that_the_firewall_cannot_have_is_refused() {
    let rule = &PLAIN["Rules"]["FirewallTakesLimit"];
    assert!(rule["RuleCondition"].is_null(), "it always holds");
    let below: Vec<String> = (1..10).map(|limit: u32| limit.to_string()).collect();
    let refused = json!({ "Fn::Not": [{ "Fn::Contains": [below, { "Ref": "WafRequestsPerMinute" }] }] });
    assert_eq!(rule["Assertions"][0]["Assert"], refused);
    let firewalls = resources(&PLAIN).filter(|(_, kind, _)| *kind == "AWS::WAFv2::WebACL");
    for (id, _, firewall) in firewalls {
        let limit = &firewall["Properties"]["Rules"][0]["Statement"]["RateBasedStatement"];
        assert_eq!(limit["Limit"], json!({ "Ref": "WafRequestsPerMinute" }), "{id}");
        assert_eq!(limit["EvaluationWindowSec"], 60, "{id}");
    }
}
