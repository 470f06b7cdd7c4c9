#![no_main]
//! A scenario of the simulator.

use libfuzzer_sys::fuzz_target;
use proxymeter::simulator::Scenario;

fuzz_target!(|text: &str| {
    match Scenario::from_toml("scenario.toml", text) {
        Ok(scenario) => {
            assert!(scenario.boost >= 1 && scenario.speed >= 0.0);
            assert_eq!(scenario.access().len(), scenario.accounts.len());
        }
        Err(error) => {
            assert!(!error.problems.is_empty());
            for problem in &error.problems {
                assert!(problem.starts_with("scenario.toml:"), "{problem}");
            }
        }
    }
});
