//! One HTTP/2 connection to the server: made when needed, kept, made anew when it breaks or the certificate is another.
//! Knows TLS and HTTP, not what is sent. Every wait has a limit, every answer a size limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::{Method, Request, Uri, header};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Name look-up, TCP and TLS together.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);

/// One request with its answer: a full batch over a slow line (1 Mbit/s) takes about 30 s.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// How a peer that vanished without a word is noticed: pinged when nothing was heard, given up without an answer.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of an answer; ours have a few hundred, an enrolment a few thousand.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// The port of the server's ingest listener.
const PORT: u16 = 8444;

/// Errors of talking to the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be used.
    #[error("server address {url:?}: {reason}; it should look like https://nenrin.example:8444")]
    BadAddress {
        /// As it was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection.
    #[error("cannot reach {server}: {reason}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// What happened.
        reason: String,
    },
    /// The connection exists, but the server's certificate or ours is refused.
    #[error("no secure connection with {server}: {reason}")]
    Tls {
        /// Host and port.
        server: String,
        /// What happened.
        reason: String,
    },
    /// The request failed after the connection was made.
    #[error("request to {server} failed: {reason}")]
    Request {
        /// Host and port.
        server: String,
        /// What happened.
        reason: String,
    },
}

/// An answer, whatever its status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// What `Retry-After` says.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
}

impl Answer {
    /// The server's own words for what is wrong.
    pub(crate) fn reason(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let text = |name: &str| body["error"][name].as_str().unwrap_or_default().to_owned();
        format!("status {} {} {}", self.status, text("code"), text("message")).trim_end().to_owned()
    }

    /// The stable word for what is wrong.
    pub(crate) fn code(&self) -> String {
        let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// A server and how to talk to it. Clones share the connection.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    host: String,
    port: u16,
    name: ServerName<'static>,
    link: Mutex<Link>,
    /// End of our certificate, seconds since 1970-01-01 UTC.
    expires_s: AtomicI64,
}

/// What changes when the connection breaks or the certificate is renewed.
struct Link {
    tls: TlsConnector,
    /// Counts the renewals.
    generation: u64,
    connection: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// `expires_s` is the end of the certificate in `tls`, seconds since 1970-01-01 UTC.
    pub(crate) fn new(url: &str, tls: Arc<ClientConfig>, expires_s: i64) -> Result<Self, Error> {
        let bad = |reason: &str| Error::BadAddress { url: url.to_owned(), reason: reason.to_owned() };
        let uri: Uri = url.trim().parse().map_err(|_| bad("it is not a URL"))?;
        if uri.scheme_str() != Some("https") {
            return Err(bad("it does not start with https://"));
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(bad("it has a path"));
        }
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host.clone()).map_err(|_| bad("the host name is not one"))?;
        let port = uri.port_u16().unwrap_or(PORT);
        let link = Mutex::new(Link { tls: TlsConnector::from(tls), generation: 0, connection: None });
        Ok(Client { inner: Arc::new(Inner { host, port, name, link, expires_s: AtomicI64::new(expires_s) }) })
    }

    /// From now on all clones connect with this certificate. Requests under way still end on the old connection.
    pub(crate) async fn switch_to(&self, tls: Arc<ClientConfig>, expires_s: i64) {
        let mut link = self.inner.link.lock().await;
        *link = Link { tls: TlsConnector::from(tls), generation: link.generation + 1, connection: None };
        self.inner.expires_s.store(expires_s, Ordering::Relaxed);
    }

    /// End of our certificate, seconds since 1970-01-01 UTC.
    pub(crate) fn expires_s(&self) -> i64 {
        self.inner.expires_s.load(Ordering::Relaxed)
    }

    /// Host and port, for messages.
    pub(crate) fn server(&self) -> String {
        let Inner { host, port, .. } = &*self.inner;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Sends one request and reads its answer.
    pub(crate) async fn post(&self, path: &str, content_type: &str, body: Bytes) -> Result<Answer, Error> {
        let (generation, answer) = self.post_once(path, content_type, body.clone()).await?;
        // The certificate was replaced while the request was under way: that refusal was for the old one.
        if answer.status == 403 && self.inner.link.lock().await.generation != generation {
            return Ok(self.post_once(path, content_type, body).await?.1);
        }
        Ok(answer)
    }

    /// The answer, and with which certificate it was asked for.
    async fn post_once(&self, path: &str, content_type: &str, body: Bytes) -> Result<(u64, Answer), Error> {
        let (generation, mut sender) = self.sender().await?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("https://{}{path}", self.server()))
            .header(header::CONTENT_TYPE, content_type)
            .header(header::USER_AGENT, concat!("nenrin-sensor/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(body))
            .map_err(|error| self.failed(&error))?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(|error| self.failed(&error))?;
            let (head, body) = response.into_parts();
            let body =
                Limited::new(body, ANSWER_BYTES_MAX).collect().await.map_err(|error| self.failed(error.as_ref()))?;
            let retry_after = head.headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            let retry_after = retry_after.map(Duration::from_secs);
            Ok(Answer { status: head.status.as_u16(), retry_after, body: body.to_bytes() })
        };
        let result = timeout(REQUEST_TIMEOUT, exchange).await;
        let result = result.unwrap_or_else(|elapsed| Err(self.failed(&elapsed)));
        if result.is_err() {
            let mut link = self.inner.link.lock().await;
            if link.generation == generation {
                // Whatever is wrong with it, a new connection is cheap beside another wait.
                link.connection = None;
            }
        }
        Ok((generation, result?))
    }

    async fn sender(&self) -> Result<(u64, SendRequest<Full<Bytes>>), Error> {
        let mut link = self.inner.link.lock().await;
        if let Some(sender) = link.connection.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok((link.generation, sender.clone()));
        }
        let late = |_| self.unreachable(&"no connection in time");
        let sender = timeout(CONNECT_TIMEOUT, self.connect(&link.tls)).await.map_err(late)??;
        link.connection = Some(sender.clone());
        Ok((link.generation, sender))
    }

    async fn connect(&self, tls: &TlsConnector) -> Result<SendRequest<Full<Bytes>>, Error> {
        let Inner { host, port, name, .. } = &*self.inner;
        let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| self.unreachable(&error))?;
        // Latency of one small event matters more than a saved packet.
        stream.set_nodelay(true).map_err(|error| self.unreachable(&error))?;
        let stream = tls.connect(name.clone(), stream).await.map_err(|error| self.insecure(&error))?;
        let handshake = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .handshake(TokioIo::new(stream));
        let (sender, connection) = handshake.await.map_err(|error| self.failed(&error))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        });
        Ok(sender)
    }

    fn unreachable(&self, reason: &dyn std::fmt::Display) -> Error {
        Error::Unreachable { server: self.server(), reason: reason.to_string() }
    }

    fn insecure(&self, reason: &dyn std::fmt::Display) -> Error {
        Error::Tls { server: self.server(), reason: reason.to_string() }
    }

    fn failed(&self, reason: &(dyn std::error::Error + 'static)) -> Error {
        Error::Request { server: self.server(), reason: with_causes(reason) }
    }
}

/// An error's text with its causes: hyper's own text alone says little.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
