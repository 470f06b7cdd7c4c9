//! Whether collection works, for whoever raises an alarm when proxymeter is silent.

use jiff::Timestamp;

use super::Watch;

impl Watch {
    /// Why collection does not work, if it does not: a collector without a good answer, or none that is new enough.
    pub(in crate::app) fn unhealthy(&self, now: Timestamp) -> Option<String> {
        let state = self.state.load();
        for (name, watched) in &state.accounts {
            for (collector, known) in watched.all_known() {
                let is_old = |at: Timestamp| now.duration_since(at).unsigned_abs() > known.stale_after;
                let why = match known.observed {
                    _ if known.is_overdue(now) => "is overdue",
                    None if known.is_attempted => "has no good answer",
                    None => "has not answered yet",
                    Some(observed) if is_old(observed) => "has no new answer",
                    Some(_) => continue,
                };
                return Some(format!("{name}: {collector} {why}"));
            }
        }
        None
    }
}
