//! A full outbox drained over eight connections, against what these allow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use proxymeter::store::Store as _;
use tokio::time::Instant;

use super::server::{Server, TAKES};
use super::{WIDTH, courier, fill, open};

/// How long a drain may take at most.
const LIMIT: Duration = Duration::from_secs(600);

pub(crate) async fn measure(notices: usize) {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    println!(
        "{notices} notices in as many threads, a webhook that answers in {TAKES:?}, {WIDTH} connections"
    );
    // What is loaded once and what the engine caches is there before memory is looked at.
    let warm = open(folder.path(), "warm.db").await;
    fill(&warm, notices / 10).await;
    courier(&warm, server.port).drain(LIMIT).await;
    warm.close().await;

    let store = open(folder.path(), "drain.db").await;
    fill(&store, notices).await;
    let before = resident();
    let highest = Arc::new(AtomicU64::new(before));
    let watching = tokio::spawn({
        let highest = highest.clone();
        async move {
            loop {
                highest.fetch_max(resident(), Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    });
    let (began, cpu) = (Instant::now(), on_cpu());
    let courier = courier(&store, server.port);
    assert!(courier.drain(LIMIT).await, "not within {LIMIT:?}");
    let (took, cpu) = (began.elapsed(), on_cpu() - cpu);
    watching.abort();
    assert_eq!(store.backlog().await.unwrap(), [], "nothing waits");
    let allowed = TAKES * u32::try_from(notices.div_ceil(WIDTH)).unwrap();
    println!("  drained in                 {:8.2} s", took.as_secs_f64());
    println!("  what the connections allow {:8.2} s", allowed.as_secs_f64());
    println!("  reached                    {:8.1} %", allowed.as_secs_f64() / took.as_secs_f64() * 100.0);
    println!("  on the processor           {:8.2} s", cpu.as_secs_f64());
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let (highest, after) = (highest.load(Ordering::Relaxed), resident());
    println!(
        "  resident before {:.1} MB, at most {:.1} MB, after {:.1} MB",
        megabytes(before),
        megabytes(highest),
        megabytes(after)
    );
    courier.close().await;
    store.close().await;
}

/// Bytes of this process in memory; 0 where the kernel does not say.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or_default() * 4096
}

/// The time that this process has had on a processor, in steps of 10 ms.
fn on_cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // User and system time are the 14th and 15th field; the name in parentheses may hold spaces.
    let fields = text.rsplit(')').next().unwrap_or_default().split(' ');
    let ticks: u64 = fields.skip(12).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}
