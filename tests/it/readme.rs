//! README and docs: every configuration block loads, every command line is understood, every link leads somewhere.

use std::path::Path;
use std::process::Command;

use proxymeter::domain::judgement::Rules;
use proxymeter::rehearse::unit::{Configured, File, Outcome};

use crate::support::{files_with, read, root};

/// README, CHANGELOG and everything in docs.
fn pages() -> Vec<(String, String)> {
    let mut paths = files_with("docs", "md");
    paths.extend(["README.md", "CHANGELOG.md"].map(|name| root().join(name)));
    let name = |path: &Path| path.strip_prefix(root()).unwrap().display().to_string();
    paths.iter().map(|path| (name(path), read(path))).collect()
}

/// The code blocks of a page in one language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let start = format!("```{language}\n");
    page.split(&start).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The shipped example, as files of tests are held against it.
fn example() -> Configured {
    let config = proxymeter::config::load(Some(&root().join("config/example.toml")), []).unwrap();
    Configured {
        rules: Rules { budgets: config.budgets.clone(), operator: Vec::new(), ..Rules::default() },
        accounts: config.accounts.values().map(|account| account.account.clone()).collect(),
        lag: config.collect.lag,
        stale_after: config.collect.stale_after,
    }
}

#[test]
fn every_configuration_block_loads() {
    let mut seen = 0;
    for (name, page) in pages() {
        for block in blocks(&page, "toml") {
            if name == "docs/SIMULATOR.md" {
                let loaded = proxymeter::simulator::Scenario::from_toml(&name, block);
                assert!(loaded.is_ok(), "{}", loaded.unwrap_err());
            } else if name == "docs/REHEARSAL.md" {
                let loaded = File::from_toml(&name, block, &example());
                assert!(loaded.is_ok(), "{}", loaded.unwrap_err());
                let outcomes = loaded.unwrap().run(&example());
                assert!(outcomes.iter().all(Outcome::is_ok), "{outcomes:#?}");
            } else {
                let loaded = proxymeter::config::load_text(Path::new(&name), block, []);
                assert!(loaded.is_ok(), "{}", loaded.unwrap_err());
            }
            seen += 1;
        }
    }
    assert!(seen > 0);
}

/// The arguments of each `proxymeter …` in a page, in blocks and in tables.
fn commands(page: &str) -> Vec<Vec<String>> {
    let in_blocks = blocks(page, "sh").into_iter().flat_map(str::lines).map(str::to_owned);
    let in_text = page.split('`').skip(1).step_by(2).map(|code| code.replace("\\|", "|"));
    let lines = in_blocks.chain(in_text.filter(|code| !code.contains('\n')));
    let commands = lines.filter_map(|line| Some(line.strip_prefix("proxymeter ")?.to_owned()));
    commands.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

/// A command as it would be typed: what is optional is given, of several choices the first is taken.
fn typed(words: &[String]) -> Vec<String> {
    let bare = words.iter().map(|word| word.trim_matches(['[', ']']).split('|').next().unwrap().to_owned());
    let example = |word: String| match &*word {
        "DAY" => "2026-01-15".to_owned(),
        "SIZE" => "500GB".to_owned(),
        "SHELL" => "bash".to_owned(),
        "P" => "oxylabs".to_owned(),
        _ => word,
    };
    bare.map(example).collect()
}

#[test]
fn every_command_line_is_understood() {
    let mut seen = 0;
    for (name, page) in pages() {
        for words in commands(&page) {
            // With `--help` at the end nothing runs, but what stands before it must be known.
            let mut command = Command::new(env!("CARGO_BIN_EXE_proxymeter"));
            let output = command.args(typed(&words)).arg("--help").output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{name}: proxymeter {}: {told}", words.join(" "));
            seen += 1;
        }
    }
    assert!(seen > 10, "{seen}");
}

#[test]
fn every_link_leads_somewhere() {
    for (name, page) in pages() {
        let folder = root().join(&name).parent().unwrap().to_owned();
        for rest in page.split("](").skip(1) {
            let target = rest.split(')').next().unwrap().split('#').next().unwrap();
            if target.is_empty() || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            assert!(folder.join(target).exists(), "{name} links to {target}");
        }
    }
}

#[test]
fn the_readme_begins_with_two_commands_that_work() {
    let readme = read("README.md");
    let first: Vec<_> = blocks(&readme, "sh").into_iter().take(2).map(str::trim).collect();
    assert_eq!(first, ["cargo run --release -- demo", "tests/run"]);
}
