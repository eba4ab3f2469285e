//! A certificate authority and a real TLS server for the tests of enrolment, uploader and heartbeat. The server runs a
//! closure for each request, so a test says in one place what the other end does.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, IsCa, Issuer, KeyPair, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::identity::{self, Device, Identity, Material};

const DAY_S: i64 = 86_400;

/// A CA like the server's.
pub(crate) struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate().expect("key");
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("params");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test CA");
        let certificate = params.self_signed(&key).expect("sign");
        Authority { certificate, issuer: Issuer::new(params, key) }
    }

    pub(crate) fn pem(&self) -> String {
        self.certificate.pem()
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.certificate.der().clone()
    }

    /// A device certificate for 30 days.
    pub(crate) fn sign_device(&self, request: &str, device_id: &str) -> String {
        self.sign_device_at(request, device_id, 0)
    }

    /// A device certificate for 30 days that was signed `age_days` ago.
    pub(crate) fn sign_device_at(&self, request: &str, device_id: &str, age_days: i64) -> String {
        let mut request = CertificateSigningRequestParams::from_pem(request).expect("request");
        request.params = CertificateParams::default();
        request.params.distinguished_name.push(DnType::CommonName, device_id);
        let now_s = crate::heartbeat::now_ns() / 1_000_000_000;
        let at = |s: i64| (UNIX_EPOCH + Duration::from_secs(s.unsigned_abs())).into();
        request.params.not_before = at(now_s - age_days * DAY_S);
        request.params.not_after = at(now_s + (30 - age_days) * DAY_S);
        request.signed_by(&self.issuer).expect("sign").pem()
    }

    /// An enrolled device in `data_dir`.
    pub(crate) fn enrolled(&self, data_dir: &Path, server: &str) -> Identity {
        self.enrolled_at(data_dir, server, 0)
    }

    /// A device that was enrolled `age_days` ago.
    pub(crate) fn enrolled_at(&self, data_dir: &Path, server: &str, age_days: i64) -> Identity {
        let device_id = "ab".repeat(20);
        let (key, request) = identity::new_key("device").expect("key");
        let device = Device { device_id, device_name: "device".to_owned(), server: server.to_owned() };
        let material = Material {
            key_pem: &key.serialize_pem(),
            certificate_pem: &self.sign_device_at(&request, &device.device_id, age_days),
            ca_pem: &self.pem(),
            device: &device,
        };
        Identity::save(data_dir, &material).expect("save");
        Identity::load(data_dir).expect("load").expect("some")
    }

    /// TLS for a server of this authority with this name; clients may show a certificate.
    pub(crate) fn server_config(&self, name: SanType) -> ServerConfig {
        let key = KeyPair::generate().expect("key");
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("params");
        params.subject_alt_names.push(name);
        let leaf = params.signed_by(&key, &self.issuer).expect("sign");
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.der()).expect("root");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .expect("verifier");
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_client_cert_verifier(clients)
            .with_single_cert(vec![leaf.der().clone(), self.der()], key)
            .expect("certificate");
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    }
}

/// The name that test servers have.
pub(crate) fn loopback() -> SanType {
    SanType::IpAddress([127, 0, 0, 1].into())
}

/// What a request said.
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) body: Bytes,
    pub(crate) has_certificate: bool,
    /// The client's certificate.
    pub(crate) certificate: Option<CertificateDer<'static>>,
}

/// What the server does.
pub(crate) enum Reply {
    /// Answers.
    Answer(u16, Option<u64>, String),
    /// Cuts the connection instead.
    Cut,
}

type Handler = Arc<Mutex<dyn FnMut(Asked) -> Reply + Send>>;

/// A server on a free port of the loopback interface, until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(config: ServerConfig, handler: impl FnMut(Asked) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
        let address = listener.local_addr().expect("address");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let handler: Handler = Arc::new(Mutex::new(handler));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, acceptor.clone(), Arc::clone(&handler)));
            }
        });
        Server { address, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, handler: Handler) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let shown = stream.get_ref().1.peer_certificates();
    let certificate = shown.and_then(|chain| chain.first()).map(|leaf| leaf.clone().into_owned());
    let (cut, mut is_cut) = tokio::sync::mpsc::channel(1);
    let service = service_fn(move |request: Request<Incoming>| {
        let (handler, cut, certificate) = (Arc::clone(&handler), cut.clone(), certificate.clone());
        async move {
            let path = request.uri().path().to_owned();
            let body = request.into_body().collect().await?.to_bytes();
            let asked = Asked { path, body, has_certificate: certificate.is_some(), certificate };
            let reply = (handler.lock().expect("lock"))(asked);
            match reply {
                Reply::Answer(status, retry_after, body) => {
                    let mut response = Response::builder().status(status);
                    if let Some(seconds) = retry_after {
                        response = response.header("retry-after", seconds);
                    }
                    Ok::<_, hyper::Error>(response.body(Full::new(Bytes::from(body))).expect("response"))
                }
                Reply::Cut => {
                    let _ = cut.send(()).await;
                    std::future::pending().await
                }
            }
        }
    });
    let builder = auto::Builder::new(TokioExecutor::new());
    tokio::select! {
        _ = builder.serve_connection(TokioIo::new(stream), service) => {}
        _ = is_cut.recv() => {}
    }
}
