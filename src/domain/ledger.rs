//! What one account's counters came to: its own counters through resets and corrections, and the days and hours that
//! budgets ask for. Fed with each snapshot and, after a restart, from the store; no I/O, no clock.

mod load;
mod past;
mod seat;
mod span;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::account::Account;
use super::budget::period::PeriodRule;
use super::figure::{Figure, PassReadings};
use super::history::{History, Summary};
use super::period::{Period, midnight};
use super::snapshot::{Reading, Snapshot, SubUserKey, SubUserRow};
use super::totals;
use super::traffic::{Usage, Window};
use super::units::Bytes;
pub use past::Uncovered;
use seat::{Growth, Seat};
use span::SpanSum;

/// Looks that are further apart count as a gap, over which what was used is spread evenly.
const GAP: SignedDuration = SignedDuration::from_hours(1);

/// The longest gap that is filled; what was used in a longer one counts for its last days.
const LONGEST_GAP_HOURS: i64 = 48;

/// Where a counter sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Account,
    SubUser(usize),
}

/// The counters of one account.
#[derive(Clone, Debug)]
pub struct Ledger {
    zone: TimeZone,
    /// How late the vendor's figures come: so long after a boundary the old period's figure may still stand there.
    lag: Duration,
    account: Option<Seat>,
    seats: Vec<Seat>,
    places: HashMap<SubUserKey, u32>,
    /// The newest list that was taken.
    listed: Option<Timestamp>,
    spans: Vec<SpanSum>,
    /// When the newest figure was observed.
    now: Timestamp,
}

impl Ledger {
    /// An empty ledger that also keeps sums from the start of each of these periods.
    #[must_use]
    pub fn new(zone: TimeZone, lag: Duration, rules: &[PeriodRule]) -> Self {
        let fixed = rules.iter().filter(|rule| !rule.is_rolling());
        Self {
            zone,
            lag,
            account: None,
            seats: Vec::new(),
            places: HashMap::new(),
            listed: None,
            spans: fixed.map(|rule| SpanSum::new(*rule)).collect(),
            now: Timestamp::MIN,
        }
    }

    /// Takes what is new in a snapshot; gives back what is to be saved of it, in the order of time.
    ///
    /// What was used while nobody looked for more than an hour is spread over that time.
    pub fn take(&mut self, account: &Account, snapshot: &Snapshot, now: Timestamp) -> Vec<PassReadings> {
        let vendor = totals::period(account, snapshot, now);
        for span in &mut self.spans {
            span.begin(&self.zone, vendor, now);
        }
        let mut passes = Passes::default();
        self.take_account(snapshot, vendor, &mut passes);
        self.take_list(snapshot, vendor, &mut passes);
        passes.0
    }

    fn take_account(&mut self, snapshot: &Snapshot, vendor: Option<Period>, passes: &mut Passes) {
        let Some((reading, observed)) = total(snapshot) else { return };
        if self.account.as_ref().is_some_and(|seat| observed <= seat.standing.observed) {
            return;
        }
        let usage = Usage { traffic: reading, requests: None, window: Window::Period };
        let first = self.account.is_none();
        if first {
            self.account = Some(Seat::new(SubUserKey("".into()), observed));
        }
        self.count(Place::Account, first.then_some(Growth::Baseline), &usage, observed, vendor, passes);
    }

    fn take_list(&mut self, snapshot: &Snapshot, vendor: Option<Period>, passes: &mut Passes) {
        let Some(list) = &snapshot.sub_users else { return };
        let before = self.listed;
        let mut next = 0;
        for row in &list.value {
            let Some(usage) = &row.usage else { continue };
            let (at, first) = self.seat_of(row, next, usage.observed, before);
            next = at + 1;
            if first.is_some() || usage.observed > self.seats[at].standing.observed {
                self.count(Place::SubUser(at), first, &usage.value, usage.observed, vendor, passes);
            }
        }
        self.listed = self.listed.max(Some(list.observed));
    }

