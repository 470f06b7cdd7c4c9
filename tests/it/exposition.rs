//! `/metrics` as a scraper reads it: whole pages, both packings, and the judgement of others' tools.

#![cfg(test)]

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use flate2::read::{GzDecoder, MultiGzDecoder};
use jiff::Timestamp;
use proptest::prelude::*;
use proxymeter::domain::account::AccountName;
use proxymeter::domain::collector::{Collector, FailureReason};
use proxymeter::domain::incident::State;
use proxymeter::domain::outbox::Backlog;
use proxymeter::domain::units::Bytes;
use proxymeter::metrics::catalog::{FamilyId, GIVEN_UP_FIRST};
use proxymeter::metrics::exposition::{Encoding, Exposition, Format, SampleWriter, Scrape, Segment};
use proxymeter::metrics::own::{OwnMetrics, Owner, StorePart};

const FORMATS: [Format; 2] = [Format::Text, Format::OpenMetrics];

fn account(name: &str) -> AccountName {
    AccountName::new(name).unwrap()
}

/// A segment of `rows`: values of the labels after `provider` and `account`, and the sample.
fn segment(family: FamilyId, account: &str, rows: &[(&[&str], u64)]) -> (FamilyId, Segment) {
    let mut writer = SampleWriter::new(family, "oxylabs", account);
    for (labels, value) in rows {
        writer.sample(labels, *value);
    }
    writer.finish()
}

/// Every family of the catalog with two accounts, so that no header is missing.
fn everything() -> Exposition {
    let exposition = Exposition::new(usize::MAX);
    let ours = own().encode(Format::Text);
    for name in ["beta", "alpha"] {
        let vendors = FamilyId::ALL.iter().copied().filter(|id| {
            let family = id.family();
            family.labels.starts_with(&["provider", "account"])
                && !ours.contains(&format!("# TYPE {} ", family.name))
        });
        let written = vendors.map(|id| {
            let labels = vec!["x"; id.family().labels.len() - 2];
            segment(id, name, &[(&labels, 1)])
        });
        exposition.replace(&account(name), written.collect());
    }
    exposition
}

fn own() -> OwnMetrics {
    let own = OwnMetrics::new("0.1.0").unwrap();
    let acme = Owner { provider: "oxylabs", account: "alpha" };
    let (interval, stale_after) = (std::time::Duration::from_secs(300), std::time::Duration::from_secs(1200));
    for collector in Collector::ALL {
        own.register(acme, collector, interval, stale_after);
        own.attempt(acme, collector, Timestamp::from_second(100).unwrap());
        own.observed(acme, collector, Timestamp::from_second(101).unwrap());
        own.reloaded(Some(Timestamp::from_second(100).unwrap()));
        own.success(acme, collector, Timestamp::from_second(102).unwrap(), interval);
    }
    own.budgets(&[(("b".into(), "warn".into(), State::Firing), 1)].into(), &[("b".into(), 2)].into());
    own.store(StorePart::Decisions, true);
    own.register_store(&["full"]);
    own.register_actions(acme);
    let ops: Arc<str> = "ops".into();
    own.register_receivers([&ops]);
    own.outbox([&ops], &[Backlog { receiver: ops.clone(), pending: 1, oldest: Timestamp::UNIX_EPOCH }]);
    own.failure(acme, Collector::Account, FailureReason::Auth);
    own.call(acme, "login", Some(401), interval);
    own
}

fn body(scrape: &Scrape) -> Vec<u8> {
    let body = scrape.chunks.concat();
    assert_eq!(body.len() as u64, scrape.length, "the length that is announced");
    body
}

fn text(exposition: &Exposition, format: Format) -> String {
    String::from_utf8(body(&exposition.scrape(format, Encoding::Identity, String::new()))).unwrap()
}

