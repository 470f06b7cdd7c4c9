//! A server that answers by a table and writes down what it heard.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::outbox::Fuse;
use crate::notify::error::{NotifyError, RenderError};
use crate::notify::message::{Content, Message};
use crate::notify::{Envelope, Notifier, Parcel};

/// What the server does with a parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Take,
    /// Not taken: try later, and maybe not before so many seconds.
    Later(Option<u64>),
    /// Taken, but the answer is lost.
    TakeAndBreak,
    /// Not taken, and no answer.
    Break,
    Refuse,
    Gone,
    Hang,
    Panic,
}

/// A try as the server saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Try {
    pub(super) second: u64,
    pub(super) id: String,
    pub(super) recipient: String,
    pub(super) body: String,
    pub(super) is_taken: bool,
}

pub(super) struct Server {
    born: Instant,
    pub(super) takes: Duration,
    /// By recipient; the last stays.
    pub(super) answers: Mutex<BTreeMap<String, VecDeque<Answer>>>,
    tries: Mutex<Vec<Try>>,
}

impl Server {
    pub(super) fn new(born: Instant) -> Arc<Self> {
        Self::slow(born, Duration::ZERO)
    }

    pub(super) fn slow(born: Instant, takes: Duration) -> Arc<Self> {
        Arc::new(Self { born, takes, answers: Mutex::default(), tries: Mutex::default() })
    }

    /// Answers so to a recipient from now on, the last one for good.
    pub(super) fn answer(&self, recipient: &str, answers: &[Answer]) {
        let answers = answers.iter().copied().collect();
        self.answers.lock().unwrap().insert(recipient.to_owned(), answers);
    }

    pub(super) fn tries(&self) -> Vec<Try> {
        self.tries.lock().unwrap().clone()
    }

    pub(super) fn taken(&self) -> Vec<Try> {
        self.tries().into_iter().filter(|one| one.is_taken).collect()
    }

    /// "at 15: n1 n2" of each try.
    pub(super) fn heard(&self) -> Vec<String> {
        self.tries().iter().map(|one| format!("at {}: {}", one.second, keys(&one.body).join(" "))).collect()
    }

    /// What it says to the next parcel of a recipient.
    fn next(&self, recipient: &str) -> Answer {
        let mut answers = self.answers.lock().unwrap();
        let Some(answers) = answers.get_mut(recipient) else { return Answer::Take };
        if answers.len() > 1 { answers.pop_front().unwrap() } else { answers[0] }
    }
}

/// The notices that a body tells of.
pub(super) fn keys(body: &str) -> Vec<&str> {
    body.split('|').nth(1).unwrap().split_whitespace().collect()
}

/// The way to a server, as one process has it.
pub(super) struct Wire {
    pub(super) server: Arc<Server>,
    pub(super) fuse: Arc<Fuse>,
    pub(super) width: usize,
}

#[async_trait]
impl Notifier for Wire {
    fn render(&self, message: &Message, envelope: &Envelope<'_>) -> Result<Vec<u8>, RenderError> {
        let Content::Budget(news) = &message.content else { return Ok(b"other||".to_vec()) };
        match &*news.budget {
            "bad template" => Err(RenderError("line 3: no such field".to_owned())),
            "bug" => panic!("a bug"),
            _ => {
                let keys: Vec<&str> = news.items.iter().rev().map(|item| &*item.key).collect();
                let Envelope { id, episode, at, .. } = envelope;
                Ok(format!("{}|{}|{id} {episode} {at}", message.title, keys.join(" ")).into_bytes())
            }
        }
    }

    async fn send(&self, parcel: &Parcel<'_>) -> Result<String, NotifyError> {
        self.fuse.step().await;
        let server = &self.server;
        tokio::time::sleep(server.takes).await;
        let answer = server.next(parcel.recipient);
        server.tries.lock().unwrap().push(Try {
            second: server.born.elapsed().as_secs(),
            id: parcel.id.to_string(),
            recipient: parcel.recipient.to_owned(),
            body: String::from_utf8(parcel.body.to_vec()).unwrap(),
            is_taken: matches!(answer, Answer::Take | Answer::TakeAndBreak),
        });
        self.fuse.step().await;
        match answer {
            Answer::Take => Ok("ok".to_owned()),
            Answer::Later(seconds) => Err(NotifyError::Later {
                answer: "busy".to_owned(),
                retry_after: seconds.map(Duration::from_secs),
            }),
            Answer::TakeAndBreak | Answer::Break => Err(NotifyError::Unknown("no answer".to_owned())),
            Answer::Refuse => Err(NotifyError::Refused("no such address".to_owned())),
            Answer::Gone => Err(NotifyError::Gone("410".to_owned())),
            Answer::Hang => std::future::pending().await,
            Answer::Panic => panic!("a bug"),
        }
    }

    fn width(&self) -> usize {
        self.width
    }
}
