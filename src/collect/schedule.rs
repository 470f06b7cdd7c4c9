//! The trigger: one job of tokio-cron-scheduler a distinct expression, in UTC, that only sends ticks.

use std::collections::BTreeMap;

use tokio::sync::mpsc;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

use crate::domain::cron::Cron;

/// The running trigger.
pub struct Schedule {
    scheduler: JobScheduler,
}

impl Schedule {
    /// Starts to tick; each tick reaches every receiver of its expression, and one that has a tick waiting needs no second.
    ///
    /// # Errors
    /// The scheduler's own; the expressions were checked before.
    pub async fn start(
        receivers: impl IntoIterator<Item = (Cron, mpsc::Sender<()>)>,
    ) -> Result<Self, JobSchedulerError> {
        let mut jobs: BTreeMap<String, Vec<mpsc::Sender<()>>> = BTreeMap::new();
        for (cron, sender) in receivers {
            jobs.entry(cron.as_str().to_owned()).or_default().push(sender);
        }
        let scheduler = JobScheduler::new().await?;
        for (expression, senders) in jobs {
            let job = Job::new(expression.as_str(), move |_id, _scheduler| {
                for sender in &senders {
                    // Full: a tick waits already. Closed: the worker has ended.
                    if let Err(error) = sender.try_send(()) {
                        tracing::trace!("a tick was not needed: {error}");
                    }
                }
            })?;
            scheduler.add(job).await?;
        }
        scheduler.start().await?;
        Ok(Self { scheduler })
    }

    /// Stops to tick; jobs only send, so there is nothing to wait for.
    ///
    /// # Errors
    /// The scheduler's own.
    pub async fn stop(mut self) -> Result<(), JobSchedulerError> {
        self.scheduler.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn schedules_that_follow_one_another_quickly_tick() {
        let every_second: Cron = "* * * * * *".parse().unwrap();
        for round in 0..30 {
            let (sender, mut ticks) = mpsc::channel(1);
            let schedule = Schedule::start([(every_second.clone(), sender)]).await.unwrap();
            if round % 5 == 4 {
                let tick = tokio::time::timeout(Duration::from_secs(5), ticks.recv()).await;
                assert!(tick.is_ok(), "{round}");
            }
            schedule.stop().await.unwrap();
        }
    }
}
