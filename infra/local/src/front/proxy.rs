//! Everything that does not stream: on to the emulator's API Gateway, bodies flowing both ways.

use super::gateway::Reason;
use super::routes::Api;
use crate::wire::{Body, HttpClient};
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Request, Response, Version};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::net::IpAddr;

/// Headers that concern one connection only (RFC 9110, section 7.6.1).
const HOP_BY_HOP: [HeaderName; 7] = [
    header::CONNECTION,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Sends the request on in its caller's name. `path` is the one inside the API's stage.
pub(super) async fn forward(
    http: &HttpClient,
    endpoint: &str,
    api: &Api,
    path: &str,
    mut request: Request<Incoming>,
    caller: IpAddr,
) -> Result<Response<Body>, Reason> {
    let query = request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
    let target = format!("{endpoint}/_aws/execute-api/{}/{}{path}{query}", api.id, api.stage);
    *request.uri_mut() = target.parse().map_err(|_| Reason::IntegrationFailed)?;
    *request.version_mut() = Version::HTTP_11;
    set_caller(request.headers_mut(), caller);
    strip_hop_by_hop(request.headers_mut());
    let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
    let mut response = http.request(request).await.map_err(|error| {
        tracing::warn!(%error, "the emulator did not answer");
        Reason::IntegrationFailed
    })?;
    strip_hop_by_hop(response.headers_mut());
    Ok(response.map(|body| body.map_err(Into::into).boxed_unsync()))
}

/// The emulator takes the caller's address from this header; what the caller says about itself does not count.
fn set_caller(headers: &mut HeaderMap, caller: IpAddr) {
    if let Ok(address) = HeaderValue::from_str(&caller.to_string()) {
        headers.insert(FORWARDED_FOR, address);
    }
}

fn strip_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in HOP_BY_HOP.iter().chain(&named) {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_connection_is_passed_on() {
        let mut headers = HeaderMap::new();
        headers.insert("connection", HeaderValue::from_static("keep-alive, x-mine"));
        headers.insert("x-mine", HeaderValue::from_static("1"));
        headers.insert("keep-alive", HeaderValue::from_static("timeout=5"));
        headers.insert("x-api-key", HeaderValue::from_static("k"));
        strip_hop_by_hop(&mut headers);
        assert_eq!(headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(), ["x-api-key"]);
    }

    #[test]
    fn a_caller_cannot_name_its_own_address() {
        let mut headers = HeaderMap::new();
        headers.append(FORWARDED_FOR, HeaderValue::from_static("1.2.3.4"));
        headers.append(FORWARDED_FOR, HeaderValue::from_static("5.6.7.8"));
        set_caller(&mut headers, IpAddr::from([127, 0, 0, 7]));
        assert_eq!(headers.get_all(FORWARDED_FOR).iter().collect::<Vec<_>>(), ["127.0.0.7"]);
    }
}
