//! Ring-buffer bytes to raw events. Pure: no kernel, no I/O, compiled and tested on every system.
//! The layout is `bpf/events.h`. Bytes that do not fit it are an error, never a panic.

pub mod dns;
mod event;
mod file;
mod network;
mod process;
mod text;

#[cfg(test)]
mod tests;

pub use event::*;
pub use text::{command_line, escape, join_path};

/// Bytes of the fixed head of every record.
pub const HEAD_BYTES: usize = 192;
const SECTIONS: usize = 8;
const NUMBERS: usize = 12;
const NUMBERS_AT: usize = 64;
const SECTIONS_AT: usize = NUMBERS_AT + NUMBERS * 8;
const COMM_AT: usize = 48;
const COMM_BYTES: usize = 16;

/// Kinds of records, as in `enum kind`.
pub mod kind {
    #![allow(missing_docs)]
    pub const FORK: u16 = 1;
    pub const EXEC: u16 = 2;
    pub const EXEC_ARGV: u16 = 3;
    pub const EXIT: u16 = 4;
    pub const EXEC_FAIL: u16 = 5;
    pub const FILE_CREATED: u16 = 6;
    pub const FILE_MODIFIED: u16 = 7;
    pub const FILE_RENAMED: u16 = 8;
    pub const FILE_DELETED: u16 = 9;
    pub const TCP_CONNECT: u16 = 10;
    pub const TCP_ACCEPT: u16 = 11;
    pub const TCP_LISTEN: u16 = 12;
    pub const CONNECT_FAIL: u16 = 13;
    pub const DNS_QUERY: u16 = 14;
    pub const DNS_ANSWER: u16 = 15;
    pub const SHELL: u16 = 16;
    pub const URING: u16 = 17;
    pub const URING_DONE: u16 = 18;
    pub const TASK: u16 = 19;
    pub const OPEN_FAIL: u16 = 20;
    pub const SOURCE: u16 = 21;
    pub const SOURCE_END: u16 = 22;
    pub const SCRIPT_OPEN: u16 = 23;
    pub const MADE: u16 = 24;
    /// Slots of the per-kind counters.
    pub const COUNT: usize = 32;

    /// The name that gap rows and statistics use.
    pub fn name(kind: usize) -> &'static str {
        const NAMES: [&str; 25] = [
            "none",
            "fork",
            "exec",
            "exec_argv",
            "exit",
            "exec_failed",
            "file_created",
            "file_modified",
            "file_renamed",
            "file_deleted",
            "tcp_connect",
            "tcp_accept",
            "tcp_listen",
            "connect_failed",
            "dns_query",
            "dns_answer",
            "shell",
            "io_uring",
            "io_uring_done",
            "task",
            "open_failed",
            "source",
            "source_end",
            "script_open",
            "made",
        ];
        NAMES.get(kind).copied().unwrap_or("unknown")
    }
}

/// Flags of the head, as `FLAG_*`.
pub mod flag {
    #![allow(missing_docs)]
    pub const COMPAT: u16 = 1;
    pub const CUT: u16 = 2;
    pub const USER_PATH: u16 = 4;
    pub const PROVISIONAL: u16 = 8;
    pub const URING: u16 = 16;
    pub const OTHER_MOUNTS: u16 = 32;
}

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Fewer bytes than a head.
    #[error("record of {0} bytes is shorter than its head")]
    Short(usize),
    /// The sections' lengths exceed the record.
    #[error("sections exceed the record")]
    Sections,
    /// A kind that this version does not know.
    #[error("unknown kind {0}")]
    Kind(u16),
}

