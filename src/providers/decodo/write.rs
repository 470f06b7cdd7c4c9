//! Decodo's changes as values, in each dialect: POST, PUT and DELETE of sub-users, POST and DELETE of the whitelist.

use std::net::IpAddr;

use jiff::civil::DateTime;
use reqwest::Method;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::dialect::{Dialect, UpdateRoute};
use super::request::of_user;
use super::rules;
use crate::domain::units::Gigabyte;
use crate::providers::change::{BodyLimit, NewSubUser, SubUserChange, SubUserStatus, json};
use crate::providers::error::ProviderError;
use crate::providers::http::request::{ApiRequest, segment};
use crate::providers::writer::{CREATE, DELETE, UPDATE};

/// The endpoint of addresses that are let in.
pub(super) const ADD_IPS: &str = "add_whitelisted_ips";

/// The endpoint of an address that is let in no more.
pub(super) const DELETE_IP: &str = "delete_whitelisted_ip";

const NO_LIFETIME: ProviderError = ProviderError::Unsupported(
    "Decodo knows no lifetime: its counters reset with the subscription, or run from traffic_count_from",
);

#[derive(Serialize)]
struct CreateBody<'a> {
    username: &'a str,
    password: &'a str,
    service_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    traffic_limit: Option<BodyLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_disable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traffic_count_from: Option<String>,
}

/// A new sub-user.
pub(super) fn create(
    dialect: Dialect,
    new: &NewSubUser,
    gigabyte: Gigabyte,
) -> Result<impl Fn(&str) -> ApiRequest + use<>, ProviderError> {
    check_fields(dialect, None, new.auto_disable, new.lifetime, new.count_from)?;
    rules::check_username(dialect, &new.username)?;
    rules::check_password(dialect, &new.password)?;
    let body = json(&CreateBody {
        username: &new.username,
        password: new.password.expose_secret(),
        service_type: rules::service_type(dialect, new.product.as_deref())?,
        traffic_limit: new.body_limit(gigabyte)?,
        auto_disable: new.auto_disable,
        traffic_count_from: new.count_from.map(moment),
    });
    Ok(move |user_id: &str| {
        ApiRequest::write(Method::POST, CREATE, of_user(dialect, user_id, "/sub-users"), Some(body.clone()))
    })
}

#[derive(Serialize)]
struct UpdateBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traffic_limit: Option<BodyLimit>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<SubUserStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_disable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traffic_count_from: Option<String>,
}

/// A change of one sub-user; on the collection's route nothing names it, in the path or in the body.
pub(super) fn update(
    dialect: Dialect,
    route: UpdateRoute,
    sub_user_id: &str,
    change: &SubUserChange,
    gigabyte: Gigabyte,
) -> Result<impl Fn(&str) -> ApiRequest + use<>, ProviderError> {
    change.not_empty()?;
    check_fields(dialect, change.status, change.auto_disable, change.lifetime, change.count_from)?;
    if let Some(password) = &change.password {
        rules::check_password(dialect, password)?;
    }
    let limit = change.limit.map(|limit| BodyLimit::new(limit, gigabyte)).transpose()?;
    if !dialect.can_lift() && limit.is_some_and(BodyLimit::is_none) {
        return Err(ProviderError::Unsupported(
            "Decodo's published contract cannot lift a limit, for traffic_limit is a number there: write a high one, or \
             use dialect v1 or v2",
        ));
    }
    let rest = match (route, dialect) {
        (UpdateRoute::ById, _) => format!("/sub-users/{}", segment(sub_user_id)),
        (UpdateRoute::Collection, Dialect::Published) => "/sub-users".to_owned(),
        (UpdateRoute::Collection, _) => {
            return Err(ProviderError::Unsupported(
                "only Decodo's published contract has a PUT without an id: write update_route = \"id\"",
            ));
        }
    };
    let body = json(&UpdateBody {
        password: change.password.as_ref().map(ExposeSecret::expose_secret),
        traffic_limit: limit,
        status: change.status,
        auto_disable: change.auto_disable,
        traffic_count_from: change.count_from.map(moment),
    });
    Ok(move |user_id: &str| {
        ApiRequest::write(Method::PUT, UPDATE, of_user(dialect, user_id, &rest), Some(body.clone()))
    })
}

/// The end of one sub-user.
pub(super) fn delete(dialect: Dialect, user_id: &str, sub_user_id: &str) -> ApiRequest {
    let path = of_user(dialect, user_id, &format!("/sub-users/{}", segment(sub_user_id)));
    ApiRequest::write(Method::DELETE, DELETE, path, None)
}

#[derive(Serialize)]
struct WhitelistBody {
    #[serde(rename = "IPAddressList")]
    addresses: Vec<String>,
}

/// Addresses that are to need no password.
pub(super) fn add_to_whitelist(
    dialect: Dialect,
    addresses: &[IpAddr],
) -> Result<impl Fn(&str) -> ApiRequest + use<>, ProviderError> {
    if addresses.is_empty() {
        return Err(ProviderError::Invalid("no address is to be added: say at least one".to_owned()));
    }
    let body = json(&WhitelistBody { addresses: addresses.iter().map(ToString::to_string).collect() });
    Ok(move |user_id: &str| {
        let path = of_user(dialect, user_id, "/whitelisted-ips");
        ApiRequest::write(Method::POST, ADD_IPS, path, Some(body.clone()))
    })
}

/// One record of the whitelist that is to go.
pub(super) fn remove_from_whitelist(dialect: Dialect, user_id: &str, id: &str) -> ApiRequest {
    let path = of_user(dialect, user_id, &format!("/whitelisted-ips/{}", segment(id)));
    ApiRequest::write(Method::DELETE, DELETE_IP, path, None)
}

/// `yyyy-mm-dd hh:mm:ss` (source: the vendor's v2 reference).
fn moment(at: DateTime) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Refuses fields that the dialect lacks; the published contract has `password` and `traffic_limit` alone.
fn check_fields(
    dialect: Dialect,
    status: Option<SubUserStatus>,
    auto_disable: Option<bool>,
    lifetime: Option<bool>,
    count_from: Option<DateTime>,
) -> Result<(), ProviderError> {
    let lacks = match dialect {
        _ if lifetime.is_some() => return Err(NO_LIFETIME),
        Dialect::Published if status.is_some() => {
            "Decodo's published contract cannot set a status: lower the limit instead, or use dialect v1 or v2"
        }
        Dialect::Published if auto_disable.is_some() => {
            "Decodo's published contract has no auto_disable, nor does it say whether a limit cuts off: use dialect v1 or \
             v2"
        }
        Dialect::Published if count_from.is_some() => {
            "Decodo's published contract cannot count from another moment: raise the limit by what was used, or use \
             dialect v1 or v2"
        }
        _ => return Ok(()),
    };
    Err(ProviderError::Unsupported(lacks))
}

#[cfg(test)]
mod tests;
