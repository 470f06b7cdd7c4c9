//! A webhook that notes every request, checks its signature, and does with it what the test wants.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

/// The key that signs, as it is configured.
pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// What it does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Takes it and says so.
    Take,
    /// Takes it, and the answer is lost.
    TakeUnsaid,
    /// Does not take it, with this status, and with these header lines.
    Refuse(u16, &'static str),
    /// Does not take it, and says nothing until the other side goes.
    Hang,
    /// Does not take it, and closes.
    Close,
}

/// What it was asked.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// The notice's id.
    pub(super) id: String,
    pub(super) body: Vec<u8>,
    pub(super) is_signed: bool,
    /// Whether the server took it, heard or not.
    pub(super) is_taken: bool,
}

impl Request {
    /// What the message says, each with all its facts.
    pub(super) fn items(&self) -> Vec<Value> {
        let body: Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(body["data"]["is_reminder"], false, "{body}");
        body["data"]["items"].as_array().unwrap().clone()
    }
}

type Plan = Arc<dyn Fn() -> Act + Send + Sync>;

/// The server; it ends with the process.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let take: Plan = Arc::new(|| Act::Take);
        let server = Self { address, plan: Arc::new(Mutex::new(take)), seen: Arc::default() };
        let serving = server.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let server = serving.clone();
                thread::spawn(move || server.serve(stream));
            }
        });
        server
    }

    /// Does this with each request from now on; the plan may wait for the test.
    pub(super) fn plan(&self, plan: impl Fn() -> Act + Send + Sync + 'static) {
        *self.plan.lock().unwrap() = Arc::new(plan);
    }

    /// What it was asked so far, in that order.
    pub(super) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// Until the other side, or the plan, ends it.
    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut writer = stream;
        loop {
            let request = read(&mut reader)?;
            // Noted before it is answered, as whoever is killed may be killed at the answer.
            let at = {
                let mut seen = self.seen.lock().unwrap();
                seen.push(request);
                seen.len() - 1
            };
            let plan = self.plan.lock().unwrap().clone();
            let act = plan();
            let is_taken = matches!(act, Act::Take | Act::TakeUnsaid);
            self.seen.lock().unwrap()[at].is_taken = is_taken;
            let (status, headers) = match act {
                Act::Take => (200, ""),
                Act::Refuse(status, headers) => (status, headers),
                Act::TakeUnsaid | Act::Close => return None,
                Act::Hang => {
                    reader.read_exact(&mut [0]).ok();
                    return None;
                }
            };
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n{headers}\r\n");
            writer.write_all(answer.as_bytes()).ok()?;
        }
    }
}

/// A whole request; nothing where the other side goes before that.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let mut body = vec![0; header("content-length")?.parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    let whole_id = header("webhook-id").unwrap();
    let at = header("webhook-timestamp").unwrap();
    let signed = [whole_id.as_bytes(), b".", at.as_bytes(), b".", &body];
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(&signed.concat());
    let wanted = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let is_signed = header("webhook-signature").is_some_and(|signature| signature == wanted);
    let id = whole_id.strip_prefix("msg_").unwrap().to_owned();
    Some(Request { id, body, is_signed, is_taken: false })
}
