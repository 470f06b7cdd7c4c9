//! What a receiver would be sent, for looking at, and whether every template works.

use anyhow::{Context, anyhow};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::telling::{Addresses, build, templates};
use crate::config::Config;
use crate::domain::outbox::NoticeId;
use crate::notify::Envelope;
use crate::notify::message::Message;
pub use crate::notify::message::samples::samples;

/// What of a message is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// What is sent: a mail, a card, a body.
    Sent,
    /// The page of a mail, with its chart in it.
    Html,
    /// The text.
    Text,
    /// The chart.
    Chart,
}

/// A message as a receiver would get it.
///
/// # Errors
/// No such receiver, a way that cannot be prepared, a template that fails, or no chart.
pub fn render(config: &Config, receiver: &str, message: &Message, view: View) -> anyhow::Result<Vec<u8>> {
    let configured = config.receivers.get(receiver).with_context(|| format!("no receiver {receiver:?}"))?;
    let words = templates(configured).map_err(|problem| anyhow!("receivers.{receiver}: {problem}"))?;
    match view {
        View::Text => Ok(format!("{}\n\n{}\n", words.title(message)?, words.text(message)?).into_bytes()),
        View::Chart => words.chart(message).context("this message has no chart"),
        View::Html => {
            let chart = words.chart(message);
            let html = words.html(message, chart.is_some().then_some("chart"))?;
            let chart = chart.map(|chart| format!("data:image/png;base64,{}", STANDARD.encode(chart)));
            Ok(chart.map_or(html.clone(), |chart| html.replace("cid:chart", &chart)).into_bytes())
        }
        View::Sent => {
            let way = build(config).remove(receiver).with_context(|| format!("no receiver {receiver:?}"))?;
            let way = way.map_err(|problem| anyhow!("receivers.{receiver}: {problem}"))?;
            let id = NoticeId("0123456789abcdef0123456789abcdef".into());
            let addresses = Addresses::of(config);
            let recipients = addresses.get(receiver).map(|address| address.recipients.as_slice());
            let recipient = recipients.and_then(<[_]>::first).map_or("", |first| &**first);
            let envelope = Envelope { id: &id, episode: &id, recipient, at: message.at };
            Ok(way.notifier.render(message, &envelope)?)
        }
    }
}

/// What is wrong with the templates of the receivers, each by its receiver.
#[must_use]
pub fn template_problems(config: &Config) -> Vec<String> {
    let of = |(name, receiver): (&std::sync::Arc<str>, &crate::config::Receiver)| match templates(receiver) {
        Ok(words) => {
            words.check().into_iter().map(|problem| format!("receivers.{name}: {problem}")).collect()
        }
        Err(problem) => vec![format!("receivers.{name}: {problem}")],
    };
    config.receivers.iter().flat_map(of).collect::<Vec<String>>()
}
