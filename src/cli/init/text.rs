//! The text of a first configuration: what must be there, and what an operator should decide as comments.

use jiff::civil::Date;

use super::super::findings::{Findings, Implied, plural};
use super::super::output::on_one_line;
use super::Keys;
use crate::config::AccountConfig;
use crate::domain::collector::Collector;
use crate::domain::traffic::{SubUser, Subscription};

/// How many sub-users of a kind are named; who has more wants a query.
const LISTED: usize = 50;

/// A configuration in observe; every commented key may be uncommented as it stands.
pub(super) fn configuration(
    account: &AccountConfig,
    keys: &Keys,
    findings: &Findings,
    today: Date,
) -> String {
    let name = &account.account.name;
    let keys: String = keys.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
    format!(
        "# Written by `proxymeter init` on {today}, from what {vendor} answered. It only observes: nothing is changed at the vendor.\n\
         # Save it as proxymeter.toml. `proxymeter check` tells mistakes and what it costs, `proxymeter serve` starts.\n\
         # Several accounts go into one file: each has its own tables [accounts.NAME], under a name of your choice.\n\
         \n\
         [operator]\n\
         # The receivers that hear of trouble with proxymeter itself and its vendors; [] is nobody, on purpose.\n\
         notify = []\n\
         \n\
         # {summary}\n\
         [accounts.{name}]\n\
         {keys}\
         # Budgets lower no limit here.\n\
         writes = false\n\
         {product}\
         {gigabyte}\
         {plan}\
         {main_user}\
         \n\
         # When to look: second minute hour day month weekday, in UTC.\n\
         [accounts.{name}.schedule]\n\
         {schedule}\
         {caps}",
        vendor = account.vendor.title(),
        summary = summary(findings),
        product = product(account, findings),
        gigabyte = gigabyte(findings),
        plan = plan(account, findings),
        main_user = main_user(&keys, findings),
        schedule = schedule(account, findings),
        caps = caps(findings),
    )
}

fn summary(findings: &Findings) -> String {
    let used =
        findings.usage.traffic.map_or_else(|| "Traffic unknown".to_owned(), |used| format!("{used} used"));
    let since = findings.usage.period_start.map_or_else(String::new, |start| format!(" since {start}"));
    match findings.sub_users.len() {
        0 => format!("{used}{since}; no sub-users: the API does not cover the product, or there are none."),
        some => format!("{used}{since}, {}.", plural(some, "sub-user")),
    }
}

fn product(account: &AccountConfig, findings: &Findings) -> String {
    let products = findings.products();
    if products.is_empty() {
        return format!(
            "# {} does not say which product this is; your word for it becomes the label `product`.\n\
             # product = \"mobile\"\n",
            account.vendor.title()
        );
    }
    let products: Vec<_> = products.iter().map(|product| on_one_line(product)).collect();
    format!("# The label `product` is the vendor's own word: {}.\n", products.join(", "))
}

fn gigabyte(findings: &Findings) -> String {
    let (why, word) = match (findings.implied(), findings.evidence()) {
        (Implied::One(gigabyte), Some(evidence)) => {
            (format!("the vendor's own figures say so: {evidence}."), gigabyte.as_str())
        }
        (Implied::Contradiction, Some(evidence)) => {
            (format!("the vendor's own figures contradict one another: {evidence}."), "decimal")
        }
        _ => ("compare with an invoice: proxymeter reconcile --invoice SIZE.".to_owned(), "decimal"),
    };
    format!(
        "# A gigabyte is \"decimal\" (10^9 bytes) or \"binary\" (2^30); {why}\n\
         # Until it is pinned, it is read as decimal, and limits are never written.\n\
         # gigabyte = \"{word}\"\n"
    )
}

fn plan(account: &AccountConfig, findings: &Findings) -> String {
    let told: String = findings.subscriptions.iter().map(subscription).collect();
    let has_limit = |plan: &Subscription| plan.limit.is_some();
    let has_dates = |plan: &Subscription| plan.valid_from.is_some() && plan.valid_until.is_some();
    let all = |has: fn(&Subscription) -> bool| !told.is_empty() && findings.subscriptions.iter().all(has);
    let mut text = told.clone();
    if !all(has_limit) {
        text += &format!(
            "# {} does not say what is paid for; write what stands on the invoice.\n# plan = \"500GB\"\n",
            account.vendor.title()
        );
    }
    if all(has_dates) {
        return text;
    }
    match findings.usage.period_start {
        Some(start) => {
            text += &format!("# A period starts on day {} by the vendor's figures ({start}).\n", start.day())
        }
        None => {
            text +=
                "# The vendor does not say when a period starts; write the day of the month on the invoice.\n"
        }
    }
    let day = findings.usage.period_start.map_or(1, |start| start.day());
    text + &format!("# billing_day = {day}\n")
}

fn subscription(plan: &Subscription) -> String {
    let said = |date: Option<Date>| date.map_or_else(|| "?".to_owned(), |date| date.to_string());
    format!(
        "# Subscription by the vendor: {}, {} from {} to {}.\n",
        on_one_line(&plan.name),
        plan.limit.map_or_else(|| "size unknown".to_owned(), |limit| limit.to_string()),
        said(plan.valid_from),
        said(plan.valid_until)
    )
}

/// At Oxylabs the login is the first sub-user, whose traffic stops with everything else when it is frozen.
fn main_user(keys: &str, findings: &Findings) -> String {
    let line = |sub_user: &SubUser| {
        let name = toml::Value::String(sub_user.username.to_string()).to_string();
        keys.contains(&format!("\nusername = {name}\n"))
            .then(|| format!("# This login is itself a sub-user, and is never frozen.\nmain_user = {name}\n"))
    };
    findings.sub_users.iter().find_map(line).unwrap_or_default()
}

fn schedule(account: &AccountConfig, findings: &Findings) -> String {
    let written: String = account
        .schedule
        .iter()
        .filter(|(collector, _)| **collector != Collector::Targets)
        .map(|(collector, cron)| format!("{collector} = \"{cron}\"\n"))
        .collect();
    if !account.vendor.has(Collector::Targets) {
        return written;
    }
    let calls = findings.sub_users.len() * 24;
    format!(
        "{written}# Where the traffic went, by domain: one call a sub-user and pass, here some {calls} a day.\n\
         # targets = \"0 20 * * * *\"\n"
    )
}

fn caps(findings: &Findings) -> String {
    let kinds = [
        ("Sub-users without a cap: each may use everything that is paid for, and more", findings.uncapped()),
        ("Sub-users of which the vendor does not say whether there is a cap", findings.untold()),
        ("Sub-users that the vendor does not cut off at their cap", findings.not_enforced()),
        (
            "Sub-users of which the vendor does not say whether it cuts them off at their cap",
            findings.perhaps_enforced(),
        ),
    ];
    let some = kinds.into_iter().filter(|(_, sub_users)| !sub_users.is_empty());
    some.map(|(what, sub_users)| {
        let names: String = sub_users.iter().take(LISTED).map(|sub_user| line(sub_user)).collect();
        let rest = match sub_users.len().saturating_sub(LISTED) {
            0 => String::new(),
            rest => format!("#   and {rest} more\n"),
        };
        format!("\n# {what}:\n{names}{rest}")
    })
    .collect()
}

fn line(sub_user: &SubUser) -> String {
    let limit = sub_user.limit.and_then(crate::domain::units::Limit::bytes);
    let limit = limit.map_or_else(String::new, |limit| format!(" ({limit})"));
    format!("#   {}{limit}\n", on_one_line(&sub_user.username))
}
