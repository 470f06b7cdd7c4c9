//! What stands in the way of a change by hand: the unit, a pause, a person, and nobody to ask.

use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};
use std::sync::Arc;

use jiff::Timestamp;
use proxymeter::domain::account::AccountName;
use proxymeter::domain::act::action::{ActionId, What};
use proxymeter::domain::act::books::Delta;
use proxymeter::domain::act::hold::{By, Ceiling, Hold, Part, Throttle};
use proxymeter::domain::act::record::{Change, Record};
use proxymeter::domain::incident::SubUserIdentity;
use proxymeter::domain::snapshot::SubUserKey;
use proxymeter::domain::traffic::SubUserId;
use proxymeter::domain::units::{Bytes, Limit};
use proxymeter::simulator::ByHand;
use proxymeter::store::records::NewPause;

use super::{at, bodies, journal, own_store, run, user, writes};
use crate::support::binary::finish;
use crate::support::require;
use crate::support::vendors::Vendors;

#[test]
fn f19_no_limit_is_written_where_the_gigabyte_is_not_pinned() {
    let vendors = Vendors::start();
    vendors.configure(|name| name == "oxylabs", "");
    let refused = run(&vendors, &["sub-users", "update", "scraper_prices", "--limit", "1TB", "--yes"]);
    assert_eq!(
        refused.ended_with(5).stderr,
        "error: unit: gigabyte is not set at oxylabs, so that a limit could be wrong by 7 %: write \"decimal\" or \
         \"binary\" there (proxymeter reconcile --invoice SIZE tells which); nothing was written\n"
    );
    for free in [&["--limit", "unlimited"][..], &["--status", "disabled"]] {
        run(&vendors, &[&["sub-users", "update", "scraper_prices", "--yes"], free].concat()).ended_with(0);
    }
}

#[test]
fn a_pause_stops_what_lowers_and_nothing_else() {
    let vendors = at("oxylabs");
    own_store(&vendors, async |store| {
        let reason = Some("invoice day".to_owned());
        let pause = NewPause { account: None, until: None, reason, who: "cli:alice".to_owned() };
        store.pause(&pause, Timestamp::UNIX_EPOCH).await.unwrap();
    });
    let told = "error: paused: cli:alice has paused lowering (invoice day): proxymeter resume lets it go on; nothing was written\n";
    let update = ["sub-users", "update", "scraper_prices", "--yes"];
    for lowers in [&["--limit", "400GB"][..], &["--status", "disabled"]] {
        assert_eq!(run(&vendors, &[&update, lowers].concat()).ended_with(5).stderr, told);
    }
    let browser = ["sub-users", "update", "scraper_browser", "--auto-disable", "true", "--yes"];
    assert_eq!(run(&vendors, &browser).ended_with(5).stderr, told);
    assert_eq!(run(&vendors, &["sub-users", "delete", "scraper_prices", "--yes"]).ended_with(5).stderr, told);
    assert_eq!(writes(&vendors, "oxylabs"), []);
    run(&vendors, &[&update[..], &["--limit", "600GB"]].concat()).ended_with(0);

    let vendors = at("oxylabs");
    let mut command =
        vendors.command(&["sub-users", "update", "scraper_prices", "--limit", "400GB", "--yes"]);
    let refused = finish(command.env("PROXYMETER__WRITES", "off")).ended_with(5);
    assert_eq!(
        refused.stderr,
        "error: paused: writes = \"off\" stands in the configuration or in PROXYMETER__WRITES, which stops all lowering; \
         nothing was written\n"
    );
}

#[test]
fn without_a_terminal_and_without_yes_it_is_shown_and_refused() {
    let vendors = at("oxylabs");
    own_store(&vendors, async |_| ());
    let id = user(&vendors, "oxylabs", "scraper_prices").id;
    for (command, shown) in [
        (
            &["sub-users", "update", "scraper_prices", "--limit", "100GB", "--auto-disable", "false"][..],
            format!(
                "scraper_prices (id {id}) at oxylabs, to be changed at the vendor:\n  limit: 500 GB → 100 GB\n  auto_disable: true → false\n"
            ),
        ),
        (
            &["sub-users", "delete", "scraper_prices"],
            format!(
                "scraper_prices (id {id}) at oxylabs, to be deleted at the vendor: this cannot be undone\n  active, limit 500 GB, auto_disable true\n"
            ),
        ),
    ] {
        let refused = run(&vendors, command).ended_with(2);
        let refusal =
            "error: standard input is no terminal to ask at: look at the lines above, and add --yes\n";
        let (told, used) = (refused.stderr.clone(), "it has used ");
        let lines: String = told.split_inclusive('\n').filter(|line| !line.starts_with(used)).collect();
        assert_eq!(lines, shown + refusal);
    }
    assert_eq!(writes(&vendors, "oxylabs"), []);
    assert_eq!(journal(&vendors), [""; 0]);
}

/// A command at a terminal, as `script` of util-linux makes one.
struct Terminal {
    child: std::process::Child,
    shown: String,
}

impl Terminal {
    /// Starts it and waits for the question.
    fn asked(vendors: &Vendors, arguments: &str) -> Option<Self> {
        let script = require("script")?;
        let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_proxymeter"));
        let mut command = Command::new(script);
        command.args(["-qec", &line, "/dev/null"]).current_dir(vendors.folder()).env_clear();
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut terminal = Self { child: piped.spawn().unwrap(), shown: String::new() };
        while !terminal.shown.ends_with("Go on? [y/N] ") {
            let mut byte = [0];
            let read = terminal.child.stdout.as_mut().unwrap().read(&mut byte).unwrap();
            assert_eq!(read, 1, "it ended without a question: {}", terminal.shown);
            terminal.shown.push(char::from(byte[0]));
        }
        Some(terminal)
    }

