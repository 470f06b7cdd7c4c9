//! What commands share that change something at a vendor: they show what will change, ask, write it down, do it, and
//! read it back.

mod desk;
mod fields;
mod seat;
mod told;

use std::io::{IsTerminal, Read, Write};
use std::path::Path;

use clap::Args;
use secrecy::SecretString;

pub(super) use desk::{Desk, Note};
pub(super) use fields::{Lines, change_of, gigabytes, limit_in_gigabytes, moved, record};
pub(super) use seat::Seat;
pub(super) use told::told;

use super::{Misused, output};
use crate::config::read_secret;
use crate::domain::units::{Gigabyte, Limit, Size};
use crate::providers::ProviderError;

/// Whether to ask.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Asking {
    /// Do not ask; for scripts
    #[arg(long)]
    yes: bool,
}

impl Asking {
    pub(super) const fn unless(yes: bool) -> Self {
        Self { yes }
    }

    /// Prints what is about to happen, and asks; a script says --yes.
    pub(super) fn agreed(self, lines: &[String]) -> anyhow::Result<bool> {
        let mut stderr = std::io::stderr().lock();
        for line in lines {
            writeln!(stderr, "{}", output::on_one_line(line))?;
        }
        if self.yes {
            return Ok(true);
        }
        if !std::io::stdin().is_terminal() {
            let told = "standard input is no terminal to ask at: look at the lines above, and add --yes";
            return Err(Misused(told.to_owned()).into());
        }
        write!(stderr, "Go on? [y/N] ")?;
        stderr.flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        let is_agreed = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
        if !is_agreed {
            writeln!(stderr, "nothing was written")?;
        }
        Ok(is_agreed)
    }
}

/// Tells something that is no result.
pub(super) fn tell(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stderr(), "{}", output::on_one_line(text))?;
    Ok(())
}

/// A password from a file.
pub(super) fn password_of(file: &Path) -> anyhow::Result<SecretString> {
    let read = std::fs::File::open(file).map_err(crate::config::SecretFault::Unreadable);
    let read = read.and_then(read_secret);
    read.map_err(|fault| Misused(format!("--password-file {}: {fault}", file.display())).into())
}

/// A password from standard input; a terminal would show it.
pub(super) fn password_of_input() -> anyhow::Result<SecretString> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        let told = "a password on a terminal would show: use --password-file FILE, or a pipe";
        return Err(Misused(told.to_owned()).into());
    }
    read_secret(stdin.lock().by_ref()).map_err(|fault| {
        Misused(format!("the password on standard input {fault}; or use --password-file FILE")).into()
    })
}

/// A limit as it is written: a size of the account's own gigabyte, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Unlimited,
    Size(Size),
}

impl Written {
    /// Reads it; 0 is no limit that is ever written.
    pub(super) fn read(text: &str) -> Result<Self, Misused> {
        if text == "unlimited" {
            return Ok(Self::Unlimited);
        }
        let refused = |problem: &str| Misused(format!("--limit {text:?}: {problem}"));
        if text.trim() == "0" {
            return Err(refused(NO_ZERO));
        }
        let size: Size = text.parse().map_err(|error| refused(&format!("{error}, or \"unlimited\"")))?;
        match size.bytes(Gigabyte::Decimal) {
            Ok(bytes) if bytes.0 == 0 => Err(refused(NO_ZERO)),
            Ok(_) => Ok(Self::Size(size)),
            Err(error) => Err(refused(&error.to_string())),
        }
    }

    /// The limit at an account, in the vendor's steps.
    pub(super) fn at(self, gigabyte: Gigabyte) -> Result<Limit, Misused> {
        let Self::Size(size) = self else { return Ok(Limit::Unlimited) };
        let refused = |problem: &str| Misused(format!("--limit \"{size}\": {problem}"));
        let bytes = size.bytes(gigabyte).map_err(|error| refused(&error.to_string()))?;
        match gigabyte.in_steps(bytes) {
            bytes if bytes.0 == 0 => Err(refused(
                "less than 0.01 GB, the vendors' smallest step, and 0 is never written: write at least 0.01GB",
            )),
            bytes => Ok(Limit::Bytes(bytes)),
        }
    }
}

const NO_ZERO: &str = "0 is never written: --status disabled stops a sub-user";

/// What a vendor cannot be told is a mistake of whoever asks for it.
pub(super) fn not_expressible(error: &ProviderError) -> anyhow::Error {
    Misused(error.to_string()).into()
}
