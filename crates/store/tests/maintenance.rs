//! Compaction, retention, vacuum and checkpoints change files, never rows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use store::{Eagerness, Error, Options, Retention, Store, fsck};

use crate::support::{DAY_NS, Random, all_rows, assert_exactly, assert_sorted, batch, crash_copy, event_counts, open};

const NOW: Duration = Duration::ZERO;

/// A store with `n_files` files of ten rows each.
fn store_of_files(dir: &Path, n_files: u64) -> Store {
    let store = open(dir);
    for file_idx in 0..n_files {
        store.append_wait(batch("d1", file_idx * 10 + 1, 10)).unwrap();
        store.flush().unwrap();
    }
    store
}

fn column_files(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for day in std::fs::read_dir(dir.join("events")).unwrap() {
        let day = day.unwrap();
        if day.file_name().to_string_lossy().starts_with("day=") {
            files.extend(std::fs::read_dir(day.path()).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    files.sort();
    files
}

#[test]
fn many_files_become_one_with_the_same_rows() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_of_files(dir.path(), 40);
    let before = store.snapshot();
    let compacted = store.compact(Eagerness::All, |_| {}).unwrap();
    assert_eq!((compacted.n_merges, compacted.n_files), (2, 32 + 9));
    assert_eq!(store.stats().n_files, 1);
    assert_exactly(&store.snapshot(), "d1", 400);
    assert_exactly(&before, "d1", 400);
    assert_eq!(all_rows(&store.snapshot()), all_rows(&before));
    assert_eq!(store.compact(Eagerness::All, |_| {}).unwrap().n_merges, 0, "nothing left to do");
    drop(store);
    assert_eq!(fsck(dir.path()).unwrap().problems, Vec::<String>::new());
    assert_exactly(&open(dir.path()).snapshot(), "d1", 400);
}

#[test]
fn random_rows_of_many_devices_keep_their_order_and_their_columns() {
    let mut random = Random(17);
    for _ in 0..6 {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        let mut next_seq = [1; 5];
        for _ in 0..4 + random.below(12) {
            for _ in 0..1 + random.below(4) {
                let device = random.below(5) as usize;
                let n_rows = 1 + random.below(300);
                let mut append = batch(&format!("d{device}"), next_seq[device], n_rows);
                next_seq[device] += n_rows;
                for record in &mut append.records {
                    // Late and out of order, on two days, sometimes at the same instant.
                    let time_ns = DAY_NS - 2_000_000 + random.below(4_000) as i64 * 1_000;
                    *record = crate::support::random_record(&mut random, time_ns);
                }
                store.append_wait(append).unwrap();
            }
            store.flush().unwrap();
        }
        let before = store.snapshot();
        store.compact(Eagerness::All, |_| {}).unwrap();
        assert_eq!(store.stats().n_files, 2, "one for each day");
        assert_eq!(all_rows(&store.snapshot()), all_rows(&before));
        assert_sorted(&before);
        assert_sorted(&store.snapshot());
    }
}

#[test]
fn a_running_query_keeps_its_files_and_vacuum_takes_them_after() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_of_files(dir.path(), 8);
    let running = store.snapshot();
    store.compact(Eagerness::WhenWorthwhile, |_| {}).unwrap();
    assert_eq!(store.stats().n_files, 1);
    assert_eq!(store.vacuum(NOW).unwrap().n_kept, 8);
    // A later snapshot does not need the old files, but does not free them either.
    let later = store.snapshot();
    assert_eq!(store.vacuum(NOW).unwrap().n_files, 0);
    assert_exactly(&running, "d1", 80);
    drop(running);
    assert_eq!(store.vacuum(Duration::from_secs(3_600)).unwrap().n_kept, 8, "the grace time of other engines");
    let vacuumed = store.vacuum(NOW).unwrap();
    assert_eq!((vacuumed.n_files, vacuumed.n_kept), (8, 0));
    assert_exactly(&later, "d1", 80);
    assert_eq!(column_files(dir.path()).len(), 1);
}

#[test]
fn files_in_their_grace_time_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    drop({
        let store = store_of_files(dir.path(), 8);
        store.compact(Eagerness::All, |_| {}).unwrap();
        store.checkpoint().unwrap();
        store
    });
    let store = open(dir.path());
    assert_eq!(column_files(dir.path()).len(), 9);
    assert_eq!(store.vacuum(NOW).unwrap().n_files, 8);
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.vacuum(NOW).unwrap(), store::Vacuumed::default(), "gone is gone");
    assert_exactly(&store.snapshot(), "d1", 80);
}

