//! Loads the programs and attaches them, family by family, so that a kernel that refuses one still gives the rest.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use anyhow::{Context, anyhow};
use libbpf_rs::skel::{OpenSkel, Skel, SkelBuilder};
use libbpf_rs::{Iter, Link, MapCore, MapFlags, MapHandle};
use tracing::{debug, warn};

use super::attach::{SHELLS, attach_program};
use super::decode::{HEAD_BYTES, kind};
use super::skeleton::{OpenSensorSkel, SensorSkel, SensorSkelBuilder};

/// Hooks that are there, or not, together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Fork, exec, exit: without them nothing else makes sense.
    Process,
    /// System calls on files.
    File,
    /// TCP.
    Network,
    /// DNS over UDP.
    Dns,
    /// Interactive shells.
    Shell,
    /// `io_uring`.
    Uring,
    /// Files that a bash reads in.
    Script,
}

impl Family {
    /// All of them, the indispensable first.
    pub const ALL: [Family; 7] =
        [Family::Process, Family::File, Family::Network, Family::Dns, Family::Shell, Family::Uring, Family::Script];

    /// The name in `coverage`.
    pub fn name(self) -> &'static str {
        match self {
            Family::Process => "process",
            Family::File => "file",
            Family::Network => "network",
            Family::Dns => "dns",
            Family::Shell => "shell",
            Family::Uring => "io_uring",
            Family::Script => "script",
        }
    }

    /// The family of a program, by its name in C.
    fn of_program(name: &str) -> Family {
        match name {
            "on_fork" | "on_exec" | "on_exit" | "on_task" => Family::Process,
            "on_tcp_state" => Family::Network,
            "on_egress" | "on_ingress" => Family::Dns,
            "on_readline" => Family::Shell,
            "on_source" | "on_sourced" => Family::Script,
            "on_uring_submit" | "on_uring_complete" => Family::Uring,
            _ => Family::File,
        }
    }
}

/// How much of a source is seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Every hook is attached.
    Full,
    /// Some are; what the others said.
    Partial(String),
    /// None is; why.
    Off(String),
}

impl Coverage {
    /// The word in heartbeats.
    pub fn word(&self) -> &'static str {
        match self {
            Coverage::Full => "full",
            Coverage::Partial(_) => "partial",
            Coverage::Off(_) => "off",
        }
    }
}

/// Counters of one kind of event since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Not delivered because the ring was full.
    pub lost: u64,
    /// Not wanted: the sensor's own, and those of excluded programs.
    pub excluded: u64,
}

/// Loaded and attached programs. Dropping it detaches them.
pub struct Hooks {
    // Links before the object: they are detached first.
    links: Vec<Link>,
    tallies: MapHandle,
    excluded_tgids: MapHandle,
    /// What is attached.
    pub coverage: BTreeMap<Family, Coverage>,
    skel: SensorSkel<'static>,
}

/// Tail-called programs and their slots, as `enum handler` in `bpf/dispatch.bpf.h`.
const HANDLERS: [&str; 24] = [
    "handle_open",
    "handle_openat",
    "handle_write",
    "handle_write_to",
    "handle_resize",
    "handle_mmap",
    "handle_truncate",
    "handle_rename",
    "handle_renameat",
    "handle_unlink",
    "handle_rmdir",
    "handle_unlinkat",
    "handle_exec",
    "handle_execat",
    "handle_connect",
    "handle_accept",
    "handle_mkdir",
    "handle_mkdirat",
    "handle_symlink",
    "handle_symlinkat",
    "handle_link",
    "handle_linkat",
    "handle_mknod",
    "handle_mknodat",
];

impl Hooks {
    /// Loads what the kernel accepts and attaches it. Fails when not even processes can be seen.
    pub fn attach() -> anyhow::Result<Hooks> {
        quiet_libbpf();
        let mut coverage: BTreeMap<Family, Coverage> = BTreeMap::new();
        let skel = match load(&Family::ALL) {
            Ok(skel) => skel,
            Err(error) => load_what_works(error, &mut coverage)?,
        };
        let tallies = MapHandle::try_from(&skel.maps.tallies).context("keep the map of counters")?;
        let excluded_tgids = MapHandle::try_from(&skel.maps.excluded_tgids).context("keep the map of exclusions")?;
        let mut hooks = Hooks { links: Vec::new(), tallies, excluded_tgids, coverage, skel };
        hooks.exclude(std::process::id())?;
        hooks.fill_handlers()?;
        hooks.attach_all();
        match hooks.coverage.get(&Family::Process) {
            Some(Coverage::Full) => Ok(hooks),
            other => Err(anyhow!("attach the process hooks: {other:?}")),
        }
    }

    /// Stops recording file and network events of that process.
    pub fn exclude(&self, pid: u32) -> anyhow::Result<()> {
        self.excluded_tgids.update(&pid.to_ne_bytes(), &[1], MapFlags::ANY).context("exclude a process")
    }

    /// Undoes [`Hooks::exclude`]; a process that was not excluded is no error.
    pub fn include(&self, pid: u32) {
        // The only failure is "no such entry".
        let _ = self.excluded_tgids.delete(&pid.to_ne_bytes());
    }

