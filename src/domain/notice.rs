//! What people are told: facts with the words made of them, so that a mail, a card and a machine read the same.
//!
//! Only [`News`] can speak of budgets: what proxymeter says of itself has no field for a breach (F33).

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::account::AccountName;
use super::budget::threshold::Severity;
use super::event::Subject;
use super::incident::End;
use super::units::Bytes;

/// Items that a notice names; of more, the number is said.
pub const NAMED: usize = 20;

/// A message to one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Who hears it.
    pub receiver: Arc<str>,
    /// How loud it is.
    pub severity: Severity,
    /// Whether quiet hours do not hold it back.
    pub is_urgent: bool,
    /// The one line that says what matters.
    pub title: String,
    /// What it is about.
    pub content: Content,
}

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A budget: for people who spend or pay.
    Budget(News),
    /// proxymeter itself and its vendors: for the operator.
    Operation(Operation),
    /// How the budgets stand, at a set time.
    Digest(Digest),
    /// A test of the way to a receiver.
    Drill {
        /// Who asked for it.
        who: String,
    },
}

/// What happened to one budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The budget.
    pub budget: Arc<str>,
    /// What the operator says of it.
    pub labels: BTreeMap<String, String>,
    /// Incidents of the budget that stand open after this and that the receiver hears of.
    pub open: usize,
    /// Whether the title says what the first item says.
    pub is_headline: bool,
    /// Whether it tells again what was told before.
    pub is_reminder: bool,
    /// What happened, the worst first, at most [`NAMED`] of each kind.
    pub items: Vec<Item>,
    /// How much more happened.
    pub more: usize,
    /// How the worst of it came about.
    pub chart: Option<Chart>,
}

/// What is wrong, or right again, with proxymeter or its vendors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Each trouble by what it is about, and its words; the title is the first.
    pub troubles: Vec<Trouble>,
    /// How much more there is.
    pub more: usize,
}

/// One line for the operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What a newer line about the same replaces, such as `outage:acme`.
    pub key: String,
    /// The words.
    pub line: String,
}

/// One thing that happened to a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What a newer item about the same replaces, such as `used:acme:a`.
    pub key: String,
    /// All of it in one line.
    pub line: String,
    /// What else people want to know, each under a short heading.
    pub details: Vec<Detail>,
    /// The facts.
    pub said: Said,
}

/// A detail of an item, such as "runs out" and "Fri 28 Nov, 04:00 UTC".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The heading: one of a few lower-case words.
    pub name: &'static str,
    /// The text.
    pub text: String,
}

/// The facts of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A threshold is passed.
    Over(Box<Over>),
    /// An incident is over.
    Ended {
        /// Whose.
        of: Subject,
        /// The threshold.
        threshold: Arc<str>,
        /// Why.
        end: End,
    },
    /// The receiver is told no more of the budget: it, its thresholds or their receivers are others.
    Closed,
    /// More or less is allowed than before.
    Allowance {
        /// Whose.
        of: Subject,
        /// How much it was.
        from: Bytes,
        /// How much it is.
        to: Bytes,
    },
    /// Something cannot be judged.
    Unjudged {
        /// At which account.
        account: AccountName,
        /// One of a closed set of words.
        reason: String,
        /// How many targets.
        targets: usize,
    },
    /// It can be judged again.
    Judged {
        /// At which account.
        account: AccountName,
        /// One of a closed set of words.
        reason: String,
    },
    /// What would be lowered, were it not only watched.
    Proposed {
        /// Whose.
        of: Subject,
        /// `freeze`, or `limit 55GB`.
        what: String,
    },
    /// What is asked, announced, done or given up at the vendor.
    Acted(Box<Acted>),
}

/// A threshold that is passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    /// Whose.
    pub of: Subject,
    /// The label `provider`.
    pub provider: &'static str,
    /// The label `product`, where the target has one.
    pub product: Option<Arc<str>>,
    /// The threshold.
    pub threshold: Arc<str>,
    /// As the operator wrote it, such as `used = "80%"`.
    pub condition: String,
    /// How loud.
    pub severity: Severity,
    /// Since when.
    pub since: Timestamp,
    /// What was used.
    pub used: Option<Bytes>,
    /// Of how much.
    pub amount: Option<Bytes>,
    /// When that was observed.
    pub observed: Option<Timestamp>,
    /// Bytes a day, by the last 24 hours.
    pub a_day: Option<Bytes>,
    /// When the amount is gone at that pace; nothing where it lasts.
    pub runs_out: Option<Timestamp>,
    /// When the period ends.
    pub period_end: Option<Timestamp>,
}

