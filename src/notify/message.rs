//! A message as it is saved and as machines get it: typed and versioned JSON, of which every medium is made.
//!
//! The names of its fields are a contract with whoever reads our webhooks (`docs/RECEIVERS.md`): add to it freely,
//! change nothing. Only `type = "budget"` has fields for a breach (F33). Bytes are whole numbers, moments RFC 3339 in UTC.

mod fold;
mod of_notice;
pub mod samples;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use fold::fold;

/// The version of the fields below.
pub const VERSION: u32 = 1;

/// What one receiver is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// [`VERSION`].
    pub version: u32,
    /// When it was decided.
    pub at: Timestamp,
    /// `info`, `warning` or `critical`.
    pub severity: Severity,
    /// The one line that says what matters.
    pub title: String,
    /// Where more is to be seen, if the operator says where proxymeter's page is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What it is about.
    #[serde(flatten)]
    pub content: Content,
}

/// How loud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For the record.
    Info,
    /// For the working day.
    Warning,
    /// For now.
    Critical,
}

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// A budget.
    Budget(News),
    /// proxymeter itself and its vendors.
    Operation(Operation),
    /// How the budgets stand, at a set time.
    Digest(Digest),
    /// A test of the way: nothing has happened.
    Drill {
        /// Who asked for it.
        who: String,
    },
}

/// Where a budget stands for the receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something stands open.
    Firing,
    /// Something has ended, and nothing stands open any more.
    Resolved,
    /// Nothing stands open, nor has anything ended: it is told for the record.
    Info,
}

impl Status {
    /// Where a budget stands with so many open incidents after these items.
    pub(super) fn of(open: usize, items: &[Item]) -> Self {
        let is_end = |item: &Item| matches!(item.said, Said::Ended { .. } | Said::Closed);
        match open {
            0 if items.iter().any(is_end) => Self::Resolved,
            0 => Self::Info,
            _ => Self::Firing,
        }
    }
}

/// What happened to one budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// The budget.
    pub budget: String,
    /// Where it stands after this.
    pub status: Status,
    /// How many incidents do.
    pub open: usize,
    /// What the operator says of the budget.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Whether the title says what the first item says.
    #[serde(default)]
    pub is_headline: bool,
    /// Whether it tells again what was told before.
    #[serde(default)]
    pub is_reminder: bool,
    /// What happened, the worst first.
    pub items: Vec<Item>,
    /// How much more happened that is not named.
    #[serde(default)]
    pub more: usize,
    /// How the worst of it came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<Chart>,
}

/// One thing that happened to a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What a newer item about the same replaces.
    pub key: String,
    /// All of it in one line.
    pub line: String,
    /// What else people want to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<Detail>,
    /// The facts.
    #[serde(flatten)]
    pub said: Said,
}

/// A detail under a short heading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// The heading.
    pub name: String,
    /// The text.
    pub text: String,
}

