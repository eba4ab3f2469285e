//! What processes of the sample do: each function makes the rows of one act.

use super::host::{Host, Role};
use super::programs;
use super::random::{hex, mix};
use super::words;
use crate::{Row, col};

/// Names and numbers of what goes wrong with a connection, most frequent first.
const CONNECT_ERRORS: &[(&str, i64)] =
    &[("ECONNREFUSED", 111), ("ETIMEDOUT", 110), ("EHOSTUNREACH", 113), ("ENETUNREACH", 101)];
const OPEN_ERRORS: &[(&str, i64)] = &[("ENOENT", 2), ("EACCES", 13), ("EPERM", 1), ("EROFS", 30)];

/// One act of one process of the host.
pub(super) fn act(host: &mut Host) {
    // Start, file, network, inbound, registry, library, logon, shell, failure.
    let weights: [u64; 9] = match host.role {
        Role::OfficePc => [14, 26, 24, 1, 16, 14, 2, 0, 3],
        Role::DeveloperPc => [30, 36, 16, 1, 0, 5, 1, 6, 5],
        Role::WebServer => [10, 22, 20, 40, 0, 2, 2, 1, 3],
        Role::BuildServer => [42, 44, 6, 1, 0, 3, 1, 1, 2],
        Role::WindowsServer => [12, 24, 18, 14, 14, 8, 7, 0, 3],
    };
    match host.random.weighted(&weights) {
        0 => run_program(host),
        1 => files(host),
        2 => connect(host),
        3 => accept(host),
        4 => registry(host),
        5 => library(host),
        6 => logon(host),
        7 => shell(host),
        _ => failure(host),
    }
}

fn run_program(host: &mut Host) {
    let tools = if host.role.windows() { programs::WINDOWS_TOOLS } else { programs::LINUX_TOOLS };
    let program = &tools[host.random.skewed(tools.len())];
    let parent = host.any_live();
    let child = host.start(program, parent, false);
    for _ in 0..host.random.below(4) {
        file(host, child);
    }
    if host.random.chance(150) {
        connection(host, child);
    }
}

fn files(host: &mut Host) {
    let actor = host.any_live();
    for _ in 0..=host.random.below(4) {
        file(host, actor);
    }
}

fn file(host: &mut Host, actor: usize) {
    const ACTIONS: [&str; 4] = ["FileCreated", "FileModified", "FileDeleted", "FileRenamed"];
    let action = ACTIONS[host.random.weighted(&[40, 30, 20, 10])];
    let path = path(host);
    let mut row = host.event("DeviceFileEvents", action, actor);
    row.set(&col::FILE_SIZE, host.random.skewed(4_000_000) as i64);
    match action {
        "FileRenamed" => {
            let from = format!("{path}.{}", hex(host.random.next(), 6));
            row.set(&col::PREVIOUS_FILE_NAME, base_name(&from)).set(&col::PREVIOUS_FOLDER_PATH, from);
        }
        "FileCreated" if host.random.chance(200) => {
            // Most of what is hashed is everywhere: packages, documents that were sent around.
            let content = if host.random.chance(30) { host.random.next() } else { host.random.skewed(20_000) as u64 };
            row.set(&col::SHA256, hex(mix(content, 3), 64))
                .set(&col::SHA1, hex(mix(content, 4), 40))
                .set(&col::MD5, hex(mix(content, 5), 32));
            if host.random.chance(100) {
                let (name, address) = words::site(&mut host.random);
                row.set(&col::FILE_ORIGIN_URL, format!("https://{name}/{}", base_name(&path)))
                    .set(&col::FILE_ORIGIN_IP, address);
            }
        }
        _ => {}
    }
    row.set(&col::FILE_NAME, base_name(&path)).set(&col::FOLDER_PATH, path);
    host.push(row);
}

fn connect(host: &mut Host) {
    let actor = host.any_live();
    connection(host, actor);
}

