//! Stands in for Amazon S3 Vectors, which the emulator does not have: it keeps vectors, and answers which are nearest by
//! comparing all of them. It takes what the service takes, as far as its reference says what that is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tiny_http::{Header, Response, Server};

/// Vectors of a page of an answer.
const PAGE: usize = 3;
/// The most vectors of a request.
const MOST: usize = 500;

/// A service that ends with the process.
pub struct VectorService {
    /// Where it is.
    pub url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// By their ARNs.
    indexes: BTreeMap<String, Index>,
    queries: usize,
    is_down: bool,
}

struct Index {
    dimension: usize,
    /// By their keys, with what they are filtered by.
    vectors: BTreeMap<String, (Vec<f32>, Value)>,
}

/// Why a request is not answered.
type Refusal = (u16, &'static str);

impl VectorService {
    /// The bucket that there is.
    pub const BUCKET: &str = "arn:aws:s3vectors:us-east-1:000000000000:bucket/vectors";

    /// Begins to serve.
    pub fn serve() -> Self {
        let server = Server::http("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", server.server_addr());
        let state: Arc<Mutex<State>> = Arc::default();
        let known = state.clone();
        std::thread::spawn(move || {
            for mut request in server.incoming_requests() {
                let asked: Value = serde_json::from_reader(request.as_reader()).unwrap_or_default();
                let answer =
                    known.lock().unwrap_or_else(PoisonError::into_inner).answer(request.url(), &asked);
                let (status, answer) = match answer {
                    Ok(answer) => (200, answer),
                    Err((status, code)) => (status, json!({ "__type": code, "message": "no" })),
                };
                let kind =
                    Header::from_bytes("x-amzn-errortype", answer["__type"].as_str().unwrap_or("none"));
                let response = Response::from_string(answer.to_string()).with_status_code(status);
                // The client may have gone away.
                drop(request.respond(response.with_header(kind.expect("a header"))));
            }
        });
        Self { url, state }
    }

    /// The keys of the vectors of all indexes that start so.
    pub fn keys(&self, start: &str) -> Vec<String> {
        let state = self.state();
        let keys = state.indexes.values().flat_map(|index| index.vectors.keys());
        keys.filter(|key| key.starts_with(start)).cloned().collect()
    }

    /// How often somebody asked what is nearest.
    pub fn queries(&self) -> usize {
        self.state().queries
    }

    /// Forgets everything.
    pub fn wipe(&self) {
        self.state().indexes.clear();
    }

    /// From now on no request is answered, or each is again.
    pub fn set_down(&self, is_down: bool) {
        self.state().is_down = is_down;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn answer(&mut self, path: &str, asked: &Value) -> Result<Value, Refusal> {
        if self.is_down {
            return Err((403, "AccessDeniedException"));
        }
        match path {
            "/CreateIndex" => self.create(asked),
            "/PutVectors" => self.put(asked),
            "/QueryVectors" => self.query(asked),
            "/DeleteVectors" => {
                let keys = texts(&asked["keys"]).filter(|keys| keys.len() <= MOST).ok_or(INVALID)?;
                let index = self.index(asked)?;
                keys.iter().for_each(|key| drop(index.vectors.remove(key)));
                Ok(json!({}))
            }
            _ => Err((404, "UnknownOperationException")),
        }
    }

    fn index(&mut self, asked: &Value) -> Result<&mut Index, Refusal> {
        let arn = asked["indexArn"].as_str().ok_or(INVALID)?;
        self.indexes.get_mut(arn).ok_or((404, "NotFoundException"))
    }

    fn create(&mut self, asked: &Value) -> Result<Value, Refusal> {
        let arn = format!("{}/index/{}", VectorService::BUCKET, asked["indexName"].as_str().ok_or(INVALID)?);
        let dimension = asked["dimension"].as_u64().filter(|length| (1..=4096).contains(length));
        let dimension = dimension.ok_or(INVALID)? as usize;
        if (&asked["vectorBucketArn"], &asked["dataType"], &asked["distanceMetric"])
            != (&json!(VectorService::BUCKET), &json!("float32"), &json!("cosine"))
        {
            return Err(INVALID);
        }
        if self.indexes.contains_key(&arn) {
            return Err((409, "ConflictException"));
        }
        let index = Index { dimension, vectors: BTreeMap::new() };
        self.indexes.insert(arn.clone(), index);
        Ok(json!({ "indexArn": arn }))
    }

    fn put(&mut self, asked: &Value) -> Result<Value, Refusal> {
        let vectors = asked["vectors"].as_array().filter(|vectors| vectors.len() <= MOST).ok_or(INVALID)?;
        let index = self.index(asked)?;
        for vector in vectors {
            let (key, numbers) = (vector["key"].as_str().ok_or(INVALID)?, numbers(&vector["data"])?);
            if numbers.len() != index.dimension || numbers.iter().all(|x| *x == 0.0) {
                return Err(INVALID);
            }
            index.vectors.insert(key.to_owned(), (numbers, vector["metadata"].clone()));
        }
        Ok(json!({}))
    }

    fn query(&mut self, asked: &Value) -> Result<Value, Refusal> {
        self.queries += 1;
        let vector = numbers(&asked["queryVector"])?;
        let most = asked["topK"].as_u64().filter(|most| (1..=10_000).contains(most)).ok_or(INVALID)? as usize;
        let after: usize = asked["nextToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
        let index = self.index(asked)?;
        if vector.len() != index.dimension {
            return Err(INVALID);
        }
        let mut found = vec![];
        for (key, (stored, metadata)) in &index.vectors {
            if lets(&asked["filter"], metadata)? {
                found.push((1.0 - cosine(&vector, stored), key));
            }
        }
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found.truncate(most);
        let page = found.iter().skip(after).take(PAGE);
        let page: Vec<Value> =
            page.map(|(distance, key)| json!({ "key": key, "distance": distance })).collect();
        let next = (after + PAGE < found.len()).then(|| (after + PAGE).to_string());
        Ok(json!({ "vectors": page, "distanceMetric": "cosine", "nextToken": next }))
    }
}

const INVALID: Refusal = (400, "ValidationException");

/// Whether a filter lets through what has this metadata.
fn lets(filter: &Value, metadata: &Value) -> Result<bool, Refusal> {
    let mut lets_all = true;
    for (name, condition) in filter.as_object().ok_or(INVALID)? {
        lets_all &= match (name.as_str(), condition) {
            ("$and", Value::Array(all)) => {
                let each = all.iter().map(|filter| lets(filter, metadata));
                each.collect::<Result<Vec<bool>, _>>()?.into_iter().all(|yes| yes)
            }
            (name, Value::Object(operators)) => {
                let each = operators.iter().map(|(operator, than)| holds(&metadata[name], operator, than));
                each.collect::<Result<Vec<bool>, _>>()?.into_iter().all(|yes| yes)
            }
            _ => return Err(INVALID),
        };
    }
    Ok(lets_all)
}

fn holds(value: &Value, operator: &str, than: &Value) -> Result<bool, Refusal> {
    match operator {
        "$eq" => Ok(value == than),
        "$in" => Ok(than.as_array().ok_or(INVALID)?.contains(value)),
        "$gt" => Ok(value.as_f64().zip(than.as_f64()).is_some_and(|(value, than)| value > than)),
        "$lt" => Ok(value.as_f64().zip(than.as_f64()).is_some_and(|(value, than)| value < than)),
        _ => Err(INVALID),
    }
}

fn numbers(data: &Value) -> Result<Vec<f32>, Refusal> {
    let numbers = data["float32"].as_array().ok_or(INVALID)?;
    numbers.iter().map(|number| Ok(number.as_f64().ok_or(INVALID)? as f32)).collect()
}

fn texts(list: &Value) -> Option<Vec<String>> {
    list.as_array()?.iter().map(|text| Some(text.as_str()?.to_owned())).collect()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}
