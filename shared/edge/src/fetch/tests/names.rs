//! Names, whose owner answers for them what he likes, and each time anew.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A name server that gives these answers one after the other, then the last one again and again.
struct NameServer {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

impl NameServer {
    fn new<const N: usize>(answers: [&[&str]; N]) -> Self {
        let parsed = answers.iter().map(|list| list.iter().map(|address| address.parse().unwrap()).collect());
        Self { answers: parsed.collect(), asked: AtomicUsize::new(0) }
    }

    fn answer(&self) -> Vec<IpAddr> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        self.answers[number.min(self.answers.len() - 1)].clone()
    }

    fn resolver(self: &Arc<Self>) -> impl Fn(&str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + use<> {
        let server = self.clone();
        move |_| {
            let answer = server.answer();
            Box::pin(async move { Ok(answer) })
        }
    }
}

/// Two servers on the same port: what a name leads to first, and what it leads to afterwards.
async fn first_and_second() -> u16 {
    loop {
        let first = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        let Ok(second) = TcpListener::bind(("127.0.0.2", port)).await else { continue };
        serve(first, HI.replace("hi", "ok"));
        serve(second, HI.replace("hi", "no"));
        return port;
    }
}

#[tokio::test]
async fn all_answers_must_be_public() {
    let url = Url::parse("https://files.example/a.mp4").unwrap();
    for (answer, taken) in [
        (&["93.184.216.34"][..], true),
        (&["93.184.216.34", "2606:2800:220:1::1"], true),
        (&["93.184.216.34", "10.0.0.1"], false),
        (&["10.0.0.1", "93.184.216.34"], false),
        (&["93.184.216.34", "1.1.1.1", "::1"], false),
        (&["2606:2800:220:1::1", "fd00::1"], false),
        (&["93.184.216.34", "::ffff:127.0.0.1"], false),
        (&["93.184.216.34", "64:ff9b::a9fe:a9fe"], false),
        (&["169.254.169.254"], false),
        (&["fd00:ec2::254"], false),
        (&["0.0.0.0"], false),
        (&["::"], false),
        (&["255.255.255.255"], false),
        (&[], false),
    ] {
        let server = Arc::new(NameServer::new([answer]));
        let vetted = vetted_addresses(&server.resolver(), &url, &exceptions(NO_EXCEPTIONS)).await;
        match vetted {
            Ok(addresses) => {
                assert!(taken, "{answer:?} is taken");
                let expected: Vec<SocketAddr> =
                    answer.iter().map(|address| (address.parse::<IpAddr>().unwrap(), 443).into()).collect();
                assert_eq!(addresses, expected, "the connection may go there and nowhere else");
            }
            Err(failure) => {
                assert!(!taken, "{answer:?} is refused: {failure:?}");
                assert_eq!(failure.code, FailureCode::FetchForbidden, "{answer:?}");
            }
        }
    }
}

/// Names that clouds and clusters give to what is inside, as their own resolvers answer them.
#[tokio::test]
async fn names_of_inner_services_are_refused() {
    for (name, address) in [
        ("metadata.google.internal", "169.254.169.254"),
        ("instance-data.ec2.internal", "169.254.169.254"),
        ("169.254.169.254.nip.example", "169.254.169.254"),
        ("ip-10-0-0-1.eu-west-1.compute.internal", "10.0.0.1"),
        ("kubernetes.default.svc.cluster.local", "10.96.0.1"),
        ("host.docker.internal", "192.168.65.2"),
        ("sandbox.localdomain", "127.0.0.1"),
        ("foo.localhost", "127.0.0.1"),
        ("localtest.example", "127.0.0.1"),
        ("ip6-localhost", "::1"),
    ] {
        let server = Arc::new(NameServer::new([&[address]]));
        let url = format!("http://{name}/latest/meta-data/");
        let refused =
            fetch_resolved_by(&server.resolver(), &url, &exceptions(NO_EXCEPTIONS)).await.err().unwrap();
        assert_eq!(refused.code, FailureCode::FetchForbidden, "{name}");
    }
}

#[tokio::test]
async fn the_systems_own_names_are_found_out() {
    let port = server(HI.to_owned()).await;
    for name in
        ["localhost", "LOCALHOST", "localhost.", "loc\u{ad}alhost", "%6cocalhost", "ｌｏｃａｌｈｏｓｔ"]
    {
        let url = format!("http://{name}:{port}/");
        let refused = fetch(&url, &exceptions(NO_EXCEPTIONS)).await.err().unwrap();
        // Where the system does not know a spelling, that is as good.
        let codes = [FailureCode::FetchForbidden, FailureCode::FetchFailed];
        assert!(codes.contains(&refused.code), "{name}");
        assert!(name != "localhost" || refused.code == FailureCode::FetchForbidden, "{}", refused.detail);
    }
}

/// The name leads to one place when it is looked at and to another when it is connected to.
#[tokio::test]
async fn the_connection_goes_to_the_address_that_was_looked_at() {
    let port = first_and_second().await;
    for name in ["rebinding.example", "rebinding.example.", "REBINDING.example"] {
        let server = Arc::new(NameServer::new([&["127.0.0.1"], &["127.0.0.2"]]));
        let url = format!("http://{name}:{port}/");
        let allowed = exceptions(&format!("rebinding.example:{port},rebinding.example.:{port}"));
        let fetched = fetch_resolved_by(&server.resolver(), &url, &allowed).await.unwrap();
        assert_eq!(text(fetched).await, "ok", "{name}");
        assert_eq!(server.asked.load(Ordering::Relaxed), 1, "{name} is resolved once");
    }
}

/// Each hop is looked at anew, so an answer that was good once is not good for ever.
#[tokio::test]
async fn a_name_that_changes_between_two_hops_is_refused() {
    let here = server("HTTP/1.1 302 Found\r\nlocation: /next\r\ncontent-length: 0\r\n\r\n".to_owned()).await;
    // The exception stands for "public": it holds for the first name and not for the second.
    let allowed = exceptions(&format!("first.example:{here}"));
    let elsewhere =
        format!("HTTP/1.1 302 Found\r\nlocation: http://second.example:{here}/\r\ncontent-length: 0\r\n\r\n");
    let first = server(elsewhere).await;
    let both = exceptions(&format!("first.example:{first}"));
    let server = Arc::new(NameServer::new([&["127.0.0.1"]]));
    let url = format!("http://first.example:{first}/");
    let refused = fetch_resolved_by(&server.resolver(), &url, &both).await.err().unwrap();
    assert_eq!(refused.code, FailureCode::FetchForbidden);
    assert_eq!(server.asked.load(Ordering::Relaxed), 2, "the second name is resolved too");

    // Every hop of one name is resolved once more.
    let again = Arc::new(NameServer::new([&["127.0.0.1"]]));
    let url = format!("http://first.example:{here}/");
    let refused = fetch_resolved_by(&again.resolver(), &url, &allowed).await.err().unwrap();
    assert_eq!(refused.code, FailureCode::FetchFailed, "it never ends");
    assert_eq!(again.asked.load(Ordering::Relaxed), 1 + MAX_REDIRECTS);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_said_to() {
    let nowhere = |_: &str| -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Err(io::ErrorKind::NotFound.into()) })
    };
    let failed = fetch_resolved_by(&nowhere, "https://nowhere.example/", &exceptions(NO_EXCEPTIONS)).await;
    let failed = failed.err().unwrap();
    assert_eq!(failed.code, FailureCode::FetchFailed);
    assert!(failed.detail.contains("does not exist"), "{}", failed.detail);
}
