//! What a witness asks of the platform, over HTTP: to be shown the log, and to take a signature.

use std::path::Path;
use std::time::Duration;

use ::ledger::witness::SHOWN_BYTES_MAX;
use ureq::tls::{Certificate, PemItem, parse_pem};

use crate::output::Failure;
use crate::tls::{roots_of_the_machine, tls_of_client};

/// How long an answer may take.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// The platform as a witness reaches it.
pub(super) struct Client {
    agent: ureq::Agent,
    url: String,
}

/// What was shown.
pub(super) enum Got {
    /// The text.
    Text(Vec<u8>),
    /// There is no checkpoint yet.
    Nothing,
}

impl Client {
    /// For a platform at `url`, vouched for by the certificates in `ca`, or by the machine's own.
    pub(super) fn new(url: &str, ca: Option<&Path>) -> Result<Self, Failure> {
        if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(Failure::usage(
                format!("平台地址应以 https:// 开头：{url}"),
                format!("the platform's address begins with https://: {url}"),
            ));
        }
        let roots = if let Some(path) = ca { read(path)? } else { roots_of_the_machine() };
        let config = ureq::Agent::config_builder()
            .tls_config(tls_of_client(roots))
            .timeout_global(Some(WAIT_MAX))
            .http_status_as_error(false)
            // The log is where the witness was told it is, and nowhere else.
            .max_redirects(0)
            .user_agent(concat!("liandong-witness/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self { agent: config.into(), url: url.trim_end_matches('/').to_owned() })
    }

    /// What the log shows to whoever saw so many leaves.
    pub(super) fn shown(&self, size: u64) -> Result<Got, String> {
        let url = format!("{}/api/v1/ledger/shown?size={size}", self.url);
        let mut answer = self.agent.get(&url).call().map_err(|error| error.to_string())?;
        match answer.status().as_u16() {
            200 => {
                let limit = SHOWN_BYTES_MAX as u64 + 1;
                let text = answer.body_mut().with_config().limit(limit).read_to_vec();
                text.map(Got::Text).map_err(|error| error.to_string())
            }
            204 | 404 => Ok(Got::Nothing),
            status => Err(format!("HTTP {status}")),
        }
    }

    /// Hands over a cosigned checkpoint.
    pub(super) fn cosigned(&self, note: &str) -> Result<(), String> {
        let url = format!("{}/api/v1/ledger/cosignatures", self.url);
        let request = self.agent.post(&url).header("content-type", "text/plain; charset=utf-8");
        let answer = request.send(note).map_err(|error| error.to_string())?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(format!("HTTP {}", status.as_u16())) }
    }
}

fn read(path: &Path) -> Result<Vec<Certificate<'static>>, Failure> {
    let shown = path.display();
    let pem = std::fs::read(path).map_err(|error| {
        Failure::usage(
            format!("读不到证书 {shown}：{error}"),
            format!("cannot read the certificates {shown}: {error}"),
        )
    })?;
    let found: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if found.is_empty() {
        return Err(Failure::usage(
            format!("{shown} 中没有证书（PEM）"),
            format!("there is no certificate (PEM) in {shown}"),
        ));
    }
    Ok(found)
}
