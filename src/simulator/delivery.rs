//! How an answer leaves: whole, or as a fault will have it.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use flate2::{Compress, Compression, FlushCompress};
use futures_util::{Stream, StreamExt as _, stream};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use serde_json::{Value, json};

use super::exchange::{Answer, Content};
use super::faults::{Fault, RetryAfter};

/// Marks an answer in whose place the connection is to end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut;

/// An answer, and what happens to it on its way.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) answer: Answer,
    pub(super) faults: Vec<Fault>,
    /// The time that the server believes it is.
    pub(super) now: Timestamp,
}

const MEGABYTE: usize = 1 << 20;

impl Delivery {
    /// The response, once it is due; a silent one never is.
    pub(super) async fn into_response(self) -> Response {
        let mut date = self.now;
        let mut response = self.answer.clone().into_response();
        for fault in &self.faults {
            match fault {
                Fault::Latency(late) => {
                    tokio::time::sleep(Duration::try_from(*late).unwrap_or_default()).await;
                }
                Fault::Date(off) => date = date.checked_add(*off).unwrap_or(date),
                // Told when the call was carried out.
                Fault::Late(_) => {}
                Fault::Silent => std::future::pending().await,
                other => response = self.lie(other),
            }
        }
        // Set by hand, or the server would tell another time than the one handed in.
        insert(&mut response, DATE, &http_date(date));
        response
    }

    fn lie(&self, fault: &Fault) -> Response {
        match fault {
            Fault::Status(status, retry_after) => self.refusal(*status, *retry_after),
            Fault::Html => page(StatusCode::OK, "text/html; charset=utf-8", Body::from(MAINTENANCE)),
            Fault::Redirect(to) => {
                let mut response = Answer::empty(StatusCode::FOUND).into_response();
                insert(&mut response, LOCATION, to);
                response
            }
            Fault::Huge(bytes) => json_page(Body::from_stream(endless(*bytes))),
            Fault::GzipBomb(bytes) => {
                let mut response = json_page(Body::from_stream(bomb(*bytes)));
                insert(&mut response, CONTENT_ENCODING, "gzip");
                response
            }
            Fault::Nested(depth) => {
                let depth = *depth as usize;
                json_page(Body::from("[".repeat(depth) + &"]".repeat(depth)))
            }
            Fault::LoseAnswer => {
                let mut response = page(StatusCode::OK, "application/json", broken(Bytes::new()));
                response.extensions_mut().insert(Cut);
                response
            }
            Fault::Break => self.part(broken),
            Fault::Hang => self.part(|half| {
                Body::from_stream(stream::iter([Ok::<_, Infallible>(half)]).chain(stream::pending()))
            }),
            Fault::Truncate => self.part(Body::from),
            Fault::Empty => self.changed(|value| shorten(value, |_| 0)),
            Fault::Halve => self.changed(|value| shorten(value, |length| length.saturating_sub(1) / 2)),
            Fault::Cut(share) => {
                self.changed(|value| shorten(value, |length| (length as f64 * share) as usize))
            }
            Fault::Zeros => self.changed(zero),
            _ => self.answer.clone().into_response(),
        }
    }

    fn refusal(&self, status: u16, retry_after: Option<RetryAfter>) -> Response {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let reason = status.canonical_reason().unwrap_or("error");
        let mut response = Answer::json(status, json!({ "error": reason })).into_response();
        match retry_after {
            Some(RetryAfter::Seconds(after)) => {
                insert(&mut response, RETRY_AFTER, &after.as_secs().to_string())
            }
            Some(RetryAfter::Date(after)) => {
                let at = self.now.checked_add(after).unwrap_or(self.now);
                insert(&mut response, RETRY_AFTER, &http_date(at));
            }
            None => {}
        }
        response
    }

    /// The answer with half of its bytes.
    fn part(&self, body: impl FnOnce(Bytes) -> Body) -> Response {
        let text = match &self.answer.content {
            Content::Json(value) => value.to_string(),
            Content::Text(text) => (*text).to_owned(),
            Content::Nothing => String::new(),
        };
        let mut bytes = Bytes::from(text);
        bytes.truncate(bytes.len() / 2);
        page(self.answer.status, "application/json", body(bytes))
    }

