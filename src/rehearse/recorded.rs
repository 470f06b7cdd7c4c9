//! Readings from the store's history, turned into the counters that the vendor would have shown.
//!
//! Raw figures count at their moment, the hours before them evenly over the hour, and days of which no hours are kept
//! evenly over the day. Names and limits are those of the newest list; who was never in one goes by
//! the vendor's id.

mod series;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::source::{Days, Source};
use crate::domain::account::{Account, AccountName};
use crate::domain::history::DAYS;
use crate::domain::incident::{SubUserIdentity, Target};
use crate::domain::period::{Period, midnight};
use crate::domain::snapshot::{Reading, Snapshot, SubUserKey, SubUserRow};
use crate::domain::traffic::{AccountUsage, SubUser, SubUserId, Usage, Window};
use crate::domain::units::{Bytes, Limit};
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::readings::{DayUse, Subject};
use crate::store::records::Which;
use series::Series;

/// A period that began before the first look is at most so long.
const LONGEST_PERIOD_DAYS: i64 = 32;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What the store has of some accounts.
#[derive(Debug)]
pub struct Recorded(Vec<OfAccount>);

#[derive(Debug)]
struct OfAccount {
    account: Account,
    total: Option<Series>,
    sub_users: BTreeMap<SubUserKey, Series>,
    names: HashMap<SubUserKey, Arc<SubUserIdentity>>,
    limits: HashMap<SubUserKey, Limit>,
    since: Timestamp,
}

impl Recorded {
    /// Reads what these accounts used from a little before `since` until `until`.
    ///
    /// # Errors
    /// The store's own, as where there is no history.
    pub async fn read(
        store: &dyn Store,
        accounts: &[Account],
        since: Timestamp,
        until: Timestamp,
    ) -> Result<Self, StoreError> {
        store.history()?;
        let identities = identities(store).await?;
        let mut all = Vec::new();
        for account in accounts {
            let mut of_account = of_account(store, account, since, until).await?;
            let own = identities.iter().filter(|(name, _)| *name == account.name);
            of_account.names = own.map(|(_, who)| (who.key.clone(), who.clone())).collect();
            for named in store.names(&account.name).await? {
                let key = named.who.key.clone();
                of_account.limits.extend(named.limit.map(|limit| (key.clone(), limit)));
                of_account.names.insert(key, Arc::new(named.who));
            }
            all.push(of_account);
        }
        Ok(Self(all))
    }

    /// Whether the store knows of any traffic.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|account| account.total.is_none() && account.sub_users.is_empty())
    }

    /// How many sub-users have no name, because neither a list nor an incident ever named them.
    #[must_use]
    pub fn nameless(&self) -> usize {
        let nameless = |account: &OfAccount| {
            account.sub_users.keys().filter(|key| !account.names.contains_key(*key)).count()
        };
        self.0.iter().map(nameless).sum()
    }
}

/// Every sub-user that an incident or its memory names.
async fn identities(store: &dyn Store) -> Result<Vec<(AccountName, Arc<SubUserIdentity>)>, StoreError> {
    let mut found = Vec::new();
    for record in store.incidents(Which::EndedSince(Timestamp::MIN)).await? {
        if let Target::SubUser(who) = record.of.target {
            found.push((record.of.account, who));
        }
    }
    for (account, tracks) in store.remembered().await?.budgets.values().flat_map(|state| &state.accounts) {
        for track in &tracks.tracks {
            if let Target::SubUser(who) = &track.target {
                found.push((account.clone(), who.clone()));
            }
        }
    }
    Ok(found)
}

async fn of_account(
    store: &dyn Store,
    account: &Account,
    since: Timestamp,
    until: Timestamp,
) -> Result<OfAccount, StoreError> {
    let date = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
    let first = date(since).checked_sub(LONGEST_PERIOD_DAYS.days()).unwrap_or(Date::MIN);
    let mut days: BTreeMap<Subject, Vec<(Date, DayUse)>> = BTreeMap::new();
    let mut each = |subject: &Subject, day: Date, used: &DayUse| {
        if matches!(subject, Subject::Account | Subject::SubUser(_)) {
            days.entry(subject.clone()).or_default().push((day, used.clone()));
        }
    };
    store.each_day(&account.name, first, date(until), &mut each).await?;
    let mut found = OfAccount {
        account: account.clone(),
        total: None,
        sub_users: BTreeMap::new(),
        names: HashMap::new(),
        limits: HashMap::new(),
        since,
    };
    for (subject, days) in days {
        let points = store.points(&account.name, &subject, Timestamp::MIN, until).await?;
        let points: Vec<_> = points.iter().map(|point| (point.observed, point.used)).collect();
        let series = Series::new(spans(&days, &points));
        match subject {
            Subject::SubUser(key) => drop(found.sub_users.insert(key, series)),
            _ => found.total = Some(series),
        }
    }
    Ok(found)
}

