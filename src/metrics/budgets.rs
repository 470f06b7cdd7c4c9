//! Budgets as segments of one account: what is measured, what will be, and which incidents are open.

use jiff::Timestamp;

use super::catalog::FamilyId;
use super::exposition::{SampleWriter, Segment};
use crate::domain::budget::Budget;
use crate::domain::budget::threshold::{BurnRule, Condition, span_in_words};
use crate::domain::burn;
use crate::domain::evaluate::View;
use crate::domain::evaluate::measure::{self, Measure, Measured, Span};
use crate::domain::forecast::forecast;
use crate::domain::incident::{Incidents, State, Target};
use crate::domain::ledger::Ledger;

/// The identity of a target as labels: product, sub-user, target, subscription.
type Identity<'a> = [&'a str; 4];

struct Writers {
    amount: SampleWriter,
    used: SampleWriter,
    forecast: SampleWriter,
    burn: SampleWriter,
    exhaustion: SampleWriter,
    period_end: SampleWriter,
}

/// Encodes every budget that concerns the account, and its open incidents.
#[must_use]
pub fn encode(
    budgets: &[Budget],
    view: &View<'_>,
    incidents: &Incidents,
    now: Timestamp,
) -> Vec<(FamilyId, Segment)> {
    let account = view.account;
    let writer = |family| SampleWriter::new(family, account.provider, account.name.as_str());
    let mut writers = Writers {
        amount: writer(FamilyId::BudgetAmount),
        used: writer(FamilyId::BudgetUsed),
        forecast: writer(FamilyId::BudgetForecast),
        burn: writer(FamilyId::BudgetBurnRatio),
        exhaustion: writer(FamilyId::BudgetExhaustion),
        period_end: writer(FamilyId::BudgetPeriodEnd),
    };
    for budget in budgets {
        if !budget.selectors.fits_account(account.provider, account.name.as_str()) {
            continue;
        }
        let span = Span::new(budget.period, view, now);
        measure::each(budget, view, &span, now, true, |measure, span| {
            writers.write(budget, view, &measure, span, now);
        });
    }
    let Writers { amount, used, forecast, burn, exhaustion, period_end } = writers;
    let states = states(budgets, view, incidents, writer(FamilyId::IncidentState));
    let all = [amount, used, forecast, burn, exhaustion, period_end, states];
    all.into_iter().map(SampleWriter::finish).collect()
}

/// How many targets a budget has at an account.
#[must_use]
pub fn targets(budget: &Budget, view: &View<'_>, now: Timestamp) -> usize {
    let account = view.account;
    if !budget.selectors.fits_account(account.provider, account.name.as_str()) {
        return 0;
    }
    let mut count = 0;
    let span = Span::new(budget.period, view, now);
    measure::each(budget, view, &span, now, false, |_, _| count += 1);
    count
}

/// Encodes the account's own counters.
#[must_use]
pub fn consumed(view: &View<'_>, ledger: &Ledger) -> (FamilyId, Segment) {
    let account = view.account;
    let mut writer = SampleWriter::new(FamilyId::TrafficConsumed, account.provider, account.name.as_str());
    for row in view.snapshot.rows() {
        let product = row.sub_user.product.as_ref().unwrap_or(&account.product);
        if let Some(consumed) = ledger.consumed_by(&row.sub_user.key()) {
            writer.sample(&[product, &row.sub_user.username], consumed);
        }
    }
    writer.finish()
}

impl Writers {
    fn write(
        &mut self,
        budget: &Budget,
        view: &View<'_>,
        measure: &Measure<'_>,
        span: &Span,
        now: Timestamp,
    ) {
        let identity = of_measured(&measure.of);
        let [product, sub_user, target, subscription] = identity;
        let labels = [product, sub_user, target, subscription, &*budget.name];
        if let Ok(amount) = measure.amount {
            self.amount.sample_of_some(&labels, amount);
        }
        if let Ok(used) = measure.used {
            self.used.sample_of_some(&labels, used);
        }
        // A rolling period ends with every moment.
        let period = span.period.ok().filter(|_| span.start().is_some());
        if let Some(period) = period {
            self.period_end.sample_of_some(&labels, period.end.as_second());
        }
        let (Some(summary), Ok(amount)) = (measure.summary, measure.amount) else { return };
        if let (Ok(used), Some(period)) = (measure.used, period) {
            let zone = &view.account.time_zone;
            if let Some(found) = forecast(summary, used, Some(amount), period, now, zone) {
                self.forecast.sample_of_some(&labels, found.expected);
                if let Some(at) = found.runs_out {
                    self.exhaustion.sample_of_some(&labels, at.as_second());
                }
            }
        }
        let Ok(period) = span.period else { return };
        for rule in burn_rules(budget) {
            let Ok(found) = burn::burn(summary, rule, amount, period, now, view.account.gigabyte) else {
                continue;
            };
            for (window, ratio) in [(rule.long, found.long), (rule.short, found.short)] {
                let window = span_in_words(window);
                let labels = [product, sub_user, target, subscription, &*budget.name, &window];
                self.burn.sample_of_some(&labels, ratio);
            }
        }
    }
}

fn burn_rules(budget: &Budget) -> impl Iterator<Item = &BurnRule> {
    let mut rules: Vec<&BurnRule> = Vec::new();
    for threshold in &budget.thresholds {
        if let Condition::Burn(rule) = &threshold.when
            && !rules.iter().any(|other| (other.long, other.short) == (rule.long, rule.short))
        {
            rules.push(rule);
        }
    }
    rules.into_iter()
}

fn of_measured<'m>(of: &'m Measured<'_>) -> Identity<'m> {
    match of {
        Measured::Row(row, product) => [product, &row.sub_user.username, "", ""],
        Measured::Other(target) => of_target(target),
    }
}

fn of_target(target: &Target) -> Identity<'_> {
    match target {
        Target::Account | Target::Unattributed => ["", "", "", ""],
        Target::SubUser(who) => [&who.product, &who.name, "", ""],
        Target::Domain(domain) => ["", "", domain, ""],
        Target::Subscription(plan) => ["", "", "", plan],
    }
}

/// The open incidents, and the thresholds that wait for their `for`.
fn states(
    budgets: &[Budget],
    view: &View<'_>,
    incidents: &Incidents,
    mut writer: SampleWriter,
) -> SampleWriter {
    for budget in budgets {
        let Some(state) = incidents.budgets.get(&budget.name) else { continue };
        let Some(tracks) = state.accounts.get(&view.account.name) else { continue };
        for track in &tracks.tracks {
            let Some(matter) = &track.matter else { continue };
            let [product, sub_user, target, subscription] = of_target(&track.target);
            let open = matter.incidents.iter().map(|incident| (incident.threshold, incident.state));
            let waiting = matter.pending.iter().map(|(at, _)| (*at, State::Pending));
            for (at, standing) in open.chain(waiting) {
                let Some((threshold, _)) = state.thresholds.get(usize::from(at)) else { continue };
                let labels =
                    [product, sub_user, target, subscription, &*budget.name, threshold, standing.as_str()];
                writer.sample_of_some(&labels, 1_u64);
            }
        }
    }
    writer
}
