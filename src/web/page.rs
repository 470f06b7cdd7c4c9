//! The page at `/`: one look at every account, without a script or anything from elsewhere.

use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::status::{
    AccountStatus, ActionStatus, CollectorStatus, Condition, IncidentStatus, Status, for_people,
};

/// Nothing may be loaded or run; styles are the page's own.
pub(super) const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page as HTML; every value is escaped, by the template's name.
pub(super) fn render(status: &Status) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.render_named_str(
        "page.html",
        include_str!("templates/page.html"),
        minijinja::value::Serde(View::from(status)),
    )
}

#[derive(Serialize)]
struct View<'a> {
    version: &'a str,
    is_ready: bool,
    waiting_for: &'a [String],
    troubles: &'a [String],
    incidents: Vec<IncidentView<'a>>,
    more_incidents: usize,
    actions: Vec<ActionView<'a>>,
    more_actions: usize,
    accounts: Vec<AccountView<'a>>,
}

#[derive(Serialize)]
struct IncidentView<'a> {
    /// `firing` or `unknown`.
    state: &'static str,
    /// The class of its colour.
    class: &'static str,
    budget: &'a str,
    threshold: &'a str,
    target: &'a str,
    figures: &'a str,
    age: String,
}

#[derive(Serialize)]
struct ActionView<'a> {
    id: i64,
    what: &'a str,
    target: &'a str,
    by: &'a str,
    stage: &'a str,
    /// The class of its colour.
    class: &'static str,
    blocked: Option<&'a str>,
    age: String,
}

#[derive(Serialize)]
struct AccountView<'a> {
    provider: &'a str,
    name: &'a str,
    trouble: Option<&'a str>,
    traffic: Option<String>,
    plan: Option<String>,
    /// Whole percent of the plan; may be above 100.
    share: Option<u64>,
    sub_users: Option<usize>,
    collectors: Vec<CollectorView<'a>>,
}

#[derive(Serialize)]
struct CollectorView<'a> {
    name: &'static str,
    /// One of `ok`, `waiting`, `stale`, `failing`; also the class of its colour.
    condition: &'static str,
    age: Option<String>,
    reason: Option<&'static str>,
    detail: Option<&'a str>,
    failed: Option<String>,
}

impl<'a> From<&'a Status> for View<'a> {
    fn from(status: &'a Status) -> Self {
        Self {
            version: &status.version,
            is_ready: status.is_ready(),
            waiting_for: &status.waiting_for,
            troubles: &status.troubles,
            incidents: status.incidents.iter().map(IncidentView::from).collect(),
            more_incidents: status.more_incidents,
            actions: status.actions.iter().map(ActionView::from).collect(),
            more_actions: status.more_actions,
            accounts: status.accounts.iter().map(AccountView::from).collect(),
        }
    }
}

impl<'a> From<&'a IncidentStatus> for IncidentView<'a> {
    fn from(incident: &'a IncidentStatus) -> Self {
        Self {
            state: incident.state,
            class: if incident.state == "firing" { "failing" } else { "stale" },
            budget: &incident.budget,
            threshold: &incident.threshold,
            target: &incident.target,
            figures: &incident.figures,
            age: for_people(incident.age),
        }
    }
}

impl<'a> From<&'a ActionStatus> for ActionView<'a> {
    fn from(action: &'a ActionStatus) -> Self {
        Self {
            id: action.id,
            what: &action.what,
            target: &action.target,
            by: &action.by,
            stage: action.stage,
            class: if action.stage == "stands" { "failing" } else { "stale" },
            blocked: action.blocked,
            age: for_people(action.age),
        }
    }
}

