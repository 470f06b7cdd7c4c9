//! A server that answers as it is told, by raw TCP: what no well-behaved server does, too.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What it does with each connection.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Reads the request and answers this, head and all.
    Answer(String),
    /// Reads the request and answers with this status all that was asked.
    Echo(u16),
    /// Takes the connection and reads nothing.
    HangAtOnce,
    /// Reads the request and says nothing.
    HangAfterwards,
    /// Reads the request and answers the head, and never the body.
    HangInBody,
    /// Reads the request and closes.
    Close,
    /// Reads the request and closes in the middle of the head.
    CloseInHead,
    /// Reads the request, answers 200, and closes in the middle of the body.
    CloseInBody,
    /// Reads the request and answers with 2 GiB.
    Flood,
}

/// What it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// The server; gone with this.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    act: Arc<Mutex<Act>>,
    seen: Arc<Mutex<Vec<Request>>>,
    written: Arc<AtomicU64>,
    connections: Arc<AtomicU64>,
    serving: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let act = Arc::new(Mutex::new(act));
        let by = Arc::clone(&act);
        let seen: Arc<Mutex<Vec<Request>>> = Arc::default();
        let (written, connections): (Arc<AtomicU64>, Arc<AtomicU64>) = Default::default();
        let (to_seen, to_written, to_connections) =
            (Arc::clone(&seen), Arc::clone(&written), Arc::clone(&connections));
        let serving = tokio::spawn(async move {
            // Held until the end, where nothing closes them.
            let mut held = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                to_connections.fetch_add(1, Ordering::SeqCst);
                let act = by.lock().unwrap().clone();
                if !matches!(act, Act::HangAtOnce) {
                    let Some(request) = read(&mut stream).await else { continue };
                    answer(&act, &request, &mut stream, &to_written, &to_seen).await;
                }
                if matches!(act, Act::HangAtOnce | Act::HangAfterwards | Act::HangInBody) {
                    held.push(stream);
                }
            }
        });
        Self { address, act, seen, written, connections, serving }
    }

    /// Does this with each connection from now on.
    pub(crate) fn set(&self, act: Act) {
        *self.act.lock().unwrap() = act;
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook/topic", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// Bytes of the body that its socket took.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::SeqCst)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// An answer with a body.
pub(crate) fn reply(status: u16, headers: &str, body: &str) -> Act {
    Act::Answer(text_of(status, headers, body))
}

fn text_of(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

async fn answer(
    act: &Act,
    request: &Request,
    stream: &mut TcpStream,
    written: &AtomicU64,
    seen: &Mutex<Vec<Request>>,
) {
    seen.lock().unwrap().push(request.clone());
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n";
    let text = match act {
        Act::Answer(text) => text.clone(),
        Act::Echo(status) => {
            let said = format!("{}\n{}", request.head, String::from_utf8_lossy(&request.body));
            text_of(*status, "", &said)
        }
        Act::CloseInHead => head[..20].to_owned(),
        Act::CloseInBody => format!("{head}half of"),
        Act::HangInBody | Act::Flood => head.to_owned(),
        Act::HangAtOnce | Act::HangAfterwards | Act::Close => String::new(),
    };
    if stream.write_all(text.as_bytes()).await.is_err() || !matches!(act, Act::Flood) {
        return;
    }
    let chunk = vec![b'x'; 64 * 1024];
    for _ in 0..2 * 1024 * 16 {
        let Ok(count) = stream.write(&chunk).await else { return };
        written.fetch_add(count as u64, Ordering::SeqCst);
    }
}

/// A whole request; nothing where the client goes before that.
async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let mut lengths = head
            .lines()
            .filter_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let length: usize = lengths.next().unwrap_or_default();
        let body = &bytes[end + 4..];
        if body.len() >= length {
            return Some(Request { body: body.to_vec(), head });
        }
    }
}
