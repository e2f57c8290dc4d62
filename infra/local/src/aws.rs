//! Calls to the emulator's AWS APIs, by plain HTTP: a handful of actions do not pay for six SDK crates.

use crate::error::StackError;
use crate::wire::{self, HttpClient};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use url::form_urlencoded::Serializer;

/// The region and account that the emulator plays.
pub(crate) const REGION: &str = "us-east-1";

#[derive(Clone)]
pub(crate) struct Aws {
    endpoint: String,
    http: HttpClient,
}

/// The form fields of a Query-protocol action.
pub(crate) type Fields = Vec<(String, String)>;

impl Aws {
    pub(crate) fn new(endpoint: String, http: HttpClient) -> Self {
        Self { endpoint, http }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// A Query-protocol action (CloudFormation, STS): a form in, XML out.
    pub(crate) async fn query(
        &self,
        service: &str,
        version: &str,
        action: &str,
        fields: &Fields,
    ) -> Result<String, StackError> {
        let form = Serializer::new(String::new())
            .append_pair("Action", action)
            .append_pair("Version", version)
            .extend_pairs(fields)
            .finish();
        let request = self
            .request(service, Method::POST, "/")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = accepted(action, self.send(action, request, form.into()).await?)?;
        String::from_utf8(answer.to_vec()).map_err(|error| StackError::answer(action, error))
    }

    /// An action of a JSON-protocol service (Secrets Manager), whose name also starts its targets.
    pub(crate) async fn json(&self, service: &str, action: &str, input: &Value) -> Result<Value, StackError> {
        let request = self
            .request(service, Method::POST, "/")
            .header(header::CONTENT_TYPE, "application/x-amz-json-1.1")
            .header("x-amz-target", format!("{service}.{action}"));
        let answer = accepted(action, self.send(action, request, input.to_string().into()).await?)?;
        serde_json::from_slice(&answer).map_err(|error| StackError::answer(action, error))
    }

    /// A REST action (S3, Lambda, API Gateway).
    pub(crate) async fn rest(
        &self,
        service: &str,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<Bytes, StackError> {
        let action = format!("{service} {method} {path}");
        let request = self.request(service, method, path);
        accepted(&action, self.send(&action, request, body).await?)
    }

    /// Whether an S3 object is there.
    pub(crate) async fn exists(&self, path: &str) -> Result<bool, StackError> {
        let request = self.request("s3", Method::HEAD, path);
        let answer = self.send("s3 HEAD", request, Bytes::new()).await?;
        Ok(answer.status().is_success())
    }

    async fn send(
        &self,
        action: &str,
        request: http::request::Builder,
        body: Bytes,
    ) -> Result<Response<Bytes>, StackError> {
        let request = request.body(wire::full(body)).map_err(|error| StackError::answer(action, error))?;
        let answer = self.http.request(request).await.map_err(|error| StackError::answer(action, error))?;
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(|error| StackError::answer(action, error))?.to_bytes();
        Ok(Response::from_parts(head, body))
    }

    /// The emulator takes the key `test` for the account's root and does not check its signature, so there is none.
    fn request(&self, service: &str, method: Method, path: &str) -> http::request::Builder {
        let credential = format!("test/20260101/{REGION}/{service}/aws4_request");
        Request::builder().method(method).uri(format!("{}{path}", self.endpoint)).header(
            header::AUTHORIZATION,
            format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=none"),
        )
    }
}

fn accepted(action: &str, answer: Response<Bytes>) -> Result<Bytes, StackError> {
    let status = answer.status();
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return Ok(answer.into_body());
    }
    let body = String::from_utf8_lossy(answer.body()).into_owned();
    let message = xml_text(&body, "Message").unwrap_or(body);
    Err(StackError::Refused { action: action.to_owned(), status: status.as_u16(), message })
}

/// The text of the first element of this name.
pub(crate) fn xml_text(xml: &str, name: &str) -> Option<String> {
    let document = roxmltree::Document::parse(xml).ok()?;
    let node = document.descendants().find(|node| node.has_tag_name_any(name))?;
    Some(node.text().unwrap_or_default().to_owned())
}

/// Element names without regard to their namespace, which each service chooses for itself.
pub(crate) trait AnyNamespace {
    fn has_tag_name_any(&self, name: &str) -> bool;
}

impl AnyNamespace for roxmltree::Node<'_, '_> {
    fn has_tag_name_any(&self, name: &str) -> bool {
        self.is_element() && self.tag_name().name() == name
    }
}
