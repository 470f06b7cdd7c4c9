//! What a person does at the vendor, before, between and after.

use super::*;

#[test]
fn f9_a_person_who_switches_on_what_was_frozen_is_respected() {
    let guarded = Guarded::new("oxylabs", "action = \"freeze\"\nmode = \"enforce\"");
    let daemon = guarded.serve();
    guarded.run_away(&daemon);
    guarded.wait(&daemon, "frozen", |guarded| guarded.steps().contains(&"confirmed".to_owned()));
    guarded.by_hand(ByHand { enabled: Some(true), ..ByHand::default() });
    // A list within a minute of the write may be older than it; an undo compares with a fresh one at once.
    let undone = guarded.vendors.run(&["actions", "undo", "--all", "--yes"]).ended_with(0);
    assert!(undone.stdout.contains("confirmed"), "{}", undone.stdout);
    assert_eq!(guarded.vendors.books("oxylabs").writes.len(), 1, "nothing was left to write");
    assert!(guarded.steps().contains(&"person".to_owned()), "{:?}", guarded.steps());
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f4_one_that_is_deleted_ends_gone() {
    let guarded = Guarded::new("oxylabs", "action = \"freeze\"\nmode = \"approve\"");
    let daemon = guarded.serve();
    guarded.run_away(&daemon);
    guarded.wait(&daemon, "waits", |guarded| !guarded.actions()["actions"].as_array().unwrap().is_empty());
    let id = guarded.actions()["actions"][0]["id"].to_string();
    assert!(guarded.vendors.simulator.delete_by_hand("oxylabs", &guarded.who));
    let refused = guarded.vendors.run(&["actions", "approve", &id, "--yes"]).ended_with(1);
    assert!(refused.stdout.contains("gone") || refused.stderr.contains("gone"), "{}", refused.told());
    assert_eq!(daemon.stop(), Some(0));
}
