//! `check --online`: a login and a read of each account, and what the vendor says that matters.

use std::sync::Arc;

use futures_util::future::join_all;

use super::super::Exit;
use super::super::context::Context;
use super::super::findings::{Findings, Implied, names, plural};
use super::super::output;
use super::{estimate, not_kept, share, standing};
use crate::config::{AccountConfig, Collect, Problem};
use crate::domain::account::{Account, AccountName};
use crate::domain::budget::{Budget, Per, selector};
use crate::providers::Provider;

/// One account's part of the answer.
struct Answer {
    account: AccountName,
    lines: Vec<String>,
    exit: Exit,
    series: u64,
    /// The budgets whose selectors fit something here.
    fitting: Vec<Arc<str>>,
    /// What is wrong with the configuration, with so many sub-users.
    problems: Vec<Problem>,
}

pub(super) async fn run(context: &Context) -> anyhow::Result<Exit> {
    let account = |provider: &dyn Provider| context.config.accounts.get(&provider.account().name);
    let asked = context.providers.iter().filter_map(|provider| Some((&**provider, account(&**provider)?)));
    let answers = join_all(asked.map(|(provider, account)| one(context, provider, account))).await;
    let mut text = String::new();
    for answer in &answers {
        text += &format!("\n{}: {}\n", answer.account, answer.lines.join("\n  "));
    }
    let (series, most) =
        (answers.iter().map(|answer| answer.series).sum::<u64>(), context.config.collect.max_series);
    let has = |exit: Exit| answers.iter().any(|answer| answer.exit == exit);
    let apart = if has(Exit::Failed) { ", without the accounts that failed" } else { "" };
    text += &format!("\nSeries in /metrics: at most {series} of collect.max_series = {most}{apart}.\n");
    if series > most as u64 {
        text += "That is too many: targets will be left out first, traffic and limits never. \
                 Lower collect.targets_top, read no targets, or raise collect.max_series.\n";
    }
    if !has(Exit::Failed) {
        text += &fits_nothing(&context.config.budgets, &answers);
    }
    output::print(&text)?;
    super::refuse(answers.iter().flat_map(|answer| answer.problems.iter().cloned()).collect())?;
    Ok(if has(Exit::Failed) {
        Exit::Failed
    } else if has(Exit::Unknown) {
        Exit::Unknown
    } else {
        Exit::Done
    })
}

/// Budgets that judge nothing today; a sub-user that comes later is caught.
fn fits_nothing(budgets: &[Budget], answers: &[Answer]) -> String {
    let fits = |budget: &&Budget| answers.iter().any(|answer| answer.fitting.contains(&budget.name));
    let line = |budget: &Budget| {
        format!(
            "\nbudgets.{} fits nothing at the vendors today; what comes later will be judged. \
             Compare its selectors with proxymeter sub-users list.\n",
            budget.name
        )
    };
    budgets.iter().filter(|budget| !fits(budget)).map(line).collect()
}

/// Whether a budget's selectors fit anything at an account now; targets are not read here.
fn fits(budget: &Budget, account: &AccountConfig, findings: &Findings) -> bool {
    let Account { provider, name, product: own, .. } = &account.account;
    let (selectors, product) =
        (&budget.selectors, |said: &Option<Arc<str>>| said.as_ref().unwrap_or(own).clone());
    let any_sub_user = || {
        findings.sub_users.iter().any(|one| selectors.fits_sub_user(&product(&one.product), &one.username))
    };
    selectors.fits_account(provider, name.as_str())
        && match budget.per {
            Per::SubUser | Per::Target => any_sub_user(),
            Per::Account => !selectors.chooses_sub_users() || any_sub_user(),
            Per::Unattributed => true,
            Per::Subscription => findings.subscriptions.iter().any(|plan| {
                selector::fits(selectors.subscription.as_ref(), &plan.name)
                    && selector::fits(selectors.product.as_ref(), &product(&plan.product))
            }),
        }
}

async fn one(context: &Context, provider: &dyn Provider, account: &AccountConfig) -> Answer {
    match Findings::read(provider).await {
        Ok(findings) => told(context, account, &findings),
        Err(error) => Answer {
            account: account.account.name.clone(),
            lines: vec![format!("failed ({}): {error}", error.reason())],
            exit: Exit::Failed,
            series: 0,
            fitting: Vec::new(),
            problems: Vec::new(),
        },
    }
}

