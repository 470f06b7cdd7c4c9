//! Oxylabs' answers as domain values.

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime};
use secrecy::SecretString;
use serde::Deserialize;

use super::stats::{Statistics, row_start};
use crate::domain::traffic::{AccountUsage, SubUser, SubUserId, TargetUsage, Usage, Window};
use crate::domain::units::{Bytes, Gigabyte, Limit};
use crate::providers::error::ProviderError;
use crate::providers::http::token::Login;
use crate::providers::wire::{Field, Gigabytes, Id, Number, day, decode, moment};

#[derive(Deserialize)]
struct LoginAnswer {
    user_id: Id,
    token: String,
}

/// A login.
pub(super) fn login(body: &[u8]) -> Result<Login, ProviderError> {
    let answer: LoginAnswer = decode("login", body)?;
    Ok(Login { user_id: Some(answer.user_id.0.to_string()), token: SecretString::from(answer.token) })
}

/// The row that the vendor's Swagger page shows; the public page shows none.
#[derive(Deserialize)]
struct SubUserRow {
    id: Id,
    username: String,
    status: Option<String>,
    #[serde(default, deserialize_with = "moment")]
    created_at: Option<DateTime>,
    traffic: Option<Gigabytes>,
    #[serde(default)]
    traffic_limit: Field<Gigabytes>,
    auto_disable: Option<bool>,
    lifetime: Option<bool>,
}

/// The active sub-users.
pub(super) fn sub_users(body: &[u8], gigabyte: Gigabyte) -> Result<Vec<SubUser>, ProviderError> {
    let rows: Vec<SubUserRow> = decode("sub_users", body)?;
    Ok(rows.into_iter().map(|row| sub_user(row, gigabyte)).collect())
}

fn sub_user(row: SubUserRow, gigabyte: Gigabyte) -> SubUser {
    let limit = row.traffic_limit.limit(gigabyte);
    SubUser {
        id: Some(SubUserId(row.id.0)),
        username: row.username.into(),
        status: row.status.map(Into::into),
        product: None,
        limit,
        limit_enforced: limit_enforced(limit, row.auto_disable),
        auto_disable: row.auto_disable,
        lifetime: row.lifetime,
        created: row.created_at,
        usage: row.traffic.map(|traffic| Usage {
            traffic: traffic.bytes(gigabyte),
            requests: None,
            window: counter_window(row.lifetime),
        }),
    }
}

/// A limit alone is no kill switch: without `auto_disable` the vendor goes on past it, but 0 is a clean block
/// (source: the vendor's Swagger page).
fn limit_enforced(limit: Option<Limit>, auto_disable: Option<bool>) -> Option<bool> {
    match limit? {
        Limit::Unlimited => Some(false),
        Limit::Blocked => Some(true),
        Limit::Bytes(_) => auto_disable,
    }
}

/// With `lifetime` the counter never resets, without it resets with the subscription's period
/// (source: the vendor's Swagger page).
fn counter_window(lifetime: Option<bool>) -> Window {
    match lifetime {
        Some(true) => Window::Lifetime,
        Some(false) => Window::Period,
        None => Window::Unknown,
    }
}

/// A sub-user's statistics: the series by day has three forms in use, and only `traffic` is always there.
#[derive(Deserialize)]
struct Stats {
    traffic: Gigabytes,
    #[serde(alias = "trafficByPeriod")]
    traffic_by_period: Option<BTreeMap<String, Gigabytes>>,
    results: Option<Vec<StatsRow>>,
}

#[derive(Deserialize)]
struct StatsRow {
    #[serde(alias = "period")]
    date: Option<String>,
    traffic: Option<Gigabytes>,
}

