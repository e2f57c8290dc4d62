use std::{
    io,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use futures::{StreamExt, future::BoxFuture, future::FutureExt, stream, stream::BoxStream};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::RangeProxy;
use crate::source::ByteSource;

/// Byte n is n mod 251; breaks off after every 1000 bytes, and counts what was taken from it.
struct Flaky {
    len: u64,
    taken: Arc<AtomicU64>,
}

impl ByteSource for Flaky {
    fn len(&self) -> u64 {
        self.len
    }

    fn read(&self, range: Range<u64>) -> BoxFuture<'_, io::Result<BoxStream<'static, io::Result<Bytes>>>> {
        let taken = Arc::clone(&self.taken);
        let chunks = range.step_by(100).enumerate().map(move |(number, start)| {
            if number == 10 {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
            taken.fetch_add(100, Ordering::Relaxed);
            Ok((start..start + 100).map(|n| (n % 251) as u8).collect())
        });
        async { Ok(stream::iter(chunks).boxed()) }.boxed()
    }
}

async fn get(url: &str, extra: &str) -> (String, Vec<u8>) {
    let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /{path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{extra}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    let end = reply.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    (String::from_utf8(reply[..end].to_vec()).unwrap(), reply[end + 4..].to_vec())
}

async fn flaky(len: u64) -> (RangeProxy, Arc<AtomicU64>) {
    let taken = Arc::new(AtomicU64::new(0));
    let source = Flaky { len, taken: Arc::clone(&taken) };
    (RangeProxy::start(Arc::new(source)).await.unwrap(), taken)
}

#[tokio::test]
async fn resumes_a_broken_source_at_the_right_byte() {
    let (proxy, _) = flaky(10_000).await;
    let (head, body) = get(proxy.url(), "range: bytes=123-9876\r\n").await;
    assert!(head.starts_with("HTTP/1.1 206"), "{head}");
    assert!(head.contains("content-range: bytes 123-9876/10000"), "{head}");
    assert_eq!(body, (123..=9876u64).map(|n| (n % 251) as u8).collect::<Vec<_>>());
}

#[tokio::test]
async fn serves_one_path_only() {
    let (proxy, _) = flaky(1000).await;
    let (head, _) = get(&proxy.url()[..proxy.url().len() - 1], "").await;
    assert!(head.starts_with("HTTP/1.1 404"), "{head}");
    let (head, _) = get(proxy.url(), "range: bytes=1000-\r\n").await;
    assert!(head.starts_with("HTTP/1.1 416"), "{head}");
}

#[tokio::test]
async fn reads_little_more_than_a_client_takes() {
    let (proxy, taken) = flaky(1 << 30).await;
    let (address, path) = proxy.url().strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("GET /{path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    let mut some = [0; 50_000];
    stream.read_exact(&mut some).await.unwrap();
    drop(stream);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    // What the sockets of both sides hold, and not the gigabyte that was asked for.
    assert!(taken.load(Ordering::Relaxed) < 16 << 20, "{taken:?}");
}

#[tokio::test]
async fn dropping_the_handle_stops_it() {
    let (proxy, _) = flaky(1000).await;
    let url = proxy.url().to_owned();
    drop(proxy);
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let address = url.strip_prefix("http://").unwrap().split_once('/').unwrap().0;
    assert!(TcpStream::connect(address).await.is_err());
}