/// Raw figures from the first full hour on that they cover; hours, or whole days, before it.
fn spans(days: &[(Date, DayUse)], points: &[(Timestamp, Bytes)]) -> Vec<(Timestamp, Timestamp, Bytes)> {
    let first = points.iter().map(|(at, _)| *at).min();
    let exact_from = first.and_then(|first| {
        let into = SignedDuration::from_secs(first.as_second().rem_euclid(3_600));
        first.checked_sub(into).and_then(|hour| hour.checked_add(HOUR)).ok()
    });
    let exact_from = exact_from.unwrap_or(Timestamp::MAX);
    let mut spans = Vec::new();
    for (day, used) in days {
        let Some(start) = midnight(*day, &TimeZone::UTC) else { continue };
        let hours = used.hours.iter().flatten().zip(0..);
        let hours = hours.filter_map(|(used, hour)| {
            let from = start.checked_add(SignedDuration::from_hours(hour)).ok()?;
            Some((from, from.checked_add(HOUR).ok()?, *used))
        });
        let before = spans.len();
        spans.extend(hours.filter(|(from, _, used)| *used > Bytes(0) && *from < exact_from));
        if used.hours.is_none()
            && let Ok(end) = start.checked_add(HOUR * 24)
        {
            spans.truncate(before);
            spans.push((start, end, used.used));
        }
    }
    let exact = points.iter().filter(|(at, used)| *at >= exact_from && *used > Bytes(0));
    spans.extend(exact.map(|(at, used)| (*at, *at, *used)));
    spans
}

impl OfAccount {
    fn period(&self, now: Timestamp) -> Option<Period> {
        Period::month_of_day(self.account.billing_day.unwrap_or(1), now, &self.account.time_zone)
    }

    fn row(&self, key: &SubUserKey) -> SubUserRow {
        let who = self.names.get(key);
        let name = who.map_or_else(|| key.0.clone(), |who| who.name.clone());
        let is_id = name != key.0;
        SubUserRow {
            sub_user: SubUser {
                id: is_id.then(|| SubUserId(key.0.clone())),
                username: name,
                status: None,
                product: who
                    .map(|who| who.product.clone())
                    .filter(|product| *product != self.account.product),
                limit: self.limits.get(key).copied(),
                limit_enforced: None,
                auto_disable: None,
                lifetime: None,
                created: None,
                usage: None,
            },
            usage: None,
        }
    }
}

impl Source for Recorded {
    fn look(&mut self, account: usize, now: Timestamp, snapshot: &mut Snapshot) {
        let Some(of_account) = self.0.get(account) else { return };
        let Some(period) = of_account.period(now) else { return };
        let date = |at: Timestamp| Some(at.to_zoned(of_account.account.time_zone.clone()).date());
        if let Some(total) = &of_account.total {
            let value = AccountUsage {
                traffic: Some(total.between(period.start, now)),
                period_start: date(period.start),
                as_of: date(now),
                ..AccountUsage::default()
            };
            snapshot.account = Some(Reading { observed: now, value });
        }
        let rows = || of_account.sub_users.keys().map(|key| of_account.row(key)).collect();
        let mut list =
            snapshot.sub_users.take().unwrap_or_else(|| Arc::new(Reading { observed: now, value: rows() }));
        let held = Arc::make_mut(&mut list);
        held.observed = now;
        // The rows stand in the order of the keys.
        for (row, series) in held.value.iter_mut().zip(of_account.sub_users.values()) {
            let traffic = series.between(period.start, now);
            match &mut row.usage {
                Some(usage) => (usage.observed, usage.value.traffic) = (now, traffic),
                none => {
                    let value = Usage { traffic, requests: None, window: Window::Period };
                    *none = Some(Reading { observed: now, value });
                }
            }
        }
        snapshot.sub_users = Some(list);
    }

    fn end(&mut self, _: Timestamp) {}

    fn used(&self, account: usize, key: &SubUserKey, from: Timestamp, to: Timestamp) -> Bytes {
        let series = self.0.get(account).and_then(|account| account.sub_users.get(key));
        series.map(|series| series.between(from, to)).unwrap_or_default()
    }

    fn wanted(&self, _: usize, _: &SubUserKey, _: Timestamp, _: Timestamp) -> Option<Bytes> {
        None
    }

    fn days_before(&self, account: usize) -> Days {
        let Some(of_account) = self.0.get(account) else { return Vec::new() };
        let zone = &of_account.account.time_zone;
        let today = of_account.since.to_zoned(zone.clone()).date();
        let of_day = |series: &Series, back: i64| {
            let day = today.checked_sub(back.days()).ok()?;
            let (from, to) = (midnight(day, zone)?, midnight(day.tomorrow().ok()?, zone)?);
            Some((day, series.between(from, to)))
        };
        let days = |(key, series): (&SubUserKey, &Series)| {
            let days = (1..=DAYS as i64).rev().filter_map(|back| of_day(series, back));
            // Before the first day with any use nobody looked.
            let days = days.skip_while(|(_, used)| *used == Bytes(0)).collect();
            (key.clone(), days)
        };
        of_account.sub_users.iter().map(days).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_finest_figures_that_there_are_count_and_none_twice() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut hours = [Bytes(0); 24];
        (hours[9], hours[10], hours[11]) = (Bytes(90), Bytes(100), Bytes(110));
        let days = [
            (date(2026, 1, 1), DayUse { used: Bytes(2_400), hours: None }),
            (date(2026, 1, 2), DayUse { used: Bytes(300), hours: Some(hours) }),
        ];
        let points = [(at("2026-01-02T10:30:00Z"), Bytes(60)), (at("2026-01-02T11:45:00Z"), Bytes(110))];
        let series = Series::new(spans(&days, &points));
        let used = |from: &str, to: &str| series.between(at(from), at(to)).0;
        assert_eq!(used("2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z"), 1_200, "a day alone is even");
        assert_eq!(
            used("2026-01-02T10:00:00Z", "2026-01-02T10:30:00Z"),
            50,
            "as the first hour of the raw figures"
        );
        assert_eq!(used("2026-01-02T11:00:00Z", "2026-01-02T11:44:00Z"), 0);
        assert_eq!(used("2026-01-02T11:44:00Z", "2026-01-02T11:45:00Z"), 110);
        assert_eq!(used("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"), 2_700);
    }
}
