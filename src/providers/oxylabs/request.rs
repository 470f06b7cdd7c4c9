//! Oxylabs' calls as values.

use jiff::civil::Date;
use secrecy::SecretString;

use crate::providers::http::request::{ApiRequest, segment};

/// What `type` of statistics to ask for; the parameter is required, though the public page does not say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StatsType {
    /// From the first of the month to today.
    CurrentMonth,
    /// Since the subscription began; only for sub-users with `lifetime`.
    Lifetime,
    /// From a first to a last day.
    Custom(Date, Date),
}

/// The login; name and password go as basic authentication, and no body is needed.
pub(super) fn login(_username: &str, _password: &SecretString) -> ApiRequest {
    ApiRequest::post("login", "/login".to_owned())
}

/// All active sub-users.
pub(super) fn sub_users(user_id: &str) -> ApiRequest {
    ApiRequest::get("sub_users", format!("/users/{}/sub-users", segment(user_id)))
}

/// One sub-user's usage.
pub(super) fn stats(user_id: &str, sub_user_id: &str, stats: StatsType) -> ApiRequest {
    let path = format!("/users/{}/sub-users/{}", segment(user_id), segment(sub_user_id));
    let request = ApiRequest::get("sub_user_stats", path);
    match stats {
        StatsType::CurrentMonth => request.with_query("type", "current_month"),
        StatsType::Lifetime => request.with_query("type", "lifetime"),
        StatsType::Custom(from, to) => request
            .with_query("type", "custom")
            .with_query("date_from", from.to_string())
            .with_query("date_to", to.to_string()),
    }
}

/// Where one sub-user's traffic of one day went, 30 days back at most.
pub(super) fn target_stats(user_id: &str, sub_user_id: &str, day: Date) -> ApiRequest {
    let path = format!("/users/{}/sub-users/{}/target-stats", segment(user_id), segment(sub_user_id));
    ApiRequest::get("target_stats", path).with_query("date", day.to_string())
}

/// The account's total of the current month.
pub(super) fn client_stats(user_id: &str) -> ApiRequest {
    ApiRequest::get("client_stats", format!("/users/{}/client-stats", segment(user_id)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn line(request: &ApiRequest) -> String {
        let query: Vec<_> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{} {}?{}", request.method, request.path, query.join("&"))
    }

    #[test]
    fn requests_are_those_of_the_contract() {
        let (from, to) = (date(2026, 1, 1), date(2026, 1, 15));
        for (request, expected) in [
            (login("name", &"secret".to_owned().into()), "POST /login?"),
            (sub_users("u-1"), "GET /users/u-1/sub-users?"),
            (stats("u-1", "7", StatsType::CurrentMonth), "GET /users/u-1/sub-users/7?type=current_month"),
            (stats("u-1", "7", StatsType::Lifetime), "GET /users/u-1/sub-users/7?type=lifetime"),
            (
                stats("u-1", "7", StatsType::Custom(from, to)),
                "GET /users/u-1/sub-users/7?type=custom&date_from=2026-01-01&date_to=2026-01-15",
            ),
            (target_stats("u-1", "7", to), "GET /users/u-1/sub-users/7/target-stats?date=2026-01-15"),
            (client_stats("u-1"), "GET /users/u-1/client-stats?"),
        ] {
            assert_eq!(line(&request), expected);
            assert_eq!(request.body, None);
        }
    }
}
