//! What may stand in the dependency graph, by `deny.toml`, and what `Cargo.toml` owes its reader.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::LazyLock;

use serde_json::Value;
use toml::Table;

use crate::support::{read, root};

/// A package of the graph, for whatever platform: name, version, licence.
struct Package {
    name: String,
    version: String,
    license: String,
}

static PACKAGES: LazyLock<Vec<Package>> = LazyLock::new(|| {
    let arguments = ["metadata", "--format-version", "1", "--locked"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
            Package { name: text("name"), version: text("version"), license: text("license") }
        })
        .collect()
});

static DENY: LazyLock<Table> = LazyLock::new(|| read("deny.toml").parse().unwrap());

/// The names in `bans.deny`: those that may not be there at all, or those of which only one version may.
fn banned(all_but_one: bool) -> Vec<&'static str> {
    let entries = DENY["bans"]["deny"].as_array().unwrap().iter();
    let entries = entries.filter(|entry| entry.get("deny-multiple-versions").is_some() == all_but_one);
    entries.map(|entry| entry["crate"].as_str().unwrap()).collect()
}

fn allowed_licences() -> BTreeSet<&'static str> {
    DENY["licenses"]["allow"].as_array().unwrap().iter().map(|licence| licence.as_str().unwrap()).collect()
}

#[test]
fn no_banned_crate_is_there() {
    let banned = banned(false);
    let expected =
        ["openssl-sys", "native-tls", "aws-lc-sys", "aws-lc-rs", "governor", "serde_yaml", "serde_yml"];
    assert!(expected.iter().all(|name| banned.contains(name)), "{banned:?}");
    let found: Vec<_> = PACKAGES.iter().filter(|package| banned.contains(&package.name.as_str())).collect();
    let found: Vec<_> = found.iter().map(|package| format!("{} {}", package.name, package.version)).collect();
    assert!(found.is_empty(), "deny.toml bans {found:?}; `cargo tree --invert NAME` says who brings it");
}

#[test]
fn there_is_one_provider_of_cryptography() {
    let single = banned(true);
    assert_eq!(single, ["rustls", "ring"]);
    for name in single {
        let versions: Vec<_> = PACKAGES.iter().filter(|package| package.name == name).collect();
        let versions: Vec<_> = versions.iter().map(|package| &package.version).collect();
        assert_eq!(versions.len(), 1, "{name}: {versions:?}");
    }
}

#[test]
fn every_licence_is_allowed() {
    let allowed = allowed_licences();
    let mut refused: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in PACKAGES.iter().filter(|package| !permits(&package.license, &allowed)) {
        refused.entry(&package.license).or_default().push(&package.name);
    }
    assert!(refused.is_empty(), "not allowed by deny.toml: {refused:#?}");
}

#[test]
fn every_allowed_licence_is_needed() {
    let allowed = allowed_licences();
    for licence in &allowed {
        let others = &allowed - &BTreeSet::from([*licence]);
        let needed = PACKAGES.iter().any(|package| !permits(&package.license, &others));
        assert!(needed, "deny.toml allows {licence}, and no package asks for it");
    }
}

/// Whether an SPDX expression can be met with the allowed licences alone.
fn permits(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    // Before SPDX expressions, a slash stood for "or".
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<_> = expression.split_whitespace().collect();
    let mut rest = words.as_slice();
    let permitted = any_of(&mut rest, allowed);
    assert!(rest.is_empty(), "not understood: {rest:?} in {expression:?}");
    permitted
}

fn any_of(words: &mut &[&str], allowed: &BTreeSet<&str>) -> bool {
    let mut permitted = all_of(words, allowed);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        permitted |= all_of(words, allowed);
    }
    permitted
}

fn all_of(words: &mut &[&str], allowed: &BTreeSet<&str>) -> bool {
    let mut permitted = one(words, allowed);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        permitted &= one(words, allowed);
    }
    permitted
}

fn one(words: &mut &[&str], allowed: &BTreeSet<&str>) -> bool {
    let (permitted, rest) = match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let permitted = any_of(words, allowed);
            (
                permitted,
                words.strip_prefix(&[")"]).unwrap_or_else(|| panic!("no closing bracket before {words:?}")),
            )
        }
        [licence, "WITH", exception, rest @ ..] => {
            (allowed.contains(format!("{licence} WITH {exception}").as_str()), rest)
        }
        [licence, rest @ ..] => (allowed.contains(licence), rest),
        [] => (false, *words),
    };
    *words = rest;
    permitted
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = BTreeSet::from(["MIT", "ISC"]);
    for (expression, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT/Apache-2.0", true),
        ("Apache-2.0 OR MIT", true),
        ("MIT AND ISC", true),
        ("MIT AND BSD-3-Clause", false),
        ("MIT OR BSD-3-Clause AND GPL-3.0", true),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", false),
        ("(Apache-2.0 OR MIT) AND ISC", true),
        ("MIT WITH LLVM-exception", false),
        ("MIT WITH LLVM-exception OR ISC", true),
        ("", false),
    ] {
        assert_eq!(permits(expression, &allowed), expected, "{expression}");
    }
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let manifest = read("Cargo.toml");
    let mut in_dependencies = false;
    let mut before = "";
    let mut count = 0;
    for line in manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = line.ends_with("dependencies]");
        } else if in_dependencies
            && line.contains(" = ")
            && line.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            assert!(before.starts_with("# "), "no comment above: {line}");
            count += 1;
        }
        before = line;
    }
    let manifest: Table = manifest.parse().unwrap();
    let sections = ["dependencies", "dev-dependencies", "build-dependencies"];
    let declared = sections.iter().filter_map(|section| manifest.get(*section)?.as_table());
    assert_eq!(count, declared.map(Table::len).sum::<usize>());
}

#[test]
fn the_licence_file_is_the_licence_of_the_package() {
    let manifest: Table = read("Cargo.toml").parse().unwrap();
    assert_eq!(manifest["package"]["license"].as_str(), Some("Apache-2.0"));
    let licence = read("LICENSE");
    assert!(licence.contains("Apache License") && licence.contains("Version 2.0, January 2004"));
    assert!(licence.contains("END OF TERMS AND CONDITIONS"));
}
