//! The HTTP API that the portal and scripts use. Thin: parse, ask `query` or `state`, write JSON.

pub mod absent;
pub mod advanced;
pub mod alert_body;
pub mod alerts;
mod answer_body;
pub mod apps;
pub mod asked;
pub mod auth;
pub mod detections;
pub mod devices;
pub mod error;
pub mod events;
pub mod export;
mod export_body;
pub mod graph;
pub mod hunting;
pub mod imports;
pub mod item;
pub mod machines;
pub mod misc;
pub mod odata;
pub mod openapi;
pub mod related;
pub mod second_factor;
pub mod sources;
pub mod store;
pub mod stream;
pub mod timeline;
mod timespan;
pub mod uploads;
pub mod users;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use ::store::Store;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};
use query::Engine;
use tokio::sync::Semaphore;

use crate::alerts::detector::Detector;
use crate::alerts::limiter::CallLimiter;
use crate::ca::Ca;
use crate::identity::{Identity, access};
use crate::limits::{
    BODY_BYTES_MAX, EXPORTS_MAX, QUERIES_MAX, QUERY_BODY_BYTES_MAX, STREAMS_MAX, UPLOAD_PART_BYTES_MAX,
};
use crate::oauth;
use crate::ship::Journal;
use crate::state::State;

/// What the API routes share.
#[derive(Clone)]
pub struct Api {
    /// Small state.
    pub state: State,
    /// Events.
    pub store: Arc<Store>,
    /// Queries.
    pub engine: Arc<Engine>,
    /// For enrolment tokens.
    pub ca: Arc<Ca>,
    /// Apps, tokens, permissions.
    pub identity: Arc<Identity>,
    /// Login limiter.
    pub logins: Arc<auth::LoginLimiter>,
    /// Slots for running queries.
    pub queries: Arc<Semaphore>,
    /// Slots for open live streams.
    pub streams: Arc<Semaphore>,
    /// Slots for exports.
    pub exports: Arc<Semaphore>,
    /// The slot for maintenance that was asked for.
    pub maintenance: Arc<Semaphore>,
    /// The slot for an import.
    pub imports: Arc<Semaphore>,
    /// Where uploads wait for their import; `None` where no server runs.
    pub uploads: Option<PathBuf>,
    /// Held while a part is written.
    pub uploading: Arc<tokio::sync::Mutex<()>>,
    /// Calls of MDE's API per caller.
    pub calls: Arc<CallLimiter>,
    /// Rules; `None` where no server runs.
    pub detector: Option<Arc<Detector>>,
    /// What shippers sent; `None` where no server runs.
    pub journal: Option<Journal>,
    /// CSP violations that browsers reported since the start.
    pub csp_reports: Arc<AtomicU64>,
}

impl Api {
    /// The shared state over an open store.
    pub fn new(state: State, store: Arc<Store>, engine: Arc<Engine>, ca: Arc<Ca>, identity: Arc<Identity>) -> Self {
        Self {
            state,
            store,
            engine,
            ca,
            identity,
            logins: Arc::default(),
            queries: Arc::new(Semaphore::new(QUERIES_MAX)),
            streams: Arc::new(Semaphore::new(STREAMS_MAX)),
            exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
            maintenance: Arc::new(Semaphore::new(1)),
            imports: Arc::new(Semaphore::new(1)),
            uploads: None,
            uploading: Arc::default(),
            calls: Arc::default(),
            detector: None,
            journal: None,
            csp_reports: Arc::default(),
        }
    }

    /// The same with rules that are asked.
    #[must_use]
    pub fn with_detector(self, detector: Arc<Detector>) -> Self {
        Self { detector: Some(detector), ..self }
    }

    /// The same with a journal of what shippers sent.
    #[must_use]
    pub fn with_journal(self, journal: Journal) -> Self {
        Self { journal: Some(journal), ..self }
    }

    /// The same with a folder for uploads.
    #[must_use]
    pub fn with_uploads(self, folder: PathBuf) -> Self {
        Self { uploads: Some(folder), ..self }
    }

