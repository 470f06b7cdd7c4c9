//! One target's thresholds from one evaluation to the next: latched once a period, ended once, re-armed once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::Pass;
use super::condition::{Judged, judge_by, needs_history};
use super::measure::{self, Measure, Measured, Span, is_row_of, key_of};
use crate::domain::budget::threshold::Kind;
use crate::domain::event::Event;
use crate::domain::incident::{End, Incident, Latches, Matter, State, Target, Track};
use crate::domain::snapshot::SubUserRow;
use crate::domain::truth::Unknown;
use crate::domain::units::Bytes;

impl Pass<'_> {
    /// Judges every target; gives back what is to be remembered of each.
    pub(super) fn run(&mut self, held: &[Track]) -> Vec<Track> {
        let (budget, view, now) = (self.budget, self.view, self.now);
        let span = Span::new(budget.period, view, now);
        let needs = needs_history(&budget.thresholds);
        let mut tracks = Vec::with_capacity(held.len());
        let mut before = Before::new(held);
        measure::each(budget, view, &span, now, needs, |measure, span| {
            if let Some(track) = before.take(&measure) {
                tracks.push(self.step(track, &measure, span));
            } else {
                let new = Track {
                    target: measure.of.target(),
                    first_judged: now,
                    period: span.start(),
                    highest: Bytes(0),
                    last: Bytes(0),
                    settles_below: Bytes(0),
                    amount: None,
                    granted: Bytes(0),
                    latched: Latches::default(),
                    matter: None,
                };
                tracks.push(self.step(&new, &measure, span));
            }
        });
        self.keep_missing(&mut before, &span, &mut tracks);
        tracks
    }

    /// What was there before and is not measured now: ended where that is sure, kept where it may come back.
    fn keep_missing(&mut self, before: &mut Before<'_>, span: &Span, tracks: &mut Vec<Track>) {
        let missing: Vec<&Track> = before.left().collect();
        if missing.is_empty() {
            return;
        }
        let rows = self.view.snapshot.rows();
        let own = &self.view.account.product;
        let product = |row: &'_ SubUserRow| row.sub_user.product.clone().unwrap_or_else(|| own.clone());
        let listed: HashSet<_> = rows.iter().map(|row| (key_of(row), product(row))).collect();
        let names: HashSet<_> = rows.iter().map(|row| (&*row.sub_user.username, product(row))).collect();
        let list = self.view.snapshot.sub_users.as_ref().map(|list| list.observed);
        let plans = self.view.snapshot.subscriptions.as_ref().map(|list| list.observed);
        for held in missing {
            let mut track = held.clone();
            self.roll_over(&mut track, span);
            let (look, end) = match &track.target {
                Target::SubUser(who) if listed.contains(&(&*who.key.0, who.product.clone())) => {
                    (None, Some(End::Config))
                }
                Target::SubUser(who) if self.view.holds.contains_key(&who.key) => (None, None),
                // The same name under a new id.
                Target::SubUser(who) if names.contains(&(&*who.name, who.product.clone())) => {
                    (None, Some(End::Gone))
                }
                Target::SubUser(_) => (list, None),
                Target::Subscription(_) => (plans, None),
                // A domain's days stay in the period; a new one knows nothing of it.
                Target::Domain(_) if track.latched.is_empty() => (None, Some(End::PeriodEnd)),
                Target::Domain(_) | Target::Account | Target::Unattributed => (None, None),
            };
            let first = track.matter.as_ref().and_then(|matter| matter.missing);
            let is_gone = first.zip(look).is_some_and(|(first, look)| look > first);
            if let Some(end) = end.or(is_gone.then_some(End::Gone)) {
                self.end_incidents(&track, end);
                continue;
            }
            self.note_unknown(Unknown::NotListed, &track.target);
            let matter = Arc::make_mut(track.matter.get_or_insert_default());
            matter.missing = matter.missing.or(look);
            for incident in &mut matter.incidents {
                incident.state = State::Unknown;
            }
            tracks.push(track);
        }
    }

    /// A newer start ends what the old period left open and re-arms every threshold, once.
    fn roll_over(&mut self, track: &mut Track, span: &Span) {
        let Some(start) = span.start() else { return };
        if track.period.is_none_or(|held| start > held) {
            if track.period.is_some() {
                self.end_incidents(track, End::PeriodEnd);
                track.latched = Latches::default();
                track.matter = None;
                track.settles_below = track.highest;
                (track.highest, track.last) = (Bytes(0), Bytes(0));
            }
            track.period = Some(start);
        }
    }

    fn step(&mut self, held: &Track, measure: &Measure<'_>, span: &Span) -> Track {
        let mut track = held.clone();
        self.roll_over(&mut track, span);
        let settled = self.settle(&mut track, measure, span);
        let settled = settled.as_ref().unwrap_or(measure);
        // A rolling span has no reading that it cannot fall below.
        let highest = span.start().map_or(Bytes(0), |_| track.highest);
        let judged = judge_by(&mut self.levels, self.budget, settled, highest, span, self.view, self.now);
        if let Some(reason) = judged.reason {
            self.note_unknown(reason, &track.target);
        }
        let amount = track.amount;
        self.take_figures(&mut track, settled, span);
        let news = judged.met.without(track.latched);
        if news.is_empty() && track.matter.is_none() && judged.met.is_empty() {
            self.rearm(&mut track, &judged, span);
            return track;
        }
        if let (Measured::Row(row, _), Target::SubUser(who)) = (&measure.of, &track.target)
            && who.name != row.sub_user.username
        {
            // A name may have changed under its id.
            track.target = measure.of.target();
        }
        let allows_more = amount.zip(track.amount).is_some_and(|(old, new)| new > old);
        if !allows_more && track.matter.as_ref().is_some_and(|matter| self.goes_on(matter, &judged, news)) {
            self.rearm(&mut track, &judged, span);
            return track;
        }
        let mut matter = track.matter.take().map(Arc::unwrap_or_clone).unwrap_or_default();
        matter.missing = None;
        let fires = self.hold(&mut matter, &judged, track.latched);
        let kinds = self.kinds;
        for kind in Kind::ALL.into_iter().filter(|kind| !kinds[*kind as usize].is_empty()) {
            self.step_kind(kind, &mut track, &mut matter, &judged, fires, settled, allows_more);
        }
        self.rearm(&mut track, &judged, span);
        track.matter = Some(matter).filter(|matter| *matter != Matter::default()).map(Arc::new);
        track
    }

    /// Whether every incident stands where it stood, and nothing else begins: most of what is the matter, in most passes.
    fn goes_on(&self, matter: &Matter, judged: &Judged, news: Latches) -> bool {
        let nothing_waits = matter.pending.is_empty() && matter.missing.is_none();
        let mut left = judged.met;
        let stands = |incident: &Incident| {
            let at = usize::from(incident.threshold);
            let Some(threshold) = self.budget.thresholds.get(at) else { return false };
            let of_kind = self.of_kind(threshold.when.kind(), judged.met);
            left = left.without(of_kind);
            let is_settled = incident.state == State::Firing && incident.borne_out;
            is_settled && self.highest(of_kind) == Some(incident.threshold)
        };
        nothing_waits
            && news.is_empty()
            && judged.unknown.is_empty()
            && matter.incidents.iter().all(stands)
            && left.is_empty()
    }

    /// In the vendor's delay after a boundary the old period's figure may still stand there.
    fn settle<'m>(&self, track: &mut Track, measure: &Measure<'m>, span: &Span) -> Option<Measure<'m>> {
        if track.settles_below == Bytes(0) {
            return None;
        }
        let (used, period) = (measure.used.ok()?, span.period.ok()?);
        let until = period.start.checked_add(self.view.tolerance.lag).unwrap_or(Timestamp::MAX);
        if used >= track.settles_below && measure.observed.is_some_and(|observed| observed < until) {
            return Some(Measure { used: Err(Unknown::Settling), ..measure.clone() });
        }
        track.settles_below = Bytes(0);
        None
    }

    /// Takes over reading and amount, and tells of a correction and of a changed allowance.
    fn take_figures(&mut self, track: &mut Track, measure: &Measure<'_>, span: &Span) {
        // Without a reading nothing was judged against the amount: what ends is to be told with the change.
        let Ok(used) = measure.used else { return };
        // A rolling span loses its oldest hours, and a difference of two figures wobbles: neither is a correction.
        let is_counter = span.start().is_some() && track.target != Target::Unattributed;
        if used < track.last && is_counter {
            let account = self.view.account.name.clone();
            let target = measure.of.target();
            self.events.push(Event::Corrected { account, target, from: track.last, to: used });
        }
        track.last = used;
        track.highest = if span.start().is_some() { track.highest.max(used) } else { used };
        let Ok(amount) = measure.amount else { return };
        // What a person grants, and its end, is no news of the vendor's.
        let held = track.amount.map(|held| Bytes(held.0.saturating_sub(track.granted.0)));
        let from = held.map(|held| held.saturating_add(measure.granted)).filter(|from| *from != amount);
        if let Some(from) = from.filter(|_| !self.amount_is_new && !track.latched.is_empty()) {
            let of = self.subject(&track.target);
            self.events.push(Event::AllowanceChanged { of, from, to: amount, used: Some(used) });
        }
        (track.amount, track.granted) = (Some(amount), measure.granted);
    }

    /// The thresholds that are met and were not told, less those that must hold longer.
    fn hold(&self, matter: &mut Matter, judged: &Judged, latched: Latches) -> Latches {
        let met = judged.met.without(latched);
        // What is not known neither goes on nor begins anew.
        matter.pending.retain(|(at, _)| met.has((*at).into()) || judged.unknown.has((*at).into()));
        let mut fires = Latches::default();
        for at in met.iter() {
            let Some(threshold) = self.budget.thresholds.get(at) else { continue };
            let place = at as u8;
            let since = matter.pending.iter().find(|(pending, _)| *pending == place).map(|(_, since)| *since);
            let until = since.unwrap_or(self.now).checked_add(threshold.hold);
            if until.is_ok_and(|until| until <= self.now) {
                fires = fires.and(Latches::one(at));
            } else if since.is_none() {
                matter.pending.push((place, self.now));
            }
        }
        fires
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one target's state, borrowed apart")]
    fn step_kind(
        &mut self,
        kind: Kind,
        track: &mut Track,
        matter: &mut Matter,
        judged: &Judged,
        fires: Latches,
        measure: &Measure<'_>,
        allows_more: bool,
    ) {
        let open = matter
            .incidents
            .iter()
            .position(|incident| self.kinds[kind as usize].has(incident.threshold.into()));
        let told = track.latched;
        let news = self.of_kind(kind, fires);
        let bears_out = |pass: &Self, at: u8| {
            let judged = pass.since.get(usize::from(at)).copied().unwrap_or(pass.now).max(track.first_judged);
            measure.observed.is_some_and(|observed| observed > judged)
        };
        if let Some(highest) = self.highest(news) {
            // Lower ones that still wait are told with it.
            let below = self.of_kind(kind, judged.met.without(told)).iter();
            let below = below.filter(|at| self.is_at_most(*at, highest.into()));
            let latched = below.map(Latches::one).fold(news, Latches::and);
            track.latched = track.latched.and(latched);
            matter.pending.retain(|(at, _)| !latched.has((*at).into()));
            self.events.push(Event::Fired {
                of: self.subject(&track.target),
                threshold: highest,
                latched,
                used: measure.used.ok(),
                amount: measure.amount.ok(),
                at_first_look: !bears_out(self, highest),
            });
        }
        // The highest told one that is met is what the incident stands at.
        let stands = self.highest(self.of_kind(kind, judged.met.within(track.latched)));
        match (open, stands) {
            (None, None) => {}
            (None, Some(threshold)) => matter.incidents.push(Incident {
                threshold,
                state: State::Firing,
                since: self.now,
                borne_out: bears_out(self, threshold),
            }),
            (Some(open), stands) => {
                let Some(incident) = matter.incidents.get_mut(open) else { return };
                let at = usize::from(incident.threshold);
                let is_higher = stands.is_some_and(|stands| !self.is_at_most(stands.into(), at));
                if judged.unknown.has(at) && !is_higher {
                    incident.state = State::Unknown;
                } else if let Some(threshold) = stands.filter(|_| is_higher || judged.clear.has(at)) {
                    *incident = Incident { threshold, state: State::Firing, ..*incident };
                } else if judged.clear.has(at) {
                    matter.incidents.swap_remove(open);
                    let end = match (kind, allows_more) {
                        (_, true) if self.amount_is_new => End::Config,
                        (Kind::Used | Kind::Forecast | Kind::Burn, true) => End::AllowanceChanged,
                        _ => End::Below,
                    };
                    self.end(&track.target, at, end);
                    return;
                } else {
                    incident.state = State::Firing;
                }
                incident.borne_out |= bears_out(self, incident.threshold);
            }
        }
    }

    /// A span that never begins anew re-arms what has cleared.
    fn rearm(&self, track: &mut Track, judged: &Judged, span: &Span) {
        if span.start().is_none() && span.period.is_ok() {
            track.latched = track.latched.without(judged.clear);
        }
    }

    fn of_kind(&self, kind: Kind, set: Latches) -> Latches {
        set.within(self.kinds[kind as usize])
    }

    fn highest(&self, set: Latches) -> Option<u8> {
        if set.len() < 2 {
            return set.iter().next().and_then(|at| u8::try_from(at).ok());
        }
        let threshold = |at: &usize| self.budget.thresholds.get(*at);
        let at = set.iter().filter(|at| threshold(at).is_some()).max_by(|one, other| {
            match (threshold(one), threshold(other)) {
                (Some(one), Some(other)) => one.when.compare(&other.when),
                _ => std::cmp::Ordering::Equal,
            }
        });
        at.and_then(|at| u8::try_from(at).ok())
    }

    fn is_at_most(&self, one: usize, other: usize) -> bool {
        match (self.budget.thresholds.get(one), self.budget.thresholds.get(other)) {
            (Some(one), Some(other)) => one.when.compare(&other.when).is_le(),
            _ => false,
        }
    }
}

