//! When something follows from a budget, and what.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::amount::Share;
use crate::domain::units::Size;

/// How loud a notice is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// For the record.
    Info,
    /// For the working day.
    #[default]
    Warning,
    /// For now.
    Critical,
}

impl Severity {
    /// Every severity, from quiet to loud.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The word in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How fast is too fast: so many times the pace that would just last, over both windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BurnRule {
    /// Times the pace that would just last, as a share.
    pub factor: Share,
    /// The window that keeps one spike from counting.
    pub long: Duration,
    /// The window that ends the incident soon after the burning ends.
    pub short: Duration,
}

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// This share of the amount is used.
    Used(Share),
    /// This share of the amount will be used by the period's end.
    Forecast(Share),
    /// Traffic burns too fast.
    Burn(BurnRule),
    /// There is no limit at the vendor, or one that it does not enforce.
    Uncapped,
    /// Nothing was used for so long, by one who normally uses.
    Silent(Duration),
}

/// What a condition is about: of several that are met, the highest of each kind is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Used shares.
    Used,
    /// Forecast shares.
    Forecast,
    /// Burn factors.
    Burn,
    /// Missing caps.
    Uncapped,
    /// Silence.
    Silent,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Used, Self::Forecast, Self::Burn, Self::Uncapped, Self::Silent];

    /// The key in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Used => "used",
            Self::Forecast => "forecast",
            Self::Burn => "burn",
            Self::Uncapped => "uncapped",
            Self::Silent => "silent",
        }
    }
}

impl Condition {
    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Used(_) => Kind::Used,
            Self::Forecast(_) => Kind::Forecast,
            Self::Burn(_) => Kind::Burn,
            Self::Uncapped => Kind::Uncapped,
            Self::Silent(_) => Kind::Silent,
        }
    }

    /// Which of two conditions of a kind is the graver.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Used(one), Self::Used(two)) | (Self::Forecast(one), Self::Forecast(two)) => one.cmp(two),
            (Self::Burn(one), Self::Burn(two)) => one.factor.cmp(&two.factor),
            (Self::Silent(one), Self::Silent(two)) => one.cmp(two),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

/// As the operator writes it, such as `used = "80%"`.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |share: &Share| share.to_string().replace(' ', "");
        let text = match self {
            Self::Used(used) => format!("used = \"{}\"", share(used)),
            Self::Forecast(used) => format!("forecast = \"{}\"", share(used)),
            Self::Burn(rule) => format!("burn = \"{rule}\""),
            Self::Uncapped => "uncapped = true".to_owned(),
            Self::Silent(window) => format!("silent = \"{}\"", span_in_words(*window)),
        };
        f.pad(&text)
    }
}

/// As the operator writes it, such as `6x over 3h and 30m`.
impl fmt::Display for BurnRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!(
            "{}x over {} and {}",
            self.factor.ratio(),
            span_in_words(self.long),
            span_in_words(self.short)
        );
        f.pad(&text)
    }
}

/// A span as configuration takes it, in whole seconds.
#[must_use]
pub fn span_in_words(span: Duration) -> String {
    let mut rest = span.as_secs();
    let mut text = String::new();
    for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest >= seconds {
            text.push_str(&format!("{}{unit}", rest / seconds));
            rest %= seconds;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// What is done at the vendor, and how far it goes without a person; kept here, done elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// What is done.
    pub what: ActionKind,
    /// Whether it is done, asked for, or only told.
    pub mode: Mode,
    /// How long a person has to approve; nothing: for as long as the threshold holds.
    pub approve_within: Option<Duration>,
    /// How long it is announced before it is done; nothing: not at all.
    pub countdown: Option<Duration>,
}

/// What is done at the vendor; it only ever lowers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// No more traffic.
    Freeze,
    /// The vendor's counter may reach this size.
    Limit(Size),
}

/// The word in configuration.
impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Freeze => f.pad("freeze"),
            Self::Limit(size) => f.pad(&format!("limit {size}")),
        }
    }
}

/// How far an action goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What would be done is told.
    #[default]
    Observe,
    /// A person approves first.
    Approve,
    /// It is done.
    Enforce,
}

impl Mode {
    /// Every mode, from harmless to final.
    pub const ALL: [Self; 3] = [Self::Observe, Self::Approve, Self::Enforce];

    /// The word in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Approve => "approve",
            Self::Enforce => "enforce",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One step of a budget; its name is the label `threshold` and the latch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// The key in configuration.
    pub name: Arc<str>,
    /// What is judged.
    pub when: Condition,
    /// How long it must hold before it fires; the key `for`.
    pub hold: Duration,
    /// The part of the threshold below which an incident ends; the key `clear`.
    pub clear: Share,
    /// How loud.
    pub severity: Severity,
    /// The receivers by name.
    pub notify: Vec<Arc<str>>,
    /// What is done at the vendor.
    pub action: Option<Action>,
}

impl Threshold {
    /// The part of a threshold below which an incident ends where the operator says nothing.
    pub const CLEAR: Share = Share::percent(95);

    /// A threshold with nothing but a name and a condition.
    #[must_use]
    pub fn new(name: &str, when: Condition) -> Self {
        Self {
            name: name.into(),
            when,
            hold: Duration::ZERO,
            clear: Self::CLEAR,
            severity: Severity::default(),
            notify: Vec::new(),
            action: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(hours: u64) -> Duration {
        Duration::from_secs(hours * 3_600)
    }

    #[test]
    fn conditions_read_as_they_are_written() {
        let rule =
            BurnRule { factor: Share::percent(650), long: hours(3), short: Duration::from_secs(1_800) };
        for (condition, text) in [
            (Condition::Used(Share::percent(80)), "used = \"80%\""),
            (Condition::Forecast("99.5%".parse().unwrap()), "forecast = \"99.5%\""),
            (Condition::Burn(rule), "burn = \"6.5x over 3h and 30m\""),
            (Condition::Uncapped, "uncapped = true"),
            (Condition::Silent(hours(36)), "silent = \"1d12h\""),
            (Condition::Silent(Duration::ZERO), "silent = \"0s\""),
        ] {
            assert_eq!(condition.to_string(), text);
        }
    }

    #[test]
    fn actions_read_as_they_are_written() {
        assert_eq!(ActionKind::Freeze.to_string(), "freeze");
        for (written, text) in [
            ("55GB", "limit 55GB"),
            ("1.5TB", "limit 1.5TB"),
            ("1500GB", "limit 1500GB"),
            ("2PB", "limit 2PB"),
            ("250 MB", "limit 250MB"),
            ("0.25GB", "limit 0.25GB"),
            ("50GiB", "limit 50GiB"),
            ("1000 bytes", "limit 1000 bytes"),
            ("0GB", "limit 0GB"),
        ] {
            let size: Size = written.parse().unwrap();
            assert_eq!(ActionKind::Limit(size).to_string(), text, "{written}");
            assert_eq!(size.to_string().parse(), Ok(size), "{written}");
        }
    }
}
