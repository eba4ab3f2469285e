//! The API for commands on the same machine: over a socket in the data directory when a server runs there, else over
//! the store itself, in this process. Either way the same routes answer.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::{Request, header};
use hyper_util::rt::TokioIo;
use query::Engine;
use store::{Options, Store};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tower::ServiceExt;

use crate::alerts::detector::Detector;
use crate::alerts::rules::Rules;
use crate::api::{self, Api};
use crate::identity::Identity;
use crate::{serve, tls};

/// The socket's name in the data directory.
const SOCKET: &str = "api.sock";

/// Listens on the socket of a data directory; only the server's own user may open it.
///
/// # Errors
/// When the socket can't be made, for example when the path is longer than the 108 bytes that unix(7) allows.
pub fn listen(data_dir: &Path) -> Result<UnixListener> {
    let path = data_dir.join(SOCKET);
    // The store's lock says that no other server lives here: what lies there is left over.
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("remove {}", path.display()));
        }
        _ => {}
    }
    let listener = UnixListener::bind(&path).with_context(|| format!("listen on {}", path.display()))?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("protect {}", path.display()))?;
    Ok(listener)
}

/// Serves the socket until `stop`, then removes it.
pub async fn serve_socket(listener: UnixListener, router: Router, mut stop: watch::Receiver<bool>) {
    let path = listener.local_addr().ok().and_then(|address| address.as_pathname().map(PathBuf::from));
    tokio::select! {
        ended = async { axum::serve(listener, router).await } => {
            if let Err(error) = ended {
                tracing::error!(%error, "local socket failed");
            }
        }
        () = tls::until(&mut stop) => {}
    }
    if let Some(path) = path {
        drop(std::fs::remove_file(path));
    }
}

/// The API of a data directory.
pub enum Local {
    /// A server runs there.
    Socket(PathBuf),
    /// None does: the store is open here until `close`.
    Opened(Box<Opened>),
}

/// A store that this process opened.
pub struct Opened {
    router: Router,
    store: Arc<Store>,
}

impl Local {
    /// Finds the server's socket, or opens the store.
    ///
    /// # Errors
    /// When there is no store, or another program without a socket holds it.
    pub async fn open(data_dir: &Path) -> Result<Self> {
        if !data_dir.join(SOCKET).exists() && !data_dir.join("store").is_dir() {
            bail!("no store in {}: name the server's data directory with --data-dir", data_dir.display());
        }
        Self::create(data_dir).await
    }

    /// The same, and makes a store when there is none.
    ///
    /// # Errors
    /// When another program without a socket holds the store, or it can't be made.
    pub async fn create(data_dir: &Path) -> Result<Self> {
        let socket = data_dir.join(SOCKET);
        if UnixStream::connect(&socket).await.is_ok() {
            return Ok(Self::Socket(socket));
        }
        let dir = data_dir.join("store");
        let (state, ca) = serve::open_state(data_dir).await?;
        let store =
            tokio::task::spawn_blocking(move || Store::open(&Options { dir })).await.context("open store")??;
        let store = Arc::new(store);
        let n_threads = std::thread::available_parallelism().map_or(2, usize::from);
        let engine = Arc::new(Engine::new(n_threads)?);
        let identity = Arc::new(Identity::open(&state, data_dir, &[]).await?);
        let rules = Arc::new(Rules::open(data_dir));
        let (detector, _, _) = Detector::open(state.clone(), Arc::clone(&store), Arc::clone(&engine), rules).await?;
        let api = Api::new(state, Arc::clone(&store), engine, Arc::new(ca), identity).with_detector(detector);
        let router = api::local_router(api);
        Ok(Self::Opened(Box::new(Opened { router, store })))
    }

    /// Posts JSON to a path of the API.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn post(&self, path: &str, body: &serde_json::Value) -> Result<Response> {
        let request = Request::post(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()))?;
        self.send(request).await
    }

    /// Gets a path of the API.
    ///
    /// # Errors
    /// When the server goes away.
    pub async fn get(&self, path: &str) -> Result<Response> {
        self.send(Request::get(path).header(header::HOST, "localhost").body(Body::empty())?).await
    }

    async fn send(&self, request: Request<Body>) -> Result<Response> {
        match self {
            Self::Opened(opened) => Ok(opened.router.clone().oneshot(request).await?),
            Self::Socket(path) => {
                let stream =
                    UnixStream::connect(path).await.with_context(|| format!("connect to {}", path.display()))?;
                let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                Ok(sender.send_request(request).await?.map(Body::new))
            }
        }
    }

    /// Closes a store that this process opened.
    pub async fn close(self) {
        if let Self::Opened(opened) = self {
            let Opened { router, store } = *opened;
            drop(router);
            // A clean close spares the next start the log; a failed one loses nothing.
            drop(tokio::task::spawn_blocking(move || store.close()).await);
        }
    }
}
