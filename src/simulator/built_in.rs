//! The scenarios that come with proxymeter.

use jiff::{SignedDuration, Timestamp};

use super::scenario::{AccountSpec, Dialect, Scenario, Shape, SubUserSpec, TargetSpec, Workload};
use crate::domain::units::{Bytes, Limit};

/// When a rehearsal starts where nothing is said: 2026-01-01, midnight UTC.
pub(super) const MONTH: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// How long it lasts where nothing is said: that month.
pub(super) const MONTH_LASTS: SignedDuration = SignedDuration::from_hours(31 * 24);

const SHOPS: &[(&str, u32, u64)] = &[
    ("shop.example.com", 6, 900_000),
    ("cdn.shop.example.com", 3, 240_000),
    ("search.example.net", 1, 35_000),
];
const TRAVEL: &[(&str, u32, u64)] = &[("fares.example.org", 5, 60_000), ("hotels.example.org", 4, 310_000)];
const SOCIAL: &[(&str, u32, u64)] = &[("social.example.net", 7, 1_400_000), ("img.example.net", 5, 180_000)];

/// A realistic set: a scraping team's accounts at both vendors, in every dialect, at some gigabytes a day.
impl Default for Scenario {
    fn default() -> Self {
        Self {
            seed: 20_261_121,
            speed: 1.0,
            boost: 1,
            history_days: 35,
            start: MONTH,
            lasts: MONTH_LASTS,
            accounts: vec![oxylabs(), decodo_published(), decodo_v1(), decodo_v2()],
            faults: Vec::new(),
        }
    }
}

impl Scenario {
    /// The default set from the moment that its traffic is five hundred times as heavy: one or two gigabytes a minute
    /// for the larger sub-users, and one that runs away within half a minute.
    #[must_use]
    pub fn demo() -> Self {
        let mut scenario = Self { boost: 500, ..Self::default() };
        for sub_user in scenario.accounts.iter_mut().flat_map(|account| &mut account.sub_users) {
            match &mut sub_user.workload.shape {
                Shape::Runaway { after, .. } => *after = SignedDuration::from_secs(20),
                Shape::RetryStorm { after, lasts, .. } => {
                    *after = SignedDuration::from_secs(60);
                    *lasts = SignedDuration::from_mins(5);
                }
                Shape::Ramp { .. } | Shape::Steady | Shape::Weekday | Shape::Idle => {}
            }
        }
        scenario
    }
}

fn oxylabs() -> AccountSpec {
    let mut account =
        AccountSpec::new("oxylabs", Dialect::Oxylabs, "mobile", "customer_acme", "Sim_oxylabs_1");
    account.plan = gb(3000);
    account.unattributed = Some(workload(200, Shape::Steady, TRAVEL));
    let storm = TargetSpec { name: "login.shop.example.com".into(), share: 0, request: Bytes(4_000) };
    account.sub_users = vec![
        SubUserSpec::new("scraper_prices", gb(500), workload(6_000, Shape::Steady, SHOPS)),
        SubUserSpec::new("scraper_stock", gb(300), workload(4_200, Shape::Steady, SHOPS)),
        SubUserSpec::new("scraper_reviews", Limit::Unlimited, workload(3_000, Shape::Steady, SOCIAL)),
        SubUserSpec {
            auto_disable: false,
            ..SubUserSpec::new("scraper_fares", gb(150), workload(2_500, Shape::Steady, TRAVEL))
        },
        SubUserSpec {
            lifetime: true,
            used_before: Bytes(412_345_678_901),
            ..SubUserSpec::new("customer_north", gb(2000), workload(1_800, Shape::Weekday, SHOPS))
        },
        SubUserSpec {
            auto_disable: false,
            ..SubUserSpec::new(
                "scraper_browser",
                gb(100),
                workload(900, Shape::Runaway { after: SignedDuration::from_mins(10), factor: 40 }, SOCIAL),
            )
        },
        SubUserSpec::new(
            "scraper_login",
            gb(200),
            workload(
                1_200,
                Shape::RetryStorm {
                    after: SignedDuration::from_mins(30),
                    lasts: SignedDuration::from_hours(6),
                    factor: 15,
                    target: storm,
                },
                SHOPS,
            ),
        ),
        SubUserSpec::new("billing_checks", gb(20), workload(60, Shape::Steady, TRAVEL)),
    ];
    account
}

fn decodo_published() -> AccountSpec {
    let mut account = AccountSpec::new(
        "decodo-published",
        Dialect::DecodoPublished,
        "residential",
        "sp_published",
        "Sim_published_1",
    );
    account.plan = gb(800);
    account.billing_day = 8;
    account.whitelist = vec!["192.0.2.10".into(), "198.51.100.7".into()];
    account.sub_users = five("pub");
    account
}

fn decodo_v1() -> AccountSpec {
    let mut account =
        AccountSpec::new("decodo-v1", Dialect::DecodoV1, "residential", "sp_classic", "Sim_classic_1");
    account.plan = gb(900);
    account.billing_day = 15;
    account.whitelist = vec!["192.0.2.20".into()];
    account.sub_users = five("classic");
    account
}

fn decodo_v2() -> AccountSpec {
    let mut account = AccountSpec::new(
        "decodo-v2",
        Dialect::DecodoV2,
        "residential",
        "sp_keyed",
        "sim0key0v20000000000000000000001",
    );
    account.plan = gb(1000);
    account.billing_day = 31;
    account.whitelist = vec!["192.0.2.30".into()];
    account.sub_users = five("keyed");
    account
}

fn five(prefix: &str) -> Vec<SubUserSpec> {
    let name = |rest: &str| format!("{prefix}_{rest}");
    vec![
        SubUserSpec::new(&name("prices"), gb(250), workload(4_000, Shape::Steady, SHOPS)),
        SubUserSpec::new(&name("travel"), gb(120), workload(2_200, Shape::Steady, TRAVEL)),
        SubUserSpec::new(&name("social"), Limit::Unlimited, workload(2_600, Shape::Steady, SOCIAL)),
        SubUserSpec {
            auto_disable: false,
            ..SubUserSpec::new(&name("office"), gb(90), workload(1_500, Shape::Weekday, SHOPS))
        },
        SubUserSpec::new(&name("spare"), gb(10), workload(0, Shape::Idle, TRAVEL)),
    ]
}

fn workload(megabytes_per_day: u64, shape: Shape, targets: &[(&str, u32, u64)]) -> Workload {
    Workload::new(Bytes(megabytes_per_day * 1_000_000), shape, targets)
}

fn gb(gigabytes: u64) -> Limit {
    Limit::of(Bytes(gigabytes * 1_000_000_000))
}
