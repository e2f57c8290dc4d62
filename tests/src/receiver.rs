//! An endpoint that is called back: it answers as it is told to, and remembers what it was sent.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tiny_http::{Header, Request, Response, Server};

/// Where every redirect leads: a private address, and one that the local stack lets through.
pub const REDIRECT_TARGET: &str = "redirected";

/// A request that reached the endpoint.
#[derive(Debug, Clone)]
pub struct Received {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body as it came.
    pub body: Vec<u8>,
}

/// What is to be answered, and what was asked, by path.
#[derive(Default)]
struct Paths {
    answers: HashMap<String, VecDeque<u16>>,
    received: HashMap<String, Vec<Received>>,
}

/// A web server on loopback that ends with the process. Every test has a path of its own.
pub struct Receiver {
    /// `127.0.0.1:{port}`.
    pub address: String,
    paths: Arc<Mutex<Paths>>,
}

impl Receiver {
    /// Begins to serve.
    pub fn serve() -> Self {
        let server = Server::http("127.0.0.1:0").expect("a free port");
        let address = server.server_addr().to_string();
        let paths: Arc<Mutex<Paths>> = Arc::default();
        let (known, target) = (paths.clone(), format!("http://{address}/{REDIRECT_TARGET}"));
        std::thread::spawn(move || {
            for mut request in server.incoming_requests() {
                let path = request.url().trim_start_matches('/').to_owned();
                let path = path.split('?').next().unwrap_or_default().to_owned();
                let received = read(&mut request);
                let status = {
                    let mut paths = known.lock().unwrap_or_else(PoisonError::into_inner);
                    paths.received.entry(path.clone()).or_default().push(received);
                    paths.answers.get_mut(&path).and_then(VecDeque::pop_front).unwrap_or(204)
                };
                let mut response = Response::empty(status);
                if (300..400).contains(&status) {
                    response.add_header(Header::from_bytes("Location", target.as_str()).expect("a header"));
                }
                // The client may have gone away.
                drop(request.respond(response));
            }
        });
        Self { address, paths }
    }

    /// The URL of a path. The first requests there are answered with these status codes, all others with 204.
    pub fn url(&self, path: &str, answers: &[u16]) -> String {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        paths.answers.insert(path.to_owned(), answers.iter().copied().collect());
        format!("http://{}/{path}", self.address)
    }

    /// What was sent to a path so far.
    pub fn received(&self, path: &str) -> Vec<Received> {
        let paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        paths.received.get(path).cloned().unwrap_or_default()
    }
}

fn read(request: &mut Request) -> Received {
    let pair = |header: &Header| {
        let name = HeaderName::from_bytes(header.field.as_str().as_str().as_bytes()).ok()?;
        Some((name, HeaderValue::from_str(header.value.as_str()).ok()?))
    };
    let headers = request.headers().iter().filter_map(pair).collect();
    let mut body = Vec::new();
    request.as_reader().read_to_end(&mut body).expect("a body");
    Received { headers, body }
}
