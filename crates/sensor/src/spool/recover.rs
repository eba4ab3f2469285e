//! What is on disk when the sensor starts: which stream, how far, what is damaged. Reads only.

use std::path::{Path, PathBuf};

use super::disk::read_from;
use super::error::Error;
use super::loss::{Loss, SPOOL_CORRUPT, Window, row_time};
use super::marks::{self, Saved};
use super::ranges::Ranges;
use super::record::{Kind, Scan, SeqRange, Tail};
use super::segment::{self, HEADER_BYTES, Header, Segment};

/// Largest segment file that is read; ours have 4 MiB and one append at most.
const SEGMENT_BYTES_MAX: u64 = 64 << 20;

/// The state on disk.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) saved: Saved,
    /// The marks have to be written anew: they were missing or damaged.
    pub(super) marks_lost: bool,
    /// Segments of this stream in order.
    pub(super) segments: Vec<Segment>,
    /// Files of no use: of another stream, empty, or unreadable.
    pub(super) useless: Vec<PathBuf>,
    pub(super) explained: Ranges,
    /// What is missing and not explained yet.
    pub(super) losses: Vec<Loss>,
    pub(super) next_seq: u64,
}

/// Looks at everything in the directory; `new_epoch` is used when there is no stream to go on with.
pub(super) fn recover(dir: &Path, new_epoch: u64) -> Result<Recovered, Error> {
    let saved = marks::load(dir)?;
    let files = list(dir)?;
    let epoch = saved.map(|saved| saved.epoch).or_else(|| first_epoch(&files)).unwrap_or(new_epoch);
    let mut recovered = Recovered {
        saved: saved.unwrap_or(Saved { epoch, acked: 0, sent: 0, unstored: None }),
        marks_lost: saved.is_none(),
        segments: Vec::new(),
        useless: Vec::new(),
        explained: Ranges::default(),
        losses: Vec::new(),
        next_seq: 1,
    };
    let mut scanner = Scanner { epoch, last: recovered.saved.acked, ..Scanner::default() };
    // Without records it says nothing, not even where the segment before it ends.
    let (empty, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.bytes <= HEADER_BYTES as u64);
    recovered.useless.extend(empty.into_iter().map(|file| file.path));
    let (foreign, own): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file.is_foreign(epoch));
    for (idx, file) in own.iter().enumerate() {
        let to = own.get(idx + 1).map_or(u64::MAX, |next| next.first_seq - 1);
        scanner.read(file, SeqRange { from: file.first_seq, to }, &mut recovered)?;
    }
    scanner.finish_numbers(&mut recovered);
    for file in foreign {
        scanner.note_foreign(&file);
        recovered.useless.push(file.path);
    }
    scanner.finish_losses(&mut recovered);
    Ok(recovered)
}

/// A segment file by its name and its header, which is `None` when damaged.
struct SegmentFile {
    path: PathBuf,
    first_seq: u64,
    bytes: u64,
    header: Option<Header>,
}

impl SegmentFile {
    /// Of another stream, or under a name that is not its own: it would make its neighbours' ranges wrong.
    fn is_foreign(&self, epoch: u64) -> bool {
        self.header.is_some_and(|header| header.epoch != epoch || header.first_seq != self.first_seq)
    }
}

