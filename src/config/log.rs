//! `[log]`: what is written to standard error, and how.

use super::complaint::Complaint;
use super::nearest::nearest;
use super::reader::Section;

/// The levels, from silent to chatty.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: one object a line.
    Json,
}

/// The log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// How a line looks.
    pub format: LogFormat,
    /// Directives as tracing-subscriber's `EnvFilter` takes them: `info`, or `info,proxymeter::web=debug`.
    pub level: String,
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: DEFAULT_LEVEL.to_owned() }
    }
}

/// The level when nothing is said.
const DEFAULT_LEVEL: &str = "info";

pub(super) fn read(root: &Section<'_>) -> Log {
    let section = root.section("log");
    let level =
        section.parse("level", "a level such as \"info\" or \"info,proxymeter::web=debug\"", |text| {
            text.split(',').try_for_each(check_directive).map(|()| text.to_owned())
        });
    Log {
        format: section
            .choice("format", &[("text", LogFormat::Text), ("json", LogFormat::Json)])
            .unwrap_or_default(),
        level: level.unwrap_or_else(|| DEFAULT_LEVEL.to_owned()),
    }
}

/// A level, or a module and its level.
///
/// `EnvFilter` would take a misspelt level for the name of a module, and fall silent.
fn check_directive(directive: &str) -> Result<(), Complaint> {
    let (module, level) = match directive.trim().rsplit_once('=') {
        Some((module, level)) => (module, level),
        None => ("proxymeter", directive.trim()),
    };
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    if module.is_empty() || !module.chars().all(named) {
        return Err(Complaint::shape());
    }
    if LEVELS.contains(&level) {
        return Ok(());
    }
    let known = format!("levels: {}", LEVELS.join(", "));
    Err(Complaint::shape().advise(match nearest(level, LEVELS) {
        Some(near) => format!("did you mean \"{near}\"? {known}"),
        None => known,
    }))
}