impl<'a> From<&'a AccountStatus> for AccountView<'a> {
    fn from(account: &'a AccountStatus) -> Self {
        let share = account.traffic.zip(account.plan).and_then(|(traffic, plan)| {
            let percent = u128::from(traffic.0) * 100 / u128::from(Some(plan.0).filter(|plan| *plan > 0)?);
            u64::try_from(percent).ok()
        });
        Self {
            provider: &account.provider,
            name: &account.name,
            trouble: account.trouble.as_deref(),
            traffic: account.traffic.map(|bytes| bytes.to_string()),
            plan: account.plan.map(|bytes| bytes.to_string()),
            share,
            sub_users: account.sub_users,
            collectors: account.collectors.iter().map(CollectorView::from).collect(),
        }
    }
}

impl<'a> From<&'a CollectorStatus> for CollectorView<'a> {
    fn from(status: &'a CollectorStatus) -> Self {
        let condition = status.condition();
        let failure = status.failure.as_ref().filter(|_| condition == Condition::Failing);
        Self {
            name: status.collector.as_str(),
            condition: condition.as_str(),
            age: status.data_age.map(for_people),
            reason: failure.map(|failure| failure.reason.as_str()),
            detail: failure.map(|failure| failure.detail.as_str()),
            failed: failure.map(|failure| for_people(failure.age)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::units::Bytes;

    fn page(account: AccountStatus) -> String {
        render(&Status { version: "1.2.3".into(), accounts: vec![account], ..Status::default() }).unwrap()
    }

    #[test]
    fn what_is_over_stands_before_the_accounts() {
        let over = IncidentStatus {
            state: "firing",
            budget: "scrapers".into(),
            threshold: "stop".into(),
            target: "<b>a</b> at acme".into(),
            figures: "51.00 GB of 50.00 GB".into(),
            age: std::time::Duration::from_secs(61),
        };
        let frozen = ActionStatus {
            id: 12,
            what: "freeze".into(),
            target: "<u>a</u> at acme".into(),
            by: "scrapers/stop".into(),
            stage: "due",
            blocked: Some("paused"),
            age: std::time::Duration::from_secs(5),
        };
        let status = Status {
            incidents: vec![over],
            more_incidents: 3,
            actions: vec![frozen],
            more_actions: 7,
            troubles: vec!["the store: <i>damaged</i>".into()],
            accounts: vec![AccountStatus { name: "acme".into(), ..AccountStatus::default() }],
            ..Status::default()
        };
        let html = render(&status).unwrap();
        for part in [
            "&lt;b&gt;a&lt;&#x2f;b&gt; at acme",
            "51.00 GB of 50.00 GB",
            "1 min 1 s",
            "and 3 more",
            "&lt;u&gt;a&lt;&#x2f;u&gt; at acme",
            "freeze by <bdi>scrapers&#x2f;stop</bdi>, action 12: due, stopped by paused",
            "and 7 more: proxymeter actions list",
            "the store: &lt;i&gt;damaged",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(html.find("Over budget") < html.find("<bdi>acme</bdi>"));
    }

    #[test]
    fn f39_names_are_text_and_nothing_else() {
        let evil = "<script>alert('x')</script>\"&\u{202e}";
        let html = page(AccountStatus {
            provider: evil.into(),
            name: evil.into(),
            trouble: Some(evil.into()),
            ..AccountStatus::default()
        });
        assert!(!html.contains("<script"), "{html}");
        assert_eq!(html.matches("&lt;script&gt;").count(), 3, "{html}");
        assert_eq!(
            html.matches('\u{202e}').count(),
            html.matches("&amp;\u{202e}</bdi>").count(),
            "it stays in its place"
        );
    }

    #[test]
    fn a_share_needs_a_plan() {
        let account = |plan: Option<u64>| AccountStatus {
            traffic: Some(Bytes(3)),
            plan: plan.map(Bytes),
            ..AccountStatus::default()
        };
        for (plan, share) in [(Some(2), Some(150)), (Some(0), None), (None, None)] {
            assert_eq!(AccountView::from(&account(plan)).share, share);
        }
    }

    #[test]
    fn nothing_comes_from_elsewhere() {
        let html = page(AccountStatus::default());
        for outside in ["http:", "https:", "src=", "@import", "url(", "<script"] {
            assert!(!html.contains(outside), "{outside}");
        }
    }
}