/// All segment files, by first sequence number.
fn list(dir: &Path) -> Result<Vec<SegmentFile>, Error> {
    let failed = |error| Error::io("list", dir, error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let Some(first_seq) = segment::first_seq(&path) else { continue };
        let bytes = std::fs::metadata(&path).map_err(failed)?.len();
        let header = read_from(&path, 0, HEADER_BYTES as u64).map_err(|error| Error::io("read", &path, error))?;
        files.push(SegmentFile { path, first_seq, bytes, header: Header::from_bytes(&header) });
    }
    files.sort_unstable_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

/// Without marks the stream is the one of the first good segment header.
fn first_epoch(files: &[SegmentFile]) -> Option<u64> {
    let own_name = |file: &SegmentFile| file.header.filter(|header| header.first_seq == file.first_seq);
    files.iter().find_map(own_name).map(|header| header.epoch)
}

/// Walks over the segments in order and notes what is missing between the records.
#[derive(Debug, Default)]
struct Scanner {
    epoch: u64,
    /// The last sequence number that was found or acknowledged.
    last: u64,
    last_time: Option<i64>,
    tail: Tail,
    holes: Vec<(SeqRange, Window)>,
    unknown: Vec<&'static str>,
}

impl Scanner {
    fn read(&mut self, file: &SegmentFile, seqs: SeqRange, recovered: &mut Recovered) -> Result<(), Error> {
        let path = &file.path;
        let bytes = read_from(path, 0, SEGMENT_BYTES_MAX).map_err(|error| Error::io("read", path, error))?;
        let (n_found, tail) = self.scan(&bytes, seqs, &mut recovered.explained);
        if n_found > 0 {
            self.tail = tail;
            recovered.segments.push(Segment { path: path.to_owned(), seqs, bytes: bytes.len() as u64 });
            return Ok(());
        }
        // When a segment follows, the hole before it says exactly what is missing.
        if seqs.to == u64::MAX {
            self.tail = tail;
        }
        recovered.useless.push(path.to_owned());
        Ok(())
    }

    fn note_foreign(&mut self, file: &SegmentFile) {
        match file.header {
            Some(header) if header.epoch != self.epoch => self.unknown.push("segment of another stream"),
            Some(header) if header.first_seq > self.last => self.unknown.push("segment under a wrong name"),
            Some(_) | None => {}
        }
    }

    fn scan(&mut self, bytes: &[u8], seqs: SeqRange, explained: &mut Ranges) -> (usize, Tail) {
        let mut scan = Scan::new(bytes.get(HEADER_BYTES..).unwrap_or_default(), self.epoch, seqs);
        let mut n_found = 0;
        let mut last_row: Option<&[u8]> = None;
        while let Some(record) = scan.next() {
            if record.seq > self.last.saturating_add(1) {
                let before = last_row.map_or(self.last_time, row_time);
                let window = Window { first_ns: before, last_ns: row_time(record.row) };
                self.holes.push((SeqRange { from: self.last + 1, to: record.seq - 1 }, window));
            }
            if let Kind::Gap(range) = record.kind {
                explained.add(range);
            }
            self.last = self.last.max(record.seq);
            last_row = Some(record.row);
            n_found += 1;
        }
        self.last_time = last_row.map_or(self.last_time, row_time);
        (n_found, scan.tail)
    }

    /// Finds the last number that is taken.
    fn finish_numbers(&mut self, recovered: &mut Recovered) {
        let damaged = match self.tail {
            Tail::LastDamaged(seq) => seq,
            Tail::Corrupt => {
                self.unknown.push("end of the spool");
                0
            }
            // A write that was cut by a crash was never durable.
            Tail::Clean | Tail::Torn => 0,
        };
        // Sent means it was durable: what is missing up to there was damaged, and its numbers are taken.
        let taken = recovered.saved.sent.max(damaged);
        if taken > self.last {
            let window = Window { first_ns: self.last_time, last_ns: None };
            self.holes.push((SeqRange { from: self.last + 1, to: taken }, window));
            self.last = taken;
        }
        recovered.next_seq = self.last + 1;
        if let Some(segment) = recovered.segments.last_mut() {
            segment.seqs.to = self.last;
        }
    }

    /// Turns what was noted into losses, once all explanations are known.
    fn finish_losses(self, recovered: &mut Recovered) {
        for (hole, window) in self.holes {
            for range in recovered.explained.outside(hole) {
                let loss = Loss::new(SPOOL_CORRUPT, "damaged records");
                recovered.losses.push(Loss { count: Some(range.count()), window, range: Some(range), ..loss });
            }
        }
        for kind in self.unknown {
            let window = Window { first_ns: self.last_time, last_ns: None };
            recovered.losses.push(Loss { count: None, window, ..Loss::new(SPOOL_CORRUPT, kind) });
        }
    }
}