    /// The answer with other JSON; what failed anyway stays.
    fn changed(&self, change: impl FnOnce(&mut Value)) -> Response {
        let mut answer = self.answer.clone();
        if let (Content::Json(value), true) = (&mut answer.content, answer.status.is_success()) {
            change(value);
        }
        answer.into_response()
    }
}

const MAINTENANCE: &str =
    "<!doctype html><html><head><title>Maintenance</title></head><body>Back soon</body></html>";

fn shorten(value: &mut Value, length: impl Fn(usize) -> usize) {
    let rows = match value {
        Value::Object(fields) => fields.get_mut("results").and_then(Value::as_array_mut),
        other => other.as_array_mut(),
    };
    if let Some(rows) = rows {
        rows.truncate(length(rows.len()));
    }
}

/// Sets every figure of usage to 0, whatever the dialect calls it; limits and ids stay.
fn zero(value: &mut Value) {
    match value {
        Value::Array(rows) => rows.iter_mut().for_each(zero),
        Value::Object(fields) => {
            for (key, value) in fields {
                match (key.as_str(), &mut *value) {
                    ("traffic_by_period", Value::Object(days)) => {
                        days.values_mut().for_each(|day| *day = json!(0))
                    }
                    ("traffic_per_period", _) => *value = json!("0"),
                    (
                        "traffic" | "traffic_used" | "traffic_bytes" | "traffic_rx" | "traffic_tx"
                        | "total_used" | "requests" | "requests_count",
                        Value::Number(_),
                    ) => *value = json!(0),
                    _ => zero(value),
                }
            }
        }
        _ => {}
    }
}

/// An array that is never closed, of `bytes` bytes.
fn endless(bytes: u64) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let chunk = Bytes::from(" ".repeat(MEGABYTE));
    let rest = (0..bytes / MEGABYTE as u64).map(move |_| Ok(chunk.clone()));
    stream::iter([Ok(Bytes::from_static(b"["))]).chain(stream::iter(rest))
}

/// One gzip member of blanks: a packed megabyte that ends on a whole byte, again and again.
fn bomb(bytes: u64) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let blanks = vec![b' '; MEGABYTE];
    let mut packed = Vec::with_capacity(MEGABYTE / 16);
    // The only failure is a full buffer, and blanks pack a thousandfold.
    let _status =
        Compress::new(Compression::fast(), false).compress_vec(&blanks, &mut packed, FlushCompress::Full);
    let packed = Bytes::from(packed);
    let times = bytes.div_ceil(MEGABYTE as u64);
    let (mut sum, one) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
    let mut one = one;
    one.update(&blanks);
    (0..times).for_each(|_| sum.combine(&one));
    let mut end = vec![0x03, 0x00];
    end.extend(sum.finalize().to_le_bytes());
    end.extend(((times * MEGABYTE as u64) as u32).to_le_bytes());
    let head = Bytes::from_static(&[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]);
    stream::iter([Ok(head)])
        .chain(stream::iter((0..times).map(move |_| Ok(packed.clone()))))
        .chain(stream::iter([Ok(Bytes::from(end))]))
}

/// The end comes a moment later, or hyper would throw away what it has not sent yet.
fn broken(half: Bytes) -> Body {
    let end = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(io::Error::new(io::ErrorKind::ConnectionReset, "a simulated fault"))
    };
    Body::from_stream(stream::iter([Ok(half)]).chain(stream::once(end)))
}

fn json_page(body: Body) -> Response {
    page(StatusCode::OK, "application/json", body)
}

fn page(status: StatusCode, kind: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    insert(&mut response, CONTENT_TYPE, kind);
    response
}

/// Sets a header; a value that no header can hold leaves it out.
fn insert(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn http_date(at: Timestamp) -> String {
    DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap_or_default()
}
