//! IP addresses and where they are.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::arrays::array;
use super::entry::{Function, Parameter};
use crate::kql::types::{KqlType, Types};
use crate::kql::value::{Json, Value};

const IP: &[Parameter] = &[Parameter::text("ip")];
const PAIR: &[Parameter] = &[Parameter::text("ip"), Parameter::text("other"), Parameter::long("prefix").opt()];
const RANGE: &[Parameter] = &[Parameter::text("ip"), Parameter::text("range")];
const RANGES: &[Parameter] = &[
    Parameter::text("ip"),
    Parameter::required("range", Types::of(&[KqlType::Dynamic, KqlType::String])),
    Parameter::text("more").many(),
];

/// The functions of this family.
pub const FUNCTIONS: &[Function] = &[
    Function::rows(
        "parse_ipv4",
        IP,
        KqlType::Long,
        ["An address as a number, its host bits cut by a /prefix.", "parse_ipv4('192.168.1.1/24')", "3232235776"],
        |_, values| {
            v4(values[0].as_str()).map_or(Value::Null, |(ip, prefix)| Value::Long(i64::from(ip & mask4(prefix))))
        },
    ),
    Function::rows(
        "parse_ipv4_mask",
        &[Parameter::text("ip"), Parameter::long("prefix")],
        KqlType::Long,
        ["An address as a number with its host bits cut.", "parse_ipv4_mask('127.0.0.1', 8)", "2130706432"],
        |_, values| match (v4(values[0].as_str()), values[1].as_long()) {
            (Some((ip, prefix)), Some(cut)) => Value::Long(i64::from(ip & mask4(prefix.min(cut.clamp(0, 32) as u32)))),
            _ => Value::Null,
        },
    ),
    Function::rows(
        "format_ipv4",
        &[Parameter::any("ip"), Parameter::long("prefix").opt()],
        KqlType::String,
        ["An address as text, its host bits cut.", "format_ipv4('192.168.1.9', 24)", "192.168.1.0"],
        |_, values| format_v4(values).map_or(Value::text(""), |(ip, _)| Value::Text(ip.to_string())),
    ),
    Function::rows(
        "format_ipv4_mask",
        &[Parameter::any("ip"), Parameter::long("prefix").opt()],
        KqlType::String,
        ["A network in CIDR notation.", "format_ipv4_mask('192.168.1.9', 24)", "192.168.1.0/24"],
        |_, values| format_v4(values).map_or(Value::text(""), |(ip, prefix)| Value::Text(format!("{ip}/{prefix}"))),
    ),
    Function::rows(
        "ipv4_compare",
        PAIR,
        KqlType::Long,
        ["-1, 0 or 1: the order of two addresses or networks.", "ipv4_compare('10.0.0.1', '10.0.0.2')", "-1"],
        |_, values| compare4(values).map_or(Value::Null, |order| Value::Long(order as i64)),
    ),
    Function::rows(
        "ipv4_is_match",
        PAIR,
        KqlType::Bool,
        ["Whether two addresses or networks are the same.", "ipv4_is_match('192.168.1.1/24', '192.168.1.255')", "True"],
        |_, values| compare4(values).map_or(Value::Null, |order| Value::Bool(order.is_eq())),
    ),
    Function::rows(
        "ipv4_is_in_range",
        RANGE,
        KqlType::Bool,
        ["Whether an address is in a network.", "ipv4_is_in_range('10.1.2.3', '10.0.0.0/8')", "True"],
        |_, values| in_v4(values[0].as_str(), values[1].as_str()).map_or(Value::Null, Value::Bool),
    ),
    Function::rows(
        "ipv4_is_in_any_range",
        RANGES,
        KqlType::Bool,
        [
            "Whether an address is in one of several networks.",
            "ipv4_is_in_any_range('10.1.2.3', '10.0.0.0/8', '1.0.0.0/8')",
            "True",
        ],
        |_, values| in_any(values, in_v4),
    ),
    Function::rows(
        "ipv4_is_private",
        IP,
        KqlType::Bool,
        ["Whether an address is of RFC 1918.", "ipv4_is_private('192.168.2.1')", "True"],
        |_, values| v4(values[0].as_str()).map_or(Value::Null, |(ip, _)| Value::Bool(Ipv4Addr::from(ip).is_private())),
    ),
    Function::rows(
        "ipv4_netmask_suffix",
        IP,
        KqlType::Long,
        ["The prefix length, 32 without one.", "ipv4_netmask_suffix('10.0.0.0/8')", "8"],
        |_, values| v4(values[0].as_str()).map_or(Value::Null, |(_, prefix)| Value::Long(i64::from(prefix))),
    ),
    Function::rows(
        "ipv4_range_to_cidr_list",
        &[Parameter::text("start"), Parameter::text("end")],
        KqlType::Dynamic,
        [
            "The networks that make up a range of addresses.",
            "ipv4_range_to_cidr_list('10.0.0.0', '10.0.0.2')",
            "[\"10.0.0.0/31\",\"10.0.0.2/32\"]",
        ],
        |_, values| match (v4(values[0].as_str()), v4(values[1].as_str())) {
            (Some((start, _)), Some((end, _))) => Value::Dynamic(Json::Array(cidr_list(start, end))),
            _ => Value::Null,
        },
    ),
    Function::rows(
        "parse_ipv6",
        IP,
        KqlType::String,
        [
            "An address in its full form; IPv4 as mapped.",
            "parse_ipv6('::1')",
            "0000:0000:0000:0000:0000:0000:0000:0001",
        ],
        |_, values| {
            v6(values[0].as_str()).map_or(Value::text(""), |(ip, prefix)| Value::Text(full6(ip & mask6(prefix))))
        },
    ),
    Function::rows(
        "parse_ipv6_mask",
        &[Parameter::text("ip"), Parameter::long("prefix")],
        KqlType::String,
        [
            "An address in its full form with its host bits cut.",
            "parse_ipv6_mask('fe80::1', 64)",
            "fe80:0000:0000:0000:0000:0000:0000:0000",
        ],
        |_, values| match (v6(values[0].as_str()), values[1].as_long()) {
            (Some((ip, prefix)), Some(cut)) => Value::Text(full6(ip & mask6(prefix.min(cut.clamp(0, 128) as u32)))),
            _ => Value::text(""),
        },
    ),
    Function::rows(
        "ipv6_compare",
        PAIR,
        KqlType::Long,
        ["-1, 0 or 1: the order of two addresses or networks.", "ipv6_compare('::1', '::2')", "-1"],
        |_, values| compare6(values).map_or(Value::Null, |order| Value::Long(order as i64)),
    ),
    Function::rows(
        "ipv6_is_match",
        PAIR,
        KqlType::Bool,
        [
            "Whether two addresses or networks are the same; IPv4 counts as mapped.",
            "ipv6_is_match('fe80::1/64', 'fe80::2')",
            "True",
        ],
        |_, values| compare6(values).map_or(Value::Null, |order| Value::Bool(order.is_eq())),
    ),
    Function::rows(
        "ipv6_is_in_range",
        RANGE,
        KqlType::Bool,
        ["Whether an address is in a network.", "ipv6_is_in_range('fe80::9', 'fe80::/10')", "True"],
        |_, values| in_v6(values[0].as_str(), values[1].as_str()).map_or(Value::Null, Value::Bool),
    ),
    Function::rows(
        "ipv6_is_in_any_range",
        RANGES,
        KqlType::Bool,
        ["Whether an address is in one of several networks.", "ipv6_is_in_any_range('fe80::9', 'fe80::/10')", "True"],
        |_, values| in_any(values, in_v6),
    ),
    Function::rows(
        "has_ipv4",
        RANGE,
        KqlType::Bool,
        [
            "Whether a text has an address, with no digit or point beside it.",
            "has_ipv4('from 10.0.0.1:80', '10.0.0.1')",
            "True",
        ],
        |_, values| Value::Bool(has_v4(values[0].as_str(), values[1].as_str(), false)),
    ),
    Function::rows(
        "has_ipv4_prefix",
        RANGE,
        KqlType::Bool,
        ["Whether a text has an address that begins so.", "has_ipv4_prefix('from 10.0.0.1', '10.0.')", "True"],
        |_, values| Value::Bool(has_v4(values[0].as_str(), values[1].as_str(), true)),
    ),
    Function::rows(
        "has_any_ipv4",
        RANGES,
        KqlType::Bool,
        [
            "Whether a text has one of several addresses.",
            "has_any_ipv4('from 10.0.0.1', '10.0.0.2', '10.0.0.1')",
            "True",
        ],
        |_, values| in_any(values, |text, ip| Some(has_v4(text, ip, false))),
    ),
    Function::rows(
        "has_any_ipv4_prefix",
        RANGES,
        KqlType::Bool,
        [
            "Whether a text has an address that begins with one of several texts.",
            "has_any_ipv4_prefix('from 10.0.0.1', '10.0.')",
            "True",
        ],
        |_, values| in_any(values, |text, ip| Some(has_v4(text, ip, true))),
    ),
    Function::rows(
        "geo_info_from_ip_address",
        IP,
        KqlType::Dynamic,
        [
            "Country, state, city and place of an address. Without a geography file it is an empty bag.",
            "geo_info_from_ip_address('20.53.203.50')",
            "{}",
        ],
        |_, _| Value::Dynamic(Json::Object(serde_json::Map::new())),
    )
    .warning("geo_info_from_ip_address: no geography file is set up, places are empty."),
];