/// One sub-user's usage over `window`.
pub(super) fn stats(body: &[u8], window: Window, gigabyte: Gigabyte) -> Result<Statistics, ProviderError> {
    let stats: Stats = decode("sub_user_stats", body)?;
    let by_period = stats.traffic_by_period.into_iter().flatten();
    let results = stats.results.into_iter().flatten().filter_map(|row| row.date.zip(row.traffic));
    let mut series = BTreeMap::<DateTime, Bytes>::new();
    for (date, traffic) in by_period.chain(results) {
        // The total stands without the series, whose form is the less documented of the two.
        let Some(start) = row_start(&date) else { continue };
        let held = series.entry(start).or_default();
        *held = held.saturating_add(traffic.bytes(gigabyte));
    }
    let usage = Usage { traffic: stats.traffic.bytes(gigabyte), requests: None, window };
    Ok(Statistics { usage, series: series.into_iter().collect() })
}

#[derive(Deserialize)]
struct TargetStats {
    results: Vec<TargetRow>,
}

#[derive(Deserialize)]
struct TargetRow {
    target: String,
    traffic: Gigabytes,
    requests: Option<Number>,
}

/// Where a sub-user's traffic of one day went.
pub(super) fn targets(body: &[u8], gigabyte: Gigabyte) -> Result<Vec<TargetUsage>, ProviderError> {
    let stats: TargetStats = decode("target_stats", body)?;
    Ok(stats
        .results
        .into_iter()
        .map(|row| TargetUsage {
            target: row.target.into(),
            traffic: row.traffic.bytes(gigabyte),
            requests: row.requests.map(Number::count),
        })
        .collect())
}

#[derive(Deserialize)]
struct ClientStats {
    traffic: Gigabytes,
    #[serde(default, deserialize_with = "day")]
    date_from: Option<Date>,
    #[serde(default, deserialize_with = "day")]
    date_to: Option<Date>,
}

