//! The encryption of connections to PostgreSQL: TLS whose certificate is always checked, or none.
//!
//! `sslmode=require` in the address asks for it (also written `verify-full`, which is what it does);
//! `sslrootcert=FILE` names the certificates trusted instead of the machine's own. Without `sslmode`
//! nothing is encrypted: encryption that takes any certificate would only look safe.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::StoreError;

/// What an address of PostgreSQL says.
pub(crate) struct Address {
    /// As the engine's own library understands it.
    pub(crate) config: tokio_postgres::Config,
    /// The certificates it trusts; none: the machine's own.
    trusted: Option<PathBuf>,
}

impl Address {
    /// Reads `postgres://…`.
    ///
    /// # Errors
    /// [`StoreError::Address`], without the password.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        let wrong = || StoreError::Address {
            // A password stands between the scheme and the host.
            url: url.rsplit('@').next().unwrap_or_default().to_owned(),
        };
        let (place, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut trusted, mut mode, mut rest) = (None, SslMode::Disable, Vec::new());
        for option in query.split('&').filter(|option| !option.is_empty()) {
            match option.split_once('=') {
                Some(("sslrootcert", path)) => trusted = Some(PathBuf::from(path)),
                Some(("sslmode", "disable")) => mode = SslMode::Disable,
                Some(("sslmode", "require" | "verify-full")) => mode = SslMode::Require,
                Some(("sslmode", _)) => return Err(wrong()),
                _ => rest.push(option),
            }
        }
        let url = format!("{place}?{}", rest.join("&"));
        let mut config: tokio_postgres::Config =
            url.trim_end_matches('?').parse().map_err(|_| wrong())?;
        config.ssl_mode(mode);
        Ok(Self { config, trusted })
    }

    /// Whether what is said can be read on the way.
    pub(crate) fn is_exposed(&self) -> bool {
        self.config.get_ssl_mode() == SslMode::Disable
            && self.config.get_hosts().iter().any(|host| match host {
                Host::Unix(_) => false,
                Host::Tcp(name) => !matches!(name.as_str(), "localhost" | "127.0.0.1" | "::1"),
            })
    }

    /// What encrypts the connections; none when the address does not ask for it.
    ///
    /// # Errors
    /// [`StoreError::File`] when the trusted certificates cannot be read.
    pub(crate) fn encryption(&self) -> Result<Option<MakeRustlsConnect>, StoreError> {
        if self.config.get_ssl_mode() == SslMode::Disable {
            return Ok(None);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| StoreError::Database {
                operation: "set up TLS".to_owned(),
                source: error.into(),
            })?
            .with_root_certificates(self.roots()?)
            .with_no_client_auth();
        Ok(Some(MakeRustlsConnect::new(config)))
    }

    fn roots(&self) -> Result<RootCertStore, StoreError> {
        let mut roots = RootCertStore::empty();
        let Some(path) = &self.trusted else {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            return Ok(roots);
        };
        for certificate in read(path)? {
            roots.add(certificate).map_err(|error| unread(path, error))?;
        }
        if roots.is_empty() {
            return Err(unread(path, "it holds no certificate (PEM)"));
        }
        Ok(roots)
    }
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, StoreError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| unread(path, error))
}

fn unread(path: &Path, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::File {
        operation: "cannot read the trusted certificates",
        path: path.to_owned(),
        source: std::io::Error::new(std::io::ErrorKind::InvalidData, why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_is_encrypted_and_what_is_exposed_is_known() {
        let told = |url: &str| {
            let address = Address::parse(url).unwrap();
            (address.config.get_ssl_mode() == SslMode::Require, address.is_exposed())
        };
        assert_eq!(told("postgres://u@db/n"), (false, true));
        assert_eq!(told("postgres://u@127.0.0.1:5432/n?application_name=x"), (false, false));
        assert_eq!(told("postgres://u@/n?host=/run/postgresql"), (false, false));
        assert_eq!(told("postgres://u@db/n?sslmode=require"), (true, false));
        assert_eq!(told("postgres://u@db/n?connect_timeout=3&sslmode=verify-full"), (true, false));
    }

    #[test]
    fn an_address_that_makes_no_sense_is_told_without_its_password() {
        for url in ["postgres://u:secret@db/n?sslmode=prefer", "postgres://u:secret@db/n?odd=1"] {
            let Err(error) = Address::parse(url) else { panic!("{url} was taken") };
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn certificates_that_cannot_be_read_are_named() {
        let folder = std::env::temp_dir();
        let missing = folder.join("no-such-authority.pem");
        let url = format!("postgres://u@db/n?sslmode=require&sslrootcert={}", missing.display());
        let error = Address::parse(&url).unwrap().encryption().err().unwrap();
        assert!(error.to_string().contains("no-such-authority.pem"), "{error}");
    }
}