#[test]
fn retention_goes_by_the_time_of_receipt_and_spares_running_queries() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append_wait(batch("d1", 1, 10)).unwrap();
    store.flush().unwrap();
    let received_us = DAY_NS / 1_000;
    assert_eq!(store.retain_after(received_us).unwrap(), 0);
    let running = store.snapshot();
    assert_eq!(store.retain_after(received_us + 1).unwrap(), 1);
    assert_eq!(store.stats().n_files, 0);
    store.vacuum(NOW).unwrap();
    assert_exactly(&running, "d1", 10);
    let path = running.file_path(&running.files[0]);
    drop(running);
    assert_eq!(store.vacuum(NOW).unwrap().n_files, 1);
    assert!(!path.exists(), "deleted once nobody reads it");
    assert_eq!(store.append_wait(batch("d1", 1, 10)).unwrap().n_new, 0, "marks outlive the rows");
}

#[test]
fn retention_by_bytes_takes_what_was_received_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for day in 0..5 {
        let mut append = batch("d1", day * 10 + 1, 10);
        append.received_ns += day as i64 * 86_400_000_000_000;
        store.append_wait(append).unwrap();
        store.flush().unwrap();
    }
    let file_bytes = store.stats().file_bytes;
    let by_bytes = |bytes_max| Retention { bytes_max: Some(bytes_max), age: None };
    assert_eq!(store.retain(by_bytes(file_bytes)).unwrap(), 0);
    assert_eq!(store.retain(by_bytes(file_bytes - 1)).unwrap(), 1);
    assert_eq!(store.retain(by_bytes(file_bytes / 2)).unwrap(), 2);
    let ids: Vec<String> = event_counts(&store.snapshot()).into_keys().collect();
    assert_eq!(ids.len(), 20);
    assert!((31..=50).all(|seq| ids.contains(&crate::support::id("d1", seq))), "the newest stay");
}

#[test]
fn late_rows_do_not_keep_the_rows_of_their_day() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_of_files(dir.path(), 4);
    let mut late = batch("d1", 41, 10);
    late.received_ns += 30 * 86_400_000_000_000;
    store.append_wait(late).unwrap();
    store.flush().unwrap();
    store.compact(Eagerness::All, |_| {}).unwrap();
    assert_eq!(store.stats().n_files, 2, "the late file stays apart");
    assert_eq!(store.retain_after(DAY_NS / 1_000 + 1).unwrap(), 1);
    assert_eq!(event_counts(&store.snapshot()).len(), 10);
}

#[test]
fn a_damaged_file_is_not_made_good_by_a_merge() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_of_files(dir.path(), 5);
    let files = column_files(dir.path());
    let mut bytes = std::fs::read(&files[2]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&files[2], bytes).unwrap();
    std::fs::remove_file(&files[3]).unwrap();
    store.compact(Eagerness::All, |_| {}).unwrap();
    assert_eq!(store.stats().n_files, 3, "one merged, one damaged, one missing");
    drop(store);
    assert_eq!(fsck(dir.path()).unwrap().problems.len(), 2);
}

#[test]
fn a_start_reads_the_checkpoint_and_the_commits_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_of_files(dir.path(), 6);
    assert_eq!(store.checkpoint().unwrap(), Some(6));
    assert_eq!(store.checkpoint().unwrap(), None, "nothing new");
    store.append_wait(batch("d1", 61, 10)).unwrap();
    store.flush().unwrap();
    drop(store);
    let log = dir.path().join("events/_delta_log");
    for version in 0..=6 {
        std::fs::remove_file(log.join(format!("{version:020}.json"))).unwrap();
    }
    let store = open(dir.path());
    assert_exactly(&store.snapshot(), "d1", 70);
    assert_eq!(store.append_wait(batch("d1", 1, 70)).unwrap().n_new, 0);
}

#[test]
fn a_damaged_checkpoint_falls_back_to_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_of_files(dir.path(), 3);
    store.checkpoint().unwrap();
    store.append_wait(batch("d1", 31, 10)).unwrap();
    store.flush().unwrap();
    store.checkpoint().unwrap();
    store.append_wait(batch("d1", 41, 10)).unwrap();
    store.flush().unwrap();
    drop(store);
    let log = dir.path().join("events/_delta_log");
    assert!(!log.join("00000000000000000002.json").exists(), "the log before the first checkpoint is gone");
    let newest = log.join("00000000000000000004.checkpoint.parquet");
    let mut bytes = std::fs::read(&newest).unwrap();
    let len = bytes.len();
    bytes[len / 4..].fill(0);
    std::fs::write(&newest, bytes).unwrap();
    assert_eq!(fsck(dir.path()).unwrap().problems.len(), 1);
    assert_exactly(&open(dir.path()).snapshot(), "d1", 50);
}

