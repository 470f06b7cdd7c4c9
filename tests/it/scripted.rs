//! A vendor that answers what a test tells it, and remembers what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response, StatusCode};
use url::Url;

/// What was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method, path and query.
    pub(crate) line: String,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: String,
}

impl Asked {
    /// A header's text, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// An answer: status, headers, body.
pub(crate) struct Told(pub(crate) u16, pub(crate) Vec<(&'static str, String)>, pub(crate) Vec<u8>);

/// A 200 with this JSON.
pub(crate) fn ok(json: &str) -> Told {
    Told(200, vec![], json.as_bytes().to_vec())
}

/// This status with no body.
pub(crate) fn status(status: u16) -> Told {
    Told(status, vec![], vec![])
}

/// The running vendor; it ends with the test's runtime.
pub(crate) struct Vendor {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Vendor {
    /// A vendor that answers the `n`th request (from 0) with what `answer` makes of it.
    pub(crate) async fn start(answer: impl Fn(usize, &Asked) -> Told + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (asked.clone(), Arc::new(answer));
        let app = Router::new().fallback(move |request: Request| {
            let (log, answer) = (log.clone(), answer.clone());
            async move { respond(request, &log, &*answer).await }
        });
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, asked }
    }

    /// Its base address.
    pub(crate) fn base(&self) -> Url {
        format!("http://{}/v2", self.address).parse().unwrap()
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Method and path of what it was asked so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

async fn respond(
    request: Request,
    log: &Mutex<Vec<Asked>>,
    answer: &(dyn Fn(usize, &Asked) -> Told + Send + Sync),
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let asked = Asked {
        line: format!("{} {}", parts.method, parts.uri),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    };
    let number = {
        let mut log = log.lock().unwrap();
        log.push(asked.clone());
        log.len() - 1
    };
    let Told(status, headers, body) = answer(number, &asked);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
