//! Fork, exec, exit and running tasks.

use super::{Argv, Exec, Exit, Fork, ProcessKey, Record, Task, text};

// As EXEC_* in bpf/events.h.
const PARENT: usize = 0;
const SESSION: usize = 2;
const LOGIN_UID: usize = 3;
const AUDIT_SESSION: usize = 4;
const INODE: usize = 5;
const DEVICE: usize = 6;
const LINKS: usize = 7;
const ARGV_BYTES: usize = 8;
const ARGV_CHUNKS: usize = 9;
const MODE: usize = 10;
const SIZE: usize = 11;
const SECURE_BIT: i64 = 1 << 16;
/// `(unsigned)-1`, the audit subsystem's word for "not set".
const UNSET: u32 = u32::MAX;

pub fn fork(record: &Record) -> Fork {
    Fork { child: record.key(0), parent: record.key(2) }
}

pub fn exec(record: &Record) -> Exec {
    let interpreter = record.string(1);
    let terminal = record.string(6);
    Exec {
        parent: parent(record),
        session: record.number(SESSION) as u32,
        login_uid: set(record.number(LOGIN_UID)),
        audit_session: set(record.number(AUDIT_SESSION)),
        inode: record.number(INODE).cast_unsigned(),
        device: record.number(DEVICE) as u32,
        links: record.number(LINKS) as u32,
        size: record.number(SIZE).cast_unsigned(),
        secure: record.number(MODE) & SECURE_BIT != 0,
        filename: record.string(0),
        interpreter: (!interpreter.is_empty()).then_some(interpreter),
        path: text::path_of_names(record.section(2)),
        directory: text::path_of_names(record.section(3)),
        argv: record.section(4).to_vec(),
        argv_bytes: record.number(ARGV_BYTES).cast_unsigned(),
        argv_chunks: record.number(ARGV_CHUNKS) as u32,
        cgroup_path: text::path_of_names(record.section(5)),
        terminal: (!terminal.is_empty()).then_some(terminal),
    }
}

pub fn argv(record: &Record) -> Argv {
    Argv { index: record.number(0) as u32, bytes: record.section(0).to_vec() }
}

/// A wait status: exit code in bits 8 to 15, signal in 0 to 6, core dump in 7.
pub fn exit(record: &Record) -> Exit {
    let status = record.number(0);
    Exit { code: (status >> 8) as u8, signal: (status & 0x7f) as u8, core: status & 0x80 != 0 }
}

pub fn task(record: &Record) -> Task {
    Task {
        parent: parent(record),
        session: record.number(SESSION) as u32,
        audit_session: set(record.number(AUDIT_SESSION)),
    }
}

fn parent(record: &Record) -> ProcessKey {
    record.key(PARENT)
}

fn set(number: i64) -> Option<u32> {
    let number = number as u32;
    (number != UNSET).then_some(number)
}

/// The arguments of an exec: its inline bytes and the chunks that came before it.
impl Exec {
    /// Splits argv, and says whether some of it is missing.
    pub fn arguments(&self, chunks: &[Argv]) -> (Vec<String>, bool) {
        let mut bytes = self.argv.clone();
        let mut cut = chunks.len() != self.argv_chunks as usize;
        for (idx, chunk) in chunks.iter().enumerate() {
            cut |= chunk.index as usize != idx;
            bytes.extend_from_slice(&chunk.bytes);
        }
        cut |= (bytes.len() as u64) < self.argv_bytes;
        (text::arguments(&bytes), cut)
    }
}
