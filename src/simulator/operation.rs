//! The vendors' operations and the paths that they live at.

use axum::http::Method;

use super::scenario::{AccountSpec, Dialect};

/// An operation of either vendor; its name is what books and faults call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Operation {
    Login,
    ListSubUsers,
    CreateSubUser,
    ReadSubUser,
    UpdateSubUser,
    DeleteSubUser,
    Statistics,
    TargetStats,
    ClientStats,
    AllocatedTraffic,
    Subscriptions,
    ListWhitelist,
    AddToWhitelist,
    DeleteFromWhitelist,
    Endpoints,
    EndpointsOfType,
    TrafficReport,
}

impl Operation {
    /// All of them.
    pub(super) const ALL: [Self; 17] = [
        Self::Login,
        Self::ListSubUsers,
        Self::CreateSubUser,
        Self::ReadSubUser,
        Self::UpdateSubUser,
        Self::DeleteSubUser,
        Self::Statistics,
        Self::TargetStats,
        Self::ClientStats,
        Self::AllocatedTraffic,
        Self::Subscriptions,
        Self::ListWhitelist,
        Self::AddToWhitelist,
        Self::DeleteFromWhitelist,
        Self::Endpoints,
        Self::EndpointsOfType,
        Self::TrafficReport,
    ];

    /// Whether it changes something at the vendor.
    pub(super) const fn is_write(self) -> bool {
        matches!(
            self,
            Self::CreateSubUser
                | Self::UpdateSubUser
                | Self::DeleteSubUser
                | Self::AddToWhitelist
                | Self::DeleteFromWhitelist
        )
    }

    /// Whether it changes a sub-user.
    pub(super) const fn is_of_sub_user(self) -> bool {
        matches!(self, Self::CreateSubUser | Self::UpdateSubUser | Self::DeleteSubUser)
    }

    /// The name in books and faults.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::ListSubUsers => "list-sub-users",
            Self::CreateSubUser => "create-sub-user",
            Self::ReadSubUser => "read-sub-user",
            Self::UpdateSubUser => "update-sub-user",
            Self::DeleteSubUser => "delete-sub-user",
            Self::Statistics => "statistics",
            Self::TargetStats => "target-stats",
            Self::ClientStats => "client-stats",
            Self::AllocatedTraffic => "allocated-traffic",
            Self::Subscriptions => "subscriptions",
            Self::ListWhitelist => "list-whitelist",
            Self::AddToWhitelist => "add-to-whitelist",
            Self::DeleteFromWhitelist => "delete-from-whitelist",
            Self::Endpoints => "endpoints",
            Self::EndpointsOfType => "endpoints-of-type",
            Self::TrafficReport => "traffic-report",
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
pub(super) fn route<'a>(spec: &AccountSpec, path: &[&'a str]) -> Option<Route<'a>> {
    let dialect = spec.dialect;
    match dialect {
        Dialect::Oxylabs => oxylabs(path),
        Dialect::DecodoPublished | Dialect::DecodoV1 => match path {
            ["users", user_id, rest @ ..] => {
                decodo_of_user(spec, rest).map(|route| Route { user_id: Some(user_id), ..route })
            }
            ["auth"] => Some(at("", vec![(Method::POST, Operation::Login)])),
            other => decodo_endpoints(other),
        },
        // Beside the versioned address: `/api/v2/statistics/traffic`.
        Dialect::DecodoV2 if path == ["api", "statistics", "traffic"] => {
            Some(at("", vec![(Method::POST, Operation::TrafficReport)]))
        }
        Dialect::DecodoV2 => decodo_of_user(spec, path).or_else(|| decodo_endpoints(path)),
    }
}

fn oxylabs<'a>(path: &[&'a str]) -> Option<Route<'a>> {
    use Operation as O;

    let route = match path {
        ["login"] => return Some(at("", vec![(Method::POST, O::Login)])),
        ["users", _, "sub-users"] => {
            at("", vec![(Method::GET, O::ListSubUsers), (Method::POST, O::CreateSubUser)])
        }
        ["users", _, "sub-users", id] => {
            let change = [(Method::PATCH, O::UpdateSubUser), (Method::DELETE, O::DeleteSubUser)];
            at(id, [(Method::GET, O::Statistics)].into_iter().chain(change).collect())
        }
        ["users", _, "sub-users", id, "target-stats"] => at(id, vec![(Method::GET, O::TargetStats)]),
        ["users", _, "client-stats"] => at("", vec![(Method::GET, O::ClientStats)]),
        _ => return None,
    };
    Some(Route { user_id: path.get(1).copied(), ..route })
}

fn decodo_of_user<'a>(spec: &AccountSpec, path: &[&'a str]) -> Option<Route<'a>> {
    use Operation as O;

    let dialect = spec.dialect;
    let get = |parameter, operation| Some(at(parameter, vec![(Method::GET, operation)]));
    match (path, dialect) {
        (["sub-users"], _) => {
            let mut operations = vec![(Method::GET, O::ListSubUsers), (Method::POST, O::CreateSubUser)];
            if dialect == Dialect::DecodoPublished {
                operations.push((Method::PUT, O::UpdateSubUser));
            }
            Some(at("", operations))
        }
        // An empty name in the path below: the contract allows it.
        (["sub-users", "traffic"], Dialect::DecodoPublished) => get("", O::Statistics),
        (["sub-users", id], _) => {
            // The contract lacks this PUT, but every example of the vendor's calls it.
            let mut operations = vec![(Method::DELETE, O::DeleteSubUser)];
            if spec.update_by_id || dialect != Dialect::DecodoPublished {
                operations.push((Method::PUT, O::UpdateSubUser));
            }
            if dialect == Dialect::DecodoV2 {
                operations.push((Method::GET, O::ReadSubUser));
            }
            Some(at(id, operations))
        }
        (["sub-users", who, "traffic"], _) => get(who, O::Statistics),
        (["allocated-traffic"], Dialect::DecodoPublished) => get("", O::AllocatedTraffic),
        (["allocated-traffic-limit"], Dialect::DecodoV2) => get("", O::AllocatedTraffic),
        (["whitelisted-ips"], _) => {
            Some(at("", vec![(Method::GET, O::ListWhitelist), (Method::POST, O::AddToWhitelist)]))
        }
        (["whitelisted-ips", id], _) => Some(at(id, vec![(Method::DELETE, O::DeleteFromWhitelist)])),
        (["subscriptions"], _) => get("", O::Subscriptions),
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
