//! Which requests the front answers itself: it asks the emulator's API Gateway what was deployed.

use super::gateway::GatewayResponses;
use crate::aws::Aws;
use crate::error::StackError;
use bytes::Bytes;
use http::Method;
use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;

/// One deployed REST API: its stage and its resource tree.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) id: String,
    pub(crate) stage: String,
    pub(super) resources: ResourceTree,
    pub(super) own: GatewayResponses,
}

/// The resources of an API, and what API Gateway makes of a path among them.
#[derive(Debug, Clone)]
pub(super) struct ResourceTree(Vec<Resource>);

#[derive(Debug, Clone)]
struct Resource {
    path: String,
    segments: Vec<Segment>,
    /// Streaming methods and the function behind each; the other methods are the emulator's.
    streaming: BTreeMap<String, String>,
}

/// In the order of precedence that API Gateway gives them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Literal(String),
    Parameter(String),
    Greedy(String),
}

/// Path parameters by name, percent-decoded.
pub(crate) type Parameters = BTreeMap<String, String>;

/// A streaming method that a request reaches.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Route<'a> {
    pub(crate) function: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) parameters: Parameters,
}

impl Api {
    /// Reads the API's first stage and its resources.
    pub(crate) async fn read(aws: &Aws, id: &str) -> Result<Self, StackError> {
        let stages: Stages = get(aws, &format!("/restapis/{id}/stages")).await?;
        let Some(stage) = stages.item.into_iter().next() else {
            return Err(StackError::Template(format!("give the API {id} a stage")));
        };
        let tree: Resources = get(aws, &format!("/restapis/{id}/resources?embed=methods&limit=500")).await?;
        let resources = ResourceTree(tree.item.into_iter().map(Resource::from).collect());
        let own = GatewayResponses::read(aws, id).await?;
        Ok(Self { id: id.to_owned(), stage: stage.stage_name, resources, own })
    }
}

impl ResourceTree {
    /// The streaming method at this path, if API Gateway would choose it.
    pub(super) fn streaming_route(&self, method: &Method, path: &str) -> Option<Route<'_>> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let (resource, parameters) = self
            .0
            .iter()
            .filter_map(|resource| Some((resource, resource.parameters(&parts)?)))
            .min_by(|(one, _), (other, _)| one.precedence().cmp(&other.precedence()))?;
        let function = resource.streaming.get(method.as_str())?;
        Some(Route { function, resource: &resource.path, parameters })
    }

    /// The functions behind streaming methods.
    pub(super) fn streaming_functions(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(|resource| resource.streaming.values()).map(String::as_str)
    }
}

impl Resource {
    /// Literal before parameter before greedy, segment by segment.
    fn precedence(&self) -> Vec<u8> {
        let rank = |segment: &Segment| match segment {
            Segment::Literal(_) => 0,
            Segment::Parameter(_) => 1,
            Segment::Greedy(_) => 2,
        };
        self.segments.iter().map(rank).collect()
    }

    fn parameters(&self, parts: &[&str]) -> Option<Parameters> {
        let mut parameters = Parameters::new();
        let mut rest = parts;
        for segment in &self.segments {
            let (part, others) = rest.split_first()?;
            match segment {
                Segment::Literal(literal) if literal == part => rest = others,
                Segment::Literal(_) => return None,
                Segment::Parameter(name) => {
                    parameters.insert(name.clone(), decoded(part));
                    rest = others;
                }
                Segment::Greedy(name) => {
                    parameters.insert(name.clone(), decoded(&rest.join("/")));
                    rest = &[];
                }
            }
        }
        rest.is_empty().then_some(parameters)
    }
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

impl From<&str> for Segment {
    fn from(part: &str) -> Self {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            None => Self::Literal(part.to_owned()),
            Some(name) => match name.strip_suffix('+') {
                None => Self::Parameter(name.to_owned()),
                Some(name) => Self::Greedy(name.to_owned()),
            },
        }
    }
}

#[derive(Deserialize)]
struct Stages {
    item: Vec<StageItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StageItem {
    stage_name: String,
}

#[derive(Deserialize)]
struct Resources {
    item: Vec<ResourceItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceItem {
    path: String,
    #[serde(default)]
    resource_methods: BTreeMap<String, MethodItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MethodItem {
    method_integration: Option<IntegrationItem>,
}

#[derive(Deserialize)]
struct IntegrationItem {
    uri: Option<String>,
}

impl From<ResourceItem> for Resource {
    fn from(item: ResourceItem) -> Self {
        let streaming = item
            .resource_methods
            .into_iter()
            .filter_map(|(method, item)| Some((method, streaming_function(&item.method_integration?.uri?)?)))
            .collect();
        let segments = item.path.split('/').filter(|part| !part.is_empty()).map(Segment::from).collect();
        Self { path: item.path, segments, streaming }
    }
}

/// `…/functions/arn:aws:lambda:…:function:NAME/response-streaming-invocations` → `NAME`.
fn streaming_function(uri: &str) -> Option<String> {
    let arn = uri.strip_suffix("/response-streaming-invocations")?;
    Some(arn.rsplit_once(":function:")?.1.to_owned())
}

/// An API Gateway resource, as its REST API gives it.
pub(super) async fn get<T: DeserializeOwned>(aws: &Aws, path: &str) -> Result<T, StackError> {
    let body = aws.rest("apigateway", Method::GET, path, Bytes::new()).await?;
    serde_json::from_slice(&body).map_err(|error| StackError::answer(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(resources: &[(&str, &[&str])]) -> ResourceTree {
        let resources = resources
            .iter()
            .map(|(path, methods)| Resource {
                path: (*path).to_owned(),
                segments: path.split('/').filter(|part| !part.is_empty()).map(Segment::from).collect(),
                streaming: methods.iter().map(|method| ((*method).to_owned(), "ask".to_owned())).collect(),
            })
            .collect();
        ResourceTree(resources)
    }

    #[test]
    fn a_streaming_uri_names_its_function() {
        let uri = "arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/arn:aws:lambda:us-east-1:000000000000:function:frameiq-ChatAsk-1/response-streaming-invocations";
        assert_eq!(streaming_function(uri).as_deref(), Some("frameiq-ChatAsk-1"));
        assert_eq!(streaming_function("arn:…:function:x/invocations"), None);
    }

    #[test]
    fn a_literal_hides_a_parameter_even_where_it_lacks_the_method() {
        let tree = tree(&[("/chat/{video_id}", &["POST"]), ("/chat/sessions", &[]), ("/{proxy+}", &[])]);
        let route = tree.streaming_route(&Method::POST, "/chat/a%20b").unwrap();
        assert_eq!((route.resource, route.parameters["video_id"].as_str()), ("/chat/{video_id}", "a b"));
        assert_eq!(tree.streaming_route(&Method::POST, "/chat/sessions"), None);
        assert_eq!(tree.streaming_route(&Method::GET, "/chat/v"), None);
        assert_eq!(tree.streaming_route(&Method::POST, "/chat/v/more"), None);
        assert_eq!(tree.streaming_route(&Method::POST, "/"), None);
    }
}
