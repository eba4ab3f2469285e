//! What already runs when the sensor starts: processes and their sockets, from `/proc`.

use std::collections::HashMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use super::container::container_id;
use super::hash::Image;
use super::processes::Identity;
use super::script::{base_name, host_of_arguments};
use crate::linux::decode::{Endpoint, Head, ProcessKey, Socket, Task, command_line, escape};

/// `/proc` reports start times in these ticks (`USER_HZ`, 100 on every architecture Linux has).
const TICK_NS: u64 = 10_000_000;
/// Bytes of `/proc/PID/cmdline` that are used.
const CMDLINE_BYTES_MAX: usize = 128 * 1024;
/// Lines of `/proc/net/tcp` that are looked at.
const SOCKETS_MAX: usize = 20_000;

/// A process from its kernel record and `/proc`. Fields that cannot be read stay empty.
pub fn identity(head: &Head, session: u32, audit_session: Option<u32>) -> Identity {
    let pid = head.actor.pid;
    let exe = fs::read_link(format!("/proc/{pid}/exe")).ok();
    let raw =
        exe.as_ref().map(|exe| escape(std::os::unix::ffi::OsStrExt::as_bytes(exe.as_os_str()))).unwrap_or_default();
    let path = raw.strip_suffix(" (deleted)").unwrap_or(&raw).to_owned();
    let mut arguments_bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    arguments_bytes.truncate(CMDLINE_BYTES_MAX);
    let arguments = arguments(&arguments_bytes);
    let directory =
        fs::read_link(format!("/proc/{pid}/cwd")).map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    let metadata = fs::metadata(format!("/proc/{pid}/exe")).ok();
    let image = Image {
        file_name: if path.is_empty() { head.comm.clone() } else { base_name(&path).to_owned() },
        command_line: command_line(&arguments),
        inode: metadata.as_ref().map_or(0, MetadataExt::ino),
        size: metadata.as_ref().map(MetadataExt::size),
        unlinked: raw.len() != path.len(),
        path: path.clone(),
        ..Image::default()
    };
    if path.is_empty() {
        // A kernel thread, or one that has just ended: there is nothing to hash.
        let _ = image.hashes.set(Err("no file"));
    }
    let cgroup = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    Identity {
        key: head.actor,
        host: host_of_arguments(&path, &directory, &arguments),
        image: Arc::new(image),
        uid: head.uid,
        euid: head.euid,
        session,
        audit_session,
        terminal: None,
        container: cgroup.lines().find_map(container_id).map(Into::into),
        directory: directory.into(),
        cgroup: head.cgroup,
        parent: None,
    }
}

fn arguments(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() { Vec::new() } else { bytes.split(|byte| *byte == 0).map(escape).collect() }
}

/// Every process by `/proc` alone, for a system without eBPF. Start times are exact to 10 ms only.
pub fn tasks_of_proc() -> Vec<(Head, Task)> {
    let mut tasks = Vec::new();
    let Ok(entries) = fs::read_dir("/proc") else { return tasks };
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some(task) = task_of_proc(pid) {
            tasks.push(task);
        }
    }
    tasks.sort_by_key(|(head, _)| (head.actor.start, head.actor.pid));
    tasks
}

/// One process by `/proc`.
pub fn task_of_proc(pid: u32) -> Option<(Head, Task)> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = escape(&stat);
    // The name is in brackets and may hold anything, brackets too.
    let (start, end) = (stat.find('(')?, stat.rfind(')')?);
    let fields: Vec<&str> = stat[end + 1..].split_whitespace().collect();
    let parent: u32 = fields.get(1)?.parse().ok()?;
    let session = fields.get(3)?.parse().ok()?;
    let ticks: u64 = fields.get(19)?.parse().ok()?;
    let uid = fs::metadata(format!("/proc/{pid}")).ok()?.uid();
    let actor = ProcessKey { pid, start: ticks * TICK_NS };
    let head = Head { actor, tid: pid, uid, euid: uid, comm: stat[start + 1..end].to_owned(), ..Head::default() };
    Some((head, Task { parent: ProcessKey { pid: parent, start: 0 }, session, audit_session: None }))
}

/// A TCP socket that exists already.
#[derive(Debug, PartialEq, Eq)]
pub struct OpenSocket {
    /// Its owner, when one was found.
    pub pid: Option<u32>,
    /// It listens.
    pub listening: bool,
    /// Addresses.
    pub socket: Socket,
}

/// The TCP sockets of this network namespace that listen or are connected.
pub fn sockets() -> Vec<OpenSocket> {
    let owners = socket_owners();
    let mut sockets = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = fs::read_to_string(table).unwrap_or_default();
        for line in text.lines().skip(1).take(SOCKETS_MAX) {
            if let Some((inode, listening, socket)) = parse_socket(line) {
                sockets.push(OpenSocket { pid: owners.get(&inode).copied(), listening, socket });
            }
        }
    }
    sockets
}

fn parse_socket(line: &str) -> Option<(u64, bool, Socket)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let (local, remote) = (endpoint(fields.get(1)?)?, endpoint(fields.get(2)?)?);
    // include/net/tcp_states.h: 1 is ESTABLISHED, 10 is LISTEN.
    let listening = match *fields.get(3)? {
        "01" => false,
        "0A" => true,
        _ => return None,
    };
    let socket = Socket { cookie: 0, local, remote, errno: 0, latency_ns: 0 };
    Some((fields.get(9)?.parse().ok()?, listening, socket))
}

/// `0100007F:1F90`: address words in host byte order, port in hex.
fn endpoint(text: &str) -> Option<Endpoint> {
    let (address, port) = text.split_once(':')?;
    let mut bytes = Vec::with_capacity(16);
    for at in (0..address.len()).step_by(8) {
        bytes.extend(u32::from_str_radix(address.get(at..at + 8)?, 16).ok()?.to_ne_bytes());
    }
    let ip = match bytes.len() {
        4 => IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3])),
        16 => {
            let ip = Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?);
            ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
        }
        _ => return None,
    };
    Some(Endpoint { ip, port: u16::from_str_radix(port, 16).ok()? })
}

/// Which process holds which socket inode.
fn socket_owners() -> HashMap<u64, u32> {
    let mut owners = HashMap::new();
    let Ok(entries) = fs::read_dir("/proc") else { return owners };
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Ok(descriptors) = fs::read_dir(entry.path().join("fd")) else { continue };
        for descriptor in descriptors.flatten() {
            let Ok(target) = fs::read_link(descriptor.path()) else { continue };
            let inode = target.to_str().and_then(|text| text.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            if let Some(inode) = inode {
                owners.entry(inode).or_insert(pid);
            }
        }
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_lines_of_proc_net_tcp() {
        let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0";
        let (inode, listening, socket) = parse_socket(line).expect("a socket");
        assert_eq!((inode, listening), (4242, true));
        assert_eq!((socket.local.ip.to_string().as_str(), socket.local.port), ("127.0.0.1", 8080));
        let mapped = endpoint("0000000000000000FFFF00000100007F:0050").expect("an endpoint");
        assert_eq!((mapped.ip.to_string().as_str(), mapped.port), ("127.0.0.1", 80));
        assert_eq!(endpoint("01:50"), None);
    }
}
