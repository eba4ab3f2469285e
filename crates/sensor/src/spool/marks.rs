//! How far the stream got: the file `marks` with three slots in sectors of their own.
//!
//! `acked` has two slots that are written in turn, so a write that power loss cuts leaves the one before. It is
//! overwritten in place rather than replaced by a rename, because then it needs no space: with a full disk the
//! acknowledgement that frees space must still be written. `sent` is written without fsync: it survives a crash of the
//! sensor, and its only use is to tell, when the newest segment is damaged, how many records were surely durable.

use std::path::{Path, PathBuf};

use super::disk::{Disk, DiskFile, read_from};
use super::error::Error;

const NAME: &str = "marks";
const TEMP_NAME: &str = "marks.new";
const MAGIC: [u8; 4] = *b"NRNM";
const VERSION: u16 = 1;
const SLOT_BYTES: usize = 28;
const SECTOR_BYTES: u64 = 512;
const FILE_BYTES: usize = 3 * SECTOR_BYTES as usize;

/// What the file said at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Saved {
    pub(super) epoch: u64,
    pub(super) acked: u64,
    pub(super) sent: u64,
}

/// Writes what is acknowledged; the flusher's alone.
#[derive(Debug)]
pub(super) struct AckedMark {
    file: DiskFile,
    epoch: u64,
    next_slot: Slot,
}

/// Writes what is about to be sent.
#[derive(Debug)]
pub(super) struct SentMark {
    file: DiskFile,
    epoch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    AckedEven,
    AckedOdd,
    Sent,
}

impl Slot {
    fn offset(self) -> u64 {
        match self {
            Slot::AckedEven => 0,
            Slot::AckedOdd => SECTOR_BYTES,
            Slot::Sent => 2 * SECTOR_BYTES,
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
    let acked = slot(Slot::AckedEven).into_iter().chain(slot(Slot::AckedOdd)).max_by_key(|(_, seq)| *seq);
    let Some((epoch, acked)) = acked else { return Ok(None) };
    let sent = match slot(Slot::Sent) {
        Some((sent_epoch, seq)) if sent_epoch == epoch => seq,
        Some(_) | None => 0,
    };
    Ok(Some(Saved { epoch, acked, sent: sent.max(acked) }))
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
        bytes[at..at + SLOT_BYTES].copy_from_slice(&encode(saved.epoch, seq));
    }
    let file = disk.create(&temp).map_err(|error| Error::io("create", &temp, error))?;
    disk.write(&file, &bytes).map_err(|error| Error::io("write", &temp, error))?;
    disk.sync(&file).map_err(|error| Error::io("sync", &temp, error))?;
    disk.rename(&temp, &path).map_err(|error| Error::io("rename", &temp, error))?;
    disk.sync_dir(dir).map_err(|error| Error::io("sync", dir, error))
}

/// Opens the file for writing. The slot that holds less is the next to be overwritten.
pub(super) fn open(disk: &Disk, dir: &Path, epoch: u64) -> Result<(AckedMark, SentMark), Error> {
    let path = path(dir);
    let bytes = read_from(&path, 0, FILE_BYTES as u64).map_err(|error| Error::io("read", &path, error))?;
    let seq = |slot: Slot| decode(bytes.get(slot.offset() as usize..)?).map(|(_, seq)| seq);
    let next_slot = if seq(Slot::AckedEven) <= seq(Slot::AckedOdd) { Slot::AckedEven } else { Slot::AckedOdd };
    let open = || disk.open(&path).map_err(|error| Error::io("open", &path, error));
    Ok((AckedMark { file: open()?, epoch, next_slot }, SentMark { file: open()?, epoch }))
}

impl AckedMark {
    /// Durable before this returns.
    pub(super) fn save(&mut self, disk: &Disk, seq: u64) -> std::io::Result<()> {
        disk.write_at(&self.file, self.next_slot.offset(), &encode(self.epoch, seq))?;
        disk.sync(&self.file)?;
        self.next_slot = if self.next_slot == Slot::AckedEven { Slot::AckedOdd } else { Slot::AckedEven };
        Ok(())
    }
}

impl SentMark {
    /// Kept over a crash of this program, not over one of the machine.
    pub(super) fn save(&self, disk: &Disk, seq: u64) -> std::io::Result<()> {
        disk.write_at(&self.file, Slot::Sent.offset(), &encode(self.epoch, seq))
    }
}

fn path(dir: &Path) -> PathBuf {
    dir.join(NAME)
}

fn encode(epoch: u64, seq: u64) -> [u8; SLOT_BYTES] {
    let mut slot = [0; SLOT_BYTES];
    slot[..4].copy_from_slice(&MAGIC);
    slot[4..6].copy_from_slice(&VERSION.to_le_bytes());
    slot[8..16].copy_from_slice(&epoch.to_le_bytes());
    slot[16..24].copy_from_slice(&seq.to_le_bytes());
    let crc = crc32c::crc32c(&slot[..24]);
    slot[24..].copy_from_slice(&crc.to_le_bytes());
    slot
}

fn decode(bytes: &[u8]) -> Option<(u64, u64)> {
    let (fields, crc) = bytes.get(..SLOT_BYTES)?.split_last_chunk::<4>()?;
    if crc32c::crc32c(fields) != u32::from_le_bytes(*crc)
        || !fields.starts_with(&MAGIC)
        || fields[4..6] != VERSION.to_le_bytes()
    {
        return None;
    }
    let epoch = u64::from_le_bytes(fields[8..16].try_into().ok()?);
    let seq = u64::from_le_bytes(fields[16..24].try_into().ok()?);
    Some((epoch, seq))
}