    /// Runs a blocking query on a worker thread, within the number of queries that may run at once.
    ///
    /// # Errors
    /// The query's own error, translated.
    pub async fn query<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Engine, &Store) -> Result<T, query::Error> + Send + 'static,
    ) -> Result<T, error::ApiError> {
        let _slot = self.queries.acquire().await.map_err(|error| anyhow::anyhow!("{error}"))?;
        let (engine, store) = (Arc::clone(&self.engine), Arc::clone(&self.store));
        let work = move || work(&engine, &store).map_err(|error| error.with_cause(&store.snapshot()));
        let result = tokio::task::spawn_blocking(work).await;
        Ok(result.map_err(|error| anyhow::anyhow!("query task: {error}"))??)
    }
}

/// The routes of the portal listener below `/api`, `/healthz`, and those of sign-in for apps.
pub fn router(api: Api) -> Router {
    let authorize = || axum::middleware::from_fn_with_state(api.clone(), access::authorize);
    let v1 = Router::new()
        .route("/login", post(auth::login))
        .route("/logout", post(auth::logout))
        .route("/me", get(auth::me))
        .route("/me/totp", get(second_factor::state).post(second_factor::begin))
        .route("/me/totp/confirm", post(second_factor::confirm))
        .route("/me/totp/end", post(second_factor::end))
        .route("/devices", get(devices::list))
        .route("/devices/{id}", get(devices::one))
        .route("/devices/{id}/timeline", get(timeline::page))
        .route("/devices/{id}/timeline/summary", get(timeline::summary))
        .route("/devices/{id}/timeline/stream", get(stream::stream))
        .route("/devices/{id}/timeline/export", get(export::export))
        .route("/events/{id}", get(events::event))
        .route("/prevalence", get(self::store::prevalence))
        .route("/store", get(self::store::usage))
        .route("/store/maintenance", post(self::store::maintain))
        .route("/schema", get(misc::schema))
        .route("/imports", post(imports::run))
        .route("/apps", get(apps::list).post(apps::create))
        .route("/apps/{id}", get(apps::one).delete(apps::delete))
        .route("/apps/{id}/secrets", post(apps::secret))
        .route("/apps/{id}/certificates", post(apps::certificate))
        .route("/apps/{id}/credentials/{credential}", delete(apps::delete_credential))
        .route("/apps/{id}/permissions/{permission}", put(apps::grant).delete(apps::revoke))
        .route("/apps/{id}/consent", post(apps::consent).delete(apps::withdraw_consent))
        .route("/permissions", get(apps::permissions))
        .route("/audit", get(apps::audit))
        .merge(people_and_sources())
        .route("/enrolment-tokens", post(misc::enrolment_token))
        .route("/csp-report", post(misc::csp_report))
        .route("/csp-reports/count", get(misc::csp_report_count))
        .route("/openapi.json", get(openapi::document))
        .route("/alerts/{id}", get(alerts::detail))
        .route("/detections", get(detections::state))
        .route("/detections/history", post(detections::history))
        .route(
            "/suppressions",
            get(detections::suppressions).post(detections::suppress).delete(detections::end_suppression),
        )
        .route_layer(authorize())
        .fallback(error::no_route)
        .layer(axum::middleware::from_fn(auth::same_origin))
        .layer(axum::middleware::from_fn_with_state(BODY_BYTES_MAX, error::read_body))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    let hunting = hunting_routes()
        .route_layer(authorize())
        .layer(axum::middleware::from_fn(auth::same_origin))
        .layer(axum::middleware::from_fn_with_state(QUERY_BODY_BYTES_MAX, error::read_body))
        .layer(DefaultBodyLimit::max(QUERY_BODY_BYTES_MAX));
    let mde = mde_routes()
        .route_layer(authorize())
        .layer(axum::middleware::from_fn(auth::same_origin))
        .layer(axum::middleware::from_fn_with_state(BODY_BYTES_MAX, error::read_body))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX));
    Router::new()
        .nest("/api/v1", v1)
        .merge(hunting)
        .merge(upload_routes(&api))
        .merge(mde)
        .layer(axum::middleware::from_fn(error::azure_errors))
        .route("/healthz", get(|| async { "ok" }))
        .with_state(api.clone())
        .merge(oauth::router(api))
}

