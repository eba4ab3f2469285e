//! A running server: opens the data directory, listens, serves, stops.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use query::Engine;
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use store::{Options, Retention, Store};
use tokio::sync::watch;

use crate::alerts::detector::Detector;
use crate::alerts::rules::Rules;
use crate::api::{self, Api, auth};
use crate::ca::Ca;
use crate::identity::Identity;
use crate::ingest::{self, Ingest};
use crate::ship::{self, Ship};
use crate::state::State;
use crate::{local, portal, tls};

/// How to run the server, all defaults applied.
#[derive(Clone, Debug)]
pub struct Config {
    /// Everything is below it.
    pub data_dir: PathBuf,
    /// Portal and API.
    pub listen: SocketAddr,
    /// Sensors.
    pub ingest_listen: SocketAddr,
    /// Host names and addresses in the server's certificate.
    pub names: Vec<String>,
    /// Events received longer ago are deleted.
    pub retention_days: u32,
    /// Delete the events received first when the column files have more bytes than this.
    pub retention_bytes: Option<u64>,
}

/// A server that is up.
pub struct Server {
    /// Small state, for enrolment tokens.
    pub state: State,
    /// The CA.
    pub ca: Arc<Ca>,
    /// Where the portal listens.
    pub address: SocketAddr,
    /// Where sensors connect.
    pub ingest_address: SocketAddr,
    /// The admin's password, at the first start only.
    pub first_password: Option<String>,
    store: Arc<Store>,
    ship: Ship,
    stop: watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

/// The name of the first user.
pub const ADMIN: &str = "admin";

/// Opens a data directory's small state and CA; for commands beside a running server.
///
/// # Errors
/// When a file can't be opened; the message names it and says what to do.
pub async fn open_state(data_dir: &Path) -> Result<(State, Ca)> {
    tokio::fs::create_dir_all(data_dir).await.with_context(|| format!("create {}", data_dir.display()))?;
    use std::os::unix::fs::PermissionsExt;
    let private = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(data_dir, private).with_context(|| format!("protect {}", data_dir.display()))?;
    let state = State::open(&data_dir.join("state.db")).await?;
    let ca = Ca::open(&data_dir.join("ca"))?;
    Ok((state, ca))
}

/// Starts the server; returns when both ports listen.
///
/// # Errors
/// When a port is taken, the data directory is unusable or of a newer version; each message says what to do.
pub async fn start(config: &Config) -> Result<Server> {
    let listener = tls::bind(config.listen, "--listen").await?;
    let ingest_listener = tls::bind(config.ingest_listen, "--ingest-listen").await?;
    let (state, ca) = open_state(&config.data_dir).await?;
    let options = Options { dir: config.data_dir.join("store") };
    let store = tokio::task::spawn_blocking(move || Store::open(&options)).await.context("open store")??;
    let day = Duration::from_secs(24 * 3_600);
    let retention = Retention { age: Some(day * config.retention_days), bytes_max: config.retention_bytes };
    store.maintain(retention).context("start store maintenance")?;
    let (store, ca) = (Arc::new(store), Arc::new(ca));
    let first_password = first_user(&state).await?;
    let n_threads = std::thread::available_parallelism().map_or(2, usize::from);
    let engine = Arc::new(Engine::new(n_threads)?);
    let (chain, key) = ca.server_identity(&config.names)?;
    let portal_tls = portal_config(chain.clone(), key.clone_key())?;
    let ingest_tls = ingest_config(&ca, chain, key)?;
    let identity = Arc::new(Identity::open(&state, &config.data_dir, &config.names).await?);
    let data_dir = config.data_dir.clone();
    let rules = tokio::task::spawn_blocking(move || Rules::open(&data_dir)).await.context("read rules")?;
    let (detector, feed, committed) =
        Detector::open(state.clone(), Arc::clone(&store), Arc::clone(&engine), Arc::new(rules)).await?;
    let api_state = Api::new(state.clone(), Arc::clone(&store), engine, Arc::clone(&ca), identity);
    let shipped = Ship::open(&config.data_dir, state.clone(), Arc::clone(&store), Some(feed.clone())).await?;
    let api_state = api_state
        .with_detector(Arc::clone(&detector))
        .with_journal(shipped.journal().clone())
        .with_uploads(config.data_dir.join("uploads"));
    let local = api::local_router(api_state.clone());
    let api = api::router(api_state);
    let ingest = Ingest { state: state.clone(), store: Arc::clone(&store), ca: Arc::clone(&ca), rules: Some(feed) };
    let ingest = ingest::router(ingest).merge(ship::router(shipped.clone()));
    let (stop, stopped) = watch::channel(false);
    let (address, ingest_address) = (listener.local_addr()?, ingest_listener.local_addr()?);
    let mut tasks = vec![
        tokio::spawn(tls::serve(listener, portal_tls, portal::add_to(api), stopped.clone())),
        tokio::spawn(tls::serve(ingest_listener, ingest_tls, ingest, stopped.clone())),
        tokio::spawn(detector.run(committed, stopped)),
    ];
    match local::listen(&config.data_dir) {
        Ok(listener) => tasks.push(tokio::spawn(local::serve_socket(listener, local, stop.subscribe()))),
        Err(error) => tracing::warn!(error = %format!("{error:#}"), "nenrin query can't reach this server"),
    }
    tracing::info!(%address, %ingest_address, "server is up");
    Ok(Server { state, ca, address, ingest_address, first_password, store, ship: shipped, stop, tasks })
}

async fn first_user(state: &State) -> Result<Option<String>> {
    if state.has_users().await? {
        return Ok(None);
    }
    let (password, hash) = auth::new_password().await?;
    state.set_password(ADMIN, &hash, "admin").await?;
    Ok(Some(password))
}

fn portal_config(
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: rustls::pki_types::PrivateKeyDer<'static>,
) -> Result<Arc<rustls::ServerConfig>> {
    let mut config = rustls::ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// A client certificate is checked against our CA when shown; the enrolment route needs none.
fn ingest_config(
    ca: &Ca,
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: rustls::pki_types::PrivateKeyDer<'static>,
) -> Result<Arc<rustls::ServerConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.certificate()?)?;
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).allow_unauthenticated().build()?;
    let mut config =
        rustls::ServerConfig::builder().with_client_cert_verifier(verifier).with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

impl Server {
    /// Stops listening, ends open requests, flushes the store.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            drop(task.await);
        }
        let (store, ship) = (self.store, self.ship);
        if tokio::task::spawn_blocking(move || ship.stop()).await.is_err() {
            tracing::error!("shipped events did not stop cleanly");
        }
        if tokio::task::spawn_blocking(move || store.close()).await.is_err() {
            tracing::error!("store did not close cleanly, the log is replayed at the next start");
        }
        tracing::info!("server stopped");
    }
}