    /// The row's seat, and what its first figure counts as where it is new.
    fn seat_of(
        &mut self,
        row: &SubUserRow,
        next: usize,
        observed: Timestamp,
        listed: Option<Timestamp>,
    ) -> (usize, Option<Growth>) {
        let id = row.sub_user.id.as_ref().map_or(&row.sub_user.username, |id| &id.0);
        if self.seats.get(next).is_some_and(|seat| seat.key.0 == *id) {
            return (next, None);
        }
        let key = row.sub_user.key();
        if let Some(at) = self.places.get(&key) {
            return (*at as usize, None);
        }
        let at = self.seats.len();
        self.places.insert(key.clone(), at as u32);
        let mut seat = Seat::new(key, observed);
        // One that was made since the list before has used all of it since then.
        let created = row.sub_user.created.and_then(|at| at.to_zoned(self.zone.clone()).ok());
        let is_newcomer =
            listed.is_some_and(|listed| created.is_none_or(|created| created.timestamp() > listed));
        if is_newcomer {
            (seat.standing.known_from, seat.standing.seen_from) = (Timestamp::MIN, Timestamp::MIN);
        }
        self.seats.push(seat);
        for span in &mut self.spans {
            span.make_room(self.seats.len());
        }
        (at, Some(if is_newcomer { Growth::All } else { Growth::Baseline }))
    }

    fn seat_mut(&mut self, place: Place) -> Option<&mut Seat> {
        match place {
            Place::Account => self.account.as_mut(),
            Place::SubUser(at) => self.seats.get_mut(at),
        }
    }

    /// Counts a figure and notes what of it is to be saved.
    fn count(
        &mut self,
        place: Place,
        first: Option<Growth>,
        usage: &Usage,
        observed: Timestamp,
        vendor: Option<Period>,
        passes: &mut Passes,
    ) {
        let origin = origin(&usage.window, vendor, observed, &self.zone);
        let lag = self.lag;
        let Some(seat) = self.seat_mut(place) else { return };
        let before = seat.standing.observed;
        let Some(used) = seat.read(origin, usage.traffic, observed, first, lag) else { return };
        let has_changed = seat.counter.replace(usage.traffic) != Some(usage.traffic);
        self.now = self.now.max(observed);
        let is_gap = first.is_none() && observed.duration_since(before) > GAP;
        let parts = if is_gap { spread(before, observed, used) } else { vec![(observed, used)] };
        for (at, used) in &parts {
            self.add(place, *at, *used);
        }
        if !has_changed && first.is_none() {
            return;
        }
        let Some(seat) = self.seat_mut(place) else { return };
        let (subject, standing) = (seat.subject(place), seat.standing);
        let figures = parts.into_iter().filter(|(at, used)| *used > Bytes(0) || *at == observed);
        for (at, used) in figures {
            let figure = Figure { subject: subject.clone(), usage: usage.clone(), used };
            let pass = passes.at(at);
            pass.changed.push(figure);
            if at == observed {
                pass.standing.push((subject.clone(), standing));
            }
        }
    }

    /// Adds what was used to days, hours and sums.
    fn add(&mut self, place: Place, at: Timestamp, used: Bytes) {
        let day = self.date(at);
        for span in &mut self.spans {
            span.add(place, at, used);
        }
        if let Some(seat) = self.seat_mut(place) {
            let seen_from = seat.standing.seen_from;
            seat.summary.add(at, day, used, seen_from);
        }
    }

    fn date(&self, at: Timestamp) -> Date {
        // Zones are slow, and most accounts are in none.
        if self.zone == TimeZone::UTC {
            return TimeZone::UTC.to_datetime(at).date();
        }
        self.zone.to_datetime(at).date()
    }

    fn of(&self, sub_user: Option<&SubUserKey>) -> Option<(Place, &Seat)> {
        let Some(key) = sub_user else { return Some((Place::Account, self.account.as_ref()?)) };
        let at = *self.places.get(key)? as usize;
        Some((Place::SubUser(at), self.seats.get(at)?))
    }

    /// Our own counter of one sub-user.
    #[must_use]
    pub fn consumed_by(&self, key: &SubUserKey) -> Option<Bytes> {
        self.of(Some(key)).map(|(_, seat)| seat.standing.consumed.total)
    }

