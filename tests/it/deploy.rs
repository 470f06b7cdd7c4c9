//! The image, the compose file and the scripts, as far as they can be judged without a container engine.

use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::{fs, iter};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::process::Command;
use toml::Table;

use crate::support::{files_with, read, require, root};

/// The instructions of the Dockerfile, each on one line, without comments.
fn instructions() -> Vec<(String, String)> {
    let lines = read("Dockerfile");
    let lines: Vec<_> = lines.lines().filter(|line| !line.starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let instructions = joined.lines().filter_map(|line| line.split_once(' '));
    instructions.map(|(name, rest)| (name.to_owned(), rest.trim().to_owned())).collect()
}

/// What instructions of one kind say, from the first to the last.
fn all(name: &str) -> Vec<String> {
    instructions().into_iter().filter(|(each, _)| each == name).map(|(_, rest)| rest).collect()
}

/// The paths that COPY takes from the repository.
fn copied_sources() -> Vec<String> {
    let copies = all("COPY").into_iter().filter(|copy| !copy.starts_with("--from="));
    let sources = copies.flat_map(|copy| {
        let mut paths: Vec<_> = copy.split_whitespace().map(str::to_owned).collect();
        paths.pop();
        paths
    });
    sources.collect()
}

#[test]
fn the_image_is_built_from_what_is_there() {
    let stages: Vec<_> =
        all("FROM").iter().filter_map(|from| Some(from.split_once(" AS ")?.1.to_owned())).collect();
    for copy in all("COPY") {
        if let Some(from) = copy.strip_prefix("--from=") {
            let stage = from.split(' ').next().unwrap().to_owned();
            assert!(stages.contains(&stage), "COPY {copy}: there are {stages:?}");
        }
    }
    let ignore = read(".dockerignore");
    for source in copied_sources() {
        assert!(root().join(&source).exists(), "COPY {source}");
        assert!(ignore.lines().any(|line| line == format!("!{source}")), ".dockerignore holds back {source}");
    }
}

#[test]
fn the_image_has_all_that_the_sources_include() {
    let sources: Vec<_> = copied_sources().iter().map(|source| root().join(source)).collect();
    for file in files_with("src", "rs") {
        let text = read(&file);
        let includes = ["include_str!(\"", "include_bytes!(\"", "include!(\""];
        for path in includes.iter().flat_map(|include| text.split(include).skip(1)) {
            let path = file.parent().unwrap().join(path.split_once('"').unwrap().0);
            let path = fs::canonicalize(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let there = sources.iter().any(|source| path.starts_with(source));
            assert!(
                there,
                "{} includes {}, which the Dockerfile does not copy",
                file.display(),
                path.display()
            );
        }
    }
    let build_script = Path::new("build.rs");
    assert!(!root().join(build_script).exists() || sources.contains(&root().join(build_script)));
}

#[test]
fn the_image_compiles_with_a_rust_that_is_new_enough() {
    let manifest: Table = read("Cargo.toml").parse().unwrap();
    let wanted = version(manifest["package"]["rust-version"].as_str().unwrap());
    let builder =
        all("FROM").into_iter().find_map(|from| Some(from.strip_prefix("rust:")?.to_owned())).unwrap();
    assert!(version(&builder) >= wanted, "rust:{builder}");
}

/// Major and minor.
fn version(text: &str) -> (u32, u32) {
    let mut numbers = text.split(['.', '-']).map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

#[test]
fn the_image_runs_as_nobody_in_particular_and_stops_when_told() {
    let instructions = instructions();
    let last_stage = instructions.iter().rposition(|(name, _)| name == "FROM").unwrap();
    let stage = &instructions[last_stage..];
    let said = |name: &str| stage.iter().rev().find(|(each, _)| each == name).map(|(_, rest)| rest.as_str());
    let user = said("USER").unwrap();
    let uid: u32 = user.split(':').next().unwrap().parse().unwrap();
    assert_ne!(uid, 0);
    assert_eq!(said("EXPOSE"), Some("10760"));
    assert_eq!(said("STOPSIGNAL"), Some("SIGTERM"));
    assert!(said("HEALTHCHECK").unwrap().contains("GET /-/healthy "));
    let entry = said("ENTRYPOINT").unwrap();
    assert_eq!(entry, r#"["/usr/local/bin/proxymeter"]"#);
    assert!(stage.iter().any(|(name, rest)| name == "COPY" && rest.ends_with(" /usr/local/bin/proxymeter")));
    // The store is where this user may write, and outlives the container.
    let folder = "/var/lib/proxymeter";
    let makes = format!("install -d -o {uid} -g {uid} -m 0700 {folder}");
    for (name, rest) in
        [("RUN", makes), ("ENV", format!("STATE_DIRECTORY={folder}")), ("VOLUME", format!("[\"{folder}\"]"))]
    {
        assert!(stage.iter().any(|(each, said)| each == name && *said == rest), "{name} {rest}");
    }
}

#[tokio::test]
async fn the_image_is_healthy_when_proxymeter_says_so() {
    let Some(bash) = require("bash") else { return };
    let check = all("HEALTHCHECK").remove(0);
    let command: Vec<String> = serde_json::from_str(check.split_once(" CMD ").unwrap().1).unwrap();
    assert_eq!(command[..2], ["bash", "-c"]);
    for (status, healthy) in [(StatusCode::OK, true), (StatusCode::SERVICE_UNAVAILABLE, false)] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let here = listener.local_addr().unwrap().port();
        let routes = Router::new().route("/-/healthy", get(move || async move { status }));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let script = command[2].replace("127.0.0.1/10760", &format!("127.0.0.1/{here}"));
        let ended = Command::new(&bash).args(["-c", &script]).status().await.unwrap();
        assert_eq!(ended.success(), healthy, "{status}");
    }
}

#[test]
fn the_compose_file_mounts_what_is_there_where_it_is_looked_for() {
    let compose = read("deploy/docker-compose.yml");
    let mounts: Vec<_> = compose.lines().filter_map(|line| line.trim().strip_prefix("- .")).collect();
    assert_eq!(mounts.len(), 4);
    for mount in &mounts {
        let source = format!("deploy/.{}", mount.split(':').next().unwrap());
        assert!(root().join(&source).exists(), "{source}");
    }
    let dashboards = read("grafana/provisioning/dashboards/proxymeter.yml");
    let path = dashboards.lines().find_map(|line| line.trim().strip_prefix("path: ")).unwrap();
    assert!(mounts.contains(&format!("./grafana/dashboards:{path}:ro").as_str()), "{path}");
    assert!(compose.contains(&format!("{path}/proxymeter-overview.json")));
    // The names by which the containers know one another.
    assert!(
        read("grafana/provisioning/datasources/prometheus.yml").contains("url: http://prometheus:9090\n")
    );
    assert!(read("deploy/prometheus/prometheus.yml").contains("\"proxymeter:10760\""));
    for service in ["  proxymeter:\n", "  prometheus:\n", "  grafana:\n"] {
        assert!(compose.contains(service), "{service}");
    }
}

#[test]
fn the_unit_gives_away_no_more_than_it_must() {
    let unit = read("deploy/systemd/proxymeter.service");
    for line in
        ["Type=exec", "DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "ProtectHome=yes"]
    {
        assert!(unit.lines().any(|each| each == line), "{line}");
    }
    assert!(unit.contains("LoadCredential="));
    // The rest of the file system is read-only, and the store has to be somewhere.
    assert!(unit.lines().any(|line| line == "StateDirectory=proxymeter"));
}

#[test]
fn scripts_can_be_run_and_stop_at_the_first_failure() {
    for script in ["tests/run", ".ci/run"] {
        let mode = fs::metadata(root().join(script)).unwrap().permissions().mode();
        assert_eq!(mode & 0o111, 0o111, "{script} is not executable");
        let text = read(script);
        assert!(
            text.starts_with("#!/usr/bin/env bash\n") && text.contains("\nset -euo pipefail\n"),
            "{script}"
        );
    }
    let justfile = read("justfile");
    let called = justfile.lines().filter(|line| line.starts_with("    ")).map(str::trim);
    let scripts = called.filter_map(|line| line.split(' ').next()).filter(|program| program.contains('/'));
    for script in scripts.chain(iter::once(".ci/run")) {
        assert!(root().join(script).exists(), "{script}");
    }
}
