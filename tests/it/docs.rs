//! Pages and scripts that are made of the program itself: the list of metrics, the manual, completions.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::binary::run;
use crate::support::{read, root};

/// `UPDATE_EXPECTED=1` writes what the program says now.
#[test]
fn the_page_of_metrics_is_what_the_program_says() {
    let page = run(root(), &["metrics", "--list", "--format", "markdown"]).ended_with(0).stdout;
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(root().join("docs/METRICS.md"), &page).unwrap();
    }
    assert!(page == read("docs/METRICS.md"), "docs/METRICS.md is old; UPDATE_EXPECTED=1 writes it anew");
}

#[test]
fn the_page_and_the_list_have_the_same_rows() {
    let list = run(root(), &["metrics", "--list", "--format", "json"]).ended_with(0).json();
    let page = read("docs/METRICS.md");
    let in_page: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let rows = list.as_array().unwrap();
    assert_eq!(in_page.len(), rows.len());
    for row in rows {
        let text = |key: &str| row[key].as_str().unwrap();
        // What the help of many has in common, the page says once.
        let help = text("help").split(", collected on a schedule").next().unwrap().trim_end_matches('.');
        let line = page.lines().find(|line| line.starts_with(&format!("| `{}` |", text("metric")))).unwrap();
        assert!(line.contains(text("type")) && line.contains(help), "{line}");
        let labels = text("labels").split(", ").filter(|label| !label.is_empty());
        assert_eq!(line.matches('`').count() / 2 - 1, labels.count(), "{line}");
    }
}

/// The whole name of every command that does something, by what `--help` lists.
pub(crate) fn commands(above: &[&str]) -> Vec<String> {
    let help = run(root(), &[above, &["--help"]].concat()).ended_with(0).stdout;
    let Some((_, listed)) = help.split_once("\nCommands:\n") else { return vec![above.join(" ")] };
    let names = listed.lines().take_while(|line| !line.is_empty());
    // A name stands two spaces in; what is further in goes on with the line above.
    let names =
        names.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.flat_map(|name| commands(&[above, &[name]].concat())).collect()
}

#[test]
fn the_manual_has_every_command_and_no_word_that_roff_cannot_read() {
    let page = run(root(), &["man"]).ended_with(0).stdout;
    assert!(page.is_ascii(), "roff reads no UTF-8 without help: {page}");
    let commands = commands(&[]);
    assert!(commands.len() >= 16, "{commands:?}");
    for command in &commands {
        assert!(page.contains(&format!(".SS \"proxymeter {command}\"\n")), "{command} is missing");
    }
    assert_eq!(page.matches("\n.SS ").count(), commands.len());
    for section in ["NAME", "SYNOPSIS", "FILES", "ENVIRONMENT", "\"EXIT STATUS\""] {
        assert_eq!(page.matches(&format!("\n.SH {section}\n")).count(), 1, "{section}");
    }
}

#[test]
fn bash_takes_its_completions() {
    let script = run(root(), &["completions", "bash"]).ended_with(0).stdout;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &script).unwrap();
    // Debian and the machines of CI have bash; elsewhere the words are looked at alone.
    match Command::new("bash").arg("-n").arg(file.path()).stderr(Stdio::piped()).output() {
        Ok(checked) => assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr)),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound),
    }
    for word in ["sub-users", "reconcile", "--invoice", "--online"] {
        assert!(script.contains(word), "{word}");
    }
}

#[test]
fn every_shell_has_completions_and_another_is_refused() {
    let names = |script: &str| script.matches("proxymeter").count();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(root(), &["completions", shell]).ended_with(0).stdout;
        assert!(names(&script) > 10, "{shell}");
    }
    let refused = run(root(), &["completions", "basch"]).ended_with(2);
    assert!(refused.stderr.contains("'bash'"), "{}", refused.told());
    assert_eq!(refused.stdout, "");
}

#[test]
fn the_list_says_of_each_metric_what_it_is() {
    let list = run(root(), &["metrics", "--list", "--format", "json"]).ended_with(0).json();
    let first = &list[0];
    assert_eq!(first["metric"], Value::from("proxymeter_account_traffic_bytes"));
    assert_eq!(first["type"], Value::from("gauge"));
    assert_eq!(first["labels"], Value::from("provider, account"));
    let refused = run(root(), &["metrics"]).ended_with(2);
    assert_eq!(refused.stderr, "error: write `proxymeter metrics --list`\n");
}
