//! `man`: one manual page with every command on it, and what holds for all of them.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};

use super::{Cli, Exit, output};

const DESCRIPTION: &str = "proxymeter reads what Oxylabs and Decodo say was used, and serves it to Prometheus as gauges. \
Results go to standard output, everything else to standard error. Secrets are never flags. Each command takes --help.";

/// What stands on the page and in no `--help`: `(section, (term, text))`.
const COMMON: &[(&str, &[(&str, &str)])] = &[
    (
        "FILES",
        &[
            (
                "proxymeter.toml",
                "The configuration, where neither --config nor PROXYMETER__CONFIG names one.",
            ),
            ("/etc/proxymeter/proxymeter.toml", "The configuration, where that is absent as well."),
        ],
    ),
    (
        "ENVIRONMENT",
        &[
            ("PROXYMETER__CONFIG", "The configuration, where --config does not name one."),
            ("PROXYMETER__WRITES", "\"off\" stops the lowering of limits at all accounts."),
            (
                "PROXYMETER__LOG__LEVEL and the like",
                "Every key of the configuration: its sections and its name in capitals, joined by two underscores.",
            ),
        ],
    ),
    (
        "EXIT STATUS",
        &[
            ("0", "Done."),
            ("1", "Failed."),
            ("2", "Wrong usage or configuration."),
            ("3", "Done, and something is over."),
            ("4", "Done, but something is unknown, stale or differs."),
            ("5", "Refused by a gate, with its reason; nothing was written."),
        ],
    ),
];

/// How roff sections of a library begin: a definition that the page needs once.
const PREAMBLE: [&str; 2] = [".ie \\n(.g", ".el .ds Aq"];

pub(super) fn run() -> anyhow::Result<Exit> {
    output::print(&page()?)?;
    Ok(Exit::Done)
}

fn page() -> anyhow::Result<String> {
    let mut roff = Vec::new();
    write(&mut roff)?;
    let roff = String::from_utf8(roff)?;
    let of_preamble = |line: &str| PREAMBLE.iter().any(|start| line.starts_with(start));
    let lines = roff.lines().enumerate();
    let kept = lines.filter(|(at, line)| *at < PREAMBLE.len() || !of_preamble(line));
    Ok(kept.flat_map(|(_, line)| [line, "\n"]).collect())
}

fn write(to: &mut impl Write) -> io::Result<()> {
    let mut cli = Cli::command();
    cli.build();
    let man = Man::new(cli.clone()).title("proxymeter");
    man.render_title(to)?;
    man.render_name_section(to)?;
    section(to, "SYNOPSIS")?;
    Roff::new().text([bold("proxymeter"), roman(" "), italic("COMMAND"), roman(" ...")]).to_writer(to)?;
    section(to, "DESCRIPTION")?;
    Roff::new().text([roman(DESCRIPTION)]).to_writer(to)?;
    section(to, "COMMANDS")?;
    commands(&cli, to)?;
    for (name, terms) in COMMON {
        section(to, name)?;
        let mut roff = Roff::new();
        for (term, text) in *terms {
            roff.control("TP", []).text([bold(*term)]).text([roman(*text)]);
        }
        roff.to_writer(to)?;
    }
    Ok(())
}

/// Every command that does something, under its whole name.
fn commands(above: &Command, to: &mut impl Write) -> io::Result<()> {
    for command in above.get_subcommands() {
        if command.has_subcommands() {
            commands(command, to)?;
            continue;
        }
        let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
        Roff::new().control("SS", [name]).to_writer(to)?;
        // `--help` is the same everywhere.
        let command =
            command.clone().mut_args(|arg| if arg.get_id() == "help" { arg.hide(true) } else { arg });
        let man = Man::new(command);
        let mut own = Vec::new();
        man.render_synopsis_section(&mut own)?;
        man.render_description_section(&mut own)?;
        man.render_options_section(&mut own)?;
        // The page has one section for all commands, so theirs become paragraphs.
        for line in own.split_inclusive(|byte| *byte == b'\n') {
            to.write_all(if line.starts_with(b".SH") { b".PP\n" } else { line })?;
        }
    }
    Ok(())
}

fn section(to: &mut impl Write, name: &str) -> io::Result<()> {
    Roff::new().control("SH", [name]).to_writer(to)
}
