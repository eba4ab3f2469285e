//! Ties one loaded program to its hook. Tracepoints need nothing more; packets need a cgroup, shells a file.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use libbpf_rs::{Link, ProgramMut, UprobeOpts};

/// Attaches a program to the hook that its name stands for.
pub fn attach_program(program: &ProgramMut<'_>, name: &str) -> anyhow::Result<Link> {
    match name {
        "on_egress" | "on_ingress" => {
            let mount = cgroup2_mount().ok_or_else(|| anyhow!("no cgroup v2 is mounted"))?;
            let root = File::open(&mount).context("open the root cgroup")?;
            Ok(program.attach_cgroup(root.as_raw_fd())?)
        }
        "on_readline" => attach_shell(program, "readline", true),
        // A shared readline has no such function.
        "on_source" => attach_shell(program, "source_file", false),
        "on_sourced" => attach_shell(program, "source_file", true),
        _ => Ok(program.attach()?),
    }
}

/// Where a bash may be; the first that exists is the one.
pub const SHELLS: [&str; 2] = ["/bin/bash", "/usr/local/bin/bash"];
const READLINES: [&str; 3] =
    ["/lib/x86_64-linux-gnu/libreadline.so.8", "/usr/lib64/libreadline.so.8", "/usr/lib/libreadline.so.8"];

/// Debian links readline into bash; others use the shared library.
fn attach_shell(program: &ProgramMut<'_>, function: &str, retprobe: bool) -> anyhow::Result<Link> {
    let mut refused = String::from("no bash found");
    for place in SHELLS.iter().chain(&READLINES).filter(|place| Path::new(place).exists()) {
        let opts = UprobeOpts { retprobe, func_name: Some(function.to_owned()), ..UprobeOpts::default() };
        match program.attach_uprobe_with_opts(-1, place, 0, opts) {
            Ok(link) => return Ok(link),
            Err(error) => refused = format!("{place}: {error}"),
        }
    }
    Err(anyhow!(refused))
}

/// Where cgroup v2 is mounted, also in a hybrid set-up.
pub fn cgroup2_mount() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/mounts").ok()?;
    let line = mounts.lines().find(|line| line.split(' ').nth(2) == Some("cgroup2"))?;
    line.split(' ').nth(1).map(PathBuf::from)
}
