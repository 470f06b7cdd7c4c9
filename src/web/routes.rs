//! What is answered to which request.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::middleware::{Next, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::body::Chunks;
use super::{Source, page};

/// Who asks; set by the server for each request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

pub(super) fn router(source: Arc<dyn Source>, open: bool) -> Router {
    let guard = axum::middleware::from_fn(move |request, next| this_machine_alone(open, request, next));
    Router::new()
        .route("/", get(landing_page).layer(guard))
        .route("/metrics", get(metrics))
        .route("/-/healthy", get(|| async { "proxymeter is healthy\n" }))
        .route("/-/ready", get(ready))
        .method_not_allowed_fallback(|| async {
            (StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are known here\n")
        })
        .fallback(nothing_here)
        .layer(map_response(with_common_headers))
        .with_state(source)
}

async fn metrics(State(source): State<Arc<dyn Source>>, headers: HeaderMap) -> Response {
    let accept = joined(&headers, header::ACCEPT);
    let accept_encoding = joined(&headers, header::ACCEPT_ENCODING);
    let scrape = source.scrape(accept.as_deref(), accept_encoding.as_deref());
    let mut response = Response::new(Body::new(Chunks::new(scrape.chunks)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(scrape.content_type));
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    if let Some(encoding) = scrape.content_encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

async fn ready(State(source): State<Arc<dyn Source>>) -> (StatusCode, String) {
    let status = source.status();
    let code = if status.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, status.to_text())
}

async fn landing_page(State(source): State<Arc<dyn Source>>) -> Response {
    match page::render(&source.status()) {
        Ok(html) => {
            let headers = [
                (header::CONTENT_TYPE, "text/html; charset=utf-8"),
                (header::CONTENT_SECURITY_POLICY, page::CONTENT_SECURITY_POLICY),
                (header::REFERRER_POLICY, "no-referrer"),
            ];
            (headers, html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the page cannot be rendered");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "the page cannot be rendered, see the log; /-/ready says the same\n",
            )
                .into_response()
        }
    }
}

async fn nothing_here(uri: Uri) -> (StatusCode, String) {
    // Debug escapes what would break the line.
    let path = uri.path();
    let text = format!(
        "nothing at {path:?}; there is\n  /           how the accounts are\n  /metrics    for Prometheus\n  /-/healthy  always 200\n  /-/ready    200 once started, with each collector's trouble\n"
    );
    (StatusCode::NOT_FOUND, text)
}

const FOR_THIS_MACHINE: &str = "the page is shown to this machine alone, since it asks for no password.
Reach it through a tunnel (ssh -L 10760:127.0.0.1:10760 HOST), or let everyone see it with open = true under [web].
/metrics, /-/healthy and /-/ready are open as they are.
";

async fn this_machine_alone(open: bool, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>();
    let is_near = peer.is_some_and(|Peer(address)| address.ip().to_canonical().is_loopback());
    if open || is_near {
        next.run(request).await
    } else {
        (StatusCode::FORBIDDEN, FOR_THIS_MACHINE).into_response()
    }
}

async fn with_common_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A header that came in several lines is one list; lines that are not text are left out.
fn joined(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let lines: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt;

    use super::*;
    use crate::web::{Scrape, Status};

    struct Nothing;

    impl Source for Nothing {
        fn scrape(&self, _: Option<&str>, _: Option<&str>) -> Scrape {
            Scrape { content_type: "text/plain", content_encoding: None, chunks: Vec::new() }
        }

        fn status(&self) -> Status {
            Status::default()
        }
    }

    async fn status_for(peer: &str, open: bool, path: &str) -> u16 {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        router(Arc::new(Nothing), open).oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn the_page_stays_on_this_machine_unless_opened() {
        for (peer, open, status) in [
            ("127.0.0.1:5", false, 200),
            ("127.8.9.10:5", false, 200),
            ("[::1]:5", false, 200),
            ("[::ffff:127.0.0.1]:5", false, 200),
            ("192.0.2.7:5", false, 403),
            ("10.0.0.1:5", false, 403),
            ("[::ffff:192.0.2.7]:5", false, 403),
            ("192.0.2.7:5", true, 200),
        ] {
            assert_eq!(status_for(peer, open, "/").await, status, "{peer}, open: {open}");
            for path in ["/metrics", "/-/healthy", "/-/ready"] {
                assert_eq!(status_for(peer, open, path).await, 200, "{path} for {peer}");
            }
        }
    }

    #[test]
    fn a_header_in_several_lines_is_one_list() {
        let mut headers = HeaderMap::new();
        assert_eq!(joined(&headers, header::ACCEPT), None);
        headers.append(header::ACCEPT, HeaderValue::from_static("a;q=0.5"));
        headers.append(header::ACCEPT, HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        headers.append(header::ACCEPT, HeaderValue::from_static("b"));
        assert_eq!(joined(&headers, header::ACCEPT).unwrap(), "a;q=0.5, b");
    }
}