#[test]
fn a_torn_checkpoint_falls_back_wherever_it_is_torn() {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("live");
    let store = store_of_files(&live, 3);
    store.checkpoint().unwrap();
    store.append_wait(batch("d1", 31, 10)).unwrap();
    store.flush().unwrap();
    store.checkpoint().unwrap();
    drop(store);
    let newest = "events/_delta_log/00000000000000000004.checkpoint.parquet";
    let bytes = std::fs::read(live.join(newest)).unwrap();
    for (idx, len) in (0..bytes.len()).step_by(bytes.len() / 12).enumerate() {
        let copy = dir.path().join(format!("torn{idx}"));
        crash_copy(&live, &copy);
        std::fs::write(copy.join(newest), &bytes[..len]).unwrap();
        // Whatever the pointer says: we go by what is there.
        std::fs::write(copy.join("events/_delta_log/_last_checkpoint"), b"{\"version\":").unwrap();
        assert_eq!(fsck(&copy).unwrap().problems.len(), 1, "{len} bytes");
        let store = open(&copy);
        assert_exactly(&store.snapshot(), "d1", 40);
        // The next one replaces it, pointer and all.
        store.append_wait(batch("d1", 41, 10)).unwrap();
        store.flush().unwrap();
        assert!(store.checkpoint().unwrap().is_some());
        drop(store);
        assert_exactly(&open(&copy).snapshot(), "d1", 50);
        std::fs::remove_dir_all(copy).unwrap();
    }
}

#[test]
fn without_any_checkpoint_that_can_be_read_the_table_is_refused_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_of_files(dir.path(), 3);
    for round in 3..6 {
        store.checkpoint().unwrap();
        store.append_wait(batch("d1", round * 10 + 1, 10)).unwrap();
        store.flush().unwrap();
    }
    drop(store);
    let log = dir.path().join("events/_delta_log");
    for entry in std::fs::read_dir(&log).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            std::fs::write(path, b"PAR1").unwrap();
        }
    }
    let files = column_files(dir.path());
    let refused = Store::open(&Options { dir: dir.path().to_owned() }).err().unwrap();
    assert!(matches!(refused, Error::Corrupt { .. }), "{refused}");
    let refused = refused.to_string();
    assert!(refused.contains(".json is corrupt") && refused.contains("restore it or a checkpoint"), "{refused}");
    assert_eq!(column_files(dir.path()), files, "nothing is taken for a leftover");
}

#[test]
fn a_checkpoint_of_a_newer_writer_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    drop(store_of_files(dir.path(), 2));
    // The state with a newer protocol, as another program would write it after an upgrade of the table.
    let newer = dir.path().join("events/_delta_log/00000000000000000003.json");
    std::fs::write(
        &newer,
        r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["v2Checkpoint"]}}"#,
    )
    .unwrap();
    let problems = [
        Store::open(&Options { dir: dir.path().to_owned() }).err().unwrap().to_string(),
        fsck(dir.path()).unwrap_err().to_string(),
    ];
    for refused in problems {
        assert!(refused.contains("00000000000000000003.json") && refused.contains("newer nenrin"), "{refused}");
    }
    std::fs::remove_file(newer).unwrap();
    assert_exactly(&open(dir.path()).snapshot(), "d1", 20);
}

#[test]
fn a_missing_or_damaged_file_is_named_and_the_rest_is_stored_merged_and_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_of_files(dir.path(), 4);
    let files = column_files(dir.path());
    std::fs::remove_file(&files[0]).unwrap();
    let mut bytes = std::fs::read(&files[1]).unwrap();
    let len = bytes.len();
    bytes.truncate(len / 2);
    std::fs::write(&files[1], bytes).unwrap();
    drop(store);
    let store = open(dir.path());
    let damage = store.snapshot().damage(u64::MAX);
    assert_eq!(damage.len(), 2, "{damage:?}");
    assert!(damage[0].contains("000000000001.parquet") && damage[0].contains("missing"), "{damage:?}");
    assert!(damage[1].contains("000000000002.parquet") && damage[1].contains("backup"), "{damage:?}");
    assert_eq!(store.append_wait(batch("d1", 41, 10)).unwrap().n_new, 10);
    store.flush().unwrap();
    store.compact(Eagerness::All, |_| {}).unwrap();
    assert_eq!(store.stats().n_files, 3, "the two bad ones and a merged one");
    store.checkpoint().unwrap();
    drop(store);
    let problems = fsck(dir.path()).unwrap().problems;
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(open(dir.path()).snapshot().damage(u64::MAX).len() == 2);
}

