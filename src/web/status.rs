//! How proxymeter and its accounts are, for `/-/ready` and the page.

use std::fmt::Write;
use std::time::Duration;

use crate::domain::collector::{Collector, FailureReason};
use crate::domain::units::Bytes;

/// How everything is now; ages instead of moments, since no clock is read here.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The version of proxymeter.
    pub version: String,
    /// What else is not done yet, such as opening the store; empty in the long run.
    pub waiting_for: Vec<String>,
    /// What is wrong with proxymeter itself, such as its store; the start is over all the same.
    pub troubles: Vec<String>,
    /// Open incidents, the ones to be shown.
    pub incidents: Vec<IncidentStatus>,
    /// How many are open beside these.
    pub more_incidents: usize,
    /// What stands at the vendors or is to be done there, the ones to be shown.
    pub actions: Vec<ActionStatus>,
    /// How many there are beside these.
    pub more_actions: usize,
    /// The accounts, in the order in which they are shown.
    pub accounts: Vec<AccountStatus>,
}

/// Something that was lowered at a vendor, or is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionStatus {
    /// Its number.
    pub id: i64,
    /// What, such as `freeze`.
    pub what: String,
    /// Whose, with its account.
    pub target: String,
    /// The budget and its part.
    pub by: String,
    /// Where it stands, such as `stands`, `waiting` or `due`.
    pub stage: &'static str,
    /// What stands in its way, if anything.
    pub blocked: Option<&'static str>,
    /// How long it has been so.
    pub age: Duration,
}

/// An open incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentStatus {
    /// Firing or unknown, as the label `state`.
    pub state: &'static str,
    /// The budget.
    pub budget: String,
    /// The threshold.
    pub threshold: String,
    /// Who or what, with its account.
    pub target: String,
    /// What was used, and of how much.
    pub figures: String,
    /// How long ago it began.
    pub age: Duration,
}

/// How an account is.
#[derive(Clone, Debug, Default)]
pub struct AccountStatus {
    /// The label `provider`.
    pub provider: String,
    /// The label `account`.
    pub name: String,
    /// Why the account is not collected at all, such as a secret that cannot be read.
    pub trouble: Option<String>,
    /// Its traffic in the current period.
    pub traffic: Option<Bytes>,
    /// What its plan includes.
    pub plan: Option<Bytes>,
    /// How many sub-users the newest list has.
    pub sub_users: Option<usize>,
    /// Its collectors, in the order in which they are shown.
    pub collectors: Vec<CollectorStatus>,
}

/// How a collector is.
#[derive(Clone, Debug)]
pub struct CollectorStatus {
    /// Which one.
    pub collector: Collector,
    /// Whether its first attempt is over.
    pub is_attempted: bool,
    /// How old the data is that is held.
    pub data_age: Option<Duration>,
    /// Whether that is too old to be shown.
    pub is_stale: bool,
    /// Why the newest attempt brought nothing, if so.
    pub failure: Option<Failure>,
}

/// Why an attempt brought nothing.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The label `reason`.
    pub reason: FailureReason,
    /// The same for people, without secrets; what to do where that is known.
    pub detail: String,
    /// How long ago.
    pub age: Duration,
}

/// A collector's condition in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Waiting,
    Failing,
    Stale,
    Fine,
}

impl Condition {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Failing => "failing",
            Self::Stale => "stale",
            Self::Fine => "ok",
        }
    }
}

impl CollectorStatus {
    pub(super) fn condition(&self) -> Condition {
        match self {
            Self { is_attempted: false, .. } => Condition::Waiting,
            Self { failure: Some(_), .. } => Condition::Failing,
            Self { is_stale: true, .. } => Condition::Stale,
            _ => Condition::Fine,
        }
    }
}

