//! What a query reads, and the pins that keep its files on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::files::FileMeta;
use crate::memory::MemoryBatch;
use crate::prevalence::PrevalenceSnapshot;

/// What a query reads: files and fresh rows, each row in exactly one of them.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Directory that the files' paths are relative to.
    pub table_dir: PathBuf,
    /// Column files.
    pub files: Vec<FileMeta>,
    /// Rows that are in no file yet.
    pub fresh: Vec<Arc<MemoryBatch>>,
    /// First and last seen, and devices, of the keys in these rows and in those that retention has taken.
    pub prevalence: PrevalenceSnapshot,
    /// Keeps the files of this snapshot on disk while it lives.
    pub(crate) _pin: Arc<Pin>,
}

impl Snapshot {
    /// The full path of a file.
    pub fn file_path(&self, file: &FileMeta) -> PathBuf {
        Path::new(&self.table_dir).join(&file.path)
    }
}

/// How many snapshots of each version of the table are alive.
#[derive(Debug, Default)]
pub(crate) struct Pins {
    by_version: Mutex<BTreeMap<u64, usize>>,
}

impl Pins {
    /// Call it with the table's lock held, so that no file of that version can be deleted in between.
    pub(crate) fn pin(self: &Arc<Self>, version: u64) -> Arc<Pin> {
        *self.by_version.lock().expect("no panic under the lock").entry(version).or_insert(0) += 1;
        Arc::new(Pin { version, pins: Arc::clone(self) })
    }

    /// The oldest version that a snapshot still reads.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.by_version.lock().expect("no panic under the lock").keys().next().copied()
    }
}

/// Ends with the last clone of its snapshot.
#[derive(Debug)]
pub(crate) struct Pin {
    version: u64,
    pins: Arc<Pins>,
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut by_version = self.pins.by_version.lock().expect("no panic under the lock");
        if let Some(count) = by_version.get_mut(&self.version) {
            *count -= 1;
            if *count == 0 {
                by_version.remove(&self.version);
            }
        }
    }
}
