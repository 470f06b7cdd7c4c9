//! Where a command writes down what it does, and asks what stands in its way.

use std::sync::Arc;

use anyhow::Context as _;

use super::super::context::Context;
use super::super::{Exit, Refused, output};
use super::{Asking, Seat, tell};
use crate::app::decide::{location, who};
use crate::config::AccountConfig;
use crate::domain::account::AccountName;
use crate::domain::act::books::Entry;
use crate::domain::act::gate::Gate;
use crate::domain::act::hold::Throttle;
use crate::domain::act::record::Record;
use crate::domain::act::settle::Found;
use crate::domain::traffic::SubUserId;
use crate::providers::Writer;
use crate::store::error::StoreError;
use crate::store::{Access, Store, open};

/// The accounts that are meant, and the store where there is one.
pub(in crate::cli) struct Desk<'c> {
    pub(in crate::cli) context: &'c Context,
    store: Option<Arc<dyn Store>>,
    /// What to tell where there is no store.
    without: Option<String>,
}

/// What the journal says of one write.
pub(in crate::cli) struct Note<'a> {
    pub(in crate::cli) account: &'a AccountName,
    /// The sub-user's name.
    pub(in crate::cli) name: &'a str,
    /// What is changed, in words.
    pub(in crate::cli) what: String,
    pub(in crate::cli) before: Option<Record>,
    pub(in crate::cli) after: Option<Record>,
}

impl<'c> Desk<'c> {
    /// Opens the store, where there is one; one that cannot be used stops the command.
    pub(in crate::cli) async fn open(context: &'c Context) -> anyhow::Result<Self> {
        let store = &context.config.store;
        let store = match open(&location(&store.location), Access::Ask).await {
            Ok(store) => Some(store),
            Err(StoreError::Missing { path }) => {
                return Ok(Self { context, store: None, without: Some(no_store(&path, store.is_written)) });
            }
            Err(error) => {
                return Err(error).context("nothing is written that cannot be journaled");
            }
        };
        Ok(Self { context, store, without: None })
    }

    /// Shows what is about to happen, and asks.
    pub(in crate::cli) fn agrees(&self, asking: Asking, mut lines: Vec<String>) -> anyhow::Result<bool> {
        lines.extend(self.without.clone());
        asking.agreed(&lines)
    }

    pub(in crate::cli) async fn close(self) {
        if let Some(store) = self.store {
            store.close().await;
        }
    }

    pub(in crate::cli) fn account(&self, writer: &dyn Writer) -> anyhow::Result<&'c AccountConfig> {
        let name = &writer.account().name;
        self.context.config.accounts.get(name).with_context(|| format!("no account {name}"))
    }

    /// The id and name of a sub-user that the store knows by either.
    pub(super) async fn remembered(
        &self,
        account: &AccountName,
        name: &str,
    ) -> anyhow::Result<Option<(SubUserId, Arc<str>)>> {
        let Some(store) = &self.store else { return Ok(None) };
        let books = store.acts().await?;
        let is_meant =
            |who: &crate::domain::incident::SubUserIdentity| *who.name == *name || *who.key.0 == *name;
        let ours = books.throttles.values().filter(|one| one.account == *account);
        if let Some(ours) = ours.into_iter().find(|one| is_meant(&one.who)) {
            return Ok(Some((ours.id.clone(), ours.who.name.clone())));
        }
        // Names are in the history, which may be lost.
        let Ok(named) = store.names(account).await else { return Ok(None) };
        let named = named.into_iter().find(|one| is_meant(&one.who));
        Ok(named.map(|one| (SubUserId(one.who.key.0), one.who.name)))
    }

    /// What of ours stands on a sub-user.
    pub(in crate::cli) async fn standing(&self, seat: &Seat<'_>) -> anyhow::Result<Option<Throttle>> {
        let Some(store) = &self.store else { return Ok(None) };
        let place = (seat.account().name.clone(), seat.row.key());
        Ok(store.acts().await?.throttles.remove(&place))
    }

    /// Refuses what lowers while lowering is paused.
    ///
    /// # Errors
    /// The gate `paused`.
    pub(in crate::cli) async fn refuse_if_paused(&self, account: &AccountName) -> anyhow::Result<()> {
        let refused = |words: String| Refused { gate: Gate::Paused, words }.into();
        if self.context.config.writes_off {
            return Err(refused(
                "writes = \"off\" stands in the configuration or in PROXYMETER__WRITES, which stops all lowering; \
                 nothing was written"
                    .to_owned(),
            ));
        }
        let Some(store) = &self.store else { return Ok(()) };
        let Some(pause) = store.paused(account, self.context.now()).await? else { return Ok(()) };
        let until = pause
            .until
            .map_or_else(String::new, |until| format!(" until {}", until.strftime("%F %H:%M UTC")));
        let reason = pause.reason.map_or_else(String::new, |reason| format!(" ({reason})"));
        Err(refused(format!(
            "{} has paused lowering{until}{reason}: proxymeter resume lets it go on; nothing was written",
            pause.who
        )))
    }

    /// Writes down what is about to be sent.
    ///
    /// # Errors
    /// It cannot be saved, so that nothing may be sent.
    pub(in crate::cli) async fn intend(&self, note: &Note<'_>) -> anyhow::Result<()> {
        self.append(note, "intent", note.what.clone())
            .await
            .context("nothing was written: it cannot be journaled")
    }

    async fn append(&self, note: &Note<'_>, step: &'static str, words: String) -> anyhow::Result<()> {
        let Some(store) = &self.store else { return Ok(()) };
        let entry = Entry {
            at: self.context.now(),
            action: None,
            account: note.account.clone(),
            name: note.name.into(),
            by: who().into(),
            step,
            words,
            before: note.before,
            after: note.after,
        };
        Ok(store.append(&[entry]).await?)
    }

    /// Writes down what came of it, prints it, and ends the command by it; `told` says it in whole sentences.
    pub(in crate::cli) async fn end(
        &self,
        note: &Note<'_>,
        found: &Found,
        told: String,
    ) -> anyhow::Result<Exit> {
        let step = step(found);
        if let Err(error) = self.append(note, step, format!("{}: {told}", note.what)).await {
            // It has happened all the same.
            tell(&format!("what came of it cannot be journaled: {error:#}"))?;
        }
        let whom = format!("{} at {}", note.name, note.account);
        if *found == Found::Confirmed {
            output::print(&(output::on_one_line(&format!("{whom}: {told}")) + "\n"))?;
            return Ok(Exit::Done);
        }
        anyhow::bail!("{step}: {}", output::on_one_line(&format!("{whom}: {told}")))
    }
}

/// The journal's word.
const fn step(found: &Found) -> &'static str {
    match found {
        Found::Confirmed => "confirmed",
        Found::Ignored | Found::Other(_) => "verify_failed",
        Found::Gone => "gone",
        Found::Rejected(_) => "rejected",
        Found::NotSent(_) => "not_sent",
        Found::NotApplied | Found::Unknown(_) => "ambiguous",
    }
}

fn no_store(path: &std::path::Path, is_written: bool) -> String {
    let elsewhere = if is_written {
        ""
    } else {
        "; under systemd or in the image STATE_DIRECTORY=/var/lib/proxymeter says where it is"
    };
    let path = path.display();
    format!("there is no store at {path}: this is not journaled, and no pause is known{elsewhere}")
}
