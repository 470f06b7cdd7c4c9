//! A ledger rebuilt from what was saved.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::seat::Seat;
use super::{Ledger, Place};
use crate::domain::figure::{Standing, Subject};
use crate::domain::history::DAYS;
use crate::domain::period::{Period, midnight};
use crate::domain::snapshot::SubUserKey;
use crate::domain::units::Bytes;

impl Ledger {
    /// Takes over how a counter stood; before its days, and before any snapshot.
    pub fn load_standing(&mut self, subject: &Subject, standing: Standing) {
        match subject {
            Subject::Account => self.account = Some(Seat::standing(SubUserKey("".into()), standing)),
            Subject::SubUser(key) => {
                let at = self.seats.len();
                self.places.insert(key.clone(), at as u32);
                self.seats.push(Seat::standing(key.clone(), standing));
                for span in &mut self.spans {
                    span.make_room(at + 1);
                }
            }
            Subject::Subscription(_) | Subject::Target(..) => return,
        }
        self.listed = self.listed.max(Some(standing.observed));
        self.now = self.now.max(standing.observed);
    }

    /// Begins the periods that budgets ask for, first of all; `vendor` is the vendor's as it was judged last.
    pub fn load_spans(&mut self, vendor: Option<Period>, now: Timestamp) {
        for span in &mut self.spans {
            span.begin(&self.zone, vendor, now);
        }
    }

    /// Ends the loading: of the days that a vendor told, those without a row had no use.
    pub fn load_end(&mut self, now: Timestamp) {
        let zone = self.zone.clone();
        let oldest = now.checked_sub(SignedDuration::from_hours(DAYS as i64 * 24)).unwrap_or(now);
        for seat in self.seats.iter_mut().chain(&mut self.account) {
            let Standing { known_from, seen_from, .. } = seat.standing;
            if known_from >= seen_from || seen_from <= oldest {
                continue;
            }
            let mut day = zone.to_datetime(known_from.max(oldest)).date();
            let last = zone.to_datetime(seen_from).date();
            while day < last {
                if seat.summary.used_since_days(day, day).is_none() {
                    seat.summary.set_day(day, Bytes(0));
                }
                let Ok(next) = day.tomorrow() else { break };
                day = next;
            }
        }
    }

    /// Takes over what was used on a day, by its hours (UTC) where these are known; days in order.
    pub fn load_day(&mut self, subject: &Subject, day: Date, used: Bytes, hours: Option<&[Bytes; 24]>) {
        let place = match subject {
            Subject::Account if self.account.is_some() => Place::Account,
            Subject::SubUser(key) => match self.places.get(key) {
                Some(at) => Place::SubUser(*at as usize),
                None => return,
            },
            _ => return,
        };
        let by_hour = hours.map_or(Bytes(0), |hours| hours.iter().copied().sum());
        // What is known of the day alone is the vendor's own day, in the account's zone.
        let whole = Bytes(used.0.saturating_sub(by_hour.0));
        if let (true, Some(noon)) = (whole > Bytes(0), noon(day, &self.zone)) {
            let spans = self.spans.iter_mut();
            spans.for_each(|span| span.add(place, noon, whole));
            if let Some(seat) = self.seat_mut(place) {
                let held = seat.summary.used_since_days(day, day).map_or(Bytes(0), Bytes);
                seat.summary.set_day(day, held.saturating_add(whole));
            }
        }
        let Some(midnight) = midnight(day, &TimeZone::UTC) else { return };
        for (hour, used) in hours.into_iter().flatten().enumerate().filter(|(_, used)| **used > Bytes(0)) {
            let at = midnight.checked_add(SignedDuration::from_hours(hour as i64)).unwrap_or(midnight);
            self.add(place, at, *used);
        }
    }
}

fn noon(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    day.at(12, 0, 0, 0).to_zoned(zone.clone()).ok().map(|noon| noon.timestamp())
}
