//! How single values are read: numbers, paths, accounts, addresses, registry keys, codes of Windows.

use std::net::IpAddr;

/// False for the ways in which Windows writes "nothing".
pub(super) fn says_something(value: &str) -> bool {
    !matches!(value, "" | "-" | "(null)" | "S-1-0-0" | "{00000000-0000-0000-0000-000000000000}")
}

/// A text cut at a character, with a mark that it was cut.
pub(super) fn cut(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(bytes_max)])
}

/// Decimal or `0x…`; numbers of 64 bits wrap into the sign, as logon ids do.
pub(super) fn number(text: &str) -> Option<i64> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok().map(u64::cast_signed),
        None => text.parse().ok().or_else(|| text.parse::<u64>().ok().map(u64::cast_signed)),
    }
}

/// In lower case without braces; `None` for the empty GUID.
pub(crate) fn guid(text: &str) -> Option<String> {
    let guid = text.trim().trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
    let is_zero = guid.bytes().all(|byte| byte == b'0' || byte == b'-');
    (!is_zero).then_some(guid)
}

/// What follows the last separator; a stream of a file (`a.txt:Zone.Identifier`) belongs to the name.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// `DOMAIN\name` in two; a name alone has no domain.
pub(super) fn account(text: &str) -> (&str, &str) {
    text.split_once('\\').unwrap_or(("", text))
}

/// An address as Windows writes it, also `::ffff:1.2.3.4` and with a zone.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_start_matches('[').trim_end_matches(']');
    let text = text.split_once('%').map_or(text, |(address, _)| address);
    text.parse().ok()
}

/// MDE's word for the kind of an address.
pub(crate) fn address_kind(address: IpAddr) -> &'static str {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            if address.is_loopback() {
                "Loopback"
            } else if address.is_private() || address.is_link_local() || (first == 100 && second & 0xc0 == 64) {
                "Private"
            } else if address.is_broadcast() {
                "Broadcast"
            } else if address.is_multicast() || first >= 240 || first == 0 {
                "Reserved"
            } else {
                "Public"
            }
        }
        IpAddr::V6(address) => {
            let [first, second, ..] = address.segments();
            if address.is_loopback() {
                "Loopback"
            } else if address.to_ipv4_mapped().is_some() {
                "FourToSixMapping"
            } else if first == 0x2001 && second == 0 {
                "Teredo"
            } else if first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80 {
                "Private"
            } else if address.is_multicast() || address.is_unspecified() {
                "Reserved"
            } else {
                "Public"
            }
        }
    }
}

/// The same for an address as text; `Reserved` for what is none.
pub(crate) fn kind_of_text(text: &str) -> &'static str {
    address(text).map_or("Reserved", address_kind)
}

/// Hives by the ways in which Sysmon and the Security log write them.
const HIVES: &[(&str, &str)] = &[
    ("HKLM\\", "HKEY_LOCAL_MACHINE\\"),
    ("HKU\\", "HKEY_USERS\\"),
    ("HKCU\\", "HKEY_CURRENT_USER\\"),
    ("HKCR\\", "HKEY_CLASSES_ROOT\\"),
    ("\\REGISTRY\\MACHINE\\", "HKEY_LOCAL_MACHINE\\"),
    ("\\REGISTRY\\USER\\", "HKEY_USERS\\"),
];

/// A key with its full hive name.
pub(super) fn registry_key(key: &str) -> String {
    for (short, full) in HIVES {
        if key.get(..short.len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case(short)) {
            return format!("{full}{}", &key[short.len()..]);
        }
    }
    key.to_owned()
}

/// Sysmon's `Details`: type and data in MDE's words.
pub(super) fn registry_details(details: &str) -> (&'static str, String) {
    if details == "Binary Data" {
        return ("Binary", String::new());
    }
    for (prefix, ty) in [("DWORD (", "Dword"), ("QWORD (", "Qword")] {
        if let Some(rest) = details.strip_prefix(prefix) {
            let rest = rest.trim_end_matches(')');
            // A QWORD is written as `0xHIGH-0xLOW`.
            let joined = match rest.split_once("-0x") {
                Some((high, low)) => format!("{high}{low:0>8}"),
                None => rest.to_owned(),
            };
            let data = number(&joined).map_or_else(|| rest.to_owned(), |data| data.cast_unsigned().to_string());
            return (ty, data);
        }
    }
    ("String", details.to_owned())
}

/// The word for a logon type.
pub(super) fn logon_type(code: &str) -> Option<&'static str> {
    Some(match code {
        "2" => "Interactive",
        "3" => "Network",
        "4" => "Batch",
        "5" => "Service",
        "7" => "Unlock",
        "8" => "NetworkCleartext",
        "9" => "NewCredentials",
        "10" => "RemoteInteractive",
        "11" => "CachedInteractive",
        "12" => "CachedRemoteInteractive",
        "13" => "CachedUnlock",
        _ => return None,
    })
}

/// What a failed logon's status says.
pub(super) fn failure(status: &str) -> Option<&'static str> {
    Some(match number(status)? {
        0xc000_006a => "bad password",
        0xc000_0064 => "no such user",
        0xc000_0234 => "account locked",
        0xc000_0072 => "account disabled",
        0xc000_0071 => "password expired",
        0xc000_0193 => "account expired",
        0xc000_006f => "outside of allowed hours",
        0xc000_0070 => "not allowed from this workstation",
        0xc000_015b => "logon type not granted",
        0xc000_0224 => "password must be changed",
        0xc000_0133 => "clocks differ too much",
        0xc000_006d => "bad user name or password",
        0xc000_005e => "no logon server",
        _ => return None,
    })
}

/// What the failure code of a Kerberos message says.
pub(super) fn kerberos_failure(status: &str) -> Option<&'static str> {
    Some(match number(status)? {
        0x6 => "no such user",
        0x7 => "no such service",
        0xc => "not allowed from this workstation",
        0x12 => "account disabled, expired or locked",
        0x17 => "password expired",
        0x18 => "bad password",
        0x25 => "clocks differ too much",
        _ => return None,
    })
}

/// MDE's word for a mandatory label or for Sysmon's word.
pub(super) fn integrity(label: &str) -> Option<&'static str> {
    Some(match label {
        "S-1-16-0" | "Untrusted" => "Untrusted",
        "S-1-16-4096" | "Low" => "Low",
        "S-1-16-8192" | "S-1-16-8448" | "Medium" => "Medium",
        "S-1-16-12288" | "High" => "High",
        "S-1-16-16384" | "System" => "System",
        _ => return None,
    })
}

/// MDE's word for the elevation of a token.
pub(super) fn elevation(code: &str) -> Option<&'static str> {
    Some(match code {
        "%%1936" => "TokenElevationTypeDefault",
        "%%1937" => "TokenElevationTypeFull",
        "%%1938" => "TokenElevationTypeLimited",
        _ => return None,
    })
}

/// Protocol by the number of the Internet Protocol, or by Sysmon's word.
pub(super) fn protocol(code: &str) -> Option<&'static str> {
    Some(match code {
        "6" | "tcp" => "Tcp",
        "17" | "udp" => "Udp",
        "1" | "icmp" => "Icmp",
        "58" => "IcmpV6",
        "47" => "Gre",
        _ => return None,
    })
}
