//! Records in, rows out: keeps the table of processes, joins questions with answers, waits for hashes.
//! Knows nothing of rings: a test can feed it recorded bytes.

mod dns;
mod exec;
mod names;
mod processes;

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use schema::Row;
use tracing::debug;

use crate::clock;
use crate::enrich::hash::{Hasher, Image};
use crate::enrich::links::Links;
use crate::enrich::processes::{Identity, Processes};
use crate::enrich::users::Users;
use crate::linux::decode::{self, Argv, Head, ProcessKey, Raw, UringDone, UringOperation, UringSubmit, flag};
use crate::rows::{self, Builder, Gap};
use dns::Questions;
use names::Names;

/// A row waits that long for the hash of a program that has just started, then goes without.
const HASH_WAIT: Duration = Duration::from_secs(2);
/// The same for processes found at start-up, which all ask at once.
const HASH_WAIT_FOUND: Duration = Duration::from_secs(30);
/// A larger program goes to the slow worker.
const HASH_FAST_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Rows that wait; beyond it they go without.
const WAITING_MAX: usize = 50_000;
/// A fork without an exec gets a row of its own after this time.
const SILENT_NS: u64 = 1_000_000_000;
/// Requests of `io_uring` under way.
const URING_MAX: usize = 65_536;
/// Long argvs being put together, of 128 KiB each. More than processors means left-overs.
const ARGV_MAX: usize = 256;

/// A row and where it happened.
#[derive(Debug)]
pub struct Seen {
    /// The row.
    pub row: Row,
    /// Cgroup v2 id of the acting process, 0 for rows about the sensor.
    pub cgroup: u64,
}

/// A change to the kernel's list of processes whose activity is not wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// Stop recording.
    Add(u32),
    /// Record again, or the process ended.
    Remove(u32),
}

struct Waiting {
    row: Row,
    cgroup: u64,
    created: Option<Arc<Image>>,
    actor: Option<Arc<Identity>>,
    until: Instant,
}

/// See the module.
pub struct Pipeline {
    builder: Builder,
    processes: Processes,
    hasher: Hasher,
    /// Parents of found processes that only `/proc` names, to be announced with them.
    found_beside: Vec<ProcessKey>,
    // Large and long-running programs have a worker of their own: they must not delay the hash of a small new one.
    hasher_slow: Hasher,
    argvs: HashMap<u32, Vec<Argv>>,
    questions: Questions,
    names: Names,
    urings: HashMap<u64, (Head, UringOperation)>,
    waiting: VecDeque<Waiting>,
    ready: Vec<Seen>,
    links: Links,
    /// Inode of the bash whose sourcing is traced.
    traced_shell: Option<u64>,
    exclude_exe: HashSet<String>,
    excluded: HashSet<u32>,
    exclusions: Vec<Exclusion>,
    decode_errors: u64,
}

impl Pipeline {
    /// An empty pipeline. Programs in `exclude_exe` (full paths) get their activity excluded when they are seen.
    pub fn new(exclude_exe: impl IntoIterator<Item = String>) -> std::io::Result<Pipeline> {
        let boot_id = clock::boot_id();
        let builder = Builder {
            boot: boot_id.chars().take(8).collect(),
            boot_id,
            device: nix::unistd::gethostname().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            offset_ns: clock::offset_ns(),
            users: Users::new("/etc/passwd"),
        };
        Ok(Pipeline {
            builder,
            processes: Processes::default(),
            hasher: Hasher::start()?,
            found_beside: Vec::new(),
            hasher_slow: Hasher::start()?,
            argvs: HashMap::new(),
            questions: Questions::default(),
            names: Names::default(),
            urings: HashMap::new(),
            waiting: VecDeque::new(),
            ready: Vec::new(),
            traced_shell: None,
            links: Links::load(Path::new("/")),
            exclude_exe: exclude_exe.into_iter().collect(),
            excluded: HashSet::new(),
            exclusions: Vec::new(),
            decode_errors: 0,
        })
    }

    /// Makes rows about the sensor itself.
    pub fn builder(&mut self) -> &mut Builder {
        &mut self.builder
    }

