//! Who this device is: a key made here that never leaves it, the certificate the server gave it, and the server's CA.
//! Kept in `<data-dir>/identity/`, for the owner only. Talks to no network.

mod files;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const DIR: &str = "identity";
const KEY: &str = "key.pem";
const CERTIFICATE: &str = "cert.pem";
const CA: &str = "ca.pem";
/// Key and certificate of the last renewal. One file, so that one rename switches both; it counts before `KEY` and
/// `CERTIFICATE` of the enrolment.
const RENEWED: &str = "renewed.pem";
/// Written last and removed first: an identity is complete when it is there.
const DEVICE: &str = "device.json";

/// Length of a device id: 160 bits in hexadecimal.
pub(crate) const DEVICE_ID_CHARS: usize = 40;

/// Errors of the identity on disk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The files cannot be read or written.
    #[error("{doing} {path}: {source}")]
    Io {
        /// What was tried, in the present tense.
        doing: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The files do not fit together.
    #[error("{path} is damaged ({reason}): enrol this device again with a new token")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody ran the enrolment while the sensor runs.
    #[error("this device was enrolled again meanwhile: restart the sensor, it uses the new identity then")]
    Replaced,
}

/// What `device.json` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Device {
    /// Given by the server; also the certificate's common name.
    pub device_id: String,
    /// The name this device was enrolled with.
    pub device_name: String,
    /// The address of the server's ingest port.
    pub server: String,
}

/// An enrolled device.
#[derive(Debug)]
pub struct Identity {
    /// Who and where.
    pub device: Device,
    /// Start of the certificate, seconds since 1970-01-01 UTC.
    pub starts_s: i64,
    /// End of the certificate, seconds since 1970-01-01 UTC.
    pub expires_s: i64,
    key: PrivateKeyDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    ca: CertificateDer<'static>,
}

/// What an enrolment brings, as text.
#[derive(Debug)]
pub(crate) struct Material<'a> {
    pub(crate) key_pem: &'a str,
    pub(crate) certificate_pem: &'a str,
    pub(crate) ca_pem: &'a str,
    pub(crate) device: &'a Device,
}

impl Identity {
    /// The identity in a data directory, `None` when this device is not enrolled.
    pub fn load(data_dir: &Path) -> Result<Option<Self>, Error> {
        let dir = data_dir.join(DIR);
        let Some(device) = files::read(&dir.join(DEVICE))? else { return Ok(None) };
        let device: Device = serde_json::from_str(&device).map_err(|error| damaged(&dir, DEVICE, &error))?;
        let read = |name: &str| files::read(&dir.join(name))?.ok_or_else(|| damaged(&dir, name, &"it is missing"));
        let ca_pem = read(CA)?;
        let ca = CertificateDer::from_pem_slice(ca_pem.as_bytes()).map_err(|error| damaged(&dir, CA, &error))?;
        let pair = match files::read(&dir.join(RENEWED))? {
            Some(pem) => Pair::read(&pem, &pem, &device).map_err(|(_, reason)| damaged(&dir, RENEWED, &reason))?,
            None => Pair::read(&read(KEY)?, &read(CERTIFICATE)?, &device)
                .map_err(|(name, reason)| damaged(&dir, name, &reason))?,
        };
        Ok(Some(Identity::of(device, pair, ca)))
    }

    fn of(device: Device, pair: Pair, ca: CertificateDer<'static>) -> Self {
        let Pair { key, chain, facts } = pair;
        Identity { device, starts_s: facts.starts_s, expires_s: facts.expires_s, key, chain, ca }
    }

    /// Stores a new identity in the place of an old one.
    pub(crate) fn save(data_dir: &Path, material: &Material<'_>) -> Result<(), Error> {
        let dir = data_dir.join(DIR);
        files::create_dir(&dir)?;
        files::remove(&dir.join(DEVICE))?;
        files::remove(&dir.join(RENEWED))?;
        files::write(&dir.join(KEY), material.key_pem)?;
        files::write(&dir.join(CERTIFICATE), material.certificate_pem)?;
        files::write(&dir.join(CA), material.ca_pem)?;
        let device = serde_json::to_string_pretty(material.device).map_err(|error| damaged(&dir, DEVICE, &error))?;
        files::write(&dir.join(DEVICE), &device)
    }

    /// The same device with a new key and certificate; nothing is stored.
    pub(crate) fn with_pair(&self, key_pem: &str, certificate_pem: &str) -> Result<Self, String> {
        let pair = Pair::read(key_pem, certificate_pem, &self.device).map_err(|(_, reason)| reason)?;
        Ok(Identity::of(self.device.clone(), pair, self.ca.clone()))
    }

