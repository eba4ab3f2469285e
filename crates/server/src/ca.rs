//! The server's own certificate authority: made at the first start, signs the server and the devices.

use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use crate::limits::{CA_CERTIFICATE_DAYS, DEVICE_CERTIFICATE_DAYS, SERVER_CERTIFICATE_DAYS};

/// The CA and the server certificate that it signed.
pub struct Ca {
    issuer: Issuer<'static, KeyPair>,
    /// The CA certificate.
    pub certificate_pem: String,
    dir: PathBuf,
}

impl Ca {
    /// Loads the CA of a data directory, or makes it.
    ///
    /// # Errors
    /// When a key file can't be read, written or understood; the message names it.
    pub fn open(dir: &Path) -> Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .with_context(|| format!("create {}", dir.display()))?;
        let (key_path, certificate_path) = (dir.join("ca.key.pem"), dir.join("ca.pem"));
        if !certificate_path.exists() {
            let key = KeyPair::generate().context("make the CA key")?;
            let certificate = ca_params()?.self_signed(&key).context("sign the CA certificate")?;
            write_private(&key_path, &key.serialize_pem())?;
            write_private(&certificate_path, &certificate.pem())?;
        }
        let key_pem = read(&key_path)?;
        let certificate_pem = read(&certificate_path)?;
        let key = KeyPair::from_pem(&key_pem).with_context(|| format!("read key {}", key_path.display()))?;
        let issuer = Issuer::from_ca_cert_pem(&certificate_pem, key)
            .with_context(|| format!("read certificate {}", certificate_path.display()))?;
        Ok(Self { issuer, certificate_pem, dir: dir.to_owned() })
    }

    /// The CA certificate in DER.
    ///
    /// # Errors
    /// When the stored PEM is broken.
    pub fn certificate(&self) -> Result<CertificateDer<'static>> {
        CertificateDer::from_pem_slice(self.certificate_pem.as_bytes()).context("read the CA certificate")
    }

    /// SHA-256 of the CA certificate, base64url: what an enrolment token pins.
    ///
    /// # Errors
    /// When the stored PEM is broken.
    pub fn pin(&self) -> Result<String> {
        Ok(URL_SAFE_NO_PAD.encode(Sha256::digest(self.certificate()?)))
    }

    /// The server's key and chain (leaf, CA); made anew when missing, near its end, or for other names.
    ///
    /// # Errors
    /// When a key file can't be read, written or understood.
    pub fn server_identity(&self, names: &[String]) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let (key_path, certificate_path) = (self.dir.join("server.key.pem"), self.dir.join("server.pem"));
        let names_path = self.dir.join("server.names");
        let wanted = names.join("\n");
        let fresh = fs::read_to_string(&names_path).is_ok_and(|found| found == wanted)
            && fs::metadata(&certificate_path).and_then(|it| it.modified()).is_ok_and(|made| {
                let age = made.elapsed().unwrap_or_default().as_secs();
                age < (SERVER_CERTIFICATE_DAYS - 30).cast_unsigned() * 86_400
            });
        if !fresh {
            let key = KeyPair::generate().context("make the server key")?;
            let certificate = server_params(names)?.signed_by(&key, &self.issuer).context("sign the server")?;
            write_private(&key_path, &key.serialize_pem())?;
            write_private(&certificate_path, &certificate.pem())?;
            write_private(&names_path, &wanted)?;
        }
        let leaf = CertificateDer::from_pem_file(&certificate_path)
            .with_context(|| format!("read certificate {}", certificate_path.display()))?;
        let key =
            PrivateKeyDer::from_pem_file(&key_path).with_context(|| format!("read key {}", key_path.display()))?;
        Ok((vec![leaf, self.certificate()?], key))
    }

    /// Signs a device's request. Everything in the request but the public key is ignored: the device has the
    /// name that we give it.
    ///
    /// # Errors
    /// When the request is broken or its signature is not by its key.
    pub fn sign_device(&self, csr_pem: &str, device_id: &str) -> Result<String> {
        let mut request = CertificateSigningRequestParams::from_pem(csr_pem).context("read certificate request")?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, device_id);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        validity(&mut params, DEVICE_CERTIFICATE_DAYS);
        request.params = params;
        Ok(request.signed_by(&self.issuer).context("sign the device")?.pem())
    }
}

fn ca_params() -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "Nenrin local CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    validity(&mut params, CA_CERTIFICATE_DAYS);
    Ok(params)
}

fn server_params(names: &[String]) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, "Nenrin server");
    for name in names {
        let san = match name.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(name.as_str().try_into().with_context(|| format!("host name {name:?}"))?),
        };
        params.subject_alt_names.push(san);
    }
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    validity(&mut params, SERVER_CERTIFICATE_DAYS);
    Ok(params)
}

fn validity(params: &mut CertificateParams, days: i64) {
    // An hour back: the other side's clock may be behind.
    params.not_before = OffsetDateTime::now_utc() - Duration::hours(1);
    params.not_after = OffsetDateTime::now_utc() + Duration::days(days);
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("read {}", path.display()))
}

/// Writes a file that only we may read, in one step.
pub(crate) fn write_private(path: &Path, text: &str) -> Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)
        .with_context(|| format!("create {}", temporary.display()))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).context("write")?;
    fs::rename(&temporary, path).with_context(|| format!("rename to {}", path.display()))
}
