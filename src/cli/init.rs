//! `init`: logs in, reads, and prints a commented configuration with what it found.

mod text;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use toml::Value;

use super::context::{Context, of};
use super::findings::Findings;
use super::{Exit, Misused, output};
use crate::app::logging;
use crate::config::{self, Config, Log, LogFormat, Problem};

#[derive(Args, Debug)]
#[command(after_help = "For a first configuration: proxymeter init ... > proxymeter.toml")]
pub(super) struct Arguments {
    /// The vendor
    #[arg(long, value_enum)]
    provider: Vendor,
    /// The name that logs in at the vendor's API
    #[arg(long)]
    username: Option<String>,
    /// The file with its password
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// The API's address [default: the vendor's own]
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Which of Decodo's APIs: the published v1 contract, v1 as it really answers, or v2 with a static key [default: published]
    #[arg(long, value_enum)]
    dialect: Option<Dialect>,
    /// The file with the API key, for dialect v2
    #[arg(long, value_name = "FILE")]
    api_key_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Vendor {
    Oxylabs,
    Decodo,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Dialect {
    Published,
    V1,
    V2,
}

/// The keys of an account as they will stand in the file, with their values as TOML writes them.
type Keys = Vec<(&'static str, String)>;

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let keys = keys(&arguments)?;
    let name = word(&arguments.provider);
    let config = check(&name, &keys)?;
    logging::start(&Log { format: LogFormat::Text, level: "warn".to_owned() })?;
    let context = Context::of(config)?;
    for (provider, account) in context.providers.iter().zip(context.config.accounts.values()) {
        let findings = of(&**provider, Findings::read(&**provider).await)?;
        let today = context.now().to_zoned(jiff::tz::TimeZone::UTC).date();
        output::print(&text::configuration(account, &keys, &findings, today))?;
    }
    Ok(Exit::Done)
}

fn keys(arguments: &Arguments) -> anyhow::Result<Keys> {
    let Arguments { provider, username, password_file, base_url, dialect, api_key_file } = arguments;
    let file = |path: &Option<PathBuf>| path.as_deref().map(absolute).transpose();
    let keys = [
        ("provider", Some(word(provider))),
        ("dialect", dialect.as_ref().map(word)),
        ("base_url", base_url.clone()),
        ("username", username.clone()),
        ("password_file", file(password_file)?),
        ("api_key_file", file(api_key_file)?),
    ];
    let quoted =
        |(key, value): (&'static str, Option<String>)| Some((key, Value::String(value?).to_string()));
    Ok(keys.into_iter().filter_map(quoted).collect())
}

/// The word for a choice, which is the same on the command line and in the file.
fn word(choice: &impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// A path that means the same wherever the configuration will be.
fn absolute(path: &Path) -> anyhow::Result<String> {
    let path = std::path::absolute(path)?;
    let refuse = || Misused(format!("{path:?}: a name in the configuration is UTF-8 text"));
    Ok(path.to_str().ok_or_else(refuse)?.to_owned())
}

/// The configuration that these keys make, or every mistake in them by its flag.
fn check(name: &str, keys: &Keys) -> anyhow::Result<Config> {
    let account: String = keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    let text = format!("operator.notify = []\n[accounts.{name}]\n{account}");
    let config = config::load_text(Path::new("init"), &text, []);
    let unreadable = config.as_ref().map(Config::unreadable_secrets).unwrap_or_default();
    match config {
        Ok(config) if unreadable.is_empty() => Ok(config),
        Ok(_) => Err(misused(unreadable.iter())),
        Err(problems) => Err(misused(problems.iter())),
    }
}

/// The problems of a configuration as those of the command line that it came from.
fn misused<'p>(problems: impl Iterator<Item = &'p Problem>) -> anyhow::Error {
    let told = |problem: &Problem| {
        let key = problem.key.rsplit('.').next().unwrap_or_default();
        // Secrets are never flags, their files are.
        let flag = match key {
            "password" => "password-file".to_owned(),
            "api_key" => "api-key-file".to_owned(),
            key => key.replace('_', "-"),
        };
        let hint = match (problem.hint.as_deref(), key) {
            (Some(_), "password") => Some("write: --password-file FILE".to_owned()),
            (Some(_), "api_key") => Some("write: --api-key-file FILE".to_owned()),
            // The other hints name keys of the file.
            (hint, _) => hint.map(|hint| {
                let assignment = format!("{key} = ");
                hint.replace(&assignment, &format!("--{flag} ")).replace("api_key_file", "--api-key-file")
            }),
        };
        let hint = hint.map_or_else(String::new, |hint| format!("\n    {hint}"));
        format!("--{flag}: {}{hint}", problem.message)
    };
    let told: Vec<_> = problems.map(told).collect();
    Misused(told.join("\nerror: ")).into()
}