/// A DNS question, mostly, and a connection.
fn connection(host: &mut Host, actor: usize) {
    let (name, address) = words::site(&mut host.random);
    if host.random.chance(550) {
        let mut row = host.event("DeviceEvents", "DnsQueryResponse", actor);
        row.set(&col::REMOTE_URL, name.as_str())
            .set(&col::REMOTE_IP, "10.0.0.53")
            .set(&col::REMOTE_PORT, 53)
            .set(&col::DNS_QUERY_TYPE, if host.random.chance(300) { "AAAA" } else { "A" })
            .set(&col::PROTOCOL, "Udp")
            .set(&col::DURATION_US, 300 + host.random.skewed(80_000) as i64);
        if host.random.chance(25) {
            row.set(&col::OUTCOME, "failed").set(&col::ERROR_NAME, "NXDOMAIN").set(&col::ERROR_CODE, 3);
        } else {
            row.set(&col::DNS_ANSWERS, format!("[\"{address}\"]"));
        }
        row.set(&col::ADDITIONAL_FIELDS, format!("{{\"server\":\"10.0.0.53\",\"id\":{}}}", host.random.below(65_536)));
        host.push(row);
    }
    let failed = host.random.chance(50);
    let action = if failed { "ConnectionFailed" } else { "ConnectionSuccess" };
    let mut row = host.event("DeviceNetworkEvents", action, actor);
    let internal = host.random.chance(250);
    let remote = if internal { words::private_address(host.random.skewed(2_000) as u64) } else { address };
    if !internal {
        row.set(&col::REMOTE_URL, name).set(&col::ADDITIONAL_FIELDS, "{\"remote_url_source\":\"dns\"}");
    }
    let port = host.random.pick_skewed(&[443, 443, 443, 80, 8080, 5432, 22, 445, 3389, 8443, 6379, 4444]);
    socket(host, &mut row, remote, port);
    row.set(&col::REMOTE_IP_TYPE, if internal { "Private" } else { "Public" });
    if failed {
        let (name, code) = host.random.pick_skewed(CONNECT_ERRORS);
        row.set(&col::OUTCOME, "failed").set(&col::ERROR_NAME, name).set(&col::ERROR_CODE, code);
    }
    host.push(row);
}

fn socket(host: &mut Host, row: &mut Row, remote: String, port: i64) {
    row.set(&col::REMOTE_IP, remote)
        .set(&col::REMOTE_PORT, port)
        .set(&col::LOCAL_IP, host.address.as_str())
        .set(&col::LOCAL_IP_TYPE, "Private")
        .set(&col::LOCAL_PORT, 32_768 + host.random.below(28_000) as i64)
        .set(&col::PROTOCOL, "Tcp")
        .set(&col::CONNECTION_ID, hex(host.random.next(), 16))
        .set(&col::DURATION_US, 150 + host.random.skewed(400_000) as i64);
}

fn accept(host: &mut Host) {
    let actor = host.random.below(12) as usize;
    for _ in 0..=host.random.below(3) {
        let mut row = host.event("DeviceNetworkEvents", "InboundConnectionAccepted", actor);
        let remote = words::private_address(host.random.skewed(5_000) as u64);
        let port = 1_024 + host.random.below(60_000) as i64;
        socket(host, &mut row, remote, port);
        row.set(&col::REMOTE_IP_TYPE, "Private").set(&col::LOCAL_PORT, host.random.pick(&[80, 443, 22, 5432]));
        host.push(row);
    }
}

fn registry(host: &mut Host) {
    const ACTIONS: [&str; 4] = ["RegistryValueSet", "RegistryKeyCreated", "RegistryValueDeleted", "RegistryKeyDeleted"];
    let actor = host.any_live();
    for _ in 0..=host.random.below(3) {
        let action = ACTIONS[host.random.weighted(&[80, 10, 7, 3])];
        let key = words::registry_key(&mut host.random, host.user);
        let mut row = host.event("DeviceRegistryEvents", action, actor);
        row.set(&col::REGISTRY_KEY, key);
        if action.starts_with("RegistryValue") {
            row.set(&col::REGISTRY_VALUE_NAME, words::stem(&mut host.random));
        }
        if action == "RegistryValueSet" {
            row.set(&col::REGISTRY_VALUE_TYPE, host.random.pick_skewed(&["String", "Dword", "Binary", "ExpandString"]))
                .set(&col::REGISTRY_VALUE_DATA, host.random.below(100_000).to_string())
                .set(&col::PREVIOUS_REGISTRY_VALUE_DATA, host.random.below(100_000).to_string());
        }
        host.push(row);
    }
}

