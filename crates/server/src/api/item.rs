//! An event as the portal's list shows it, made from a row.

use query::{Completeness, Gap, State};
use schema::{Row, Type, Value, col};
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock::text_of_ns;

/// One line of the timeline.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Unique and stable: device, stream epoch, sequence number.
    pub event_id: String,
    /// When it happened, RFC 3339 UTC with nanoseconds.
    pub time: String,
    /// ActionType.
    pub action_type: String,
    /// Event group.
    pub group: String,
    /// KQL table that the row is in.
    pub table: String,
    /// `ok` or `failed`.
    pub outcome: String,
    /// Why it failed: `ECONNREFUSED`, `NXDOMAIN`, `exit 1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_name: Option<String>,
    /// The number behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<i64>,
    /// Image of the acting process.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_name: Option<String>,
    /// Its process id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_id: Option<i64>,
    /// Its `ProcessUniqueId`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_key: Option<String>,
    /// Its command line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_line: Option<String>,
    /// Script that did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// How we know: an `AttributionLevel`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribution: Option<String>,
    /// How many scripts may have done it, when several may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub possible_scripts: Option<i64>,
    /// User of the acting process, or of the created one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What it was done to: base name, host and port, query name, command.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The rest of it: directory, command line, previous name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object_detail: Option<String>,
    /// How long it took, microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<i64>,
    /// What is missing, when the row says that something is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<GapBody>,
}

/// Something that the record lacks.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct GapBody {
    /// `kernel_drop`, `sensor_down`, `unexplained_gap` and so on.
    reason: String,
    /// Events lost; absent when not even the number is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
    /// Start, RFC 3339 UTC.
    from: String,
    /// End, RFC 3339 UTC.
    to: String,
    /// Kind of events, when known.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
}

/// Is the record whole?
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CompleteBody {
    /// `complete`, `gaps` or `unknown`.
    state: String,
    /// What is missing, oldest first.
    gaps: Vec<GapBody>,
}

/// One column of an event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Field {
    /// Column name.
    name: String,
    /// Text, number or boolean; times are RFC 3339 text, numbers of 64 bits are text.
    #[schema(value_type = Object)]
    value: serde_json::Value,
    /// KQL type.
    #[serde(rename = "type")]
    ty: String,
}

impl From<Gap> for GapBody {
    fn from(gap: Gap) -> Self {
        Self {
            reason: gap.reason,
            count: gap.count,
            from: text_of_ns(gap.from_ns),
            to: text_of_ns(gap.to_ns),
            kind: gap.kind,
        }
    }
}

impl CompleteBody {
    /// One word.
    pub fn state(&self) -> &str {
        &self.state
    }
}

impl From<Completeness> for CompleteBody {
    fn from(complete: Completeness) -> Self {
        let state = match complete.state {
            State::Complete => "complete",
            State::Gaps => "gaps",
            State::Unknown => "unknown",
        };
        Self { state: state.to_owned(), gaps: complete.gaps.into_iter().map(GapBody::from).collect() }
    }
}

impl Item {
    /// The line of a row.
    pub fn of(row: &Row) -> Self {
        let text = |column| row.text(column).map(str::to_owned);
        let (object, object_detail) = object_of(row);
        let has_actor = row.get(&col::INITIATING_PROCESS_UNIQUE_ID).is_some();
        Self {
            event_id: text(&col::EVENT_ID).unwrap_or_default(),
            time: text_of_ns(row.number(&col::TIMESTAMP).unwrap_or(0)),
            action_type: text(&col::ACTION_TYPE).unwrap_or_default(),
            group: text(&col::EVENT_GROUP).unwrap_or_default(),
            table: text(&col::EVENT_TABLE).unwrap_or_default(),
            outcome: text(&col::OUTCOME).unwrap_or_else(|| "ok".to_owned()),
            error_name: text(&col::ERROR_NAME),
            error_code: row.number(&col::ERROR_CODE),
            process_name: text(&col::INITIATING_PROCESS_FILE_NAME),
            process_id: row.number(&col::INITIATING_PROCESS_ID),
            process_key: text(if has_actor { &col::INITIATING_PROCESS_UNIQUE_ID } else { &col::PROCESS_UNIQUE_ID }),
            command_line: text(&col::INITIATING_PROCESS_COMMAND_LINE),
            script: text(&col::INITIATING_SCRIPT_PATH),
            attribution: text(&col::ATTRIBUTION_LEVEL),
            possible_scripts: possible_scripts(row),
            user: text(&col::ACCOUNT_NAME).or_else(|| text(&col::INITIATING_PROCESS_ACCOUNT_NAME)),
            object,
            object_detail,
            duration_us: row.number(&col::DURATION_US),
            gap: Gap::of(row).map(GapBody::from),
        }
    }
}

