//! Observe, approve and enforce; pause and resume; a budget that is taken out.

use super::*;

const FREEZE: &str = "action = \"freeze\"";

#[test]
fn observe_shows_and_a_person_may_make_a_plan_of_it() {
    let guarded = Guarded::new("oxylabs", FREEZE);
    let daemon = guarded.serve();
    guarded.run_away(&daemon);
    guarded.wait(&daemon, "shown", |guarded| !guarded.actions()["actions"].as_array().unwrap().is_empty());
    let action = guarded.actions()["actions"][0].clone();
    assert_eq!((&action["stage"], &action["mode"]), (&"observed".into(), &"observe".into()));
    assert!(action["before"].as_str().unwrap().starts_with("active"), "{action}");
    assert!(action["after"].as_str().unwrap().starts_with("disabled"), "{action}");
    let proposed = guarded.vendors.run(&["actions", "propose", "cap"]).ended_with(0).stdout;
    assert!(proposed.contains("plan "), "{proposed}");
    let approved = guarded.vendors.run(&["actions", "approve", "--budget", "cap", "--yes"]).ended_with(0);
    assert!(approved.stdout.contains("confirmed"), "{}", approved.stdout);
    assert!(
        approved.stderr.contains("To be done at the vendor:"),
        "printed before it is asked: {}",
        approved.stderr
    );
    assert_eq!(guarded.row().status, "disabled");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn an_approval_is_refused_once_the_world_moved_and_while_it_is_paused() {
    let guarded = Guarded::new("oxylabs", &format!("{FREEZE}\nmode = \"approve\"\napprove_within = \"1h\""));
    let daemon = guarded.serve();
    guarded.run_away(&daemon);
    guarded.wait(&daemon, "waits", |guarded| !guarded.actions()["actions"].as_array().unwrap().is_empty());
    let action = guarded.actions()["actions"][0].clone();
    assert_eq!(action["stage"], "waiting");
    let page = daemon.wait_for("/metrics", |page| sample(page, "actions_pending", &[]) == Some(1));
    assert_eq!(sample(&page, "writes_paused", &[]), Some(0));
    let id = action["id"].to_string();

    // Nobody at a terminal, and no --yes: nothing is done.
    let asked = guarded.vendors.run(&["actions", "approve", &id]).ended_with(2);
    assert!(asked.stderr.contains("add --yes"), "{}", asked.stderr);

    guarded.vendors.run(&["pause", "--for", "4h", "--reason", "a quiet night"]).ended_with(0);
    daemon.wait_for("/metrics", |page| sample(page, "writes_paused", &[]) == Some(1));
    let refused = guarded.vendors.run(&["actions", "approve", &id, "--yes"]).ended_with(5);
    assert!(refused.stdout.contains("is refused, paused"), "{}", refused.stdout);
    assert_eq!(guarded.vendors.books("oxylabs").writes.len(), 0);
    let still = guarded.actions()["actions"][0].clone();
    assert_eq!((&still["id"], &still["plan"]), (&action["id"], &action["plan"]), "it keeps its id and hash");
    guarded.vendors.run(&["resume"]).ended_with(0);
    let approved = guarded.vendors.run(&["actions", "approve", &id, "--yes"]).ended_with(0);
    assert!(approved.stdout.contains("confirmed"), "{}", approved.stdout);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_pause_needs_no_daemon_and_stays_over_a_restart() {
    let guarded = Guarded::new("oxylabs", &format!("{FREEZE}\nmode = \"enforce\""));
    let daemon = guarded.serve();
    assert_eq!(daemon.stop(), Some(0));
    guarded.vendors.run(&["pause", "--reason", "tests"]).ended_with(0);
    let daemon = guarded.vendors.serve();
    daemon.wait_for("/metrics", |page| sample(page, "writes_paused", &[]) == Some(1));
    guarded.run_away(&daemon);
    guarded.wait(&daemon, "blocked", |guarded| guarded.actions()["actions"][0]["blocked_by"] == "paused");
    assert_eq!(guarded.vendors.books("oxylabs").writes.len(), 0);
    let page = daemon.get("/metrics").1;
    assert_eq!(sample(&page, "actions_blocked_total", &["action=\"freeze\"", "reason=\"paused\""]), Some(1));
    guarded.vendors.run(&["resume"]).ended_with(0);
    guarded.wait(&daemon, "frozen", |guarded| guarded.row().status == "disabled");
    // A restore is never stopped.
    guarded.vendors.run(&["pause"]).ended_with(0);
    guarded.vendors.run(&["actions", "undo", "--all", "--yes"]).ended_with(0);
    assert_eq!(guarded.row().status, "active");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn the_environment_stops_every_lowering() {
    let guarded = Guarded::new("oxylabs", &format!("{FREEZE}\nmode = \"enforce\""));
    let off = "writes = \"off\"\n";
    let file = guarded.vendors.folder().join("proxymeter.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{off}{text}")).unwrap();
    let daemon = guarded.serve();
    guarded.run_away(&daemon);
    guarded.wait(&daemon, "blocked", |guarded| guarded.actions()["actions"][0]["blocked_by"] == "paused");
    assert_eq!(guarded.vendors.books("oxylabs").writes.len(), 0);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn f31_a_reload_without_the_budget_keeps_what_stands_and_demands_a_word() {
    let guarded = Guarded::new("oxylabs", &format!("{FREEZE}\nmode = \"enforce\""));
    let daemon = guarded.serve();
    guarded.run_away(&daemon);
    guarded.wait(&daemon, "frozen", |guarded| guarded.steps().contains(&"confirmed".to_owned()));
    let file = guarded.vendors.folder().join("proxymeter.toml");
    let text = fs::read_to_string(&file).unwrap().replace("budgets.cap", "budgets.other");
    fs::write(&file, text.replace(FREEZE, "").replace("mode = \"enforce\"", "")).unwrap();
    daemon.reload();
    guarded.wait(&daemon, "orphaned", |guarded| guarded.actions()["standing"][0]["orphaned"] == true);
    assert_eq!(guarded.row().status, "disabled", "never forgotten, never put back unasked");
    let id = guarded.actions()["standing"][0]["id"].to_string();
    guarded.vendors.run(&["actions", "keep", &id, "--yes"]).ended_with(0);
    assert_eq!(guarded.actions()["standing"].as_array().unwrap().len(), 0);
    assert_eq!(guarded.row().status, "disabled");
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn without_a_daemon_an_undo_is_done_by_the_command_itself() {
    let guarded = Guarded::new("oxylabs", &format!("{FREEZE}\nmode = \"enforce\""));
    let daemon = guarded.serve();
    guarded.run_away(&daemon);
    guarded.wait(&daemon, "frozen", |guarded| guarded.steps().contains(&"confirmed".to_owned()));
    assert_eq!(daemon.stop(), Some(0));
    let undone = guarded.vendors.run(&["actions", "undo", "--all", "--yes"]).ended_with(0);
    assert!(undone.stdout.contains("confirmed"), "{}", undone.stdout);
    assert_eq!(guarded.row().status, "active");
    let nothing = guarded.vendors.run(&["actions", "undo", "--all", "--yes"]).ended_with(0);
    assert_eq!(nothing.stdout, "nothing of ours stands at any vendor\n");
}

#[test]
fn a_store_that_is_missing_is_no_new_start_where_something_is_written() {
    let guarded = Guarded::new("oxylabs", &format!("{FREEZE}\nmode = \"enforce\""));
    let refused = guarded.vendors.run(&["serve"]).ended_with(2);
    assert!(refused.stderr.contains("--new-store"), "{}", refused.stderr);
    assert!(!read_exists(&guarded, "proxymeter.db"));
}

fn read_exists(guarded: &Guarded, name: &str) -> bool {
    guarded.vendors.folder().join(name).exists()
}
