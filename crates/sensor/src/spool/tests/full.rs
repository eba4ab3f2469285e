//! Limits: the spool's own, and the disk's.

use super::*;
use crate::spool::Error;

#[test]
fn oldest_segments_go_and_are_counted() {
    let dir = memory_dir();
    let spool = open_small(dir.path(), 20_000, &Faults::default()).expect("open");
    for number in 1..=2_000 {
        spool.append(&[row(number)]).expect("append");
        assert!(spool.stats().bytes <= 22_000, "{}", spool.stats().bytes);
    }
    flush(&spool);
    let rows = drain(&spool, 0);
    check_complete(&rows, 0);
    let lost: i64 = losses(&rows).iter().map(|(_, count, _)| count.expect("count")).sum();
    assert_eq!(lost + numbers(&rows).len() as i64, 2_000);
    assert_eq!(numbers(&rows).last(), Some(&2_000), "the newest stay");
    assert!(losses(&rows).iter().all(|(reason, ..)| reason == "spool_evicted"));
    assert!(losses(&rows).len() < 40, "neighbouring evictions become one row: {}", losses(&rows).len());
}

#[test]
fn evicted_window_has_times() {
    let dir = memory_dir();
    let spool = open_small(dir.path(), 6_000, &Faults::default()).expect("open");
    for number in 1..=200 {
        spool.append(&[row(number)]).expect("append");
    }
    flush(&spool);
    let rows = drain(&spool, 0);
    let times = |column| rows.iter().filter_map(move |(_, row)| row.number(column));
    let last_lost = numbers(&rows)[0] as i64 - 1;
    assert_eq!(times(&col::FIRST_SEEN).min(), Some(1_000));
    assert_eq!(times(&col::LAST_SEEN).max(), Some(last_lost * 1_000));
    assert_eq!(times(&col::LOST_COUNT).sum::<i64>(), last_lost);
}