/// Reads one record.
pub fn decode(bytes: &[u8]) -> Result<(Head, Raw), Error> {
    let record = Record::new(bytes)?;
    let head = record.head();
    let raw = match head.kind {
        kind::FORK => Raw::Fork(process::fork(&record)),
        kind::EXEC => Raw::Exec(Box::new(process::exec(&record))),
        kind::EXEC_ARGV => Raw::Argv(process::argv(&record)),
        kind::EXIT => Raw::Exit(process::exit(&record)),
        kind::TASK => Raw::Task(process::task(&record)),
        kind::SOURCE => Raw::Source(text::path_of_names(record.section(0))),
        kind::SCRIPT_OPEN => Raw::ScriptOpened(text::path_of_names(record.section(0))),
        kind::SOURCE_END => Raw::SourceEnd,
        kind::EXEC_FAIL => Raw::ExecFailed(file::named(&record, 0)),
        kind::FILE_CREATED => Raw::FileCreated(file::file(&record)),
        kind::FILE_MODIFIED => Raw::FileModified(file::file(&record)),
        kind::FILE_RENAMED => Raw::FileRenamed(file::renamed(&record)),
        kind::FILE_DELETED => Raw::FileDeleted(file::named(&record, 0)),
        kind::MADE => Raw::Made(file::made(&record)),
        kind::OPEN_FAIL => Raw::OpenFailed(file::named(&record, 0)),
        kind::URING => file::uring(&record)?,
        kind::URING_DONE => Raw::UringDone(file::uring_done(&record)),
        kind::TCP_CONNECT | kind::CONNECT_FAIL => Raw::Connect(network::socket(&record)),
        kind::TCP_ACCEPT => Raw::Accept(network::socket(&record)),
        kind::TCP_LISTEN => Raw::Listen(network::socket(&record)),
        kind::DNS_QUERY => Raw::DnsQuery(network::datagram(&record)),
        kind::DNS_ANSWER => Raw::DnsAnswer(network::datagram(&record)),
        kind::SHELL => Raw::Shell(escape(text::until_nul(record.section(0)))),
        other => return Err(Error::Kind(other)),
    };
    Ok((head, raw))
}

/// The timestamp of a record, 0 when it has none. For ordering two rings without decoding them.
pub fn timestamp(bytes: &[u8]) -> u64 {
    bytes.get(8..16).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// A record whose section lengths were checked.
struct Record<'a> {
    bytes: &'a [u8],
    starts: [usize; SECTIONS + 1],
}

impl<'a> Record<'a> {
    fn new(bytes: &'a [u8]) -> Result<Self, Error> {
        if bytes.len() < HEAD_BYTES {
            return Err(Error::Short(bytes.len()));
        }
        let mut starts = [HEAD_BYTES; SECTIONS + 1];
        for idx in 0..SECTIONS {
            let len = u32_at(bytes, SECTIONS_AT + idx * 4) as usize;
            starts[idx + 1] = starts[idx].checked_add(len).ok_or(Error::Sections)?;
        }
        if starts[SECTIONS] > bytes.len() {
            return Err(Error::Sections);
        }
        Ok(Record { bytes, starts })
    }

    fn head(&self) -> Head {
        Head {
            kind: u16_at(self.bytes, 0),
            flags: u16_at(self.bytes, 2),
            ts: u64_at(self.bytes, 8),
            actor: ProcessKey { pid: u32_at(self.bytes, 16), start: u64_at(self.bytes, 24) },
            tid: u32_at(self.bytes, 20),
            cgroup: u64_at(self.bytes, 32),
            uid: u32_at(self.bytes, 40),
            euid: u32_at(self.bytes, 44),
            comm: escape(text::until_nul(&self.bytes[COMM_AT..COMM_AT + COMM_BYTES])),
        }
    }

    fn number(&self, idx: usize) -> i64 {
        u64_at(self.bytes, NUMBERS_AT + idx * 8).cast_signed()
    }

    /// Two neighbouring numbers as the sixteen bytes they were written from.
    fn sixteen(&self, idx: usize) -> [u8; 16] {
        let at = NUMBERS_AT + idx * 8;
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&self.bytes[at..at + 16]);
        bytes
    }

    fn section(&self, idx: usize) -> &'a [u8] {
        &self.bytes[self.starts[idx]..self.starts[idx + 1]]
    }

    fn string(&self, idx: usize) -> String {
        escape(text::until_nul(self.section(idx)))
    }

    fn key(&self, idx: usize) -> ProcessKey {
        ProcessKey { pid: self.number(idx) as u32, start: self.number(idx + 1).cast_unsigned() }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