/// An address with its prefix length.
fn v4(text: &str) -> Option<(u32, u32)> {
    let (ip, prefix) = split(text, 32)?;
    Some((u32::from(ip.parse::<Ipv4Addr>().ok()?), prefix))
}

fn v6(text: &str) -> Option<(u128, u32)> {
    let has_prefix = text.contains('/');
    let (ip, prefix) = split(text, 128)?;
    Some(match ip.parse::<IpAddr>().ok()? {
        IpAddr::V6(ip) => (u128::from(ip), prefix),
        IpAddr::V4(ip) => (u128::from(ip.to_ipv6_mapped()), if has_prefix { 96 + prefix.min(32) } else { 128 }),
    })
}

fn split(text: &str, most: u32) -> Option<(&str, u32)> {
    let text = text.trim();
    match text.split_once('/') {
        None => Some((text, most)),
        Some((ip, prefix)) => {
            let prefix = prefix.parse::<u32>().ok().filter(|prefix| *prefix <= most)?;
            Some((ip, prefix))
        }
    }
}

fn mask4(prefix: u32) -> u32 {
    u32::MAX.checked_shl(32 - prefix.min(32)).unwrap_or(0)
}

fn mask6(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix.min(128)).unwrap_or(0)
}

fn full6(ip: u128) -> String {
    let segments: Vec<String> = Ipv6Addr::from(ip).segments().iter().map(|segment| format!("{segment:04x}")).collect();
    segments.join(":")
}

