//! One TLS listener: accept, handshake, HTTP/1.1 or HTTP/2, requests to a router.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::pki_types::CertificateDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::limits::{CONNECTIONS_MAX, HANDSHAKE_MAX, HEAD_MAX};

/// Who is at the other end of the connection; an extension of every request.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Address of the other end.
    pub address: SocketAddr,
    /// Client certificate, verified against our CA, when one was shown.
    pub certificate: Option<CertificateDer<'static>>,
}

/// Binds an address.
///
/// # Errors
/// When the port is taken or may not be used; the message says what to do.
pub async fn bind(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("listen on {address}: is another nenrin running? stop it, or choose another port with {flag}")
    })
}

/// Serves until `stop` turns true, then gives open requests a short time to end.
pub async fn serve(
    listener: TcpListener,
    config: Arc<rustls::ServerConfig>,
    router: Router,
    stop: watch::Receiver<bool>,
) {
    let acceptor = TlsAcceptor::from(config);
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut stopped = stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = until(&mut stopped) => return,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, mostly: wait for connections to close.
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(slot) = Arc::clone(&slots).try_acquire_owned() else {
            tracing::warn!(%address, "connection refused, too many are open");
            continue;
        };
        let (acceptor, router, stop) = (acceptor.clone(), router.clone(), stop.clone());
        tokio::spawn(async move {
            connection(stream, address, acceptor, router, stop).await;
            drop(slot);
        });
    }
}

/// Returns when `stop` is true or its sender is gone.
pub async fn until(stop: &mut watch::Receiver<bool>) {
    // The guard that `wait_for` gives must not live across an await.
    drop(stop.wait_for(|stop| *stop).await);
}

async fn connection(
    stream: TcpStream,
    address: SocketAddr,
    acceptor: TlsAcceptor,
    router: Router,
    mut stop: watch::Receiver<bool>,
) {
    drop(stream.set_nodelay(true));
    let tls = match tokio::time::timeout(HANDSHAKE_MAX, acceptor.accept(stream)).await {
        Ok(Ok(tls)) => tls,
        Ok(Err(error)) => {
            tracing::info!(%address, %error, "tls handshake failed");
            return;
        }
        Err(_) => {
            tracing::info!(%address, "tls handshake took too long");
            return;
        }
    };
    let certificate =
        tls.get_ref().1.peer_certificates().and_then(|chain| chain.first()).map(|it| it.clone().into_owned());
    let peer = Peer { address, certificate };
    let service = hyper::service::service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let (router, peer) = (router.clone(), peer.clone());
        async move {
            let mut request: Request = request.map(axum::body::Body::new);
            request.extensions_mut().insert(peer);
            router.oneshot(request).await
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_MAX);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(64).keep_alive_interval(HEAD_MAX);
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(tls), service);
    tokio::pin!(serving);
    tokio::select! {
        result = serving.as_mut() => log_end(address, result),
        () = until(&mut stop) => {
            serving.as_mut().graceful_shutdown();
            drop(tokio::time::timeout(std::time::Duration::from_secs(2), serving).await);
        }
    }
}

fn log_end(address: SocketAddr, result: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = result {
        tracing::debug!(%address, %error, "connection ended");
    }
}
