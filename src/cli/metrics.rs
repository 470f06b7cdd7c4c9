//! `metrics --list`: every metric with its kind, labels and meaning.

use clap::{Args, ValueEnum};

use super::output::{self, Cell, Listing, print_json};
use super::{Exit, Misused};
use crate::metrics::catalog::{FAMILIES, Family};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// List every metric of proxymeter
    #[arg(long)]
    list: bool,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum Format {
    /// For people
    #[default]
    Table,
    /// For machines
    Json,
    /// The page docs/METRICS.md
    Markdown,
}

/// How the page is divided: a title, and how the names begin; the last takes what is left.
const GROUPS: &[(&str, &[&str])] = &[
    ("Accounts", &["account_"]),
    ("Sub-users", &["sub_user_"]),
    ("Targets", &["target_"]),
    ("Subscriptions", &["subscription_"]),
    ("Collectors", &["collector_", "observed_"]),
    ("Calls to the vendors", &["api_"]),
    ("Actions", &["actions_", "restores_", "writes_"]),
    ("proxymeter itself", &[""]),
];

const INTRODUCTION: &str = "# Metrics

Every metric of proxymeter, as `proxymeter metrics --list` prints it; this page is written by \
`proxymeter metrics --list --format markdown`.

- Units are bytes, seconds and ratios of 1, whatever the vendor calls a gigabyte.
- What is not known is absent, never 0; what is too old is absent as well, see `collector_stale_after_seconds`.
- Every series of a sub-user carries exactly `provider`, `account`, `product` and `sub_user`, so \
`on(provider, account, product, sub_user)` matches one to one.
- What a vendor says is collected on a schedule, never at a scrape, because the vendors meter and limit their APIs.
- Metrics named `process_*` are those of every Prometheus client: CPU, memory, open files and the start of the process.
";

/// How the help of what a vendor says ends; on the page it is said once.
const SCHEDULED: &str = ", collected on a schedule because the vendors meter and limit their APIs";

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<Exit> {
    if !arguments.list {
        return Err(Misused("write `proxymeter metrics --list`".to_owned()).into());
    }
    match arguments.format {
        Format::Table => output::print(&listing().to_table())?,
        Format::Json => print_json(&listing().to_json())?,
        Format::Markdown => output::print(&markdown())?,
    }
    Ok(Exit::Done)
}

fn listing() -> Listing {
    let mut listing = Listing::new(&["metric", "type", "labels", "help"]);
    for family in FAMILIES {
        listing.add(vec![
            Cell::text(family.name),
            Cell::text(family.kind.as_str()),
            Cell::text(&family.labels.join(", ")),
            Cell::text(family.help),
        ]);
    }
    listing
}

fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (title, _) in GROUPS {
        page += &format!("\n## {title}\n\n| metric | type | labels | |\n| --- | --- | --- | --- |\n");
        for Family { name, kind, labels, help, .. } in
            FAMILIES.iter().filter(|family| group(family) == *title)
        {
            let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
            let help = help.replace(SCHEDULED, "");
            page += &format!("| `{name}` | {} | {} | {help} |\n", kind.as_str(), labels.join(", "));
        }
    }
    page
}

fn group(family: &Family) -> &'static str {
    let name = family.name.trim_start_matches("proxymeter_");
    let is_of = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    GROUPS.iter().find(|(_, starts)| is_of(starts)).map_or("", |(title, _)| title)
}
