//! The answers that API Gateway gives by itself, in the words that the template gave it.

use super::routes::get;
use crate::aws::Aws;
use crate::error::StackError;
use crate::wire::{self, Body};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use std::collections::BTreeMap;

const HEADER_PREFIX: &str = "gatewayresponse.header.";

/// What the gateway has to answer for itself here.
#[derive(Debug, Clone, Copy)]
pub(super) enum Reason {
    /// The function failed, or the emulator did.
    IntegrationFailed,
    /// The payload is above the gateway's limit.
    RequestTooLarge,
}

/// One API's own answers.
#[derive(Debug, Clone)]
pub(crate) struct GatewayResponses {
    failed: Template,
    too_large: Template,
}

#[derive(Debug, Clone)]
struct Template {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl GatewayResponses {
    pub(super) async fn read(aws: &Aws, api: &str) -> Result<Self, StackError> {
        let Items { item: items } = get(aws, &format!("/restapis/{api}/gatewayresponses")).await?;
        let template = |kind: &str, otherwise| {
            let item = items.iter().find(|item| item.response_type == kind);
            item.map_or_else(|| Template::plain(otherwise), |item| Template::of(item, otherwise))
        };
        Ok(Self {
            failed: template("DEFAULT_5XX", StatusCode::BAD_GATEWAY),
            too_large: template("REQUEST_TOO_LARGE", StatusCode::PAYLOAD_TOO_LARGE),
        })
    }

    pub(super) fn answer(&self, reason: Reason, path: &str, request_id: &str) -> Response<Body> {
        match reason {
            Reason::IntegrationFailed => self.failed.render("Internal server error", path, request_id),
            Reason::RequestTooLarge => self.too_large.render("Request Too Long", path, request_id),
        }
    }
}

impl Template {
    fn plain(status: StatusCode) -> Self {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        Self { status, headers, body: r#"{"message":$context.error.messageString}"#.to_owned() }
    }

    fn of(item: &Item, otherwise: StatusCode) -> Self {
        let mut template = Self::plain(otherwise);
        if let Some(status) = item.status_code.as_deref().and_then(|status| status.parse().ok()) {
            template.status = status;
        }
        if let Some(body) = item.response_templates.get("application/json") {
            template.body.clone_from(body);
        }
        for (name, value) in &item.response_parameters {
            // Only literals, which are quoted; the template maps nothing from the request.
            let Some(name) = name.strip_prefix(HEADER_PREFIX) else { continue };
            let Ok(name) = name.parse::<HeaderName>() else { continue };
            let Ok(value) = HeaderValue::from_str(value.trim_matches('\'')) else { continue };
            template.headers.insert(name, value);
        }
        template
    }

    fn render(&self, message: &str, path: &str, request_id: &str) -> Response<Body> {
        let body = self
            .body
            .replace("$context.error.messageString", &format!("\"{message}\""))
            .replace("$context.error.message", message)
            .replace("$context.requestId", request_id)
            .replace("$context.path", path);
        let mut response = Response::new(wire::full(body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers.clone();
        response
    }
}

#[derive(Deserialize)]
struct Items {
    item: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    response_type: String,
    status_code: Option<String>,
    #[serde(default)]
    response_parameters: BTreeMap<String, String>,
    #[serde(default)]
    response_templates: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_the_last_word() {
        let item = Item {
            response_type: "DEFAULT_5XX".to_owned(),
            status_code: Some("500".to_owned()),
            response_parameters: [("gatewayresponse.header.Content-Type", "'application/problem+json'")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            response_templates: [(
                "application/json".to_owned(),
                r#"{"instance":"$context.path"}"#.to_owned(),
            )]
            .into(),
        };
        let response = Template::of(&item, StatusCode::BAD_GATEWAY).render("x", "/chat/v", "r");
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(Template::plain(StatusCode::BAD_GATEWAY).render("x", "/", "r").status(), 502);
    }
}
