use intelligence::{ProviderErrorKind, Providers};
use serde_json::json;

use super::{
    config,
    describe::{all, describe, passed},
    exception, providers,
};
use crate::server::{Asked, Server, Told};

fn is_rekognition(asked: &Asked) -> bool {
    asked.headers.get("x-amz-target").is_some_and(|target| target == "RekognitionService.DetectLabels")
}

async fn with_labels(server: &Server) -> Providers {
    let mut aws = config(&server.endpoint(), 3).await;
    aws.detect_labels = true;
    providers(&aws)
}

#[tokio::test]
async fn aws_rekognition_adds_what_it_knows_and_measures() {
    let instance = |left: f32| {
        let corners = json!({ "Left": left, "Top": 0.11, "Width": 0.5, "Height": 0.4 });
        json!({ "BoundingBox": corners, "Confidence": 97.0 })
    };
    let labels = json!({ "Labels": [
        { "Name": "Whiteboard", "Confidence": 97.0, "Instances": [instance(0.25)] },
        { "Name": "Person", "Confidence": 97.0, "Instances": [instance(-0.4)] },
        { "Name": "Indoors", "Confidence": 99.0, "Instances": [] },
    ] });
    let server = Server::start(move |_, asked| match is_rekognition(asked) {
        true => Told::json(&labels),
        false => passed(&all(asked)),
    })
    .await;
    let descriptions = describe(with_labels(&server).await, 2).await.unwrap();
    let told: Vec<(&str, f32, f32)> =
        descriptions[1].detections.iter().map(|it| (it.name.as_str(), it.x, it.confidence)).collect();
    assert_eq!(told, [("board", 0.25, 0.97), ("person", 0.0, 0.97)]);
    assert!(descriptions[0].provenance.model.contains("Rekognition"));
    let asked = server.asked();
    let pictures: Vec<_> = asked.iter().filter(|asked| is_rekognition(asked)).collect();
    assert_eq!(pictures.len(), 2, "one request a picture");
    let body = pictures[0].json_of("application/x-amz-json-1.1");
    assert_eq!((&body["MaxLabels"], &body["MinConfidence"]), (&json!(50), &json!(70.0)));
    assert!(body["Image"]["Bytes"].as_str().unwrap().starts_with("/9j/"), "a JPEG");
}

#[tokio::test]
async fn aws_failures_of_rekognition_are_told_apart() {
    use ProviderErrorKind::{BadInput, Down, Refused, Throttled};
    let failures = [
        (400, "ProvisionedThroughputExceededException", Throttled, 3),
        (400, "ThrottlingException", Throttled, 3),
        (500, "InternalServerError", Down, 3),
        (400, "AccessDeniedException", Refused, 1),
        (400, "InvalidImageFormatException", BadInput, 1),
        (400, "ImageTooLargeException", BadInput, 1),
    ];
    for (status, code, kind, count) in failures {
        let server = Server::start(move |_, asked| match is_rekognition(asked) {
            true => exception(status, code),
            false => passed(&all(asked)),
        })
        .await;
        let error = describe(with_labels(&server).await, 1).await.unwrap_err();
        let asked = server.asked().iter().filter(|asked| is_rekognition(asked)).count();
        assert_eq!((error.kind(), asked), (kind, count), "{code}");
    }
}