#[test]
fn accounts_stand_together_by_family_in_the_order_of_the_catalog() {
    let exposition = Exposition::new(100);
    for (name, bytes) in [("beta", 2), ("alpha", 1)] {
        exposition.replace(
            &account(name),
            vec![
                segment(FamilyId::SubUserTraffic, name, &[(&["mobile", "a"], bytes), (&["mobile", "b"], 0)]),
                segment(FamilyId::SubUserRequests, name, &[]),
                segment(FamilyId::AccountTraffic, name, &[(&[], bytes)]),
            ],
        );
    }
    insta::assert_snapshot!(text(&exposition, Format::Text), @r#"
    # HELP proxymeter_account_traffic_bytes Bytes that the account used in its current period by the vendor's own total, collected on a schedule because the vendors meter and limit their APIs.
    # TYPE proxymeter_account_traffic_bytes gauge
    proxymeter_account_traffic_bytes{provider="oxylabs",account="alpha"} 1
    proxymeter_account_traffic_bytes{provider="oxylabs",account="beta"} 2
    # HELP proxymeter_sub_user_traffic_bytes Bytes that the sub-user used in the vendor's current period by the vendor's own figure, collected on a schedule because the vendors meter and limit their APIs.
    # TYPE proxymeter_sub_user_traffic_bytes gauge
    proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="alpha",product="mobile",sub_user="a"} 1
    proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="alpha",product="mobile",sub_user="b"} 0
    proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="beta",product="mobile",sub_user="a"} 2
    proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="beta",product="mobile",sub_user="b"} 0
    # HELP proxymeter_series_dropped Number of series of the family that are left out because there are more than collect.max_series.
    # TYPE proxymeter_series_dropped gauge
    proxymeter_series_dropped{family="proxymeter_target_requests"} 0
    proxymeter_series_dropped{family="proxymeter_target_traffic_bytes"} 0
    proxymeter_series_dropped{family="proxymeter_budget_forecast_bytes"} 0
    proxymeter_series_dropped{family="proxymeter_budget_exhaustion_timestamp_seconds"} 0
    proxymeter_series_dropped{family="proxymeter_budget_burn_ratio"} 0
    proxymeter_series_dropped{family="proxymeter_sub_user_info"} 0
    proxymeter_series_dropped{family="proxymeter_sub_user_limit_enforced"} 0
    proxymeter_series_dropped{family="proxymeter_account_info"} 0
    "#);
    insta::assert_snapshot!(text(&exposition, Format::OpenMetrics), @r#"
    # TYPE proxymeter_account_traffic_bytes gauge
    # UNIT proxymeter_account_traffic_bytes bytes
    # HELP proxymeter_account_traffic_bytes Bytes that the account used in its current period by the vendor's own total, collected on a schedule because the vendors meter and limit their APIs.
    proxymeter_account_traffic_bytes{provider="oxylabs",account="alpha"} 1
    proxymeter_account_traffic_bytes{provider="oxylabs",account="beta"} 2
    # TYPE proxymeter_sub_user_traffic_bytes gauge
    # UNIT proxymeter_sub_user_traffic_bytes bytes
    # HELP proxymeter_sub_user_traffic_bytes Bytes that the sub-user used in the vendor's current period by the vendor's own figure, collected on a schedule because the vendors meter and limit their APIs.
    proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="alpha",product="mobile",sub_user="a"} 1
    proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="alpha",product="mobile",sub_user="b"} 0
    proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="beta",product="mobile",sub_user="a"} 2
    proxymeter_sub_user_traffic_bytes{provider="oxylabs",account="beta",product="mobile",sub_user="b"} 0
    # TYPE proxymeter_series_dropped gauge
    # HELP proxymeter_series_dropped Number of series of the family that are left out because there are more than collect.max_series.
    proxymeter_series_dropped{family="proxymeter_target_requests"} 0
    proxymeter_series_dropped{family="proxymeter_target_traffic_bytes"} 0
    proxymeter_series_dropped{family="proxymeter_budget_forecast_bytes"} 0
    proxymeter_series_dropped{family="proxymeter_budget_exhaustion_timestamp_seconds"} 0
    proxymeter_series_dropped{family="proxymeter_budget_burn_ratio"} 0
    proxymeter_series_dropped{family="proxymeter_sub_user_info"} 0
    proxymeter_series_dropped{family="proxymeter_sub_user_limit_enforced"} 0
    proxymeter_series_dropped{family="proxymeter_account_info"} 0
    # EOF
    "#);
}

