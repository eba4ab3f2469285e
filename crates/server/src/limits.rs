//! Every cap of the server, with its reason.

use std::time::Duration;

/// Bytes of a request body outside the batch route; our largest is a certificate request.
pub const BODY_BYTES_MAX: usize = 64 << 10;
/// Bytes of a request that holds a query: a query of 1 MiB in JSON, where a character may take six bytes.
pub const QUERY_BODY_BYTES_MAX: usize = 6 << 20;
/// Days that a query without a time of its own looks back, as in MDE.
pub const HUNTING_DAYS_DEFAULT: i64 = 30;
/// Rows of an answer in MDE's shape, which is MDE's own cap.
pub const MDE_ROWS_MAX: usize = 100_000;
/// Time for a client to finish the TLS handshake.
pub const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// Time for a client to send the head of a request.
pub const HEAD_MAX: Duration = Duration::from_secs(20);
/// Open connections per listener; each costs a task and TLS buffers.
pub const CONNECTIONS_MAX: usize = 4_096;
/// Life of an enrolment token when none is given, hours.
pub const ENROLMENT_HOURS_DEFAULT: u32 = 24;
/// Longest life of an enrolment token, hours.
pub const ENROLMENT_HOURS_MAX: u32 = 24 * 7;
/// Life of a device certificate; the sensor renews it at two thirds.
pub const DEVICE_CERTIFICATE_DAYS: i64 = 30;
/// Life of the server's own certificate; made anew at a start when less than a month is left.
pub const SERVER_CERTIFICATE_DAYS: i64 = 365;
/// Life of the local CA.
pub const CA_CERTIFICATE_DAYS: i64 = 3_650;
/// A session ends after this long without a request …
pub const SESSION_IDLE_SECONDS: i64 = 8 * 3_600;
/// … and after this long in any case.
pub const SESSION_LIFE_SECONDS: i64 = 24 * 3_600;
/// Wrong passwords per user and minute before the answer is 429; the right user is never locked out for longer.
pub const LOGIN_FAILURES_PER_MINUTE: u32 = 5;
/// Names in the login limiter; beyond it the oldest minute is dropped.
pub const LOGIN_NAMES_MAX: usize = 10_000;
/// A device without a sign of life for this long is shown as silent: four missed heartbeats.
pub const SILENT_AFTER_SECONDS: i64 = 60;
/// Queries that run at the same time; others wait.
pub const QUERIES_MAX: usize = 8;
/// Live streams open at the same time.
pub const STREAMS_MAX: usize = 64;
/// Exports that run at the same time; each holds a snapshot of the store, whose old files stay until it ends.
pub const EXPORTS_MAX: usize = 4;
/// Rows in one live update; more come in the next one.
pub const STREAM_ROWS_MAX: usize = 200;
/// Bytes of a device name, OS text and the like in a heartbeat.
pub const NAME_BYTES_MAX: usize = 256;
/// A batch stamped further than this from the server's clock is stored, and the skew is logged.
pub const CLOCK_SKEW_WARN_SECONDS: i64 = 300;
/// Registered apps.
pub const APPS_MAX: i64 = 1_000;
/// Live secrets of an app: the one in use, and the next one while clients are given it.
pub const APP_SECRETS_LIVE_MAX: i64 = 2;
/// Certificates of an app.
pub const APP_CERTIFICATES_MAX: i64 = 8;
/// Life of an app's secret when none is given, days: Azure's recommendation.
pub const APP_SECRET_DAYS_DEFAULT: u32 = 180;
/// Longest life of an app's secret, days: Azure's cap of two years.
pub const APP_SECRET_DAYS_MAX: u32 = 731;
/// An app's last use is written again when the stored one is this old: more writes say nothing more.
pub const LAST_USE_SECONDS: i64 = 60;
/// Life of an access token, as in Azure.
pub const TOKEN_SECONDS: i64 = 3_600;
/// Bytes of a bearer token. Ours have about 1 KiB with three permissions and 2.5 KiB with all of them.
pub const TOKEN_BYTES_MAX: usize = 8 << 10;
/// A signing key signs for this long; then a new one does.
pub const SIGNING_KEY_SECONDS: i64 = 30 * 86_400;
/// Clocks that may differ when a token's times are checked; ours differs from itself at a step only.
pub const CLOCK_LEEWAY_SECONDS: i64 = 30;
/// Furthest end of a client assertion. MSAL makes them for ten minutes, some scripts for hours.
pub const ASSERTION_SECONDS_MAX: i64 = 86_400;
/// What an app may do is looked up again after this long: consent that was taken back ends within it, in every process.
pub const STANDING_CACHE: Duration = Duration::from_secs(5);
/// Apps whose standing is remembered.
pub const STANDINGS_MAX: usize = 1_000;
/// Parameters of a token request; a real one has four to ten.
pub const OAUTH_PARAMETERS_MAX: usize = 50;
/// Bytes of one of them; the longest is an assertion with a certificate chain in its header.
pub const OAUTH_PARAMETER_BYTES_MAX: usize = 32 << 10;
/// Failed token requests per app, address and minute before the answer is 429; the right secret is always taken.
pub const TOKEN_FAILURES_PER_CLIENT: u32 = 10;
/// The same per address over all apps.
pub const TOKEN_FAILURES_PER_ADDRESS: u32 = 200;
/// Keys in a limiter; beyond it those of past minutes go, then all.
pub const LIMITER_KEYS_MAX: usize = 10_000;
/// Bytes of an audit row's details; a longer query text is cut.
pub const AUDIT_DETAIL_BYTES_MAX: usize = 16 << 10;
/// Rows of the audit log in one answer.
pub const AUDIT_ROWS_MAX: i64 = 200;
/// Users of the portal; more belong into a directory of their own.
pub const USERS_MAX: i64 = 1_000;
/// Bytes of a login name.
pub const USER_NAME_BYTES_MAX: usize = 64;
/// Bytes of the query string of an OData request; browsers and proxies cut at 8 KiB.
pub const ODATA_QUERY_BYTES_MAX: usize = 16 << 10;
/// Bytes of a `$filter`.
pub const ODATA_FILTER_BYTES_MAX: usize = 8 << 10;
/// Words of a `$filter`.
pub const ODATA_TOKENS_MAX: usize = 2_000;
/// Brackets and `not`s inside each other in a `$filter`; people write three.
pub const ODATA_DEPTH_MAX: usize = 50;
/// Values of an `in (…)`.
pub const ODATA_LIST_MAX: usize = 500;
/// Properties of an `$orderby`.
pub const ODATA_ORDER_KEYS_MAX: usize = 8;
/// Largest `$top`: MDE's own.
pub const ODATA_TOP_MAX: usize = 10_000;
/// Entities of a page when no `$top` is given: MDE's own.
pub const ODATA_PAGE_MAX: usize = 10_000;
/// Alerts of a page of Graph: its own cap.
pub const GRAPH_ALERTS_PAGE: usize = 1_000;
/// Incidents of a page of Graph: its own cap.
pub const GRAPH_INCIDENTS_PAGE: usize = 50;
/// Incidents of a page of Defender XDR: its own cap.
pub const XDR_INCIDENTS_PAGE: usize = 100;
/// Alerts that one request looks at: beyond it a filter on a time is asked for.
pub const ALERTS_READ_MAX: i64 = 200_000;
/// Requests for alerts and devices per caller and minute: MDE's own.
pub const CALLS_PER_MINUTE: u32 = 100;
/// The same per hour.
pub const CALLS_PER_HOUR: u32 = 1_500;
/// Queries per caller and minute in MDE's and Graph's shapes. MDE takes 45; who keeps to that is never refused here.
pub const HUNTING_PER_MINUTE: u32 = 100;
/// Accounts that the answer about a device's logons lists.
pub const LOGON_USERS_MAX: usize = 1_000;
/// `batchUpdate` per caller and minute: MDE's own; 500 per hour.
pub const BATCH_UPDATES_PER_MINUTE: u32 = 10;
/// The same per hour.
pub const BATCH_UPDATES_PER_HOUR: u32 = 500;
/// `createAlertByReference` per caller and minute: MDE's own.
pub const CREATED_ALERTS_PER_MINUTE: u32 = 15;
/// Callers that the limiter remembers; beyond it those that rest are forgotten.
pub const CALLERS_MAX: usize = 10_000;
/// Alerts of one `batchUpdate`.
pub const BATCH_UPDATE_ALERTS_MAX: usize = 1_000;
/// Letters of a comment, title or description that somebody sends.
pub const ALERT_TEXT_MAX: usize = 10_000;
/// Comments of an alert.
pub const ALERT_COMMENTS_MAX: i64 = 1_000;
/// Matches of a rule on one device and process tree become one alert when they are not further apart than this.
pub const ALERT_WINDOW_NS: i64 = 3_600 * 1_000_000_000;
/// Alerts of one device and process tree belong to one incident within this time.
pub const INCIDENT_WINDOW_NS: i64 = 24 * 3_600 * 1_000_000_000;
/// Events that are kept by name for an alert; more are counted.
pub const ALERT_EVENTS_MAX: i64 = 1_000;
/// Pieces of evidence of an alert.
pub const ALERT_EVIDENCE_MAX: i64 = 100;
/// New alerts of one rule on one device within the window; beyond it one alert takes all process trees.
pub const ALERTS_PER_RULE_MAX: i64 = 50;
/// Batches that wait for the rules. What does not fit is read from the store later, and counted.
pub const DETECT_QUEUE_BATCHES: usize = 256;
/// Bytes that wait for the rules.
pub const DETECT_QUEUE_BYTES: usize = 64 << 20;
/// Batches that are asked in one go: their alerts are one write to the disk.
pub const DETECT_GROUP_BATCHES: usize = 32;
/// Rows that are read from the store at once when catching up.
pub const DETECT_PAGE_ROWS: usize = 10_000;
/// How often streams are looked at for rows that the queue missed.
pub const DETECT_SWEEP: Duration = Duration::from_secs(20);
/// How often the rule folder is looked at.
pub const RULES_POLL: Duration = Duration::from_secs(2);
/// Processes whose tree is remembered, in each of two generations.
pub const TREES_MAX: usize = 100_000;
/// Problems of rules that an answer lists; the count of all is beside them.
pub const RULE_PROBLEMS_MAX: usize = 1_000;
/// Rows of `AlertInfo` and `AlertEvidence` that a query may see.
pub const ALERT_ROWS_MAX: usize = 500_000;
/// Bytes of one part of an upload.
pub const UPLOAD_PART_BYTES_MAX: usize = 4 << 20;
/// Bytes of all uploads that wait for their import.
pub const UPLOADS_BYTES_MAX: u64 = 16 << 30;
/// Bytes of the disk that uploads leave free: the store needs them.
pub const UPLOAD_FREE_BYTES_MIN: u64 = 1 << 30;
/// How long an upload waits for its next part or its import.
pub const UPLOAD_KEPT: Duration = Duration::from_secs(24 * 3_600);
/// Sources whose token is valid: one per shipper or group of machines.
pub const SOURCES_MAX: i64 = 10_000;
/// Items per second of a source when nothing else is said: what one core settles.
pub const SOURCE_ITEMS_PER_SECOND_DEFAULT: u32 = 10_000;
/// Most items per second that a source may be given.
pub const SOURCE_ITEMS_PER_SECOND_MAX: u32 = 1_000_000;
/// A source that rested may send this many seconds' worth at once: shippers catch up after a pause.
pub const SHIP_BURST_SECONDS: f64 = 10.0;
/// Bytes of a shipper's request; the largest defaults are some MiB, Elasticsearch itself takes 100.
pub const SHIP_BODY_BYTES_MAX: usize = 16 << 20;
/// The same, unpacked.
pub const SHIP_UNPACKED_BYTES_MAX: usize = 64 << 20;
/// Bytes of a refused request that are read so that the client reads the answer.
pub const SHIP_DRAINED_BYTES_MAX: usize = 1 << 20;
/// Items of a request; shippers send 50 to 5,000.
pub const SHIP_ITEMS_MAX: usize = 50_000;
/// Objects and arrays inside each other. The deepest that shippers send have some ten, and each level of an OTLP value is
/// three of JSON.
pub const SHIP_DEPTH_MAX: usize = 64;
/// Bytes of an event's text, which is the limit of the reader of Windows events.
pub const SHIP_ITEM_BYTES_MAX: usize = winlog::limits::EVENT_XML_BYTES_MAX;
/// Bytes of a record that is no Windows event: all of it is one column.
pub const SHIP_RECORD_BYTES_MAX: usize = winlog::limits::TEXT_BYTES_MAX;
/// Requests that are read at once; each may hold an unpacked body and what was read of it.
pub const SHIP_REQUESTS_MAX: usize = 4;
/// Bytes of the journal that wait; beyond half of it nothing waits any longer than it must, beyond it the answer is 429.
pub const SHIP_PENDING_BYTES_MAX: u64 = 128 << 20;
/// Wrong tokens per address and minute before the answer is 429.
pub const SHIP_TOKEN_FAILURES_PER_ADDRESS: u32 = 100;
/// Rows that are appended to the store at once, as an import does.
pub const SHIP_BATCH_ROWS: usize = 4_096;
/// Bytes that are appended at once.
pub const SHIP_BATCH_BYTES: usize = 4 << 20;
/// How often it is looked what is due.
pub const SETTLE_EVERY: Duration = Duration::from_secs(1);
/// A device that sent nothing for this long is quiet: Sysmon logs a connection up to 7 s late, and shippers send at least
/// every few seconds.
pub const SETTLE_QUIET_NS: i64 = 10 * 1_000_000_000;
/// An event of a device that keeps sending waits this long for another source of the same act.
pub const SETTLE_AGE_NS: i64 = 30 * 1_000_000_000;
/// The act of a process that may run a script waits this long: until what proves the script was logged.
pub const SETTLE_SCRIPT_NS: i64 = winlog::runs::limits::LATE;
/// The last seconds in which the pause is looked for at which waiting events are cut.
pub const SETTLE_GAP_NS: i64 = winlog::limits::HELD_NS;
