//! The vendors' operations and the paths that they live at.

use axum::http::Method;

use super::scenario::Dialect;

/// An operation of either vendor; its name is what books and faults call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Operation {
    Login,
    ListSubUsers,
    ReadSubUser,
    Statistics,
    TargetStats,
    ClientStats,
    AllocatedTraffic,
    Subscriptions,
    ListWhitelist,
    Endpoints,
    EndpointsOfType,
}

impl Operation {
    /// The name in books and faults.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::ListSubUsers => "list-sub-users",
            Self::ReadSubUser => "read-sub-user",
            Self::Statistics => "statistics",
            Self::TargetStats => "target-stats",
            Self::ClientStats => "client-stats",
            Self::AllocatedTraffic => "allocated-traffic",
            Self::Subscriptions => "subscriptions",
            Self::ListWhitelist => "list-whitelist",
            Self::Endpoints => "endpoints",
            Self::EndpointsOfType => "endpoints-of-type",
        }
    }
}

/// A path that exists: the user id in it, its last parameter, and what can be done there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route<'a> {
    pub(super) user_id: Option<&'a str>,
    pub(super) parameter: &'a str,
    pub(super) operations: Vec<(Method, Operation)>,
}

/// Finds a path of a dialect.
pub(super) fn route<'a>(dialect: Dialect, path: &[&'a str]) -> Option<Route<'a>> {
    match dialect {
        Dialect::Oxylabs => oxylabs(path),
        Dialect::DecodoPublished | Dialect::DecodoV1 => match path {
            ["users", user_id, rest @ ..] => {
                decodo_of_user(dialect, rest).map(|route| Route { user_id: Some(user_id), ..route })
            }
            ["auth"] => Some(at("", vec![(Method::POST, Operation::Login)])),
            other => decodo_endpoints(other),
        },
        Dialect::DecodoV2 => decodo_of_user(dialect, path).or_else(|| decodo_endpoints(path)),
    }
}

fn oxylabs<'a>(path: &[&'a str]) -> Option<Route<'a>> {
    let route = match path {
        ["login"] => return Some(at("", vec![(Method::POST, Operation::Login)])),
        ["users", _, "sub-users"] => at("", vec![(Method::GET, Operation::ListSubUsers)]),
        ["users", _, "sub-users", id] => at(id, vec![(Method::GET, Operation::Statistics)]),
        ["users", _, "sub-users", id, "target-stats"] => at(id, vec![(Method::GET, Operation::TargetStats)]),
        ["users", _, "client-stats"] => at("", vec![(Method::GET, Operation::ClientStats)]),
        _ => return None,
    };
    Some(Route { user_id: path.get(1).copied(), ..route })
}

fn decodo_of_user<'a>(dialect: Dialect, path: &[&'a str]) -> Option<Route<'a>> {
    let get = |parameter, operation| Some(at(parameter, vec![(Method::GET, operation)]));
    match (path, dialect) {
        (["sub-users"], _) => get("", Operation::ListSubUsers),
        (["sub-users", id], Dialect::DecodoV2) => get(id, Operation::ReadSubUser),
        (["sub-users", who, "traffic"], _) => get(who, Operation::Statistics),
        (["allocated-traffic"], Dialect::DecodoPublished) => get("", Operation::AllocatedTraffic),
        (["allocated-traffic-limit"], Dialect::DecodoV2) => get("", Operation::AllocatedTraffic),
        (["whitelisted-ips"], _) => get("", Operation::ListWhitelist),
        (["subscriptions"], _) => get("", Operation::Subscriptions),
        _ => None,
    }
}

fn decodo_endpoints<'a>(path: &[&'a str]) -> Option<Route<'a>> {
    match path {
        ["endpoints"] => Some(at("", vec![(Method::GET, Operation::Endpoints)])),
        ["endpoints", kind] => Some(at(kind, vec![(Method::GET, Operation::EndpointsOfType)])),
        _ => None,
    }
}

fn at<'a>(parameter: &'a str, operations: Vec<(Method, Operation)>) -> Route<'a> {
    Route { user_id: None, parameter, operations }
}
