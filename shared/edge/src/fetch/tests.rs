use domain::callback::CallbackOutcome;
use http::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

const NO_EXCEPTIONS: &str = "";

fn exceptions(list: &str) -> Exceptions {
    list.parse().unwrap()
}

#[test]
fn refuses_at_once_what_needs_no_network() {
    for bad in [
        "not a url",
        "ftp://example.com/a.mp4",
        "file:///etc/passwd",
        "gopher://example.com/",
        "https://user:secret@example.com/a.mp4",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://0/",
        "http://10.0.0.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://172.31.255.255/",
        "http://192.168.1.1/",
        "http://198.18.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:8.8.8.8]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[2001:0:7f00:1::]/",
        "http://[fc00::1]/",
        "http://[fe80::1]/",
        "http://[ff02::1]/",
        "http://[fd00:ec2::254]/",
        "http://①②⑦.⓪.⓪.①/",
    ] {
        assert!(check(bad, &exceptions(NO_EXCEPTIONS)).is_err(), "{bad}");
    }
}

#[test]
fn takes_what_is_public() {
    for good in ["https://example.com/a.mp4", "http://93.184.216.34/a", "http://[2606:2800:220:1::1]:8080/a"]
    {
        assert!(check(good, &exceptions(NO_EXCEPTIONS)).is_ok(), "{good}");
    }
}

#[test]
fn exceptions_name_host_and_port() {
    let allowed = exceptions("127.0.0.1:8199, localhost:9000");
    assert!(check("http://127.0.0.1:8199/a.mp4", &allowed).is_ok());
    assert!(check("http://127.0.0.1:8200/a.mp4", &allowed).is_err());
    assert!("127.0.0.1".parse::<Exceptions>().is_err());
}

/// A server that gives the same answer to every request; returns its port.
async fn server(answer: String) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    port
}

#[tokio::test]
async fn names_that_lead_inside_are_found_out() {
    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_owned()).await;
    let refused =
        fetch(&format!("http://localhost:{port}/"), &exceptions(NO_EXCEPTIONS)).await.err().unwrap();
    assert_eq!(refused.code, FailureCode::FetchForbidden);
}

#[tokio::test]
async fn redirects_are_checked_like_first_urls() {
    let inner = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_owned()).await;
    let outer = server(format!("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{inner}/\r\n\r\n")).await;
    let only_outer = exceptions(&format!("127.0.0.1:{outer}"));
    let refused = fetch(&format!("http://127.0.0.1:{outer}/"), &only_outer).await.err().unwrap();
    assert_eq!(refused.code, FailureCode::FetchForbidden);
    let both = exceptions(&format!("127.0.0.1:{outer},127.0.0.1:{inner}"));
    let fetched = fetch(&format!("http://127.0.0.1:{outer}/"), &both).await.unwrap();
    let body: Vec<Bytes> = fetched.body.try_collect().await.unwrap();
    assert_eq!(body.concat(), b"hi");
}

#[tokio::test]
async fn circles_end() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let answer =
        format!("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{port}/\r\ncontent-length: 0\r\n\r\n");
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.write_all(answer.as_bytes()).await;
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
        }
    });
    let refused =
        fetch(&format!("http://127.0.0.1:{port}/"), &exceptions(&format!("127.0.0.1:{port}"))).await;
    assert_eq!(refused.err().unwrap().code, FailureCode::FetchFailed);
}

#[tokio::test]
async fn says_what_the_server_said() {
    let port = server("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned()).await;
    let refused =
        fetch(&format!("http://127.0.0.1:{port}/a"), &exceptions(&format!("127.0.0.1:{port}"))).await;
    let refused = refused.err().unwrap();
    assert_eq!(refused.code, FailureCode::FetchFailed);
    assert!(refused.detail.contains("404"), "{}", refused.detail);
}

#[tokio::test]
async fn of_a_post_only_the_status_counts() {
    // A body that never comes is not waited for, and a redirect not followed: nothing listens at its target.
    for (answer, status) in [
        ("HTTP/1.1 204 No Content\r\n\r\n", 204),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n", 200),
        (
            "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
            307,
        ),
        ("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", 410),
    ] {
        let port = server(answer.to_owned()).await;
        let allowed = exceptions(&format!("127.0.0.1:{port}"));
        let outcome =
            post(&format!("http://127.0.0.1:{port}/"), HeaderMap::new(), "{}".into(), &allowed).await;
        assert_eq!(outcome, CallbackOutcome::Answered { status });
    }
}

#[tokio::test]
async fn posts_do_not_lead_inside() {
    let port = server("HTTP/1.1 204 No Content\r\n\r\n".to_owned()).await;
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        let url = format!("http://{host}:{port}/");
        let outcome = post(&url, HeaderMap::new(), "{}".into(), &exceptions(NO_EXCEPTIONS)).await;
        assert_eq!(outcome, CallbackOutcome::Refused, "{host}");
    }
    // A port on which nothing listens, and a server that hangs up.
    let mute = server(String::new()).await;
    for port in [1, mute] {
        let allowed = exceptions(&format!("127.0.0.1:{port}"));
        let outcome =
            post(&format!("http://127.0.0.1:{port}/"), HeaderMap::new(), "{}".into(), &allowed).await;
        assert_eq!(outcome, CallbackOutcome::Unreachable, "{port}");
    }
}
