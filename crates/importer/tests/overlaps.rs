//! Exports of one log overlap: each record is stored once, together or one after the other.

use winlog::{Event, Field};

use crate::support::Rig;

fn events(records: std::ops::Range<u64>, first_second: i64) -> Vec<Event> {
    let event = |number: u64| Event {
        provider: "Application".to_owned(),
        channel: "Application".to_owned(),
        event_id: 1_000,
        computer: "WS5".to_owned(),
        record_id: number,
        time_ns: (1_772_442_904 + first_second + number as i64) * 1_000_000_000,
        data: vec![Field { name: "Text".into(), value: format!("event {number}") }],
        ..Event::default()
    };
    records.map(event).collect()
}

#[test]
fn in_files_that_are_read_together() {
    let rig = Rig::new();
    let (first, second) = (rig.log("a.evtx", events(1..60, 0)), rig.log("b.evtx", events(40..100, 0)));
    let summary = rig.import(&[&first, &second]);
    assert_eq!((summary.events, summary.rows, summary.merged, summary.stored), (119, 99, 20, 99));
}

#[test]
fn in_files_that_come_later() {
    let rig = Rig::new();
    let (first, second) = (rig.log("a.evtx", events(1..60, 0)), rig.log("b.evtx", events(40..100, 0)));
    assert_eq!(rig.import(&[&first]).stored, 59);
    let summary = rig.import(&[&second]);
    assert_eq!((summary.events, summary.rows, summary.merged, summary.stored), (60, 40, 20, 40));
}

/// A cleared log has the same numbers again, and so has another channel: other records, all stored.
#[test]
fn the_same_numbers_of_other_records() {
    let rig = Rig::new();
    let before = rig.log("a.evtx", events(1..60, 0));
    let after = rig.log("b.evtx", events(1..60, 100_000));
    let mut other = events(1..60, 0);
    other.iter_mut().for_each(|event| "System".clone_into(&mut event.channel));
    let other = rig.log("c.evtx", other);
    assert_eq!(rig.import(&[&before]).stored, 59);
    assert_eq!(rig.import(&[&after, &other]).stored, 118);
}

/// An export with a filter has holes: what is in a hole is not stored yet.
#[test]
fn a_filtered_export_proves_nothing_about_its_holes() {
    let rig = Rig::new();
    let even: Vec<Event> = events(1..60, 0).into_iter().filter(|event| event.record_id % 2 == 0).collect();
    let (even, all) = (rig.log("a.evtx", even), rig.log("b.evtx", events(1..60, 0)));
    assert_eq!(rig.import(&[&even, &all]).stored, 59);
    let rig = Rig::new();
    let even: Vec<Event> = events(1..60, 0).into_iter().filter(|event| event.record_id % 2 == 0).collect();
    let (even, all) = (rig.log("a.evtx", even), rig.log("b.evtx", events(1..60, 0)));
    assert_eq!((rig.import(&[&even]).stored, rig.import(&[&all]).stored), (29, 59));
}