    /// Names the bash of which the kernel side reports what it sources.
    pub fn set_traced_shell(&mut self, inode: Option<u64>) {
        self.traced_shell = inode;
    }

    /// Takes one record.
    pub fn feed(&mut self, bytes: &[u8]) {
        match decode::decode(bytes) {
            Ok((head, mut raw)) => {
                if head.flags & flag::OTHER_MOUNTS == 0 {
                    self.links.resolve(&mut raw);
                }
                self.event(head, raw);
            }
            Err(error) => {
                debug!(%error, "undecodable record");
                self.decode_errors += 1;
            }
        }
    }

    /// Does what is due: lets rows go, times questions out, forgets the dead.
    pub fn tick(&mut self, now: u64) {
        for key in self.processes.take_silent(now.saturating_sub(SILENT_NS)) {
            self.announce_fork(key);
        }
        for (head, actor, server, message) in self.questions.take_overdue(now) {
            let row = self.builder.dns_timeout(&head, &actor, server, &message);
            self.push(row, head.cgroup, None, Some(actor));
        }
        self.processes.sweep(now);
        self.release(Instant::now());
    }

    /// Lets every waiting row go, hash or not.
    pub fn flush(&mut self) {
        self.release(Instant::now() + HASH_WAIT_FOUND * 2);
    }

