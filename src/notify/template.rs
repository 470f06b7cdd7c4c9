//! What people read: the title, the text and the HTML of a message, by our templates or the operator's own.
//!
//! A template sees the message's JSON (`docs/RECEIVERS.md`), in which every text is one harmless line; what it writes is
//! bounded, and so is how long it runs. An operator's template that fails on a message gives way to ours: a message that
//! looks other than wished is better than none, and `check` tells of it before.

pub(in crate::notify) mod clean;
mod context;
mod filters;
mod render;
mod table;
mod words;

use std::fmt;

use jiff::tz::TimeZone;
use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::chart::{self, Sizes};
use super::message::samples::samples;
use super::message::{Content, Digest, Message};
pub use render::TemplateError;

/// What marks a drill.
const DRILL: &str = "DRILL";

/// Characters of a title.
const TITLE: usize = 300;

/// Characters of one text of a message; shorter where a mail would not fit otherwise.
const LONGEST: [usize; 3] = [400, 150, 60];

/// What stands in place of our templates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The title, and the subject of mails.
    pub title: Option<String>,
    /// The text.
    pub text: Option<String>,
    /// The HTML of mails.
    pub html: Option<String>,
}

/// One of the templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One line.
    Title,
    /// Text.
    Text,
    /// HTML for mails.
    Html,
}

impl Part {
    /// Every template.
    pub const ALL: [Self; 3] = [Self::Title, Self::Text, Self::Html];

    /// The name by which the configuration has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Text => "text",
            Self::Html => "html",
        }
    }

    /// The name under which the engine has what is used; its end decides what is escaped.
    const fn file(self) -> &'static str {
        match self {
            Self::Title => "title.txt",
            Self::Text => "text.txt",
            Self::Html => "mail.html",
        }
    }

    /// The name under which it has ours, which the operator's may extend or include.
    const fn built_in(self) -> &'static str {
        match self {
            Self::Title => "built-in/title.txt",
            Self::Text => "built-in/text.txt",
            Self::Html => "built-in/mail.html",
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::Title => include_str!("template/title.txt"),
            Self::Text => include_str!("template/text.txt"),
            Self::Html => include_str!("template/mail.html"),
        }
    }
}

/// What is wrong with a template on a sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The sample, such as `firing`.
    pub sample: &'static str,
    /// What is wrong, and where.
    pub error: TemplateError,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (with a message such as {:?})", self.error, self.sample)
    }
}

/// The templates of one receiver.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    zone: TimeZone,
    is_own: [bool; 3],
}

