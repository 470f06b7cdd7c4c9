//! A scrape and a pass of 100,000 series, against the `prometheus` crate with the same series in the same run.
//!
//! Each number is the median over pairs (ours, then theirs) of their ratio, so that a slow machine slows both.
//! `cargo bench --bench exposition`; for a shorter run, `… -- SERIES PAIRS`.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench talks to who started it")]

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use prometheus::{GaugeVec, Opts, Registry, TextEncoder};
use proxymeter::domain::account::AccountName;
use proxymeter::metrics::catalog::FamilyId;
use proxymeter::metrics::exposition::{Encoding, Exposition, Format, SampleWriter, Scrape};
use tokio::time::Instant;

/// Two families of four labels and one of five.
const FAMILIES: [FamilyId; 3] =
    [FamilyId::SubUserTraffic, FamilyId::SubUserTrafficLimit, FamilyId::TargetTraffic];

/// Label values after `provider` and `account`, and a size in bytes.
type Row = (Vec<String>, u64);

fn main() {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let (series, pairs) = (arguments.next().unwrap_or(100_000), arguments.next().unwrap_or(11));
    let rows: Vec<(FamilyId, Vec<Row>)> =
        FAMILIES.iter().map(|&family| (family, rows(family, series / FAMILIES.len()))).collect();

    let ours = Exposition::new(usize::MAX);
    pass(&ours, &rows);
    let theirs = theirs(&rows);
    println!("{series} series, medians of {pairs} pairs, prometheus crate = 1\n");

    let identity = || ours.scrape(Format::Text, Encoding::Identity, String::new());
    let gzip = || ours.scrape(Format::Text, Encoding::Gzip, String::new());
    let report = |what: &str, mut ours: Box<dyn FnMut() + '_>, mut theirs: Box<dyn FnMut() + '_>| {
        let mut times: Vec<(Duration, Duration)> =
            (0..pairs).map(|_| (timed(&mut ours), timed(&mut theirs))).collect();
        times.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
        let middle = times[times.len() / 2];
        println!("{what:<52} {:>9.6}   {:>12.3?} to {:>10.1?}", ratio(&middle), middle.0, middle.1);
    };
    let text = || TextEncoder::new().encode_to_string(&theirs.gather()).unwrap();
    report(
        "scrape, plain, handed out",
        Box::new(|| drop(std::hint::black_box(identity()))),
        Box::new(|| drop(std::hint::black_box(text()))),
    );
    report(
        "scrape, plain, and every byte copied",
        Box::new(|| drop(std::hint::black_box(copied(identity())))),
        Box::new(|| drop(std::hint::black_box(text()))),
    );
    report(
        "scrape, gzip, handed out",
        Box::new(|| drop(std::hint::black_box(gzip()))),
        Box::new(|| drop(std::hint::black_box(packed(&text())))),
    );
    report(
        "scrape, gzip, and every byte copied",
        Box::new(|| drop(std::hint::black_box(copied(gzip())))),
        Box::new(|| drop(std::hint::black_box(packed(&text())))),
    );
    report(
        "a pass encoded anew, and one gzip scrape",
        Box::new(|| {
            pass(&ours, &rows);
            drop(std::hint::black_box(copied(gzip())));
        }),
        Box::new(|| drop(std::hint::black_box(packed(&text())))),
    );
    println!(
        "\nbytes: plain {} to {}, gzip {} to {}",
        identity().length,
        text().len(),
        gzip().length,
        packed(&text()).len()
    );
}

fn rows(family: FamilyId, count: usize) -> Vec<Row> {
    let labels = family.family().labels.len() - 2;
    let row = |index: usize| {
        let mut values = vec!["mobile".to_owned(), format!("customer_scraper_{index:06}")];
        values.resize_with(labels, || format!("shop-{}.example.com", index % 977));
        // Digits as of a real counter: none of them are alike.
        (values, (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 26)
    };
    (0..count).map(row).collect()
}

fn pass(exposition: &Exposition, rows: &[(FamilyId, Vec<Row>)]) {
    let account = AccountName::new("acme-mobile").unwrap();
    let segments = rows.iter().map(|(family, rows)| {
        let mut writer = SampleWriter::new(*family, "oxylabs", account.as_str());
        for (labels, bytes) in rows {
            let labels: [&str; 3] = std::array::from_fn(|at| labels.get(at).map_or("", String::as_str));
            writer.sample(&labels[..family.family().labels.len() - 2], *bytes);
        }
        writer.finish()
    });
    exposition.replace(&account, segments.collect());
}

fn theirs(rows: &[(FamilyId, Vec<Row>)]) -> Registry {
    let registry = Registry::new();
    for (family, rows) in rows {
        let family = family.family();
        let gauges = GaugeVec::new(Opts::new(family.name, family.help), family.labels).unwrap();
        for (labels, bytes) in rows {
            let mut values = vec!["oxylabs", "acme-mobile"];
            values.extend(labels.iter().map(String::as_str));
            gauges.with_label_values(&values).set(*bytes as f64);
        }
        registry.register(Box::new(gauges)).unwrap();
    }
    registry
}

/// What writing to a socket costs at least.
fn copied(scrape: Scrape) -> Vec<u8> {
    scrape.chunks.concat()
}

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn timed(run: &mut dyn FnMut()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn ratio((ours, theirs): &(Duration, Duration)) -> f64 {
    ours.as_secs_f64() / theirs.as_secs_f64()
}
