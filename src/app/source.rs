//! What the web server asks for: the metrics and the status of everything.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::watch::{Known, Watch, Watched};
use crate::domain::collector::Collector;
use crate::domain::totals;
use crate::metrics::exposition::{Encoding, Format};
use crate::web::{AccountStatus, CollectorStatus, Failure, Scrape, Source, Status};

/// Answers from what is watched; never asks a vendor.
pub(super) struct Everything(pub(super) Arc<Watch>);

impl Source for Everything {
    fn scrape(&self, accept: Option<&str>, accept_encoding: Option<&str>) -> Scrape {
        let watch = &self.0;
        watch.refresh(watch.clock.now());
        let (format, encoding) = (Format::negotiate(accept), Encoding::negotiate(accept_encoding));
        let scrape = watch.state().publisher.exposition.scrape(format, encoding, watch.own.encode(format));
        Scrape {
            content_type: scrape.content_type,
            content_encoding: scrape.content_encoding,
            chunks: scrape.chunks,
        }
    }

    fn status(&self) -> Status {
        let now = self.0.clock.now();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            waiting_for: Vec::new(),
            troubles: self.0.troubles(),
            incidents: self.0.open.load().0.iter().map(|incident| incident.status(now)).collect(),
            more_incidents: self.0.open.load().1,
            actions: self.0.acted.load().0.iter().map(|acted| acted.status(now)).collect(),
            more_actions: self.0.acted.load().1,
            accounts: self.0.state().accounts.values().map(|watched| account(watched, now)).collect(),
        }
    }
}

fn account(watched: &Watched, now: Timestamp) -> AccountStatus {
    let account = watched.holder.account();
    let snapshot = watched.holder.snapshot();
    let collectors = watched.all_known();
    AccountStatus {
        provider: account.provider.to_owned(),
        name: account.name.to_string(),
        trouble: None,
        traffic: totals::traffic(&snapshot),
        plan: totals::plan(account, &snapshot),
        sub_users: snapshot.sub_users.as_ref().map(|list| list.value.len()),
        collectors: collectors.iter().map(|(collector, known)| status(*collector, known, now)).collect(),
    }
}

fn status(collector: Collector, known: &Known, now: Timestamp) -> CollectorStatus {
    let age = |at: Timestamp| Duration::try_from(now.duration_since(at)).unwrap_or_default();
    let data_age = known.observed.map(age);
    CollectorStatus {
        collector,
        is_attempted: known.is_attempted,
        data_age,
        is_stale: data_age.is_some_and(|data_age| data_age > known.stale_after),
        failure: known.failure.as_ref().map(|(failure, at)| Failure {
            reason: failure.reason,
            detail: failure.message.clone(),
            age: age(*at),
        }),
    }
}
