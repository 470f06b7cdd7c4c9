//! The receiver `log = true`: a notice is one line of proxymeter's own log.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::error::{NotifyError, RenderError};
use super::message::{Content, Message, Severity};
use super::{Envelope, Notifier, Parcel};

/// Lines that may be written at once.
const WIDTH: usize = 8;

/// Writes notices to the log.
#[derive(Clone, Debug)]
pub struct Log {
    receiver: Arc<str>,
}

/// A line as it is saved.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    severity: Severity,
    text: String,
}

impl Log {
    /// The way to a receiver of that name.
    #[must_use]
    pub const fn new(receiver: Arc<str>) -> Self {
        Self { receiver }
    }
}

#[async_trait]
impl Notifier for Log {
    fn render(&self, message: &Message, _envelope: &Envelope<'_>) -> Result<Vec<u8>, RenderError> {
        let line = Line { severity: message.severity, text: text(message) };
        serde_json::to_vec(&line).map_err(|error| RenderError(error.to_string()))
    }

    async fn send(&self, parcel: &Parcel<'_>) -> Result<String, NotifyError> {
        let Line { severity, text } = serde_json::from_slice(parcel.body)
            .map_err(|error| NotifyError::Refused(format!("the saved line cannot be read: {error}")))?;
        let receiver = &*self.receiver;
        match severity {
            Severity::Info => tracing::info!(receiver, "notice: {text}"),
            Severity::Warning => tracing::warn!(receiver, "notice: {text}"),
            Severity::Critical => tracing::error!(receiver, "notice: {text}"),
        }
        Ok("logged".to_owned())
    }

    fn width(&self) -> usize {
        WIDTH
    }
}

/// The title, the lines below it and the labels, all in one line.
fn text(message: &Message) -> String {
    let mut text = on_one_line(&message.marked_title());
    for line in message.lines() {
        text.push_str("; ");
        text.push_str(&on_one_line(&line));
    }
    if let Content::Budget(news) = &message.content {
        for (name, value) in &news.labels {
            text.push_str(&format!("; {name} = {}", on_one_line(value)));
        }
    }
    text
}

/// Vendors' names may hold anything.
fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jiff::Timestamp;
    use tracing_subscriber::fmt::MakeWriter;

    use super::*;
    use crate::domain::outbox::NoticeId;
    use crate::notify::message::{News, Operation, Status, Trouble, VERSION};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Lines {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    fn message(severity: Severity, title: &str, content: Content) -> Message {
        Message {
            version: VERSION,
            at: Timestamp::UNIX_EPOCH,
            severity,
            title: title.to_owned(),
            link: None,
            content,
        }
    }

    #[tokio::test]
    async fn a_notice_is_one_line_at_its_level() {
        let trouble = |line: &str| Trouble { key: line.to_owned(), line: line.to_owned() };
        let troubles = vec![trouble("acme is silent"), trouble("the disk\nis full")];
        let news = News {
            budget: "scrapers".to_owned(),
            status: Status::Firing,
            open: 1,
            labels: [
                ("cost center".to_owned(), "a\u{1b}[31mb".to_owned()),
                ("team".to_owned(), "data".to_owned()),
            ]
            .into(),
            is_headline: true,
            is_reminder: false,
            items: Vec::new(),
            more: 2,
            chart: None,
        };
        let messages = [
            message(Severity::Critical, "a\r\nb is over \"hard\"", Content::Budget(news)),
            message(Severity::Warning, "acme is silent", Content::Operation(Operation { troubles, more: 0 })),
            message(Severity::Info, "[DRILL] nothing has happened", Content::Drill { who: "ann".to_owned() }),
        ];
        let lines = Lines::default();
        let log = tracing_subscriber::fmt().with_writer(lines.clone()).without_time().with_ansi(false);
        let _guard = tracing::subscriber::set_default(log.finish());
        let (id, way) = (NoticeId("1".into()), Log::new("ops".into()));
        for message in messages {
            let envelope = Envelope { id: &id, episode: &id, recipient: "log", at: message.at };
            let body = way.render(&message, &envelope).unwrap();
            let parcel = Parcel { id: &id, recipient: "log", body: &body, now: message.at };
            assert_eq!(way.send(&parcel).await, Ok("logged".to_owned()));
        }
        let parcel = Parcel { id: &id, recipient: "log", body: b"?", now: Timestamp::UNIX_EPOCH };
        assert!(matches!(way.send(&parcel).await, Err(NotifyError::Refused(_))));
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        insta::assert_snapshot!(text);
    }
}
