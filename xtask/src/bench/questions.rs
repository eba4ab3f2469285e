//! What the query bench asks: each question once, for Nenrin and for the peers, with the goal it is held to.

use serde_json::{Value as Json, json};

/// Columns that the search box looks into; the list in `crates/query/src/search.rs`.
const SEARCHED: &[&str] = &[
    "FileName",
    "FolderPath",
    "ProcessCommandLine",
    "ProcessScriptPath",
    "InitiatingProcessFileName",
    "InitiatingProcessFolderPath",
    "InitiatingProcessCommandLine",
    "InitiatingScriptPath",
    "PreviousFileName",
    "PreviousFolderPath",
    "RemoteUrl",
    "RemoteIP",
    "RegistryKey",
    "RegistryValueName",
    "AccountName",
    "ActionType",
    "ErrorName",
];
/// What a row of the list shows, as far as the sample has it; the list in `crates/query/src/page.rs`.
const LISTED: &str = "Timestamp, TimestampNanos, EventId, StreamSeq, StreamEpoch, EventTable, ActionType, EventGroup, \
    Outcome, ErrorCode, ErrorName, FileName, FolderPath, PreviousFileName, PreviousFolderPath, ProcessCommandLine, \
    ProcessId, ProcessUniqueId, AccountName, InitiatingProcessFileName, InitiatingProcessId, \
    InitiatingProcessUniqueId, InitiatingProcessCommandLine, InitiatingProcessAccountName, InitiatingScriptPath, \
    AttributionLevel, RemoteIP, RemotePort, RemoteUrl, LocalIP, LocalPort, RegistryKey, RegistryValueName, \
    DnsQueryType, DnsAnswers, DurationUs, AdditionalFields";
/// 2026-11-24T00:00:00Z, the end of the sample.
const END_US: i64 = 1_795_478_400_000_000;
const DAY_US: i64 = 86_400_000_000;
const BUCKETS: i64 = 60;

/// Values that questions are about, taken from the data.
pub struct Facts {
    pub devices: Vec<String>,
    pub events: Vec<String>,
    pub hashes: Vec<String>,
    pub addresses: Vec<String>,
    pub names: Vec<String>,
    /// Columns that the sample fills, with their kinds.
    pub columns: Vec<String>,
}

/// One question in one variant.
pub struct Variant {
    pub nenrin: Json,
    pub duckdb: Json,
    pub clickhouse: Json,
    /// Which column of a peer's row is compared; all when `None`.
    pub compared: Option<usize>,
}

pub struct Question {
    pub name: &'static str,
    /// At most this often the better peer's time.
    pub goal: f64,
    pub variants: Vec<Variant>,
}

/// All questions, each in five variants so that no engine is asked the same thing twice in a row.
pub fn questions(facts: &Facts) -> Vec<Question> {
    let searched: Vec<&str> =
        SEARCHED.iter().copied().filter(|name| facts.columns.iter().any(|it| it == name)).collect();
    let words = ["voucher", "payroll", "certutil", "keihi", "thumbnail"];
    let days = [(1, "1 d"), (30, "30 d")];
    let mut questions = Vec::new();
    for (n_days, _) in days {
        let name = if n_days == 1 { "page, 1 d" } else { "page, 30 d" };
        questions.push(of_devices(name, 1.0, facts, |device, _| page(device, n_days, json!({}), "")));
    }
    questions.push(of_devices("filtered page (failed network), 30 d", 1.0, facts, |device, _| {
        let more = json!({"groups": ["Network"], "failures": true});
        page(device, 30, more, " AND EventGroup = 'Network' AND Outcome = 'failed'")
    }));
    for (n_days, _) in days {
        let name = if n_days == 1 { "text search, 1 d" } else { "text search, 30 d" };
        questions.push(of_devices(name, 0.5, facts, |device, idx| search(device, n_days, words[idx], &searched)));
    }
    for (n_days, _) in days {
        let name = if n_days == 1 { "facets and histogram, 1 d" } else { "facets and histogram, 30 d" };
        questions.push(of_devices(name, 1.0, facts, |device, _| summary(device, n_days)));
    }
    let variants = facts.events.iter().map(|event| {
        let peer = json!({"tree": event});
        Variant {
            nenrin: json!({"ask": "tree", "event": event}),
            duckdb: peer.clone(),
            clickhouse: peer,
            compared: None,
        }
    });
    questions.push(Question { name: "process tree", goal: 1.0, variants: variants.collect() });
    questions.extend(look_ups(facts));
    questions.extend(analytic(&words, &searched));
    questions
}

