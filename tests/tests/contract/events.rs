//! The sample events: what `cargo lambda invoke --data-file events/{function}.json` sends.

use aws_lambda_events::event::apigw::ApiGatewayProxyRequest;
use aws_lambda_events::event::s3::S3Event;
use aws_lambda_events::event::sqs::SqsEvent;
use domain::ids::{Attempt, Generation, VideoId};
use domain::stage::Stage;
use serde::Deserialize;
use serde_json::Value;

use crate::house::{self, Route};
use crate::{Reach, reach};

/// What every step of the pipeline is given.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "that the fields can be read is what counts")]
struct Step {
    video_id: VideoId,
    attempt: Attempt,
    generation: Generation,
    resume_from: Option<Stage>,
}

/// What is wrong with a function's event, given the URLs that lead to the function.
pub(crate) fn disagreements(bin: &str, routes: &[Route]) -> Vec<String> {
    let file = format!("events/{bin}.json");
    if routes.is_empty() {
        return vec![];
    }
    let event = house::json(&file);
    let context = &event["requestContext"];
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (method, resource, stage) =
        (word(&event["httpMethod"]), word(&event["resource"]), word(&context["stage"]));
    let sent = |route: &Route| {
        route.contract.stage() == stage && route.method == method && route.resource() == resource
    };
    if !routes.iter().any(sent) {
        let expected = routes.iter().map(|route| {
            format!("{} {} of stage {}", route.method, route.resource(), route.contract.stage())
        });
        let expected = expected.collect::<Vec<_>>().join(", ");
        return vec![format!(
            "{file} is {method} {resource} of stage {stage}, but template.yaml has {expected}: make them the same"
        )];
    }
    let mut complaints = vec![];
    let path = filled(&resource, &event["pathParameters"]);
    for (name, found, expected) in [
        ("path", &event["path"], path.as_str()),
        ("requestContext.resourcePath", &context["resourcePath"], resource.as_str()),
        ("requestContext.httpMethod", &context["httpMethod"], method.as_str()),
        ("requestContext.path", &context["path"], format!("/{stage}{path}").as_str()),
    ] {
        if found != expected {
            complaints.push(format!("{file}: {name} is {found}: make it {expected:?}"));
        }
    }
    if context["identity"]["sourceIp"].is_null() || context["requestId"].is_null() {
        complaints.push(format!("{file}: requestContext needs identity.sourceIp and requestId"));
    }
    complaints
}

fn filled(resource: &str, parameters: &Value) -> String {
    let parameters = parameters.as_object().into_iter().flatten();
    parameters.fold(resource.to_owned(), |path, (name, value)| {
        let value = value.as_str().unwrap_or_default();
        path.replace(&format!("{{{name}}}"), value).replace(&format!("{{{name}+}}"), value)
    })
}

#[test]
fn are_what_the_gateway_sends() {
    for bin in house::bins().keys().filter(|bin| reach(bin) != Reach::NoUrl) {
        let event = house::json(&format!("events/{bin}.json"));
        let request: ApiGatewayProxyRequest = serde_json::from_value(event.clone())
            .unwrap_or_else(|error| panic!("events/{bin}.json: {error}"));
        assert!(!request.is_base64_encoded, "events/{bin}.json");
        for (name, value) in event["headers"].as_object().into_iter().flatten() {
            assert_eq!(
                event["multiValueHeaders"][name][0], *value,
                "events/{bin}.json: multiValueHeaders.{name}"
            );
        }
        if let Some(body) = request.body {
            serde_json::from_str::<Value>(&body)
                .unwrap_or_else(|error| panic!("events/{bin}.json: body: {error}"));
        }
    }
}

#[test]
fn are_what_the_state_machine_sends() {
    for bin in house::bins().keys().filter(|bin| bin.starts_with("pipeline-")) {
        let event = house::json(&format!("events/{bin}.json"));
        let input = match bin.as_str() {
            "pipeline-dispatch" => continue,
            "pipeline-fail" => serde_json::from_str(event["detail"]["input"].as_str().unwrap()).unwrap(),
            _ => event,
        };
        serde_json::from_value::<Step>(input).unwrap_or_else(|error| panic!("events/{bin}.json: {error}"));
    }
}

#[test]
fn the_queue_brings_an_upload() {
    let event: SqsEvent = serde_json::from_value(house::json("events/pipeline-dispatch.json")).unwrap();
    let body = event.records[0].body.as_deref().unwrap();
    let mut notification: S3Event = serde_json::from_str(body).unwrap();
    let object = notification.records.remove(0).s3.object;
    let key = object.key.unwrap();
    let video = key.strip_prefix("uploads/").and_then(|rest| rest.split_once('/')).unwrap().0;
    assert!(video.parse::<VideoId>().is_ok(), "{key}");
    assert!(object.version_id.is_some() && object.size.is_some());
}

#[test]
fn the_queue_brings_a_callbacks_attempt() {
    let event: SqsEvent = serde_json::from_value(house::json("events/upkeep-callback.json")).unwrap();
    let body = event.records[0].body.as_deref().unwrap();
    serde_json::from_str::<store::CallbackMessage>(body)
        .unwrap_or_else(|error| panic!("events/upkeep-callback.json: {error}"));
}

/// The reference's own example key is the only thing in them that looks like a secret.
#[test]
fn hold_no_secrets() {
    const EXAMPLE_KEY: &str = "fq_live_a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6";
    for stem in house::stems("events", "json") {
        let text = house::text(&format!("events/{stem}.json")).replace(EXAMPLE_KEY, "");
        // The starts of API keys, JSON Web Tokens, AWS access keys, and Stripe's and Clerk's secrets.
        for start in ["fq_live_", "eyJ", "AKIA", "ASIA", "sk_live_", "sk_test_", "whsec_"] {
            assert!(!text.contains(start), "events/{stem}.json has {start}…: use a placeholder");
        }
    }
}
