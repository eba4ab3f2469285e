//! What this process may do and what this kernel offers, told apart, so that a refusal can be explained.

use std::fs;
use std::path::Path;

use super::attach::cgroup2_mount;

/// include/uapi/linux/capability.h
const CAPABILITIES: [(u32, &str); 5] =
    [(39, "CAP_BPF"), (38, "CAP_PERFMON"), (12, "CAP_NET_ADMIN"), (19, "CAP_SYS_PTRACE"), (2, "CAP_DAC_READ_SEARCH")];
const CAP_SYS_ADMIN: u32 = 21;

/// One thing that the hooks need.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Right {
    /// Its name.
    pub name: String,
    /// It is there.
    pub ok: bool,
    /// What is lost without it, or where it was found.
    pub detail: String,
}

/// Looks at every right.
pub fn check() -> Vec<Right> {
    let mut rights =
        vec![right("root", nix::unistd::geteuid().is_root(), "most hooks need it, or the capabilities below")];
    let effective = effective_capabilities();
    for (bit, name) in CAPABILITIES {
        let ok = effective & (1 << bit) != 0 || (effective & (1 << CAP_SYS_ADMIN) != 0 && bit >= 38);
        rights.push(right(name, ok, need(name)));
    }
    rights.push(right(
        "BTF",
        Path::new("/sys/kernel/btf/vmlinux").exists(),
        "/sys/kernel/btf/vmlinux: no hook loads without it",
    ));
    let mount = cgroup2_mount();
    let detail = mount.as_ref().map_or("DNS needs a mounted cgroup v2".to_owned(), |mount| mount.display().to_string());
    rights.push(Right { name: "cgroup2".to_owned(), ok: mount.is_some(), detail });
    rights
}

fn need(name: &str) -> &'static str {
    match name {
        "CAP_BPF" => "load eBPF programs",
        "CAP_PERFMON" => "attach them to tracepoints",
        "CAP_NET_ADMIN" => "attach DNS hooks to the root cgroup",
        "CAP_SYS_PTRACE" => "read other users' /proc entries for the start-up snapshot and for hashes",
        _ => "hash programs that only others may read",
    }
}

fn right(name: &str, ok: bool, detail: &str) -> Right {
    Right { name: name.to_owned(), ok, detail: detail.to_owned() }
}

fn effective_capabilities() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    line.and_then(|text| u64::from_str_radix(text.trim(), 16).ok()).unwrap_or(0)
}
