//! Decodo's answers as domain values: the published shapes and the real ones, whichever comes.

use std::collections::HashSet;

use jiff::civil::{Date, DateTime};
use secrecy::SecretString;
use serde::Deserialize;

use crate::domain::traffic::{
    AccountUsage, ProxyEndpoint, SubUser, SubUserId, Subscription, Usage, WhitelistedIp, Window,
};
use crate::domain::units::{Bytes, Gigabyte, GigabyteEvidence, Limit};
use crate::providers::UsageReport;
use crate::providers::error::ProviderError;
use crate::providers::http::token::Login;
use crate::providers::wire::{Field, Gigabytes, Id, Number, day, decode, moment};

#[derive(Deserialize)]
struct AuthAnswer {
    user_id: Id,
    token: String,
}

/// A login.
pub(super) fn login(body: &[u8]) -> Result<Login, ProviderError> {
    let answer: AuthAnswer = decode("auth", body)?;
    Ok(Login { user_id: Some(answer.user_id.0.to_string()), token: SecretString::from(answer.token) })
}

/// A figure under the three names in use: exact bytes go before gigabytes.
#[derive(Deserialize)]
struct Used {
    traffic_bytes: Option<Number>,
    traffic_used: Option<Gigabytes>,
    traffic: Option<Gigabytes>,
}

impl Used {
    fn bytes(&self, gigabyte: Gigabyte) -> Option<Bytes> {
        let gigabytes = self.traffic_used.or(self.traffic).map(|used| used.bytes(gigabyte));
        self.traffic_bytes.map(Number::bytes).or(gigabytes)
    }
}

#[derive(Deserialize)]
struct SubUserRow {
    id: Option<Id>,
    uuid: Option<Id>,
    username: String,
    status: Option<String>,
    service_type: Option<String>,
    #[serde(default, alias = "created", deserialize_with = "moment")]
    created_at: Option<DateTime>,
    #[serde(flatten)]
    used: Used,
    #[serde(default)]
    traffic_limit: Field<Gigabytes>,
    #[serde(default)]
    traffic_limit_bytes: Field<Number>,
    #[serde(default, deserialize_with = "moment")]
    traffic_count_from: Option<DateTime>,
    auto_disable: Option<bool>,
}

/// The active sub-users.
pub(super) fn sub_users(body: &[u8], gigabyte: Gigabyte) -> Result<Vec<SubUser>, ProviderError> {
    let rows: Vec<SubUserRow> = decode("sub_users", body)?;
    Ok(rows.into_iter().map(|row| sub_user(row, gigabyte)).collect())
}

/// One sub-user.
pub(super) fn one_sub_user(body: &[u8], gigabyte: Gigabyte) -> Result<SubUser, ProviderError> {
    Ok(sub_user(decode("sub_user", body)?, gigabyte))
}

fn sub_user(row: SubUserRow, gigabyte: Gigabyte) -> SubUser {
    let in_bytes = row.traffic_limit_bytes.value().map(|limit| Limit::of(limit.bytes()));
    let limit = in_bytes.or_else(|| row.traffic_limit.limit(gigabyte));
    SubUser {
        id: row.id.or(row.uuid).map(|id| SubUserId(id.0)),
        username: row.username.into(),
        status: row.status.map(Into::into),
        product: row.service_type.map(Into::into),
        limit,
        // The published contract has no `auto_disable`, and then nobody knows.
        limit_enforced: match limit {
            Some(Limit::Unlimited) => Some(false),
            Some(Limit::Blocked | Limit::Bytes(_)) => row.auto_disable,
            None => None,
        },
        auto_disable: row.auto_disable,
        lifetime: None,
        created: row.created_at,
        usage: row.used.bytes(gigabyte).map(|traffic| Usage {
            traffic,
            requests: None,
            window: row.traffic_count_from.map_or(Window::Unknown, Window::Since),
        }),
    }
}

/// The limits of the same answer that are given in gigabytes and in bytes; blocks and absent limits say nothing.
pub(super) fn gigabyte_evidence(body: &[u8]) -> Result<Vec<GigabyteEvidence>, ProviderError> {
    let rows: Vec<SubUserRow> = decode("sub_users", body)?;
    let evidence = |row: SubUserRow| {
        let bytes = row.traffic_limit_bytes.value()?.bytes();
        let gigabytes = row.traffic_limit.value()?.0;
        let sub_user = row.username.into();
        (bytes > Bytes(0)).then_some(GigabyteEvidence { sub_user, gigabytes, bytes })
    };
    Ok(rows.into_iter().filter_map(evidence).collect())
}

#[derive(Deserialize)]
struct TrafficAnswer {
    #[serde(flatten)]
    used: Used,
    requests_count: Option<Number>,
    #[serde(default, deserialize_with = "day")]
    period_start: Option<Date>,
    #[serde(default, deserialize_with = "day")]
    period_end: Option<Date>,
}

/// One sub-user's usage; `asked` is the span where it was asked for, else the answer's own dates count.
pub(super) fn traffic(
    body: &[u8],
    asked: Option<Window>,
    gigabyte: Gigabyte,
) -> Result<UsageReport, ProviderError> {
    const ENDPOINT: &str = "sub_user_traffic";
    let answer: TrafficAnswer = decode(ENDPOINT, body)?;
    let traffic = answer.used.bytes(gigabyte).ok_or_else(|| ProviderError::Decode {
        endpoint: ENDPOINT,
        problem: "neither traffic_used nor traffic is there".to_owned(),
    })?;
    let said = answer.period_start.zip(answer.period_end).map(|(from, to)| Window::Dates(from, to));
    // Whether `type=month` means thirty days or the calendar's month is stated nowhere.
    let window = asked.or(said).unwrap_or(Window::Unknown);
    let requests = answer.requests_count.map(Number::count);
    Ok(UsageReport { usage: Usage { traffic, requests, window }, days: Vec::new() })
}

