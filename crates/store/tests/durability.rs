//! Acknowledged means durable, queryable, and stored once.

use store::{Error, Options, Store};

use crate::support::{DAY_NS, EPOCH, assert_exactly, batch, crash_copy, open, record};

#[test]
fn acknowledged_is_queryable_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for seq in 1..=100 {
        let appended = store.append_wait(batch("d1", seq, 1)).unwrap();
        assert_eq!((appended.through, appended.n_new), (seq, 1));
        assert_exactly(&store.snapshot(), "d1", seq);
    }
}

#[test]
fn acknowledged_survives_a_crash_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("live"));
    for round in 0..10 {
        store.append_wait(batch("d1", round * 10 + 1, 10)).unwrap();
        if round % 3 == 2 {
            store.flush().unwrap();
        }
        let copy = dir.path().join(format!("crash{round}"));
        crash_copy(&dir.path().join("live"), &copy);
        let recovered = open(&copy);
        assert_exactly(&recovered.snapshot(), "d1", round * 10 + 10);
        // The marks came back too: the same batch again is nothing new.
        let again = recovered.append_wait(batch("d1", round * 10 + 1, 10)).unwrap();
        assert_eq!(again.n_new, 0);
    }
}

#[test]
fn resent_overlapping_and_reordered_batches_store_each_row_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for (first_seq, n_records, n_new) in [(1, 10, 10), (1, 10, 0), (5, 10, 4), (5, 20, 10), (40, 10, 10), (20, 25, 15)]
    {
        let appended = store.append_wait(batch("d1", first_seq, n_records)).unwrap();
        assert_eq!(appended.n_new, n_new, "batch at {first_seq}");
    }
    assert_exactly(&store.snapshot(), "d1", 49);
    assert!(store.streams("d1")[0].holes.is_empty());
}

#[test]
fn a_hole_is_known_until_it_is_filled() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append_wait(batch("d1", 1, 5)).unwrap();
    store.append_wait(batch("d1", 11, 5)).unwrap();
    let streams = store.streams("d1");
    assert_eq!((streams[0].epoch, streams[0].contiguous), (EPOCH, 5));
    assert_eq!((streams[0].holes[0].from, streams[0].holes[0].to), (6, 10));
    store.append_wait(batch("d1", 6, 5)).unwrap();
    assert_eq!(store.streams("d1")[0].contiguous, 15);
}

#[test]
fn devices_and_epochs_do_not_mix() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append_wait(batch("d1", 1, 3)).unwrap();
    assert_eq!(store.append_wait(batch("d2", 1, 3)).unwrap().n_new, 3);
    let mut other = batch("d1", 1, 3);
    other.epoch = 2;
    assert_eq!(store.append_wait(other).unwrap().n_new, 3);
}

#[test]
fn flush_moves_rows_to_files_and_keeps_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append_wait(batch("d1", 1, 500)).unwrap();
    let before = store.snapshot();
    store.flush().unwrap();
    let stats = store.stats();
    assert_eq!((stats.n_fresh_rows, stats.n_file_rows, stats.n_files), (0, 500, 1));
    assert_exactly(&store.snapshot(), "d1", 500);
    // A query that began before the flush sees the same.
    assert_exactly(&before, "d1", 500);
    drop(store);
    assert_exactly(&open(dir.path()).snapshot(), "d1", 500);
}

#[test]
fn rows_of_several_days_go_to_several_partitions() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut append = batch("d1", 1, 3);
    append.records[1] = crate::support::record(crate::support::DAY_NS - 1, "yesterday");
    append.records[2] = crate::support::record(-1, "before 1970");
    store.append_wait(append).unwrap();
    store.flush().unwrap();
    let days: Vec<String> = store.rows_by_day().into_keys().collect();
    assert_eq!(days, ["1969-12-31", "2026-11-23", "2026-11-24"]);
}

#[test]
fn a_record_that_is_no_row_becomes_a_counted_gap() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut append = batch("d1", 1, 3);
    append.records[1] = vec![0xff; 20];
    assert_eq!(store.append_wait(append).unwrap().n_new, 3);
    assert_exactly(&store.snapshot(), "d1", 3);
}

#[test]
fn bad_batches_are_refused_with_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for append in [batch("d1", 1, 0), batch("d1", 0, 1), batch("d1", i64::MAX as u64 - 1, 0)] {
        assert!(matches!(store.append_wait(append), Err(Error::BadBatch(_))));
    }
    let mut overflow = batch("d1", 1, 2);
    overflow.first_seq = u64::MAX;
    assert!(matches!(store.append_wait(overflow), Err(Error::BadBatch(_))));
}

#[test]
fn a_second_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let _store = open(dir.path());
    let second = Store::open(&Options { dir: dir.path().to_owned() });
    assert!(matches!(second, Err(Error::Locked { .. })));
}

#[test]
fn a_newer_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    std::fs::write(dir.path().join("format"), "99\n").unwrap();
    let newer = Store::open(&Options { dir: dir.path().to_owned() });
    assert!(matches!(newer, Err(Error::NewerFormat { found: 99, .. })));
}

#[test]
fn parallel_appends_are_all_stored() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    std::thread::scope(|scope| {
        for thread_idx in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for round in 0..25 {
                    let device = format!("d{thread_idx}");
                    assert_eq!(store.append_wait(batch(&device, round * 4 + 1, 4)).unwrap().n_new, 4);
                }
            });
        }
    });
    assert_eq!(crate::support::event_counts(&store.snapshot()).len(), 800);
}

#[test]
fn a_long_log_is_flushed_after_the_start_that_replayed_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("live"));
    let mut append = batch("d1", 1, 100);
    let long = "x".repeat(store::limits::REPLAYED_BYTES_MAX as usize / 100);
    append.records = (1..=100).map(|seq| record(DAY_NS + seq, &long)).collect();
    store.append_wait(append).unwrap();
    crash_copy(&dir.path().join("live"), &dir.path().join("crash"));
    let recovered = open(&dir.path().join("crash"));
    for _ in 0..1_000 {
        if recovered.stats().n_fresh_rows == 0 {
            break;
        }
        recovered.wait_for_change(0, std::time::Duration::from_millis(10));
    }
    assert_exactly(&recovered.snapshot(), "d1", 100);
    crash_copy(&dir.path().join("crash"), &dir.path().join("second"));
    let stats = open(&dir.path().join("second")).stats();
    assert_eq!((stats.n_file_rows, stats.n_fresh_rows), (100, 0), "nothing to replay at the second start");
}
