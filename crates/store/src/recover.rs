//! Start: lock, format check, and what a crash left in the log.

use std::fs::{File, OpenOptions};
use std::path::Path;

use crate::Error;
use crate::columns::columns_of;
use crate::delta::Table;
use crate::marks::Marks;
use crate::memory::MemoryTable;
use crate::wal::{self, LoggedBatch, Writer, read_segment, segment_numbers, segment_path};

/// Version of the directory layout that this program writes.
const FORMAT: u32 = 1;

pub(crate) struct Recovered {
    pub(crate) memory: MemoryTable,
    pub(crate) marks: Marks,
    pub(crate) writer: Writer,
    /// Bytes of log that had to be read.
    pub(crate) replayed_bytes: u64,
}

/// Creates the directories, checks the format and takes the lock.
pub(crate) fn prepare_dir(dir: &Path) -> Result<File, Error> {
    for dir in [dir.to_owned(), dir.join("wal"), dir.join("events")] {
        std::fs::create_dir_all(&dir).map_err(|error| Error::io("create", &dir, error))?;
    }
    let lock_path = dir.join("lock");
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&lock_path)
        .map_err(|error| Error::io("open", &lock_path, error))?;
    lock.try_lock().map_err(|_| Error::Locked { path: dir.to_owned() })?;
    check_format(dir)?;
    Ok(lock)
}

fn check_format(dir: &Path) -> Result<(), Error> {
    let path = dir.join("format");
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            let found = text
                .trim()
                .parse::<u32>()
                .map_err(|_| Error::Corrupt { path: path.clone(), reason: "no format number in it".to_owned() })?;
            if found > FORMAT {
                return Err(Error::NewerFormat { path, found, known: FORMAT });
            }
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::fs::write(&path, format!("{FORMAT}\n")).map_err(|error| Error::io("write", &path, error))?;
            File::open(&path).and_then(|file| file.sync_all()).map_err(|error| Error::io("fsync", &path, error))?;
            wal::sync_dir(dir)
        }
        Err(error) => Err(Error::io("read", &path, error)),
    }
}

/// Replays the segments that are not in column files yet, and starts a new one.
pub(crate) fn recover(dir: &Path, table: &mut Table) -> Result<Recovered, Error> {
    let wal_dir = dir.join("wal");
    let mut memory = MemoryTable::default();
    let mut marks = Marks::default();
    let mut last_number = table.flushed_segment;
    let mut digest = 0;
    let mut first = true;
    let mut replayed_bytes = 0;
    for number in segment_numbers(&wal_dir)? {
        let path = segment_path(&wal_dir, number);
        if number <= table.flushed_segment {
            // The files were committed but the crash came before the removal.
            std::fs::remove_file(&path).map_err(|error| Error::io("remove", &path, error))?;
            continue;
        }
        let content = read_segment(&path, number)?;
        if content.n_corrupt > 0 {
            tracing::error!(path = %path.display(), n_corrupt = content.n_corrupt, "log records are corrupt, their rows are lost and show as holes");
        }
        if content.torn_bytes > 0 {
            tracing::warn!(path = %path.display(), torn_bytes = content.torn_bytes, "cut off an unfinished write that was never acknowledged");
        }
        if first && let Some(bytes) = &content.marks {
            marks = Marks::from_json(bytes).map_err(|reason| Error::Corrupt { path: path.clone(), reason })?;
        }
        if !first && content.valid_len > 0 && content.previous_digest != digest {
            tracing::error!(path = %path.display(), "the segment before this one has changed since it was written");
        }
        first = false;
        replayed_bytes += content.valid_len;
        digest = content.digest;
        for batch in &content.batches {
            replay(batch, &mut memory, &mut marks)?;
        }
        last_number = number;
    }
    remove_orphans(dir, table);
    // A segment is never appended to after a restart: its end may be torn.
    let writer = Writer::create(&wal_dir, last_number + 1, digest, &marks.to_json())?;
    Ok(Recovered { memory, marks, writer, replayed_bytes })
}

fn replay(batch: &LoggedBatch, memory: &mut MemoryTable, marks: &mut Marks) -> Result<(), Error> {
    let last_seq = batch.first_seq + batch.records.len() as u64 - 1;
    let parts = marks.missing(&batch.device, batch.epoch, batch.first_seq, last_seq)?;
    if parts.is_empty() {
        return Ok(());
    }
    let columns = columns_of(batch)?;
    for (from, to) in parts {
        memory.push(columns.slice((from - batch.first_seq) as usize, (to - from + 1) as usize))?;
    }
    marks.add(&batch.device, batch.epoch, batch.first_seq, last_seq);
    Ok(())
}

/// Deletes Parquet files that no commit names: a crash came between writing and committing them.
fn remove_orphans(dir: &Path, table: &Table) {
    let table_dir = dir.join("events");
    let Ok(days) = std::fs::read_dir(&table_dir) else { return };
    for day in days.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("day=")) {
        // Only an empty directory can be removed.
        if std::fs::remove_dir(day.path()).is_ok() {
            continue;
        }
        let Ok(files) = std::fs::read_dir(day.path()) else { continue };
        for file in files.flatten() {
            let path = format!("{}/{}", day.file_name().to_string_lossy(), file.file_name().to_string_lossy());
            // What retention or a merge took out of the table is vacuum's, after its grace time.
            if path.ends_with(".parquet") && !table.has(&path) && !table.is_tombstoned(&path) {
                match std::fs::remove_file(file.path()) {
                    Ok(()) => tracing::info!(path, "removed a column file that no commit names"),
                    Err(error) => tracing::warn!(path, %error, "column file that no commit names stays"),
                }
            }
        }
    }
}
