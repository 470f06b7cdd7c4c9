//! What writing at the vendor needs, as it is read.

use proxymeter::config::{AccountConfig, UpdateRoute, Vendor};
use proxymeter::domain::budget::threshold::Mode;
use proxymeter::domain::guard::Guard;
use proxymeter::domain::units::Bytes;

use super::{LEAST, account, load};

/// The accounts `acme-mobile`, as little as there may be, and `other`.
fn accounts(first: &str, more: &str, variables: &[(&str, &str)]) -> [AccountConfig; 2] {
    let other = "[accounts.other]\nprovider = \"decodo\"\nusername = \"sp_user\"\npassword = \"p\"\n";
    let text = format!("{first}\n{LEAST}password = \"p\"\n{other}{more}");
    let config = load(&text, variables).unwrap_or_else(|problems| panic!("{problems}"));
    ["acme-mobile", "other"].map(|name| account(&config, name).clone())
}

fn counts(guard: &Guard) -> (u32, u32, String) {
    (guard.max_actions_per_hour, guard.max_actions_per_day, guard.max_change.to_string())
}

#[test]
fn without_a_word_the_guard_is_the_usual_one() {
    let [acme, other] = accounts("", "", &[]).map(|account| account.guard);
    assert_eq!((&acme, &other), (&Guard::default(), &Guard::default()));
    assert_eq!(counts(&acme), (10, 50, "300 %".to_owned()));
}

#[test]
fn an_accounts_guard_lies_over_that_of_all_key_by_key() {
    let all = "[guard]\nprotect = [\"billing_.*\"]\nmax_actions_per_hour = 3\nmax_change = \"2.5x\"\n";
    let own = "[accounts.other.guard]\nprotect = [\"main\"]\nmax_actions_per_day = 4\nmax_change = \"1x\"\n";
    let [acme, other] = accounts(all, own, &[]).map(|account| account.guard);
    assert_eq!(counts(&acme), (3, 50, "250 %".to_owned()));
    assert_eq!(counts(&other), (3, 4, "100 %".to_owned()));
    assert_eq!(["billing_1", "main"].map(|name| acme.protects(name)), [true, false]);
    assert_eq!(["billing_1", "main", "x"].map(|name| other.protects(name)), [true, true, false]);
    assert!(acme.allows_change(Bytes(5), Bytes(2)) && !acme.allows_change(Bytes(6), Bytes(2)));
}

#[test]
fn an_hour_that_nobody_wrote_goes_with_its_day() {
    let all = "guard.max_actions_per_day = 5\n";
    let [acme, other] = accounts(all, "guard.max_actions_per_day = 20\n", &[]).map(|account| account.guard);
    assert_eq!((counts(&acme).0, counts(&other).0, counts(&other).1), (5, 10, 20));
}

#[test]
fn the_environment_reaches_into_a_guard() {
    let variables = [
        ("PROXYMETER__GUARD__PROTECT", "billing_.*, main"),
        ("PROXYMETER__GUARD__MAX_ACTIONS_PER_HOUR", "7"),
        ("PROXYMETER__ACCOUNTS__ACME_MOBILE__GUARD__MAX_CHANGE", "1.5x"),
    ];
    let [acme, other] = accounts("", "", &variables).map(|account| account.guard);
    assert_eq!(counts(&acme), (7, 50, "150 %".to_owned()));
    assert!(acme.protects("main") && other.protects("billing_1"));
}

#[test]
fn a_login_is_its_own_user() {
    let [acme, other] = accounts("", "main_user = \"sp_main\"\n", &[]);
    assert_eq!(acme.own_users(), ["customer_acme"]);
    assert_eq!(other.own_users(), ["sp_main", "sp_user"]);
    let [_, same] = accounts("", "main_user = \"sp_user\"\n", &[]);
    assert_eq!(same.own_users(), ["sp_user"]);
    let key = "[accounts.key]\nprovider = \"decodo\"\ndialect = \"v2\"\napi_key = \"k\"\n";
    let config = load(&format!("{LEAST}password = \"p\"\n{key}"), &[]).unwrap();
    assert_eq!(account(&config, "key").own_users(), Vec::<&str>::new());
}

#[test]
fn an_account_with_a_pinned_gigabyte_may_be_written_to() {
    let [acme, other] = accounts("", "gigabyte = \"binary\"\nwrites = true\n", &[]);
    assert_eq!((acme.account.writes, other.account.writes, other.gigabyte_pinned), (false, true, true));
    let acts = "gigabyte = \"decimal\"\nwrites = true\n[budgets.b]\naccount = \"other\"\nsub_user = \".*\"\n\
                per = \"sub_user\"\namount = \"1GB\"\nthresholds.stop = { used = \"100%\", action = \"limit 2GB\", \
                mode = \"enforce\", countdown = \"5m\" }\n";
    accounts("", acts, &[]);
}

#[test]
fn the_switch_stops_every_account_by_file_or_environment() {
    let off = |first: &str, variables: &[(&str, &str)]| {
        load(&format!("{first}\n{LEAST}password = \"p\"\n"), variables).unwrap().writes_off
    };
    let name = "PROXYMETER__WRITES";
    assert!(!off("", &[]) && !off("writes = \"on\"", &[]));
    assert!(off("writes = \"off\"", &[]) && off("", &[(name, "off")]));
    assert!(off("writes = \"on\"", &[(name, "off")]) && !off("writes = \"off\"", &[(name, "on")]));
}

#[test]
fn the_route_of_a_change_is_read() {
    let route = |more: &str| {
        let [_, other] = accounts("", more, &[]);
        let Vendor::Decodo { update_route, .. } = other.vendor else { panic!("{:?}", other.vendor) };
        (update_route, other.vendor.names_changed())
    };
    assert_eq!(route(""), (UpdateRoute::Id, true));
    assert_eq!(route("update_route = \"id\"\ndialect = \"v1\"\n"), (UpdateRoute::Id, true));
    assert_eq!(route("update_route = \"collection\"\n"), (UpdateRoute::Collection, false));
}

#[test]
fn a_budget_with_nothing_but_a_standing_cap_is_one() {
    let cap = |more: &str| {
        let text = format!(
            "{LEAST}password = \"p\"\ngigabyte = \"decimal\"\nwrites = true\n[budgets.b]\naccount = \"acme-.*\"\n\
             sub_user = \".*\"\nper = \"sub_user\"\namount = \"1GB\"\n{more}"
        );
        load(&text, &[]).unwrap_or_else(|problems| panic!("{more}: {problems}")).budgets[0].standing_cap
    };
    let told = "thresholds.warn = { used = \"80%\" }\n";
    assert_eq!(cap(&format!("period = \"day\"\n{told}standing_cap = \"enforce\"\n")), Some(Mode::Enforce));
    assert_eq!(cap("standing_cap = \"observe\"\n"), Some(Mode::Observe));
    assert_eq!(cap("thresholds.stop = { used = \"80%\", action = \"freeze\", mode = \"enforce\" }\n"), None);
}