    /// True when rows wait for hashes.
    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// The rows that are ready.
    pub fn take(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.ready)
    }

    /// What the kernel's list of exclusions has to change.
    pub fn take_exclusions(&mut self) -> Vec<Exclusion> {
        std::mem::take(&mut self.exclusions)
    }

    /// Records that could not be read since the last call.
    pub fn take_decode_errors(&mut self) -> u64 {
        std::mem::take(&mut self.decode_errors)
    }

    /// Adds a row about the sensor.
    pub fn push_sensor_row(&mut self, row: Row) {
        self.ready.push(Seen { row, cgroup: 0 });
    }

    /// Adds an `EventsLost` row.
    pub fn push_gap(&mut self, gap: &Gap) {
        let row = self.builder.events_lost(clock::boot_ns(), gap);
        self.push_sensor_row(row);
    }

    fn event(&mut self, head: Head, raw: Raw) {
        match raw {
            Raw::Fork(fork) => self.forked(&head, fork),
            Raw::Exec(exec) => self.execed(&head, &exec),
            Raw::Argv(argv) => {
                // An exec whose own record was lost leaves its chunks behind.
                if self.argvs.len() >= ARGV_MAX {
                    self.argvs.clear();
                }
                let chunks = self.argvs.entry(head.actor.pid).or_default();
                if argv.index == 0 {
                    chunks.clear();
                }
                chunks.push(argv);
            }
            Raw::Exit(exit) => self.exited(&head, exit),
            Raw::Source(path) => self.sourced(&head, path),
            Raw::ScriptOpened(path) => self.script_opened(&head, &path),
            Raw::SourceEnd => self.processes.leave_script(head.actor, false),
            Raw::Task(task) => self.found(&head, task),
            Raw::UringSubmit(submit) => self.uring_submitted(head, submit),
            Raw::UringDone(done) => self.uring_done(&head, done),
            Raw::DnsQuery(datagram) => {
                let actor = self.actor(&head);
                self.questions.asked(head, actor, &datagram);
            }
            other => self.acted(&head, &other),
        }
    }

    /// Events that are one row of their actor.
    fn acted(&mut self, head: &Head, raw: &Raw) {
        if matches!(raw, Raw::Shell(_)) {
            self.processes.leave_script(head.actor, true);
        }
        let actor = self.actor(head);
        let builder = &mut self.builder;
        let row = match raw {
            Raw::ExecFailed(target) => builder.exec_failed(head, &actor, target),
            Raw::FileCreated(file) => builder.file("FileCreated", head, &actor, file),
            Raw::FileModified(file) => builder.file("FileModified", head, &actor, file),
            Raw::FileRenamed(renamed) => builder.file_renamed(head, &actor, renamed),
            Raw::FileDeleted(file) => builder.named_file("FileDeleted", head, &actor, file),
            Raw::Made(made) => builder.made(head, &actor, made),
            Raw::OpenFailed(file) => builder.named_file("FileOpenFailed", head, &actor, file),
            Raw::Connect(socket) => {
                let action = if socket.errno == 0 { "ConnectionSuccess" } else { "ConnectionFailed" };
                let name = self.names.find(head.actor, socket.remote.ip);
                let mut row = builder.connection(action, head, &actor, socket);
                rows::set_remote_name(&mut row, name.as_deref());
                row
            }
            Raw::Accept(socket) => builder.connection("InboundConnectionAccepted", head, &actor, socket),
            Raw::Listen(socket) => builder.connection("ListeningConnectionCreated", head, &actor, socket),
            Raw::Shell(line) => builder.shell_command(head, &actor, line),
            Raw::DnsAnswer(datagram) => {
                let Some((message, asked)) = self.questions.answered(datagram) else { return };
                self.names.learn(head.actor, &message);
                builder.dns_answer(head, &actor, datagram.socket.remote, &message, asked)
            }
            Raw::Fork(_) | Raw::Exec(_) | Raw::Argv(_) | Raw::Exit(_) | Raw::Task(_) => return,
            Raw::Source(_) | Raw::SourceEnd | Raw::ScriptOpened(_) => return,
            Raw::UringSubmit(_) | Raw::UringDone(_) | Raw::DnsQuery(_) => return,
        };
        self.push(row, head.cgroup, None, Some(actor));
    }

    fn uring_submitted(&mut self, head: Head, submit: UringSubmit) {
        // Requests whose end was lost would stay: when there are too many, all are forgotten, and say so.
        if self.urings.len() >= URING_MAX {
            let now = clock::wall_ns();
            let count = Some(self.urings.len() as u64);
            self.urings.clear();
            self.push_gap(&Gap { reason: "kernel_drop", count, from_ns: now, to_ns: now, kind: Some("io_uring") });
        }
        self.urings.insert(submit.request, (head, submit.operation));
    }

    fn uring_done(&mut self, done_head: &Head, done: UringDone) {
        let Some((mut head, operation)) = self.urings.remove(&done.request) else { return };
        head.ts = done_head.ts;
        if done.result < 0 {
            return;
        }
        let actor = self.actor(&head);
        head.flags |= flag::URING;
        let row = match operation {
            UringOperation::Rename(renamed) => self.builder.file_renamed(&head, &actor, &renamed),
            UringOperation::Delete(file) => self.builder.named_file("FileDeleted", &head, &actor, &file),
        };
        self.push(row, head.cgroup, None, Some(actor));
    }

    /// Sends a row on its way: at once when the hashes it wants are there, else when they are or the wait is over.
    fn push(&mut self, row: Row, cgroup: u64, created: Option<Arc<Image>>, actor: Option<Arc<Identity>>) {
        let now = Instant::now();
        let images = [created.as_ref(), actor.as_ref().map(|actor| &actor.image)];
        let until = images
            .into_iter()
            .flatten()
            .filter(|image| image.is_pending(now))
            .filter_map(|image| image.wait_until)
            .max();
        let waiting = Waiting { row, cgroup, created, actor, until: until.unwrap_or(now) };
        if until.is_none() || self.waiting.len() >= WAITING_MAX {
            self.let_go(waiting);
        } else {
            self.waiting.push_back(waiting);
        }
    }

    fn release(&mut self, now: Instant) {
        for waiting in std::mem::take(&mut self.waiting) {
            let images = [waiting.created.as_ref(), waiting.actor.as_ref().map(|actor| &actor.image)];
            if now < waiting.until && images.into_iter().flatten().any(|image| image.is_pending(now)) {
                self.waiting.push_back(waiting);
            } else {
                self.let_go(waiting);
            }
        }
    }

    fn let_go(&mut self, mut waiting: Waiting) {
        rows::add_hashes(&mut waiting.row, waiting.created.as_ref(), waiting.actor.as_deref());
        self.ready.push(Seen { row: waiting.row, cgroup: waiting.cgroup });
    }
}
