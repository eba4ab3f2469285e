//! How far the stream got: the file `marks` with four slots in sectors of their own.
//!
//! `acked` has two slots that are written in turn, so a write that power loss cuts leaves the one before. It is
//! overwritten in place rather than replaced by a rename, because then it needs no space: with a full disk the
//! acknowledgement that frees space must still be written. `sent` is written without fsync: it survives a crash of the
//! sensor, and its only use is to tell, when the newest segment is damaged, how many records were surely durable.
//! `unstored` says, in the same way, what a full disk has cost so far, so that a restart does not forget it.

use std::path::{Path, PathBuf};

use super::disk::{Disk, DiskFile, read_from};
use super::error::Error;
use super::loss::Window;

const NAME: &str = "marks";
const TEMP_NAME: &str = "marks.new";
const MAGIC: [u8; 4] = *b"NRNM";
const VERSION: u16 = 1;
const SLOT_BYTES: usize = 52;
const SECTOR_BYTES: u64 = 512;
const FILE_BYTES: usize = 4 * SECTOR_BYTES as usize;

/// What the file said at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Saved {
    pub(super) epoch: u64,
    pub(super) acked: u64,
    pub(super) sent: u64,
    pub(super) unstored: Option<Unstored>,
}

/// Events that found no space on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unstored {
    /// The number that the row about them will get. When that is taken, it was told.
    pub(super) seq: u64,
    /// `None` when it cannot be known.
    pub(super) count: Option<u64>,
    pub(super) window: Window,
}

/// Writes what is acknowledged; the flusher's alone.
#[derive(Debug)]
pub(super) struct AckedMark {
    file: DiskFile,
    epoch: u64,
    next_slot: Slot,
}

/// Writes what need not survive a crash of the machine.
#[derive(Debug)]
pub(super) struct LooseMarks {
    file: DiskFile,
    epoch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    AckedEven,
    AckedOdd,
    Sent,
    Unstored,
}

impl Slot {
    fn offset(self) -> u64 {
        match self {
            Slot::AckedEven => 0,
            Slot::AckedOdd => SECTOR_BYTES,
            Slot::Sent => 2 * SECTOR_BYTES,
            Slot::Unstored => 3 * SECTOR_BYTES,
        }
    }
}

/// Reads the marks, `None` when there are none that can be trusted.
pub(super) fn load(dir: &Path) -> Result<Option<Saved>, Error> {
    let path = path(dir);
    let bytes = match read_from(&path, 0, FILE_BYTES as u64) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", &path, error)),
    };
    let slot = |slot: Slot| decode(bytes.get(slot.offset() as usize..)?);
    let acked = slot(Slot::AckedEven).into_iter().chain(slot(Slot::AckedOdd)).max_by_key(|(_, fields)| fields.seq);
    let Some((epoch, acked)) = acked else { return Ok(None) };
    let own = |name: Slot| slot(name).filter(|(other, _)| *other == epoch).map(|(_, fields)| fields);
    let sent = own(Slot::Sent).map_or(0, |fields| fields.seq).max(acked.seq);
    Ok(Some(Saved { epoch, acked: acked.seq, sent, unstored: own(Slot::Unstored).and_then(Fields::unstored) }))
}

/// Writes a new file with `saved`, durable before this returns.
pub(super) fn create(disk: &Disk, dir: &Path, saved: Saved) -> Result<(), Error> {
    let (path, temp) = (path(dir), dir.join(TEMP_NAME));
    if temp.exists() {
        disk.remove(&temp).map_err(|error| Error::io("remove", &temp, error))?;
    }
    let mut bytes = vec![0; FILE_BYTES];
    for (slot, seq) in [(Slot::AckedEven, saved.acked), (Slot::AckedOdd, saved.acked), (Slot::Sent, saved.sent)] {
        let at = slot.offset() as usize;
        bytes[at..at + SLOT_BYTES].copy_from_slice(&encode(saved.epoch, Fields::of_seq(seq)));
    }
    let file = disk.create(&temp).map_err(|error| Error::io("create", &temp, error))?;
    disk.write(&file, &bytes).map_err(|error| Error::io("write", &temp, error))?;
    disk.sync(&file).map_err(|error| Error::io("sync", &temp, error))?;
    disk.rename(&temp, &path).map_err(|error| Error::io("rename", &temp, error))?;
    disk.sync_dir(dir).map_err(|error| Error::io("sync", dir, error))
}

