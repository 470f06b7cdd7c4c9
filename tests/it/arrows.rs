//! The arrows between modules: who may import whom. `docs/ARCHITECTURE.md` draws them.

use std::collections::BTreeSet;
use std::path::Path;

use crate::support::{files_with, root};

/// A module of the library and what it may import of the others.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("config", &["domain"]),
    ("providers", &["domain"]),
    ("metrics", &["domain"]),
    ("web", &["domain"]),
    ("simulator", &["domain"]),
    ("store", &["domain"]),
    ("collect", &["domain", "providers"]),
    ("enforce", &["domain", "providers"]),
    ("notify", &["domain"]),
    ("rehearse", &["domain", "simulator", "store"]),
    (
        "app",
        &[
            "domain",
            "config",
            "providers",
            "metrics",
            "web",
            "simulator",
            "store",
            "collect",
            "enforce",
            "notify",
            "rehearse",
        ],
    ),
    (
        "cli",
        &[
            "domain",
            "config",
            "providers",
            "metrics",
            "web",
            "simulator",
            "store",
            "collect",
            "enforce",
            "notify",
            "rehearse",
            "app",
        ],
    ),
    // For the fuzzers alone: opens what they reach.
    ("fuzzing", &["providers"]),
];

/// Crates and modules that pure code does without: no I/O, no clock, no async, no serialisation.
const NOT_IN_DOMAIN: &[&str] =
    &["serde", "tokio", "reqwest", "hyper", "std::fs", "std::net", "std::io", "std::env", "async "];

/// The modules that a file names from the root of the crate, by `crate::` or by climbing out of its own module.
fn imports(path: &Path, text: &str) -> BTreeSet<String> {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    // `a.rs` and `a/mod.rs` are one level deep, `a/b.rs` two.
    let parts = inside.components().count() - usize::from(inside.ends_with("mod.rs"));
    let climbs = "super::".repeat(parts);
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut found = BTreeSet::new();
    for line in code {
        for start in ["crate::", &climbs] {
            for (at, _) in line.match_indices(start) {
                let before = line[..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                    continue;
                }
                let name: String = line[at + start.len()..]
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                found.insert(name);
            }
        }
    }
    found
}

fn module_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
}

#[test]
fn no_import_goes_against_the_arrows() {
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for path in files_with("src", "rs") {
        let module = module_of(&path);
        if module == "main" || module == "lib" {
            continue;
        }
        let (_, allowed) = *MAY_IMPORT
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("src/{module} has no place in the arrows"));
        seen.insert(module.clone());
        for import in imports(&path, &std::fs::read_to_string(&path).unwrap()) {
            let is_module = MAY_IMPORT.iter().any(|(name, _)| *name == import);
            if is_module && import != module && !allowed.contains(&&*import) {
                wrong.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(seen.len(), MAY_IMPORT.len(), "{seen:?}");
}

#[test]
fn the_domain_is_pure() {
    let mut wrong = Vec::new();
    for path in files_with("src/domain", "rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for word in NOT_IN_DOMAIN.iter().filter(|word| line.contains(*word)) {
                wrong.push(format!("{}: {word}: {line}", path.display()));
            }
            if line.contains("chrono") && !path.ends_with("cron.rs") {
                wrong.push(format!("{}: chrono stays inside cron.rs: {line}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn vendors_do_not_know_one_another() {
    for (vendor, other) in [("oxylabs", "decodo"), ("decodo", "oxylabs")] {
        for path in files_with(&format!("src/providers/{vendor}"), "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            let named = code.filter(|line| line.contains(&format!("::{other}"))).count();
            assert_eq!(named, 0, "{} names {other}", path.display());
        }
    }
}

#[test]
fn an_import_is_found_in_each_form() {
    let file = |name: &str| root().join("src").join(name);
    let modules = |name: &str, text: &str| imports(&file(name), text).into_iter().collect::<Vec<_>>();
    assert_eq!(modules("web/mod.rs", "use crate::metrics::own;"), ["metrics"]);
    assert_eq!(modules("web/page.rs", "let x = crate::config::load();"), ["config"]);
    assert_eq!(modules("web/page.rs", "use super::super::store::Store;"), ["store"]);
    assert_eq!(modules("web/page.rs", "use super::status::Status;"), Vec::<String>::new());
    assert_eq!(modules("app.rs", "use super::store;"), ["store"]);
    assert_eq!(modules("web/page.rs", "// use crate::metrics"), Vec::<String>::new());
}
