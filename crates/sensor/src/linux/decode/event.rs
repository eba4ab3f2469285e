//! Raw events: what the kernel saw, before anything is looked up.

use std::net::IpAddr;

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
    /// The actor made a directory, a link, a pipe or a device.
    Made(Made),
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

/// See [`Raw::Made`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Full path.
    pub path: String,
    /// `directory`, `symlink`, `hard link`, `node`.
    pub what: &'static str,
    /// What a symbolic link says, or the file that a hard link names once more.
    pub target: Option<String>,
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