fn told(context: &Context, account: &AccountConfig, findings: &Findings) -> Answer {
    let (gigabyte_line, gigabyte_exit) = gigabyte(account, findings);
    let mut lines = vec![summary(findings)];
    let mut exit = gigabyte_exit;
    if findings.sub_users.is_empty() {
        exit = Exit::Unknown;
        lines.push(not_covered(account));
    }
    lines.push(gigabyte_line);
    lines.extend(caps(findings));
    let (series, calls) = cost(context, account, findings);
    lines.extend(calls);
    let own = &account.account.product;
    let product = |said: &Option<Arc<str>>| said.as_ref().unwrap_or(own).clone();
    let names = findings.sub_users.iter().map(|one| (product(&one.product), one.username.clone()));
    let caps = standing::caps(&context.config, account, &names.collect::<Vec<_>>());
    lines.extend(caps.iter().map(standing::Caps::told));
    let problems = caps.iter().filter_map(|caps| caps.problem(&context.config)).collect();
    let fitting = context.config.budgets.iter().filter(|budget| fits(budget, account, findings));
    let fitting = fitting.map(|budget| budget.name.clone()).collect();
    Answer { account: account.account.name.clone(), lines, exit, series, fitting, problems }
}

fn summary(findings: &Findings) -> String {
    let used =
        findings.usage.traffic.map_or_else(|| "traffic unknown".to_owned(), |used| format!("{used} used"));
    let mut told = vec![used, plural(findings.sub_users.len(), "sub-user")];
    if !findings.subscriptions.is_empty() {
        told.push(plural(findings.subscriptions.len(), "subscription"));
    }
    let products: Vec<_> = findings.products().iter().map(|product| output::on_one_line(product)).collect();
    let products = if products.is_empty() { String::new() } else { format!(" ({})", products.join(", ")) };
    format!("ok: {}{products}", told.join(", "))
}

/// An empty list is no usage of nothing: the vendor answers it also for what its API does not cover.
fn not_covered(account: &AccountConfig) -> String {
    let which = match account.account.provider {
        "decodo" => {
            "Decodo's API covers residential; it answers an empty list for datacenter and ISP proxies"
        }
        _ => "the login must be the main proxy user of the product",
    };
    format!("no sub-users: not covered by the API, or there are none; traffic is unknown, not 0 ({which})")
}

fn gigabyte(account: &AccountConfig, findings: &Findings) -> (String, Exit) {
    let evidence = findings.evidence().unwrap_or_default();
    let configured = account.account.gigabyte;
    match findings.implied() {
        Implied::Nothing => {
            ("gigabyte: the vendor's answers do not say how large one is".to_owned(), Exit::Done)
        }
        Implied::Contradiction => {
            let told = format!(
                "gigabyte: the vendor's figures fit neither size, or contradict one another: {evidence}"
            );
            (told, Exit::Unknown)
        }
        Implied::One(gigabyte) if !account.gigabyte_pinned => {
            let told = format!("gigabyte: {evidence}; write: gigabyte = \"{}\"", gigabyte.as_str());
            (told, Exit::Done)
        }
        Implied::One(gigabyte) if gigabyte == configured => {
            (format!("gigabyte: {}, as configured: {evidence}", gigabyte.as_str()), Exit::Done)
        }
        Implied::One(gigabyte) => {
            let told = format!(
                "gigabyte: \"{}\" is configured, but {evidence}; write: gigabyte = \"{}\"",
                configured.as_str(),
                gigabyte.as_str()
            );
            (told, Exit::Unknown)
        }
    }
}

fn caps(findings: &Findings) -> Vec<String> {
    let kinds = [
        ("without a cap, each may use everything", findings.uncapped()),
        ("the vendor does not say whether there is a cap", findings.untold()),
        ("the vendor does not cut off at the cap", findings.not_enforced()),
        ("the vendor does not say whether it cuts off at the cap", findings.perhaps_enforced()),
    ];
    let some = kinds.into_iter().filter(|(_, sub_users)| !sub_users.is_empty());
    some.map(|(what, sub_users)| format!("{what}: {}", names(&sub_users))).collect()
}

/// The series, and what is to be said of calls.
fn cost(context: &Context, account: &AccountConfig, findings: &Findings) -> (u64, Vec<String>) {
    let Collect { targets_top, lag, .. } = context.config.collect;
    let sub_users = findings.sub_users.len() as u64;
    let series =
        estimate::series(account, &context.config.budgets, targets_top, findings.subscriptions.len() as u64)
            .of(sub_users);
    let loads = estimate::loads(account, lag, findings.silent(), context.now());
    let calls: u64 = loads.iter().map(|load| load.a_day.of(sub_users)).sum();
    let percent = share(account, &loads, sub_users) * 100.0;
    let mut lines = vec![format!(
        "at most {series} series, and {calls} calls a day: {percent:.1} % of what requests_per_second = {} allows",
        account.requests_per_second
    )];
    lines.extend(not_kept(account.account.name.as_str(), account, &loads, sub_users));
    (series, lines)
}
