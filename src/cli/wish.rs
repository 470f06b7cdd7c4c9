//! What the owner of the store is asked for, and how its answer ends a command.

pub(super) use super::Exit;
use super::{Misused, output};
use crate::app::decide::{Asked, Wish, ask};
use crate::config::Config;

/// The same, where a failure too is an answer to be printed.
pub(super) async fn told(config: &Config, wish: &Wish) -> anyhow::Result<Exit> {
    let Asked { exit, text } = ask(config, wish).await?;
    match exit {
        0 | 1 => output::print(&text)?,
        _ => return Err(Misused(text.trim_end().to_owned()).into()),
    }
    Ok(if exit == 0 { Exit::Done } else { Exit::Failed })
}

/// Has a wish done, prints the answer, and ends by it.
pub(super) async fn done(config: &Config, wish: &Wish) -> anyhow::Result<Exit> {
    let Asked { exit, text } = ask(config, wish).await?;
    let exit = match exit {
        0 => Exit::Done,
        2 => return Err(Misused(text.trim_end().to_owned()).into()),
        3 => Exit::Over,
        4 => Exit::Unknown,
        5 => Exit::Refused,
        _ => return Err(anyhow::anyhow!(text.trim_end().to_owned())),
    };
    output::print(&text)?;
    Ok(exit)
}
