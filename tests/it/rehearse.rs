//! Budgets in virtual time: what is told, what would be written and what that would save.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails the test as the test itself would")]

mod commands;
mod recorded;

use std::path::Path;

use jiff::SignedDuration;
use proxymeter::config::{Config, load_text};
use proxymeter::domain::judgement::Rules;
use proxymeter::domain::units::Bytes;
use proxymeter::rehearse::made_up::MadeUp;
use proxymeter::rehearse::{Change, Rehearsal, Report, What, Write};
use proxymeter::simulator::Scenario;

/// A configuration of one account, with `budgets` behind it.
fn configuration(budgets: &str) -> String {
    format!(
        "operator.notify = [\"operator\"]\nreceivers.operator.log = true\nreceivers.ops.log = true\n\
         [accounts.a]\nprovider = \"oxylabs\"\nusername = \"u\"\npassword = \"p\"\nplan = \"1TB\"\n{budgets}"
    )
}

fn config(budgets: &str) -> Config {
    load_text(Path::new("made.toml"), &configuration(budgets), []).unwrap()
}

/// A scenario of that account from 2026-01-10 on, with `rest` behind it.
fn scenario(lasts: &str, rest: &str) -> Scenario {
    let text = format!(
        "start = \"2026-01-10\"\nlasts = \"{lasts}\"\nhistory_days = 9\n\
         [accounts.a]\nprovider = \"oxylabs\"\nusername = \"u\"\npassword = \"p\"\nlag = \"10m\"\n{rest}"
    );
    Scenario::from_toml("made.toml", &text).unwrap()
}

fn rehearsal(config: &Config, scenario: &Scenario) -> Rehearsal {
    Rehearsal {
        rules: Rules {
            budgets: config.budgets.clone(),
            operator: vec!["operator".into()],
            ..Rules::default()
        },
        accounts: config.accounts.values().map(|account| account.account.clone()).collect(),
        from: scenario.start,
        until: scenario.start + scenario.lasts,
        every: SignedDuration::from_mins(5),
        lag: config.collect.lag,
        stale_after: config.collect.stale_after,
    }
}

fn run(config: &Config, scenario: &Scenario) -> Report {
    let rehearsal = rehearsal(config, scenario);
    let names: Vec<_> = config.accounts.keys().cloned().collect();
    rehearsal.run(&mut MadeUp::new(scenario, &names).unwrap(), || {})
}

/// The notices of a receiver, by their time and title.
fn told(report: &Report, receiver: &str) -> Vec<String> {
    let told = report.entries.iter().filter_map(|entry| match &entry.what {
        What::Notice(notice) if *notice.receiver == *receiver => {
            Some(format!("{} {}", entry.at.strftime("%d %H:%M"), notice.title))
        }
        _ => None,
    });
    told.collect()
}

fn writes(report: &Report) -> Vec<(String, &Write)> {
    let writes = report.entries.iter().filter_map(|entry| match &entry.what {
        What::Write(write) => Some((entry.at.strftime("%d %H:%M").to_string(), write)),
        What::Notice(_) => None,
    });
    writes.collect()
}

/// 10 GB a sub-user in a period, told at the half and at the end.
const STEPS: &str = "[budgets.each]\naccount = \"a\"\nsub_user = \"s_.*\"\nper = \"sub_user\"\namount = \"10GB\"\n\
                     thresholds.half = { used = \"50%\", notify = [\"ops\"] }\n\
                     thresholds.most = { used = \"80%\", notify = [\"ops\"] }\n\
                     thresholds.stop = { used = \"100%\", notify = [\"ops\"], action = \"freeze\" }\n";

#[test]
fn f18_figures_that_stood_still_and_jump_are_one_notice_of_the_highest() {
    let rest = "sub_users.s_one = { per_day = \"100MB\", shape = \"retry-storm\", after = \"1h\", lasts = \"5h\", factor = 600 }\n\
                [[accounts.a.events]]\nafter = \"50m\"\nfreeze = \"6h\"\n";
    let report = run(&config(STEPS), &scenario("12h", rest));
    let told = told(&report, "ops");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].starts_with("10 06:50 each: s_one at a: stop (used = \"100%\"), "), "{told:#?}");
    let writes = writes(&report);
    assert_eq!(writes.len(), 1);
    assert_eq!((writes[0].0.as_str(), writes[0].1.change), ("10 06:50", Change::Freeze));
}

#[test]
fn f21_over_at_the_first_look_is_told_and_written_after_the_second() {
    let report = run(&config(STEPS), &scenario("1h", "sub_users.s_one = { per_day = \"2GB\" }\n"));
    assert!(told(&report, "ops")[0].starts_with("10 00:00 each: s_one at a: stop"));
    assert_eq!(writes(&report)[0].0, "10 00:05");
}

#[test]
fn f22_a_correction_back_over_the_threshold_tells_nobody_twice() {
    let rest = "sub_users.s_one = { per_day = \"530MB\" }\n\
                [[accounts.a.events]]\nafter = \"20h\"\ncorrection = \"1GB\"\nsub_user = \"s_one\"\n";
    let report = run(&config(STEPS), &scenario("5d", rest));
    let told = told(&report, "ops");
    // Neither over by the correction nor told anew when it is made up for (F2).
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("each: s_one at a: half"), "{told:#?}");
}

