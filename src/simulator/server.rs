//! The way from a socket to the simulation and back.

use std::io;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::Simulator;
use super::exchange::{Answer, Call, segments};

/// No request of either contract comes near.
const MAX_BODY: usize = 1 << 20;

/// How long open connections may take to end.
const DRAIN: Duration = Duration::from_secs(2);

/// Serves the simulation until cancelled, then gives open connections two seconds.
///
/// # Errors
/// The listener's.
pub async fn serve(listener: TcpListener, simulator: Simulator, cancel: CancellationToken) -> io::Result<()> {
    let stop = cancel.clone().cancelled_owned();
    let serving = axum::serve(listener, simulator.router()).with_graceful_shutdown(stop);
    tokio::select! {
        served = async { serving.await } => served,
        () = async { cancel.cancelled().await; tokio::time::sleep(DRAIN).await } => Ok(()),
    }
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
    simulator.answer(call).into_response()
}

fn bad(status: StatusCode, problem: &str) -> Answer {
    Answer::json(status, json!({ "error": problem }))
}
