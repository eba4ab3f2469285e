//! The queue as it should work: in, durable, out, acknowledged, gone.

use std::time::{Duration, Instant};

use super::*;
use crate::spool::Error;

#[test]
fn rows_come_out_in_order_with_dense_numbers() {
    let dir = tempfile::tempdir().expect("dir");
    let spool = open(dir.path(), 1 << 20);
    let appended = spool.append(&rows(1..=20)).expect("append");
    assert_eq!((appended.first_seq, appended.last_seq), (1, 20));
    let appended = spool.append(&rows(21..=21)).expect("append");
    assert_eq!((appended.first_seq, appended.last_seq), (21, 21));
    flush(&spool);
    let rows = drain(&spool, 0);
    assert_eq!(rows, (1..=21).map(|n| (n, row(n))).collect::<Vec<_>>());
    assert_eq!(drain(&spool, 5)[0].0, 6);
    assert!(drain(&spool, 21).is_empty());
}

#[test]
fn batches_keep_their_limits() {
    let dir = tempfile::tempdir().expect("dir");
    let spool = open(dir.path(), 1 << 20);
    spool.append(&rows(1..=50)).expect("append");
    flush(&spool);
    let one = spool.next_batch(0, 1, 100).expect("batch").expect("some");
    assert_eq!(one.records.len(), 1, "a record over the byte limit still comes alone");
    let batch = spool.next_batch(0, 500, 100).expect("batch").expect("some");
    assert!(batch.records.iter().map(|record| record.len() + 3).sum::<usize>() <= 500);
    assert_eq!(spool.next_batch(0, 1 << 20, 9).expect("batch").expect("some").records.len(), 9);
}

#[test]
fn reopened_spool_goes_on_where_it_was() {
    let dir = tempfile::tempdir().expect("dir");
    let spool = open(dir.path(), 1 << 20);
    let epoch = spool.epoch();
    spool.append(&rows(1..=10)).expect("append");
    flush(&spool);
    drain(&spool, 0);
    spool.ack(4).expect("ack");
    drop(spool);
    let spool = open(dir.path(), 1 << 20);
    assert_eq!((spool.epoch(), spool.stats().acked_seq, spool.stats().n_waiting), (epoch, 4, 6));
    assert_eq!(spool.append(&rows(11..=11)).expect("append").first_seq, 11);
    flush(&spool);
    assert_eq!(numbers(&drain(&spool, 0)), (5..=11).collect::<Vec<_>>());
}

#[test]
fn acknowledged_segments_are_removed() {
    let dir = tempfile::tempdir().expect("dir");
    let spool = open_small(dir.path(), 1 << 20, &Faults::default()).expect("open");
    for number in 1..=100 {
        spool.append(&[row(number)]).expect("append");
    }
    flush(&spool);
    let n_segments = spool.stats().n_segments;
    assert!(n_segments > 3, "{n_segments}");
    drain(&spool, 0);
    spool.ack(99).expect("ack");
    drop(spool);
    let n_files = std::fs::read_dir(dir.path()).expect("list").count();
    assert_eq!(n_files, 3, "marks, lock and the newest segment");
    let spool = open(dir.path(), 1 << 20);
    assert_eq!(numbers(&drain(&spool, 0)), [100]);
}

#[test]
fn number_goes_on_when_everything_is_acknowledged() {
    let dir = tempfile::tempdir().expect("dir");
    for round in 0..3 {
        let spool = open(dir.path(), 1 << 20);
        assert_eq!(spool.append(&[row(round)]).expect("append").first_seq, round + 1);
        flush(&spool);
        drain(&spool, 0);
        spool.ack(round + 1).expect("ack");
    }
    let spool = open(dir.path(), 1 << 20);
    assert_eq!(spool.stats().written_seq, 3);
    assert!(drain(&spool, 0).is_empty());
}

#[test]
fn acknowledgement_of_what_was_never_sent_is_refused() {
    let dir = tempfile::tempdir().expect("dir");
    let spool = open(dir.path(), 1 << 20);
    spool.append(&rows(1..=10)).expect("append");
    flush(&spool);
    let batch = spool.next_batch(0, 1 << 20, 4).expect("batch").expect("some");
    assert!(matches!(spool.ack(5), Err(Error::AckBeyondSent { through: 5, sent: 4 })));
    spool.ack(batch.last_seq()).expect("ack");
    spool.ack(2).expect("an old acknowledgement changes nothing");
    assert_eq!(spool.stats().acked_seq, 4);
}

