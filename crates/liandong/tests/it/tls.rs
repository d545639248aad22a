//! HTTPS without a proxy.

use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::command::refused;
use crate::program::Program;

/// A certificate and its settings file; says the certificate.
pub(crate) fn certificate(folder: &Path) -> rcgen::Certificate {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("it.pem"), folder.join("it.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let (certificate, key) = (certificate.display(), key.display());
    let settings = format!("tls-certificate = \"{certificate}\"\ntls-key = \"{key}\"\n");
    std::fs::write(folder.join("liandong.toml"), settings).unwrap();
    made.cert
}

/// Asks for a page over TLS, trusting that certificate alone; the whole answer.
async fn asked(address: &str, path: &str, trusted: &rcgen::Certificate) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn the_pages_come_over_https_with_what_goes_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let trusted = certificate(folder.path());
    let settings = folder.path().join("liandong.toml");
    let command = ["serve", "--config", settings.to_str().unwrap()];
    let program = Program::start(&command, &folder.path().join("data"));
    let address = program.url.strip_prefix("https://").expect("it says that it speaks HTTPS");

    // One who connects and says nothing, and one who speaks something else, keep nobody waiting.
    let silent = TcpStream::connect(address).await.unwrap();
    let mut other = TcpStream::connect(address).await.unwrap();
    other.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();

    assert!(asked(address, "/healthz", &trusted).await.unwrap().ends_with("ok\n"));
    let answer = asked(address, "/sign-in", &trusted).await.unwrap().to_lowercase();
    assert!(answer.contains("strict-transport-security: max-age="), "{answer}");
    assert!(answer.contains("secure"), "its cookies travel in no other way: {answer}");
    drop(silent);

    let stranger = tempfile::tempdir().unwrap();
    let error = asked(address, "/healthz", &certificate(stranger.path())).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(program.stop().success());
}

#[test]
fn a_certificate_without_its_key_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("liandong.toml");
    std::fs::write(&settings, "tls-certificate = \"it.pem\"\n").unwrap();
    let data = folder.path().join("data").display().to_string();
    let command = ["serve", "--data", &data, "--config", settings.to_str().unwrap()];
    let said = refused(&command, 2);
    assert!(said.contains("tls-key is not set"), "{said}");
    std::fs::write(&settings, "tls-certificate = \"it.pem\"\ntls-key = \"it.key\"\n").unwrap();
    let said = refused(&command, 2);
    assert!(said.contains("it.pem"), "{said}");
}
