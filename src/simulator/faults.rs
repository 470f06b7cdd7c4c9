//! Answers that lie, come late or not at all: rules, and which of them a call meets.

use jiff::SignedDuration;

use super::operation::Operation;
use super::workload::{mix, seed_of};

/// When to misbehave, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct FaultRule {
    /// The account's name; any where nothing is said.
    pub account: Option<String>,
    /// The operation as the books call it, `reads` or `writes`; any where nothing is said.
    pub operation: Option<String>,
    /// How many calls that match are answered well first.
    pub skip: u64,
    /// How many times it happens; for ever where nothing is said.
    pub count: Option<u64>,
    /// The chance of each call, 0 to 1; drawn from the rule's place and the number of the call, so that runs agree.
    pub probability: f64,
    /// What happens.
    pub fault: Fault,
}

impl FaultRule {
    /// A fault of every call.
    #[must_use]
    pub const fn always(fault: Fault) -> Self {
        Self { account: None, operation: None, skip: 0, count: None, probability: 1.0, fault }
    }
}

/// What a vendor, or what lies between, can do to a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The answer comes late. Goes together with another fault.
    Latency(SignedDuration),
    /// The header `Date` is off. Goes together with another fault.
    Date(SignedDuration),
    /// An answer with this status instead, such as 401, 403, 429 or 503.
    Status(u16, Option<RetryAfter>),
    /// Half of the answer, then nothing more, for ever.
    Hang,
    /// A connection that says nothing, for ever.
    Silent,
    /// Half of the answer, then the connection ends.
    Break,
    /// Half of the answer as if it were whole.
    Truncate,
    /// The call is carried out and the connection ends without an answer.
    LoseAnswer,
    /// A write is answered as if carried out, and is not.
    IgnoreWrite,
    /// A write's limit is rounded to whole gigabytes.
    RoundWrite,
    /// Lists and single records know of a write only so much later. Goes together with another fault.
    Late(SignedDuration),
    /// An HTML page with 200.
    Html,
    /// Lists without rows.
    Empty,
    /// Lists with fewer than half of their rows.
    Halve,
    /// Lists with so much of their rows, from 0 to 1, rounded down.
    Cut(f64),
    /// Every figure of usage is 0.
    Zeros,
    /// A body of so many bytes.
    Huge(u64),
    /// A small body that unpacks to so many bytes.
    GzipBomb(u64),
    /// JSON so many arrays deep.
    Nested(u32),
    /// A redirect to this address.
    Redirect(String),
}

/// The header `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// As seconds.
    Seconds(SignedDuration),
    /// As an HTTP date that lies so far ahead.
    Date(SignedDuration),
}

impl Fault {
    /// The name in scenario files and in `POST /-/faults`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Date(_) => "date",
            Self::Status(..) => "status",
            Self::Hang => "hang",
            Self::Silent => "silent",
            Self::Break => "break",
            Self::Truncate => "truncate",
            Self::LoseAnswer => "lose-answer",
            Self::IgnoreWrite => "ignore-write",
            Self::RoundWrite => "round-write",
            Self::Late(_) => "late",
            Self::Html => "html",
            Self::Empty => "empty",
            Self::Halve => "halve",
            Self::Cut(_) => "cut",
            Self::Zeros => "zeros",
            Self::Huge(_) => "huge",
            Self::GzipBomb(_) => "gzip-bomb",
            Self::Nested(_) => "nested",
            Self::Redirect(_) => "redirect",
        }
    }

    /// Whether the vendor carries the call out; otherwise something before it answers, or does not.
    pub(super) const fn is_carried_out(&self) -> bool {
        !matches!(
            self,
            Self::Status(..)
                | Self::Silent
                | Self::Html
                | Self::Huge(_)
                | Self::GzipBomb(_)
                | Self::Nested(_)
                | Self::Redirect(_)
        )
    }

    /// The status that leaves, where it is another than the vendor's; 0 is none at all.
    pub(super) const fn status(&self) -> Option<u16> {
        match self {
            Self::Status(status, _) => Some(*status),
            Self::Silent | Self::LoseAnswer => Some(0),
            Self::Html | Self::Huge(_) | Self::GzipBomb(_) | Self::Nested(_) => Some(200),
            Self::Redirect(_) => Some(302),
            _ => None,
        }
    }

    /// Whether another fault may happen to the same call.
    const fn goes_together(&self) -> bool {
        matches!(self, Self::Latency(_) | Self::Date(_) | Self::Late(_))
    }

    const fn is_for_writes(&self) -> bool {
        matches!(self, Self::IgnoreWrite | Self::RoundWrite | Self::Late(_))
    }
}

