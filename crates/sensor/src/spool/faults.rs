//! Failures for tests: the file system stops, is full, or fails, at the Nth change.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::disk::DiskFile;

/// Shared by the spool and the test that breaks it.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    n_steps: u64,
    /// The process "dies" at this step: it and all later ones do nothing.
    stop_at: Option<u64>,
    is_full: bool,
    sync_fails: bool,
    /// Bytes of each file that would survive power loss.
    synced: HashMap<PathBuf, u64>,
    /// Files whose names would survive power loss.
    named: Vec<PathBuf>,
    created: Vec<PathBuf>,
}

impl Faults {
    pub(super) fn stop_at(&self, step: u64) {
        self.0.lock().expect("lock").stop_at = Some(step);
    }

    pub(super) fn set_full(&self, is_full: bool) {
        self.0.lock().expect("lock").is_full = is_full;
    }

    pub(super) fn set_sync_fails(&self) {
        self.0.lock().expect("lock").sync_fails = true;
    }

    pub(super) fn n_steps(&self) -> u64 {
        self.0.lock().expect("lock").n_steps
    }

    /// Segment files created since the start, with the bytes that power loss leaves; `None`: not even the name.
    pub(super) fn after_power_loss(&self) -> Vec<(PathBuf, Option<u64>)> {
        let inner = self.0.lock().expect("lock");
        let left = |path: &PathBuf| inner.named.contains(path).then(|| inner.synced.get(path).copied().unwrap_or(0));
        inner.created.iter().map(|path| (path.clone(), left(path))).collect()
    }

    pub(super) fn before_step(&self) -> io::Result<()> {
        self.0.lock().expect("lock").step()
    }

    pub(super) fn before_create(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.0.lock().expect("lock");
        inner.step()?;
        if inner.is_full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        inner.created.push(path.to_owned());
        Ok(())
    }

    /// A full or dying disk takes half of it.
    pub(super) fn before_write(&self, file: &DiskFile, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.0.lock().expect("lock");
        let was_stopped = inner.is_stopped();
        let result = inner.step();
        if (result.is_err() && !was_stopped) || inner.is_full {
            file.write_raw(&bytes[..bytes.len() / 2]).expect("write half");
        }
        if inner.is_full { Err(io::ErrorKind::StorageFull.into()) } else { result }
    }

    pub(super) fn before_sync(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.0.lock().expect("lock");
        inner.step()?;
        if inner.sync_fails {
            return Err(io::Error::other("input/output error"));
        }
        let len = std::fs::metadata(path)?.len();
        inner.synced.insert(path.to_owned(), len);
        Ok(())
    }

    pub(super) fn before_sync_dir(&self) -> io::Result<()> {
        let mut inner = self.0.lock().expect("lock");
        inner.step()?;
        inner.named = inner.created.clone();
        Ok(())
    }
}

impl Inner {
    fn is_stopped(&self) -> bool {
        self.stop_at.is_some_and(|stop_at| self.n_steps >= stop_at)
    }

    fn step(&mut self) -> io::Result<()> {
        if self.is_stopped() {
            return Err(io::Error::other("stopped by the test"));
        }
        self.n_steps += 1;
        if self.is_stopped() { Err(io::Error::other("stopped by the test")) } else { Ok(()) }
    }
}
