//! What makes a budget unable to judge, at the line where that is written.

use crate::domain::budget::{BudgetProblem, MAX_THRESHOLDS, Per};

use super::threshold::ReadThreshold;
use super::{Complaint, Section, condition, duration, standing_cap};

pub(super) fn tell(problem: &BudgetProblem, budget: &Section<'_>, thresholds: &[ReadThreshold<'_>]) {
    let named = problem.threshold();
    let threshold = named.and_then(|name| thresholds.iter().find(|threshold| threshold.name == **name));
    let (message, hint) = words(problem);
    match (problem, threshold) {
        (BudgetProblem::CapOfRolling, _) => {
            budget.refuse(standing_cap::KEY, Complaint::new(message).hiding().advise(hint));
        }
        (BudgetProblem::ShareOfNoLimit | BudgetProblem::CapOfWholeLimit, _) => {
            budget.refuse("amount", Complaint::new(message).advise(hint));
        }
        (_, Some(ReadThreshold { section, .. })) => {
            let key = condition::KEYS.into_iter().find(|key| section.has(key));
            if let Some(key) = key {
                section.refuse(key, Complaint::new(message).advise(hint));
            }
        }
        _ => budget.refuse_whole(message, Some(hint)),
    }
}

fn words(problem: &BudgetProblem) -> (String, String) {
    let (message, hint) = match problem {
        BudgetProblem::NoThreshold => (
            "this budget has no threshold",
            "write: [budgets.NAME.thresholds.warn] with used = \"80%\" below",
        ),
        BudgetProblem::TooManyThresholds => {
            return (
                format!("a budget has at most {MAX_THRESHOLDS} thresholds"),
                "make two budgets of it".into(),
            );
        }
        BudgetProblem::DoubleThreshold(_) => ("two thresholds have this name", "give one another name"),
        BudgetProblem::UncappedNeedsSubUsers(_) => {
            ("only sub-users have a cap", "write: per = \"sub_user\", or take it out")
        }
        BudgetProblem::NoHistory { per: Per::Account, .. } => (
            "no hourly history is kept of some sub-users together",
            "write: per = \"sub_user\", or used = \"80%\" instead",
        ),
        BudgetProblem::NoHistory { per, .. } => {
            let message = format!("no hourly history is kept per {}", per.as_str());
            return (message, "write: per = \"sub_user\" or \"account\", or used = \"80%\" instead".into());
        }
        BudgetProblem::ForecastOfRolling(_) => {
            ("a rolling period has no end to forecast", "write: period = \"month\", or burn instead")
        }
        BudgetProblem::CapOfRolling => (
            "the start of a rolling period moves all the time, and no limit at the vendor moves with it",
            "write: period = \"day\", \"week\", \"month\" or \"vendor\"",
        ),
        BudgetProblem::CapOfWholeLimit => (
            "a standing cap at the whole limit never lowers it in the vendor's own period",
            "write: amount = \"80% of limit\", or a size, or take standing_cap out",
        ),
        BudgetProblem::ShareOfNoLimit => (
            "only sub-users and subscriptions have a limit",
            "write: per = \"sub_user\", or a share of the plan",
        ),
        BudgetProblem::WindowTooLong { .. } => {
            ("a window is longer than the remembered hours", "write windows of at most 1d23h")
        }
        BudgetProblem::WindowTooShort { at_least, .. } => {
            let hint = format!("write windows of at least {}", duration::format(*at_least));
            return ("a window is shorter than the vendors' delay and three looks".into(), hint);
        }
    };
    (message.to_owned(), hint.to_owned())
}
