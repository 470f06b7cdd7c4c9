//! `sub-users update`: changes what is said, and nothing else.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::civil::DateTime;

use super::super::context::{Context, Which};
use super::super::writing::{
    Asking, Desk, Lines, Note, Seat, Written, change_of, gigabytes, not_expressible, password_of, tell, told,
};
use super::super::{Exit, Misused, Refused, output};
use crate::config::{UpdateRoute, Vendor};
use crate::domain::act::gate::Gate;
use crate::domain::act::record::Record;
use crate::domain::act::settle::Found;
use crate::domain::units::Limit;
use crate::enforce::{Back, Sent, read_back_one};
use crate::providers::{ProviderError, SubUserChange, SubUserStatus, Writer};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Its name or id
    sub_user: String,
    #[command(flatten)]
    which: Which,
    /// The limit, such as 50GB, of the account's own gigabyte; or unlimited
    #[arg(long, value_name = "SIZE")]
    limit: Option<String>,
    /// Whether traffic flows
    #[arg(long, value_enum)]
    status: Option<Status>,
    #[command(flatten)]
    counter: Counter,
    /// A file with the new password; one line break at its end is cut
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    asking: Asking,
}

/// What is said of the counter that a limit is held against.
#[derive(Args, Clone, Debug)]
pub(super) struct Counter {
    /// Whether the vendor cuts off at the limit
    #[arg(long, value_name = "true|false")]
    pub(super) auto_disable: Option<bool>,
    /// Whether the counter never resets (Oxylabs)
    #[arg(long, value_name = "true|false")]
    pub(super) lifetime: Option<bool>,
    /// The moment from which traffic counts, such as '2026-12-01 00:00:00' in the account's zone (Decodo)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(super) count_from: Option<DateTime>,
}

fn moment(text: &str) -> Result<DateTime, String> {
    DateTime::strptime("%Y-%m-%d %H:%M:%S", text)
        .map_err(|_| "expected a moment such as '2026-12-01 00:00:00'".to_owned())
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Status {
    /// Traffic flows
    Active,
    /// No more traffic
    Disabled,
}

impl From<Status> for SubUserStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Active => Self::Active,
            Status::Disabled => Self::Disabled,
        }
    }
}

/// What is asked for, but for the limit, whose gigabyte is the account's.
struct Wanted {
    limit: Option<Written>,
    rest: SubUserChange,
}

impl Wanted {
    fn of(arguments: &Arguments) -> anyhow::Result<Self> {
        let Arguments { limit, status, counter, password_file, .. } = arguments;
        let rest = SubUserChange {
            password: password_file.as_deref().map(password_of).transpose()?,
            limit: None,
            status: status.map(Into::into),
            auto_disable: counter.auto_disable,
            lifetime: counter.lifetime,
            count_from: counter.count_from,
        };
        let limit = limit.as_deref().map(Written::read).transpose()?;
        if limit.is_none() && rest.is_empty() {
            let told = "say what is to change: --limit, --status, --auto-disable, --lifetime, --count-from or --password-file";
            return Err(Misused(told.to_owned()).into());
        }
        Ok(Self { limit, rest })
    }

    /// The same for one account, if its vendor can be told that.
    fn at(&self, desk: &Desk<'_>, writer: &dyn Writer) -> anyhow::Result<SubUserChange> {
        let limit = self.limit.map(|limit| limit.at(writer.account().gigabyte)).transpose()?;
        let change = SubUserChange { limit, ..self.rest.clone() };
        writer.check_change(&change).map_err(|error| not_expressible(&error))?;
        if matches!(self.limit, Some(Written::Size(_))) {
            refuse_unless_pinned(desk, writer)?;
        }
        Ok(change)
    }
}

/// Refuses a limit where nobody has said how large a gigabyte is.
pub(super) fn refuse_unless_pinned(desk: &Desk<'_>, writer: &dyn Writer) -> anyhow::Result<()> {
    if desk.account(writer)?.gigabyte_pinned {
        return Ok(());
    }
    let words = format!(
        "gigabyte is not set at {}, so that a limit could be wrong by 7 %: write \"decimal\" or \"binary\" there \
         (proxymeter reconcile --invoice SIZE tells which); nothing was written",
        writer.account().name
    );
    Err(Refused { gate: Gate::Unit, words }.into())
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let wanted = Wanted::of(&arguments)?;
    let context = Context::new(&arguments.which)?;
    let desk = Desk::open(&context).await?;
    let done = update(&desk, &arguments, &wanted).await;
    desk.close().await;
    done
}

