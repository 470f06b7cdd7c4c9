//! How far past its budget a runaway comes until it is switched off at the vendor: by the daemon with pacing and
//! `enforce`, and in the same run by what a user would build instead, an exporter, Prometheus, Alertmanager and a
//! webhook; and how far past a daily budget with a standing cap, over a midnight.
//!
//! Real time, the simulator's books as the judge. It needs `prometheus` and `prometheus-alertmanager` on the path.
//! `cargo bench --bench guard`; `… -- freeze MINUTES RUNS` for another interval of looks; `… -- cap` for the caps, for
//! which the next full hour is midnight somewhere, `… -- cap log` with the daemon's log.

#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench talks to who started it")]

#[path = "guard/cap.rs"]
mod cap;
#[path = "guard/freeze.rs"]
mod freeze;
#[path = "guard/peer.rs"]
mod peer;
#[path = "guard/stage.rs"]
mod stage;

fn main() {
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        if arguments.first().is_some_and(|word| word == "cap") {
            cap::measure().await;
        } else {
            let number =
                |at: usize, or: i64| arguments.get(at).and_then(|word| word.parse().ok()).unwrap_or(or);
            freeze::measure(number(1, 1), number(2, 5) as u32).await;
        }
    });
}
