//! Damage to the files while the spool is closed: nothing that is readable is lost, and the rest is counted.

use std::path::PathBuf;

use super::*;
use crate::spool::record::{Kind, disk_bytes};

/// A closed spool with rows 1 to 60 in several segments, all sent, and its files in order.
fn closed_spool(dir: &Path) -> Vec<PathBuf> {
    let spool = open_small(dir, 1 << 20, &Faults::default()).expect("open");
    for number in 1..=60 {
        spool.append(&[row(number)]).expect("append");
    }
    flush(&spool);
    drain(&spool, 0);
    drop(spool);
    segments(dir)
}

fn segments(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).expect("list").map(|entry| entry.expect("entry").path());
    let mut paths: Vec<_> = entries.filter(|path| path.extension().is_some_and(|ext| ext == "seg")).collect();
    paths.sort_unstable();
    paths
}

/// Opens, reads everything, and checks that readable and counted make 60; twice, because what was told must not be
/// told again. Returns the rows.
#[track_caller]
fn check(dir: &Path) -> Vec<(u64, Row)> {
    let mut all = Vec::new();
    for _ in 0..2 {
        let spool = open_small(dir, 1 << 20, &Faults::default()).expect("open");
        flush(&spool);
        all = drain_all(&spool, 0);
        check_complete(&all, 0);
        let lost: i64 = losses(&all).iter().map(|(_, count, _)| count.expect("known count")).sum();
        assert_eq!(lost + numbers(&all).len() as i64, 60);
    }
    all
}

#[test]
fn cut_at_every_byte_of_the_newest_segment() {
    let dir = memory_dir();
    let paths = closed_spool(dir.path());
    let newest = std::fs::read(&paths[paths.len() - 1]).expect("read");
    let kept = snapshot(dir.path());
    for len in (0..newest.len()).rev() {
        restore(dir.path(), &kept);
        std::fs::write(&paths[paths.len() - 1], &newest[..len]).expect("cut");
        check(dir.path());
    }
}

#[test]
fn every_byte_of_a_middle_segment_flipped() {
    let dir = memory_dir();
    let paths = closed_spool(dir.path());
    let middle = std::fs::read(&paths[1]).expect("read");
    let kept = snapshot(dir.path());
    // Each byte of the first records, then every third: a place within a record is like the same place in the next.
    for at in (0..300).chain((300..middle.len()).step_by(3)) {
        restore(dir.path(), &kept);
        let mut bytes = middle.clone();
        bytes[at] ^= 1 << (at % 8);
        std::fs::write(&paths[1], &bytes).expect("damage");
        let rows = check(dir.path());
        assert!(numbers(&rows).len() >= 59, "byte {at}: one flipped bit costs one record at most");
    }
}

#[test]
fn unsent_tail_that_was_cut_is_forgotten_and_its_numbers_used_again() {
    let dir = memory_dir();
    let spool = open(dir.path(), 1 << 20);
    spool.append(&rows(1..=10)).expect("append");
    drop(spool);
    let path = segments(dir.path()).remove(0);
    let bytes = std::fs::read(&path).expect("read");
    std::fs::write(&path, &bytes[..bytes.len() - 3]).expect("cut");
    let spool = open(dir.path(), 1 << 20);
    assert_eq!(spool.append(&[row(11)]).expect("append").first_seq, 10);
    flush(&spool);
    let rows = drain_all(&spool, 0);
    assert_eq!(numbers(&rows), (1..=9).chain([11]).collect::<Vec<_>>());
    assert!(losses(&rows).is_empty());
}

#[test]
fn unsent_tail_that_was_damaged_is_told_once() {
    let dir = memory_dir();
    let spool = open(dir.path(), 1 << 20);
    spool.append(&rows(1..=10)).expect("append");
    drop(spool);
    let path = segments(dir.path()).remove(0);
    let mut bytes = std::fs::read(&path).expect("read");
    let last = bytes.len() - 1;
    let kept = snapshot(dir.path());
    // A flip in the last record's body leaves its number readable; one in its header does not.
    let header = bytes.len() - disk_bytes(Kind::Row, &row(10).encode_to_vec());
    for (at, count, range) in [(last, Some(1), Some((10, 10))), (header, None, None)] {
        restore(dir.path(), &kept);
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).expect("damage");
        bytes[at] ^= 1;
        for _ in 0..2 {
            let spool = open(dir.path(), 1 << 20);
            flush(&spool);
            let rows = drain_all(&spool, 0);
            assert_eq!(losses(&rows), [("spool_corrupt".to_owned(), count, range)], "byte {at}");
            check_complete(&rows, 0);
        }
    }
}

