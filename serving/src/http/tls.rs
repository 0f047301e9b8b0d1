//! Certificates: TLS by rustls, and another certificate taken up without a restart.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;

/// Why TLS cannot be spoken, or the certificate not be changed.
#[derive(Debug, Error)]
pub enum TlsError {
    /// A file cannot be read, or holds nothing of the kind.
    #[error(
        "`{path}` holds no {what}: {why}\nhint: give the certificates, the service's own first, with `--tls-cert`, its key with `--tls-key`, in PEM"
    )]
    Pem {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What the reader said.
        why: String,
    },
    /// Certificate and key do not go together, or are of no use.
    #[error("certificate and key cannot be used: {0}\nhint: check that `--tls-key` is the key of the first certificate in `--tls-cert`")]
    Pair(rustls::Error),
}

/// The certificate that the service shows.
#[derive(Debug)]
pub struct Tls {
    cert: PathBuf,
    key: PathBuf,
    config: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Reads certificate and key.
    ///
    /// # Errors
    /// [`TlsError`] when they are none, or none of each other.
    pub fn new(cert: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let config = ArcSwap::from(read(&cert, &key)?);
        Ok(Self { cert, key, config })
    }

    /// Reads them again; connections that are open keep what they began with.
    ///
    /// # Errors
    /// [`TlsError`]; the certificate before is shown still.
    pub fn reload(&self) -> Result<(), TlsError> {
        self.config.store(read(&self.cert, &self.key)?);
        Ok(())
    }

    /// What differs once a file has changed; empty while one cannot be read.
    #[must_use]
    pub fn mark(&self) -> Vec<u8> {
        let bytes = [&self.cert, &self.key].map(|path| std::fs::read(path).unwrap_or_default());
        if bytes.iter().any(Vec::is_empty) { Vec::new() } else { bytes.concat() }
    }

    /// For the next connection.
    #[must_use]
    pub fn config(&self) -> Arc<ServerConfig> {
        self.config.load_full()
    }
}

fn read(cert: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let failed = |what, path: &Path| {
        let path = path.to_owned();
        move |error: pem::Error| TlsError::Pem { what, path, why: error.to_string() }
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect);
    let chain = chain.map_err(failed("certificate", cert))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(failed("private key", key))?;
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(TlsError::Pair)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, secret).map_err(TlsError::Pair)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
