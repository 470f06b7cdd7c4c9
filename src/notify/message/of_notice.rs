//! A notice of the domain as a message.

use jiff::Timestamp;

use super::{
    Chart, Content, Detail, Digest, DigestRow, Item, Message, News, Of, Operation, Said, Severity, Status,
    Trouble, VERSION,
};
use crate::domain::budget::threshold;
use crate::domain::event::Subject;
use crate::domain::incident::Target;
use crate::domain::notice;
use crate::domain::units::Bytes;

impl Message {
    /// The message of a notice that is decided now; `link` leads to proxymeter's page.
    #[must_use]
    pub fn of(notice: &notice::Notice, at: Timestamp, link: Option<&str>) -> Self {
        Self {
            version: VERSION,
            at,
            severity: notice.severity.into(),
            title: notice.title.clone(),
            link: link.map(str::to_owned),
            content: match &notice.content {
                notice::Content::Budget(news) => Content::Budget(of_news(news)),
                notice::Content::Operation(operation) => Content::Operation(of_operation(operation)),
                notice::Content::Digest(digest) => Content::Digest(of_digest(digest)),
                notice::Content::Drill { who } => Content::Drill { who: who.clone() },
            },
        }
    }
}

impl From<threshold::Severity> for Severity {
    fn from(severity: threshold::Severity) -> Self {
        match severity {
            threshold::Severity::Info => Self::Info,
            threshold::Severity::Warning => Self::Warning,
            threshold::Severity::Critical => Self::Critical,
        }
    }
}

impl From<Severity> for threshold::Severity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Critical => Self::Critical,
        }
    }
}

fn of_news(news: &notice::News) -> News {
    let items: Vec<Item> = news.items.iter().map(of_item).collect();
    News {
        budget: news.budget.to_string(),
        status: Status::of(news.open, &items),
        open: news.open,
        labels: news.labels.clone(),
        is_headline: news.is_headline,
        is_reminder: news.is_reminder,
        items,
        more: news.more,
        chart: news.chart.as_ref().map(of_chart),
    }
}

fn of_item(item: &notice::Item) -> Item {
    let detail = |detail: &notice::Detail| Detail { name: detail.name.to_owned(), text: detail.text.clone() };
    Item {
        key: item.key.clone(),
        line: item.line.clone(),
        details: item.details.iter().map(detail).collect(),
        said: of_said(&item.said),
    }
}

fn of_said(said: &notice::Said) -> Said {
    let whole = |bytes: Option<Bytes>| bytes.map(|bytes| bytes.0);
    match said {
        notice::Said::Over(over) => Said::Over {
            of: of_subject(&over.of),
            provider: over.provider.to_owned(),
            threshold: over.threshold.to_string(),
            condition: over.condition.clone(),
            threshold_severity: over.severity.into(),
            since: over.since,
            used_bytes: whole(over.used),
            amount_bytes: whole(over.amount),
            observed: over.observed,
            bytes_a_day: whole(over.a_day),
            runs_out: over.runs_out,
            period_end: over.period_end,
        },
        notice::Said::Ended { of, threshold, end } => {
            Said::Ended { of: of_subject(of), threshold: threshold.to_string(), end: end.as_str().to_owned() }
        }
        notice::Said::Closed => Said::Closed,
        notice::Said::Allowance { of, from, to } => {
            Said::Allowance { of: of_subject(of), from_bytes: from.0, to_bytes: to.0 }
        }
        notice::Said::Unjudged { account, reason, targets } => {
            Said::Unjudged { account: account.to_string(), reason: reason.clone(), targets: *targets }
        }
        notice::Said::Judged { account, reason } => {
            Said::Judged { account: account.to_string(), reason: reason.clone() }
        }
        notice::Said::Proposed { of, what } => Said::Proposed { of: of_subject(of), what: what.clone() },
        notice::Said::Acted(acted) => Said::Acted {
            action: acted.action,
            step: acted.step.to_owned(),
            what: acted.what.clone(),
            account: acted.account.to_string(),
            sub_user: acted.sub_user.to_string(),
            before: acted.before.clone(),
            after: acted.after.clone(),
            when: acted.at,
        },
    }
}

fn of_subject(of: &Subject) -> Of {
    let (per, name, product) = match &of.target {
        Target::Account => ("account", None, None),
        Target::Unattributed => ("unattributed", None, None),
        Target::SubUser(who) => ("sub_user", Some(&who.name), Some(&who.product)),
        Target::Domain(name) => ("target", Some(name), None),
        Target::Subscription(name) => ("subscription", Some(name), None),
    };
    Of {
        account: of.account.to_string(),
        per: per.to_owned(),
        name: name.map(ToString::to_string),
        product: product.map(ToString::to_string),
    }
}

fn of_operation(operation: &notice::Operation) -> Operation {
    let trouble =
        |trouble: &notice::Trouble| Trouble { key: trouble.key.clone(), line: trouble.line.clone() };
    Operation { troubles: operation.troubles.iter().map(trouble).collect(), more: operation.more }
}

fn of_digest(digest: &notice::Digest) -> Digest {
    let row = |row: &notice::DigestRow| DigestRow {
        budget: row.budget.to_string(),
        target: row.target.clone(),
        used_bytes: row.used.map(|bytes| bytes.0),
        amount_bytes: row.amount.map(|bytes| bytes.0),
        forecast_bytes: row.forecast.map(|bytes| bytes.0),
        over: row.over.as_ref().map(ToString::to_string),
    };
    Digest {
        since: digest.since,
        until: digest.until,
        rows: digest.rows.iter().map(row).collect(),
        more: digest.more,
        chart: digest.chart.as_ref().map(of_chart),
    }
}

fn of_chart(chart: &notice::Chart) -> Chart {
    Chart {
        title: chart.title.clone(),
        from: chart.from,
        until: chart.until,
        used: chart.used.iter().map(|(at, used)| (*at, used.0)).collect(),
        amount_bytes: chart.amount.map(|amount| amount.0),
        forecast_bytes: chart.forecast.map(|found| [found.middle.0, found.low.0, found.high.0]),
    }
}
