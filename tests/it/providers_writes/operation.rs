//! Every operation that either vendor has, in an order in which one account can live through them.

use jiff::civil::{DateTime, date};
use proxymeter::domain::traffic::{SubUser, SubUserId};
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::providers::{NewSubUser, ProviderError, Span, SubUserChange, SubUserStatus, Writer};

use super::{Dialect, PASSWORD, soon};

/// The name of the sub-user that is made.
pub(crate) const NAME: &str = "fresh_1";

/// An operation as `docs/PROVIDERS.md` calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    ListSubUsers,
    Create,
    OneSubUser,
    Limit,
    LiftLimit,
    CutOff,
    Lifetime,
    CountFrom,
    Password,
    Disable,
    Reopen,
    Usage(&'static str, Span),
    Targets,
    Account,
    Subscriptions,
    AddAddress,
    ListAddresses,
    RemoveAddress,
    Endpoints,
    EndpointsOfKind,
    Delete,
}

/// All of them.
pub(crate) fn all() -> Vec<Operation> {
    use Operation as O;

    let (from, to) = (date(2026, 11, 14), date(2026, 11, 20));
    let hour = |hour| to.at(hour, 0, 0, 0);
    vec![
        O::ListSubUsers,
        O::Create,
        O::OneSubUser,
        O::Limit,
        O::LiftLimit,
        O::CutOff,
        O::Lifetime,
        O::CountFrom,
        O::Password,
        O::Disable,
        O::Reopen,
        O::Usage("counted against the limit", Span::Current),
        O::Usage("last 24 hours", Span::Last24Hours),
        O::Usage("last 7 days", Span::Last7Days),
        O::Usage("last 30 days", Span::Last30Days),
        O::Usage("this month", Span::CalendarMonth),
        O::Usage("whole lifetime", Span::Lifetime),
        O::Usage("between days", Span::Dates(from, to)),
        O::Usage("between hours", Span::Hours(hour(10), hour(12))),
        O::Targets,
        O::Account,
        O::Subscriptions,
        O::AddAddress,
        O::ListAddresses,
        O::RemoveAddress,
        O::Endpoints,
        O::EndpointsOfKind,
        O::Delete,
    ]
}

/// What later operations know from earlier ones.
pub(crate) struct State {
    pub(crate) sub_user: SubUser,
    pub(crate) record: String,
}

impl State {
    /// A sub-user and a record with these ids, before either was made.
    pub(crate) fn new(sub_user_id: &str, record: &str) -> Self {
        let sub_user = SubUser {
            id: Some(SubUserId(sub_user_id.into())),
            username: NAME.into(),
            status: None,
            product: None,
            limit: None,
            limit_enforced: None,
            auto_disable: None,
            lifetime: None,
            created: None,
            usage: None,
        };
        Self { sub_user, record: record.to_owned() }
    }
}

impl Operation {
    /// The name in `docs/PROVIDERS.md`.
    pub(crate) fn name(self) -> String {
        let name = match self {
            Self::ListSubUsers => "list sub-users",
            Self::Create => "make a sub-user",
            Self::OneSubUser => "read one sub-user",
            Self::Limit => "limit it to 5.5 GB",
            Self::LiftLimit => "lift its limit",
            Self::CutOff => "cut it off at its limit",
            Self::Lifetime => "never reset its counter",
            Self::CountFrom => "count from a moment",
            Self::Password => "change its password",
            Self::Disable => "disable it",
            Self::Reopen => "let it go on",
            Self::Usage(what, _) => return format!("usage: {what}"),
            Self::Targets => "targets of a day",
            Self::Account => "total of the account",
            Self::Subscriptions => "subscriptions",
            Self::AddAddress => "let an address in",
            Self::ListAddresses => "list addresses let in",
            Self::RemoveAddress => "let an address in no more",
            Self::Endpoints => "endpoints",
            Self::EndpointsOfKind => "endpoints of a kind",
            Self::Delete => "delete a sub-user",
        };
        name.to_owned()
    }

    /// Does it.
    pub(crate) async fn run(
        self,
        client: &dyn Writer,
        dialect: Dialect,
        state: &mut State,
    ) -> Result<(), ProviderError> {
        let (ask, sub_user) = (&soon(), &state.sub_user);
        let id = sub_user.id.clone().unwrap();
        let update = async |change: SubUserChange| client.update_sub_user(&id, &change, ask).await;
        let none = SubUserChange::default;
        match self {
            Self::ListSubUsers => client.sub_users(ask).await.map(drop),
            Self::Create => {
                let id = client.create_sub_user(&new(dialect), ask).await?;
                state.sub_user.id = Some(id);
                Ok(())
            }
            Self::OneSubUser => client.sub_user(&id, ask).await.map(drop),
            Self::Limit => update(SubUserChange::of_limit(limit())).await,
            Self::LiftLimit => update(SubUserChange::of_limit(Limit::Unlimited)).await,
            Self::CutOff => update(SubUserChange { auto_disable: Some(true), ..none() }).await,
            Self::Lifetime => update(SubUserChange { lifetime: Some(true), ..none() }).await,
            Self::CountFrom => {
                let moment: DateTime = date(2026, 11, 1).at(0, 0, 0, 0);
                update(SubUserChange { count_from: Some(moment), ..none() }).await
            }
            Self::Password => update(SubUserChange { password: Some(PASSWORD.into()), ..none() }).await,
            Self::Disable => update(SubUserChange::of_status(SubUserStatus::Disabled)).await,
            Self::Reopen => update(SubUserChange::of_status(SubUserStatus::Active)).await,
            Self::Usage(_, span) => client.usage(sub_user, span, ask).await.map(drop),
            Self::Targets => client.targets(sub_user, date(2026, 11, 20), ask).await.map(drop),
            Self::Account => client.account_usage(ask).await.map(drop),
            Self::Subscriptions => client.subscriptions(ask).await.map(drop),
            Self::AddAddress => client.add_to_whitelist(&["192.0.2.77".parse().unwrap()], ask).await,
            Self::ListAddresses => {
                let list = client.whitelist(ask).await?;
                let added = list.into_iter().find(|record| record.address == "192.0.2.77").unwrap();
                state.record = added.id;
                Ok(())
            }
            Self::RemoveAddress => client.remove_from_whitelist(&state.record, ask).await,
            Self::Endpoints => client.endpoints(None, ask).await.map(drop),
            Self::EndpointsOfKind => client.endpoints(Some("sticky"), ask).await.map(drop),
            Self::Delete => client.delete_sub_user(&id, ask).await,
        }
    }
}

/// 5.5 GB and a bit, which is cut.
pub(crate) fn limit() -> Limit {
    Limit::Bytes(Bytes(5_509_999_999))
}

/// The sub-user that is made.
pub(crate) fn new(dialect: Dialect) -> NewSubUser {
    NewSubUser { product: dialect.product(), limit: limit(), ..NewSubUser::new(NAME, PASSWORD.into()) }
}