#[test]
fn a_hole_in_the_log_is_refused_and_nothing_is_deleted() {
    let dir = tempfile::tempdir().unwrap();
    drop(store_of_files(dir.path(), 4));
    let log = dir.path().join("events/_delta_log");
    let files = column_files(dir.path());
    let reopen = || Store::open(&Options { dir: dir.path().to_owned() });
    std::fs::rename(log.join("00000000000000000002.json"), dir.path().join("kept")).unwrap();
    let refused = reopen().err().unwrap().to_string();
    assert!(refused.contains("00000000000000000002.json") && refused.contains("missing"), "{refused}");
    std::fs::rename(dir.path().join("kept"), log.join("00000000000000000002.json")).unwrap();
    std::fs::rename(&log, dir.path().join("log")).unwrap();
    assert!(matches!(reopen(), Err(Error::Corrupt { .. })), "files without a log");
    std::fs::remove_dir_all(&log).unwrap();
    std::fs::rename(dir.path().join("log"), &log).unwrap();
    assert_eq!(column_files(dir.path()), files);
    assert_exactly(&reopen().unwrap().snapshot(), "d1", 40);
}

#[test]
fn what_newer_or_other_writers_did_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    drop(store_of_files(dir.path(), 1));
    let commit = dir.path().join("events/_delta_log/00000000000000000002.json");
    for (line, wanted) in [
        (
            r#"{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"]}}"#,
            "format 3",
        ),
        (r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":7,"writerFeatures":["rowTracking"]}}"#, "format 7"),
        (r#"{"protocol":{}}"#, "minReaderVersion"),
        (r#"{"add":{"path":"other.parquet","partitionValues":{},"size":1,"dataChange":true}}"#, "other.parquet"),
        (r#"{"add":"#, "EOF"),
    ] {
        std::fs::write(&commit, line).unwrap();
        let refused = Store::open(&Options { dir: dir.path().to_owned() }).err().unwrap().to_string();
        assert!(refused.contains(wanted) && refused.contains("00000000000000000002.json"), "{refused}");
    }
}

#[test]
fn a_long_history_is_short_after_checkpoints() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for round in 0..30 {
        store.append_wait(batch("d1", round * 2 + 1, 2)).unwrap();
        store.flush().unwrap();
        if round % 5 == 4 {
            store.checkpoint().unwrap();
        }
    }
    drop(store);
    let log = dir.path().join("events/_delta_log");
    let names = std::fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let n_commits = names.filter(|name| name.ends_with(".json")).count();
    assert_eq!(n_commits, 6, "since the last checkpoint but one");
    assert_exactly(&open(dir.path()).snapshot(), "d1", 60);
}

#[test]
fn maintenance_beside_appends_and_queries_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir.path().join("live"));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for round in 0..40 {
                store.append_wait(batch("d1", round * 5 + 1, 5)).unwrap();
                store.flush().unwrap();
            }
        });
        let mut n_checks = 0;
        while !writer.is_finished() || n_checks == 0 {
            store.compact(Eagerness::WhenWorthwhile, |_| {}).unwrap();
            store.checkpoint().unwrap();
            let snapshot = store.snapshot();
            store.vacuum(NOW).unwrap();
            let n_rows = event_counts(&snapshot).len() as u64;
            assert_exactly(&snapshot, "d1", n_rows);
            n_checks += 1;
        }
    });
    assert_exactly(&store.snapshot(), "d1", 200);
    crash_copy(&dir.path().join("live"), &dir.path().join("crash"));
    assert_exactly(&open(&dir.path().join("crash")).snapshot(), "d1", 200);
}

#[test]
fn the_background_thread_ends_with_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_of_files(dir.path(), 9);
    store.maintain(Retention::default()).unwrap();
    store.close();
    drop(store);
    assert_exactly(&open(dir.path()).snapshot(), "d1", 90);
}

#[test]
fn imported_rows_are_all_visible_at_once_and_survive() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.append_wait(batch("d1", 1, 10)).unwrap();
    let mut batches = Vec::new();
    for first_seq in [11, 31] {
        let rows = (0..20).map(|idx| crate::support::row(DAY_NS - idx * 1_000, "imported")).collect();
        batches.push(store::batch_of_rows(rows, "d1", "default", crate::support::EPOCH, first_seq, DAY_NS).unwrap());
    }
    assert_eq!(store.import(batches).unwrap(), 40);
    assert_exactly(&store.snapshot(), "d1", 50);
    assert_eq!(store.stats().n_files, 2, "one for each day");
    assert_sorted(&store.snapshot());
    let bad = arrow::array::RecordBatch::new_empty(store::arrow_schema()).project(&[0]).unwrap();
    assert!(matches!(store.import([bad]), Err(Error::BadBatch(_))));
    store.compact(Eagerness::All, |_| {}).unwrap();
    drop(store);
    assert_exactly(&open(dir.path()).snapshot(), "d1", 50);
}
