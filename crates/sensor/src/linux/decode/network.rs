//! Sockets and DNS datagrams.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Datagram, Endpoint, Record, Socket};

// As NET_* in bpf/events.h.
const COOKIE: usize = 0;
const FAMILY: usize = 1;
const LOCAL_PORT: usize = 2;
const REMOTE_PORT: usize = 3;
const LOCAL: usize = 4;
const REMOTE: usize = 6;
const ERRNO: usize = 8;
const LATENCY: usize = 9;
const AF_INET6: i64 = 10;

pub fn socket(record: &Record) -> Socket {
    Socket {
        cookie: record.number(COOKIE).cast_unsigned(),
        local: endpoint(record, LOCAL, LOCAL_PORT),
        remote: endpoint(record, REMOTE, REMOTE_PORT),
        errno: record.number(ERRNO) as i32,
        latency_ns: record.number(LATENCY).cast_unsigned(),
    }
}

pub fn datagram(record: &Record) -> Datagram {
    Datagram { socket: socket(record), message: record.section(0).to_vec() }
}

fn endpoint(record: &Record, address: usize, port: usize) -> Endpoint {
    let bytes = record.sixteen(address);
    let ip = if record.number(FAMILY) == AF_INET6 {
        let ip = Ipv6Addr::from(bytes);
        // An IPv4 connection of an IPv6 socket: the address people know is the IPv4 one.
        ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4)
    } else {
        IpAddr::V4(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]))
    };
    Endpoint { ip, port: record.number(port) as u16 }
}