#[test]
fn f34_what_no_sub_user_explains_is_told_and_cannot_be_lowered() {
    let leak = "[budgets.leak]\naccount = \"a\"\nper = \"unattributed\"\namount = \"5GB\"\n\
                thresholds.stop = { used = \"100%\", notify = [\"ops\"] }\n";
    let rest = "unattributed = { per_day = \"24MB\", shape = \"runaway\", after = \"1h\", factor = 1000 }\n\
                sub_users.s_one = { per_day = \"3GB\" }\n";
    let report = run(&config(leak), &scenario("12h", rest));
    let told = told(&report, "ops");
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("leak: a, what no sub-user explains: stop"), "{told:#?}");
    assert_eq!(writes(&report), []);
}

#[test]
fn f1_what_was_lowered_comes_back_at_the_first_look_that_shows_the_new_period() {
    let daily = STEPS.replace("amount", "period = \"day\"\namount");
    let rest = "sub_users.s_one = { per_day = \"20GB\", limit = \"2TB\" }\n";
    let report = run(&config(&daily), &scenario("1d2h", rest));
    let writes = writes(&report);
    let changes: Vec<_> = writes.iter().map(|(at, write)| (&at[..2], write.change)).collect();
    assert_eq!(changes, [("10", Change::Freeze), ("11", Change::Restore)]);
    assert_eq!(writes[1].0, "11 00:00");
    assert!(told(&report, "ops").iter().any(|line| line.ends_with("stop is over: a new period has begun")));
}

#[test]
fn what_a_freeze_saves_begins_a_look_and_the_delay_later_and_ends_with_the_period() {
    // Even traffic of which the second half of the day is not wanted.
    let daily = STEPS.replace("amount", "period = \"day\"\namount");
    let rest = "sub_users.s_one = { per_day = \"20GB\", truth = { is = \"runaway\", after = \"18h\", lasts = \"6h\" } }\n";
    let scenario = scenario("2d", rest);
    let report = run(&config(&daily), &scenario);
    let at = writes(&report)[0].0.clone();
    let mut answers = proxymeter::simulator::Answers::of(&scenario, scenario.start).remove(0);
    let mut snapshot = proxymeter::domain::snapshot::Snapshot::default();
    answers.look(scenario.start + scenario.lasts, &mut snapshot);
    let id = snapshot.rows()[0].sub_user.id.clone().unwrap().0;
    let mut saved = Bytes(0);
    let mut wanted = Bytes(0);
    for (at, write) in writes(&report) {
        if write.change != Change::Freeze {
            continue;
        }
        let day: jiff::civil::Date = format!("2026-01-{}", &at[..2]).parse().unwrap();
        let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
        let time: jiff::Timestamp = format!("2026-01-{}T{}:00Z", &at[..2], &at[3..]).parse().unwrap();
        let (from, to) = (time + SignedDuration::from_mins(20), midnight + SignedDuration::from_hours(24));
        saved = saved.saturating_add(answers.used(&id, from, to).unwrap());
        wanted = wanted.saturating_add(answers.wanted(&id, from, to).unwrap());
    }
    assert!(saved > Bytes(10_000_000_000), "{at}: {saved}");
    assert_eq!((report.budgets[0].saved, report.budgets[0].wrongly_cut), (saved, Some(wanted)));
    assert!(wanted > Bytes(0) && wanted < saved, "{wanted} of {saved}");
}

#[test]
fn a_limit_saves_what_goes_beyond_it() {
    let limited = STEPS.replace("\"freeze\"", "\"limit 15GB\"");
    // 9 GB before, and 24 GB a day.
    let rest = "sub_users.s_one = { per_day = \"1GB\", limit = \"2TB\", shape = \"runaway\", after = \"0s\", factor = 24 }\n";
    let (config, scenario) = (config(&limited), scenario("1d", rest));
    let report = run(&config, &scenario);
    assert_eq!(writes(&report)[0].1.change, Change::Limit(Bytes(15_000_000_000)));
    let mut answers = proxymeter::simulator::Answers::of(&scenario, scenario.start).remove(0);
    answers.pass(scenario.start + scenario.lasts);
    let beyond = answers.total().0 - 15_000_000_000;
    let saved = report.budgets[0].saved.0;
    // The vendor's counter is rounded down, and late by what was sent in ten minutes.
    assert!(saved.abs_diff(beyond) < 400_000_000, "{saved} of {beyond}");
}

#[test]
fn a_limit_that_is_not_lower_or_below_the_counter_is_refused_and_saves_nothing() {
    for (to, limit, gate) in [("15GB", "12GB", "not_lower"), ("9GB", "2TB", "below_counter")] {
        let limited = STEPS.replace("\"freeze\"", &format!("\"limit {to}\""));
        let rest =
            format!("sub_users.s_one = {{ per_day = \"2GB\", limit = \"{limit}\", auto_disable = false }}\n");
        let report = run(&config(&limited), &scenario("6h", &rest));
        assert_eq!(writes(&report)[0].1.refused, Some(gate));
        assert_eq!((report.budgets[0].writes, report.budgets[0].saved), (0, Bytes(0)));
    }
}
