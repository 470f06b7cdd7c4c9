//! The tables of `docs/PROVIDERS.md` are what the clients really send.

use std::fmt::Write as _;

use proxymeter::providers::ProviderError;
use proxymeter::providers::decodo::UpdateRoute;

use super::operation::{Operation, State, all};
use super::{ALL, Dialect, PASSWORD};
use crate::scripted::{Asked, Told, Vendor, ok, status};
use crate::support;

const DOCS: &str = "docs/PROVIDERS.md";

/// The vendor's answers; the id of a new sub-user comes as its dialect says it.
fn answer(dialect: Dialect, asked: &Asked) -> Told {
    let path = asked.line.split_once('?').map_or(&*asked.line, |(path, _)| path);
    let (method, path) = path.split_once(' ').unwrap();
    let last = path.rsplit('/').next().unwrap();
    match (method, last) {
        ("POST", "login" | "auth") => ok(r#"{"user_id":"USER","token":"t"}"#),
        ("POST", "sub-users") => match dialect {
            Dialect::Oxylabs => Told(201, vec![], br#"{"id":"SUB"}"#.to_vec()),
            Dialect::Published => {
                let row =
                    r#"{"id":"SUB","username":"fresh_1","service_type":"residential","traffic_limit":5.5}"#;
                Told(201, vec![], row.into())
            }
            Dialect::V1 | Dialect::V2 => Told(201, vec![], b"{}".to_vec()),
        },
        ("GET", "sub-users") => ok(r#"[{"id":"SUB","username":"fresh_1"}]"#),
        ("GET", "SUB") if dialect == Dialect::V2 => ok(r#"{"id":"SUB","username":"fresh_1"}"#),
        ("GET", "SUB" | "traffic" | "client-stats") => ok(r#"{"traffic":1}"#),
        ("GET", "target-stats") => ok(r#"{"results":[]}"#),
        ("GET", "allocated-traffic") => ok(r#"{"total_allocated":2,"total_used":1,"sub_user_count":1}"#),
        ("GET", "allocated-traffic-limit") => ok(r#"{"allocated_traffic_limit":2}"#),
        ("GET", "subscriptions") => ok(r#"[{"traffic_used":1}]"#),
        ("GET", "whitelisted-ips") => ok(r#"[{"id":"IP","ip":"192.0.2.77"}]"#),
        ("GET", "endpoints" | "sticky") => ok("[]"),
        ("PATCH", _) => status(200),
        ("PUT", _) => Told(201, vec![], b"{}".to_vec()),
        ("POST", "whitelisted-ips") => ok("{}"),
        ("DELETE", _) => status(204),
        _ => panic!("nobody knows {}", asked.line),
    }
}

/// A request as the tables show it.
fn shown(asked: &Asked) -> String {
    let line = asked.line.replacen("/v2", "", 1).replace("USER", "{userId}");
    let line = line.replace("/SUB", "/{subUserId}").replace("/IP", "/{id}").replace("fresh_1", "{username}");
    let body = asked.body.replace(PASSWORD, "…");
    if body.is_empty() { format!("`{line}`") } else { format!("`{line}` `{body}`") }
}

/// What the client of `dialect` sends for `operation`, without its login.
async fn requests(dialect: Dialect, operation: Operation) -> Result<Vec<Asked>, ProviderError> {
    let vendor = Vendor::start(move |_, asked| answer(dialect, asked)).await;
    let client = dialect.client(vendor.base(), "sp_user", "key");
    operation.run(&*client, dialect, &mut State::new("SUB", "IP")).await?;
    let asked = vendor.asked().into_iter();
    Ok(asked.filter(|asked| !asked.line.ends_with("/login") && !asked.line.ends_with("/auth")).collect())
}

async fn login(dialect: Dialect) -> String {
    let vendor = Vendor::start(move |_, asked| answer(dialect, asked)).await;
    let client = dialect.client(vendor.base(), "sp_user", "key");
    Operation::ListSubUsers.run(&*client, dialect, &mut State::new("SUB", "IP")).await.unwrap();
    let asked = vendor.asked();
    let with = |asked: &Asked| match asked.header("authorization") {
        "" => String::new(),
        "key" => "`Authorization: <key>`".to_owned(),
        header => format!("`Authorization: {}`", header.replace("c3BfdXNlcjprZXk=", "<base64>")),
    };
    let then = with(asked.last().unwrap()).replace(" t`", " <token>`");
    match &*asked {
        [_] => format!("none; {then} with each call"),
        [first, ..] => {
            let body = first.body.replace("\"key\"", "\"…\"");
            let sent = shown(&Asked { body, ..first.clone() });
            let with = with(first);
            let with = if with.is_empty() { String::new() } else { format!(" with {with}") };
            format!("{sent}{with}, then {then}")
        }
        [] => panic!("nothing was asked"),
    }
}

async fn table(dialect: Dialect) -> String {
    let test = super::simulated::name_of_test(dialect);
    let mut table = String::from("| operation | request | covered by |\n| --- | --- | --- |\n");
    writeln!(table, "| log in | {} | `{test}` |", login(dialect).await).unwrap();
    for operation in all() {
        let name = operation.name();
        match requests(dialect, operation).await {
            Ok(asked) => {
                let shown: Vec<_> = asked.iter().map(shown).collect();
                writeln!(table, "| {name} | {} | `{test}` |", shown.join(", then ")).unwrap();
            }
            Err(ProviderError::Unsupported(instead)) => {
                writeln!(table, "| {name} | – {instead} | |").unwrap();
            }
            Err(error) => panic!("{dialect:?} {operation:?}: {error}"),
        }
    }
    if dialect == Dialect::Published {
        let row = collection().await;
        writeln!(table, "| change without an id | {row} | `the_route_without_an_id_is_only_by_choice` |")
            .unwrap();
    }
    table
}

/// The contract's own route, which is taken by choice alone.
async fn collection() -> String {
    let vendor = Vendor::start(move |_, asked| answer(Dialect::Published, asked)).await;
    let timeout = std::time::Duration::from_secs(20);
    let client =
        Dialect::Published.client_with(vendor.base(), "sp_user", "key", timeout, UpdateRoute::Collection);
    Operation::Limit.run(&*client, Dialect::Published, &mut State::new("SUB", "IP")).await.unwrap();
    shown(vendor.asked().last().unwrap())
}

/// `UPDATE_EXPECTED=1` writes them instead.
#[tokio::test]
async fn the_tables_of_the_docs_are_what_is_sent() {
    let mut docs = support::read(DOCS);
    let before = docs.clone();
    for dialect in ALL {
        let (start, end) = (format!("<!-- table: {} -->\n", dialect.simulated()), "<!-- end of table -->");
        let from = docs.find(&start).unwrap_or_else(|| panic!("{DOCS} lacks {start}")) + start.len();
        let to = from + docs[from..].find(end).unwrap_or_else(|| panic!("{DOCS} lacks {end}"));
        docs.replace_range(from..to, &table(dialect).await);
    }
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        std::fs::write(support::root().join(DOCS), docs).unwrap();
        return;
    }
    let differing = before.lines().zip(docs.lines()).find(|(is, should)| is != should);
    assert!(
        before == docs,
        "{DOCS} is not what is sent; with UPDATE_EXPECTED=1 this test writes it. First difference:\n{differing:#?}"
    );
}

#[test]
fn the_tests_that_the_docs_name_exist() {
    let sources: String =
        support::files_with("tests/it/providers_writes", "rs").iter().map(support::read).collect();
    let docs = support::read(DOCS);
    let rows = docs.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |"));
    let mut named: Vec<_> = rows.filter_map(|row| row.trim_end_matches("` |").rsplit('`').next()).collect();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named.len(), 5, "{named:?}");
    for name in named {
        assert!(sources.contains(&format!("async fn {name}()")), "{DOCS} names {name}, which is no test");
    }
}
