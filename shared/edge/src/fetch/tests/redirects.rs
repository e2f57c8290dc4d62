//! Redirects: each is a URL that somebody else chose.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A server that redirects `/{n}` to `/{n-1}` with this status, and `/0` to `end`, or answers there when `end` is
/// empty. Returns its port and how many requests it had.
async fn stairs(status: u16, end: String) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked: Arc<AtomicUsize> = Arc::default();
    let count = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let mut request = vec![0; 4096];
            let length = socket.read(&mut request).await.unwrap_or(0);
            let text = String::from_utf8_lossy(&request[..length]).into_owned();
            let step: usize = text.split([' ', '/']).nth(2).and_then(|step| step.parse().ok()).unwrap_or(0);
            let location = if step > 0 { format!("/{}", step - 1) } else { end.clone() };
            let answer = if location.is_empty() {
                HI.to_owned()
            } else {
                format!("HTTP/1.1 {status} Go\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
            };
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    (port, asked)
}

/// Fetches `/{hops - 1}`, so that the last of so many redirects leads to `end`.
async fn walk(status: u16, hops: usize, end: &str) -> (Result<String, Failure>, usize) {
    let (port, asked) = stairs(status, end.to_owned()).await;
    let only_here = exceptions(&format!("127.0.0.1:{port}"));
    let outcome = match fetch(&format!("http://127.0.0.1:{port}/{}", hops - 1), &only_here).await {
        Ok(fetched) => Ok(text(fetched).await),
        Err(failure) => Err(failure),
    };
    (outcome, asked.load(Ordering::Relaxed))
}

#[tokio::test]
async fn none_leads_inside_however_late_it_comes() {
    // Listens, so that a test that fails says so instead of running into a closed port.
    let inner = server(HI.to_owned()).await;
    for status in [301, 302, 303, 307, 308] {
        for hops in 1..=MAX_REDIRECTS {
            let (outcome, asked) = walk(status, hops, &format!("http://127.0.0.1:{inner}/")).await;
            assert_eq!(outcome.unwrap_err().code, FailureCode::FetchForbidden, "{status} at hop {hops}");
            assert_eq!(asked, hops, "{status} at hop {hops}");
        }
    }
}

#[tokio::test]
async fn none_leads_to_what_a_first_url_may_not_be() {
    for end in [
        "http://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/latest/meta-data/",
        r"\\169.254.169.254\",
        "http:\t//127.0.0.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://localhost/",
        "https://127.0.0.1/",
        "http://user:secret@example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "ftp://example.com/a.mp4",
        "data:video/mp4;base64,AAAA",
        "javascript:alert(1)",
        "unix:///var/run/docker.sock",
    ] {
        let (outcome, asked) = walk(302, 1, end).await;
        assert_eq!(outcome.unwrap_err().code, FailureCode::FetchForbidden, "{end}");
        assert_eq!(asked, 1, "{end}");
    }
}

#[tokio::test]
async fn five_are_followed_and_no_sixth() {
    for hops in 2..=MAX_REDIRECTS + 1 {
        // The last step answers instead of redirecting.
        let (outcome, asked) = walk(302, hops, "").await;
        assert_eq!((outcome.unwrap().as_str(), asked), ("hi", hops));
    }
    let (outcome, asked) = walk(302, MAX_REDIRECTS + 2, "").await;
    let failure = outcome.unwrap_err();
    assert_eq!((failure.code, asked), (FailureCode::FetchFailed, MAX_REDIRECTS + 1));
    assert!(failure.detail.contains("more than 5"), "{}", failure.detail);
}

#[tokio::test]
async fn circles_end() {
    for status in [301, 302, 303, 307, 308] {
        let (outcome, asked) = walk(status, 1, "/0").await;
        assert_eq!(outcome.unwrap_err().code, FailureCode::FetchFailed, "{status}");
        assert_eq!(asked, 1 + MAX_REDIRECTS, "{status}");
    }
}

#[tokio::test]
async fn one_without_a_place_to_go_says_so() {
    for answer in [
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nlocation: http://[\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\n\r\n",
    ] {
        let port = server(answer.to_owned()).await;
        let only_here = exceptions(&format!("127.0.0.1:{port}"));
        let failed = fetch(&format!("http://127.0.0.1:{port}/"), &only_here).await.err().unwrap();
        assert_eq!(failed.code, FailureCode::FetchFailed, "{answer}");
        assert!(failed.detail.contains("without saying where to"), "{}", failed.detail);
    }
}

#[tokio::test]
async fn what_is_allowed_is_followed() {
    let inner = server(HI.to_owned()).await;
    let (outer, _) = stairs(302, format!("http://127.0.0.1:{inner}/")).await;
    let both = exceptions(&format!("127.0.0.1:{outer},127.0.0.1:{inner}"));
    let fetched = fetch(&format!("http://127.0.0.1:{outer}/0"), &both).await.unwrap();
    assert_eq!(text(fetched).await, "hi");
}
