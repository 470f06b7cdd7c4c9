//! What holds whatever happened: nothing is lost, nothing that was taken comes again by another name, the same id has the
//! same bytes, threads are told in order, and what is called delivered was taken.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::outbox::Row;
use super::server::Request;

/// What one receiver's server saw.
pub(super) type Seen<'a> = BTreeMap<&'a str, Vec<Request>>;

/// What happened in all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub(super) notices: usize,
    pub(super) requests: usize,
    pub(super) taken: usize,
    /// Taken before, and sent once more by the same id.
    pub(super) doubles: usize,
    pub(super) superseded: usize,
    pub(super) fell_back: usize,
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.notices += other.notices;
        self.requests += other.requests;
        self.taken += other.taken;
        self.doubles += other.doubles;
        self.superseded += other.superseded;
        self.fell_back += other.fell_back;
    }
}

/// Looks at every law, once nothing waits.
pub(super) fn hold(rows: &[Row], seen: &Seen<'_>) -> Figures {
    for row in rows {
        assert!(!row.waits(), "{row:?} waits");
    }
    for (receiver, requests) in seen {
        one_id_one_body(receiver, requests);
        nothing_by_another_name(receiver, requests);
        in_order(receiver, requests, rows);
    }
    for row in rows.iter().filter(|row| seen.contains_key(&*row.receiver)) {
        is_told(row, rows, seen);
    }
    let count = |is: fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
    let all = || seen.values().flatten();
    let taken = all().filter(|request| request.is_taken).count();
    let ids: BTreeSet<&str> =
        all().filter(|request| request.is_taken).map(|request| request.id.as_str()).collect();
    Figures {
        notices: rows.len(),
        requests: all().count(),
        taken,
        doubles: taken - ids.len(),
        superseded: count(|row| row.state == "superseded"),
        fell_back: count(|row| row.fell_back),
    }
}

/// The same id comes with the same bytes, signed.
pub(super) fn one_id_one_body(receiver: &str, requests: &[Request]) {
    let mut bodies: BTreeMap<&str, &[u8]> = BTreeMap::new();
    for request in requests {
        assert!(request.is_signed, "{receiver}: {} is not signed", request.id);
        let first = bodies.entry(&request.id).or_insert(&request.body);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert_eq!(text(first), text(&request.body), "{receiver}: {} with other bytes", request.id);
    }
}

/// What was taken under one id is news under no other.
pub(super) fn nothing_by_another_name(receiver: &str, requests: &[Request]) {
    let mut taken: BTreeMap<String, &str> = BTreeMap::new();
    for request in requests {
        for item in request.items() {
            let item = item.to_string();
            if let Some(before) = taken.get(&item) {
                assert_eq!(*before, request.id, "{receiver}: taken before, and sent as another: {item}");
            } else if request.is_taken {
                taken.insert(item, &request.id);
            }
        }
    }
}

/// Of one lane no older notice comes after a newer one.
fn in_order(receiver: &str, requests: &[Request], rows: &[Row]) {
    let mut newest: BTreeMap<&str, i64> = BTreeMap::new();
    for request in requests {
        let row = rows.iter().find(|row| row.notice == request.id);
        let row = row.unwrap_or_else(|| panic!("{receiver} was told {}, which nobody saved", request.id));
        let before = newest.insert(&row.thread, row.number).unwrap_or_default();
        assert!(before <= row.number, "{receiver}: {} after {before} of {}", row.number, row.thread);
    }
}

/// What the notice says was taken: in it, in a newer one of the lane, or by whoever is told instead.
fn is_told(row: &Row, rows: &[Row], seen: &Seen<'_>) {
    let is_taken = |row: &Row| {
        let is_it = |request: &&Request| request.is_taken && request.id == row.notice;
        seen[&*row.receiver].iter().find(is_it)
    };
    if row.state == "delivered" {
        assert!(is_taken(row).is_some(), "delivered, and never taken: {row:?}");
    }
    if row.state == "dead" {
        assert!(row.fell_back, "given up, and nobody told instead: {row:?}");
    }
    let message: Value = serde_json::from_str(&row.message).unwrap();
    let instead = format!("instead:{}:{}", row.receiver, row.thread);
    let later: Vec<Value> = rows
        .iter()
        .filter(|other| {
            let is_later = other.lane() == row.lane() && other.number >= row.number;
            is_later || (row.fell_back || row.state == "superseded") && other.thread == instead
        })
        .filter_map(is_taken)
        .flat_map(Request::items)
        .collect();
    for item in message["items"].as_array().unwrap() {
        let is_said = later.iter().any(|other| other["key"] == item["key"]);
        assert!(is_said, "never told: {item}\nof {row:#?}");
    }
}