#[derive(Deserialize)]
struct AllocatedAnswer {
    total_allocated: Option<Gigabytes>,
    allocated_traffic_limit: Option<Gigabytes>,
    total_used: Option<Gigabytes>,
    sub_user_count: Option<Number>,
}

/// What the limits add up to; the published form also tells what was used.
pub(super) fn allocated(body: &[u8], gigabyte: Gigabyte) -> Result<AccountUsage, ProviderError> {
    let answer: AllocatedAnswer = decode("allocated_traffic", body)?;
    let allocated = answer.total_allocated.or(answer.allocated_traffic_limit);
    Ok(AccountUsage {
        traffic: answer.total_used.map(|used| used.bytes(gigabyte)),
        allocated: allocated.map(|allocated| allocated.bytes(gigabyte)),
        sub_users: answer.sub_user_count.map(Number::count),
        ..AccountUsage::default()
    })
}

#[derive(Deserialize)]
struct SubscriptionRow {
    id: Option<Id>,
    plan_name: Option<String>,
    service_type: Option<String>,
    status: Option<String>,
    #[serde(default)]
    traffic_limit: Field<Gigabytes>,
    traffic_per_period: Option<Gigabytes>,
    #[serde(flatten)]
    used: Used,
    #[serde(default, deserialize_with = "day")]
    valid_from: Option<Date>,
    #[serde(default, deserialize_with = "day")]
    valid_until: Option<Date>,
}

/// The plans, each under a name of its own.
pub(super) fn subscriptions(body: &[u8], gigabyte: Gigabyte) -> Result<Vec<Subscription>, ProviderError> {
    const ENDPOINT: &str = "subscriptions";
    // The published contract answers a list, the vendor's own documentation one object.
    let rows: Vec<SubscriptionRow> = match body.trim_ascii_start().first() {
        Some(b'{') => vec![decode(ENDPOINT, body)?],
        _ => decode(ENDPOINT, body)?,
    };
    let names: Vec<String> = rows.iter().map(name).collect();
    let unique = |index: usize| {
        let name = &names[index];
        let twin = |other: &&String| *other == name;
        if names.iter().filter(twin).count() == 1 {
            return name.clone();
        }
        match &rows[index].id {
            Some(id) => format!("{name} {}", id.0),
            None => format!("{name} {}", names[..=index].iter().filter(twin).count()),
        }
    };
    let mut taken = HashSet::new();
    // The same id twice, or a plan that is named as another one's number makes it.
    let mut distinct = |name: String| {
        let numbered = (2_u32..).map(|number| format!("{name} {number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name));
        let free = free.unwrap_or(name);
        taken.insert(free.clone());
        free
    };
    Ok((0..rows.len())
        .map(|index| {
            let row = &rows[index];
            let per_period = row.traffic_per_period.map(|used| used.bytes(gigabyte));
            Subscription {
                name: distinct(unique(index)).into(),
                product: row.service_type.as_deref().map(Into::into),
                status: row.status.as_deref().map(Into::into),
                traffic: row.used.bytes(gigabyte).or(per_period),
                limit: row.traffic_limit.limit(gigabyte),
                valid_from: row.valid_from,
                valid_until: row.valid_until,
            }
        })
        .collect())
}

fn name(row: &SubscriptionRow) -> String {
    let said = row.plan_name.clone().or_else(|| row.id.as_ref().map(|id| id.0.to_string()));
    said.or_else(|| row.service_type.clone()).unwrap_or_else(|| "subscription".to_owned())
}

#[derive(Deserialize)]
struct WhitelistRow {
    id: Id,
    #[serde(alias = "ip")]
    ip_address: String,
    enabled: Option<bool>,
    #[serde(alias = "created_at")]
    created: Option<String>,
}

/// The addresses that need no password.
pub(super) fn whitelist(body: &[u8]) -> Result<Vec<WhitelistedIp>, ProviderError> {
    let rows: Vec<WhitelistRow> = decode("whitelisted_ips", body)?;
    let ip = |row: WhitelistRow| WhitelistedIp {
        id: row.id.0.to_string(),
        address: row.ip_address,
        enabled: row.enabled,
        created: row.created,
    };
    Ok(rows.into_iter().map(ip).collect())
}

#[derive(Deserialize)]
struct EndpointRow {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(alias = "hostname")]
    host: Option<String>,
    #[serde(alias = "port_range")]
    port: Option<Id>,
    location: Option<String>,
    protocol: Option<String>,
    available_locations: Option<Number>,
}

/// The ways into the proxies, or the groups of them.
pub(super) fn endpoints(body: &[u8]) -> Result<Vec<ProxyEndpoint>, ProviderError> {
    let rows: Vec<EndpointRow> = decode("endpoints", body)?;
    let endpoint = |row: EndpointRow| ProxyEndpoint {
        kind: row.kind,
        host: row.host,
        ports: row.port.map(|port| port.0.to_string()),
        location: row.location,
        protocol: row.protocol,
        available_locations: row.available_locations.map(Number::count),
    };
    Ok(rows.into_iter().map(endpoint).collect())
}

#[cfg(test)]
mod tests;