/// Who may come in: people, and shippers by their tokens.
fn people_and_sources() -> Router<Api> {
    Router::new()
        .route("/users", get(users::list).post(users::create))
        .route("/users/{name}", delete(users::delete))
        .route("/users/{name}/role", put(users::set_role))
        .route("/users/{name}/password", post(users::reset_password))
        .route("/sources", get(sources::list).post(sources::create))
        .route("/sources/{id}", delete(sources::revoke))
}

/// Parts of files, which are larger than other bodies.
fn upload_routes(api: &Api) -> Router<Api> {
    Router::new()
        .route("/api/v1/imports/uploads/{id}", get(uploads::state).put(uploads::part))
        .route_layer(axum::middleware::from_fn_with_state(api.clone(), access::authorize))
        .layer(axum::middleware::from_fn(auth::same_origin))
        .layer(axum::middleware::from_fn_with_state(UPLOAD_PART_BYTES_MAX, error::read_body))
        .layer(DefaultBodyLimit::max(UPLOAD_PART_BYTES_MAX))
}

/// Routes that take a query, which may be long.
fn hunting_routes() -> Router<Api> {
    Router::new()
        .route("/api/v1/hunting/run", post(hunting::run))
        .route("/api/v1/hunting/analyze", post(hunting::analyze))
        .route("/api/advancedqueries/run", post(advanced::advanced))
        .route("/api/v1.0/advancedqueries/run", post(advanced::advanced))
        .route("/api/advancedhunting/run", post(advanced::advanced_xdr))
        .route("/v1.0/security/runHuntingQuery", post(advanced::graph))
}

/// MDE's routes for alerts, incidents and devices, with and without the version, and Graph's.
fn mde_routes() -> Router<Api> {
    let mut routes = Router::new();
    for base in ["/api", "/api/v1.0"] {
        let path = |rest: &str| format!("{base}{rest}");
        routes = routes
            .route(&path("/alerts"), get(alerts::list))
            .route(&path("/alerts/$count"), get(alerts::number))
            .route(&path("/alerts/batchUpdate"), post(alerts::batch_update))
            .route(&path("/alerts/createAlertByReference"), post(alerts::create))
            .route(&path("/alerts/CreateAlertByReference"), post(alerts::create))
            .route(&path("/alerts/{id}"), get(alerts::one).patch(alerts::update))
            .route(&path("/alerts/{id}/domains"), get(related::domains))
            .route(&path("/alerts/{id}/files"), get(related::files))
            .route(&path("/alerts/{id}/ips"), get(related::ips))
            .route(&path("/alerts/{id}/machine"), get(related::machine))
            .route(&path("/alerts/{id}/user"), get(related::user))
            .route(&path("/incidents"), get(graph::incidents::xdr_list))
            .route(&path("/incidents/{id}"), get(graph::incidents::xdr_one).patch(graph::incidents::xdr_update))
            .route(&path("/machines"), get(machines::list))
            .route(&path("/machines/{id}"), get(machines::one))
            .route(&path("/machines/{id}/alerts"), get(machines::alerts))
            .route(&path("/machines/{id}/alerts/$count"), get(machines::alerts_number))
            .route(&path("/machines/{id}/tags"), post(machines::tags))
            .route(&path("/machines/{id}/logonusers"), get(machines::logon_users))
            .route(&path("/machines/SoftwareVulnerabilitiesByMachine"), get(absent::software_vulnerabilities))
            .route(&path("/machines/{id}/{other}"), get(absent::findings).post(absent::action))
            .route(&path("/machineactions"), get(absent::machine_actions))
            .route(&path("/indicators"), get(absent::indicators).post(absent::indicator_create));
    }
    routes
        .route("/v1.0/security/alerts_v2", get(graph::alerts::list))
        .route("/v1.0/security/alerts_v2/{id}", get(graph::alerts::one).patch(graph::alerts::update))
        .route("/v1.0/security/incidents", get(graph::incidents::graph_list))
        .route("/v1.0/security/incidents/{id}", get(graph::incidents::graph_one).patch(graph::incidents::graph_update))
}

/// The same routes for somebody who may read the data directory anyway: a socket in it, or no server at all.
pub fn local_router(api: Api) -> Router {
    router(api).layer(axum::Extension(auth::Local))
}
