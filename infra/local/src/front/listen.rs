//! Sockets: both of localhost's addresses, one task per connection, all gone with the listeners.

use super::Front;
use crate::error::StackError;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How often a free port is looked for that is free on both addresses.
const TRIES: u32 = 20;

/// The bound addresses of the front. Binding comes first, so that a taken port is known before any work.
pub(crate) struct Listeners {
    v4: TcpListener,
    /// `localhost` is `::1` too, where the machine has IPv6.
    v6: Option<TcpListener>,
    pub(crate) port: u16,
}

impl Listeners {
    /// Binds `port` on loopback; 0 means any that is free.
    pub(crate) async fn bind(port: u16) -> Result<Self, StackError> {
        let mut last = ErrorKind::AddrInUse.into();
        for _ in 0..TRIES {
            match Self::try_bind(port).await {
                Ok(listeners) => return Ok(listeners),
                Err(error) if error.kind() == ErrorKind::AddrInUse && port != 0 => {
                    return Err(StackError::PortTaken(port));
                }
                Err(error) => last = error,
            }
        }
        Err(StackError::io(format!("port {port}"))(last))
    }

    async fn try_bind(port: u16) -> io::Result<Self> {
        let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = v4.local_addr()?.port();
        let v6 = match TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await {
            Ok(listener) => Some(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(error),
            Err(_) => None,
        };
        Ok(Self { v4, v6, port })
    }

    /// Serves until the returned set is dropped.
    pub(crate) fn serve(self, front: Arc<Front>) -> JoinSet<()> {
        let mut listening = JoinSet::new();
        for listener in [Some(self.v4), self.v6].into_iter().flatten() {
            listening.spawn(accept(listener, Arc::clone(&front)));
        }
        listening
    }
}

async fn accept(listener: TcpListener, front: Arc<Front>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, caller)) => { connections.spawn(connection(socket, caller, Arc::clone(&front))); }
                Err(error) => tracing::warn!(%error, "a connection was not accepted"),
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn connection(socket: TcpStream, caller: SocketAddr, front: Arc<Front>) {
    let caller: IpAddr = caller.ip();
    // Without it small replies wait for the caller's delayed acknowledgement.
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let service = service_fn(move |request| {
        let front = Arc::clone(&front);
        async move { Ok::<_, Infallible>(front.answer(request, caller).await) }
    });
    let served =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(socket), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a caller's connection ended early");
    }
}