/// The rules in force, and how often each was met.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    rules: Vec<(FaultRule, Met)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Met {
    matched: u64,
    happened: u64,
}

impl Faults {
    pub(super) fn new(rules: &[FaultRule]) -> Self {
        Self { rules: rules.iter().map(|rule| (rule.clone(), Met::default())).collect() }
    }

    pub(super) fn add(&mut self, rule: FaultRule) {
        self.rules.push((rule, Met::default()));
    }

    pub(super) fn clear(&mut self) {
        self.rules.clear();
    }

    /// Each rule's fault, and how often it happened.
    pub(super) fn happened(&self) -> impl Iterator<Item = (&FaultRule, u64)> {
        self.rules.iter().map(|(rule, met)| (rule, met.happened))
    }

    /// What happens to a call: the first rule that it meets, and what goes together with it.
    pub(super) fn of(&mut self, account: &str, operation: Operation) -> Vec<Fault> {
        let mut faults: Vec<Fault> = Vec::new();
        for (place, (rule, met)) in self.rules.iter_mut().enumerate() {
            let is_taken = !rule.fault.goes_together() && faults.iter().any(|fault| !fault.goes_together());
            if !is_taken && rule.matches(account, operation) && met.happens(rule, place as u64) {
                faults.push(rule.fault.clone());
            }
        }
        faults
    }
}

impl FaultRule {
    fn matches(&self, account: &str, operation: Operation) -> bool {
        let is_account = self.account.as_deref().is_none_or(|name| name == account);
        let is_operation = match self.operation.as_deref() {
            None => true,
            Some("reads") => !operation.is_write(),
            Some("writes") => operation.is_write(),
            Some(name) => name == operation.name(),
        };
        is_account && is_operation && (operation.is_write() || !self.fault.is_for_writes())
    }
}

impl Met {
    fn happens(&mut self, rule: &FaultRule, place: u64) -> bool {
        self.matched += 1;
        if self.matched <= rule.skip || rule.count.is_some_and(|count| self.happened >= count) {
            return false;
        }
        let drawn = mix(seed_of(rule.fault.name()) ^ place, self.matched) as f64 / u64::MAX as f64;
        let happens = rule.probability >= 1.0 || drawn < rule.probability;
        self.happened += u64::from(happens);
        happens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_match_skip_count_and_draw() {
        let rule = FaultRule {
            account: Some("a".into()),
            operation: Some("writes".into()),
            skip: 1,
            count: Some(2),
            ..FaultRule::always(Fault::IgnoreWrite)
        };
        let mut faults = Faults::new(&[rule, FaultRule::always(Fault::Latency(SignedDuration::ZERO))]);
        let late = vec![Fault::Latency(SignedDuration::ZERO)];
        let ignored = vec![Fault::IgnoreWrite, late[0].clone()];
        let write = Operation::UpdateSubUser;
        assert_eq!(faults.of("b", write), late);
        assert_eq!(faults.of("a", Operation::ListSubUsers), late);
        let seen: Vec<_> = (0..4).map(|_| faults.of("a", write)).collect();
        assert_eq!(seen, [late.clone(), ignored.clone(), ignored, late]);

        let rule = FaultRule { probability: 0.25, ..FaultRule::always(Fault::Html) };
        let draw =
            |mut faults: Faults| -> Vec<_> { (0..1000).map(|_| faults.of("a", write).len()).collect() };
        let drawn = draw(Faults::new(std::slice::from_ref(&rule)));
        assert!((200..300).contains(&drawn.iter().sum::<usize>()));
        assert_eq!(drawn, draw(Faults::new(&[rule])));
    }
}