/// Over all devices and all days, in KQL.
fn look_ups(facts: &Facts) -> Vec<Question> {
    let hash = |hash: &String| Sql { tables: &HASHED, filter: format!("SHA256 = '{hash}'") };
    let hash_or = |hash: &String| Sql {
        tables: &HASHED,
        filter: format!("(SHA256 = '{hash}' OR SHA1 = '{hash}' OR MD5 = '{hash}')"),
    };
    let address = |ip: &String| Sql { tables: &["DeviceNetworkEvents"], filter: format!("RemoteIP = '{ip}'") };
    let name = |name: &String| Sql { tables: &["DeviceNetworkEvents"], filter: format!("RemoteUrl = '{name}'") };
    let of = |name, values: &[String], sql: &dyn Fn(&String) -> Sql| Question {
        name,
        goal: 1.0,
        variants: values.iter().map(|value| sql(value).variant()).collect(),
    };
    vec![
        of("hash look-up", &facts.hashes, &hash),
        of("hash in any of three columns", &facts.hashes, &hash_or),
        of("IP look-up", &facts.addresses, &address),
        of("name look-up", &facts.names, &name),
    ]
}

const HASHED: [&str; 3] = ["DeviceFileEvents", "DeviceProcessEvents", "DeviceImageLoadEvents"];
const ALL: [&str; 7] = [
    "DeviceEvents",
    "DeviceProcessEvents",
    "DeviceFileEvents",
    "DeviceNetworkEvents",
    "DeviceRegistryEvents",
    "DeviceLogonEvents",
    "DeviceImageLoadEvents",
];

/// Rows of some tables that pass a filter: how many, on how many devices, and the greatest report number.
struct Sql {
    tables: &'static [&'static str],
    filter: String,
}

impl Sql {
    fn variant(&self) -> Variant {
        let filter = self.filter.replace(" = ", " == ").replace(" OR ", " or ");
        let source = if self.tables.len() == 1 {
            self.tables[0].to_owned()
        } else {
            format!("union {}", self.tables.join(", "))
        };
        let kql =
            format!("{source} | where {filter} | summarize N=count(), Devices=dcount(DeviceId), Last=max(ReportId)");
        self.variant_of(&kql, &self.filter, &self.filter)
    }

    fn variant_of(&self, kql: &str, duckdb: &str, clickhouse: &str) -> Variant {
        let tables: Vec<String> = self.tables.iter().map(|table| format!("'{table}'")).collect();
        let tables = if self.tables.len() == ALL.len() {
            String::new()
        } else {
            format!("EventTable IN ({}) AND ", tables.join(", "))
        };
        let sql = |table: &str, filter: &str| json!({"sql": format!("SELECT count(*), count(DISTINCT DeviceId), max(ReportId) FROM {table} WHERE {tables}{filter}")});
        let nenrin = json!({"ask": "kql", "text": kql});
        Variant { nenrin, duckdb: sql("events", duckdb), clickhouse: sql("bench.events", clickhouse), compared: None }
    }
}

