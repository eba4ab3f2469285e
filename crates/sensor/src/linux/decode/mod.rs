//! Ring-buffer bytes to raw events. Pure: no kernel, no I/O, compiled and tested on every system.
//! The layout is `bpf/events.h`. Bytes that do not fit it are an error, never a panic.

pub mod dns;
mod file;
mod network;
mod process;
mod text;

#[cfg(test)]
mod tests;

use std::net::IpAddr;

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
    /// Slots of the per-kind counters.
    pub const COUNT: usize = 32;

    /// The name that gap rows and statistics use.
    pub fn name(kind: usize) -> &'static str {
        const NAMES: [&str; 24] = [
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

/// A process for good: a pid alone is used again, a pid with its start time never is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct ProcessKey {
    /// Thread-group id.
    pub pid: u32,
    /// Nanoseconds since boot, suspend included, at which the process started.
    pub start: u64,
}

/// Who did it, when, and with which rights.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Head {
    /// One of [`kind`].
    pub kind: u16,
    /// Bits of [`flag`].
    pub flags: u16,
    /// Nanoseconds since boot, suspend included.
    pub ts: u64,
    /// The acting process.
    pub actor: ProcessKey,
    /// The acting thread.
    pub tid: u32,
    /// Id of the cgroup v2 of the acting task.
    pub cgroup: u64,
    /// Real user id.
    pub uid: u32,
    /// Effective user id.
    pub euid: u32,
    /// The task's name, at most 15 bytes.
    pub comm: String,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// A process was forked by the actor.
    Fork(Fork),
    /// The actor became another program.
    Exec(Box<Exec>),
    /// A part of a long argv; comes before its exec.
    Argv(Argv),
    /// The actor ended.
    Exit(Exit),
    /// The actor tried to run a program and could not.
    ExecFailed(NamedFile),
    /// The actor made a file.
    FileCreated(File),
    /// The actor wrote to a file and closed it.
    FileModified(File),
    /// The actor gave a file another name.
    FileRenamed(Renamed),
    /// The actor removed a file or directory.
    FileDeleted(NamedFile),
    /// The actor was refused a file.
    OpenFailed(NamedFile),
    /// The actor's TCP connect ended, well or not.
    Connect(Socket),
    /// The actor accepted a connection.
    Accept(Socket),
    /// The actor began to listen.
    Listen(Socket),
    /// The actor sent a DNS message.
    DnsQuery(Datagram),
    /// The actor received a DNS message.
    DnsAnswer(Datagram),
    /// A line typed into a shell.
    Shell(String),
    /// A file operation was handed to `io_uring`.
    UringSubmit(UringSubmit),
    /// Such an operation ended.
    UringDone(UringDone),
    /// A bash begins to execute this file, as `.` and `source` do.
    Source(String),
    /// It has finished the last one.
    SourceEnd,
    /// An interpreter opened this file, which has a script's name, to read it.
    ScriptOpened(String),
    /// A process that already runs.
    Task(Task),
}

/// See [`Raw::Fork`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork {
    /// The new process.
    pub child: ProcessKey,
    /// Its parent for the kernel: not the actor when `CLONE_PARENT` was given.
    pub parent: ProcessKey,
}

/// See [`Raw::Exec`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Exec {
    /// Parent at the time of the exec.
    pub parent: ProcessKey,
    /// Session id.
    pub session: u32,
    /// Audit login user, when one logged in.
    pub login_uid: Option<u32>,
    /// Audit session, when one exists.
    pub audit_session: Option<u32>,
    /// Inode of the executable.
    pub inode: u64,
    /// Device of the executable in the kernel's encoding, major << 20 | minor.
    pub device: u32,
    /// Links of the executable; 0 means it has no name any more (or never had, as a memfd).
    pub links: u32,
    /// Size of the executable.
    pub size: u64,
    /// The kernel raised rights for this exec (set-user-id or file capabilities).
    pub secure: bool,
    /// The name as given to the system call.
    pub filename: String,
    /// The interpreter that a `#!` line chose.
    pub interpreter: Option<String>,
    /// Full path of the executable.
    pub path: String,
    /// Working directory.
    pub directory: String,
    /// The first bytes of argv, NUL after every argument.
    pub argv: Vec<u8>,
    /// Length of the whole argv.
    pub argv_bytes: u64,
    /// How many [`Argv`] records came before.
    pub argv_chunks: u32,
    /// Path of the cgroup v2.
    pub cgroup_path: String,
    /// Name of the terminal, for example `pts0`.
    pub terminal: Option<String>,
}

/// See [`Raw::Argv`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argv {
    /// Position among the chunks.
    pub index: u32,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// See [`Raw::Exit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Exit code, 0 when a signal ended the process.
    pub code: u8,
    /// Signal that ended the process, 0 for none.
    pub signal: u8,
    /// A core was dumped.
    pub core: bool,
}

/// A file known by the kernel's own path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Full path.
    pub path: String,
    /// Inode number, 0 when unknown.
    pub inode: u64,
    /// Device in the kernel's encoding.
    pub device: u32,
    /// Size now.
    pub size: u64,
    /// Bytes written since the open.
    pub bytes: u64,
    /// Mode bits.
    pub mode: u32,
}

/// A file known by the name given to a system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// Full path: the directory joined with the name.
    pub path: String,
    /// The error, 0 for none.
    pub errno: i32,
    /// It was a directory.
    pub is_dir: bool,
}

/// See [`Raw::FileRenamed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renamed {
    /// Full path before.
    pub from: String,
    /// Full path after.
    pub to: String,
}

/// An end of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Address.
    pub ip: IpAddr,
    /// Port.
    pub port: u16,
}

/// A TCP socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// The kernel's id of the socket, 0 when not known.
    pub cookie: u64,
    /// This end.
    pub local: Endpoint,
    /// The other end.
    pub remote: Endpoint,
    /// 0: it worked. -1: the owner gave up before an answer came. Otherwise an errno.
    pub errno: i32,
    /// Time from SYN to the outcome.
    pub latency_ns: u64,
}

/// A DNS message on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Socket and addresses.
    pub socket: Socket,
    /// The DNS message.
    pub message: Vec<u8>,
}

/// See [`Raw::UringSubmit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UringSubmit {
    /// Names the request until it is done.
    pub request: u64,
    /// What was asked.
    pub operation: UringOperation,
}

/// What was asked of `io_uring`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UringOperation {
    /// Rename.
    Rename(Renamed),
    /// Unlink.
    Delete(NamedFile),
}

/// See [`Raw::UringDone`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UringDone {
    /// The request.
    pub request: u64,
    /// Its result, negative errno on failure.
    pub result: i32,
}

/// See [`Raw::Task`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Its parent now.
    pub parent: ProcessKey,
    /// Session id.
    pub session: u32,
    /// Audit session, when one exists.
    pub audit_session: Option<u32>,
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
