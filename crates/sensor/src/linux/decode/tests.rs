//! Recorded ring bytes must decode to the same events for ever, and no bytes may panic.

use super::*;

const RECORDED: &[&[u8]] = &[
    include_bytes!("../../../testdata/kernel/exec-script.bin"),
    include_bytes!("../../../testdata/kernel/file-created.bin"),
    include_bytes!("../../../testdata/kernel/file-renamed.bin"),
    include_bytes!("../../../testdata/kernel/connect-refused.bin"),
    include_bytes!("../../../testdata/kernel/dns-answer.bin"),
];

#[test]
fn no_cut_or_changed_record_panics() {
    for bytes in RECORDED {
        for len in 0..bytes.len() {
            let _ = decode(&bytes[..len]);
        }
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut bytes = bytes.to_vec();
                bytes[at] = value;
                let _ = decode(&bytes);
            }
        }
    }
}

#[test]
fn a_short_record_and_long_sections_are_errors() {
    assert_eq!(decode(&[0; 10]), Err(Error::Short(10)));
    let mut bytes = vec![0; HEAD_BYTES];
    bytes[0] = kind::SHELL as u8;
    bytes[SECTIONS_AT] = 1;
    assert_eq!(decode(&bytes), Err(Error::Sections));
    bytes[SECTIONS_AT] = 0;
    bytes[0] = 200;
    assert_eq!(decode(&bytes), Err(Error::Kind(200)));
}

fn recorded(idx: usize) -> (Head, Raw) {
    decode(RECORDED[idx]).expect("recorded bytes decode")
}

#[test]
fn a_recorded_exec_of_a_script() {
    let (head, raw) = recorded(0);
    assert_eq!((head.kind, head.comm.as_str(), head.uid), (kind::EXEC, "s.sh", 0));
    let Raw::Exec(exec) = raw else { panic!("not an exec: {raw:?}") };
    assert_eq!((exec.filename.as_str(), exec.interpreter.as_deref()), ("./s.sh", Some("/bin/sh")));
    assert_eq!((exec.path.as_str(), exec.directory.as_str()), ("/usr/bin/dash", "/tmp/w"));
    let (arguments, cut) = exec.arguments(&[]);
    assert_eq!((command_line(&arguments).as_str(), cut), ("/bin/sh ./s.sh", false));
    assert_eq!((exec.login_uid, exec.terminal.as_deref(), exec.cgroup_path.as_str()), (None, None, "/"));
}

#[test]
fn recorded_file_events() {
    let (_, raw) = recorded(1);
    let Raw::FileCreated(file) = raw else { panic!("not a creation: {raw:?}") };
    assert_eq!((file.path.as_str(), file.mode & 0o7777), ("/tmp/w/a.txt", 0o644));
    let (head, raw) = recorded(2);
    assert_eq!(head.flags, flag::USER_PATH);
    assert_eq!(raw, Raw::FileRenamed(Renamed { from: "/tmp/w/a.txt".to_owned(), to: "/tmp/w/b.txt".to_owned() }));
}

#[test]
fn recorded_network_events() {
    let (_, raw) = recorded(3);
    let Raw::Connect(socket) = raw else { panic!("not a connection: {raw:?}") };
    assert_eq!((socket.remote.ip.to_string().as_str(), socket.remote.port, socket.errno), ("127.0.0.1", 9, 111));
    assert!(socket.latency_ns > 0);
    let (_, raw) = recorded(4);
    let Raw::DnsAnswer(datagram) = raw else { panic!("not an answer: {raw:?}") };
    let message = dns::parse(&datagram.message).expect("a DNS message");
    assert_eq!((message.name.as_str(), message.query_type.as_str(), message.code), ("example.test", "A", 3));
}
