use super::amount::Share;
use super::threshold::BurnRule;
use super::*;

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

fn budget(per: Per, thresholds: Vec<Threshold>) -> Budget {
    Budget {
        name: "b".into(),
        selectors: Selectors::default(),
        per,
        amount: Amount::parse("50GB", None).unwrap(),
        period: PeriodRule::Vendor,
        labels: BTreeMap::new(),
        unknown: OnUnknown::Notify,
        standing_cap: None,
        thresholds,
    }
}

fn problems(budget: &Budget) -> Vec<String> {
    budget.problems(minutes(15), minutes(5)).iter().map(ToString::to_string).collect()
}

#[test]
fn a_budget_that_judges_has_no_problem() {
    let rule = BurnRule { factor: Share::percent(600), long: minutes(180), short: minutes(30) };
    let conditions = [
        Condition::Used(Share::percent(80)),
        Condition::Forecast(Share::WHOLE),
        Condition::Burn(rule),
        Condition::Uncapped,
        Condition::Silent(minutes(24 * 60)),
    ];
    let named = |(at, when): (usize, &Condition)| Threshold::new(&format!("t{at}"), *when);
    let all = conditions.iter().enumerate().map(named).collect();
    assert_eq!(problems(&budget(Per::SubUser, all)), Vec::<String>::new());
}

#[test]
fn what_can_never_judge_is_said() {
    assert_eq!(problems(&budget(Per::SubUser, vec![])), ["has no threshold"]);
    let twice = vec![Threshold::new("a", Condition::Uncapped), Threshold::new("a", Condition::Uncapped)];
    assert_eq!(problems(&budget(Per::SubUser, twice)), ["has two thresholds named a"]);
    let many = (0..65).map(|at| Threshold::new(&at.to_string(), Condition::Uncapped)).collect();
    assert_eq!(problems(&budget(Per::SubUser, many)), ["has more than 64 thresholds"]);
    let one = |when| vec![Threshold::new("a", when)];
    assert_eq!(
        problems(&budget(Per::Account, one(Condition::Uncapped))),
        ["threshold a: only sub-users have a cap: needs per = \"sub_user\""]
    );
    assert_eq!(
        problems(&budget(Per::Target, one(Condition::Forecast(Share::WHOLE)))),
        ["threshold a: no hourly history is kept per target: needs per = \"sub_user\" or \"account\""]
    );
    let mut rolling = budget(Per::SubUser, one(Condition::Forecast(Share::WHOLE)));
    rolling.period = PeriodRule::Rolling(7);
    assert_eq!(problems(&rolling), ["threshold a: a rolling period has no end to forecast"]);
    let mut share = budget(Per::Account, one(Condition::Used(Share::WHOLE)));
    share.amount = Amount::ShareOfLimit(Share::WHOLE);
    assert_eq!(problems(&share), ["a share of the limit needs per = \"sub_user\" or \"subscription\""]);
}

#[test]
fn a_window_below_the_delay_and_three_looks_is_refused() {
    let rule = BurnRule { factor: Share::percent(600), long: minutes(180), short: minutes(29) };
    let fast = budget(Per::SubUser, vec![Threshold::new("fast", Condition::Burn(rule))]);
    assert_eq!(
        problems(&fast),
        ["threshold fast: a window of 1740 s is shorter than the reporting delay and three looks, 1800 s"]
    );
}

#[test]
fn a_window_beyond_the_remembered_hours_is_refused() {
    let silent = |hours: u64| vec![Threshold::new("silent", Condition::Silent(minutes(hours * 60)))];
    assert_eq!(problems(&budget(Per::SubUser, silent(47))), Vec::<String>::new());
    assert_eq!(
        problems(&budget(Per::SubUser, silent(48))),
        ["threshold silent: a window of 172800 s is longer than the remembered 47 hours"]
    );
}