    /// The counters, summed over the processors, by kind.
    pub fn tallies(&self) -> anyhow::Result<[Tally; kind::COUNT]> {
        let mut sums = [Tally::default(); kind::COUNT];
        for (idx, sum) in sums.iter_mut().enumerate() {
            let key = (idx as u32).to_ne_bytes();
            let slots = self.tallies.lookup_percpu(&key, MapFlags::ANY).context("read the counters")?;
            for slot in slots.unwrap_or_default() {
                sum.lost += word(&slot, 0);
                sum.excluded += word(&slot, 8);
            }
        }
        Ok(sums)
    }

    /// The two rings: processes, and everything else.
    pub fn rings(&self) -> (&dyn MapCore, &dyn MapCore) {
        (&self.skel.maps.ring_process, &self.skel.maps.ring_activity)
    }

    /// One `TASK` record for every running process.
    pub fn tasks(&self) -> anyhow::Result<Vec<Vec<u8>>> {
        let link = self.skel.progs.on_task.attach().context("attach the task iterator")?;
        let mut bytes = Vec::new();
        Iter::new(&link).context("start the task iterator")?.read_to_end(&mut bytes).context("read the tasks")?;
        Ok(bytes.chunks_exact(HEAD_BYTES).map(<[u8]>::to_vec).collect())
    }

    /// Inode of the bash whose sourcing is reported, when it is.
    pub fn traced_shell(&self) -> Option<u64> {
        let traced = self.coverage.get(&Family::Script) == Some(&Coverage::Full);
        let metadata = traced.then(|| SHELLS.iter().find_map(|shell| fs::metadata(shell).ok())).flatten();
        metadata.as_ref().map(MetadataExt::ino)
    }

    fn fill_handlers(&mut self) -> anyhow::Result<()> {
        if matches!(self.coverage.get(&Family::File), Some(Coverage::Off(_))) {
            return Ok(());
        }
        for program in self.skel.object().progs() {
            let name = program.name().to_string_lossy().into_owned();
            let Some(slot) = HANDLERS.iter().position(|handler| *handler == name) else { continue };
            let fd = std::os::fd::AsFd::as_fd(&program).as_raw_fd();
            let key = (slot as u32 + 1).to_ne_bytes();
            self.skel.maps.handlers.update(&key, &fd.to_ne_bytes(), MapFlags::ANY).context("fill a handler's slot")?;
        }
        Ok(())
    }

    fn attach_all(&mut self) {
        let off: Vec<Family> = self.coverage.keys().copied().collect();
        let mut outcomes: BTreeMap<Family, (usize, Vec<String>)> = BTreeMap::new();
        let mut links = Vec::new();
        for program in self.skel.object_mut().progs_mut() {
            let name = program.name().to_string_lossy().into_owned();
            let family = Family::of_program(&name);
            if off.contains(&family) || name.starts_with("handle_") || name == "on_task" {
                continue;
            }
            let (n_attached, errors) = outcomes.entry(family).or_default();
            match attach_program(&program, &name) {
                Ok(link) => {
                    links.push(link);
                    *n_attached += 1;
                }
                Err(error) => errors.push(format!("{name}: {error:#}")),
            }
        }
        self.links = links;
        for (family, (n_attached, errors)) in outcomes {
            let coverage = match (n_attached, errors.is_empty()) {
                (_, true) => Coverage::Full,
                (0, false) => Coverage::Off(errors.join("; ")),
                (_, false) => Coverage::Partial(errors.join("; ")),
            };
            self.coverage.insert(family, coverage);
        }
    }
}

fn word(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_ne_bytes)
}

fn open() -> anyhow::Result<OpenSensorSkel<'static>> {
    // The skeleton borrows its storage; a few bytes are leaked per load, and a sensor loads once.
    let storage = Box::leak(Box::new(MaybeUninit::uninit()));
    SensorSkelBuilder::default().open(storage).context("open the eBPF object")
}

fn load(families: &[Family]) -> anyhow::Result<SensorSkel<'static>> {
    let mut open = open()?;
    for mut program in open.open_object_mut().progs_mut() {
        let family = Family::of_program(&program.name().to_string_lossy());
        program.set_autoload(families.contains(&family));
    }
    if let Some(rodata) = open.maps.rodata_data.as_deref_mut() {
        rodata.own_mount_ns = mount_namespace();
    }
    open.load().context("load the eBPF programs")
}

/// The number in `mnt:[4026531841]`, 0 when `/proc` is not mounted: then every namespace is another one.
fn mount_namespace() -> u32 {
    let link = fs::read_link("/proc/self/ns/mnt").unwrap_or_default();
    let number = link.to_str().and_then(|text| text.strip_prefix("mnt:[")?.strip_suffix(']')?.parse().ok());
    number.unwrap_or(0)
}

/// The whole set was refused: find out which families are accepted beside the processes.
fn load_what_works(
    whole: anyhow::Error,
    coverage: &mut BTreeMap<Family, Coverage>,
) -> anyhow::Result<SensorSkel<'static>> {
    load(&[Family::Process]).map_err(|_| whole)?;
    let mut accepted = vec![Family::Process];
    for family in Family::ALL.into_iter().skip(1) {
        match load(&[Family::Process, family]) {
            Ok(_) => accepted.push(family),
            Err(error) => {
                warn!(source = family.name(), %error, "the kernel refused these hooks");
                coverage.insert(family, Coverage::Off(format!("{error:#}")));
            }
        }
    }
    load(&accepted)
}

fn quiet_libbpf() {
    fn print(_: libbpf_rs::PrintLevel, text: String) {
        debug!(text = text.trim_end(), "libbpf");
    }
    libbpf_rs::set_print(Some((libbpf_rs::PrintLevel::Info, print)));
}
