//! `notify render`: what a receiver would be sent, to a file.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::super::{Exit, Misused, Place, output};
use crate::app::rendering::{View, render, samples};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The receiver
    #[arg(value_name = "RECEIVER", required_unless_present = "samples")]
    receiver: Option<String>,
    /// The sample message; --samples lists them
    #[arg(long, value_name = "SAMPLE", default_value = "firing")]
    sample: String,
    /// List the sample messages
    #[arg(long)]
    samples: bool,
    /// The file; its ending says what: .html and .png are for looking at, .txt is the text, anything else what is sent
    #[arg(long, value_name = "FILE", required_unless_present = "samples")]
    to: Option<PathBuf>,
}

pub(super) fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let Arguments { place, receiver, sample, samples: is_list, to } = arguments;
    let names: Vec<&str> = samples().into_iter().map(|(name, _)| name).collect();
    if is_list {
        output::print(&(names.join("\n") + "\n"))?;
        return Ok(Exit::Done);
    }
    let (receiver, to) = receiver.zip(to).context("RECEIVER or --to FILE is missing")?;
    let config = place.load()?;
    if !config.receivers.contains_key(receiver.as_str()) {
        let known: Vec<&str> = config.receivers.keys().map(|name| &**name).collect();
        return Err(
            Misused(format!("there is no receiver {receiver:?}; receivers: {}", known.join(", "))).into()
        );
    }
    let Some((_, message)) = samples().into_iter().find(|(name, _)| *name == sample) else {
        return Err(Misused(format!("there is no sample {sample:?}; samples: {}", names.join(", "))).into());
    };
    let view = match to.extension().and_then(|ending| ending.to_str()) {
        Some("html") => View::Html,
        Some("png") => View::Chart,
        Some("txt") => View::Text,
        _ => View::Sent,
    };
    let bytes = render(&config, &receiver, &message, view)?;
    std::fs::write(&to, bytes).with_context(|| format!("{} cannot be written", to.display()))?;
    Ok(Exit::Done)
}