fn analytic(words: &[&str], searched: &[&str]) -> Vec<Question> {
    let any = |one: &dyn Fn(&str) -> String, or: &str| {
        format!("({})", searched.iter().map(|name| one(name)).collect::<Vec<_>>().join(or))
    };
    let mut everywhere = Vec::new();
    for word in words {
        let kql = any(&|name| format!("{name} contains '{word}'"), " or ");
        let duckdb = any(&|name| format!("{name} ILIKE '%{word}%'"), " OR ");
        let clickhouse = any(&|name| format!("positionCaseInsensitive({name}, '{word}') > 0"), " OR ");
        let kql = format!(
            "union {} | where {kql} | summarize N=count(), Devices=dcount(DeviceId), Last=max(ReportId)",
            ALL.join(", ")
        );
        everywhere.push(Sql { tables: &ALL, filter: String::new() }.variant_of(&kql, &duckdb, &clickhouse));
    }
    let both = |kql: &str, sql: &str| {
        let peer = |table: &str| json!({"sql": sql.replace("EVENTS", table)});
        let nenrin = json!({"ask": "kql", "text": kql});
        vec![Variant { nenrin, duckdb: peer("events"), clickhouse: peer("bench.events"), compared: None }]
    };
    let group = both(
        "DeviceNetworkEvents | where isnotempty(RemoteUrl) | summarize N=count(), Devices=dcount(DeviceId), Processes=dcount(InitiatingProcessUniqueId) by RemoteUrl | sort by N desc, RemoteUrl asc | take 20",
        "SELECT RemoteUrl, count(*) AS n, count(DISTINCT DeviceId), count(DISTINCT InitiatingProcessUniqueId) FROM EVENTS WHERE EventTable = 'DeviceNetworkEvents' AND RemoteUrl <> '' GROUP BY RemoteUrl ORDER BY n DESC, RemoteUrl LIMIT 20",
    );
    let join = both(
        "DeviceProcessEvents | where ActionType == 'ProcessCreated' | project DeviceId, ProcessUniqueId, FileName | join kind=inner (DeviceNetworkEvents | where ActionType == 'ConnectionSuccess' | project DeviceId, InitiatingProcessUniqueId, RemoteIP) on DeviceId, $left.ProcessUniqueId == $right.InitiatingProcessUniqueId | summarize N=count(), Addresses=dcount(RemoteIP) by FileName | sort by N desc, FileName asc | take 20",
        "SELECT p.FileName, count(*) AS n, count(DISTINCT n.RemoteIP) FROM (SELECT DeviceId, ProcessUniqueId, FileName FROM EVENTS WHERE EventTable = 'DeviceProcessEvents' AND ActionType = 'ProcessCreated') AS p JOIN (SELECT DeviceId, InitiatingProcessUniqueId, RemoteIP FROM EVENTS WHERE EventTable = 'DeviceNetworkEvents' AND ActionType = 'ConnectionSuccess') AS n ON p.DeviceId = n.DeviceId AND p.ProcessUniqueId = n.InitiatingProcessUniqueId GROUP BY p.FileName ORDER BY n DESC, p.FileName LIMIT 20",
    );
    vec![
        Question { name: "search everywhere", goal: 1.2, variants: everywhere },
        Question { name: "group-by with distinct counts", goal: 1.2, variants: group },
        Question { name: "process × network join", goal: 1.2, variants: join },
    ]
}

fn of_devices(name: &'static str, goal: f64, facts: &Facts, variant: impl Fn(&str, usize) -> Variant) -> Question {
    let variants = facts.devices.iter().enumerate().map(|(idx, device)| variant(device, idx)).collect();
    Question { name, goal, variants }
}

fn range(n_days: i64) -> (i64, i64) {
    (END_US - n_days * DAY_US, END_US - 1)
}

/// The device and the time, in both dialects.
fn scope(device: &str, n_days: i64) -> [String; 2] {
    let (from_us, to_us) = range(n_days);
    [
        format!(
            "DeviceId = '{device}' AND Timestamp BETWEEN make_timestamptz({from_us}) AND make_timestamptz({to_us})"
        ),
        format!(
            "DeviceId = '{device}' AND Timestamp BETWEEN fromUnixTimestamp64Micro({from_us}, 'UTC') AND fromUnixTimestamp64Micro({to_us}, 'UTC')"
        ),
    ]
}