impl Status {
    /// Whether the start is over: a vendor's trouble does not count, a first attempt that is still to come does.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let collectors = self.accounts.iter().filter(|account| account.trouble.is_none());
        self.waiting_for.is_empty()
            && collectors.flat_map(|account| &account.collectors).all(|collector| collector.is_attempted)
    }

    /// The body of `/-/ready`: one word on the start, then a line for each thing waited for, account and collector.
    pub(super) fn to_text(&self) -> String {
        let mut text = String::from(if self.is_ready() { "ready\n" } else { "not ready\n" });
        for what in &self.waiting_for {
            text += &format!("waiting for {}\n", one_line(what));
        }
        for trouble in &self.troubles {
            text += &format!("trouble with {}\n", one_line(trouble));
        }
        for account in &self.accounts {
            let trouble =
                account.trouble.as_deref().map_or_else(String::new, |why| format!(": {}", one_line(why)));
            text += &format!("\n{} ({}){trouble}\n", one_line(&account.name), one_line(&account.provider));
            let collectors = if account.trouble.is_some() { &[] } else { account.collectors.as_slice() };
            for collector in collectors {
                let written = writeln!(text, "  {:<14} {}", collector.collector, told(collector));
                debug_assert!(written.is_ok(), "a String takes every write");
            }
        }
        text
    }
}

fn told(status: &CollectorStatus) -> String {
    let data =
        status.data_age.map_or_else(|| "no data".to_owned(), |age| format!("data {} old", for_people(age)));
    match (status.condition(), &status.failure) {
        (Condition::Waiting, _) => format!("waiting for the first attempt, {data}"),
        (Condition::Failing, Some(Failure { reason, detail, age })) => {
            format!("failing ({reason}, {} ago), {data}: {}", for_people(*age), one_line(detail))
        }
        (condition, _) => format!("{}, {data}", condition.as_str()),
    }
}

/// An age in as much detail as matters.
pub(super) fn for_people(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..600 => format!("{} min {} s", seconds / 60, seconds % 60),
        600..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// Without what would break a line or move a terminal's cursor.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collector(collector: Collector, is_attempted: bool) -> CollectorStatus {
        CollectorStatus { collector, is_attempted, data_age: None, is_stale: false, failure: None }
    }

    fn status() -> Status {
        let failing = CollectorStatus {
            data_age: Some(Duration::from_secs(3725)),
            failure: Some(Failure {
                reason: FailureReason::Auth,
                detail: "the login is refused\r\n\u{1b}[2Jsince a password change".into(),
                age: Duration::from_secs(61),
            }),
            ..collector(Collector::Account, true)
        };
        let stale = CollectorStatus {
            data_age: Some(Duration::from_secs(200_000)),
            is_stale: true,
            ..collector(Collector::SubUsers, true)
        };
        let fine =
            CollectorStatus { data_age: Some(Duration::from_secs(7)), ..collector(Collector::Targets, true) };
        let account = |name: &str, trouble: Option<&str>, collectors| AccountStatus {
            provider: "oxylabs".into(),
            name: name.into(),
            trouble: trouble.map(str::to_owned),
            collectors,
            ..AccountStatus::default()
        };
        Status {
            accounts: vec![
                account("acme", None, vec![failing, stale, fine]),
                account(
                    "beta",
                    Some("cannot read /run/secrets/beta"),
                    vec![collector(Collector::Account, false)],
                ),
            ],
            ..Status::default()
        }
    }

    #[test]
    fn trouble_is_told_line_by_line_and_does_not_stop_readiness() {
        assert!(status().is_ready());
        insta::assert_snapshot!(status().to_text(), @r#"
        ready

        acme (oxylabs)
          account        failing (auth, 1 min 1 s ago), data 1 h 2 min old: the login is refused   [2Jsince a password change
          sub_users      stale, data 2 d 7 h old
          targets        ok, data 7 s old

        beta (oxylabs): cannot read /run/secrets/beta
        "#);
    }

    #[test]
    fn the_start_is_waited_for() {
        let mut store = status();
        store.waiting_for.push("the store".into());
        assert!(!store.is_ready());
        let mut attempt = status();
        attempt.accounts[0].collectors.push(collector(Collector::Subscriptions, false));
        assert!(!attempt.is_ready());
        assert!(attempt.to_text().starts_with("not ready\n"));
    }
}
