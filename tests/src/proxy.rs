//! A proxy that YouTube videos are downloaded through: it lets nobody in without the password, counts what it passes on, and
//! looks meanwhile whether any other process was told the password where others can read it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::web::COOKIE;

const USER: &str = "exit-node";
const PASSWORD: &str = "pr0xy-passw0rd";

/// What came through.
#[derive(Default)]
struct Seen {
    requests: BTreeMap<String, usize>,
    leaks: Vec<String>,
}

/// A proxy on loopback that ends with the process.
pub struct Proxy {
    /// Its URL, with the password.
    pub url: String,
    seen: Arc<Mutex<Seen>>,
}

impl Proxy {
    /// Begins to serve.
    pub fn serve() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let known = seen.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let known = known.clone();
                // Either side may go away, which is no fault of the proxy.
                std::thread::spawn(move || drop(pass_on(client, &known)));
            }
        });
        Self { url: format!("http://{USER}:{PASSWORD}@{address}"), seen }
    }

    /// How often something was passed on whose URL ends so.
    pub fn requests(&self, end: &str) -> usize {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.requests.iter().filter(|(url, _)| url.ends_with(end)).map(|(_, count)| count).sum()
    }

    /// Where the password, or the cookie of guarded videos, could be read while something was passed on.
    pub fn leaks(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).leaks.clone()
    }
}

/// One request a connection: the answer ends with it.
fn pass_on(client: TcpStream, seen: &Mutex<Seen>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let (mut head, mut is_let_in, mut host) = (String::new(), false, String::new());
    let right = format!("Basic {}", STANDARD.encode(format!("{USER}:{PASSWORD}")));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "proxy-authorization" => is_let_in = value.trim() == right,
            "connection" | "proxy-connection" => {}
            "host" => {
                host = value.trim().to_owned();
                head.push_str(&line);
            }
            _ => head.push_str(&line),
        }
    }
    let mut client = client;
    let (method, url) = first.split_once(' ').unwrap_or_default();
    let url = url.split(' ').next().unwrap_or_default();
    if !is_let_in {
        return client.write_all(
            b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        );
    }
    {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.requests.entry(url.to_owned()).or_default() += 1;
        seen.leaks.extend(leaks());
    }
    let path = url.strip_prefix(&format!("http://{host}")).unwrap_or(url);
    let mut server = TcpStream::connect(&host)?;
    write!(server, "{method} {path} HTTP/1.1\r\n{head}Connection: close\r\n\r\n")?;
    io::copy(&mut server, &mut client).map(drop)
}

/// Arguments and environments of this machine's processes that have the password or the cookie in them.
fn leaks() -> Vec<String> {
    let mut found = vec![];
    for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
        for file in ["cmdline", "environ"] {
            let mut text = vec![];
            let read =
                fs::File::open(process.path().join(file)).and_then(|mut file| file.read_to_end(&mut text));
            let text = String::from_utf8_lossy(&text);
            if read.is_ok() && [PASSWORD, COOKIE.1].iter().any(|secret| text.contains(secret)) {
                found.push(format!("{}/{file}", process.path().display()));
            }
        }
    }
    found
}
