//! A web server on loopback that videos are fetched from, and the page that stands in for YouTube. Videos whose ids begin
//! with `guarded` are shown to those alone who bring the right cookie, as YouTube shows its own to signed-in browsers.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tiny_http::{Header, Request, Response, Server};

/// The cookie that lets a client see a guarded video.
pub const COOKIE: (&str, &str) = ("SID", "s1d-v4lue");

/// A web server that ends with the process. It is shown as its address, `127.0.0.1:{port}`.
pub struct Web {
    address: String,
    requests: Arc<Mutex<HashMap<String, usize>>>,
}

impl fmt::Display for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl Web {
    /// How often this path was asked for, with this query.
    pub fn requests(&self, path: &str) -> usize {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.get(path).copied().unwrap_or(0)
    }
}

/// Serves the files of `folder` under `/files/`, watch pages under `/youtube/`, and misbehaves under other paths.
pub fn serve(folder: PathBuf) -> Web {
    let server = Server::http("127.0.0.1:0").expect("a free port");
    let address = server.server_addr().to_string();
    let requests: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let counts = requests.clone();
    std::thread::spawn(move || {
        for request in server.incoming_requests() {
            let mut counted = counts.lock().unwrap_or_else(PoisonError::into_inner);
            *counted.entry(request.url().to_owned()).or_default() += 1;
            drop(counted);
            let path = request.url().split('?').next().unwrap_or_default().to_owned();
            let sent = match path.trim_start_matches('/').split_once('/') {
                Some(("files", name)) => match std::fs::File::open(folder.join(name)) {
                    Ok(file) => request
                        .respond(Response::from_file(file).with_header(header("Content-Type", "video/mp4"))),
                    Err(_) => request.respond(Response::empty(404)),
                },
                Some(("youtube", _)) if is_guarded(&request) => request.respond(Response::empty(403)),
                Some(("youtube", _)) => {
                    let page = "<html><head><title>ML Lecture 12</title></head>\
                                <body><video src=\"/files/lecture.mp4\"></video></body></html>";
                    request
                        .respond(Response::from_string(page).with_header(header("Content-Type", "text/html")))
                }
                Some(("redirect", to)) => {
                    request.respond(Response::empty(302).with_header(header("Location", to)))
                }
                Some(("circle", _)) => {
                    request.respond(Response::empty(302).with_header(header("Location", "/circle/")))
                }
                Some(("inside", _)) => request.respond(
                    Response::empty(302).with_header(header("Location", "http://169.254.169.254/latest/")),
                ),
                _ => request.respond(Response::empty(500)),
            };
            // The client may have gone away, which is one of the things that are tested.
            drop(sent);
        }
    });
    Web { address, requests }
}

fn is_guarded(request: &Request) -> bool {
    let (name, value) = COOKIE;
    let right = format!("{name}={value}");
    let mut cookies = request.headers().iter().filter(|header| header.field.equiv("Cookie"));
    request.url().contains("v=guarded") && !cookies.any(|header| header.value.as_str().contains(&right))
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("a header")
}
