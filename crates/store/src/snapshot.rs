//! What a query reads, and the pins that keep its files on disk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::files::{FileMeta, file_crc32c};
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

    /// What is wrong with the files, one line for each, to say why a query failed: those that are missing or have another
    /// length, and of the others those whose bytes have changed. Not more than `bytes_max` bytes are read.
    pub fn damage(&self, bytes_max: u64) -> Vec<String> {
        let mut damage = Vec::new();
        let mut n_bytes = 0;
        for file in &self.files {
            let path = self.file_path(file);
            let what = match std::fs::metadata(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => "is missing".to_owned(),
                Err(error) => format!("can't be read ({error})"),
                Ok(found) if found.len() != file.size_bytes => {
                    format!("has {} bytes instead of {}", found.len(), file.size_bytes)
                }
                Ok(found) => {
                    n_bytes += found.len();
                    if n_bytes > bytes_max || file_crc32c(&path).is_ok_and(|crc32c| crc32c == file.crc32c) {
                        continue;
                    }
                    "has changed since it was written".to_owned()
                }
            };
            damage.push(format!(
                "column file {} {what}: restore it from a backup (rows of {}, devices {} to {})",
                file.path, file.day, file.device_min, file.device_max
            ));
        }
        damage
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