/// A step of an action that people are told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acted {
    /// The action's number.
    pub action: i64,
    /// `asked`, `announced`, `waits`, `done`, `put_back`, `not_done`.
    pub step: &'static str,
    /// `freeze`, `limit 55GB`, `restore`.
    pub what: String,
    /// The sub-user.
    pub sub_user: Arc<str>,
    /// The account.
    pub account: AccountName,
    /// The record before, in words.
    pub before: Option<String>,
    /// The record after, in words.
    pub after: Option<String>,
    /// Until when a person can answer, or when it comes.
    pub at: Option<Timestamp>,
}

/// How the budgets stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// The span that it is about.
    pub since: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// The budgets, fullest first.
    pub rows: Vec<DigestRow>,
    /// How much more there is.
    pub more: usize,
    /// How the fullest came about.
    pub chart: Option<Chart>,
}

/// A target of a budget in a digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestRow {
    /// The budget.
    pub budget: Arc<str>,
    /// The target for people, with its account.
    pub target: String,
    /// What was used in the period.
    pub used: Option<Bytes>,
    /// Of how much.
    pub amount: Option<Bytes>,
    /// What will probably be used by the period's end.
    pub forecast: Option<Bytes>,
    /// The highest threshold that is passed.
    pub over: Option<Arc<str>>,
}

/// What was used in a period, day by day, and what will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// Whose, for people.
    pub title: String,
    /// Where the period starts.
    pub from: Timestamp,
    /// Where it ends.
    pub until: Timestamp,
    /// All that was used from the start up to each moment, by time; the last one is the newest figure.
    pub used: Vec<(Timestamp, Bytes)>,
    /// How much may be used.
    pub amount: Option<Bytes>,
    /// What will probably be used by the end, as little and as much as is likely.
    pub forecast: Option<Expected>,
}

/// What will probably be used by a period's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// In the middle of what is likely.
    pub middle: Bytes,
    /// As little as is likely.
    pub low: Bytes,
    /// As much as is likely.
    pub high: Bytes,
}

impl Notice {
    /// What is told in order, and of which newer news replace older ones that have not arrived.
    #[must_use]
    pub fn thread(&self) -> String {
        match &self.content {
            Content::Budget(news) => format!("budget:{}", news.budget),
            Content::Operation(_) => "operation".to_owned(),
            Content::Digest(_) => "digest".to_owned(),
            Content::Drill { .. } => "drill".to_owned(),
        }
    }

    /// Whether something that was told stands open after this, so that what comes next belongs to it.
    #[must_use]
    pub fn leaves_open(&self) -> bool {
        matches!(&self.content, Content::Budget(news) if news.open > 0)
    }

    /// The lines below the title.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let (mut lines, more): (Vec<String>, usize) = match &self.content {
            Content::Budget(news) => {
                let said = news.items.iter().skip(usize::from(news.is_headline));
                (said.map(|item| item.line.clone()).collect(), news.more)
            }
            Content::Operation(operation) => {
                let rest = operation.troubles.iter().skip(1);
                (rest.map(|trouble| trouble.line.clone()).collect(), operation.more)
            }
            Content::Digest(_) | Content::Drill { .. } => (Vec::new(), 0),
        };
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        lines
    }
}

/// The operator's notice of troubles: one a receiver; nothing where there is none.
#[must_use]
pub fn of_operation(operator: &[Arc<str>], severity: Severity, mut troubles: Vec<Trouble>) -> Vec<Notice> {
    let Some(title) = troubles.first().map(|trouble| trouble.line.clone()) else { return Vec::new() };
    let more = troubles.len().saturating_sub(NAMED + 1);
    troubles.truncate(NAMED + 1);
    let told = |receiver: &Arc<str>| Notice {
        receiver: receiver.clone(),
        severity,
        is_urgent: severity == Severity::Critical,
        title: title.clone(),
        content: Content::Operation(Operation { troubles: troubles.clone(), more }),
    };
    operator.iter().map(told).collect()
}
