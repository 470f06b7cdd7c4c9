//! When a collector looks: cron expressions of six fields, seconds first, in UTC.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use croner::parser::{CronParser, Seconds};
use jiff::Timestamp;

/// A checked cron expression that is due again and again.
#[derive(Clone, Debug)]
pub struct Cron {
    text: String,
    parsed: croner::Cron,
}

/// How many occurrences are looked at for the longest pause between two.
const OCCURRENCES_LOOKED_AT: usize = 200;

impl Cron {
    /// The expression as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first moment after `after` at which it is due.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let after =
            DateTime::<Utc>::from_timestamp(after.as_second(), after.subsec_nanosecond().unsigned_abs())?;
        let next = self.parsed.find_next_occurrence(&after, false).ok()?;
        Timestamp::from_second(next.timestamp()).ok()
    }

    /// The longest pause between two of the next occurrences, seen from `from`.
    #[must_use]
    pub fn longest_pause(&self, from: Timestamp) -> Duration {
        let mut longest = Duration::ZERO;
        let mut last = None;
        let mut cursor = from;
        for _ in 0..OCCURRENCES_LOOKED_AT {
            let Some(next) = self.next_after(cursor) else { break };
            if let Some(last) = last {
                longest = longest.max(next.duration_since(last).unsigned_abs());
            }
            last = Some(next);
            cursor = next;
        }
        longest
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Cron {}

/// Why a text is no schedule; the text says what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Five fields, as crontab has them.
    #[error("five fields, but the seconds come first here: write \"0 {0}\"")]
    SecondsMissing(String),
    /// Neither six fields nor seven.
    #[error(
        "expected six fields (second minute hour day month weekday), such as \"0 */5 * * * *\" for every five minutes, found {0}"
    )]
    FieldCount(usize),
    /// A field out of range or with a strange character.
    #[error(
        "{0}; expected six fields (second minute hour day month weekday), such as \"0 */5 * * * *\" for every five minutes"
    )]
    Field(String),
    /// A date such as the 31st of February.
    #[error("it is never due: no such date comes")]
    NeverDue,
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let text = text.trim();
        let fields = text.split_whitespace().count();
        match fields {
            5 => return Err(CronError::SecondsMissing(text.to_owned())),
            1 if text.starts_with('@') => {}
            6 | 7 => {}
            other => return Err(CronError::FieldCount(other)),
        }
        // The settings are those of tokio-cron-scheduler, so that both understand the same.
        let parsed = CronParser::builder()
            .seconds(Seconds::Required)
            .dom_and_dow(true)
            .build()
            .parse(text)
            .map_err(|error| CronError::Field(lower_first(&error.to_string())))?;
        let cron = Self { text: text.to_owned(), parsed };
        // Any moment will do: what is due once in eight years is found from each.
        cron.next_after(Timestamp::UNIX_EPOCH).ok_or(CronError::NeverDue)?;
        Ok(cron)
    }
}

fn lower_first(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_next_time_is_found() {
        let five: Cron = "0 */5 * * * *".parse().unwrap();
        assert_eq!(five.next_after(at("2026-01-31T23:57:12Z")), Some(at("2026-02-01T00:00:00Z")));
        assert_eq!(five.next_after(at("2026-01-31T23:55:00Z")), Some(at("2026-02-01T00:00:00Z")));
        assert_eq!(five.longest_pause(at("2026-01-31T23:57:12Z")), Duration::from_secs(300));
    }

    #[test]
    fn the_longest_pause_of_an_uneven_schedule_counts() {
        let office: Cron = "0 0 8-17 * * MON-FRI".parse().unwrap();
        let weekend = Duration::from_secs((24 + 24 + 15) * 3600);
        assert_eq!(office.longest_pause(at("2026-11-16T00:00:00Z")), weekend);
    }

    #[test]
    fn mistakes_say_what_to_write() {
        for (text, message) in [
            ("*/5 * * * *", "five fields, but the seconds come first here: write \"0 */5 * * * *\""),
            (
                "5m",
                "expected six fields (second minute hour day month weekday), such as \"0 */5 * * * *\" for every five minutes, found 1",
            ),
            ("0 0 0 31 2 *", "it is never due: no such date comes"),
        ] {
            assert_eq!(text.parse::<Cron>().unwrap_err().to_string(), message, "{text}");
        }
        for text in ["0 61 * * * *", "0 x * * * *", "", "0 */0 * * * *"] {
            assert!(text.parse::<Cron>().is_err(), "{text}");
        }
    }
}