/// Opens the file for writing. The slot that holds less is the next to be overwritten.
pub(super) fn open(disk: &Disk, dir: &Path, epoch: u64) -> Result<(AckedMark, LooseMarks), Error> {
    let path = path(dir);
    let bytes = read_from(&path, 0, FILE_BYTES as u64).map_err(|error| Error::io("read", &path, error))?;
    let seq = |slot: Slot| decode(bytes.get(slot.offset() as usize..)?).map(|(_, fields)| fields.seq);
    let next_slot = if seq(Slot::AckedEven) <= seq(Slot::AckedOdd) { Slot::AckedEven } else { Slot::AckedOdd };
    let open = || disk.open(&path).map_err(|error| Error::io("open", &path, error));
    Ok((AckedMark { file: open()?, epoch, next_slot }, LooseMarks { file: open()?, epoch }))
}

impl AckedMark {
    /// Durable before this returns.
    pub(super) fn save(&mut self, disk: &Disk, seq: u64) -> std::io::Result<()> {
        disk.write_at(&self.file, self.next_slot.offset(), &encode(self.epoch, Fields::of_seq(seq)))?;
        disk.sync(&self.file)?;
        self.next_slot = if self.next_slot == Slot::AckedEven { Slot::AckedOdd } else { Slot::AckedEven };
        Ok(())
    }
}

impl LooseMarks {
    pub(super) fn save_sent(&self, disk: &Disk, seq: u64) -> std::io::Result<()> {
        disk.write_at(&self.file, Slot::Sent.offset(), &encode(self.epoch, Fields::of_seq(seq)))
    }

    pub(super) fn save_unstored(&self, disk: &Disk, unstored: Unstored) -> std::io::Result<()> {
        disk.write_at(&self.file, Slot::Unstored.offset(), &encode(self.epoch, Fields::of_unstored(unstored)))
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

/// What a slot holds besides the epoch; all but `seq` is for `unstored`.
#[derive(Debug, Clone, Copy, Default)]
struct Fields {
    seq: u64,
    count: u64,
    first_ns: i64,
    last_ns: i64,
}

/// "Not known", as a number that no count and no time has.
const COUNT_UNKNOWN: u64 = u64::MAX;
const TIME_UNKNOWN: i64 = i64::MIN;

impl Fields {
    fn of_seq(seq: u64) -> Self {
        Fields { seq, ..Fields::default() }
    }

    fn of_unstored(unstored: Unstored) -> Self {
        Fields {
            seq: unstored.seq,
            count: unstored.count.unwrap_or(COUNT_UNKNOWN),
            first_ns: unstored.window.first_ns.unwrap_or(TIME_UNKNOWN),
            last_ns: unstored.window.last_ns.unwrap_or(TIME_UNKNOWN),
        }
    }

    fn unstored(self) -> Option<Unstored> {
        let time = |time_ns: i64| Some(time_ns).filter(|time_ns| *time_ns != TIME_UNKNOWN);
        let window = Window { first_ns: time(self.first_ns), last_ns: time(self.last_ns) };
        let count = Some(self.count).filter(|count| *count != COUNT_UNKNOWN);
        (self.seq > 0).then_some(Unstored { seq: self.seq, count, window })
    }
}

fn encode(epoch: u64, fields: Fields) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[..4].copy_from_slice(&MAGIC);
    slot[4..6].copy_from_slice(&VERSION.to_le_bytes());
    slot[8..16].copy_from_slice(&epoch.to_le_bytes());
    slot[16..24].copy_from_slice(&fields.seq.to_le_bytes());
    slot[24..32].copy_from_slice(&fields.count.to_le_bytes());
    slot[32..40].copy_from_slice(&fields.first_ns.to_le_bytes());
    slot[40..48].copy_from_slice(&fields.last_ns.to_le_bytes());
    let crc = crc32c::crc32c(&slot[..48]);
    slot[48..].copy_from_slice(&crc.to_le_bytes());
    slot
}

fn decode(bytes: &[u8]) -> Option<(u64, Fields)> {
    let (slot, crc) = bytes.get(..SLOT_BYTES)?.split_last_chunk::<4>()?;
    let is_ours = slot.starts_with(&MAGIC) && slot[4..6] == VERSION.to_le_bytes();
    if crc32c::crc32c(slot) != u32::from_le_bytes(*crc) || !is_ours {
        return None;
    }
    let eight = |at: usize| slot[at..at + 8].try_into().ok();
    let fields = Fields {
        seq: u64::from_le_bytes(eight(16)?),
        count: u64::from_le_bytes(eight(24)?),
        first_ns: i64::from_le_bytes(eight(32)?),
        last_ns: i64::from_le_bytes(eight(40)?),
    };
    Some((u64::from_le_bytes(eight(8)?), fields))
}
