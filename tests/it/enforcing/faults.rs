//! A vendor that lies, rounds, loses answers and cuts lists while something is written.

use super::*;

const FREEZE: &str = "action = \"freeze\"\nmode = \"enforce\"";

#[test]
fn f8_a_vendor_that_answers_200_and_does_nothing_is_found_out() {
    let guarded = Guarded::new("oxylabs", FREEZE);
    let daemon = guarded.serve();
    guarded.fault(Fault::IgnoreWrite, "writes");
    guarded.run_away(&daemon);
    guarded.wait(&daemon, "found out", |guarded| guarded.steps().contains(&"verify_failed".to_owned()));
    daemon.wait_for("/metrics", |page| {
        sample(page, "actions_total", &["action=\"freeze\"", "outcome=\"verify_failed\""]) == Some(1)
    });
    guarded.wait(&daemon, "breaker", |guarded| !guarded.actions()["breakers"].as_array().unwrap().is_empty());
    assert!(!guarded.steps().contains(&"confirmed".to_owned()));
    guarded.vendors.simulator.clear_faults();
    let resumed = guarded.vendors.run(&["resume"]).ended_with(0);
    assert!(resumed.stdout.contains("writes are tried again at oxylabs"), "{}", resumed.stdout);
    guarded.wait(&daemon, "confirmed", |guarded| guarded.steps().contains(&"confirmed".to_owned()));
    assert_eq!(guarded.row().status, "disabled");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f7_a_lost_answer_is_read_back() {
    let guarded = Guarded::new("oxylabs", FREEZE);
    let daemon = guarded.serve();
    guarded.fault(Fault::LoseAnswer, "update-sub-user");
    guarded.run_away(&daemon);
    guarded.wait(&daemon, "confirmed", |guarded| guarded.steps().contains(&"confirmed".to_owned()));
    assert_eq!(guarded.vendors.books("oxylabs").writes.len(), 1, "and not sent again");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f5_a_list_that_is_cut_confirms_no_freeze() {
    let guarded = Guarded::new("oxylabs", FREEZE);
    let daemon = guarded.serve();
    // The list that is compared with is whole, those that read back are not.
    guarded.run_away_with(|guarded| guarded.vendors.books("oxylabs").writes.len() == 1, &daemon);
    assert_eq!(daemon.stop(), Some(0));
}

impl Guarded {
    fn run_away_with(&self, is: impl Fn(&Self) -> bool, daemon: &Serving) {
        self.run_away(daemon);
        self.wait(daemon, "written", is);
        self.fault(Fault::Cut(0.5), "list-sub-users");
        let lists = self.vendors.calls(self.account, "list-sub-users");
        self.wait(daemon, "lists", |guarded| {
            guarded.vendors.calls(guarded.account, "list-sub-users") > lists + 4
        });
        if !self.steps().contains(&"confirmed".to_owned()) {
            self.vendors.simulator.clear_faults();
        }
        self.vendors.simulator.clear_faults();
        self.wait(daemon, "confirmed", |guarded| guarded.steps().contains(&"confirmed".to_owned()));
    }
}
