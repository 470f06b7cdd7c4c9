//! `test`: unit tests of budgets.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Misused, output, rehearse};
use crate::config;
use crate::rehearse::unit::{Configured, File, configuration};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Files of tests, as docs/REHEARSAL.md has them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    // Every file is read before one runs, so that all mistakes are told at once.
    let files = arguments.files.iter().map(|file| Ok((file, read(file)?)));
    let files = files.collect::<anyhow::Result<Vec<_>>>()?;
    let (mut text, mut failed, mut run) = (String::new(), 0, 0);
    for (path, (file, configured)) in files {
        for outcome in file.run(&configured) {
            let verdict = if outcome.is_ok() { "ok" } else { "FAILED" };
            text += &format!("{verdict:6}  {}: {}\n", path.display(), output::on_one_line(&outcome.name));
            for line in &outcome.diff {
                text += &format!("          {}\n", output::on_one_line(line));
            }
            run += 1;
            failed += usize::from(!outcome.is_ok());
        }
    }
    if failed > 0 {
        text += "\n- expected and did not come, + came and was not expected\n";
    }
    text += &format!("\n{} of {run} tests passed\n", run - failed);
    output::print(&text)?;
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

/// Reads a file of tests and the configuration that it names.
fn read(path: &Path) -> anyhow::Result<(File, Configured)> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| Misused(format!("the tests {name} cannot be read: {error}")))?;
    let wrong = |error: crate::simulator::ScenarioError| Misused(error.to_string());
    let config = configuration(&name, &text).map_err(wrong)?;
    let config = path.parent().unwrap_or(Path::new("")).join(config);
    // A test says the same wherever it runs: the environment is left out.
    let config = config::load(Some(&config), [])?;
    let configured = Configured {
        rules: rehearse::rules(&config),
        accounts: config.accounts.values().map(|account| account.account.clone()).collect(),
        lag: config.collect.lag,
        stale_after: config.collect.stale_after,
    };
    let file = File::from_toml(&name, &text, &configured).map_err(wrong)?;
    Ok((file, configured))
}
