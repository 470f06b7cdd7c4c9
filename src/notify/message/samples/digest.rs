//! How the budgets stand, with all that a row may lack.

use super::super::{Content, Digest, DigestRow, Message, Severity};
use super::{START, chart, gb, message, on};

pub(super) fn samples() -> Vec<(&'static str, Message)> {
    let rows = [
        row("scrapers", "scraper_eu at acme", (Some(40_700), Some(35_000), Some(54_700)), Some("stop")),
        row("scrapers", "scraper_us at acme", (Some(28_100), Some(35_000), Some(36_240)), Some("warn")),
        row("whole", "acme", (Some(412_800), Some(1_000_000), Some(478_000)), None),
        row("shops", "shop.example at beta", (Some(1_204), Some(20_000), None), None),
        row(
            "scrapers",
            "scraper_with_a_rather_long_name_of_a_customer at acme",
            (Some(12), Some(35_000), Some(15)),
            None,
        ),
        row("shops", "plan Residential 100 at beta", (None, Some(100_000), None), None),
        row("rest", "beta, what no sub-user explains", (Some(7_310), None, Some(8_100)), None),
    ];
    let digest = Digest {
        since: on(26, 8, 0),
        until: on(27, 8, 0),
        rows: rows.into(),
        more: 3,
        chart: Some(chart("scraper_eu at acme", Some(gb(35)))),
    };
    let empty = Digest { since: START, until: on(8, 8, 0), rows: Vec::new(), more: 0, chart: None };
    let of = |title, digest| message(Severity::Info, title, Content::Digest(digest));
    vec![
        ("digest", of("4 budgets: 2 over, the fullest is scraper_eu at acme with 116.28 %", digest)),
        ("digest_empty", of("1 budget: nothing over", empty)),
    ]
}

fn row(
    budget: &str,
    target: &str,
    (used, amount, forecast): (Option<u64>, Option<u64>, Option<u64>),
    over: Option<&str>,
) -> DigestRow {
    let bytes = |megabytes: Option<u64>| megabytes.map(|megabytes| megabytes * 1_000_000);
    DigestRow {
        budget: budget.to_owned(),
        target: target.to_owned(),
        used_bytes: bytes(used),
        amount_bytes: bytes(amount),
        forecast_bytes: bytes(forecast),
        over: over.map(str::to_owned),
    }
}
