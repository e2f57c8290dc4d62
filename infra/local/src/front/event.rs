//! The event that API Gateway (REST, proxy integration, payload 1.0) hands to a function.

use super::routes::{Api, Route};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::net::IpAddr;
use url::form_urlencoded;

/// Builds the event of one request. `path` is the request's path inside the stage.
pub(super) fn proxy_event(
    api: &Api,
    route: &Route<'_>,
    path: &str,
    request: &Parts,
    body: &Bytes,
    caller: IpAddr,
    request_id: &str,
) -> Value {
    let now = Timestamp::now();
    let (headers, multi_headers) = headers(&request.headers);
    let (query, multi_query) = query(request.uri.query().unwrap_or_default());
    let (body, encoded) = text(body);
    json!({
        "resource": route.resource,
        "path": path,
        "httpMethod": request.method.as_str(),
        "headers": headers,
        "multiValueHeaders": multi_headers,
        "queryStringParameters": or_null(query),
        "multiValueQueryStringParameters": or_null(multi_query),
        "pathParameters": route.parameters,
        "stageVariables": null,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": api.id,
            "stage": api.stage,
            "resourcePath": route.resource,
            "httpMethod": request.method.as_str(),
            "path": format!("/{}{path}", api.stage),
            "protocol": "HTTP/1.1",
            "requestId": request_id,
            "extendedRequestId": request_id,
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "requestTimeEpoch": now.as_millisecond(),
            "identity": {
                "sourceIp": caller.to_string(),
                "userAgent": request.headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok()),
            },
        },
        "body": body,
        "isBase64Encoded": encoded,
    })
}

/// A name's last value, and all of them.
fn headers(headers: &HeaderMap) -> (Map<String, Value>, Map<String, Value>) {
    let pairs = headers.iter().map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    last_and_all(pairs)
}

fn query(query: &str) -> (Map<String, Value>, Map<String, Value>) {
    last_and_all(form_urlencoded::parse(query.as_bytes()).into_owned())
}

fn last_and_all(pairs: impl Iterator<Item = (String, String)>) -> (Map<String, Value>, Map<String, Value>) {
    let mut last = Map::new();
    let mut all = Map::new();
    for (name, value) in pairs {
        last.insert(name.clone(), value.clone().into());
        if let Value::Array(values) = all.entry(name).or_insert_with(|| json!([])) {
            values.push(value.into());
        }
    }
    (last, all)
}

fn or_null(map: Map<String, Value>) -> Value {
    if map.is_empty() { Value::Null } else { Value::Object(map) }
}

fn text(body: &Bytes) -> (Value, bool) {
    if body.is_empty() {
        return (Value::Null, false);
    }
    match std::str::from_utf8(body) {
        Ok(text) => (text.into(), false),
        Err(_) => (STANDARD.encode(body).into(), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_repeated_values_is_the_single_one() {
        let (single, multi) = query("a=1&a=2&b=%20x");
        assert_eq!(json!(single), json!({"a": "2", "b": " x"}));
        assert_eq!(json!(multi), json!({"a": ["1", "2"], "b": [" x"]}));
    }

    #[test]
    fn a_body_is_text_where_it_can_be() {
        assert_eq!(text(&Bytes::new()), (Value::Null, false));
        assert_eq!(text(&Bytes::from("é")), ("é".into(), false));
        assert_eq!(text(&Bytes::from_static(&[0xff, 0x00])), ("/wA=".into(), true));
    }
}