fn page(device: &str, n_days: i64, more: Json, filter: &str) -> Variant {
    let (from_us, to_us) = range(n_days);
    let mut nenrin = json!({"ask": "page", "device": device, "from_us": from_us, "to_us": to_us, "limit": 200});
    for (name, value) in more.as_object().into_iter().flatten() {
        nenrin[name] = value.clone();
    }
    let [duckdb, clickhouse] = scope(device, n_days);
    let tail = "ORDER BY Timestamp DESC, StreamSeq DESC LIMIT 200";
    Variant {
        nenrin,
        duckdb: json!({"sql": format!("SELECT {LISTED} FROM events WHERE {duckdb}{filter} {tail}")}),
        clickhouse: json!({"sql": format!("SELECT {LISTED} FROM bench.events WHERE {clickhouse}{filter} {tail}")}),
        compared: Some(2),
    }
}

fn search(device: &str, n_days: i64, word: &str, searched: &[&str]) -> Variant {
    let mut variant = page(device, n_days, json!({"search": word}), "");
    let any = |one: &dyn Fn(&str) -> String| searched.iter().map(|name| one(name)).collect::<Vec<_>>().join(" OR ");
    let duckdb = any(&|name| format!("{name} ILIKE '%{word}%'"));
    let clickhouse = any(&|name| format!("positionCaseInsensitive({name}, '{word}') > 0"));
    let add = |sql: &Json, any: &str| {
        let sql = sql["sql"].as_str().unwrap_or_default();
        json!({"sql": sql.replace(" ORDER BY", &format!(" AND ({any}) ORDER BY"))})
    };
    variant.duckdb = add(&variant.duckdb, &duckdb);
    variant.clickhouse = add(&variant.clickhouse, &clickhouse);
    variant
}

/// Groups, their failures, and a histogram: one statement, one row per (bucket, group).
fn summary(device: &str, n_days: i64) -> Variant {
    let (from_us, to_us) = range(n_days);
    let step = (to_us - from_us) / BUCKETS + 1;
    let [duckdb, clickhouse] = scope(device, n_days);
    let select = |micros: &str, quotient: &str, table: &str, scope: &str| {
        let bucket = quotient.replace('#', &format!("({micros} - {from_us})"));
        format!(
            "SELECT {bucket} AS bucket, EventGroup, count(*) AS n, sum(CASE WHEN Outcome = 'failed' THEN 1 ELSE 0 END) AS failed FROM {table} WHERE {scope} GROUP BY 1, 2"
        )
    };
    Variant {
        nenrin: json!({"ask": "summary", "device": device, "from_us": from_us, "to_us": to_us}),
        duckdb: json!({"sql": select("epoch_us(Timestamp)", &format!("# // {step}"), "events", &duckdb)}),
        clickhouse: json!({"sql": select("toUnixTimestamp64Micro(Timestamp)", &format!("intDiv(#, {step})"), "bench.events", &clickhouse)}),
        compared: None,
    }
}

/// A peer's answer to a summary in the form that Nenrin gives it.
pub fn summary_rows(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    use std::collections::BTreeMap;
    let mut sums: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for row in rows {
        let [bucket, group, n, failed] = row.as_slice() else { continue };
        let (n, failed) = (n.parse().unwrap_or(0), failed.parse().unwrap_or(0));
        for key in [bucket, group] {
            let sum = sums.entry(key).or_default();
            *sum = (sum.0 + n, sum.1 + failed);
        }
    }
    let text = |(key, (n, failed)): (&str, (u64, u64))| vec![key.to_owned(), n.to_string(), failed.to_string()];
    let mut rows: Vec<Vec<String>> = sums.into_iter().map(text).collect();
    rows.sort();
    rows
}
