#![no_main]
//! A configuration: a file, then after a line `===` variables, `NAME=VALUE` a line.

use std::ffi::OsString;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use proxymeter::config::{Config, load_text};
use proxymeter_fuzz::CANARY;
use toml::de::{DeTable, DeValue};

/// The keys whose values no message may hold.
const SECRET: [&str; 2] = ["password", "api_key"];

fuzz_target!(|text: &str| {
    let (file, variables) = text.split_once("\n===\n").unwrap_or((text, ""));
    let pairs = || variables.lines().filter_map(|line| line.split_once('='));
    let given = pairs().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    let loaded = load_text(Path::new("proxymeter.toml"), file, given);
    let debug = format!("{loaded:?}");
    let told = match &loaded {
        Ok(config) => {
            lawful(config);
            String::new()
        }
        Err(problems) => {
            let told = problems.to_string();
            assert!(problems.iter().count() > 0);
            for problem in problems.iter() {
                assert!(!problem.to_string().chars().any(|c| c.is_control() && c != '\n'), "{problem:?}");
                assert!(!problem.message.contains('\n'), "{problem:?}");
            }
            told
        }
    };
    // The canary stands in secrets alone: then no text holds it.
    let (table, _) = DeTable::parse_recoverable(file);
    let in_secrets = canaries_in_secrets(table.get_ref());
    let in_variables = pairs()
        .filter(|(name, _)| SECRET.iter().any(|key| name.ends_with(&format!("__{}", key.to_uppercase()))))
        .map(|(_, value)| value.matches(CANARY).count())
        .sum::<usize>();
    if in_secrets + in_variables == text.matches(CANARY).count() {
        for text in [&told, &debug] {
            assert!(!text.contains(CANARY), "{text}");
        }
    }
});

fn lawful(config: &Config) {
    assert!(!config.accounts.is_empty());
    for account in config.accounts.values() {
        assert!(!account.timeout.is_zero());
    }
    let _files_that_are_not_there = config.unreadable_secrets();
}

fn canaries_in_secrets(table: &DeTable<'_>) -> usize {
    let in_value = |key: &str, value: &DeValue<'_>| match value {
        DeValue::String(text) if SECRET.contains(&key) => text.matches(CANARY).count(),
        DeValue::Table(table) => canaries_in_secrets(table),
        DeValue::Array(items) => {
            let tables = items.iter().filter_map(|item| item.get_ref().as_table());
            tables.map(canaries_in_secrets).sum()
        }
        _ => 0,
    };
    table.iter().map(|(key, value)| in_value(key.get_ref(), value.get_ref())).sum()
}
