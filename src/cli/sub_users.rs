//! `sub-users`: the list, or one of it; making, changing and deleting one.

mod create;
mod delete;
mod update;

use clap::{Args, Subcommand};

use super::context::{Context, Which, of};
use super::output::{Cell, Format, Listing};
use super::{Exit, Misused};
use crate::domain::traffic::{SubUser, Usage, Window};
use crate::providers::{Provider, ProviderError, Span};

#[derive(Args, Debug)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the active sub-users with what they used
    List {
        #[command(flatten)]
        which: Which,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Show one sub-user, by name or id
    Show {
        /// Its name or id
        sub_user: String,
        #[command(flatten)]
        which: Which,
        #[arg(long, value_enum, default_value_t)]
        format: Format,
    },
    /// Make a sub-user; its password comes from a file or from standard input
    Create(create::Arguments),
    /// Change a sub-user, by name or id; one that is disabled by its id
    Update(update::Arguments),
    /// Delete a sub-user, by name or id; this cannot be undone
    Delete(delete::Arguments),
}

pub(super) async fn run(arguments: Arguments) -> anyhow::Result<Exit> {
    match arguments.what {
        What::Create(arguments) => create::run(arguments).await,
        What::Update(arguments) => update::run(arguments).await,
        What::Delete(arguments) => delete::run(arguments).await,
        What::List { which, format } => list(&Context::new(&which)?, format).await,
        What::Show { sub_user, which, format } => show(&Context::new(&which)?, &sub_user, format).await,
    }
}

async fn list(context: &Context, format: Format) -> anyhow::Result<Exit> {
    let mut listing = Listing::new(&[
        "account", "product", "sub_user", "id", "status", "used", "limit", "share", "enforced",
    ]);
    for provider in &context.providers {
        for sub_user in of(&**provider, provider.sub_users(&Context::ask()).await)? {
            let used = of(&**provider, usage(&**provider, &sub_user).await)?.map(|usage| usage.traffic);
            listing.add(vec![
                Cell::text(provider.account().name.as_str()),
                Cell::text(sub_user.product.as_deref().unwrap_or(&provider.account().product)),
                Cell::text(&sub_user.username),
                Cell::maybe(sub_user.id.as_ref().map(|id| &*id.0)),
                Cell::maybe(sub_user.status.as_deref()),
                Cell::bytes(used),
                Cell::limit(sub_user.limit),
                Cell::share(used, sub_user.limit),
                Cell::yes_no(sub_user.limit_enforced),
            ]);
        }
    }
    listing.print(format)?;
    Ok(Exit::Done)
}

async fn show(context: &Context, name: &str, format: Format) -> anyhow::Result<Exit> {
    let (provider, sub_user) = find(context, name).await?;
    let usage = of(provider, usage(provider, &sub_user).await)?;
    let used = usage.as_ref().map(|usage| usage.traffic);
    let mut listing = Listing::new(&["field", "value"]);
    let mut add = |field: &str, cell: Cell| listing.add(vec![Cell::text(field), cell]);
    add("account", Cell::text(provider.account().name.as_str()));
    add("provider", Cell::text(provider.account().provider));
    add("product", Cell::text(sub_user.product.as_deref().unwrap_or(&provider.account().product)));
    add("sub_user", Cell::text(&sub_user.username));
    add("id", Cell::maybe(sub_user.id.as_ref().map(|id| &*id.0)));
    add("status", Cell::maybe(sub_user.status.as_deref()));
    add("created", Cell::display(sub_user.created));
    add("used", Cell::bytes(used));
    add("counted", Cell::maybe(usage.as_ref().map(|usage| counted(&usage.window)).as_deref()));
    add("requests", Cell::count(usage.as_ref().and_then(|usage| usage.requests)));
    add("limit", Cell::limit(sub_user.limit));
    add("share", Cell::share(used, sub_user.limit));
    add("limit_enforced", Cell::yes_no(sub_user.limit_enforced));
    listing.print(format)?;
    Ok(Exit::Done)
}

pub(super) fn counted(window: &Window) -> String {
    match window {
        Window::Period => "in the vendor's current period".to_owned(),
        Window::CalendarMonth => "since the first of the month".to_owned(),
        Window::Lifetime => "since it was made; never reset".to_owned(),
        Window::Since(since) => format!("since {since}"),
        Window::Dates(from, to) => format!("from {from} to {to}"),
        Window::Unknown => "since a moment that the vendor does not tell".to_owned(),
    }
}

/// What the list says, or what the vendor answers when asked; nothing for one that is gone meanwhile.
pub(super) async fn usage(
    provider: &dyn Provider,
    sub_user: &SubUser,
) -> Result<Option<Usage>, ProviderError> {
    if sub_user.usage.is_some() {
        return Ok(sub_user.usage.clone());
    }
    match provider.usage(sub_user, Span::Current, &Context::ask()).await {
        Ok(report) => Ok(Some(report.usage)),
        Err(ProviderError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The one sub-user of that name or id, in the accounts that are meant.
pub(super) async fn find<'c>(
    context: &'c Context,
    name: &str,
) -> anyhow::Result<(&'c dyn Provider, SubUser)> {
    let mut found = Vec::new();
    for provider in &context.providers {
        let list = of(&**provider, provider.sub_users(&Context::ask()).await)?;
        let is_meant = |sub_user: &SubUser| *sub_user.username == *name || *sub_user.key().0 == *name;
        found.extend(list.into_iter().filter(is_meant).map(|sub_user| (&**provider, sub_user)));
    }
    if found.len() > 1 {
        let places: Vec<_> = found
            .iter()
            .map(|(provider, sub_user)| format!("{} (id {})", provider.account().name, sub_user.key().0))
            .collect();
        let told = format!(
            "{name:?} is in several places: {}; name one by --account or by its id",
            places.join(", ")
        );
        return Err(Misused(told).into());
    }
    found.pop().ok_or_else(|| {
        anyhow::anyhow!("no active sub-user {name:?}; `proxymeter sub-users list` shows who there is")
    })
}
