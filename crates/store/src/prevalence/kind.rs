//! What is counted: kinds of keys, the columns that name them, and their normal form.

use std::net::IpAddr;

use crate::limits::PREVALENCE_KEY_BYTES_MAX;

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A file's SHA-1, 40 hexadecimal digits.
    Sha1,
    /// A file's SHA-256, 64 hexadecimal digits.
    Sha256,
    /// A file's MD5, 32 hexadecimal digits.
    Md5,
    /// The address at the other end of a connection or logon.
    Ip,
    /// A host name: of `RemoteUrl`, which also holds the name that a DNS query asked for.
    Domain,
    /// A file's name without its folder, in lower case.
    FileName,
}

/// All kinds, in the order in which their rows are stored.
pub(crate) const KINDS: [Kind; 6] = [Kind::Sha1, Kind::Sha256, Kind::Md5, Kind::Ip, Kind::Domain, Kind::FileName];

/// The columns of the hashes and the size of one file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FactColumns {
    pub(crate) sha1: &'static str,
    pub(crate) sha256: &'static str,
    pub(crate) md5: &'static str,
    pub(crate) size: &'static str,
}

const SUBJECT: FactColumns = FactColumns { sha1: "SHA1", sha256: "SHA256", md5: "MD5", size: "FileSize" };
const ACTOR: FactColumns = FactColumns {
    sha1: "InitiatingProcessSHA1",
    sha256: "InitiatingProcessSHA256",
    md5: "InitiatingProcessMD5",
    size: "InitiatingProcessFileSize",
};

/// A column whose values are keys.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyColumn {
    pub(crate) kind: Kind,
    pub(crate) name: &'static str,
    /// What else the row says of the file, for hashes.
    pub(crate) facts: Option<FactColumns>,
}

/// Every column whose values are keys.
pub(crate) const KEY_COLUMNS: [KeyColumn; 10] = [
    KeyColumn { kind: Kind::Sha1, name: "SHA1", facts: Some(SUBJECT) },
    KeyColumn { kind: Kind::Sha1, name: "InitiatingProcessSHA1", facts: Some(ACTOR) },
    KeyColumn { kind: Kind::Sha256, name: "SHA256", facts: Some(SUBJECT) },
    KeyColumn { kind: Kind::Sha256, name: "InitiatingProcessSHA256", facts: Some(ACTOR) },
    KeyColumn { kind: Kind::Md5, name: "MD5", facts: Some(SUBJECT) },
    KeyColumn { kind: Kind::Md5, name: "InitiatingProcessMD5", facts: Some(ACTOR) },
    KeyColumn { kind: Kind::Ip, name: "RemoteIP", facts: None },
    KeyColumn { kind: Kind::Domain, name: "RemoteUrl", facts: None },
    KeyColumn { kind: Kind::FileName, name: "FileName", facts: None },
    KeyColumn { kind: Kind::FileName, name: "InitiatingProcessFileName", facts: None },
];

/// Columns that collecting reads beside the keys.
pub(crate) const OTHER_COLUMNS: [&str; 6] =
    ["DeviceId", "TenantId", "Timestamp", "IngestionTime", "FileSize", "InitiatingProcessFileSize"];

impl Kind {
    /// The name, as it is in files and in the API.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Sha1 => "sha1",
            Kind::Sha256 => "sha256",
            Kind::Md5 => "md5",
            Kind::Ip => "ip",
            Kind::Domain => "domain",
            Kind::FileName => "file_name",
        }
    }

    /// The kind of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.name() == name)
    }

    /// The kind that a key has by its form: hashes by their length, then addresses, then names with a dot in them.
    pub fn of_key(key: &str) -> Option<Self> {
        [Kind::Sha256, Kind::Sha1, Kind::Md5, Kind::Ip, Kind::Domain].into_iter().find(|kind| kind.key(key).is_some())
    }

    /// The key in its normal form; none when the text is no key of this kind.
    ///
    /// ```
    /// use store::Kind;
    /// assert_eq!(Kind::Domain.key("https://User@Example.COM:8443/path").as_deref(), Some("example.com"));
    /// assert_eq!(Kind::Ip.key("::ffff:192.0.2.1").as_deref(), Some("192.0.2.1"));
    /// ```
    pub fn key(self, text: &str) -> Option<String> {
        if text.is_empty() || text.len() > PREVALENCE_KEY_BYTES_MAX {
            return None;
        }
        match self {
            Kind::Sha1 => hash(text, 40),
            Kind::Sha256 => hash(text, 64),
            Kind::Md5 => hash(text, 32),
            Kind::Ip => text.parse::<IpAddr>().ok().map(|ip| ip.to_canonical().to_string()),
            Kind::Domain => host(text),
            Kind::FileName => Some(text.to_lowercase()),
        }
    }
}

fn hash(text: &str, n_digits: usize) -> Option<String> {
    (text.len() == n_digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| text.to_ascii_lowercase())
}

/// The host of a URL, or a bare host name. Addresses are not names.
fn host(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit('@').next()?;
    if host.starts_with('[') {
        return None;
    }
    let host = host.split(':').next()?.trim_end_matches('.');
    let is_name = !host.is_empty() && !host.contains(char::is_whitespace) && host.parse::<IpAddr>().is_err();
    (is_name && rest.parse::<IpAddr>().is_err()).then(|| host.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_one_form() {
        for (kind, text, wanted) in [
            (Kind::Sha1, "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", Some("da39a3ee5e6b4b0d3255bfef95601890afd80709")),
            (Kind::Sha1, "da39", None),
            (Kind::Sha256, "no hash", None),
            (Kind::Md5, "d41d8cd98f00b204e9800998ecf8427g", None),
            (Kind::Ip, "2001:DB8:0::1", Some("2001:db8::1")),
            (Kind::Ip, "10.0.0.1:80", None),
            (Kind::Domain, "Example.org.", Some("example.org")),
            (Kind::Domain, "http://example.org/a?b@c", Some("example.org")),
            (Kind::Domain, "http://192.0.2.1/x", None),
            (Kind::Domain, "http://[2001:db8::1]/x", None),
            (Kind::Domain, "2001:db8::1", None),
            (Kind::Domain, "https://", None),
            (Kind::FileName, "Setup.EXE", Some("setup.exe")),
            (Kind::FileName, "", None),
        ] {
            assert_eq!(kind.key(text).as_deref(), wanted, "{kind:?} {text:?}");
        }
        let long = "x".repeat(PREVALENCE_KEY_BYTES_MAX + 1);
        assert_eq!(Kind::FileName.key(&long), None);
        assert!(KINDS.into_iter().all(|kind| Kind::of_name(kind.name()) == Some(kind)));
        assert_eq!(Kind::of_key("192.0.2.7"), Some(Kind::Ip));
        assert_eq!(Kind::of_key("d41d8cd98f00b204e9800998ecf8427e"), Some(Kind::Md5));
    }
}
