//! Alerts as rows of the KQL tables AlertInfo and AlertEvidence.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use anyhow::Result;
use schema::row::Nanos;
use schema::{Row, col};
use serde_json::{Value, json};

use super::{Alert, EvidenceItem, Wanted};
use crate::limits::ALERT_ROWS_MAX;
use crate::state::{State, TENANT};

/// Rows of both tables for a query's text; nothing is read when it names neither.
///
/// # Errors
/// When the database can't be read.
pub async fn for_query(state: &State, text: &str) -> Result<Arc<BTreeMap<&'static str, Vec<Row>>>> {
    let mut tables = BTreeMap::new();
    let everything = ["search", "find", "union"].iter().any(|word| text.contains(word));
    let names_one = ["AlertInfo", "AlertEvidence", "AlertEvents"].iter().any(|name| text.contains(name));
    if !names_one && !everything {
        return Ok(Arc::new(tables));
    }
    let alerts = state.alerts(&Wanted::default()).await?;
    let (from, to) = (alerts.iter().map(|it| it.n).min(), alerts.iter().map(|it| it.n).max());
    let evidence = state.alert_evidence(from.unwrap_or(0), to.unwrap_or(-1)).await?;
    let by_number: HashMap<i64, &Alert> = alerts.iter().map(|alert| (alert.n, alert)).collect();
    tables.insert("AlertInfo", alerts.iter().take(ALERT_ROWS_MAX).map(info).collect());
    let mut rows = Vec::new();
    for item in evidence.iter().take(ALERT_ROWS_MAX) {
        if let Some(alert) = by_number.get(&item.alert) {
            rows.push(piece(alert, item));
        }
    }
    for alert in &alerts {
        rows.push(machine(alert));
    }
    tables.insert("AlertEvidence", rows);
    Ok(Arc::new(tables))
}

fn info(alert: &Alert) -> Row {
    let mut row = Row::new();
    row.set(&col::TIMESTAMP, Nanos(alert.created))
        .set(&col::ALERT_ID, alert.id.as_str())
        .set(&col::TITLE, alert.title.as_str())
        .set(&col::CATEGORY, alert.category.as_str())
        .set(&col::SEVERITY, alert.severity.as_str())
        .set(&col::SERVICE_SOURCE, SERVICE)
        .set(&col::DETECTION_SOURCE, alert.source.as_str())
        .set(&col::ATTACK_TECHNIQUES, alert.techniques.as_str())
        .set(&col::TENANT_ID, TENANT);
    row
}

const SERVICE: &str = "Nenrin";

fn common(alert: &Alert, time: i64, entity: &str, role: &str) -> Row {
    let mut row = Row::new();
    row.set(&col::TIMESTAMP, Nanos(time))
        .set(&col::ALERT_ID, alert.id.as_str())
        .set(&col::TITLE, alert.title.as_str())
        .set(&col::CATEGORIES, json!([alert.category]).to_string())
        .set(&col::ATTACK_TECHNIQUES, alert.techniques.as_str())
        .set(&col::SERVICE_SOURCE, SERVICE)
        .set(&col::DETECTION_SOURCE, alert.source.as_str())
        .set(&col::ENTITY_TYPE, entity)
        .set(&col::EVIDENCE_ROLE, role)
        .set(&col::DEVICE_ID, alert.device.as_str())
        .set(&col::DEVICE_NAME, alert.device_name.as_str())
        .set(&col::SEVERITY, alert.severity.as_str())
        .set(&col::TENANT_ID, TENANT);
    row
}

fn machine(alert: &Alert) -> Row {
    common(alert, alert.created, "Machine", "Impacted")
}

fn piece(alert: &Alert, item: &EvidenceItem) -> Row {
    let mut row = common(alert, item.created, &item.entity, "Related");
    let text = |name: &str| item.json.get(name).and_then(Value::as_str).map(str::to_owned);
    row.set_opt(&col::FILE_NAME, text("fileName"))
        .set_opt(&col::FOLDER_PATH, text("filePath"))
        .set_opt(&col::SHA1, text("sha1"))
        .set_opt(&col::SHA256, text("sha256"))
        .set_opt(&col::REMOTE_IP, text("ipAddress"))
        .set_opt(&col::REMOTE_URL, text("url"))
        .set_opt(&col::ACCOUNT_NAME, text("accountName"))
        .set_opt(&col::ACCOUNT_DOMAIN, text("domainName"))
        .set_opt(&col::ACCOUNT_SID, text("userSid"))
        .set_opt(&col::PROCESS_COMMAND_LINE, text("processCommandLine"))
        .set_opt(&col::REGISTRY_KEY, text("registryKey"))
        .set_opt(&col::REGISTRY_VALUE_DATA, text("registryValue"))
        .set(&col::ADDITIONAL_FIELDS, item.json.to_string());
    row
}
