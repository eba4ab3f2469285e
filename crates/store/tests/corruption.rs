//! Damaged files: detected or harmless, later records kept, nothing panics.

use store::{Error, Options, Store, fsck};

use crate::support::{assert_exactly, batch, crash_copy, event_counts, open};

/// A crashed store with ten batches of one row in its only segment, and the segment's path.
fn crashed(dir: &std::path::Path) -> std::path::PathBuf {
    let store = open(&dir.join("live"));
    for seq in 1..=10 {
        store.append_wait(batch("d1", seq, 1)).unwrap();
    }
    crash_copy(&dir.join("live"), &dir.join("crash"));
    dir.join("crash/wal/000000000001.wal")
}

#[test]
fn truncation_at_every_byte_keeps_a_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let segment = crashed(dir.path());
    let bytes = std::fs::read(&segment).unwrap();
    let crash = dir.path().join("crash");
    let mut n_before = 10;
    for len in (0..bytes.len()).rev().step_by(7) {
        std::fs::remove_dir_all(crash.join("wal")).unwrap();
        std::fs::create_dir(crash.join("wal")).unwrap();
        std::fs::write(&segment, &bytes[..len]).unwrap();
        let store = open(&crash);
        let counts = event_counts(&store.snapshot());
        let n_now = counts.len() as u64;
        assert!(n_now <= n_before, "{len} bytes");
        assert_exactly(&store.snapshot(), "d1", n_now);
        n_before = n_now;
        // Without this, closing would flush and the next round would start from files.
        std::mem::forget(store);
        std::fs::remove_file(crash.join("lock")).unwrap();
    }
    assert_eq!(n_before, 0);
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let segment = crashed(dir.path());
    let bytes = std::fs::read(&segment).unwrap();
    let crash = dir.path().join("crash");
    for at in (0..bytes.len()).step_by(11) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        std::fs::remove_dir_all(crash.join("wal")).unwrap();
        std::fs::create_dir(crash.join("wal")).unwrap();
        std::fs::write(&segment, &damaged).unwrap();
        match Store::open(&Options { dir: crash.clone() }) {
            Err(Error::Corrupt { .. } | Error::NewerFormat { .. }) => assert!(at < 32, "header only, not {at}"),
            Err(error) => panic!("{at}: {error}"),
            Ok(store) => {
                for (id, count) in event_counts(&store.snapshot()) {
                    assert_eq!(count, 1, "{id} with byte {at} flipped");
                    let seq: u64 = id.rsplit(':').next().unwrap().parse().unwrap();
                    assert!((1..=10).contains(&seq), "{id} invented");
                }
                std::mem::forget(store);
                std::fs::remove_file(crash.join("lock")).unwrap();
            }
        }
    }
}

#[test]
fn a_damaged_record_in_the_middle_costs_only_itself() {
    let dir = tempfile::tempdir().unwrap();
    let segment = crashed(dir.path());
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = find(&bytes, b"run 5").unwrap();
    bytes[at] = b'X';
    std::fs::write(&segment, &bytes).unwrap();
    let report = fsck(&dir.path().join("crash")).unwrap();
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    let store = open(&dir.path().join("crash"));
    assert_eq!(event_counts(&store.snapshot()).len(), 9);
    let holes = &store.streams("d1")[0].holes;
    assert_eq!((holes[0].from, holes[0].to), (5, 5), "the loss is known");
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[test]
fn fsck_names_a_damaged_column_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append_wait(batch("d1", 1, 100)).unwrap();
    store.flush().unwrap();
    let snapshot = store.snapshot();
    let path = snapshot.file_path(&snapshot.files[0]);
    drop(store);
    assert_eq!(fsck(dir.path()).unwrap().problems, Vec::<String>::new());
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle..middle + 64].fill(0xaa);
    std::fs::write(&path, bytes).unwrap();
    let report = fsck(dir.path()).unwrap();
    assert_eq!(report.problems.len(), 1);
    assert!(report.problems[0].contains(".parquet"), "{:?}", report.problems);
}

#[test]
fn files_without_a_commit_are_removed_at_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append_wait(batch("d1", 1, 10)).unwrap();
    store.flush().unwrap();
    drop(store);
    let orphan = dir.path().join("events/day=2026-11-24/000000000999.parquet");
    std::fs::write(&orphan, b"half a file").unwrap();
    assert_exactly(&open(dir.path()).snapshot(), "d1", 10);
    assert!(!orphan.exists());
}
