//! HTTPS without a proxy: TLS with a certificate and a key from files, read again when they change; and
//! TLS towards those we ask.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::server::TlsStream;
use ureq::tls::{Certificate as Authority, RootCerts, TlsConfig};

use crate::output::Failure;

/// Connections whose keys are being agreed on at one time; more wait.
const HANDSHAKES_MAX: usize = 256;
/// Longest that may take.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// TLS towards others, vouched for by these authorities.
pub(crate) fn tls_of_client(roots: Vec<Authority<'static>>) -> TlsConfig {
    TlsConfig::builder()
        .root_certs(RootCerts::Specific(Arc::new(roots)))
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .build()
}

/// The authorities the machine trusts.
pub(crate) fn roots_of_the_machine() -> Vec<Authority<'static>> {
    let found = rustls_native_certs::load_native_certs();
    found.certs.iter().map(|der| Authority::from_der(der).to_owned()).collect()
}

/// Where the certificate and its key lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateFiles {
    /// The certificate and those between it and its authority (PEM).
    pub(crate) certificate: PathBuf,
    /// Its key (PEM: PKCS#8, SEC1 or PKCS#1, without a password).
    pub(crate) key: PathBuf,
}

/// The certificate shown to whoever connects now.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: CertificateFiles,
    provider: Arc<CryptoProvider>,
    now: RwLock<(Arc<CertifiedKey>, [Option<SystemTime>; 2])>,
}

impl Certificate {
    /// Reads the files.
    pub(crate) fn read(files: CertificateFiles) -> Result<Arc<Self>, Failure> {
        let provider = Arc::new(ring::default_provider());
        let now = RwLock::new((read(&files, &provider)?, files.written_at()));
        Ok(Arc::new(Self { files, provider, now }))
    }

    /// Reads the files again when one of them has been written since; whether it did. Connections
    /// that stand keep the certificate they were made with, and files that make no sense, or do not
    /// yet belong together, leave everything as it was.
    pub(crate) fn refresh(&self) -> Result<bool, Failure> {
        let written = self.files.written_at();
        if self.now.read().unwrap_or_else(PoisonError::into_inner).1 == written {
            return Ok(false);
        }
        let fresh = read(&self.files, &self.provider)?;
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = (fresh, written);
        Ok(true)
    }
}

impl CertificateFiles {
    fn written_at(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key]
            .map(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.now.read().unwrap_or_else(PoisonError::into_inner).0.clone())
    }
}

fn read(files: &CertificateFiles, provider: &CryptoProvider) -> Result<Arc<CertifiedKey>, Failure> {
    let chain = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unread(&files.certificate, &error.to_string()))?;
    if chain.is_empty() {
        return Err(unread(&files.certificate, "no certificate in PEM"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| unread(&files.key, &error.to_string()))?;
    let pair = CertifiedKey::from_der(chain, key, provider).map_err(|error| {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        Failure::usage(
            format!("证书 {certificate} 与私钥 {key} 不能一起使用：{error}"),
            format!(
                "the certificate {certificate} and the key {key} do not belong together: {error}"
            ),
        )
    })?;
    Ok(Arc::new(pair))
}

fn unread(path: &Path, why: &str) -> Failure {
    let shown = path.display();
    Failure::usage(format!("读不到 {shown}：{why}"), format!("cannot read {shown}: {why}"))
}

/// Connections on which keys have been agreed.
pub(crate) struct TlsListener {
    agreed: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    /// Speaks TLS with whoever connects. One who is slow, or speaks something else, keeps nobody
    /// waiting.
    pub(crate) fn new(plain: TcpListener, certificate: Arc<Certificate>) -> Result<Self, Failure> {
        let failed = |error| Failure::because("不能启用 TLS", "cannot speak TLS", error);
        let address = plain
            .local_addr()
            .map_err(|error| Failure::because("不能启用 TLS", "cannot speak TLS", error))?;
        let mut config = ServerConfig::builder_with_provider(certificate.provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_no_client_auth()
            .with_cert_resolver(certificate);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (tell, agreed) = mpsc::channel(HANDSHAKES_MAX);
        tokio::spawn(async move {
            let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
            loop {
                let Ok(place) = places.clone().acquire_owned().await else { return };
                let (stream, from) = tokio::select! {
                    connected = plain.accept() => match connected {
                        Ok(connected) => connected,
                        // Too many open files, most likely: some close soon.
                        Err(error) => {
                            tracing::warn!(%error, "cannot take a connection");
                            tokio::time::sleep(Duration::from_secs(1)).await;
                            continue;
                        }
                    },
                    () = tell.closed() => return,
                };
                let (acceptor, tell) = (acceptor.clone(), tell.clone());
                tokio::spawn(async move {
                    let agreed = tokio::time::timeout(HANDSHAKE_TIME_MAX, acceptor.accept(stream));
                    match agreed.await {
                        Ok(Ok(stream)) => {
                            tell.send((stream, from)).await.ok();
                        }
                        Ok(Err(error)) => tracing::debug!(%error, "no TLS was agreed on"),
                        Err(_) => tracing::debug!("agreeing on TLS took too long"),
                    }
                    drop(place);
                });
            }
        });
        Ok(Self { agreed, address })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.agreed.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files with a new certificate; says its bytes.
    fn written(folder: &Path) -> (CertificateFiles, Vec<u8>) {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let files =
            CertificateFiles { certificate: folder.join("it.pem"), key: folder.join("it.key") };
        std::fs::write(&files.certificate, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        (files, made.cert.der().to_vec())
    }

    fn shown(certificate: &Certificate) -> Vec<u8> {
        certificate.now.read().unwrap().0.cert[0].to_vec()
    }

    #[test]
    fn a_renewed_certificate_is_shown_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (files, first) = written(folder.path());
        let certificate = Certificate::read(files.clone()).unwrap();
        assert_eq!(shown(&certificate), first);
        assert_eq!(certificate.refresh(), Ok(false));

        let other = tempfile::tempdir().unwrap();
        let (renewed, second) = written(other.path());
        let later = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        let put = |from: &Path, to: &Path| {
            std::fs::copy(from, to).unwrap();
            std::fs::File::options().write(true).open(to).unwrap().set_modified(later).unwrap();
        };
        put(&renewed.certificate, &files.certificate);
        let failure = certificate.refresh().unwrap_err();
        assert!(failure.words.en.contains("do not belong together"), "{}", failure.words.en);
        assert_eq!(shown(&certificate), first, "as it was until the key is there too");
        put(&renewed.key, &files.key);
        assert_eq!(certificate.refresh(), Ok(true));
        assert_eq!(shown(&certificate), second);
    }

    #[test]
    fn files_that_make_no_sense_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let (files, _) = written(folder.path());
        let swapped =
            CertificateFiles { certificate: files.key.clone(), key: files.certificate.clone() };
        let failure = Certificate::read(swapped).unwrap_err();
        assert_eq!(failure.code, 2);
        assert!(failure.words.en.contains("it.key"), "{}", failure.words.en);
        let missing = CertificateFiles { key: folder.path().join("gone.key"), ..files };
        let failure = Certificate::read(missing).unwrap_err();
        assert!(failure.words.en.contains("gone.key"), "{}", failure.words.en);
    }
}