/// Candidates of an ambiguous attribution; they are listed in AdditionalFields.
fn possible_scripts(row: &Row) -> Option<i64> {
    row.text(&col::ATTRIBUTION_LEVEL).filter(|level| *level == "ambiguous")?;
    let fields: serde_json::Value = serde_json::from_str(row.text(&col::ADDITIONAL_FIELDS)?).ok()?;
    i64::try_from(fields.get("Attribution")?.get("Candidates")?.as_array()?.len()).ok()
}

/// The thing that was acted on, and what is worth knowing beside it.
fn object_of(row: &Row) -> (Option<String>, Option<String>) {
    let text = |column| row.text(column).map(str::to_owned);
    let group = row.text(&col::EVENT_GROUP).unwrap_or_default();
    match group {
        "Processes" => (text(&col::FILE_NAME), text(&col::PROCESS_COMMAND_LINE).or_else(|| text(&col::FOLDER_PATH))),
        "Network" => {
            let remote =
                address(row.text(&col::REMOTE_URL).or(row.text(&col::REMOTE_IP)), row.number(&col::REMOTE_PORT));
            let local = address(row.text(&col::LOCAL_IP), row.number(&col::LOCAL_PORT));
            if remote.is_some() { (remote, local.map(|local| format!("from {local}"))) } else { (local, None) }
        }
        "Dns" => (text(&col::REMOTE_URL), dns_detail(row)),
        "Registry" => (text(&col::REGISTRY_VALUE_NAME).or_else(|| text(&col::REGISTRY_KEY)), text(&col::REGISTRY_KEY)),
        "Files" => (text(&col::FILE_NAME), file_detail(row)),
        _ => {
            let object = text(&col::FILE_NAME).or_else(|| text(&col::PROCESS_COMMAND_LINE));
            (object.or_else(|| text(&col::REMOTE_URL)), text(&col::FOLDER_PATH))
        }
    }
}

fn address(host: Option<&str>, port: Option<i64>) -> Option<String> {
    let host = host?;
    Some(match port {
        Some(port) if host.contains(':') => format!("[{host}]:{port}"),
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

fn dns_detail(row: &Row) -> Option<String> {
    let ty = row.text(&col::DNS_QUERY_TYPE).unwrap_or_default();
    let answers = row.text(&col::DNS_ANSWERS).unwrap_or_default();
    let detail = format!("{ty} {answers}");
    (!detail.trim().is_empty()).then(|| detail.trim().to_owned())
}

fn file_detail(row: &Row) -> Option<String> {
    let path = row.text(&col::FOLDER_PATH);
    let directory = path.and_then(|path| path.rsplit_once(['/', '\\'])).map(|(directory, _)| directory.to_owned());
    match row.text(&col::PREVIOUS_FILE_NAME) {
        Some(previous) => Some(format!("was {previous} in {}", row.text(&col::PREVIOUS_FOLDER_PATH).unwrap_or("?"))),
        None => directory,
    }
}

/// All set columns of a row, in table order.
pub fn fields_of(row: &Row) -> Vec<Field> {
    let mut fields = Vec::new();
    for column in schema::EVENT_COLUMNS.iter() {
        let Some(value) = row.get(column) else { continue };
        let value = match value {
            Value::Str(text) => text.clone().into(),
            Value::Int(number) if column.ty == Type::Int => (*number).into(),
            Value::Int(number) => number.to_string().into(),
            Value::Bool(flag) => (*flag).into(),
            Value::Time(nanos) => text_of_ns(*nanos).into(),
        };
        fields.push(Field { name: column.name.to_owned(), value, ty: column.ty.kql_name().to_owned() });
    }
    fields
}
