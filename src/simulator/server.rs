//! The way from a socket to the simulation and back.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::Simulator;
use super::delivery::Cut;
use super::exchange::{Answer, Call, segments};

/// No request of either contract comes near.
const MAX_BODY: usize = 1 << 20;

/// How long open connections may take to end, and how long a connection may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(2);

/// Serves the simulation until cancelled, then gives open connections two seconds.
///
/// Its own loop, for a lost answer is a connection that ends without one, which a router cannot do.
///
/// # Errors
/// None today: what fails is one connection's trouble.
pub async fn serve(listener: TcpListener, simulator: Simulator, cancel: CancellationToken) -> io::Result<()> {
    let router = simulator.router();
    let graceful = GracefulShutdown::new();
    let hard_stop = CancellationToken::new();
    loop {
        let socket = tokio::select! {
            () = cancel.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        // A failed accept is the peer's or the table's of open files: neither is helped by stopping.
        let Ok((socket, _)) = socket else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let connection = graceful.watch(connect(socket, router.clone()));
        let hard_stop = hard_stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                _ended = connection => {}
                () = hard_stop.cancelled() => {}
            }
        });
    }
    drop(listener);
    let _late = tokio::time::timeout(PATIENCE, graceful.shutdown()).await;
    hard_stop.cancel();
    Ok(())
}

fn connect(
    socket: TcpStream,
    router: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let response = match router.oneshot(request.map(Body::new)).await {
                Ok(response) => response,
                Err(never) => match never {},
            };
            match response.extensions().get::<Cut>() {
                Some(Cut) => Err(io::Error::other("a simulated fault")),
                None => Ok(response),
            }
        }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(socket), service)
}

/// One handler for everything: paths are the scenario's, not known to the program.
pub(super) fn router(simulator: Simulator) -> Router {
    Router::new().fallback(handle).with_state(simulator)
}

async fn handle(State(simulator): State<Simulator>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return bad(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large or broke off").into_response();
    };
    let Some(path) = segments(parts.uri.path()) else {
        return bad(StatusCode::BAD_REQUEST, "the path is no UTF-8").into_response();
    };
    let query = url::form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
    let call = Call {
        method: parts.method,
        path,
        query: query.into_owned().collect(),
        headers: parts.headers,
        body: body.to_vec(),
        now: Timestamp::UNIX_EPOCH,
    };
    simulator.answer(call).into_response().await
}

fn bad(status: StatusCode, problem: &str) -> Answer {
    Answer::json(status, json!({ "error": problem }))
}
