//! Where a Sigma field's value is in a row.

use std::borrow::Cow;

use rsigma_eval::EventValue;
use schema::{Column, Row, Value, col};

use crate::event::More;
use crate::limits::MATCHED_BYTES_MAX;
use crate::sources::Platform;

/// Where a value comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum From {
    /// A column as it is.
    Column(&'static Column),
    /// A path; when only the file's name is known, the name behind a separator, so that `endswith: \cmd.exe` works.
    Path(&'static Column, &'static Column),
    /// Only the file's name is recorded: the name behind a separator.
    Name(&'static Column),
    /// `DOMAIN\name` as Windows writes accounts; elsewhere the name alone.
    Account(&'static Column, &'static Column),
    /// `SHA1=…,MD5=…,SHA256=…` as Sysmon writes hashes.
    Hashes(&'static Column, &'static Column, &'static Column),
    /// Key and value name, with the hive's short name, as Sysmon writes them.
    RegistryTarget,
    /// A registry value as Sysmon writes it: `DWORD (0x00000001)`.
    RegistryDetails,
    /// Sysmon's word for what was done to the registry.
    RegistryAct,
    /// `true` for a connection that this device began.
    Initiated,
    /// `true` for an IPv6 address.
    IsIpv6(&'static Column),
    /// Names that the answer held, separated as Sysmon does.
    DnsAnswers,
    /// A member of the column `AdditionalFields`.
    More(&'static [&'static str]),
}

/// The value of a field of a row, `None` when the row has none.
pub(crate) fn value<'a>(from: From, row: &'a Row, platform: Platform, more: &'a More) -> Option<EventValue<'a>> {
    match from {
        From::Column(column) => plain(row, column),
        From::Path(path, name) => match row.text(path) {
            Some(path) => Some(text(Cow::Borrowed(path))),
            None => named(row, name, platform),
        },
        From::Name(name) => named(row, name, platform),
        From::Account(domain, name) => account(row, domain, name, platform),
        From::Hashes(sha1, md5, sha256) => hashes(row, [("SHA1", sha1), ("MD5", md5), ("SHA256", sha256)], more),
        From::RegistryTarget => registry_target(row),
        From::RegistryDetails => registry_details(row),
        From::RegistryAct => registry_act(row),
        From::Initiated => initiated(row),
        From::IsIpv6(column) => {
            Some(text(Cow::Borrowed(if row.text(column)?.contains(':') { "true" } else { "false" })))
        }
        From::DnsAnswers => Some(text(Cow::Owned(answers(row.text(&col::DNS_ANSWERS)?)))),
        From::More(names) => names.iter().find_map(|name| more.get(row, name)),
    }
}

fn plain<'a>(row: &'a Row, column: &'static Column) -> Option<EventValue<'a>> {
    Some(match row.get(column)? {
        Value::Str(value) => text(Cow::Borrowed(value)),
        Value::Int(number) => EventValue::Int(*number),
        Value::Bool(flag) => EventValue::Str(Cow::Borrowed(if *flag { "true" } else { "false" })),
        Value::Time(nanos) => EventValue::Int(*nanos),
    })
}

/// A text within the cap on what is matched.
pub(crate) fn text(value: Cow<'_, str>) -> EventValue<'_> {
    if value.len() <= MATCHED_BYTES_MAX {
        return EventValue::Str(value);
    }
    let mut end = MATCHED_BYTES_MAX;
    while !value.is_char_boundary(end) {
        end -= 1;
    }
    EventValue::Str(match value {
        Cow::Borrowed(value) => Cow::Borrowed(&value[..end]),
        Cow::Owned(mut value) => {
            value.truncate(end);
            Cow::Owned(value)
        }
    })
}

fn named<'a>(row: &'a Row, name: &'static Column, platform: Platform) -> Option<EventValue<'a>> {
    let separator = if platform == Platform::Windows { '\\' } else { '/' };
    Some(text(Cow::Owned(format!("{separator}{}", row.text(name)?))))
}

fn account<'a>(
    row: &'a Row,
    domain: &'static Column,
    name: &'static Column,
    platform: Platform,
) -> Option<EventValue<'a>> {
    let name = row.text(name)?;
    match row.text(domain) {
        Some(domain) if platform == Platform::Windows => Some(text(Cow::Owned(format!("{domain}\\{name}")))),
        _ => Some(text(Cow::Borrowed(name))),
    }
}

fn hashes<'a>(row: &Row, columns: [(&str, &'static Column); 3], more: &More) -> Option<EventValue<'a>> {
    let mut joined = String::new();
    for (name, column) in columns {
        if let Some(hash) = row.text(column) {
            join(&mut joined, name, hash);
        }
    }
    if let Some(EventValue::Str(hash)) = more.get(row, "Imphash") {
        join(&mut joined, "IMPHASH", &hash);
    }
    (!joined.is_empty()).then(|| text(Cow::Owned(joined)))
}