async fn update(desk: &Desk<'_>, arguments: &Arguments, wanted: &Wanted) -> anyhow::Result<Exit> {
    // What one account cannot be told needs no call.
    if let Ok(only) = desk.context.one_writer() {
        wanted.at(desk, only)?;
    }
    let seat = Seat::find(desk, &arguments.sub_user).await?;
    let wanted = wanted.at(desk, seat.writer)?;
    let gigabyte = seat.account().gigabyte;
    let change = Lines { change: &wanted, row: &seat.row, gigabyte }.what_differs();
    if change.is_empty() {
        // What a budget keeps there is not a person's own, though it looks the same.
        for note in notes(desk, &seat, false).await? {
            tell(&note)?;
        }
        output::print(&(output::on_one_line(&format!("{}: nothing to change", seat.name())) + "\n"))?;
        return Ok(Exit::Done);
    }
    if !seat.is_told && change.status.is_none() && !change_of(&change).is_empty() {
        let told = format!(
            "{} left the vendor's list, so that nothing of its record can be read back: add --status active",
            seat.name()
        );
        return Err(Misused(told).into());
    }
    let lowers = change_of(&change).lowers(&Record::of(&seat.row));
    if lowers {
        desk.refuse_if_paused(&seat.account().name).await?;
    }
    let lines = Lines { change: &change, row: &seat.row, gigabyte };
    let before_and_after = lines.before_and_after();
    let shown = shown(desk, &seat, &change, &before_and_after).await?;
    if !desk.agrees(arguments.asking, shown)? {
        return Ok(Exit::Failed);
    }
    if lowers {
        desk.refuse_if_paused(&seat.account().name).await?;
    }
    let (seat, _) = seat.if_as_shown().await?;
    send(desk, &seat, &change, before_and_after.join("; ")).await
}

/// What is told before it is asked.
async fn shown(
    desk: &Desk<'_>,
    seat: &Seat<'_>,
    change: &SubUserChange,
    before_and_after: &[String],
) -> anyhow::Result<Vec<String>> {
    let mut lines = vec![format!("{}, to be changed at the vendor:", seat.whole_name())];
    lines.extend(before_and_after.iter().map(|line| format!("  {line}")));
    let lowers = change_of(change).lowers(&Record::of(&seat.row));
    lines.extend(notes(desk, seat, lowers).await?);
    let used = seat.row.usage.as_ref().map(|usage| usage.traffic);
    if let Some((limit, used)) = change.limit.and_then(Limit::bytes).zip(used)
        && limit <= used
    {
        let used = gigabytes(used, seat.account().gigabyte);
        lines.push(format!("it has used {used} already: where the vendor cuts off, this ends its traffic"));
    }
    let account = desk.account(seat.writer)?;
    if matches!(account.vendor, Vendor::Decodo { update_route: UpdateRoute::Collection, .. }) {
        lines.push(
            "update_route = \"collection\" names no sub-user: the vendor alone knows whom it changes"
                .to_owned(),
        );
    }
    Ok(lines)
}

/// What else is to be known before a sub-user is changed or deleted.
pub(super) async fn notes(desk: &Desk<'_>, seat: &Seat<'_>, lowers: bool) -> anyhow::Result<Vec<String>> {
    let mut lines = Vec::new();
    if let Some(throttle) = desk.standing(seat).await? {
        for hold in &throttle.holds {
            lines.push(format!("budget {} holds a {} there (action {})", hold.by, hold.what, hold.action));
        }
        lines.push(format!(
            "a person's own there is: {}; the daemon takes a change of it as a person's own, and does not fight it",
            throttle.own
        ));
    }
    if lowers && desk.account(seat.writer)?.own_users().contains(&&*seat.row.username) {
        lines.push("this is the account's own login: what stops it stops everything".to_owned());
    }
    Ok(lines)
}

async fn send(
    desk: &Desk<'_>,
    seat: &Seat<'_>,
    change: &SubUserChange,
    what: String,
) -> anyhow::Result<Exit> {
    let lines = Lines { change, row: &seat.row, gigabyte: seat.account().gigabyte };
    let before = Record::of(&seat.row);
    let note = Note {
        account: &seat.account().name,
        name: &seat.row.username,
        what: format!("sub-users update, {what}"),
        before: seat.is_told.then_some(before),
        after: Some(change_of(change).on(before)),
    };
    desk.intend(&note).await?;
    let sent = Sent::of(seat.writer.update_sub_user(&seat.id(), change, &Context::ask()).await);
    let lost = match sent {
        Sent::Maybe { lost } => lost,
        Sent::Not(found) => {
            let told = told(&found, None, String::new(), "");
            return desk.end(&note, &found, told).await;
        }
    };
    let (found, words) = read_back(seat, &lines, lost.as_ref()).await;
    desk.end(&note, &found, words).await
}

/// What the vendor's record says of a change that left, in words.
async fn read_back(seat: &Seat<'_>, lines: &Lines<'_>, lost: Option<&ProviderError>) -> (Found, String) {
    let names = lines.not_told().join(" and ");
    let unread = if names.is_empty() { String::new() } else { format!("; {names} cannot be read back") };
    let Some(sought) = lines.sought(seat.id()) else {
        return match lost {
            None => (Found::Confirmed, format!("the vendor took it{unread}")),
            Some(error) => {
                let words = format!("no answer came ({error}){unread}: run it again, which states the same");
                (Found::Unknown(words.clone()), words)
            }
        };
    };
    let Back { found, row } = read_back_one(seat.writer, sought, &seat.known, lost.is_none()).await;
    let seen = row.as_ref().map(|row| lines.as_told_by(row)).unwrap_or_default();
    let confirmed = match &row {
        Some(_) => format!("changed and read back: {seen}{unread}"),
        None => format!("changed: {}{unread}", lines.left_the_list()),
    };
    let words = told(&found, lost, confirmed, &seen);
    (found, words)
}
