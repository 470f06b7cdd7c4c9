//! What a scenario is judged by where there is no configuration: its own accounts, and usual budgets.

use std::path::Path;

use super::super::Place;
use crate::config::{self, Config, Problems};
use crate::domain::units::{Bytes, Limit};
use crate::simulator::{Access, AccountSpec, Scenario};

/// Whether the error says that no configuration was named and none found.
pub(super) fn is_absent(place: &Place, error: &anyhow::Error) -> bool {
    let is_nowhere = |problems: &Problems| {
        problems.iter().all(|problem| problem.message.starts_with("no configuration found"))
    };
    place.config.is_none() && error.downcast_ref::<Problems>().is_some_and(is_nowhere)
}

/// The configuration that a scenario's accounts would have, with the budgets of a first try.
pub(super) fn configuration(file: &Path, scenario: &Scenario) -> Result<Config, Problems> {
    let mut text = "[operator]\nnotify = [\"operator\"]\n\n[receivers.operator]\nlog = true\n\n[receivers.ops]\nlog = true\n".to_owned();
    for (spec, access) in scenario.accounts.iter().zip(scenario.access()) {
        text += &account(spec, &access);
        text += &budgets(spec);
    }
    config::load_text(file, &text, [])
}

fn account(spec: &AccountSpec, access: &Access) -> String {
    let Access { account, provider, dialect, product, username, secret, .. } = access;
    let mut text = format!(
        "\n[accounts.{account}]\nprovider = \"{provider}\"\nproduct = {}\ngigabyte = \"{}\"\nbilling_day = {}\n",
        quoted(product),
        spec.gigabyte.as_str(),
        spec.billing_day
    );
    if let Limit::Bytes(Bytes(plan)) = spec.plan {
        text += &format!("plan = \"{plan} bytes\"\n");
    }
    match (*provider, *dialect) {
        ("decodo", "v2") => text += &format!("dialect = \"v2\"\napi_key = {}\n", quoted(secret)),
        ("decodo", dialect) => {
            let (username, secret) = (quoted(username), quoted(secret));
            text += &format!("dialect = \"{dialect}\"\nusername = {username}\npassword = {secret}\n");
        }
        _ => text += &format!("username = {}\npassword = {}\n", quoted(username), quoted(secret)),
    }
    text
}

/// A basic string of TOML; escapes of TOML and of JSON are the same.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Each sub-user against its own limit, and the plan.
fn budgets(spec: &AccountSpec) -> String {
    let name = &spec.name;
    let freeze = if spec.dialect.as_str() == "published" { "" } else { "action = \"freeze\"\n" };
    let mut text = format!(
        "\n[budgets.{name}-sub-users]\naccount = \"{name}\"\nsub_user = \".*\"\nper = \"sub_user\"\n\
         amount = \"100% of limit\"\nunknown = \"ignore\"\n\
         thresholds.warn = {{ used = \"80%\", notify = [\"ops\"] }}\n\
         thresholds.runs-out = {{ forecast = \"100%\", for = \"1h\", notify = [\"ops\"] }}\n\
         thresholds.fast = {{ burn = \"6x over 3h and 30m\", notify = [\"ops\"] }}\n\
         [budgets.{name}-sub-users.thresholds.stop]\nused = \"100%\"\nseverity = \"critical\"\nnotify = [\"ops\"]\n{freeze}"
    );
    if matches!(spec.plan, Limit::Bytes(_)) {
        text += &format!(
            "\n[budgets.{name}-plan]\naccount = \"{name}\"\nper = \"account\"\namount = \"100% of plan\"\n\
             thresholds.warn = {{ used = \"90%\", notify = [\"ops\"] }}\n\
             thresholds.runs-out = {{ forecast = \"100%\", for = \"1h\", notify = [\"ops\"] }}\n"
        );
    }
    text
}