impl Templates {
    /// Our templates with `overrides` in place of some; moments are told in `zone`.
    ///
    /// # Errors
    /// A template that cannot be read.
    pub fn new(overrides: Overrides, zone: TimeZone) -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        // Delimiters are as ever, which is all that could be wrong with a syntax.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.unwrap_or_default());
        environment.set_fuel(Some(render::FUEL));
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") { AutoEscape::Html } else { AutoEscape::None }
        });
        filters::add(&mut environment, &zone);
        let own = [overrides.title, overrides.text, overrides.html];
        let is_own = [own[0].is_some(), own[1].is_some(), own[2].is_some()];
        for (part, own) in Part::ALL.into_iter().zip(own) {
            let failed = |error: minijinja::Error| TemplateError::of(part, &error);
            environment.add_template(part.built_in(), part.source()).map_err(failed)?;
            match own {
                Some(own) => environment.add_template_owned(part.file(), own).map_err(failed)?,
                None => environment.add_template(part.file(), part.source()).map_err(failed)?,
            }
        }
        Ok(Self { environment, zone, is_own })
    }

    /// The title: one line of at most 300 characters; that of a drill is marked.
    ///
    /// # Errors
    /// Our own template fails, which it does on no sample.
    pub fn title(&self, message: &Message) -> Result<String, TemplateError> {
        let title = self.render(Part::Title, message, None)?;
        let mark = format!("[{DRILL}]");
        if matches!(message.content, Content::Drill { .. }) && !title.starts_with(&mark) {
            return Ok(clean::line(&format!("{mark} {title}"), TITLE));
        }
        Ok(title)
    }

    /// The subject of a mail: the title after how loud it is in brackets, unless the operator has a title of their own.
    ///
    /// # Errors
    /// As for the title.
    pub fn subject(&self, message: &Message) -> Result<String, TemplateError> {
        let title = self.title(message)?;
        let is_tagged = self.is_own[0] || matches!(message.content, Content::Drill { .. });
        if is_tagged {
            return Ok(title);
        }
        Ok(clean::line(&format!("[{}] {title}", context::tag(message)), TITLE))
    }

    /// The rows of a digest as lines that may wrap.
    fn digest_lines(digest: &Digest) -> Vec<String> {
        let mut lines = table::in_lines(digest);
        if lines.is_empty() {
            lines.push("There is no budget with a figure yet.".to_owned());
        }
        if digest.more > 0 {
            lines.push(format!("and {} more", digest.more));
        }
        lines
    }

    /// Whether the operator has a text of their own.
    fn has_own_text(&self) -> bool {
        self.is_own[1]
    }

    /// The text, of at most 100,000 characters.
    ///
    /// # Errors
    /// Our own template fails, which it does on no sample.
    pub fn text(&self, message: &Message) -> Result<String, TemplateError> {
        self.render(Part::Text, message, None)
    }

    /// The text without the title as its first line, for where the title stands above it anyway.
    ///
    /// # Errors
    /// As for the text.
    pub fn below_title(&self, message: &Message) -> Result<String, TemplateError> {
        let text = self.text(message)?;
        let title = clean::line(&message.title, LONGEST[0]);
        let marked = format!("[{DRILL}] {title}");
        match text.split_once('\n') {
            Some((first, rest)) if first == title || first == marked => Ok(rest.to_owned()),
            _ => Ok(text),
        }
    }

    /// The HTML, of at most 500 kB; a chart is looked for under `cid:` and `chart_cid`.
    ///
    /// # Errors
    /// Our own template fails, which it does on no sample.
    pub fn html(&self, message: &Message, chart_cid: Option<&str>) -> Result<String, TemplateError> {
        self.render(Part::Html, message, chart_cid)
    }

    /// The chart as PNG, where the message has one.
    #[must_use]
    pub fn chart(&self, message: &Message) -> Option<Vec<u8>> {
        let chart = match &message.content {
            Content::Budget(news) => news.chart.as_ref(),
            Content::Digest(digest) => digest.chart.as_ref(),
            Content::Operation(_) | Content::Drill { .. } => None,
        };
        let sizes = Sizes { zone: self.zone.clone(), ..Sizes::default() };
        match chart::png(chart?, &sizes) {
            Ok(picture) => Some(picture),
            Err(error) => {
                tracing::warn!(%error, title = message.title, "a message goes without its chart");
                None
            }
        }
    }

    /// Renders every template with every sample, and gives back what is wrong: of each template the first of each kind.
    #[must_use]
    pub fn check(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        for (sample, message) in samples() {
            for part in Part::ALL {
                let cid = (part == Part::Html).then_some("chart");
                let Err(error) = self.render_by(part.file(), part, &message, cid) else { continue };
                if !problems.iter().any(|problem| problem.error == error) {
                    problems.push(Problem { sample, error });
                }
            }
        }
        problems
    }

    fn render(&self, part: Part, message: &Message, cid: Option<&str>) -> Result<String, TemplateError> {
        match self.render_by(part.file(), part, message, cid) {
            Err(error) if self.is_own[part as usize] => {
                tracing::warn!(%error, title = message.title, "a message is told by the built-in template");
                self.render_by(part.built_in(), part, message, cid)
            }
            result => result,
        }
    }
}

#[cfg(test)]
mod tests;
