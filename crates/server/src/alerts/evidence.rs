//! What a row has to say for an alert: processes, files, addresses, names, registry values, accounts, in MDE's shape.

use schema::{Row, col};
use serde_json::{Map, Value, json};

use crate::clock::ticks_text_of_ns;

/// Every member of a piece of evidence, in MDE's order; those that are not set are null.
pub const MEMBERS: &[&str] = &[
    "entityType",
    "evidenceCreationTime",
    "sha1",
    "sha256",
    "fileName",
    "filePath",
    "processId",
    "processCommandLine",
    "processCreationTime",
    "parentProcessId",
    "parentProcessCreationTime",
    "parentProcessFileName",
    "parentProcessFilePath",
    "ipAddress",
    "url",
    "registryKey",
    "registryHive",
    "registryValueType",
    "registryValue",
    "accountName",
    "domainName",
    "userSid",
    "aadUserId",
    "userPrincipalName",
    "detectionStatus",
];

/// A piece of evidence before it belongs to an alert.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The same for the same thing.
    pub key: String,
    /// Process, File, Ip, Url, RegistryValue or User.
    pub entity: &'static str,
    /// Members in MDE's shape.
    pub json: Value,
}

/// All that a row says.
pub fn pieces(row: &Row, created_ns: i64) -> Vec<Piece> {
    let created = ticks_text_of_ns(created_ns);
    let mut pieces = Vec::new();
    let mut add = |entity: &'static str, key: Option<&str>, members: Vec<(&'static str, Value)>| {
        if let Some(key) = key.filter(|key| !key.is_empty()) {
            pieces.push(piece(entity, key, &created, members));
        }
    };
    let of_process =
        matches!(row.text(&col::ACTION_TYPE), Some("ProcessCreated" | "ProcessTerminated" | "ProcessFound"));
    if of_process {
        add("Process", row.text(&col::PROCESS_UNIQUE_ID).or(row.text(&col::FOLDER_PATH)), created_process(row));
    } else {
        let key = row.text(&col::INITIATING_PROCESS_UNIQUE_ID).or(row.text(&col::INITIATING_PROCESS_FILE_NAME));
        add("Process", key, acting_process(row));
        add("File", row.text(&col::FOLDER_PATH).or(row.text(&col::FILE_NAME)), file(row));
    }
    add("Ip", row.text(&col::REMOTE_IP), vec![("ipAddress", text(row, &col::REMOTE_IP))]);
    add("Url", row.text(&col::REMOTE_URL), vec![("url", text(row, &col::REMOTE_URL))]);
    let registry = format!("{:?}\\{:?}", row.text(&col::REGISTRY_KEY), row.text(&col::REGISTRY_VALUE_NAME));
    add("RegistryValue", row.text(&col::REGISTRY_KEY).map(|_| registry.as_str()), registry_value(row));
    let (name, domain, sid) = if of_process {
        (&col::ACCOUNT_NAME, &col::ACCOUNT_DOMAIN, &col::ACCOUNT_SID)
    } else {
        (
            &col::INITIATING_PROCESS_ACCOUNT_NAME,
            &col::INITIATING_PROCESS_ACCOUNT_DOMAIN,
            &col::INITIATING_PROCESS_ACCOUNT_SID,
        )
    };
    let account =
        vec![("accountName", text(row, name)), ("domainName", text(row, domain)), ("userSid", text(row, sid))];
    add("User", row.text(name), account);
    pieces
}

fn piece(entity: &'static str, key: &str, created: &str, members: Vec<(&'static str, Value)>) -> Piece {
    let mut json = Map::new();
    for name in MEMBERS {
        json.insert((*name).to_owned(), Value::Null);
    }
    json.insert("entityType".to_owned(), json!(entity));
    json.insert("evidenceCreationTime".to_owned(), json!(created));
    json.insert("detectionStatus".to_owned(), json!("Detected"));
    for (name, value) in members {
        json.insert(name.to_owned(), value);
    }
    Piece { key: format!("{entity}|{key}"), entity, json: Value::Object(json) }
}

