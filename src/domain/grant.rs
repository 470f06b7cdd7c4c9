//! A grant: more than the budget allows for one sub-user, given by a person, which ends by itself.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::account::AccountName;
use super::incident::SubUserIdentity;
use super::units::Bytes;

/// So many bytes more for one sub-user of a budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Its number in the store.
    pub id: i64,
    /// The budget whose amount it raises.
    pub budget: Arc<str>,
    /// The account of the sub-user.
    pub account: AccountName,
    /// To whom it was given; the same name with a new id is somebody else.
    pub who_for: SubUserIdentity,
    /// How much more.
    pub bytes: Bytes,
    /// When it was given.
    pub given: Timestamp,
    /// Who gave it.
    pub by: Arc<str>,
    /// When it ends.
    pub until: Until,
}

/// When a grant ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// With the period in which it was given.
    PeriodEnd {
        /// When that period started, where anybody said so.
        started: Option<Timestamp>,
    },
    /// At a moment.
    At(Timestamp),
}

impl Grant {
    /// Whether it counts no more, where `period` is the start of the budget's period now.
    ///
    /// While nobody says which period it is, the one in which it was given goes on; a rolling one has no end at all.
    #[must_use]
    pub fn is_over(&self, period: Option<Timestamp>, now: Timestamp) -> bool {
        match self.until {
            Until::PeriodEnd { started } => {
                period.is_some_and(|period| period > started.unwrap_or(self.given))
            }
            Until::At(end) => end <= now,
        }
    }
}

/// For people, after "granted".
impl fmt::Display for Until {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeriodEnd { .. } => f.write_str("until the period's end"),
            Self::At(end) => write!(f, "until {}", end.strftime("%F %H:%M UTC")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::snapshot::SubUserKey;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_grant_ends_with_its_period_or_at_its_moment() {
        let (january, february) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"));
        let given = at("2026-01-10T00:00:00Z");
        let is_over = |until, period, now| {
            let who_for =
                SubUserIdentity { key: SubUserKey("1".into()), product: "mobile".into(), name: "a".into() };
            let account = AccountName::new("acme").unwrap();
            let grant = Grant {
                id: 1,
                budget: "b".into(),
                account,
                who_for,
                bytes: Bytes(1),
                given,
                by: "ann".into(),
                until,
            };
            grant.is_over(period, now)
        };
        for started in [Some(january), None] {
            let until = Until::PeriodEnd { started };
            assert!(!is_over(until, Some(january), february), "the vendor has not begun anew");
            assert!(!is_over(until, None, february), "nobody says");
            assert!(is_over(until, Some(february), february));
        }
        assert!(!is_over(Until::At(february), Some(january), given));
        assert!(is_over(Until::At(february), None, february), "the moment itself is out");
        assert_eq!(Until::At(february).to_string(), "until 2026-02-01 00:00 UTC");
    }
}
