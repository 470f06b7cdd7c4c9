//! What actions add to a look: nobody over, one in a hundred over, and standing caps for all.

use std::collections::BTreeMap;
use std::time::Duration;

use proxymeter::domain::account::FreezeBy;
use proxymeter::domain::act::action::What;
use proxymeter::domain::act::books::{Books, Delta};
use proxymeter::domain::act::hold::{Ceiling, Hold, Throttle};
use proxymeter::domain::act::record::{Change, Record};
use proxymeter::domain::act::step::{Rules, Terms, step};
use proxymeter::domain::budget::Budget;
use proxymeter::domain::budget::threshold::{Action, ActionKind, Mode};
use proxymeter::domain::evaluate::{Tolerance, View, evaluate};
use proxymeter::domain::guard::Guard;
use proxymeter::domain::incident::Incidents;
use proxymeter::domain::snapshot::Snapshot;
use proxymeter::domain::units::{Bytes, Limit};

use super::{Bench, GB, at, budget, on_cpu, snapshot, used};

fn terms() -> Terms {
    Terms {
        writes: true,
        unit_pinned: true,
        guard: Guard::default(),
        own_users: Vec::new(),
        freeze_by: FreezeBy::Status,
        can_lift: true,
        clocks_agree: true,
    }
}

/// Everybody with a limit of 500 GB.
fn limited(snapshot: Snapshot) -> Snapshot {
    with_limit(snapshot, 500)
}

fn with_limit(mut snapshot: Snapshot, gigabytes: u64) -> Snapshot {
    let mut list = (**snapshot.sub_users.as_ref().unwrap()).clone();
    for row in &mut list.value {
        row.sub_user.limit = Some(Limit::Bytes(Bytes(gigabytes * GB)));
        row.sub_user.auto_disable = Some(true);
    }
    snapshot.sub_users = Some(list.into());
    snapshot
}

pub(super) fn report(bench: &Bench, count: usize) {
    println!("\nwhat actions add to a look");
    let mut freeze = budget(vec![used(100)]);
    let action =
        Action { what: ActionKind::Freeze, mode: Mode::Enforce, approve_within: None, countdown: None };
    freeze.thresholds[0].action = Some(action);
    let calm = limited(snapshot(count, 0, |_| 5));
    run(bench, "nobody over", &freeze, &[calm], |_| {});
    let over = |look| limited(snapshot(count, look, |index| if index % 100 == 0 { 101 } else { 5 }));
    run(bench, "1 % over, proposed", &freeze, &[over(0), over(1)], |_| {});
    run(bench, "1 % over, and due", &freeze, &[over(0), over(1), over(2)], |_| {});
    let mut capped = budget(Vec::new());
    capped.standing_cap = Some(Mode::Enforce);
    let calm = |look| limited(snapshot(count, look, |_| 5));
    run(bench, "standing caps, put there", &capped, &[calm(0)], |_| {});
    // The vendor's list shows what was written.
    let stands = with_limit(snapshot(count, 2, |_| 6), 100);
    run(bench, "standing caps, that stand", &capped, &[calm(0), stands], stand);
}

/// All that is due was done.
fn stand(books: &mut Books) {
    for action in std::mem::take(&mut books.actions).into_values() {
        let What::Cap(cap) = action.what else { continue };
        let own = action.before.unwrap();
        let id = action.vendor_id.clone();
        let mut throttle =
            Throttle::new(action.account.clone(), action.who.clone(), id, own, action.proposed);
        let ceiling = Ceiling::Limit(cap);
        let (by, what, period, amount) = (action.by, action.what, action.period, action.amount);
        let (since, orphaned, confirmed) = (action.proposed, false, true);
        throttle.put(Hold {
            by,
            what,
            ceiling,
            action: action.id,
            period,
            amount,
            since,
            orphaned,
            confirmed,
        });
        throttle.wrote(&Change::between(&own, &Record { limit: Some(Limit::Bytes(cap)), ..own }));
        books.throttles.insert(throttle.key(), throttle);
    }
}

/// The last of several looks, measured; after each of the others `done` is done.
fn run(bench: &Bench, name: &str, budget: &Budget, looks: &[Snapshot], done: impl Fn(&mut Books)) {
    let account = &bench.account;
    let budgets = [budget.clone()];
    let terms = BTreeMap::from([(account.name.clone(), terms())]);
    let rules = Rules { budgets: &budgets, terms: &terms };
    let holds = BTreeMap::new();
    let tolerance = Tolerance { looks_since: [Some(at(0)); 4], ..Tolerance::default() };
    let mut incidents = Incidents::default();
    let mut books = Books::default();
    for (look, snapshot) in looks.iter().enumerate() {
        let now = at(look as i64);
        let view = View { account, snapshot, history: &bench.memory, holds: &holds, grants: &[], tolerance };
        let views = [view];
        incidents = evaluate(&budgets, &views, &incidents, now).incidents;
        if look + 1 < looks.len() {
            let delta = step(&books, rules, &views, &incidents, now);
            books.take(&delta);
            done(&mut books);
            continue;
        }
        let mut times: Vec<Duration> = Vec::new();
        let mut last = Delta::default();
        for _ in 0..bench.runs {
            let before = on_cpu();
            last = step(&books, rules, &views, &incidents, now);
            times.push(on_cpu() - before);
        }
        times.sort_unstable();
        println!("{name:<42} {:>12.1?}   ({} actions change)", times[times.len() / 2], last.actions.len());
    }
}