#[test]
fn zeroed_page_missing_swapped_and_foreign_segments() {
    let cases: [(&str, Damage); 6] = [
        ("zeroed", |paths| std::fs::write(&paths[1], vec![0; 1_500]).expect("write")),
        ("missing", |paths| std::fs::remove_file(&paths[1]).expect("remove")),
        ("swapped", |paths| {
            let (one, two) = (std::fs::read(&paths[1]).expect("read"), std::fs::read(&paths[2]).expect("read"));
            std::fs::write(&paths[1], two).expect("write");
            std::fs::write(&paths[2], one).expect("write");
        }),
        ("copied", |paths| {
            let copy = paths[0].with_file_name(format!("{:020}-0.seg", 1_000_000));
            std::fs::copy(&paths[0], copy).map(|_| ()).expect("copy");
        }),
        ("copied over", |paths| std::fs::copy(&paths[0], &paths[1]).map(|_| ()).expect("copy")),
        ("empty", |paths| std::fs::write(&paths[1], b"").expect("write")),
    ];
    for (name, damage) in cases {
        let dir = memory_dir();
        let paths = closed_spool(dir.path());
        damage(&paths);
        let rows = check(dir.path());
        assert!(name == "copied" || !losses(&rows).is_empty(), "{name}");
    }
}

#[test]
fn segment_of_another_stream_is_not_sent() {
    let (dir, other) = (memory_dir(), memory_dir());
    closed_spool(dir.path());
    let foreign = closed_spool(other.path());
    let target = dir.path().join(format!("{:020}-0.seg", 500));
    std::fs::copy(&foreign[1], target).expect("copy");
    let spool = open_small(dir.path(), 1 << 20, &Faults::default()).expect("open");
    flush(&spool);
    let rows = drain_all(&spool, 0);
    assert_eq!(numbers(&rows), (1..=60).collect::<Vec<_>>());
    assert_eq!(losses(&rows), [("spool_corrupt".to_owned(), None, None)], "it held events, how many is not known");
}

#[test]
fn lost_marks_keep_the_stream() {
    let dir = memory_dir();
    closed_spool(dir.path());
    let epoch = open(dir.path(), 1 << 20).epoch();
    std::fs::remove_file(dir.path().join("marks")).expect("remove");
    let spool = open(dir.path(), 1 << 20);
    assert_eq!(spool.epoch(), epoch);
    assert_eq!(numbers(&drain(&spool, 0)), (1..=60).collect::<Vec<_>>());
}

#[test]
fn lost_spool_is_a_new_stream() {
    let dir = memory_dir();
    closed_spool(dir.path());
    let epoch = open(dir.path(), 1 << 20).epoch();
    for entry in std::fs::read_dir(dir.path()).expect("list") {
        std::fs::remove_file(entry.expect("entry").path()).expect("remove");
    }
    let spool = open(dir.path(), 1 << 20);
    assert_ne!(spool.epoch(), epoch);
    assert_eq!(spool.append(&[row(1)]).expect("append").first_seq, 1);
}

#[test]
fn damage_while_open_is_counted_when_it_is_read() {
    let dir = memory_dir();
    let spool = open_small(dir.path(), 1 << 20, &Faults::default()).expect("open");
    for number in 1..=150 {
        spool.append(&[row(number)]).expect("append");
    }
    flush(&spool);
    let paths = segments(dir.path());
    let mut bytes = std::fs::read(&paths[1]).expect("read");
    for byte in &mut bytes[100..700] {
        *byte = 0;
    }
    std::fs::write(&paths[1], &bytes).expect("damage");
    std::fs::remove_file(&paths[2]).expect("remove");
    let rows = drain_all(&spool, 0);
    check_complete(&rows, 0);
    let lost: i64 = losses(&rows).iter().filter_map(|(_, count, _)| *count).sum();
    assert!(lost > 10);
    assert_eq!(lost + numbers(&rows).len() as i64, 150);
}

/// Does something to the segment files.
type Damage = fn(&[PathBuf]);

type Snapshot = Vec<(PathBuf, Vec<u8>)>;

fn snapshot(dir: &Path) -> Snapshot {
    let entries = std::fs::read_dir(dir).expect("list").map(|entry| entry.expect("entry").path());
    entries.map(|path| (path.clone(), std::fs::read(path).expect("read"))).collect()
}

fn restore(dir: &Path, snapshot: &Snapshot) {
    for entry in std::fs::read_dir(dir).expect("list") {
        std::fs::remove_file(entry.expect("entry").path()).expect("remove");
    }
    for (path, bytes) in snapshot {
        std::fs::write(path, bytes).expect("write");
    }
}