    /// Answers, and gives the exit code with what was shown after that.
    fn answer(mut self, answer: &str) -> (Option<i32>, String) {
        self.child.stdin.as_mut().unwrap().write_all(answer.as_bytes()).unwrap();
        let mut rest = Vec::new();
        self.child.stdout.as_mut().unwrap().read_to_end(&mut rest).unwrap();
        let status = self.child.wait().unwrap();
        (status.code(), String::from_utf8(rest).unwrap().replace('\r', ""))
    }
}

const UPDATE: &str = "sub-users update scraper_prices --limit 400GB";

#[test]
fn at_a_terminal_it_asks_and_takes_only_a_yes() {
    let vendors = at("oxylabs");
    own_store(&vendors, async |_| ());
    for answer in ["\n", "n\n", "yo\n"] {
        let Some(terminal) = Terminal::asked(&vendors, UPDATE) else { return };
        let (code, told) = terminal.answer(answer);
        assert!(code == Some(1) && told.ends_with("nothing was written\n"), "{code:?} {told}");
    }
    assert_eq!(journal(&vendors), [""; 0]);
    let (code, told) = Terminal::asked(&vendors, UPDATE).unwrap().answer("y\n");
    assert!(code == Some(0) && told.ends_with("changed and read back: limit 400 GB\n"), "{code:?} {told}");
    assert_eq!(bodies(&vendors, "oxylabs"), [r#"{"traffic_limit":400}"#]);
}

#[test]
fn f9_what_a_person_changed_since_it_was_shown_is_left() {
    for (by_hand, moved) in [
        (
            Some(ByHand { limit: Some(Limit::Bytes(Bytes(450_000_000_000))), ..ByHand::default() }),
            "limit 500 GB → 450 GB",
        ),
        (Some(ByHand { enabled: Some(false), ..ByHand::default() }), "the vendor's list holds it no more"),
        (None, "the vendor's list holds it no more"),
    ] {
        let vendors = at("oxylabs");
        own_store(&vendors, async |_| ());
        let Some(terminal) = Terminal::asked(&vendors, UPDATE) else { return };
        let done = match by_hand {
            Some(change) => vendors.simulator.change_by_hand("oxylabs", "scraper_prices", change),
            None => vendors.simulator.delete_by_hand("oxylabs", "scraper_prices"),
        };
        assert!(done);
        let (code, told) = terminal.answer("y\n");
        let expected = format!(
            "error: person: scraper_prices at oxylabs is no longer as it was shown, and nothing was written: {moved}\n"
        );
        assert!(code == Some(5) && told.ends_with(&expected), "{code:?} {told}");
        assert_eq!(writes(&vendors, "oxylabs"), []);
        assert_eq!(journal(&vendors), [""; 0]);
    }
}

#[test]
fn a_ceiling_of_ours_is_told_before_it_is_changed() {
    let vendors = at("oxylabs");
    let id = user(&vendors, "oxylabs", "scraper_prices").id.to_string();
    let own =
        Record { active: true, limit: Some(Limit::Bytes(Bytes(900_000_000_000))), auto_disable: Some(true) };
    let ceiling = Bytes(500_000_000_000);
    let hold = Hold {
        by: By { budget: "scrapers".into(), part: Part::Threshold("stop".into()) },
        what: What::Limit(ceiling),
        ceiling: Ceiling::Limit(ceiling),
        action: ActionId(7),
        period: None,
        amount: None,
        since: Timestamp::UNIX_EPOCH,
        orphaned: false,
        confirmed: true,
    };
    let who = SubUserIdentity {
        key: SubUserKey(id.clone().into()),
        product: "mobile".into(),
        name: "scraper_prices".into(),
    };
    let throttle = Throttle {
        holds: vec![hold],
        set: Change { limit: Some(Limit::Bytes(ceiling)), ..Change::default() },
        ..Throttle::new(
            AccountName::new("oxylabs").unwrap(),
            Arc::new(who),
            SubUserId(id.clone().into()),
            own,
            Timestamp::UNIX_EPOCH,
        )
    };
    own_store(&vendors, async |store| {
        store.save_acts(&Delta { throttles: vec![throttle], ..Delta::default() }, &[]).await.unwrap();
    });
    let same = run(&vendors, &["sub-users", "update", "scraper_prices", "--limit", "500GB", "--yes"]);
    let same = same.ended_with(0);
    assert_eq!(same.stdout, "scraper_prices at oxylabs: nothing to change\n");
    assert!(same.stderr.starts_with("budget scrapers/stop holds a limit 500.00 GB there"), "{}", same.told());
    let ran =
        run(&vendors, &["sub-users", "update", "scraper_prices", "--limit", "1TB", "--yes"]).ended_with(0);
    assert_eq!(
        ran.stderr,
        format!(
            "scraper_prices (id {id}) at oxylabs, to be changed at the vendor:\n  limit: 500 GB → 1000 GB\n\
             budget scrapers/stop holds a limit 500.00 GB there (action 7)\n\
             a person's own there is: active, limit 900.00 GB, cuts off; the daemon takes a change of it as a person's own, \
             and does not fight it\n"
        )
    );
}
