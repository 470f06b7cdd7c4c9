//! What several test files need: paths of the repository, and the real programs that some tests talk to.

pub(crate) mod alertmanager;
pub(crate) mod binary;
pub(crate) mod prometheus;
pub(crate) mod vendors;

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs, thread};

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file, named from the root of the repository.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files below a folder of the repository, sorted; none if there is no such folder.
pub(crate) fn files_below(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The files of a folder whose name ends in `.extension`.
pub(crate) fn files_with(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut files = files_below(folder);
    files.retain(|path| path.extension() == Some(OsStr::new(extension)));
    files
}

/// Where a program is that the calling test needs, or nothing, and then the test is to return at once.
///
/// `cargo test` passes with nothing but Rust, and says what it left out; under `tests/run`, which installs the
/// programs, an absent one is a failure.
pub(crate) fn require(program: &str) -> Option<PathBuf> {
    found_or_left_out(program, programs(program).find(|path| path.is_file()))
}

/// Likewise, a Python that has a module; `tests/run` installs it below target/.
pub(crate) fn require_python(module: &str) -> Option<PathBuf> {
    let has_module = |python: &PathBuf| {
        let import = Command::new(python).args(["-c", &format!("import {module}")]).output();
        import.is_ok_and(|output| output.status.success())
    };
    let named = env::var_os("PROXYMETER_TESTS_PYTHON").map(PathBuf::from);
    let tools = root().join("target/test-tools/bin/python3");
    let pythons = named.into_iter().chain(programs("python3")).chain([tools]);
    found_or_left_out(&format!("Python with {module}"), pythons.into_iter().find(has_module))
}

fn programs(name: &str) -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(name)).collect::<Vec<_>>().into_iter()
}

fn found_or_left_out(what: &str, found: Option<PathBuf>) -> Option<PathBuf> {
    if found.is_none() {
        let test = thread::current().name().unwrap_or("a test").to_owned();
        assert!(
            env::var_os("PROXYMETER_TESTS_REQUIRE_SERVERS").is_none(),
            "{test} needs {what}, which is not on the PATH"
        );
        // Not `eprintln!`, which the harness keeps to itself while the test passes.
        let mut stderr = io::stderr();
        writeln!(stderr, "left out: {test} (no {what} on PATH; tests/run installs it)").unwrap();
    }
    found
}

/// Runs a command to its end and returns all that it printed; panics with that if it fails.
pub(crate) fn succeed(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?} ended with {status}:\n{text}");
    text
}

/// A client for servers on this machine.
pub(crate) fn http_client() -> reqwest::Client {
    // reqwest asks for a provider of cryptography even where nothing is encrypted; another test may have been first.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(10)).build().unwrap()
}