/// The facts of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Said {
    /// A threshold is passed.
    Over {
        /// Whose.
        #[serde(flatten)]
        of: Of,
        /// The vendor.
        provider: String,
        /// The threshold.
        threshold: String,
        /// As the operator wrote it.
        condition: String,
        /// How loud the threshold is.
        threshold_severity: Severity,
        /// Since when.
        since: Timestamp,
        /// What was used.
        used_bytes: Option<u64>,
        /// Of how much.
        amount_bytes: Option<u64>,
        /// When that was observed.
        observed: Option<Timestamp>,
        /// Bytes a day, by the last 24 hours.
        bytes_a_day: Option<u64>,
        /// When the amount is gone at that pace.
        runs_out: Option<Timestamp>,
        /// When the period ends.
        period_end: Option<Timestamp>,
    },
    /// An incident is over.
    Ended {
        /// Whose.
        #[serde(flatten)]
        of: Of,
        /// The threshold.
        threshold: String,
        /// Why: `below`, `period_end`, `allowance_changed`, `gone`, `by_hand`, `config`.
        end: String,
    },
    /// The receiver is told no more of the budget: it, its thresholds or their receivers are others.
    Closed,
    /// More or less is allowed than before.
    Allowance {
        /// Whose.
        #[serde(flatten)]
        of: Of,
        /// How much it was.
        from_bytes: u64,
        /// How much it is.
        to_bytes: u64,
    },
    /// Something cannot be judged.
    Unjudged {
        /// At which account.
        account: String,
        /// Why.
        reason: String,
        /// How many targets.
        targets: usize,
    },
    /// It can be judged again.
    Judged {
        /// At which account.
        account: String,
        /// What had been in the way.
        reason: String,
    },
    /// What would be lowered, were it not only watched.
    Proposed {
        /// Whose.
        #[serde(flatten)]
        of: Of,
        /// `freeze`, or `limit 55GB`.
        what: String,
    },
    /// What is asked, announced, done or given up at the vendor.
    Acted {
        /// The action's number.
        action: i64,
        /// `asked`, `announced`, `waits`, `done`, `put_back`, `not_done`.
        step: String,
        /// `freeze`, `limit 55GB`, `restore`.
        what: String,
        /// The account.
        account: String,
        /// The sub-user.
        sub_user: String,
        /// The record before, in words.
        before: Option<String>,
        /// The record after, in words.
        after: Option<String>,
        /// Until when a person can answer, or when it comes.
        when: Option<Timestamp>,
    },
}

/// A target of a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Of {
    /// The account.
    pub account: String,
    /// `account`, `sub_user`, `target`, `subscription`, `unattributed`.
    pub per: String,
    /// Its name, where it has one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its product, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
}

/// What is wrong, or right again, with proxymeter or its vendors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Each trouble; the title is the first.
    pub troubles: Vec<Trouble>,
    /// How much more there is.
    #[serde(default)]
    pub more: usize,
}

/// One line for the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What a newer line about the same replaces.
    pub key: String,
    /// The words.
    pub line: String,
}

/// How the budgets stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest {
    /// The span that it is about.
    pub since: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// The targets of the budgets, fullest first.
    pub rows: Vec<DigestRow>,
    /// How much more there is.
    #[serde(default)]
    pub more: usize,
    /// How the fullest came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<Chart>,
}

/// A target of a budget in a digest; what is over is told by messages of its own, and is a word here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestRow {
    /// The budget.
    pub budget: String,
    /// The target for people.
    pub target: String,
    /// What was used in the period.
    pub used_bytes: Option<u64>,
    /// Of how much.
    pub amount_bytes: Option<u64>,
    /// What will probably be used by the period's end.
    pub forecast_bytes: Option<u64>,
    /// The highest threshold that is passed.
    pub over: Option<String>,
}

/// What was used in a period, and what will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chart {
    /// Whose.
    pub title: String,
    /// Where the period starts.
    pub from: Timestamp,
    /// Where it ends.
    pub until: Timestamp,
    /// Used from the start up to each moment.
    pub used: Vec<(Timestamp, u64)>,
    /// How much may be used.
    pub amount_bytes: Option<u64>,
    /// What will probably be used by the end: in the middle, as little, as much as is likely.
    pub forecast_bytes: Option<[u64; 3]>,
}

impl Message {
    /// The message as it is saved.
    ///
    /// # Panics
    /// Never: every field has a form in JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The title for those who show nothing else: that of a test says that it is one.
    #[must_use]
    pub fn marked_title(&self) -> String {
        const MARK: &str = "[DRILL]";
        match self.content {
            Content::Drill { .. } if !self.title.starts_with(MARK) => format!("{MARK} {}", self.title),
            _ => self.title.clone(),
        }
    }

    /// A message that was saved, by whatever version.
    ///
    /// # Errors
    /// It is none that this version knows.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
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

#[cfg(test)]
mod tests;
