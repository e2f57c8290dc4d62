//! What went wrong at AWS, as what its caller may do about it.

use std::error::Error;

use aws_sdk_bedrockruntime::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    types::error::ConverseStreamOutputError,
};

use crate::{ProviderError, ProviderErrorKind, retry_after};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Converse,
    ConverseStream,
    InvokeModel,
    StartTranscriptionJob,
    GetTranscriptionJob,
    DeleteTranscriptionJob,
    DetectLabels,
    GetObject,
    PutObject,
    CreateIndex,
    PutVectors,
    QueryVectors,
    DeleteVectors,
}

impl Operation {
    /// As IAM and the logs of AWS name it.
    fn name(self) -> &'static str {
        match self {
            Self::Converse => "bedrock Converse",
            Self::ConverseStream => "bedrock ConverseStream",
            Self::InvokeModel => "bedrock InvokeModel",
            Self::StartTranscriptionJob => "transcribe StartTranscriptionJob",
            Self::GetTranscriptionJob => "transcribe GetTranscriptionJob",
            Self::DeleteTranscriptionJob => "transcribe DeleteTranscriptionJob",
            Self::DetectLabels => "rekognition DetectLabels",
            Self::GetObject => "s3 GetObject",
            Self::PutObject => "s3 PutObject",
            Self::CreateIndex => "s3vectors CreateIndex",
            Self::PutVectors => "s3vectors PutVectors",
            Self::QueryVectors => "s3vectors QueryVectors",
            Self::DeleteVectors => "s3vectors DeleteVectors",
        }
    }
}

/// A call that was refused, not answered, or not to its end.
pub(crate) fn of<E: ProvideErrorMetadata>(
    operation: Operation,
    error: &SdkError<E, HttpResponse>,
) -> ProviderError {
    let name = operation.name();
    match error {
        SdkError::ServiceError(service) => of_service(operation, service.err(), service.raw()),
        SdkError::ConstructionFailure(_) => ProviderError::bad_input(format!(
            "a request for {name} cannot be made; check the region and the models' ids"
        )),
        SdkError::TimeoutError(_) => ProviderError::down(format!("{name} did not answer in time")),
        SdkError::DispatchFailure(failure) => {
            let cause = failure.as_connector_error().map(|error| chain(error)).unwrap_or_default();
            ProviderError::down(format!("{name} cannot be reached; check the region and the network"))
                .caused_by(cause)
        }
        // `SdkError` may grow.
        _ => of_unlike_answer(operation),
    }
}

/// An answer of another form.
pub(crate) fn of_unlike_answer(operation: Operation) -> ProviderError {
    ProviderError::down(format!("{} answered in a form that is not its own", operation.name()))
}

/// A stream that broke off.
pub(crate) fn of_stream<R>(error: &SdkError<ConverseStreamOutputError, R>) -> ProviderError {
    let kind = match error.as_service_error() {
        Some(error) if error.is_throttling_exception() => ProviderErrorKind::Throttled,
        Some(error) if error.is_validation_exception() => ProviderErrorKind::BadInput,
        Some(_) | None => ProviderErrorKind::Down,
    };
    ProviderError::new(kind, "an answer of bedrock ConverseStream broke off")
}

fn of_service(
    operation: Operation,
    error: &impl ProvideErrorMetadata,
    response: &HttpResponse,
) -> ProviderError {
    let (status, code) = (response.status().as_u16(), error.code().unwrap_or("no code"));
    let kind = kind(status, code);
    let detail = format!("{} answered {status} ({code}); {}", operation.name(), advice(kind, code));
    let wait = response.headers().get("retry-after");
    let error_ = ProviderError::new(kind, detail)
        .after(wait.and_then(|wait| retry_after::parse(wait, response.headers().get("date"))));
    match error.message() {
        // These say which permission or model is missing. Others may repeat what was sent.
        Some(message) if kind == ProviderErrorKind::Refused => error_.caused_by(message.to_owned()),
        Some(_) | None => error_,
    }
}

/// By the exceptions in the API references of the services, and by status for those that are not listed there.
fn kind(status: u16, code: &str) -> ProviderErrorKind {
    match code {
        "ThrottlingException"
        | "TooManyRequestsException"
        | "LimitExceededException"
        | "ProvisionedThroughputExceededException"
        | "ServiceQuotaExceededException"
        | "SlowDown" => return ProviderErrorKind::Throttled,
        // 429, 424 and 403 of their own; a token is renewed before the next attempt.
        "ModelNotReadyException" | "ModelErrorException" | "ExpiredTokenException" => {
            return ProviderErrorKind::Down;
        }
        "AccessDeniedException"
        | "AccessDenied"
        | "UnrecognizedClientException"
        | "ResourceNotFoundException" => {
            return ProviderErrorKind::Refused;
        }
        _ => {}
    }
    match status {
        429 => ProviderErrorKind::Throttled,
        408 | 500.. => ProviderErrorKind::Down,
        400 | 413 | 415 | 422 => ProviderErrorKind::BadInput,
        _ => ProviderErrorKind::Refused,
    }
}

fn advice(kind: ProviderErrorKind, code: &str) -> &'static str {
    match (kind, code) {
        (ProviderErrorKind::Throttled, _) => "ask for a higher quota at Service Quotas, or lower MapWidth",
        (ProviderErrorKind::Down, _) => "look at the AWS Health Dashboard",
        (ProviderErrorKind::BadInput, _) => {
            "check that the service and the model take this kind of input here"
        }
        (ProviderErrorKind::Policy, _) => "its content policy forbids this input",
        (ProviderErrorKind::Refused, "ResourceNotFoundException") => {
            "check the model's id, and that the region has it"
        }
        (ProviderErrorKind::Refused, "NotFoundException") => "check that the vector bucket is there",
        (ProviderErrorKind::Refused, _) => "check the function's role, and the account's access to the model",
    }
}

/// An error and what it was caused by, in one line.
fn chain(error: &dyn Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_tell_what_a_caller_may_do() {
        use ProviderErrorKind::{BadInput, Down, Refused, Throttled};
        let cases = [
            (429, "ThrottlingException", Throttled),
            (400, "ThrottlingException", Throttled),
            (400, "LimitExceededException", Throttled),
            (400, "ProvisionedThroughputExceededException", Throttled),
            (400, "ServiceQuotaExceededException", Throttled),
            (503, "SlowDown", Throttled),
            (429, "ModelNotReadyException", Down),
            (424, "ModelErrorException", Down),
            (408, "ModelTimeoutException", Down),
            (500, "InternalServerException", Down),
            (503, "ServiceUnavailableException", Down),
            (403, "ExpiredTokenException", Down),
            (403, "AccessDeniedException", Refused),
            (400, "AccessDeniedException", Refused),
            (404, "ResourceNotFoundException", Refused),
            (400, "ResourceNotFoundException", Refused),
            (403, "no code", Refused),
            (400, "ValidationException", BadInput),
            (400, "InvalidImageFormatException", BadInput),
            (400, "ImageTooLargeException", BadInput),
            (400, "BadRequestException", BadInput),
        ];
        for (status, code, expected) in cases {
            assert_eq!(kind(status, code), expected, "{status} {code}");
        }
    }
}
