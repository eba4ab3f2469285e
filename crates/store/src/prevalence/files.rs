//! Keys out of column files: those that an import has written, and those that are older than prevalence is.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::Ordering;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{KEY_COLUMNS, OTHER_COLUMNS};
use crate::Error;
use crate::compact::Eagerness;
use crate::files::FileMeta;
use crate::limits::ROW_GROUP_ROWS;
use crate::store::{Shared, now_ns};

impl Shared {
    /// Adds the keys of column files. They are durable when this returns; call it before the files are committed.
    pub(crate) fn add_keys_of(&self, files: &[FileMeta]) -> Result<(), Error> {
        for file in files {
            self.add_keys_of_file(&self.dir.join("events").join(&file.path))?;
        }
        Ok(())
    }

    fn add_keys_of_file(&self, path: &Path) -> Result<(), Error> {
        let corrupt =
            |error: &dyn std::fmt::Display| Error::Corrupt { path: path.to_owned(), reason: error.to_string() };
        let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| corrupt(&error))?;
        let is_read =
            |name: &str| OTHER_COLUMNS.contains(&name) || KEY_COLUMNS.iter().any(|column| column.name == name);
        let columns = builder.parquet_schema().columns().iter().enumerate();
        let wanted: Vec<usize> = columns.filter(|(_, column)| is_read(column.name())).map(|(idx, _)| idx).collect();
        let mask = ProjectionMask::leaves(builder.parquet_schema(), wanted);
        let reader = builder.with_projection(mask).with_batch_size(ROW_GROUP_ROWS).build();
        for batch in reader.map_err(|error| corrupt(&error))? {
            self.prevalence.add(&batch.map_err(|error| corrupt(&error))?)?;
        }
        Ok(())
    }

    /// Reads the column files that were there before prevalence was kept, when that is still to be done. A file that
    /// can't be read is left out, and said. Does nothing lasting when the store is being closed meanwhile: the next start
    /// begins again, which changes no count.
    pub(crate) fn complete_prevalence(&self) -> Result<(), Error> {
        if !self.prevalence.is_incomplete() {
            return Ok(());
        }
        let is_stopping = || self.stopping.load(Ordering::Relaxed);
        let snapshot = self.snapshot();
        tracing::info!(n_files = snapshot.files.len(), "prevalence is being made from the events");
        for file in &snapshot.files {
            if is_stopping() {
                return Ok(());
            }
            match self.add_keys_of_file(&snapshot.file_path(file)) {
                Ok(()) => {}
                Err(error @ Error::DiskFull { .. }) => return Err(error),
                Err(error) => {
                    tracing::error!(%error, "column file can't be read, prevalence lacks its events");
                    self.prevalence.add_problem(format!("without the events of a file: {error}"));
                }
            }
            while self.prevalence.merge_once(Eagerness::WhenWorthwhile, now_ns() / 1_000, is_stopping)? {}
        }
        self.prevalence.set_complete()
    }

    /// Merges runs as long as it is worth it; returns the number of merges.
    pub(crate) fn merge_prevalence(&self, eagerness: Eagerness) -> Result<usize, Error> {
        let is_stopping = || self.stopping.load(Ordering::Relaxed);
        let mut n_merges = 0;
        while !is_stopping() {
            let bytes = self.prevalence.stats().bytes;
            if self.free_bytes().is_some_and(|free| free < bytes + 2 * crate::limits::FREE_BYTES_MIN) {
                return Err(Error::DiskFull { path: self.dir.join("prevalence") });
            }
            if !self.prevalence.merge_once(eagerness, now_ns() / 1_000, is_stopping)? {
                break;
            }
            n_merges += 1;
        }
        Ok(n_merges)
    }
}