    /// From when on everything that a sub-user used is known.
    #[must_use]
    pub fn known_from(&self, key: &SubUserKey) -> Option<Timestamp> {
        self.of(Some(key)).map(|(_, seat)| seat.standing.known_from)
    }
}

impl History for Ledger {
    fn account(&self) -> Option<&Summary> {
        self.account.as_ref().map(|seat| &seat.summary)
    }

    fn sub_user(&self, key: &SubUserKey) -> Option<&Summary> {
        self.of(Some(key)).map(|(_, seat)| &seat.summary)
    }

    /// From the start of a kept period exactly; otherwise by days, of which the first counts by its part.
    fn window(&self, sub_user: Option<&SubUserKey>, from: Timestamp, until: Timestamp) -> Option<Bytes> {
        let (place, seat) = self.of(sub_user)?;
        if let Some(span) = self.spans.iter().find(|span| span.start() == Some(from)) {
            return span.used(place, seat.standing.known_from);
        }
        if seat.standing.known_from > from {
            return None;
        }
        let (first, last) = (self.date(from), self.date(until.min(self.now)));
        let all = seat.summary.used_since_days(first, last.max(first)).map(Bytes)?;
        let (start, end) = (midnight(first, &self.zone)?, midnight(first.tomorrow().ok()?, &self.zone)?);
        let before = from.duration_since(start).as_secs().unsigned_abs();
        let of_first = seat.summary.used_since_days(first, first).map(Bytes)?;
        let length = end.duration_since(start).as_secs().unsigned_abs().max(1);
        let part = u128::from(of_first.0) * u128::from(before) / u128::from(length);
        Some(Bytes(all.0.saturating_sub(u64::try_from(part).unwrap_or(u64::MAX))))
    }
}

/// What a pass found, by its moment, in order.
#[derive(Default)]
struct Passes(Vec<PassReadings>);

impl Passes {
    fn at(&mut self, observed: Timestamp) -> &mut PassReadings {
        let at = match self.0.iter().rposition(|pass| pass.observed <= observed) {
            Some(at) if self.0[at].observed == observed => at,
            before => {
                let at = before.map_or(0, |before| before + 1);
                let new = PassReadings { observed, changed: Vec::new(), standing: Vec::new() };
                self.0.insert(at, new);
                at
            }
        };
        &mut self.0[at]
    }
}

/// The account's total and when it was observed.
fn total(snapshot: &Snapshot) -> Option<(Bytes, Timestamp)> {
    let own = snapshot.account.as_ref().filter(|Reading { value, .. }| value.traffic.is_some());
    let observed = own.map(|reading| reading.observed);
    let observed = observed.or(snapshot.subscriptions.as_ref().map(|reading| reading.observed))?;
    Some((totals::traffic(snapshot)?, observed))
}

/// When the counter began to count; nothing where it never begins anew or nobody says.
fn origin(
    window: &Window,
    vendor: Option<Period>,
    observed: Timestamp,
    zone: &TimeZone,
) -> Option<Timestamp> {
    match window {
        Window::Period => vendor.map(|period| period.start),
        Window::CalendarMonth => Period::month_of_day(1, observed, zone).map(|month| month.start),
        Window::Since(since) => since.to_zoned(zone.clone()).ok().map(|since| since.timestamp()),
        Window::Dates(from, _) => midnight(*from, zone),
        Window::Lifetime | Window::Unknown => None,
    }
}

/// What was used between two looks, by the hours between them.
fn spread(before: Timestamp, observed: Timestamp, used: Bytes) -> Vec<(Timestamp, Bytes)> {
    let hours = observed.duration_since(before).as_hours().clamp(1, LONGEST_GAP_HOURS).unsigned_abs();
    let each = used.0 / hours;
    let mut parts = Vec::with_capacity(hours as usize);
    for back in (1..hours).rev() {
        let ago = SignedDuration::from_hours(back as i64);
        parts.push((observed.checked_sub(ago).unwrap_or(before), Bytes(each)));
    }
    parts.push((observed, Bytes(used.0 - each * (hours - 1))));
    parts
}