/// What was remembered, found by the order of the last list, and by key where the order has changed.
struct Before<'a> {
    held: &'a [Track],
    taken: Vec<bool>,
    next: usize,
    by_key: Option<HashMap<(&'a str, &'a str), usize>>,
}

impl<'a> Before<'a> {
    fn new(held: &'a [Track]) -> Self {
        Self { held, taken: vec![false; held.len()], next: 0, by_key: None }
    }

    fn take(&mut self, measure: &Measure<'_>) -> Option<&'a Track> {
        let at = match &measure.of {
            Measured::Row(row, product) => {
                let is_next = self.held.get(self.next).is_some_and(|track| match &track.target {
                    Target::SubUser(who) => is_row_of(row, product, who),
                    _ => false,
                });
                if is_next {
                    Some(self.next)
                } else {
                    self.by_key().get(&(key_of(row), &***product)).copied()
                }
            }
            Measured::Other(target) => self.held.iter().position(|track| track.target == *target),
        };
        let at = at.filter(|at| !self.taken.get(*at).copied().unwrap_or(true))?;
        self.taken[at] = true;
        self.next = at + 1;
        self.held.get(at)
    }

    fn by_key(&mut self) -> &HashMap<(&'a str, &'a str), usize> {
        let held = self.held;
        self.by_key.get_or_insert_with(|| {
            let key = |(at, track): (usize, &'a Track)| match &track.target {
                Target::SubUser(who) => Some(((&*who.key.0, &*who.product), at)),
                _ => None,
            };
            held.iter().enumerate().filter_map(key).collect()
        })
    }

    fn left(&self) -> impl Iterator<Item = &'a Track> + use<'a, '_> {
        self.held.iter().zip(&self.taken).filter(|(_, taken)| !**taken).map(|(track, _)| track)
    }
}
