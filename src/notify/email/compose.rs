//! A mail's form: RFC 5322 with its MIME parts, the same bytes for the same notice.

use std::time::SystemTime;

use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message as Mail, MessageBuilder, MultiPart, SinglePart};

use super::MailWords;
use super::line;
use crate::notify::Envelope;
use crate::notify::error::RenderError;
use crate::notify::message::{Content, Message, Said, Severity, Status};

/// What every mail of a receiver has.
#[derive(Debug)]
pub(super) struct Letterhead {
    /// The sender.
    pub(super) from: Mailbox,
    to: Vec<Mailbox>,
    domain: String,
    list: String,
}

impl Letterhead {
    /// What the mails of the receiver have.
    pub(super) fn new(receiver: &str, from: Mailbox, to: Vec<Mailbox>) -> Self {
        let domain = from.email.domain().to_owned();
        let label: String =
            receiver.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(63).collect();
        let list = format!("<{label}.proxymeter.{domain}>");
        Self { from, to, domain, list }
    }
}

/// The bytes that every try carries.
pub(super) fn compose(
    head: &Letterhead,
    words: &dyn MailWords,
    message: &Message,
    envelope: &Envelope<'_>,
) -> Result<Vec<u8>, RenderError> {
    let (id, domain) = (envelope.id, &head.domain);
    let mut mail = Mail::builder().from(head.from.clone()).date(SystemTime::from(envelope.at));
    for to in &head.to {
        mail = mail.to(to.clone());
    }
    mail = mail.subject(line::header(&words.subject(message)?));
    // One made-up root for all of an episode: a relay may give a mail another Message-ID, the thread still holds.
    let root = format!("<episode-{}@{domain}>", envelope.episode);
    mail = exact(mail, "Message-ID", format!("<{id}@{domain}>"));
    mail = exact(mail, "In-Reply-To", root.clone());
    mail = exact(mail, "References", root);
    mail = exact(mail, "List-Id", head.list.clone());
    mail = exact(mail, "Auto-Submitted", "auto-generated".to_owned());
    mail = exact(mail, "X-Auto-Response-Suppress", "All".to_owned());
    if message.severity == Severity::Critical {
        mail = exact(mail, "Importance", "high".to_owned());
        mail = exact(mail, "X-Priority", "1".to_owned());
    }
    for (name, value) in filters(message) {
        mail = mail.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), line::header(&value)));
    }

    let chart = words.chart(message).map(|image| (format!("chart-{id}@{domain}"), image));
    let text = line::several(&words.text(message)?);
    let html = line::several(&words.html(message, chart.as_ref().map(|(cid, _)| cid.as_str()))?);
    let alternatives = multipart("alternative", "", id)?.singlepart(part(ContentType::TEXT_PLAIN, text));
    let html = part(ContentType::TEXT_HTML, html);
    let alternatives = match chart {
        None => alternatives.singlepart(html),
        Some((cid, image)) => {
            let image = Attachment::new_inline_with_name(cid, "chart.png".to_owned())
                .body(image, content_type("image/png")?);
            let related =
                multipart("related", "; type=\"text/html\"", id)?.singlepart(html).singlepart(image);
            alternatives.multipart(related)
        }
    };
    let mail = mail
        .multipart(alternatives)
        .map_err(|error| RenderError(format!("the mail has no form: {error}")))?;
    Ok(mail.formatted())
}

/// A header whose value is ours, in ASCII and short: neither encoded nor folded.
fn exact(mail: MessageBuilder, name: &'static str, value: String) -> MessageBuilder {
    let name = HeaderName::new_from_ascii_str(name);
    mail.raw_header(HeaderValue::dangerous_new_pre_encoded(name, value.clone(), value))
}

/// What people make rules of in their mail program.
fn filters(message: &Message) -> Vec<(&'static str, String)> {
    let severity = match message.severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    };
    let mut headers = vec![("X-Proxymeter-Severity", severity.to_owned())];
    let mut add = |name, value: &str| headers.push((name, value.to_owned()));
    match &message.content {
        Content::Budget(news) => {
            add("X-Proxymeter-Type", "budget");
            add("X-Proxymeter-Budget", &news.budget);
            let status = match news.status {
                Status::Firing => "firing",
                Status::Resolved => "resolved",
                Status::Info => "info",
            };
            add("X-Proxymeter-Status", status);
            if let Some(worst) = news.items.first() {
                add("X-Proxymeter-Kind", kind(&worst.said));
            }
        }
        Content::Operation(_) => add("X-Proxymeter-Type", "operation"),
        Content::Digest(_) => add("X-Proxymeter-Type", "digest"),
        Content::Drill { .. } => add("X-Proxymeter-Type", "drill"),
    }
    headers
}

const fn kind(said: &Said) -> &'static str {
    match said {
        Said::Over { .. } => "over",
        Said::Ended { .. } => "ended",
        Said::Closed => "closed",
        Said::Allowance { .. } => "allowance",
        Said::Unjudged { .. } => "unjudged",
        Said::Judged { .. } => "judged",
        Said::Proposed { .. } => "proposed",
        Said::Acted { .. } => "acted",
    }
}

/// A text as quoted-printable, whatever is in it: then no line of it can be a boundary, too long, or end in a blank.
fn part(content_type: ContentType, text: String) -> SinglePart {
    SinglePart::builder().header(content_type).header(ContentTransferEncoding::QuotedPrintable).body(text)
}

/// Parts between boundaries made of the notice's id; quoted-printable has no `=_`.
fn multipart(kind: &str, more: &str, id: impl std::fmt::Display) -> Result<MultiPart, RenderError> {
    let content_type = content_type(&format!("multipart/{kind}{more}; boundary=\"=_{kind}_{id}\""))?;
    Ok(MultiPart::builder().header(content_type).build())
}

fn content_type(text: &str) -> Result<ContentType, RenderError> {
    ContentType::parse(text).map_err(|error| RenderError(format!("the mail has no form: {text}: {error}")))
}
