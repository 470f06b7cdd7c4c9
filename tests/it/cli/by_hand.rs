//! What every command has: help, and a reader that may go before the end.

use std::process::Stdio;

use crate::docs::commands;
use crate::support::binary::{finish, proxymeter, run};
use crate::support::root;

#[test]
fn every_command_has_help_on_standard_output() {
    for command in commands(&[]) {
        let mut arguments: Vec<_> = command.split(' ').collect();
        arguments.push("--help");
        let ran = run(root(), &arguments).ended_with(0);
        assert!(ran.stdout.contains(&format!("Usage: proxymeter {command}")), "{}", ran.told());
        assert_eq!(ran.stderr, "", "{command}");
        assert!(!ran.stdout.starts_with("Usage:"), "{command} does not say what it does: {}", ran.stdout);
    }
}

#[test]
fn without_a_command_the_help_is_told_as_a_mistake() {
    let ran = run(root(), &[]).ended_with(2);
    assert!(ran.stderr.contains("Commands:"), "{}", ran.told());
    let ran = run(root(), &["chekc"]).ended_with(2);
    assert!(ran.stderr.contains("'check'"), "{}", ran.told());
    assert_eq!(
        run(root(), &["--version"]).ended_with(0).stdout,
        concat!("proxymeter ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    for arguments in [&["metrics", "--list"][..], &["man"], &["completions", "zsh"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = proxymeter(root(), arguments);
        let child = command.stdout(Stdio::from(writer)).stderr(Stdio::piped()).spawn().unwrap();
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), told.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[test]
fn secrets_are_never_flags() {
    for command in commands(&[]) {
        let mut arguments: Vec<_> = command.split(' ').collect();
        arguments.push("--help");
        let help = finish(&mut proxymeter(root(), &arguments)).stdout;
        for flag in ["--password ", "--password=", "--api-key ", "--token"] {
            assert!(!help.contains(flag), "{command} has {flag}");
        }
    }
}
