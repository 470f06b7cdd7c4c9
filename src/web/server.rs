//! Accepts connections within bounds, and stops without cutting anyone short.
//!
//! Where there are as many connections as allowed, the one that has been idle longest makes room; where all are at
//! work, the newcomer is told 503. So connections that say nothing never keep a scraper out.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::Source;
use super::body::Answer;
use super::connection::{Activity, PacedStream};
use super::routes::{Peer, router};

/// What a client may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a request's head, from the end of the last answer; also the time that an idle connection is kept.
    pub header: Duration,
    /// Without one byte of the answer taken.
    pub stall: Duration,
    /// For a whole answer that the client keeps waiting.
    pub answer: Duration,
    /// For running answers once a stop is asked for.
    pub drain: Duration,
    /// How many connections there may be.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: Duration::from_secs(10),
            stall: Duration::from_secs(30),
            answer: Duration::from_secs(60),
            drain: Duration::from_secs(5),
            connections: 512,
        }
    }
}

/// How it is served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether the page is shown beyond this machine.
    pub open: bool,
    /// What a client may take.
    pub limits: Limits,
}

/// Why nothing can be served.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    /// Someone has the address.
    #[error(
        "cannot listen on {0}: another program does (`ss -ltnp 'sport = :{port}'` names it); stop it, or choose another address as web.listen",
        port = .0.port()
    )]
    AddressInUse(SocketAddr),
    /// The address is not this machine's.
    #[error(
        "cannot listen on {0}: this machine has no such address; write 0.0.0.0 or [::] as web.listen for all that it has"
    )]
    NoSuchAddress(SocketAddr),
    /// Ports below 1024 are for those who may.
    #[error(
        "cannot listen on {0}: not allowed; choose a port above 1023 as web.listen, or grant CAP_NET_BIND_SERVICE"
    )]
    NotAllowed(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}")]
    Listen {
        /// What was tried.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}

/// An address that is taken, and not served yet.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// The real address, also where port 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Takes the address.
///
/// # Errors
/// It is another's, or not this machine's, or not allowed.
pub async fn bind(address: SocketAddr) -> Result<Listener, WebError> {
    let bound = TcpListener::bind(address).await;
    let bound = bound.and_then(|listener| Ok(Listener { address: listener.local_addr()?, listener }));
    bound.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => WebError::AddressInUse(address),
        io::ErrorKind::AddrNotAvailable => WebError::NoSuchAddress(address),
        io::ErrorKind::PermissionDenied => WebError::NotAllowed(address),
        _ => WebError::Listen { address, source },
    })
}

/// Serves until `stop`, then lets running answers end, `limits.drain` at most.
pub async fn serve(listener: Listener, source: Arc<dyn Source>, options: Options, stop: CancellationToken) {
    let Listener { listener, .. } = listener;
    let limits = options.limits;
    let router = router(source, options.open);
    let graceful = GracefulShutdown::new();
    let mut connections = Connections::default();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = connections.tasks.join_next_with_id() => {
                connections.forget(ended);
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                wait_out(&error).await;
                continue;
            }
        };
        if !connections.has_room(limits.connections) {
            refuse(&stream, peer);
            continue;
        }
        let activity = Activity::new();
        let connection = connection(stream, peer, router.clone(), activity.clone(), limits, &graceful);
        connections.add(activity, connection);
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!(connections = connections.open.len(), "connections are cut, since they do not end");
    }
    connections.tasks.shutdown().await;
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    activity: Activity,
    limits: Limits,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + 'static {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%peer, %error, "small answers may be late");
    }
    let io = TokioIo::new(PacedStream::new(stream, activity.clone(), limits));
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let turn = activity.begin();
        let answer = router.clone().oneshot(request);
        async move { answer.await.map(|response| response.map(|body| Answer::new(body, turn))) }
    });
    let http = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header)
        .max_buf_size(64 * 1024)
        .serve_connection(io, service);
    let watched = graceful.watch(http);
    async move {
        if let Err(error) = watched.await {
            tracing::debug!(%peer, %error, "connection ended early");
        }
    }
}

/// The connections that there are.
#[derive(Default)]
struct Connections {
    tasks: JoinSet<()>,
    open: HashMap<Id, (Activity, AbortHandle)>,
}

impl Connections {
    fn add(&mut self, activity: Activity, connection: impl Future<Output = ()> + Send + 'static) {
        let handle = self.tasks.spawn(connection);
        self.open.insert(handle.id(), (activity, handle));
    }

    fn forget(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                if error.is_panic() {
                    tracing::error!(%error, "a connection's task panicked");
                }
                error.id()
            }
        };
        self.open.remove(&id);
    }

    /// Whether one more is allowed; the connection that has been idle longest goes for it if need be.
    fn has_room(&mut self, limit: usize) -> bool {
        if self.open.len() < limit {
            return true;
        }
        let idle = self.open.iter().filter_map(|(id, (activity, _))| Some((activity.idle_since()?, *id)));
        let Some((_, longest)) = idle.min_by_key(|(since, _)| *since) else { return false };
        if let Some((_, handle)) = self.open.remove(&longest) {
            handle.abort();
        }
        true
    }
}

const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 31\r\nretry-after: 1\r\nconnection: close\r\n\r\nall connections are being used\n";

/// Says that there is no room; a fresh socket has space for so little, so nothing is waited for.
fn refuse(stream: &TcpStream, peer: SocketAddr) {
    let told = stream.try_write(BUSY);
    tracing::warn!(%peer, told = told.is_ok(), "refused, all connections are at work");
}

/// Accepting failed: a client that left already is nothing, a lack of files or memory may pass.
async fn wait_out(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!(%error, "cannot accept connections, trying again in a second");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
