//! `sub-users delete`: for good.

use clap::Args;

use super::super::Exit;
use super::super::context::{Context, Which};
use super::super::writing::{Asking, Desk, Note, Seat, told};
use super::update::notes;
use crate::domain::act::record::Record;
use crate::enforce::{Sent, read_back_deleted};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Its name or id
    sub_user: String,
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    asking: Asking,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let context = Context::new(&arguments.which)?;
    let desk = Desk::open(&context).await?;
    let done = delete(&desk, &arguments).await;
    desk.close().await;
    done
}

async fn delete(desk: &Desk<'_>, arguments: &Arguments) -> anyhow::Result<Exit> {
    let seat = Seat::find(desk, &arguments.sub_user).await?;
    // Whoever is deleted gets no more traffic.
    desk.refuse_if_paused(&seat.account().name).await?;
    let mut lines = vec![
        format!("{}, to be deleted at the vendor: this cannot be undone", seat.whole_name()),
        format!("  {}", seat.record()),
    ];
    lines.extend(notes(desk, &seat, true).await?);
    if !desk.agrees(arguments.asking, lines)? {
        return Ok(Exit::Failed);
    }
    desk.refuse_if_paused(&seat.account().name).await?;
    let (seat, _) = seat.if_as_shown().await?;
    let note = Note {
        account: &seat.account().name,
        name: &seat.row.username,
        what: format!("sub-users delete, id {}", seat.id().0),
        before: seat.is_told.then(|| Record::of(&seat.row)),
        after: None,
    };
    desk.intend(&note).await?;
    let sent = Sent::of(seat.writer.delete_sub_user(&seat.id(), &Context::ask()).await);
    let (found, lost) = match sent {
        Sent::Not(found) => (found, None),
        Sent::Maybe { lost } => {
            let took = lost.is_none();
            (read_back_deleted(seat.writer, &seat.id(), &seat.row, &seat.known, took).await, lost)
        }
    };
    let confirmed = "deleted, and no longer there".to_owned();
    desk.end(&note, &found, told(&found, lost.as_ref(), confirmed, "it is still there")).await
}
