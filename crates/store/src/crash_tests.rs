//! Stops maintenance at every step: the directory as a crash would leave it there is copied, opened and compared.

#[path = "../tests/support.rs"]
#[allow(dead_code)] // Shared with the integration tests; not everything is used here.
mod support;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use crate as tested;
use crate::step::HOOK;
use crate::{Eagerness, Kind, Retention, Store, fsck};
use support::{all_rows, assert_exactly, batch, crash_copy, event_counts, open};

/// Runs the work and returns a copy of the store for each step of it, with the step's name.
fn copies(live: &Path, copies_dir: &Path, work: impl FnOnce()) -> Vec<(&'static str, PathBuf)> {
    let taken: Rc<RefCell<Vec<(&'static str, PathBuf)>>> = Rc::default();
    let (live, copies_dir, list) = (live.to_owned(), copies_dir.to_owned(), Rc::clone(&taken));
    HOOK.set(Some(Box::new(move |name| {
        let copy = copies_dir.join(format!("{:04}", list.borrow().len()));
        crash_copy(&live, &copy);
        list.borrow_mut().push((name, copy));
    })));
    work();
    HOOK.set(None);
    taken.take()
}

fn store_of_files(dir: &Path, n_files: u64) -> Store {
    let store = open(dir);
    for file_idx in 0..n_files {
        store.append_wait(batch("d1", file_idx * 3 + 1, 3)).unwrap();
        store.flush().unwrap();
    }
    store
}

#[test]
fn a_crash_at_any_step_of_maintenance_loses_and_doubles_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("live");
    let store = store_of_files(&live, 10);
    store.append_wait(batch("d1", 31, 3)).unwrap();
    let rows = all_rows(&store.snapshot());
    let steps = copies(&live, dir.path(), || {
        store.checkpoint().unwrap();
        store.compact(Eagerness::All, |_| {}).unwrap();
        store.checkpoint().unwrap();
        store.vacuum(Duration::ZERO).unwrap();
        // The same through the second file, so that the log's clean-up has something to delete.
        store.shared.table.write().unwrap().import(&[], 1).unwrap();
        store.checkpoint().unwrap();
    });
    for wanted in
        ["file created", "merged", "commit linked", "checkpoint renamed", "old file removed", "old commit removed"]
    {
        assert!(steps.iter().any(|(name, _)| *name == wanted), "no step {wanted:?}");
    }
    assert!(steps.len() > 30, "{} steps", steps.len());
    for (name, copy) in steps {
        assert_eq!(fsck(&copy).unwrap().problems, Vec::<String>::new(), "at {name:?}");
        let recovered = open(&copy);
        assert_eq!(all_rows(&recovered.snapshot()), rows, "at {name:?}");
        recovered.compact(Eagerness::All, |_| {}).unwrap();
        recovered.checkpoint().unwrap();
        recovered.vacuum(Duration::ZERO).unwrap();
        assert_eq!(all_rows(&recovered.snapshot()), rows, "at {name:?}, after doing it again");
        assert_eq!(recovered.append_wait(batch("d1", 1, 33)).unwrap().n_new, 0);
        drop(recovered);
        assert_exactly(&open(&copy).snapshot(), "d1", 33);
        std::fs::remove_dir_all(copy).unwrap();
    }
}

#[test]
fn a_crash_at_any_step_of_retention_leaves_whole_files() {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("live");
    let store = store_of_files(&live, 6);
    let half = Retention { bytes_max: Some(store.stats().file_bytes / 2), age: None };
    let steps = copies(&live, dir.path(), || {
        store.retain(half).unwrap();
        store.vacuum(Duration::ZERO).unwrap();
    });
    assert!(steps.len() >= 6, "{} steps", steps.len());
    let n_left = event_counts(&store.snapshot()).len();
    for (name, copy) in steps {
        let counts = event_counts(&open(&copy).snapshot());
        assert!(counts.values().all(|count| *count == 1), "at {name:?}");
        assert!(counts.len() == 18 || counts.len() == n_left, "at {name:?}: {} rows", counts.len());
        assert_eq!(fsck(&copy).unwrap().problems, Vec::<String>::new(), "at {name:?}");
    }
}

#[test]
fn a_crash_at_any_step_of_prevalence_changes_no_count() {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("live");
    let named = |first_seq| {
        let mut append = batch("d1", first_seq, 3);
        for (idx, record) in append.records.iter_mut().enumerate() {
            let mut row = support::row(support::DAY_NS - (first_seq as i64 + idx as i64) * 1_000, "x");
            row.set(&schema::col::FILE_NAME, format!("file{}", (first_seq + idx as u64) % 5));
            *record = prost::Message::encode_to_vec(&row);
        }
        append
    };
    let store = open(&live);
    for file_idx in 0..9 {
        store.append_wait(named(file_idx * 3 + 1)).unwrap();
        store.flush().unwrap();
    }
    store.append_wait(named(28)).unwrap();
    let counts = |store: &Store| {
        let keys = ["file0", "file1", "file2", "file3", "file4"];
        store.snapshot().prevalence.look_up(Kind::FileName, &keys, None).unwrap()
    };
    let wanted = counts(&store);
    assert!(wanted.iter().all(Option::is_some));
    let steps = copies(&live, dir.path(), || {
        // What a flush does, in this thread.
        let batches = store.shared.memory.write().unwrap().begin_flush();
        store.shared.flush_to(10, &batches).unwrap();
        store.shared.merge_prevalence(Eagerness::WhenWorthwhile).unwrap();
        store.shared.merge_prevalence(Eagerness::All).unwrap();
        store.shared.prevalence.set_complete().unwrap();
    });
    for wanted in ["prevalence created", "prevalence written", "prevalence durable", "prevalence merged", "committed"] {
        assert!(steps.iter().any(|(name, _)| *name == wanted), "no step {wanted:?}");
    }
    for (name, copy) in steps {
        assert_eq!(fsck(&copy).unwrap().problems, Vec::<String>::new(), "at {name:?}");
        let recovered = open(&copy);
        assert_eq!(counts(&recovered), wanted, "at {name:?}");
        recovered.compact(Eagerness::All, |_| {}).unwrap();
        assert_eq!(counts(&recovered), wanted, "at {name:?}, after merging");
        drop(recovered);
        assert_eq!(counts(&open(&copy)), wanted, "at {name:?}, after another start");
    }
}

#[test]
fn retention_during_a_merge_wins() {
    let dir = tempfile::tempdir().unwrap();
    let store = store_of_files(dir.path(), 3);
    let shared = std::sync::Arc::clone(&store.shared);
    HOOK.set(Some(Box::new(move |name| {
        if name == "merged" {
            shared.retain_after(i64::MAX).unwrap();
        }
    })));
    let compacted = store.compact(Eagerness::All, |_| {}).unwrap();
    HOOK.set(None);
    assert_eq!((compacted.n_merges, store.stats().n_files), (0, 0));
    store.vacuum(Duration::ZERO).unwrap();
    drop(store);
    assert_eq!(event_counts(&open(dir.path()).snapshot()).len(), 0, "expired rows do not come back");
}