#[test]
fn refused_record_is_counted_and_passed() {
    let dir = tempfile::tempdir().expect("dir");
    let spool = open(dir.path(), 1 << 20);
    spool.append(&rows(1..=3)).expect("append");
    flush(&spool);
    spool.refuse(2).expect("refuse");
    flush(&spool);
    let rows = drain(&spool, 0);
    assert_eq!(numbers(&rows), [1, 3]);
    assert_eq!(losses(&rows), [("decode_error".to_owned(), Some(1), Some((2, 2)))]);
    check_complete(&rows, 0);
}

#[test]
fn row_over_the_limit_becomes_a_loss() {
    let dir = tempfile::tempdir().expect("dir");
    let spool = open(dir.path(), 64 << 20);
    let mut large = row(1);
    large.set(&col::ADDITIONAL_FIELDS, "x".repeat(wire::RECORD_BYTES_MAX));
    spool.append(&[large, row(2)]).expect("append");
    flush(&spool);
    let rows = drain(&spool, 0);
    assert_eq!(numbers(&rows), [2]);
    assert_eq!(losses(&rows), [("decode_error".to_owned(), Some(1), None)]);
}

#[test]
fn single_event_is_durable_at_once() {
    let dir = tempfile::tempdir().expect("dir");
    let spool = open(dir.path(), 1 << 20);
    assert!(!spool.wait_for_data(0, Duration::ZERO));
    let start = Instant::now();
    spool.append(&[row(1)]).expect("append");
    assert!(spool.wait_for_data(0, TIMEOUT));
    // Far below the grouping interval on an idle machine; the bound only has to hold on a busy one.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(!spool.wait_for_data(1, Duration::ZERO));
}

#[test]
fn appends_of_many_threads_are_all_there() {
    let dir = tempfile::tempdir().expect("dir");
    let spool = open_small(dir.path(), 10 << 20, &Faults::default()).expect("open");
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let spool = &spool;
            scope.spawn(move || {
                for number in 0..250 {
                    let appended = spool.append(&rows(thread * 1_000 + number..=thread * 1_000 + number));
                    appended.expect("append");
                }
            });
        }
    });
    flush(&spool);
    let rows = drain(&spool, 0);
    check_complete(&rows, 0);
    let mut numbers = numbers(&rows);
    numbers.sort_unstable();
    assert_eq!(numbers, (0..4).flat_map(|thread| thread * 1_000..thread * 1_000 + 250).collect::<Vec<_>>());
}

#[test]
fn peek_says_what_the_files_say_beside_a_running_sensor() {
    let dir = tempfile::tempdir().expect("dir");
    let spool_dir = dir.path().join("spool");
    assert_eq!(Spool::peek(&spool_dir).expect("peek"), None);
    let spool = open(&spool_dir, 1 << 20);
    assert_eq!(Spool::peek(&spool_dir).expect("peek").expect("some").written_seq, 0);
    spool.append(&rows(1..=10)).expect("append");
    flush(&spool);
    drain(&spool, 0);
    let peeked = Spool::peek(&spool_dir).expect("peek").expect("some");
    assert_eq!((peeked.epoch, peeked.written_seq, peeked.n_waiting), (spool.epoch(), 10, 10));
    spool.ack(4).expect("ack");
    drop(spool);
    let peeked = Spool::peek(&spool_dir).expect("peek").expect("some");
    assert_eq!((peeked.acked_seq, peeked.n_waiting), (4, 6));
}

#[test]
fn second_process_is_kept_out() {
    let dir = tempfile::tempdir().expect("dir");
    let _spool = open(dir.path(), 1 << 20);
    let second = Spool::open(dir.path(), SpoolLimits::default());
    assert!(matches!(second, Err(Error::Locked { .. })));
}

#[cfg(unix)]
#[test]
fn files_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().expect("dir");
    let spool_dir = dir.path().join("data/spool");
    let spool = open(&spool_dir, 1 << 20);
    spool.append(&[row(1)]).expect("append");
    let mode = |path: &Path| std::fs::metadata(path).expect("metadata").permissions().mode() & 0o777;
    assert_eq!(mode(&spool_dir), 0o700);
    for entry in std::fs::read_dir(&spool_dir).expect("list") {
        let path = entry.expect("entry").path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[cfg(unix)]
#[test]
fn link_in_the_place_of_a_file_is_refused() {
    let dir = tempfile::tempdir().expect("dir");
    let target = dir.path().join("target");
    std::fs::write(&target, "keep").expect("write");
    std::os::unix::fs::symlink(&target, dir.path().join("lock")).expect("link");
    assert!(Spool::open(dir.path(), SpoolLimits::default()).is_err());
    assert_eq!(std::fs::read(&target).expect("read"), b"keep");
}
