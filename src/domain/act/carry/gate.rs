//! What stands in the way of lowering: by the incident, by the account, by the record.

use jiff::Timestamp;

use super::{Ground, ceiling};
use crate::domain::account::FreezeBy;
use crate::domain::act::action::{Action, What};
use crate::domain::act::books::Breaker;
use crate::domain::act::gate::Gate;
use crate::domain::act::hold::{Ceiling, Throttle};
use crate::domain::act::record::Record;
use crate::domain::act::scene::{Scene, Terms};
use crate::domain::act::step::fires;
use crate::domain::incident::Incident;
use crate::domain::period::Period;
use crate::domain::snapshot::SubUserRow;
use crate::domain::totals;
use crate::domain::traffic::Window;
use crate::domain::units::{Bytes, Limit};

/// By the incident that asks for it.
pub(in crate::domain::act) fn of_incident(incident: &Incident) -> Option<Gate> {
    if !fires(incident) {
        return Some(Gate::Stale);
    }
    (!incident.borne_out).then_some(Gate::FirstPass)
}

/// By what the operator lets be done at the account.
#[must_use]
pub fn of_account(terms: &Terms, breaker: Option<&Breaker>) -> Option<Gate> {
    if !terms.writes {
        return Some(Gate::WritesOff);
    }
    if !terms.unit_pinned {
        return Some(Gate::Unit);
    }
    breaker.map(|_| Gate::Breaker)
}

/// By the row of the snapshot.
pub(in crate::domain::act) fn of_row(
    action: &Action,
    throttle: Option<&Throttle>,
    row: &SubUserRow,
    scene: &Scene<'_>,
) -> Option<Gate> {
    let ground = Ground {
        account: scene.view.account,
        snapshot: scene.view.snapshot,
        terms: scene.terms,
        counter_is_trusted: true,
        now: scene.now,
    };
    let record = Record::of(&row.sub_user);
    let own;
    let throttle = match throttle {
        Some(throttle) => throttle,
        None => {
            let (account, who) = (action.account.clone(), action.who.clone());
            own = Throttle::new(account, who, action.vendor_id.clone(), record, scene.now);
            &own
        }
    };
    let usage = row.usage.as_ref();
    of_record(
        action,
        throttle,
        usage.map(|usage| usage.value.traffic),
        usage.map(|usage| &usage.value.window),
        &ground,
    )
}

/// By the vendor's record and counter.
pub(in crate::domain::act) fn of_record(
    action: &Action,
    throttle: &Throttle,
    counter: Option<Bytes>,
    window: Option<&Window>,
    ground: &Ground<'_>,
) -> Option<Gate> {
    let Ground { account, terms, .. } = ground;
    let name = &*action.who.name;
    if terms.own_users.iter().any(|own| own == name) {
        return Some(Gate::MainUser);
    }
    if terms.guard.protects(name) {
        return Some(Gate::Protected);
    }
    let Some(ceiling) = ceiling(action.what, counter, terms.freeze_by, account.gigabyte) else {
        // Without a counter there is nothing to set a limit at.
        let has_no_way = terms.freeze_by == FreezeBy::Nothing && action.what == What::Freeze;
        return Some(if has_no_way { Gate::NotRestorable } else { Gate::Stale });
    };
    let at = match ceiling {
        Ceiling::Frozen => return (!throttle.own.active).then_some(Gate::NotLower),
        Ceiling::Limit(at) => at,
    };
    match throttle.own.limit {
        None => return Some(Gate::NotRestorable),
        Some(Limit::Unlimited) if !terms.can_lift => return Some(Gate::NotRestorable),
        Some(Limit::Unlimited) => {}
        Some(Limit::Blocked) => return Some(Gate::NotLower),
        Some(Limit::Bytes(own)) if own <= at => return Some(Gate::NotLower),
        Some(Limit::Bytes(own)) => {
            if matches!(action.what, What::Limit(_)) && !terms.guard.allows_change(own, at) {
                return Some(Gate::Guard);
            }
        }
    }
    if matches!(action.what, What::Limit(_)) {
        let Some(counter) = counter else { return Some(Gate::Stale) };
        let origin = window.and_then(|window| origin(window, ground));
        if !ground.counter_is_trusted
            || origin.is_none_or(|origin| action.period.is_none_or(|period| origin < period))
        {
            return Some(Gate::CounterOrigin);
        }
        if at <= counter {
            return Some(Gate::BelowCounter);
        }
    }
    None
}

/// Since when the vendor counts against the limit; nothing where it does not say, or counts for ever.
fn origin(window: &Window, ground: &Ground<'_>) -> Option<Timestamp> {
    let zone = &ground.account.time_zone;
    let moment = |at: jiff::civil::DateTime| at.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    match window {
        Window::Period => {
            totals::period(ground.account, ground.snapshot, ground.now).map(|period| period.start)
        }
        Window::CalendarMonth => Period::month_of_day(1, ground.now, zone).map(|period| period.start),
        Window::Since(at) => moment(*at),
        Window::Dates(from, _) => moment(from.at(0, 0, 0, 0)),
        Window::Lifetime | Window::Unknown => None,
    }
}