fn library(host: &mut Host) {
    let actor = host.any_live();
    for _ in 0..=host.random.below(6) {
        let rank = host.random.skewed(900) as u64;
        let (dir, ending) =
            if host.role.windows() { ("C:\\Windows\\System32\\", "dll") } else { ("/usr/lib/x86_64-linux-gnu/", "so") };
        let name = format!("lib{}.{ending}", hex(rank, 6));
        let mut row = host.event("DeviceImageLoadEvents", "ImageLoaded", actor);
        row.set(&col::FOLDER_PATH, format!("{dir}{name}"))
            .set(&col::FILE_NAME, name)
            .set(&col::FILE_SIZE, 9_000 + (mix(rank, 8) % 3_000_000) as i64)
            .set(&col::SHA256, hex(mix(rank, 9), 64))
            .set(&col::SHA1, hex(mix(rank, 10), 40))
            .set(&col::MD5, hex(mix(rank, 11), 32));
        host.push(row);
    }
}

fn logon(host: &mut Host) {
    let failed = host.random.chance(180);
    let action = if failed { "LogonFailed" } else { "LogonSuccess" };
    let user = if failed { host.random.pick_skewed(words::USERS) } else { host.user };
    let remote = words::private_address(host.random.skewed(400) as u64);
    let mut row = host.event("DeviceLogonEvents", action, 1);
    row.set(&col::ACCOUNT_NAME, user)
        .set(&col::ACCOUNT_DOMAIN, "CORP")
        .set(&col::LOGON_TYPE, host.random.pick_skewed(&["Network", "Interactive", "RemoteInteractive", "Service"]))
        .set(&col::LOGON_ID, host.random.below(1 << 24) as i64)
        .set(&col::IS_LOCAL_ADMIN, host.random.chance(100))
        .set(&col::REMOTE_IP, remote)
        .set(&col::REMOTE_IP_TYPE, "Private")
        .set(&col::REMOTE_PORT, 1_024 + host.random.below(60_000) as i64)
        .set(&col::PROTOCOL, host.random.pick_skewed(&["Kerberos", "NTLM", "Negotiate"]));
    if failed {
        row.set(&col::OUTCOME, "failed")
            .set(&col::FAILURE_REASON, "InvalidUserNameOrPassword")
            .set(&col::ERROR_NAME, "InvalidUserNameOrPassword");
    }
    host.push(row);
}

fn shell(host: &mut Host) {
    let program = &programs::LINUX_TOOLS[host.random.skewed(programs::LINUX_TOOLS.len())];
    let line = programs::command_line(&mut host.random, program, false, host.user);
    let mut row = host.event("DeviceEvents", "ShellCommand", 3);
    row.set(&col::PROCESS_COMMAND_LINE, line).set(&col::ACCOUNT_NAME, host.user).set(&col::TERMINAL, "pts/0");
    host.push(row);
}

fn failure(host: &mut Host) {
    let actor = host.any_live();
    let exec = host.random.chance(200);
    let (table, action) =
        if exec { ("DeviceProcessEvents", "ExecFailed") } else { ("DeviceFileEvents", "FileOpenFailed") };
    let path = path(host);
    let (name, code) = host.random.pick_skewed(OPEN_ERRORS);
    let mut row = host.event(table, action, actor);
    row.set(&col::FILE_NAME, base_name(&path))
        .set(&col::FOLDER_PATH, path)
        .set(&col::OUTCOME, "failed")
        .set(&col::ERROR_NAME, name)
        .set(&col::ERROR_CODE, code)
        .set(&col::ADDITIONAL_FIELDS, format!("{{\"flags\":{},\"mode\":\"r\"}}", host.random.below(64) * 8));
    host.push(row);
}

fn path(host: &mut Host) -> String {
    let user = if host.random.chance(100) { host.random.pick_skewed(words::USERS) } else { host.user };
    if host.role.windows() {
        words::windows_path(&mut host.random, user)
    } else {
        words::linux_path(&mut host.random, user)
    }
}

fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