/// The account's total; `date_to` is today, not the period's end.
pub(super) fn client_stats(body: &[u8], gigabyte: Gigabyte) -> Result<AccountUsage, ProviderError> {
    let stats: ClientStats = decode("client_stats", body)?;
    Ok(AccountUsage {
        traffic: Some(stats.traffic.bytes(gigabyte)),
        period_start: stats.date_from,
        as_of: stats.date_to,
        ..AccountUsage::default()
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use secrecy::ExposeSecret;

    use super::*;

    const GB: Gigabyte = Gigabyte::Decimal;

    #[test]
    fn the_contracts_login() {
        let body = br#"{"user_id":"00000000-0000-0000-0000-000000000000","token":"example token"}"#;
        let login = login(body).unwrap();
        assert_eq!(login.user_id.as_deref(), Some("00000000-0000-0000-0000-000000000000"));
        assert_eq!(login.token.expose_secret(), "example token");
    }

    #[test]
    fn the_lists_real_rows() {
        // The first row is the vendor's Swagger example.
        let body = br#"[
            {"id":12345,"username":"test_username_123","status":"active","created_at":"2022-01-24 13:54",
             "traffic":92.45,"traffic_limit":1000,"auto_disable":true,"lifetime":true},
            {"id":"7","username":"open","status":"active","traffic":0,"traffic_limit":null,"auto_disable":false,"lifetime":false},
            {"id":8,"username":"blocked","traffic_limit":0,"auto_disable":false},
            {"id":9,"username":"silent"}
        ]"#;
        let rows = sub_users(body, GB).unwrap();
        let facts: Vec<_> = rows
            .iter()
            .map(|row| {
                let usage = row.usage.as_ref().map(|usage| (usage.traffic.0, usage.window.clone()));
                (&*row.username, row.limit, row.limit_enforced, usage)
            })
            .collect();
        assert_eq!(
            facts,
            [
                (
                    "test_username_123",
                    Some(Limit::Bytes(Bytes(1_000_000_000_000))),
                    Some(true),
                    Some((92_450_000_000, Window::Lifetime))
                ),
                ("open", Some(Limit::Unlimited), Some(false), Some((0, Window::Period))),
                ("blocked", Some(Limit::Blocked), Some(true), None),
                ("silent", None, None, None),
            ]
        );
        let flags: Vec<_> = rows.iter().map(|row| row.auto_disable).collect();
        assert_eq!(flags, [Some(true), Some(false), Some(false), None], "the flag as it stands, cap or none");
        assert_eq!(rows[0].id, Some(SubUserId("12345".into())));
        assert_eq!(rows[0].created.unwrap().to_string(), "2022-01-24T13:54:00");
    }

    #[test]
    fn statistics_in_all_three_forms() {
        let days =
            vec![(date(2023, 1, 25), Bytes(120_730_000_000)), (date(2023, 1, 26), Bytes(21_950_000_000))];
        for body in [
            r#"{"traffic":142.68,"traffic_by_period":{"2023-01-25":120.73,"2023-01-26":21.95}}"#,
            r#"{"traffic":142.68,"trafficByPeriod":{"2023-01-25":120.73,"2023-01-26":21.95}}"#,
            r#"{"traffic":142.68,"results":[{"date":"2023-01-25","traffic":120.73},{"period":"2023-01-26","traffic":21.95}]}"#,
            r#"{"traffic":"142.68","traffic_by_period":{"2023-01-25 10":120,"2023-01-25 11":0.73,"2023-01-26 00":21.95}}"#,
        ] {
            let report = stats(body.as_bytes(), Window::CalendarMonth, GB).unwrap().by_day();
            assert_eq!(report.usage.traffic, Bytes(142_680_000_000), "{body}");
            assert_eq!(report.days, days, "{body}");
        }
        let bare = stats(br#"{"traffic":1}"#, Window::Lifetime, GB).unwrap();
        assert_eq!((bare.usage.window, bare.series), (Window::Lifetime, vec![]));
        let odd =
            stats(br#"{"traffic":1,"results":[{"date":"soon","traffic":1}]}"#, Window::Lifetime, GB).unwrap();
        assert_eq!((odd.usage.traffic, odd.series), (Bytes(1_000_000_000), vec![]));
        assert!(stats(br#"{"results":[]}"#, Window::Lifetime, GB).is_err(), "no traffic is not 0");
    }

    #[test]
    fn statistics_by_the_hour() {
        let at = |hour| date(2026, 1, 1).at(hour, 0, 0, 0);
        for body in [
            r#"{"traffic":3,"traffic_by_period":{"2026-01-01 10":1,"2026-01-01 11":2}}"#,
            r#"{"traffic":3,"results":[{"date":"2026-01-01 11","traffic":2},{"date":"2026-01-01 10","traffic":1}]}"#,
        ] {
            let hours = stats(body.as_bytes(), Window::Unknown, GB).unwrap();
            assert_eq!(hours.series, [(at(10), Bytes(1_000_000_000)), (at(11), Bytes(2_000_000_000))]);
            assert_eq!(hours.by_day().days, [(date(2026, 1, 1), Bytes(3_000_000_000))]);
        }
    }

    #[test]
    fn target_statistics_in_both_forms() {
        for body in [
            r#"{"results":[{"date":"2023-01-24","target":"example.com","traffic":1.5,"requests":12}]}"#,
            r#"{"traffic":1.5,"requests":12,"results":[{"date":"2023-01-24","target":"example.com","traffic":1.5,"requests":12}]}"#,
        ] {
            let expected = TargetUsage {
                target: "example.com".into(),
                traffic: Bytes(1_500_000_000),
                requests: Some(12),
            };
            assert_eq!(targets(body.as_bytes(), GB).unwrap(), [expected]);
        }
    }

    #[test]
    fn the_contracts_client_stats() {
        let usage =
            client_stats(br#"{"traffic":1.2354839,"date_from":"2026-01-01","date_to":"2026-01-15"}"#, GB)
                .unwrap();
        assert_eq!(usage.traffic, Some(Bytes(1_235_483_900)));
        assert_eq!((usage.period_start, usage.as_of), (Some(date(2026, 1, 1)), Some(date(2026, 1, 15))));
        assert_eq!((usage.allocated, usage.sub_users), (None, None));
        assert!(client_stats(b"{}", GB).is_err(), "no traffic is not 0");
    }
}
