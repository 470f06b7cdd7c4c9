//! `sub-users create`: a new sub-user, never twice.

use std::path::PathBuf;

use clap::Args;

use super::super::context::{Context, Which, of};
use super::super::writing::{
    Asking, Desk, Note, Written, limit_in_gigabytes, moved, not_expressible, password_of, password_of_input,
    record, told,
};
use super::super::{Exit, Refused};
use super::update::{Counter, refuse_unless_pinned};
use crate::domain::act::gate::Gate;
use crate::domain::act::record::Record;
use crate::domain::act::settle::Found;
use crate::domain::traffic::SubUser;
use crate::domain::units::{Gigabyte, Limit};
use crate::enforce::{Sent, read_back_created};
use crate::providers::{NewSubUser, Writer};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    /// Its name
    name: String,
    #[command(flatten)]
    which: Which,
    /// The vendor's word for its product, such as residential_proxies (Decodo)
    #[arg(long, value_name = "PRODUCT")]
    product: Option<String>,
    /// Its limit, such as 50GB, of the account's own gigabyte; without one it may use everything
    #[arg(long, value_name = "SIZE")]
    limit: Option<String>,
    #[command(flatten)]
    counter: Counter,
    /// A file with its password, of which one line break at the end is cut; else it is read from standard input
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    asking: Asking,
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    let limit = arguments.limit.as_deref().map(Written::read).transpose()?.unwrap_or(Written::Unlimited);
    let password = match &arguments.password_file {
        Some(file) => password_of(file)?,
        None => password_of_input()?,
    };
    let context = Context::new(&arguments.which)?;
    let writer = context.one_writer()?;
    let Counter { auto_disable, lifetime, count_from } = arguments.counter;
    let new = NewSubUser {
        product: arguments.product.clone(),
        limit: limit.at(writer.account().gigabyte)?,
        auto_disable,
        lifetime,
        count_from,
        ..NewSubUser::new(arguments.name.clone(), password)
    };
    writer.check_new(&new).map_err(|error| not_expressible(&error))?;
    let desk = Desk::open(&context).await?;
    let done = create(&desk, writer, &new, arguments.asking).await;
    desk.close().await;
    done
}

async fn create(
    desk: &Desk<'_>,
    writer: &dyn Writer,
    new: &NewSubUser,
    asking: Asking,
) -> anyhow::Result<Exit> {
    if new.limit != Limit::Unlimited {
        refuse_unless_pinned(desk, writer)?;
    }
    let (account, name) = (writer.account(), &new.username);
    if let Some(there) = named(writer, name).await? {
        let id = there.key().0;
        anyhow::bail!(
            "{name} is at {} already (id {id}): {}",
            account.name,
            record(&there, account.gigabyte)
        );
    }
    let fields = fields(new, account.gigabyte);
    let mut lines = vec![format!("{name}, to be made at {}:", account.name)];
    lines.extend(fields.iter().map(|field| format!("  {field}")));
    if new.limit == Limit::Unlimited {
        lines.push("without a limit it may use everything".to_owned());
    } else if new.auto_disable != Some(true) && writer.check_new(&cutting_off(new)).is_ok() {
        lines.push("without --auto-disable true the vendor may go on past the limit".to_owned());
    }
    if !desk.agrees(asking, lines)? {
        return Ok(Exit::Failed);
    }
    if named(writer, name).await?.is_some() {
        let words = format!("somebody has made {name} at {} meanwhile; nothing was written", account.name);
        return Err(Refused { gate: Gate::Person, words }.into());
    }
    let after = Record { active: true, limit: Some(new.limit), auto_disable: new.auto_disable };
    let what = format!("sub-users create, {}", fields.join("; "));
    let note = Note { account: &account.name, name, what, before: None, after: Some(after) };
    desk.intend(&note).await?;
    let lost = match Sent::of(writer.create_sub_user(new, &Context::ask()).await) {
        Sent::Maybe { lost } => lost,
        Sent::Not(found) => {
            return desk.end(&note, &found, told(&found, None, String::new(), "")).await;
        }
    };
    let (found, seen) = match read_back_created(writer, name).await {
        Ok(Some(row)) => {
            let seen = format!("id {}: {}", row.key().0, record(&row, account.gigabyte));
            (judge(new, &row, account.gigabyte), seen)
        }
        Ok(None) if lost.is_none() => (Found::Ignored, "the list does not hold it".to_owned()),
        Ok(None) => {
            let words = "the list does not hold it; it may come a moment later, and is never made twice";
            (Found::Unknown(words.to_owned()), String::new())
        }
        Err(error) => (Found::Unknown(error.to_string()), String::new()),
    };
    let confirmed = format!("made, with {seen}; a password cannot be read back");
    desk.end(&note, &found, told(&found, lost.as_ref(), confirmed, &seen)).await
}

async fn named(writer: &dyn Writer, name: &str) -> anyhow::Result<Option<SubUser>> {
    let list = of(writer, writer.sub_users(&Context::ask()).await)?;
    Ok(list.into_iter().find(|row| *row.username == *name))
}

fn cutting_off(new: &NewSubUser) -> NewSubUser {
    NewSubUser { auto_disable: Some(true), ..new.clone() }
}

fn fields(new: &NewSubUser, gigabyte: Gigabyte) -> Vec<String> {
    let NewSubUser { username: _, password: _, product, limit, auto_disable, lifetime, count_from } = new;
    let mut told: Vec<String> = product.iter().map(|product| format!("product: {product}")).collect();
    told.push(format!("limit: {}", limit_in_gigabytes(*limit, gigabyte)));
    told.extend(auto_disable.map(|flag| format!("auto_disable: {flag}")));
    told.extend(lifetime.map(|flag| format!("lifetime: {flag}")));
    told.extend(count_from.map(|at| format!("counts from: {}", at.strftime("%Y-%m-%d %H:%M:%S"))));
    told.push("password: as it was given".to_owned());
    told
}

/// Whether the new row says what was asked for; what was not asked for may be anything, and what it does not tell too.
fn judge(new: &NewSubUser, row: &SubUser, gigabyte: Gigabyte) -> Found {
    let limit = match (new.limit, row.limit) {
        // A contract that cannot say that there is no limit says none.
        (Limit::Unlimited, None) => None,
        (limit, _) => Some(limit),
    };
    let expected = SubUser {
        limit,
        auto_disable: row.auto_disable.map(|told| new.auto_disable.unwrap_or(told)),
        lifetime: row.lifetime.map(|told| new.lifetime.unwrap_or(told)),
        ..row.clone()
    };
    if moved(&expected, row, gigabyte).is_none() { Found::Confirmed } else { Found::Other(Record::of(row)) }
}