#[test]
fn losses_of_other_reasons_survive_eviction() {
    let dir = memory_dir();
    let spool = open_small(dir.path(), 8_000, &Faults::default()).expect("open");
    let mut dropped = Row::new();
    dropped
        .set(&col::ACTION_TYPE, "EventsLost")
        .set(&col::GAP_REASON, "kernel_drop")
        .set(&col::LOST_COUNT, 7)
        .set(&col::ADDITIONAL_FIELDS, r#"{"kind":"file"}"#);
    for number in 1..=600 {
        spool.append(&[row(number)]).expect("append");
        if number % 10 == 0 {
            spool.append(std::slice::from_ref(&dropped)).expect("append");
        }
    }
    flush(&spool);
    let rows = drain(&spool, 0);
    check_complete(&rows, 0);
    let sum = |reason: &str| -> i64 {
        losses(&rows).iter().filter(|(other, ..)| other == reason).filter_map(|(_, count, _)| *count).sum()
    };
    assert_eq!(sum("kernel_drop"), 7 * 60);
    assert_eq!(sum("spool_evicted") + numbers(&rows).len() as i64, 600);
}

#[test]
fn what_may_be_on_its_way_is_evicted_last() {
    let dir = memory_dir();
    let spool = open_small(dir.path(), 10_000, &Faults::default()).expect("open");
    spool.append(&rows(1..=5)).expect("append");
    flush(&spool);
    let batch = spool.next_batch(0, 1 << 20, 5).expect("batch").expect("some");
    for number in 6..=500 {
        spool.append(&[row(number)]).expect("append");
    }
    flush(&spool);
    spool.ack(batch.last_seq()).expect("ack");
    let rows = drain(&spool, 5);
    let lost: i64 = losses(&rows).iter().filter_map(|(_, count, _)| *count).sum();
    assert_eq!(lost + numbers(&rows).len() as i64, 495);
}

#[test]
fn eviction_interrupted_by_a_crash_counts_once() {
    let dir = memory_dir();
    let kept = dir.path().join("kept");
    let spool_dir = dir.path().join("spool");
    let spool = open_small(&spool_dir, 1 << 20, &Faults::default()).expect("open");
    for number in 1..=200 {
        spool.append(&[row(number)]).expect("append");
    }
    drop(spool);
    copy(&spool_dir, &kept);
    let spool = open_small(&spool_dir, 6_000, &Faults::default()).expect("open");
    spool.append(&[row(201)]).expect("append");
    drop(spool);
    // The gap row is there, and so are the files again: the state just before their removal.
    for entry in std::fs::read_dir(&kept).expect("list") {
        let path = entry.expect("entry").path();
        let to = spool_dir.join(path.file_name().expect("name"));
        if !to.exists() {
            std::fs::copy(&path, &to).expect("copy");
        }
    }
    let spool = open_small(&spool_dir, 1 << 20, &Faults::default()).expect("open");
    flush(&spool);
    let rows = drain_all(&spool, 0);
    check_complete(&rows, 0);
    let lost: i64 = losses(&rows).iter().filter_map(|(_, count, _)| *count).sum();
    assert_eq!(lost + numbers(&rows).len() as i64, 201);
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("create");
    for entry in std::fs::read_dir(from).expect("list") {
        let path = entry.expect("entry").path();
        std::fs::copy(&path, to.join(path.file_name().expect("name"))).expect("copy");
    }
}

#[test]
fn full_disk_is_survived_and_counted() {
    let dir = memory_dir();
    let faults = Faults::default();
    let spool = open_small(dir.path(), 1 << 20, &faults).expect("open");
    spool.append(&rows(1..=10)).expect("append");
    faults.set_full(true);
    for number in 11..=100 {
        assert!(matches!(spool.append(&[row(number)]), Err(Error::DiskFull { .. })), "{number}");
    }
    assert_eq!(spool.stats().n_pending_losses, 1);
    faults.set_full(false);
    let appended = spool.append(&rows(101..=110)).expect("space is back");
    assert_eq!((appended.first_seq, appended.last_seq), (12, 21));
    flush(&spool);
    let rows = drain(&spool, 0);
    assert_eq!(numbers(&rows), (1..=10).chain(101..=110).collect::<Vec<_>>());
    assert_eq!(losses(&rows), [("disk_full".to_owned(), Some(90), None)]);
    let loss = &rows[10].1;
    assert_eq!((loss.number(&col::FIRST_SEEN), loss.number(&col::LAST_SEEN)), (Some(11_000), Some(100_000)));
    check_complete(&rows, 0);
}

#[test]
fn full_disk_is_told_without_another_event() {
    let dir = memory_dir();
    let faults = Faults::default();
    let spool = open_small(dir.path(), 1 << 20, &faults).expect("open");
    faults.set_full(true);
    spool.append(&rows(1..=3)).expect_err("full");
    faults.set_full(false);
    assert!(spool.wait_for_data(0, TIMEOUT), "the flusher tells it");
    assert_eq!(losses(&drain(&spool, 0)), [("disk_full".to_owned(), Some(3), None)]);
}

#[test]
fn full_disk_is_told_after_a_restart_once() {
    let dir = memory_dir();
    let faults = Faults::default();
    let spool = open_small(dir.path(), 1 << 20, &faults).expect("open");
    spool.append(&rows(1..=5)).expect("append");
    faults.set_full(true);
    spool.append(&rows(6..=9)).expect_err("full");
    spool.append(&rows(10..=12)).expect_err("full");
    drop(spool);
    for _ in 0..2 {
        let spool = open(dir.path(), 1 << 20);
        flush(&spool);
        let rows = drain(&spool, 0);
        assert_eq!(numbers(&rows), (1..=5).collect::<Vec<_>>());
        assert_eq!(losses(&rows), [("disk_full".to_owned(), Some(7), None)]);
    }
}

#[test]
fn acknowledgement_frees_a_full_disk() {
    let dir = memory_dir();
    let faults = Faults::default();
    let spool = open_small(dir.path(), 1 << 20, &faults).expect("open");
    for number in 1..=100 {
        spool.append(&[row(number)]).expect("append");
    }
    flush(&spool);
    drain(&spool, 0);
    faults.set_full(true);
    spool.append(&[row(101)]).expect_err("full");
    spool.ack(100).expect("ack");
    drop(spool);
    let spool = open(dir.path(), 1 << 20);
    assert_eq!(spool.stats().acked_seq, 100);
    assert!(spool.stats().n_segments <= 2, "the last one of then, and one for the row about the full disk");
}

#[test]
fn failed_sync_stops_everything() {
    let dir = memory_dir();
    let faults = Faults::default();
    let spool = open_small(dir.path(), 1 << 20, &faults).expect("open");
    spool.append(&rows(1..=10)).expect("append");
    flush(&spool);
    faults.set_sync_fails();
    spool.append(&rows(11..=20)).expect("the write itself works");
    let poisoned = |error| matches!(error, Error::Poisoned { .. });
    assert!(spool.flush(TIMEOUT).is_err_and(poisoned));
    assert!(spool.append(&rows(21..=21)).is_err_and(poisoned));
    assert!(spool.next_batch(0, 1, 1).is_err_and(poisoned));
    assert!(spool.ack(0).is_err_and(poisoned));
    assert!(!spool.wait_for_data(0, TIMEOUT));
}
