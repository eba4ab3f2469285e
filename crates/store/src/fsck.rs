//! Offline check of a store: every segment, the table's log, every column file.

use std::fs::File;
use std::path::Path;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::Error;
use crate::delta::{Table, check_checkpoints};
use crate::files::file_crc32c;
use crate::prevalence;
use crate::recover::prepare_dir;
use crate::store::now_ns;
use crate::wal::{read_segment, segment_numbers, segment_path};

/// What `fsck` found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Log segments read.
    pub n_segments: usize,
    /// Batches in them.
    pub n_batches: u64,
    /// Rows in them (those already in column files included, when their segment is still there).
    pub n_log_rows: u64,
    /// Column files read to their end.
    pub n_files: usize,
    /// Rows in them.
    pub n_file_rows: u64,
    /// Prevalence files read to their end.
    pub n_prevalence_files: usize,
    /// Keys in them, counted once for each file that has them.
    pub n_prevalence_rows: u64,
    /// One line per problem; empty when all is well.
    pub problems: Vec<String>,
}

/// Reads everything once, changes nothing.
///
/// # Errors
/// When the store can't be opened at all: locked, newer format, unreadable.
pub fn fsck(dir: &Path) -> Result<Report, Error> {
    if !dir.join("format").exists() {
        return Err(Error::Corrupt { path: dir.to_owned(), reason: "no store here (no format file)".to_owned() });
    }
    let _lock = prepare_dir(dir)?;
    let mut report = Report::default();
    check_log(dir, &mut report)?;
    report.problems.extend(check_checkpoints(&dir.join("events"))?);
    let (n_files, n_rows, problems) = prevalence::check(dir)?;
    (report.n_prevalence_files, report.n_prevalence_rows) = (n_files, n_rows);
    report.problems.extend(problems);
    let table = Table::open(&dir.join("events"), now_ns() / 1_000_000)?;
    for file in table.files() {
        report.n_files += 1;
        let path = dir.join("events").join(&file.path);
        match file_crc32c(&path) {
            Ok(crc) if crc == file.crc32c => {}
            Ok(_) => {
                report.problems.push(format!("{}: changed since it was written (checksum)", file.path));
                continue;
            }
            Err(error) => {
                report.problems.push(error.to_string());
                continue;
            }
        }
        match read_file(&path) {
            Ok(n_rows) if n_rows == file.n_rows => report.n_file_rows += n_rows,
            Ok(n_rows) => {
                report.problems.push(format!("{}: {n_rows} rows, the log says {}", file.path, file.n_rows));
            }
            Err(error) => report.problems.push(format!("{}: {error}", file.path)),
        }
    }
    Ok(report)
}

fn check_log(dir: &Path, report: &mut Report) -> Result<(), Error> {
    let wal_dir = dir.join("wal");
    let numbers = segment_numbers(&wal_dir)?;
    for number in numbers {
        let path = segment_path(&wal_dir, number);
        report.n_segments += 1;
        match read_segment(&path, number) {
            Err(error) => report.problems.push(error.to_string()),
            Ok(content) => {
                report.n_batches += content.batches.len() as u64;
                report.n_log_rows += content.batches.iter().map(|batch| batch.records.len() as u64).sum::<u64>();
                if content.n_corrupt > 0 {
                    report.problems.push(format!("{}: {} corrupt records", path.display(), content.n_corrupt));
                }
                // Torn bytes at the end are what a crash leaves: never acknowledged, no problem.
            }
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<u64, Error> {
    let file = File::open(path).map_err(|error| Error::io("open", path, error))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
    let mut n_rows = 0;
    for batch in reader {
        n_rows += batch?.num_rows() as u64;
    }
    Ok(n_rows)
}
