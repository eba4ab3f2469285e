//! Figures about the store's size, and what retention takes when rows come late or out of order.

use std::time::Duration;

use store::{Eagerness, Retention};

use crate::support::{DAY_NS, assert_exactly, batch, event_counts, open, record};

const NS_PER_DAY: i64 = 86_400_000_000_000;

#[test]
fn shares_of_days_and_devices_are_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for (device, first_seq, n_rows) in [("d1", 1, 100), ("d2", 1, 300), ("d3", 1, 1), ("d1", 101, 50)] {
        let mut append = batch(device, first_seq, n_rows);
        if first_seq == 101 {
            append.records.iter_mut().for_each(|it| *it = record(DAY_NS - 1, "the day before"));
        }
        store.append_wait(append).unwrap();
        if device != "d1" {
            store.flush().unwrap();
        }
    }
    let mut n_progress = 0;
    let usage = store.usage(|done, all| {
        n_progress += 1;
        assert!(done <= all);
    });
    let usage = usage.unwrap();
    assert_eq!(n_progress, usage.files.n_files);
    assert_eq!((usage.files.n_rows, usage.n_fresh_rows), (401, 50));
    store.flush().unwrap();
    for _ in 0..2 {
        let usage = store.usage(|_, _| {}).unwrap();
        let rows = |shares: &std::collections::BTreeMap<String, store::Share>| {
            shares.iter().map(|(name, share)| (name.clone(), share.n_rows)).collect::<Vec<_>>()
        };
        assert_eq!(rows(&usage.days), [("2026-11-23".to_owned(), 50), ("2026-11-24".to_owned(), 401)]);
        assert_eq!(rows(&usage.devices), [("d1".to_owned(), 150), ("d2".to_owned(), 300), ("d3".to_owned(), 1)]);
        assert_eq!(usage.days.values().map(|share| share.bytes).sum::<u64>(), usage.files.bytes);
        assert_eq!(usage.devices.values().map(|share| share.bytes).sum::<u64>(), usage.files.bytes);
        assert_eq!(usage.files.bytes, store.stats().file_bytes);
        assert_eq!(usage.oldest_us, Some((DAY_NS - 1).div_euclid(1_000)));
        assert_eq!(usage.newest_us, Some((DAY_NS + 300 * 1_000_001) / 1_000));
        assert!(usage.log_bytes > 0 && usage.free_bytes.is_some());
        store.compact(Eagerness::All, |_| {}).unwrap();
    }
    let usage = store.usage(|_, _| {}).unwrap();
    assert_eq!(usage.n_dead_files, 2, "what the merge has replaced waits for vacuum");
    store.vacuum(Duration::ZERO).unwrap();
    assert_eq!(store.usage(|_, _| {}).unwrap().n_dead_files, 0);
}

#[test]
fn a_file_that_is_gone_is_named_and_the_rest_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for round in 0..2 {
        // Two devices, so that the file has to be opened.
        store.append_wait(batch("d1", round * 10 + 1, 10)).unwrap();
        store.append_wait(batch("d2", round * 10 + 1, 10)).unwrap();
        store.flush().unwrap();
    }
    let snapshot = store.snapshot();
    std::fs::remove_file(snapshot.file_path(&snapshot.files[0])).unwrap();
    let usage = store.usage(|_, _| {}).unwrap();
    assert_eq!(usage.problems.len(), 1);
    assert!(usage.problems[0].contains(&snapshot.files[0].path), "{:?}", usage.problems);
    assert_eq!(usage.devices["d1"].n_rows, 10);
    assert_eq!(usage.files.n_rows, 40, "what the log says");
}

#[test]
fn retention_keeps_late_rows_and_takes_old_arrivals_whatever_time_they_name() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let now_ns = store_now_ns();
    let arrived = |first_seq: u64, days_ago: i64, event_days_ago: i64| {
        let mut append = batch("d1", first_seq, 10);
        append.received_ns = now_ns - days_ago * NS_PER_DAY;
        // Out of order: the latest number happened first.
        for (idx, bytes) in append.records.iter_mut().enumerate() {
            *bytes = record(now_ns - event_days_ago * NS_PER_DAY - idx as i64 * 1_000, "x");
        }
        append
    };
    // Received today, happened a year ago; received and happened long ago; received long ago, "happens" next year.
    for (first_seq, days_ago, event_days_ago) in [(21, 0, 365), (1, 100, 100), (11, 100, -365), (31, 0, 0)] {
        store.append_wait(arrived(first_seq, days_ago, event_days_ago)).unwrap();
        store.flush().unwrap();
    }
    store.compact(Eagerness::All, |_| {}).unwrap();
    let keep = Retention { age: Some(Duration::from_secs(90 * 86_400)), bytes_max: None };
    assert!(store.retain(keep).unwrap() >= 2);
    store.vacuum(Duration::ZERO).unwrap();
    let ids: Vec<String> = event_counts(&store.snapshot()).into_keys().collect();
    assert_eq!(ids.len(), 20);
    assert!((21..=40).all(|seq| ids.contains(&crate::support::id("d1", seq))), "{ids:?}");
    assert_eq!(store.retain(keep).unwrap(), 0);
    // What retention took is not stored again when its sensor sends it again.
    assert_eq!(store.append_wait(arrived(1, 0, 100)).unwrap().n_new, 0);
    drop(store);
    assert_eq!(event_counts(&open(dir.path()).snapshot()).len(), 20);
}

#[test]
fn rows_of_one_batch_that_come_late_keep_the_others_company_only_for_their_own_day() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append_wait(batch("d1", 1, 10)).unwrap();
    store.flush().unwrap();
    // A resent part with a later arrival: only its new numbers are rows of the later arrival.
    let mut late = batch("d1", 6, 10);
    late.received_ns += 40 * NS_PER_DAY;
    assert_eq!(store.append_wait(late).unwrap().n_new, 5);
    store.flush().unwrap();
    store.compact(Eagerness::All, |_| {}).unwrap();
    assert_exactly(&store.snapshot(), "d1", 15);
    assert_eq!(store.retain_after(DAY_NS / 1_000 + 1).unwrap(), 1);
    let ids: Vec<String> = event_counts(&store.snapshot()).into_keys().collect();
    assert_eq!(ids.len(), 5);
    assert!((11..=15).all(|seq| ids.contains(&crate::support::id("d1", seq))));
}

fn store_now_ns() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_nanos()).unwrap()
}
