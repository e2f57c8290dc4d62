//! Fetching a URL that a user named, or posting to one, without letting it reach anything that is not public.
//!
//! Every hop's host is resolved once, all its addresses must be public, and the connection is pinned to
//! them, so that neither a redirect nor a second DNS answer leads inside. Redirects are followed by hand for
//! the same reason: an HTTP client does not ask its resolver about literal addresses.

mod post;
mod public;

use std::collections::HashSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use domain::failure::{Failure, FailureCode, NOT_PUBLIC};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use url::{Host, Url};

pub use post::post;
pub use public::is_public;

/// The largest file that is fetched: 10 GB.
pub const MAX_BYTES: u64 = 10_000_000_000;
/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;
/// Time to connect to one hop.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Time between two pieces of the body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// How this service names itself.
const USER_AGENT: &str = "FrameIQ/1.0";
/// The longest URL that is taken.
const MAX_URL_BYTES: usize = 2048;

/// Hosts and ports that may be fetched although they are not public: `127.0.0.1:8199,localhost:9000`.
#[derive(Debug, Clone, Default)]
pub struct Exceptions(HashSet<String>);

impl FromStr for Exceptions {
    type Err = String;

    fn from_str(list: &str) -> Result<Self, String> {
        let items = list.split(',').map(str::trim).filter(|item| !item.is_empty());
        let checked = items.map(|item| match item.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(item.to_ascii_lowercase())
            }
            _ => Err(format!("lists host:port pairs such as 127.0.0.1:8199, not {item:?}")),
        });
        checked.collect::<Result<_, _>>().map(Self)
    }
}

impl Exceptions {
    fn allow(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default();
        url.port_or_known_default().is_some_and(|port| self.0.contains(&format!("{host}:{port}")))
    }
}

/// Looks up all addresses of a name. A parameter, so that tests can play the name server: whoever owns a name chooses
/// its addresses, and may choose others each time.
type Resolver = dyn Fn(&str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync;

/// A file under way.
pub struct Fetched {
    /// Its bytes. Ends with an error when the file is larger than [`MAX_BYTES`] or the server goes away.
    pub body: BoxStream<'static, io::Result<Bytes>>,
}

/// What can be said about a URL without asking the network.
///
/// # Errors
/// A sentence for whoever gave the URL.
pub fn check(text: &str, exceptions: &Exceptions) -> Result<Url, String> {
    if text.len() > MAX_URL_BYTES {
        return Err(format!("The URL has more than {MAX_URL_BYTES} characters."));
    }
    let url = Url::parse(text.trim())
        .map_err(|_| "This is not a URL. Send one that starts with https://.".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("The URL must start with http:// or https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "The URL must not carry a user name or password. Use a presigned or public URL.".to_owned()
        );
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        Some(Host::Domain(_)) => None,
        None => return Err("The URL names no host.".to_owned()),
    };
    match literal {
        Some(address) if !is_public(address) && !exceptions.allow(&url) => Err(NOT_PUBLIC.to_owned()),
        _ => Ok(url),
    }
}

/// Fetches a file.
///
/// # Errors
/// A failure whose sentence says what the owner of the video can do.
pub async fn fetch(text: &str, exceptions: &Exceptions) -> Result<Fetched, Failure> {
    fetch_resolved_by(&system_resolver, text, exceptions).await
}

async fn fetch_resolved_by(
    resolver: &Resolver,
    text: &str,
    exceptions: &Exceptions,
) -> Result<Fetched, Failure> {
    let mut url = check(text, exceptions).map_err(forbidden)?;
    for _ in 0..=MAX_REDIRECTS {
        let response = request(resolver, &url, exceptions).await?;
        if !response.status().is_redirection() {
            return accept(response);
        }
        let location =
            response.headers().get(reqwest::header::LOCATION).and_then(|value| value.to_str().ok());
        let next = location.and_then(|location| url.join(location).ok());
        let next = next
            .ok_or_else(|| failed("The server redirects without saying where to. Use the file's own URL."))?;
        url = check(next.as_str(), exceptions).map_err(forbidden)?;
    }
    Err(failed(format!("The server redirects more than {MAX_REDIRECTS} times. Use the file's own URL.")))
}

async fn request(resolver: &Resolver, url: &Url, exceptions: &Exceptions) -> Result<Response, Failure> {
    let client = pinned(resolver, url, exceptions).await?;
    client.get(url.clone()).send().await.map_err(|error| {
        tracing::info!(error = %error.without_url(), "fetch failed");
        failed("The server did not answer. Check that the URL opens in a browser, then retry.")
    })
}

/// A client that connects to the host's vetted addresses, and to nothing else.
async fn pinned(resolver: &Resolver, url: &Url, exceptions: &Exceptions) -> Result<Client, Failure> {
    let addresses = vetted_addresses(resolver, url, exceptions).await?;
    Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .resolve_to_addrs(url.host_str().unwrap_or_default(), &addresses)
        .build()
        .map_err(|_| Failure::new(FailureCode::Internal, "The request could not be set up. Try again."))
}

/// Where the connection may go: all that the resolver answers now, or nowhere.
async fn vetted_addresses(
    resolver: &Resolver,
    url: &Url,
    exceptions: &Exceptions,
) -> Result<Vec<SocketAddr>, Failure> {
    let addresses: Vec<IpAddr> = match url.host() {
        Some(Host::Ipv4(address)) => vec![address.into()],
        Some(Host::Ipv6(address)) => vec![address.into()],
        Some(Host::Domain(name)) => resolver(name)
            .await
            .map_err(|_| failed("The host of the URL does not exist. Check its spelling, then retry."))?,
        None => vec![],
    };
    // One inner address among public ones is how a rebinding attack looks.
    let inside = addresses.iter().any(|address| !is_public(*address));
    if addresses.is_empty() || (inside && !exceptions.allow(url)) {
        return Err(forbidden(NOT_PUBLIC));
    }
    let port = url.port_or_known_default().unwrap_or(443);
    Ok(addresses.into_iter().map(|address| (address, port).into()).collect())
}

fn system_resolver(name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
    let name = name.to_owned();
    Box::pin(async move {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    })
}

fn accept(response: Response) -> Result<Fetched, Failure> {
    match response.status() {
        StatusCode::OK => {}
        status => {
            let status = status.as_u16();
            return Err(failed(format!(
                "The server answered {status}. Check that the URL is public, then retry."
            )));
        }
    }
    if response.content_length().is_some_and(|length| length > MAX_BYTES) {
        return Err(too_large());
    }
    let mut total = 0;
    let body = response.bytes_stream().map_err(io::Error::other).map(move |chunk| {
        let chunk = chunk?;
        total += chunk.len() as u64;
        if total > MAX_BYTES { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(chunk) }
    });
    Ok(Fetched { body: body.boxed() })
}

/// The failure of a file that is larger than [`MAX_BYTES`].
pub fn too_large() -> Failure {
    Failure::new(
        FailureCode::TooLarge,
        "The file is larger than 10 GB. Make it smaller or cut it, then send it again.",
    )
}

fn failed(detail: impl Into<String>) -> Failure {
    Failure::new(FailureCode::FetchFailed, detail)
}

fn forbidden(detail: impl Into<String>) -> Failure {
    Failure::new(FailureCode::FetchForbidden, detail)
}

#[cfg(test)]
mod tests;
