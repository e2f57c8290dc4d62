//! A function process is played over the wire: it polls, answers in pieces, and fails in the known ways.

use super::*;
use crate::wire::HttpClient;
use http_body_util::StreamBody;
use hyper::body::Frame;
use tokio::time::timeout;

const PRELUDE: &[u8] =
    b"{\"statusCode\":201,\"headers\":{\"content-type\":\"text/event-stream\"}}\0\0\0\0\0\0\0\0";
const PATIENCE: Duration = Duration::from_secs(5);

type Reply = oneshot::Receiver<Result<Streamed, FunctionError>>;

/// Hands `api` an event and fetches it as its process would.
async fn delivered(api: &RuntimeApi, http: &HttpClient) -> (String, Reply, oneshot::Receiver<()>) {
    let (reply, head) = oneshot::channel();
    let (done, finished) = oneshot::channel();
    let invocation = Invocation {
        request_id: "r1".to_owned(),
        event: Bytes::from_static(b"{\"a\":1}"),
        time_left: PATIENCE,
        function_arn: "arn".to_owned(),
        reply,
        done,
    };
    api.invocations.send(invocation).await.unwrap();
    let base = format!("http://{}/2018-06-01/runtime/invocation", api.address);
    let next =
        http.request(Request::get(format!("{base}/next")).body(wire::full("")).unwrap()).await.unwrap();
    assert_eq!(next.headers()["lambda-runtime-aws-request-id"], "r1");
    assert_eq!(next.into_body().collect().await.unwrap().to_bytes(), "{\"a\":1}");
    (format!("{base}/r1"), head, finished)
}

fn post(url: String, body: Body, streaming: bool) -> Request<Body> {
    let request = Request::post(url);
    let request = if streaming {
        request.header("lambda-runtime-function-response-mode", "streaming")
    } else {
        request
    };
    request.body(body).unwrap()
}

/// A body whose pieces are sent one by one.
fn piecewise() -> (mpsc::Sender<Frame<Bytes>>, Body) {
    let (sender, mut receiver) = mpsc::channel(1);
    let frames = futures::stream::poll_fn(move |context| receiver.poll_recv(context));
    (sender, StreamBody::new(futures::StreamExt::map(frames, Ok::<_, BoxError>)).boxed_unsync())
}

async fn data(streamed: &mut Streamed) -> Option<Bytes> {
    match timeout(PATIENCE, streamed.chunks.recv()).await.unwrap() {
        Some(Chunk::Data(bytes)) => Some(bytes),
        Some(Chunk::End) | None => None,
    }
}

#[tokio::test]
async fn chunks_arrive_while_the_function_still_writes() {
    let (api, http) = (RuntimeApi::start().await.unwrap(), wire::client());
    let (url, head, finished) = delivered(&api, &http).await;
    let (pieces, body) = piecewise();
    let posted = tokio::spawn(http.request(post(format!("{url}/response"), body, true)));

    pieces.send(Frame::data(Bytes::from_static(PRELUDE))).await.unwrap();
    let mut streamed = timeout(PATIENCE, head).await.unwrap().unwrap().unwrap();
    assert_eq!(streamed.head.status, 201);
    for text in ["one", "two"] {
        pieces.send(Frame::data(Bytes::from(text))).await.unwrap();
        assert_eq!(data(&mut streamed).await.unwrap(), text);
    }
    drop(pieces);
    assert!(matches!(timeout(PATIENCE, streamed.chunks.recv()).await.unwrap(), Some(Chunk::End)));
    assert_eq!(posted.await.unwrap().unwrap().status(), StatusCode::ACCEPTED);
    finished.await.unwrap();

    let again = http.request(post(format!("{url}/response"), wire::full("x"), true)).await.unwrap();
    assert_eq!(again.status(), StatusCode::BAD_REQUEST, "one event has one answer");
}

#[tokio::test]
async fn a_function_finishes_though_the_caller_has_gone() {
    let (api, http) = (RuntimeApi::start().await.unwrap(), wire::client());
    let (url, head, finished) = delivered(&api, &http).await;
    drop(head);
    let long = [PRELUDE, &[b'x'; 1 << 20]].concat();
    let answer = http.request(post(format!("{url}/response"), wire::full(long), true)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
    finished.await.unwrap();
}

#[tokio::test]
async fn a_function_finishes_though_the_caller_goes_midway() {
    let (api, http) = (RuntimeApi::start().await.unwrap(), wire::client());
    let (url, head, finished) = delivered(&api, &http).await;
    let (pieces, body) = piecewise();
    let posted = tokio::spawn(http.request(post(format!("{url}/response"), body, true)));
    pieces.send(Frame::data(Bytes::from_static(PRELUDE))).await.unwrap();
    let mut streamed = timeout(PATIENCE, head).await.unwrap().unwrap().unwrap();
    pieces.send(Frame::data(Bytes::from("heard"))).await.unwrap();
    assert_eq!(data(&mut streamed).await.unwrap(), "heard");
    drop(streamed);
    // More than would wait for somebody who reads.
    for _ in 0..CHUNKS_IN_FLIGHT * 4 {
        let piece = pieces.send(Frame::data(Bytes::from_static(&[b'x'; 1 << 14])));
        timeout(PATIENCE, piece).await.unwrap().unwrap();
    }
    drop(pieces);
    assert_eq!(timeout(PATIENCE, posted).await.unwrap().unwrap().unwrap().status(), StatusCode::ACCEPTED);
    finished.await.unwrap();
}

#[tokio::test]
async fn an_error_midway_leaves_the_response_without_an_end() {
    let (api, http) = (RuntimeApi::start().await.unwrap(), wire::client());
    let (url, head, _finished) = delivered(&api, &http).await;
    let (pieces, body) = piecewise();
    let mut request = post(format!("{url}/response"), body, true);
    request.headers_mut().insert("trailer", ERROR_TRAILER.parse().unwrap());
    let posted = tokio::spawn(http.request(request));
    pieces.send(Frame::data(Bytes::from_static(PRELUDE))).await.unwrap();
    let mut streamed = head.await.unwrap().unwrap();
    let trailers = http::HeaderMap::from_iter([(
        ERROR_TRAILER.parse().unwrap(),
        "Runtime.StreamError".parse().unwrap(),
    )]);
    pieces.send(Frame::trailers(trailers)).await.unwrap();
    drop(pieces);
    assert!(timeout(PATIENCE, streamed.chunks.recv()).await.unwrap().is_none());
    posted.await.unwrap().unwrap();
}

#[tokio::test]
async fn errors_and_unstreamed_answers_reach_the_caller_as_failures() {
    for (path, body, message) in
        [("error", "{\"errorType\":\"Boom\"}", "Boom"), ("response", "{}", "without streaming")]
    {
        let (api, http) = (RuntimeApi::start().await.unwrap(), wire::client());
        let (url, head, _finished) = delivered(&api, &http).await;
        http.request(post(format!("{url}/{path}"), wire::full(body), false)).await.unwrap();
        let error = head.await.unwrap().err().unwrap();
        assert!(error.to_string().contains(message), "{error}");
    }
}
