//! However large a file is, an import holds a bounded amount of it: counted, not timed.

use importer::limits::{BATCH_BYTES, FLUSH_BYTES, WAITING_BYTES_MAX};
use winlog::{Event, Field};

use crate::support::Rig;

/// 20 kB of text that no other event has.
fn large(number: u64) -> Event {
    Event {
        provider: "Application".to_owned(),
        channel: "Application".to_owned(),
        event_id: 1_000,
        computer: format!("WS{}", number % 300),
        record_id: number + 1,
        time_ns: 1_772_442_904_000_000_000 + number as i64 * 100_000_000,
        data: vec![Field { name: "Text".into(), value: format!("{number:020}").repeat(1_000) }],
        ..Event::default()
    }
}

#[test]
fn a_file_of_any_size_is_held_in_part_only() {
    let rig = Rig::new();
    let n_events = 2 * FLUSH_BYTES as u64 / 20_000;
    let log = rig.log("large.evtx", (0..n_events).map(large));
    let summary = rig.import(&[&log]);
    assert_eq!((summary.rows, summary.stored), (n_events, n_events));
    assert_eq!(rig.ledger.devices.lock().unwrap().len(), 300);
    let held = summary.held_bytes_most;
    assert!(held > FLUSH_BYTES / 2, "{held} bytes: nothing was counted");
    assert!(held <= FLUSH_BYTES + BATCH_BYTES + WAITING_BYTES_MAX + (64 << 10), "{held} bytes were held");
    // What was flushed is in files, and no more waits in the store's memory than between two flushes.
    let again = rig.import(&[&log]);
    assert_eq!((again.n_known, again.events), (1, 0));
}
