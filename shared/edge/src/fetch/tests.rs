mod names;
mod redirects;
mod spellings;

use domain::callback::CallbackOutcome;
use http::HeaderMap;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const NO_EXCEPTIONS: &str = "";

const HI: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

fn exceptions(list: &str) -> Exceptions {
    list.parse().unwrap()
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
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    serve(listener, answer);
    port
}

fn serve(listener: TcpListener, answer: String) {
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
}

async fn text(fetched: Fetched) -> String {
    let body: Vec<Bytes> = fetched.body.try_collect().await.unwrap();
    String::from_utf8(body.concat()).unwrap()
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
