//! File events.

use super::{Error, File, Made, NamedFile, Raw, Record, Renamed, UringDone, UringOperation, UringSubmit, text};

// As FILE_* in bpf/events.h.
const RESULT: usize = 0;
const INODE: usize = 1;
const DEVICE: usize = 2;
const SIZE: usize = 3;
const BYTES: usize = 4;
const MODE: usize = 6;
const IS_DIR: usize = 7;
const MADE: usize = 8;
// As MADE_*.
const DIRECTORY: i64 = 0;
const SYMLINK: i64 = 1;
const LINK: i64 = 2;

// include/uapi/linux/io_uring.h
const RENAMEAT: i64 = 35;
const UNLINKAT: i64 = 36;

pub fn file(record: &Record) -> File {
    // truncate(2) only has a name: it comes in section 1 instead of the walked path in section 0.
    let path =
        if record.section(0).is_empty() { path_argument(record, 1) } else { text::path_of_names(record.section(0)) };
    File {
        path,
        inode: record.number(INODE).cast_unsigned(),
        device: record.number(DEVICE) as u32,
        size: record.number(SIZE).cast_unsigned(),
        bytes: record.number(BYTES).cast_unsigned(),
        mode: record.number(MODE) as u32,
    }
}

pub fn named(record: &Record, section: usize) -> NamedFile {
    NamedFile {
        path: path_argument(record, section),
        errno: (-record.number(RESULT)).clamp(0, i64::from(i32::MAX)) as i32,
        is_dir: record.number(IS_DIR) != 0,
    }
}

pub fn renamed(record: &Record) -> Renamed {
    Renamed { from: path_argument(record, 0), to: path_argument(record, 2) }
}

pub fn made(record: &Record) -> Made {
    let (what, target) = match record.number(MADE) {
        DIRECTORY => ("directory", None),
        SYMLINK => ("symlink", Some(record.string(2))),
        LINK => ("hard link", Some(path_argument(record, 2))),
        _ => ("node", None),
    };
    Made { path: path_argument(record, 0), what, target }
}

pub fn uring(record: &Record) -> Result<Raw, Error> {
    let target = NamedFile { path: path_argument(record, 0), errno: 0, is_dir: record.number(2) != 0 };
    let operation = match record.number(1) {
        RENAMEAT => UringOperation::Rename(renamed(record)),
        UNLINKAT => UringOperation::Delete(target),
        _ => return Err(Error::Kind(super::kind::URING)),
    };
    Ok(Raw::UringSubmit(UringSubmit { request: record.number(0).cast_unsigned(), operation }))
}

pub fn uring_done(record: &Record) -> UringDone {
    UringDone { request: record.number(0).cast_unsigned(), result: record.number(1) as i32 }
}

/// A name in `section` and the directory it starts from in the next one: the process's root when it is absolute.
fn path_argument(record: &Record, section: usize) -> String {
    let base = text::path_of_names(record.section(section + 1));
    let name = record.string(section);
    let path = text::join_path(&base, &name);
    // Only a process in a chroot has another root than "/".
    if name.starts_with('/') && base != "/" { format!("{base}{path}") } else { path }
}
