//! One line of a mapping table: which field goes where, and how it is read.

use schema::{Column, col};

use super::{Build, values};
use crate::Event;

/// What the events of a provider with these ids become.
pub(crate) struct Mapping {
    /// Provider, in exact spelling.
    pub(crate) provider: &'static str,
    /// Ids that are mapped alike.
    pub(crate) ids: &'static [u32],
    /// The action.
    pub(crate) pick: Pick,
    /// Fields to columns, in order.
    pub(crate) rules: &'static [Rule],
    /// What rules can't say.
    pub(crate) finish: Option<fn(&mut Build<'_>)>,
}

/// How the action is found.
pub(crate) enum Pick {
    /// Always this one.
    Always(&'static str),
    /// By what the event holds; `None` makes it a `WindowsEvent`.
    By(fn(&Event) -> Option<&'static str>),
}

/// One field's way. The first member is the field's name.
pub(crate) enum Rule {
    /// As it is.
    Text(&'static str, &'static Column),
    /// Decimal or `0x…`.
    Number(&'static str, &'static Column),
    /// A GUID, in lower case without braces.
    Guid(&'static str, &'static Column),
    /// Path of the file that the event is about: FileName and FolderPath.
    File(&'static str),
    /// Path of the acting process's executable.
    Actor(&'static str),
    /// `DOMAIN\name` of the account that the event is about.
    Account(&'static str),
    /// `DOMAIN\name` of the account that acts.
    ActorAccount(&'static str),
    /// `SHA1=…,MD5=…` of the file that the event is about.
    Hashes(&'static str),
    /// Address and kind of the other end.
    RemoteAddress(&'static str),
    /// Into AdditionalFields under another name.
    Extra(&'static str, &'static str),
    /// A constant that says more than the event.
    Note(&'static str, &'static str),
}

impl Rule {
    pub(super) fn apply(&self, build: &mut Build<'_>) {
        if let Rule::Note(name, value) = self {
            build.extra(*name, *value);
            return;
        }
        let Some(value) = build.take(self.field()) else { return };
        match self {
            Rule::Text(_, column) => build.text(column, value),
            Rule::Number(name, column) => build.number(column, name, value),
            Rule::Guid(_, column) => {
                if let Some(guid) = values::guid(value) {
                    build.text(column, &guid);
                }
            }
            Rule::File(_) => file(build, value),
            Rule::Actor(_) => actor(build, value),
            Rule::Account(_) => {
                let (domain, name) = values::account(value);
                build.text(&col::ACCOUNT_DOMAIN, domain);
                build.text(&col::ACCOUNT_NAME, name);
            }
            Rule::ActorAccount(_) => {
                let (domain, name) = values::account(value);
                build.text(&col::INITIATING_PROCESS_ACCOUNT_DOMAIN, domain);
                build.text(&col::INITIATING_PROCESS_ACCOUNT_NAME, name);
            }
            Rule::Hashes(_) => hashes(build, value),
            Rule::RemoteAddress(name) => remote_address(build, name, value),
            Rule::Extra(_, name) => build.extra_text(*name, value),
            Rule::Note(..) => {}
        }
    }

    fn field(&self) -> &'static str {
        match self {
            Rule::Text(name, _)
            | Rule::Number(name, _)
            | Rule::Guid(name, _)
            | Rule::File(name)
            | Rule::Actor(name)
            | Rule::Account(name)
            | Rule::ActorAccount(name)
            | Rule::Hashes(name)
            | Rule::RemoteAddress(name)
            | Rule::Extra(name, _)
            | Rule::Note(name, _) => name,
        }
    }
}

pub(super) fn file(build: &mut Build<'_>, path: &str) {
    build.text(&col::FOLDER_PATH, path);
    build.text(&col::FILE_NAME, values::file_name(path));
}

pub(super) fn actor(build: &mut Build<'_>, path: &str) {
    build.text(&col::INITIATING_PROCESS_FOLDER_PATH, path);
    build.text(&col::INITIATING_PROCESS_FILE_NAME, values::file_name(path));
}

fn hashes(build: &mut Build<'_>, text: &str) {
    for part in text.split(',') {
        let Some((name, digits)) = part.split_once('=') else { continue };
        let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let column = match (name.trim(), digits.len()) {
            ("MD5", 32) if is_hex => &col::MD5,
            ("SHA1", 40) if is_hex => &col::SHA1,
            ("SHA256", 64) if is_hex => &col::SHA256,
            // All zeros means that there is none.
            (_, _) if digits.bytes().all(|byte| byte == b'0') => continue,
            (name, _) => {
                build.extra(name.to_owned(), digits.to_ascii_lowercase());
                continue;
            }
        };
        build.text(column, &digits.to_ascii_lowercase());
    }
}

pub(super) fn remote_address(build: &mut Build<'_>, name: &'static str, value: &str) {
    match values::address(value) {
        Some(address) => {
            build.text(&col::REMOTE_IP, &address.to_string());
            build.text(&col::REMOTE_IP_TYPE, values::address_kind(address));
        }
        None => build.extra(name, value),
    }
}