    /// Stores a new key and certificate for this identity. After a crash at any point the old pair or the new one is
    /// there.
    pub(crate) fn save_renewed(&self, data_dir: &Path, key_pem: &str, certificate_pem: &str) -> Result<(), Error> {
        if self.stored_now(data_dir)?.chain != self.chain {
            return Err(Error::Replaced);
        }
        files::write(&data_dir.join(DIR).join(RENEWED), &format!("{}\n{certificate_pem}", key_pem.trim_end()))
    }

    /// What is on the disk for the same device: a newer pair than this one when storing it was reported as failed.
    pub(crate) fn stored_now(&self, data_dir: &Path) -> Result<Self, Error> {
        let stored = Identity::load(data_dir)?.ok_or(Error::Replaced)?;
        if stored.device == self.device { Ok(stored) } else { Err(Error::Replaced) }
    }

    /// Whether this certificate ends later than that one.
    pub(crate) fn is_newer_than(&self, other: &Identity) -> bool {
        self.expires_s > other.expires_s
    }

    /// SHA-256 of the CA certificate.
    pub(crate) fn ca_pin(&self) -> [u8; 32] {
        Sha256::digest(&self.ca).into()
    }

    /// Whether two thirds of the certificate's life are over.
    pub(crate) fn is_renewal_due(&self, now: SystemTime) -> bool {
        let life = Duration::from_secs(u64::try_from(self.expires_s.saturating_sub(self.starts_s)).unwrap_or_default());
        self.valid_for(now) <= life / 3
    }

    /// How long the certificate is still good; zero when it has expired.
    pub fn valid_for(&self, now: SystemTime) -> Duration {
        let now_s = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let expires_s = u64::try_from(self.expires_s).unwrap_or_default();
        Duration::from_secs(expires_s.saturating_sub(now_s))
    }

    /// TLS with this device's certificate, to servers of its own CA only.
    pub(crate) fn client_config(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.ca.clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots)
            .with_client_auth_cert(self.chain.clone(), self.key.clone_key())?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Arc::new(config))
    }
}

/// A key and its certificate.
struct Pair {
    key: PrivateKeyDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    facts: CertificateFacts,
}

impl Pair {
    /// On error: which of the two is wrong, and why.
    fn read(key_pem: &str, certificate_pem: &str, device: &Device) -> Result<Self, (&'static str, String)> {
        let wrong_key = |reason: &dyn std::fmt::Display| (KEY, reason.to_string());
        let wrong_certificate = |reason: &dyn std::fmt::Display| (CERTIFICATE, reason.to_string());
        let key = PrivateKeyDer::from_pem_slice(key_pem.as_bytes()).map_err(|error| wrong_key(&error))?;
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate_pem.as_bytes()).collect();
        let chain = chain.map_err(|error| wrong_certificate(&error))?;
        let leaf = chain.first().ok_or_else(|| wrong_certificate(&"it holds no certificate"))?;
        let facts = CertificateFacts::read(leaf).map_err(|reason| wrong_certificate(&reason))?;
        if facts.common_name != device.device_id {
            return Err(wrong_certificate(&"it is another device's"));
        }
        let pair = KeyPair::try_from(&key).map_err(|error| wrong_key(&error))?;
        if facts.public_key != pair.public_key_raw() {
            return Err(wrong_key(&"the certificate is for another key"));
        }
        Ok(Pair { key, chain, facts })
    }
}

/// A new key and the request for a certificate, both PEM.
pub(crate) fn new_key(device_name: &str) -> Result<(KeyPair, String), rcgen::Error> {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    // For people who look at it; the server names the device itself.
    params.distinguished_name.push(DnType::CommonName, device_name);
    let request = params.serialize_request(&key)?.pem()?;
    Ok((key, request))
}

/// The parts of a certificate that we look at.
#[derive(Debug)]
pub(crate) struct CertificateFacts {
    pub(crate) common_name: String,
    pub(crate) public_key: Vec<u8>,
    pub(crate) starts_s: i64,
    pub(crate) expires_s: i64,
}

impl CertificateFacts {
    pub(crate) fn read(certificate: &CertificateDer<'_>) -> Result<Self, String> {
        let parsed = x509_parser::parse_x509_certificate(certificate);
        let (_, parsed) = parsed.map_err(|error| format!("not a certificate: {error}"))?;
        let common_name = parsed.subject().iter_common_name().next().and_then(|name| name.as_str().ok());
        Ok(CertificateFacts {
            common_name: common_name.ok_or("the certificate names no device")?.to_owned(),
            public_key: parsed.public_key().subject_public_key.data.to_vec(),
            starts_s: parsed.validity().not_before.timestamp(),
            expires_s: parsed.validity().not_after.timestamp(),
        })
    }
}

fn damaged(dir: &Path, name: &str, reason: &dyn std::fmt::Display) -> Error {
    Error::Damaged { path: dir.join(name), reason: reason.to_string() }
}

#[cfg(test)]
mod tests;