#[test]
fn a_pass_replaces_its_account_alone_and_removal_takes_it_away() {
    let exposition = Exposition::new(100);
    let traffic = |name: &str, bytes| vec![segment(FamilyId::AccountTraffic, name, &[(&[], bytes)])];
    let samples = || -> Vec<String> {
        let page = text(&exposition, Format::Text);
        page.lines().filter(|line| line.starts_with("proxymeter_account")).map(str::to_owned).collect()
    };
    exposition.replace(&account("alpha"), traffic("alpha", 1));
    exposition.replace(&account("beta"), traffic("beta", 2));
    exposition.replace(&account("alpha"), traffic("alpha", 3));
    let line = |name, bytes| {
        format!("proxymeter_account_traffic_bytes{{provider=\"oxylabs\",account=\"{name}\"}} {bytes}")
    };
    assert_eq!(samples(), [line("alpha", 3), line("beta", 2)]);
    exposition.remove(&account("alpha"));
    assert_eq!(samples(), [line("beta", 2)]);
    exposition.remove(&account("beta"));
    assert!(!text(&exposition, Format::Text).contains("account_traffic"), "no header without samples");
}

#[test]
fn families_are_given_up_in_their_order_and_said_to_be() {
    let rows = |count: usize, width: usize| -> Vec<Vec<String>> {
        (0..count).map(|row| vec![row.to_string(); width]).collect()
    };
    let fill = |exposition: &Exposition| {
        let segments = [
            (FamilyId::SubUserTraffic, 10),
            (FamilyId::SubUserTrafficLimit, 10),
            (FamilyId::SubUserInfo, 10),
            (FamilyId::SubUserLimitEnforced, 10),
            (FamilyId::BudgetForecast, 5),
            (FamilyId::TargetTraffic, 30),
            (FamilyId::TargetRequests, 20),
        ]
        .map(|(id, count)| {
            let mut writer = SampleWriter::new(id, "oxylabs", "alpha");
            for row in rows(count, id.family().labels.len() - 2) {
                writer.sample(&row.iter().map(String::as_str).collect::<Vec<_>>(), 1_u64);
            }
            writer.finish()
        });
        exposition.replace(&account("alpha"), segments.into());
    };
    for (max, dropped) in [
        (95, [0, 0, 0, 0, 0, 0, 0, 0]),
        (94, [20, 0, 0, 0, 0, 0, 0, 0]),
        (75, [20, 0, 0, 0, 0, 0, 0, 0]),
        (74, [20, 30, 0, 0, 0, 0, 0, 0]),
        (44, [20, 30, 5, 0, 0, 0, 0, 0]),
        (39, [20, 30, 5, 0, 0, 10, 0, 0]),
        (20, [20, 30, 5, 0, 0, 10, 10, 0]),
        (0, [20, 30, 5, 0, 0, 10, 10, 0]),
    ] {
        let exposition = Exposition::new(max);
        fill(&exposition);
        let page = text(&exposition, Format::OpenMetrics);
        for (id, dropped) in GIVEN_UP_FIRST.iter().zip(dropped) {
            let name = id.family().name;
            let said = format!("proxymeter_series_dropped{{family=\"{name}\"}} {dropped}\n");
            assert!(page.contains(&said), "{max}: {said} in\n{page}");
            assert!(dropped == 0 || !page.contains(&format!("\n{name}{{")), "{max}: {name}");
        }
        assert_eq!(page.matches("\nproxymeter_sub_user_traffic_bytes{").count(), 10, "{max}");
        assert_eq!(page.matches("\nproxymeter_sub_user_traffic_limit_bytes{").count(), 10, "{max}");
    }
}

