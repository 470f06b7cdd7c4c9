//! Fault rules as text: `POST /-/faults` takes them as JSON, a scenario file as tables with the same keys.

use jiff::SignedDuration;
use serde::Deserialize;

use super::faults::{Fault, FaultRule, RetryAfter};
use super::operation::Operation;

/// What may be written; which of the parameters a fault takes, [`RawFault::check`] knows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawFault {
    pub(super) fault: Option<String>,
    pub(super) account: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) skip: Option<u64>,
    pub(super) count: Option<u64>,
    pub(super) probability: Option<f64>,
    pub(super) delay: Option<String>,
    pub(super) offset: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) retry_after: Option<String>,
    pub(super) retry_after_date: Option<bool>,
    pub(super) bytes: Option<u64>,
    pub(super) depth: Option<u32>,
    pub(super) to: Option<String>,
    pub(super) share: Option<f64>,
}

/// Each fault with the parameters that it takes.
pub(super) const FAULTS: [(&str, &[&str]); 20] = [
    ("latency", &["delay"]),
    ("date", &["offset"]),
    ("status", &["status", "retry_after", "retry_after_date"]),
    ("hang", &[]),
    ("silent", &[]),
    ("break", &[]),
    ("truncate", &[]),
    ("lose-answer", &[]),
    ("ignore-write", &[]),
    ("round-write", &[]),
    ("late", &["delay"]),
    ("html", &[]),
    ("empty", &[]),
    ("halve", &[]),
    ("cut", &["share"]),
    ("zeros", &[]),
    ("huge", &["bytes"]),
    ("gzip-bomb", &["bytes"]),
    ("nested", &["depth"]),
    ("redirect", &["to"]),
];

/// A key, and what is wrong with it.
pub(super) type Problem = (&'static str, String);

impl RawFault {
    /// The rule, or the first mistake.
    pub(super) fn check(&self) -> Result<FaultRule, Problem> {
        let name = self.fault.as_deref().ok_or(("fault", "is missing".to_owned()))?;
        let Some((_, takes)) = FAULTS.iter().find(|(known, _)| *known == name) else {
            return Err(("fault", unknown(name, FAULTS.iter().map(|(known, _)| *known))));
        };
        for (key, is_set) in self.parameters() {
            if is_set && !takes.contains(&key) {
                return Err((key, format!("is not a parameter of {name}")));
            }
        }
        if let Some(operation) = &self.operation {
            let known = || Operation::ALL.iter().map(|operation| operation.name()).chain(["reads", "writes"]);
            if !known().any(|known| known == operation) {
                return Err(("operation", unknown(operation, known())));
            }
        }
        let probability = self.probability.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&probability) {
            return Err(("probability", "must be from 0 to 1".into()));
        }
        Ok(FaultRule {
            account: self.account.clone(),
            operation: self.operation.clone(),
            skip: self.skip.unwrap_or(0),
            count: self.count,
            probability,
            fault: self.fault(name)?,
        })
    }

    fn parameters(&self) -> [(&'static str, bool); 9] {
        [
            ("delay", self.delay.is_some()),
            ("offset", self.offset.is_some()),
            ("status", self.status.is_some()),
            ("retry_after", self.retry_after.is_some()),
            ("retry_after_date", self.retry_after_date.is_some()),
            ("bytes", self.bytes.is_some()),
            ("depth", self.depth.is_some()),
            ("to", self.to.is_some()),
            ("share", self.share.is_some()),
        ]
    }

    fn fault(&self, name: &str) -> Result<Fault, Problem> {
        Ok(match name {
            "latency" => Fault::Latency(required("delay", self.delay.as_deref())?),
            "date" => Fault::Date(required("offset", self.offset.as_deref())?),
            "status" => {
                let status = self.status.filter(|status| (400..600).contains(status));
                let status = status.ok_or(("status", "must be a number from 400 to 599".to_owned()))?;
                let after =
                    self.retry_after.as_deref().map(|text| duration("retry_after", text)).transpose()?;
                let in_form =
                    if self.retry_after_date == Some(true) { RetryAfter::Date } else { RetryAfter::Seconds };
                Fault::Status(status, after.map(in_form))
            }
            "hang" => Fault::Hang,
            "silent" => Fault::Silent,
            "break" => Fault::Break,
            "truncate" => Fault::Truncate,
            "lose-answer" => Fault::LoseAnswer,
            "ignore-write" => Fault::IgnoreWrite,
            "round-write" => Fault::RoundWrite,
            "late" => Fault::Late(required("delay", self.delay.as_deref())?),
            "html" => Fault::Html,
            "empty" => Fault::Empty,
            "halve" => Fault::Halve,
            "cut" => {
                let share = self.share.filter(|share| (0.0..=1.0).contains(share));
                Fault::Cut(share.ok_or(("share", "must be from 0 to 1".to_owned()))?)
            }
            "zeros" => Fault::Zeros,
            "huge" => Fault::Huge(self.bytes.unwrap_or(2_000_000_000)),
            "gzip-bomb" => Fault::GzipBomb(self.bytes.unwrap_or(10_000_000_000)),
            "nested" => Fault::Nested(self.depth.unwrap_or(100_000)),
            // Port 9 is discard: nobody should ever follow.
            _ => Fault::Redirect(self.to.clone().unwrap_or_else(|| "http://127.0.0.1:9/".into())),
        })
    }
}

/// A length of time such as `90s`, `1h30m` or `13d2h`; a day has 24 hours.
pub(super) fn duration(key: &'static str, text: &str) -> Result<SignedDuration, Problem> {
    let read = || {
        let Some((days, rest)) = text.split_once('d') else { return text.parse().ok() };
        let days = SignedDuration::from_hours(24 * i64::from(days.parse::<u16>().ok()?));
        if rest.is_empty() { Some(days) } else { days.checked_add(rest.parse().ok()?) }
    };
    read().ok_or_else(|| (key, "must be a duration such as \"90s\", \"5m\" or \"1h30m\"".to_owned()))
}

/// Says that a word is not known, and the nearest that is.
pub(super) fn unknown<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<_> = known.collect();
    known.sort_by(|one, other| strsim::jaro(other, word).total_cmp(&strsim::jaro(one, word)));
    match known.first() {
        None => format!("\"{word}\" is not known; there is none"),
        Some(nearest) if strsim::jaro(nearest, word) > 0.7 => {
            format!("\"{word}\" is not known; did you mean \"{nearest}\"?")
        }
        _ => {
            known.sort_unstable();
            format!("\"{word}\" is not known; one of {}", known.join(", "))
        }
    }
}

fn required(key: &'static str, text: Option<&str>) -> Result<SignedDuration, Problem> {
    duration(key, text.ok_or((key, "is missing".to_owned()))?)
}
