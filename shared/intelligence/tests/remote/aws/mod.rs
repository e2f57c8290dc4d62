//! The provider `aws`: requests of the real SDK, signed and sent, and answers in the services' own forms.

mod answer;
mod cloud;
mod describe;
mod embed;
mod hours;
mod labels;
mod transcribe;
mod vectors;

use std::future::Future;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_bedrockruntime::config::Credentials;
use domain::{
    prices::{NOVA_2_LITE, TITAN_EMBED_V2},
    provider::{Choices, Model, Provider},
};
use intelligence::{
    AwsConfig, Budget, BuiltinConfig, OpenAiConfig, ProviderError, ProviderErrorKind, Providers,
};
use serde_json::json;

use crate::server::{Server, Told};

/// How AWS is asked at this endpoint.
pub(crate) async fn config(endpoint: &str, attempts: u32) -> AwsConfig {
    let sdk = aws_config::defaults(BehaviorVersion::latest())
        .credentials_provider(Credentials::new("AKIATEST", "secret", None, None, "test"))
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .load()
        .await;
    let model = |name: &str| Model(name.to_owned());
    AwsConfig {
        sdk,
        bedrock_region: Some("eu-central-1".to_owned()),
        vision_model: model(NOVA_2_LITE),
        detect_labels: false,
        embed_model: model(TITAN_EMBED_V2),
        chat_model: model(NOVA_2_LITE),
        bucket: "bucket".to_owned(),
        s3_path_style: true,
        budget: Budget { attempts, ..crate::BUDGET },
    }
}

/// All four by AWS.
pub(crate) fn providers(aws: &AwsConfig) -> Providers {
    let choices = Choices {
        describe: Provider::Aws,
        transcribe: Provider::Aws,
        embed: Provider::Aws,
        answer: Provider::Aws,
    };
    let openai = OpenAiConfig {
        base_url: "http://localhost/v1".parse().unwrap(),
        api_key: None,
        embed_dimensions: None,
        budget: aws.budget,
    };
    Providers::new(&choices, &BuiltinConfig::default(), &openai, aws).unwrap()
}

async fn providers_of(server: &Server) -> Providers {
    providers(&config(&server.endpoint(), 3).await)
}

/// An exception as the services with JSON protocols answer it.
fn exception(status: u16, code: &str) -> Told {
    let body = json!({ "message": "you sent y = mx + b", "__type": code });
    Told { status, ..Told::json(&body) }.header("x-amzn-errortype", code)
}

/// Each failure as it is answered, what kind it is, and how often it is asked about.
const FAILURES: [(u16, &str, ProviderErrorKind, usize); 9] = [
    (429, "ThrottlingException", ProviderErrorKind::Throttled, 3),
    (400, "ServiceQuotaExceededException", ProviderErrorKind::Throttled, 3),
    (503, "ServiceUnavailableException", ProviderErrorKind::Down, 3),
    (500, "InternalServerException", ProviderErrorKind::Down, 3),
    (408, "ModelTimeoutException", ProviderErrorKind::Down, 3),
    (429, "ModelNotReadyException", ProviderErrorKind::Down, 3),
    (403, "AccessDeniedException", ProviderErrorKind::Refused, 1),
    (404, "ResourceNotFoundException", ProviderErrorKind::Refused, 1),
    (400, "ValidationException", ProviderErrorKind::BadInput, 1),
];

/// Asks servers that answer with each failure.
async fn check_failures<F>(ask: impl Fn(Providers) -> F)
where
    F: Future<Output = Option<ProviderError>>,
{
    for (status, code, kind, asked) in FAILURES {
        let server = Server::start(move |_, _| exception(status, code)).await;
        let error = ask(providers_of(&server).await).await.unwrap();
        assert_eq!((error.kind(), server.asked().len()), (kind, asked), "{code}");
        let told = error.to_string();
        assert!(told.contains(code) && told.contains(&status.to_string()), "{told}");
        assert!(!told.contains("mx + b"), "what was sent is not repeated: {told}");
    }
}