#[test]
fn one_gzip_member_holds_what_identity_holds() {
    let exposition = everything();
    let own = own();
    for format in FORMATS {
        let own = own.encode(format);
        let plain = body(&exposition.scrape(format, Encoding::Identity, own.clone()));
        let scrape = exposition.scrape(format, Encoding::Gzip, own);
        assert_eq!(scrape.content_encoding, Some("gzip"));
        let packed = body(&scrape);
        let mut one = Vec::new();
        let mut decoder = GzDecoder::new(packed.as_slice());
        decoder.read_to_end(&mut one).unwrap();
        assert!(decoder.into_inner().is_empty(), "nothing after the first member");
        let mut several = Vec::new();
        MultiGzDecoder::new(packed.as_slice()).read_to_end(&mut several).unwrap();
        assert!(plain == one && plain == several);
        if let Some(by_python) = piped("python3", &["-c", GUNZIP], &packed) {
            assert!(plain == by_python.stdout);
        }
    }
}

const GUNZIP: &str = "import gzip, sys; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))";

#[test]
fn promtool_finds_nothing_to_complain_of() {
    let exposition = everything();
    let own = own();
    for format in FORMATS {
        let page = body(&exposition.scrape(format, Encoding::Identity, own.encode(format)));
        let missing: Vec<_> =
            FamilyId::ALL.iter().map(|id| id.family().name).filter(|name| !contains(&page, name)).collect();
        assert_eq!(missing, [""; 0], "every family is there to be judged");
        let Some(judged) = piped("promtool", &["check", "metrics"], &page) else {
            left_out("promtool check metrics", "promtool");
            return;
        };
        let said = [judged.stdout, judged.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        // promtool reads OpenMetrics as if it were text 0.0.4, where a counter's headers carry `_total`.
        let is_misread = |line: &str| {
            format == Format::OpenMetrics && (line.ends_with("_total no help text") || line.is_empty())
        };
        assert_eq!(said.lines().find(|line| !is_misread(line)), None, "{format:?}");
        assert!(format == Format::OpenMetrics || judged.status.success(), "{format:?}");
    }
}

fn contains(page: &[u8], name: &str) -> bool {
    page.windows(name.len()).any(|found| found == name.as_bytes())
}

/// What a program makes of `input`; nothing where there is no such program.
fn piped(program: &str, arguments: &[&str], input: &[u8]) -> Option<std::process::Output> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        Some(child.wait_with_output().unwrap())
    })
}

/// Says past the test harness that a test did not run; where servers are required that is a failure.
fn left_out(what: &str, needs: &str) {
    assert!(std::env::var_os("PROXYMETER_TESTS_REQUIRE_SERVERS").is_none(), "{what} needs {needs}");
    writeln!(std::io::stderr(), "left out: {what} (needs {needs})").unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_accounts_pack_to_what_they_are(
        rows in prop::collection::vec((0..6_usize, "[a-z]{1,3}", any::<String>(), any::<u64>()), 0..60),
        max_series in 0..80_usize,
    ) {
        let exposition = Exposition::new(max_series);
        let families = [FamilyId::SubUserTraffic, FamilyId::SubUserRequests];
        for name in rows.iter().map(|row| &row.1) {
            let segments = families.map(|family| {
                let mut writer = SampleWriter::new(family, "decodo", name);
                for (_, _, sub_user, bytes) in rows.iter().filter(|row| &row.1 == name) {
                    writer.sample(&["", sub_user], Bytes(*bytes));
                }
                writer.finish()
            });
            exposition.replace(&account(name), segments.into());
        }
        let plain = body(&exposition.scrape(Format::OpenMetrics, Encoding::Identity, String::new()));
        let packed = body(&exposition.scrape(Format::OpenMetrics, Encoding::Gzip, String::new()));
        let mut unpacked = Vec::new();
        GzDecoder::new(packed.as_slice()).read_to_end(&mut unpacked).unwrap();
        prop_assert!(plain == unpacked);
        prop_assert!(plain.ends_with(b"\n# EOF\n"));
    }
}
