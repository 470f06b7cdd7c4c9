//! Oxylabs' calls as values.

use jiff::civil::Date;
use secrecy::SecretString;

use crate::providers::http::request::{ApiRequest, segment};

/// The login; name and password go as basic authentication, and no body is needed.
pub(super) fn login(_username: &str, _password: &SecretString) -> ApiRequest {
    ApiRequest::post("login", "/login".to_owned())
}

/// The path of one sub-user.
pub(super) fn of_sub_user(user_id: &str, sub_user_id: &str) -> String {
    format!("/users/{}/sub-users/{}", segment(user_id), segment(sub_user_id))
}

/// All active sub-users.
pub(super) fn sub_users(user_id: &str) -> ApiRequest {
    ApiRequest::get("sub_users", format!("/users/{}/sub-users", segment(user_id)))
}

/// One sub-user's usage, by the query that [`StatsType::query`](super::stats::StatsType::query) makes.
pub(super) fn stats(user_id: &str, sub_user_id: &str, query: &[(&'static str, String)]) -> ApiRequest {
    ApiRequest {
        query: query.to_vec(),
        ..ApiRequest::get("sub_user_stats", of_sub_user(user_id, sub_user_id))
    }
}

/// Where one sub-user's traffic of one day went, 30 days back at most.
pub(super) fn target_stats(user_id: &str, sub_user_id: &str, day: Date) -> ApiRequest {
    let path = of_sub_user(user_id, sub_user_id);
    ApiRequest::get("target_stats", format!("{path}/target-stats")).with_query("date", day.to_string())
}

/// The account's total of the current month.
pub(super) fn client_stats(user_id: &str) -> ApiRequest {
    ApiRequest::get("client_stats", format!("/users/{}/client-stats", segment(user_id)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::super::stats::StatsType;
    use super::*;

    fn line(request: &ApiRequest) -> String {
        let query: Vec<_> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{} {}?{}", request.method, request.path, query.join("&"))
    }

    #[test]
    fn requests_are_those_of_the_contract() {
        for (request, expected) in [
            (login("name", &"secret".to_owned().into()), "POST /login?"),
            (sub_users("u-1"), "GET /users/u-1/sub-users?"),
            (
                target_stats("u-1", "7", date(2026, 1, 15)),
                "GET /users/u-1/sub-users/7/target-stats?date=2026-01-15",
            ),
            (client_stats("u-1"), "GET /users/u-1/client-stats?"),
        ] {
            assert_eq!(line(&request), expected);
            assert_eq!(request.body, None);
        }
    }

    #[test]
    fn statistics_of_every_type() {
        let (from, to) = (date(2026, 1, 1), date(2026, 1, 15));
        let berlin = || Some(TimeZone::get("Europe/Berlin").unwrap());
        let hours = (from.at(10, 0, 0, 0), date(2026, 1, 2).at(9, 0, 0, 0));
        for (stats_type, query) in [
            (StatsType::Last24Hours, "type=24h"),
            (StatsType::Week, "type=week"),
            (StatsType::Month, "type=month"),
            (StatsType::CurrentMonth, "type=current_month"),
            (StatsType::Lifetime, "type=lifetime"),
            (StatsType::Dates(from, to, None), "type=custom&date_from=2026-01-01&date_to=2026-01-15"),
            (
                StatsType::Dates(from, to, berlin()),
                "type=custom&date_from=2026-01-01&date_to=2026-01-15&time_zone=Europe/Berlin",
            ),
            (
                StatsType::Hours(hours.0, hours.1, berlin()),
                "type=custom&date_from=2026-01-01 10&date_to=2026-01-02 09&time_zone=Europe/Berlin",
            ),
        ] {
            let request = stats("u-1", "7", &stats_type.query().unwrap());
            assert_eq!(line(&request), format!("GET /users/u-1/sub-users/7?{query}"));
        }
    }
}