fn join(joined: &mut String, name: &str, hash: &str) {
    if !joined.is_empty() {
        joined.push(',');
    }
    joined.push_str(name);
    joined.push('=');
    joined.push_str(hash);
}

/// Hives: as our column writes them, and as Sysmon does.
const HIVES: &[(&str, &str)] = &[
    ("HKEY_LOCAL_MACHINE", "HKLM"),
    ("HKEY_USERS", "HKU"),
    ("HKEY_CURRENT_USER", "HKCU"),
    ("HKEY_CLASSES_ROOT", "HKCR"),
    ("HKEY_CURRENT_CONFIG", "HKCC"),
];

fn registry_target<'a>(row: &'a Row) -> Option<EventValue<'a>> {
    let key = row.text(&col::REGISTRY_KEY)?;
    let mut target = key.to_owned();
    for (long, short) in HIVES {
        if let Some(rest) = key.strip_prefix(long) {
            target = format!("{short}{rest}");
        }
    }
    if let Some(name) = row.text(&col::REGISTRY_VALUE_NAME) {
        target.push('\\');
        target.push_str(if name.is_empty() { "(Default)" } else { name });
    }
    Some(text(Cow::Owned(target)))
}

fn registry_details<'a>(row: &'a Row) -> Option<EventValue<'a>> {
    let data = row.text(&col::REGISTRY_VALUE_DATA)?;
    let number = data.parse::<u64>();
    let written = match (row.text(&col::REGISTRY_VALUE_TYPE), number) {
        (Some("Dword"), Ok(number)) => format!("DWORD (0x{number:08x})"),
        (Some("Qword"), Ok(number)) => format!("QWORD (0x{:08x}-0x{:08x})", number >> 32, number & 0xffff_ffff),
        (Some("Binary"), _) => "Binary Data".to_owned(),
        _ => return Some(text(Cow::Borrowed(data))),
    };
    Some(text(Cow::Owned(written)))
}

fn registry_act<'a>(row: &Row) -> Option<EventValue<'a>> {
    let act = match row.text(&col::ACTION_TYPE)? {
        "RegistryKeyCreated" => "CreateKey",
        "RegistryKeyDeleted" => "DeleteKey",
        "RegistryKeyRenamed" => "RenameKey",
        "RegistryValueSet" => "SetValue",
        "RegistryValueDeleted" => "DeleteValue",
        _ => return None,
    };
    Some(EventValue::Str(Cow::Borrowed(act)))
}

fn initiated<'a>(row: &Row) -> Option<EventValue<'a>> {
    let inbound = row.text(&col::ACTION_TYPE)?.starts_with("Inbound");
    Some(EventValue::Str(Cow::Borrowed(if inbound { "false" } else { "true" })))
}

/// `["a","b"]` as `a;b;`.
fn answers(json: &str) -> String {
    let Ok(answers) = serde_json::from_str::<Vec<String>>(json) else { return json.to_owned() };
    answers.iter().map(|answer| format!("{answer};")).collect()
}