fn created_process(row: &Row) -> Vec<(&'static str, Value)> {
    vec![
        ("sha1", text(row, &col::SHA1)),
        ("sha256", text(row, &col::SHA256)),
        ("fileName", text(row, &col::FILE_NAME)),
        ("filePath", folder(row, &col::FOLDER_PATH)),
        ("processId", number(row, &col::PROCESS_ID)),
        ("processCommandLine", text(row, &col::PROCESS_COMMAND_LINE)),
        ("processCreationTime", time(row, &col::PROCESS_CREATION_TIME)),
        ("parentProcessId", number(row, &col::INITIATING_PROCESS_ID)),
        ("parentProcessCreationTime", time(row, &col::INITIATING_PROCESS_CREATION_TIME)),
        ("parentProcessFileName", text(row, &col::INITIATING_PROCESS_FILE_NAME)),
        ("parentProcessFilePath", folder(row, &col::INITIATING_PROCESS_FOLDER_PATH)),
    ]
}

fn acting_process(row: &Row) -> Vec<(&'static str, Value)> {
    vec![
        ("sha1", text(row, &col::INITIATING_PROCESS_SHA1)),
        ("sha256", text(row, &col::INITIATING_PROCESS_SHA256)),
        ("fileName", text(row, &col::INITIATING_PROCESS_FILE_NAME)),
        ("filePath", folder(row, &col::INITIATING_PROCESS_FOLDER_PATH)),
        ("processId", number(row, &col::INITIATING_PROCESS_ID)),
        ("processCommandLine", text(row, &col::INITIATING_PROCESS_COMMAND_LINE)),
        ("processCreationTime", time(row, &col::INITIATING_PROCESS_CREATION_TIME)),
        ("parentProcessId", number(row, &col::INITIATING_PROCESS_PARENT_ID)),
        ("parentProcessCreationTime", time(row, &col::INITIATING_PROCESS_PARENT_CREATION_TIME)),
        ("parentProcessFileName", text(row, &col::INITIATING_PROCESS_PARENT_FILE_NAME)),
    ]
}

fn file(row: &Row) -> Vec<(&'static str, Value)> {
    vec![
        ("sha1", text(row, &col::SHA1)),
        ("sha256", text(row, &col::SHA256)),
        ("fileName", text(row, &col::FILE_NAME)),
        ("filePath", folder(row, &col::FOLDER_PATH)),
    ]
}

fn registry_value(row: &Row) -> Vec<(&'static str, Value)> {
    let key = row.text(&col::REGISTRY_KEY).unwrap_or_default();
    let (hive, key) = key.split_once('\\').unwrap_or(("", key));
    vec![
        ("registryHive", json!(hive)),
        ("registryKey", json!(key)),
        ("registryValueType", text(row, &col::REGISTRY_VALUE_TYPE)),
        ("registryValue", text(row, &col::REGISTRY_VALUE_DATA)),
    ]
}

fn text(row: &Row, column: &'static schema::Column) -> Value {
    row.text(column).map_or(Value::Null, |text| json!(text))
}

fn number(row: &Row, column: &'static schema::Column) -> Value {
    row.number(column).map_or(Value::Null, |number| json!(number))
}

fn time(row: &Row, column: &'static schema::Column) -> Value {
    row.number(column).map_or(Value::Null, |nanos| json!(ticks_text_of_ns(nanos)))
}

/// MDE's `filePath` is the folder alone.
fn folder(row: &Row, column: &'static schema::Column) -> Value {
    let Some(path) = row.text(column) else { return Value::Null };
    match path.rsplit_once(['/', '\\']) {
        Some(("", _)) => json!("/"),
        Some((folder, _)) => json!(folder),
        None => json!(path),
    }
}
