//! What a vendor is asked of its past: closed periods, the start of budgets' periods, days and targets.
//!
//! [`questions`] says what is missing and [`ask`] gets it with one bounded query; [`apply`] counts the answer and gives
//! back what is to be saved. [`walk`] does one after the other, and [`Keeper`] is whoever has the ledger and the store.

mod answers;
mod questions;
mod walk;

pub use answers::{Saved, apply};
pub use questions::{Done, Known, Missing, Wants, questions};
pub use walk::{Keeper, walk};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::domain::figure::Closing;
use crate::domain::period::midnight;
use crate::domain::snapshot::SubUserKey;
use crate::domain::traffic::{SubUser, TargetUsage};
use crate::domain::units::Bytes;
use crate::providers::{Ask, Dates, Provider, ProviderError, Span, UsageReport};

/// What a vendor is asked for; one bounded query each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// What a period that is over came to.
    Close {
        /// Whose.
        sub_user: SubUser,
        /// The period.
        closing: Closing,
    },
    /// What was used since the start of a period that a budget needs.
    Window {
        /// Whose.
        sub_user: SubUser,
        /// Midnight in the account's zone.
        from: Timestamp,
    },
    /// What was used on days; a single one where the vendor tells totals alone.
    Days {
        /// Whose.
        sub_user: SubUser,
        /// The first.
        first: Date,
        /// The last, inclusive.
        last: Date,
    },
    /// Where the traffic of a day went.
    Targets {
        /// Whose.
        sub_user: SubUser,
        /// The day.
        day: Date,
    },
}

/// What a vendor answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// So much in all.
    Total(Bytes),
    /// So much a day, in order; nothing on the days between that are not told.
    Days(Vec<(Date, Bytes)>),
    /// So much to each target.
    Targets(Vec<TargetUsage>),
    /// The vendor knows nobody of that id.
    Gone,
}

impl Question {
    /// Whom it is about.
    #[must_use]
    pub const fn sub_user(&self) -> &SubUser {
        match self {
            Self::Close { sub_user, .. }
            | Self::Window { sub_user, .. }
            | Self::Days { sub_user, .. }
            | Self::Targets { sub_user, .. } => sub_user,
        }
    }

    /// What tells that one apart from others.
    #[must_use]
    pub fn key(&self) -> SubUserKey {
        self.sub_user().key()
    }

    /// What is asked for, in words.
    #[must_use]
    pub const fn what(&self) -> &'static str {
        match self {
            Self::Close { .. } => what::CLOSE,
            Self::Window { .. } => what::WINDOW,
            Self::Days { .. } => what::DAYS,
            Self::Targets { .. } => what::TARGETS,
        }
    }
}

/// The kinds of questions in words.
mod what {
    pub(super) const CLOSE: &str = "the end of a period";
    pub(super) const WINDOW: &str = "a period so far";
    pub(super) const DAYS: &str = "days";
    pub(super) const TARGETS: &str = "targets";
}

/// Asks one question, as it is `now`.
///
/// # Errors
/// No usable answer, or a question that [`questions`] does not make because this vendor cannot answer it.
pub async fn ask(
    provider: &dyn Provider,
    question: &Question,
    now: Timestamp,
    ask: &Ask,
) -> Result<Answer, ProviderError> {
    let zone = &provider.account().time_zone;
    let answer = match question {
        Question::Close { sub_user, closing } => {
            let (first, last) = dates_of(closing, zone).ok_or(NOT_WHOLE_DAYS)?;
            total(provider, sub_user, (first, last), ask).await
        }
        Question::Window { sub_user, from } => {
            let first = date_from(*from, zone).ok_or(NOT_WHOLE_DAYS)?;
            let dates = (first, today(now, zone));
            match provider.past().dates {
                Dates::ByDay => days(provider, sub_user, dates, ask).await,
                _ => total(provider, sub_user, dates, ask).await,
            }
        }
        Question::Days { sub_user, first, last } => days(provider, sub_user, (*first, *last), ask).await,
        Question::Targets { sub_user, day } => {
            provider.targets(sub_user, *day, ask).await.map(Answer::Targets)
        }
    };
    match answer {
        Err(ProviderError::NotFound { .. }) => Ok(Answer::Gone),
        answer => answer,
    }
}

const NOT_WHOLE_DAYS: ProviderError = ProviderError::Unsupported(
    "the vendor tells whole days of the past, and this span begins or ends within one",
);

const NO_DAYS: ProviderError =
    ProviderError::Unsupported("the vendor told a total of these dates and no days");

async fn report(
    provider: &dyn Provider,
    sub_user: &SubUser,
    (first, last): (Date, Date),
    ask: &Ask,
) -> Result<UsageReport, ProviderError> {
    provider.usage(sub_user, Span::Dates(first, last), ask).await
}

async fn total(
    provider: &dyn Provider,
    sub_user: &SubUser,
    dates: (Date, Date),
    ask: &Ask,
) -> Result<Answer, ProviderError> {
    Ok(Answer::Total(report(provider, sub_user, dates, ask).await?.usage.traffic))
}

async fn days(
    provider: &dyn Provider,
    sub_user: &SubUser,
    (first, last): (Date, Date),
    ask: &Ask,
) -> Result<Answer, ProviderError> {
    let UsageReport { usage, mut days } = report(provider, sub_user, (first, last), ask).await?;
    if first == last {
        return Ok(Answer::Days(vec![(first, usage.traffic)]));
    }
    days.retain(|(day, _)| (first..=last).contains(day));
    if days.is_empty() && usage.traffic > Bytes(0) {
        return Err(NO_DAYS);
    }
    Ok(Answer::Days(days))
}

/// The date in the account's zone.
fn today(now: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(now).date()
}

/// The last day of which something is not known.
fn last_unknown(known_from: Timestamp, zone: &TimeZone) -> Date {
    let before = known_from.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(known_from);
    today(before, zone)
}

/// The date that begins at this moment.
fn date_from(start: Timestamp, zone: &TimeZone) -> Option<Date> {
    let date = today(start, zone);
    (midnight(date, zone) == Some(start)).then_some(date)
}

/// The first and last date of a period that is over; nothing where these would cover more than the period.
fn dates_of(closing: &Closing, zone: &TimeZone) -> Option<(Date, Date)> {
    let first = date_from(closing.start, zone)?;
    let last = date_from(closing.end, zone)?.yesterday().ok()?;
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests;