fn format_v4(values: &[Value]) -> Option<(Ipv4Addr, u32)> {
    let (ip, own) = match &values[0] {
        Value::Text(text) => v4(text)?,
        other => (u32::try_from(other.as_long()?).ok()?, 32),
    };
    let prefix = match values.get(1) {
        Some(prefix) => u32::try_from(prefix.as_long()?).ok().filter(|prefix| *prefix <= 32)?,
        None => own,
    };
    Some((Ipv4Addr::from(ip & mask4(prefix)), prefix))
}

fn compare4(values: &[Value]) -> Option<std::cmp::Ordering> {
    let ((left, left_prefix), (right, right_prefix)) = (v4(values[0].as_str())?, v4(values[1].as_str())?);
    let given = values.get(2).and_then(Value::as_long).map_or(32, |prefix| prefix.clamp(0, 32) as u32);
    let mask = mask4(left_prefix.min(right_prefix).min(given));
    Some((left & mask).cmp(&(right & mask)))
}

fn compare6(values: &[Value]) -> Option<std::cmp::Ordering> {
    let ((left, left_prefix), (right, right_prefix)) = (v6(values[0].as_str())?, v6(values[1].as_str())?);
    let given = values.get(2).and_then(Value::as_long).map_or(128, |prefix| prefix.clamp(0, 128) as u32);
    let mask = mask6(left_prefix.min(right_prefix).min(given));
    Some((left & mask).cmp(&(right & mask)))
}

fn in_v4(ip: &str, range: &str) -> Option<bool> {
    let ((ip, _), (network, prefix)) = (v4(ip)?, v4(range)?);
    Some(ip & mask4(prefix) == network & mask4(prefix))
}

fn in_v6(ip: &str, range: &str) -> Option<bool> {
    let ((ip, _), (network, prefix)) = (v6(ip)?, v6(range)?);
    Some(ip & mask6(prefix) == network & mask6(prefix))
}

/// Of several tests one is true; null when none could be made.
fn in_any(values: &[Value], test: fn(&str, &str) -> Option<bool>) -> Value {
    let text = values[0].as_str();
    let mut result = Value::Null;
    let mut check = |range: &str| match test(text, range) {
        Some(true) => result = Value::Bool(true),
        Some(false) if result.is_null() => result = Value::Bool(false),
        Some(false) | None => {}
    };
    for value in &values[1..] {
        match array(value) {
            Some(members) => members.iter().filter_map(Json::as_str).for_each(&mut check),
            // A string is read as JSON by the signature and stays a string when it is none.
            None => check(value.as_str()),
        }
    }
    result
}

fn has_v4(text: &str, ip: &str, is_prefix: bool) -> bool {
    if ip.is_empty() || (!is_prefix && v4(ip).is_none()) {
        return false;
    }
    let beside = |char: Option<char>| char.is_some_and(|char| char.is_ascii_alphanumeric() || char == '.');
    text.match_indices(ip).any(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(rest.len());
        let whole = rest[..end].trim_end_matches('.');
        let fits = if is_prefix { v4(whole).is_some() } else { whole == ip };
        fits && !beside(text[..at].chars().next_back())
            && !rest[whole.len()..].starts_with(|char: char| char.is_alphanumeric())
    })
}

fn cidr_list(start: u32, end: u32) -> Vec<Json> {
    let mut list = Vec::new();
    let mut at = u64::from(start);
    while at <= u64::from(end) {
        let mut bits = if at == 0 { 32 } else { at.trailing_zeros().min(32) };
        while at + (1_u64 << bits) - 1 > u64::from(end) {
            bits -= 1;
        }
        list.push(Json::from(format!("{}/{}", Ipv4Addr::from(at as u32), 32 - bits)));
        at += 1_u64 << bits;
    }
    list
}
