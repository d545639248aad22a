//! Settings: flags go before `LIANDONG_*` variables, those before one TOML file, that before what
//! is usual. A name nobody knows is an error, with the name that was probably meant.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ::ledger::{Name, Side};
use calendar::Words;
use toml::de::{DeTable, DeValue};

use crate::output::Failure;
use crate::tls::CertificateFiles;

/// Every setting, with its name in the file; the variable is `LIANDONG_` and the name in capitals.
const KEYS: [Key; 23] = [
    Key::Listen,
    Key::Data,
    Key::Database,
    Key::Rules,
    Key::Log,
    Key::LogLevel,
    Key::UploadMibMax,
    Key::RequestsPerMinuteMax,
    Key::Certificate,
    Key::CertificateSecret,
    Key::LedgerName,
    Key::LedgerSide,
    Key::VaultKeyFile,
    Key::AttachmentScanner,
    Key::Https,
    Key::TrustsProxy,
    Key::Origin,
    Key::OidcIssuer,
    Key::OidcClientId,
    Key::OidcClientSecretFile,
    Key::OidcClaim,
    Key::OidcName,
    Key::OidcSecondFactor,
];

/// What begins the name of a variable of ours.
const VARIABLE_PREFIX: &str = "LIANDONG_";
/// Variables of the tests and benches, which are no settings.
const NOT_SETTINGS: [&str; 3] = ["LIANDONG_CONFIG", "LIANDONG_TEST_", "LIANDONG_BENCH_"];
/// How unlike a name may be and still be suggested.
const NEAR_MAX: usize = 3;
/// Largest upload that can be asked for.
const UPLOAD_MIB_MAX: u32 = 10 * 1024;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogForm {
    /// For people.
    Plain,
    /// One JSON object a line, for machines.
    Json,
}

/// Everything that can be set, resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Where to listen.
    pub(crate) listen: SocketAddr,
    /// The folder for the database file, attachments and the demo's clock.
    pub(crate) data: PathBuf,
    /// A path of a SQLite file or `postgres://…`; none is `liandong.db` in the data folder.
    pub(crate) database: Option<String>,
    /// A folder whose `law/` and `procedures/` override or add to those built in.
    pub(crate) rules: Option<PathBuf>,
    /// How log lines look.
    pub(crate) log: LogForm,
    /// Which log lines are written, e.g. `info` or `store=debug,info`.
    pub(crate) log_level: String,
    /// Largest attachment, in MiB.
    pub(crate) upload_mib_max: u32,
    /// Most requests a minute of one account, or of one address while nobody has signed in; 0: as
    /// many as they like.
    pub(crate) requests_per_minute_max: u32,
    /// The certificate of our own HTTPS (PEM); none: we speak plain HTTP.
    pub(crate) tls_certificate: Option<PathBuf>,
    /// Its key (PEM).
    pub(crate) tls_key: Option<PathBuf>,
    /// The name of the log, given once, when its key is made; none: a name is made up.
    pub(crate) ledger_name: Option<Name>,
    /// The side that keeps the log, given at the same time; none: the government.
    pub(crate) ledger_side: Option<Side>,
    /// The file of the vault's master keys; none: `vault/key` in the data folder.
    pub(crate) vault_key_file: Option<PathBuf>,
    /// A program that looks for harmful content in every file that comes in, with its arguments.
    pub(crate) attachment_scanner: Option<String>,
    /// Whether people reach the platform by HTTPS, through a proxy in front of it.
    pub(crate) https: bool,
    /// Whether that proxy says from which address somebody comes (`X-Forwarded-For`).
    pub(crate) trusts_proxy: bool,
    /// By which address people reach the platform, e.g. `https://liandong.example`; only the identity
    /// provider must know it.
    pub(crate) origin: Option<String>,
    /// The identity provider: its issuer's address; none: people sign in by password.
    pub(crate) oidc_issuer: Option<String>,
    /// As what we are known there.
    pub(crate) oidc_client_id: Option<String>,
    /// A file with the secret we share with it; none: we are a public client.
    pub(crate) oidc_client_secret_file: Option<PathBuf>,
    /// The claim that names the account.
    pub(crate) oidc_claim: String,
    /// The words of its button.
    pub(crate) oidc_name: String,
    /// Who asks for the second factor of those who come by it.
    pub(crate) oidc_second_factor: SecondFactorAt,
}

/// Who asks for the second factor of those who come by the identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecondFactorAt {
    /// The platform.
    Here,
    /// The provider.
    Provider,
}

/// Where to listen and where things lie, as flags.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PlaceFlags {
    /// Folder for the database and attachments  数据目录
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// SQLite file or postgres://…  数据库地址
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Folder with law/ and procedures/ of your own  自有规则目录
    #[arg(long, value_name = "DIR")]
    rules: Option<String>,
    /// Settings file (TOML)  配置文件
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// The flags of a server.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct ServeFlags {
    /// Address to listen on [127.0.0.1:8800]  监听地址
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    #[command(flatten)]
    place: PlaceFlags,
    /// plain or json [plain]  日志格式
    #[arg(long, value_name = "FORM")]
    log: Option<String>,
    /// Log level, e.g. info or store=debug,info  日志级别
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Listen,
    Data,
    Database,
    Rules,
    Log,
    LogLevel,
    UploadMibMax,
    RequestsPerMinuteMax,
    Certificate,
    CertificateSecret,
    LedgerName,
    LedgerSide,
    VaultKeyFile,
    AttachmentScanner,
    Https,
    TrustsProxy,
    Origin,
    OidcIssuer,
    OidcClientId,
    OidcClientSecretFile,
    OidcClaim,
    OidcName,
    OidcSecondFactor,
}

impl Key {
    fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Data => "data",
            Self::Database => "database",
            Self::Rules => "rules",
            Self::Log => "log",
            Self::LogLevel => "log-level",
            Self::UploadMibMax => "upload-mib-max",
            Self::RequestsPerMinuteMax => "requests-per-minute-max",
            Self::Certificate => "tls-certificate",
            Self::CertificateSecret => "tls-key",
            Self::LedgerName => "ledger-name",
            Self::LedgerSide => "ledger-side",
            Self::VaultKeyFile => "vault-key-file",
            Self::AttachmentScanner => "attachment-scanner",
            Self::Https => "https",
            Self::TrustsProxy => "trusts-proxy",
            Self::Origin => "origin",
            Self::OidcIssuer => "oidc-issuer",
            Self::OidcClientId => "oidc-client-id",
            Self::OidcClientSecretFile => "oidc-client-secret-file",
            Self::OidcClaim => "oidc-claim",
            Self::OidcName => "oidc-name",
            Self::OidcSecondFactor => "oidc-second-factor",
        }
    }

    fn variable(self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.name().to_uppercase().replace('-', "_"))
    }
}

impl ServeFlags {
    /// The settings of a server that keeps its data in `data` unless told otherwise.
    pub(crate) fn resolve(&self, data: &str) -> Result<Settings, Failure> {
        let mut flags = self.place.given();
        flags.extend([
            (Key::Listen, self.listen.as_deref()),
            (Key::Log, self.log.as_deref()),
            (Key::LogLevel, self.log_level.as_deref()),
        ]);
        resolve(data, self.place.config.as_deref(), &flags, std::env::vars_os())
    }
}

impl PlaceFlags {
    /// The settings of a command that works on the data in `data` unless told otherwise.
    pub(crate) fn resolve(&self, data: &str) -> Result<Settings, Failure> {
        resolve(data, self.config.as_deref(), &self.given(), std::env::vars_os())
    }

    fn given(&self) -> Vec<(Key, Option<&str>)> {
        vec![
            (Key::Data, self.data.as_deref()),
            (Key::Database, self.database.as_deref()),
            (Key::Rules, self.rules.as_deref()),
        ]
    }
}

fn resolve(
    data: &str,
    config: Option<&Path>,
    flags: &[(Key, Option<&str>)],
    variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
) -> Result<Settings, Failure> {
    let mut settings = Settings::usual(data);
    let variables: Vec<(String, String)> = variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(VARIABLE_PREFIX))
        .collect();
    let named = variables.iter().find(|(name, _)| name == "LIANDONG_CONFIG");
    if let Some(path) = config.map(Path::to_path_buf).or(named.map(|(_, path)| path.into())) {
        settings.read_file(&path)?;
    }
    for (name, value) in &variables {
        if NOT_SETTINGS.iter().any(|other| name.starts_with(other)) {
            continue;
        }
        let origin = Words::new(format!("环境变量 {name}"), format!("environment variable {name}"));
        let key = KEYS.into_iter().find(|key| key.variable() == *name);
        let key = key.ok_or_else(|| unknown(&origin, name, Key::variable))?;
        settings.set(key, value, &origin)?;
    }
    for (key, value) in flags {
        if let Some(value) = value {
            let flag = key.name();
            settings.set(
                *key,
                value,
                &Words::new(format!("参数 --{flag}"), format!("--{flag}")),
            )?;
        }
    }
    Ok(settings)
}

impl Settings {
    /// What is usual where nothing is set.
    pub(crate) fn usual(data: &str) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8800)),
            data: data.into(),
            database: None,
            rules: None,
            log: LogForm::Plain,
            log_level: "info".to_owned(),
            upload_mib_max: 200,
            requests_per_minute_max: 600,
            tls_certificate: None,
            tls_key: None,
            ledger_name: None,
            ledger_side: None,
            vault_key_file: None,
            attachment_scanner: None,
            https: false,
            trusts_proxy: false,
            origin: None,
            oidc_issuer: None,
            oidc_client_id: None,
            oidc_client_secret_file: None,
            oidc_claim: "preferred_username".to_owned(),
            oidc_name: "统一身份认证登录".to_owned(),
            oidc_second_factor: SecondFactorAt::Here,
        }
    }

    /// The address of the database: as set, or the SQLite file in the data folder.
    pub(crate) fn database(&self) -> String {
        self.database.clone().unwrap_or_else(|| self.data.join("liandong.db").display().to_string())
    }

    /// Our own HTTPS; none when a proxy speaks it, or nobody does.
    pub(crate) fn certificate(&self) -> Result<Option<CertificateFiles>, Failure> {
        match (self.tls_certificate.clone(), self.tls_key.clone()) {
            (Some(certificate), Some(key)) => Ok(Some(CertificateFiles { certificate, key })),
            (None, None) => Ok(None),
            (one, _) => {
                let missing =
                    if one.is_some() { Key::CertificateSecret } else { Key::Certificate }.name();
                Err(Failure::usage(
                    format!("tls-certificate 与 tls-key 须同时设置，缺少 {missing}"),
                    format!("tls-certificate and tls-key go together; {missing} is not set"),
                ))
            }
        }
    }

    /// Everything set, by name, for the journal: no secret, and no password in an address.
    pub(crate) fn facts(&self) -> std::collections::BTreeMap<String, String> {
        let path = |path: &Path| path.display().to_string();
        let maybe = |path: Option<&PathBuf>| path.map(|path| path.display().to_string());
        let facts = [
            (Key::Listen, Some(self.listen.to_string())),
            (Key::Data, Some(path(&self.data))),
            (Key::Database, Some(without_password(&self.database()))),
            (Key::Rules, maybe(self.rules.as_ref())),
            (Key::Log, Some(format!("{:?}", self.log).to_lowercase())),
            (Key::LogLevel, Some(self.log_level.clone())),
            (Key::UploadMibMax, Some(self.upload_mib_max.to_string())),
            (Key::RequestsPerMinuteMax, Some(self.requests_per_minute_max.to_string())),
            (Key::Certificate, maybe(self.tls_certificate.as_ref())),
            (Key::CertificateSecret, maybe(self.tls_key.as_ref())),
            (Key::VaultKeyFile, Some(path(&self.vault_key_file()))),
            (Key::Https, Some(self.https.to_string())),
            (Key::TrustsProxy, Some(self.trusts_proxy.to_string())),
            (Key::Origin, self.origin.clone()),
            (Key::OidcIssuer, self.oidc_issuer.clone()),
            (Key::OidcClientId, self.oidc_client_id.clone()),
            (Key::OidcClientSecretFile, maybe(self.oidc_client_secret_file.as_ref())),
            (Key::OidcClaim, self.oidc_issuer.as_ref().map(|_| self.oidc_claim.clone())),
            (
                Key::OidcSecondFactor,
                self.oidc_issuer
                    .as_ref()
                    .map(|_| format!("{:?}", self.oidc_second_factor).to_lowercase()),
            ),
        ];
        let known = facts.into_iter().filter_map(|(key, value)| Some((key.name(), value?)));
        known.map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// The folder of the log's key and of the keys of those who watch it.
    pub(crate) fn ledger(&self) -> PathBuf {
        self.data.join("ledger")
    }

    /// The file of the vault's master keys.
    pub(crate) fn vault_key_file(&self) -> PathBuf {
        self.vault_key_file.clone().unwrap_or_else(|| self.data.join("vault").join("key"))
    }

    /// The folder of attachments.
    pub(crate) fn attachments(&self) -> PathBuf {
        self.data.join("attachments")
    }

    fn read_file(&mut self, path: &Path) -> Result<(), Failure> {
        let shown = path.display();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(
                format!("读不到配置文件 {shown}：{error}"),
                format!("cannot read the settings file {shown}: {error}"),
            )
        })?;
        let table = DeTable::parse(&text).map_err(|error| {
            let line = line_at(&text, error.span().map_or(0, |span| span.start));
            let what = error.message().replace('\n', " ");
            Failure::usage(
                format!("{shown}:{line}：不是有效的 TOML：{what}"),
                format!("{shown}:{line}: not valid TOML: {what}"),
            )
        })?;
        for (name, value) in table.get_ref() {
            let line = line_at(&text, name.span().start);
            let origin = Words::new(format!("{shown}:{line}"), format!("{shown}:{line}"));
            let known = KEYS.into_iter().find(|key| key.name() == name.get_ref());
            let key =
                known.ok_or_else(|| unknown(&origin, name.get_ref(), |key| key.name().into()))?;
            let value = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Integer(number) => number.as_str().to_owned(),
                DeValue::Boolean(yes) => yes.to_string(),
                _ => {
                    return Err(bad(
                        &origin,
                        key,
                        "应为文字、整数或 true/false",
                        "must be a text, a whole number or true/false",
                    ));
                }
            };
            self.set(key, &value, &origin)?;
        }
        Ok(())
    }

    fn set(&mut self, key: Key, value: &str, origin: &Words) -> Result<(), Failure> {
        let wrong = |zh: &str, en: &str| bad(origin, key, zh, en);
        match key {
            Key::Listen => {
                let address = value.replace("localhost:", "127.0.0.1:");
                self.listen = address.parse().map_err(|_| {
                    wrong(
                        "应为“地址:端口”，如 127.0.0.1:8800",
                        "must be ADDRESS:PORT, e.g. 127.0.0.1:8800",
                    )
                })?;
            }
            Key::Data | Key::OidcClaim | Key::OidcName if value.is_empty() => {
                return Err(wrong("不能为空", "must not be empty"));
            }
            Key::Data => self.data = value.into(),
            Key::Database => self.database = Some(value.to_owned()).filter(|url| !url.is_empty()),
            Key::Rules => {
                let folder = PathBuf::from(value);
                if !folder.is_dir() {
                    return Err(wrong("不是目录", "is not a folder"));
                }
                self.rules = Some(folder);
            }
            Key::Log => {
                self.log = match value {
                    "plain" => LogForm::Plain,
                    "json" => LogForm::Json,
                    _ => return Err(wrong("应为 plain 或 json", "must be plain or json")),
                };
            }
            Key::LogLevel => {
                if !is_log_level(value) {
                    return Err(wrong(
                        "应为 error、warn、info、debug、trace，或“模块=级别”的列表",
                        "must be error, warn, info, debug, trace, or a list of MODULE=LEVEL",
                    ));
                }
                value.clone_into(&mut self.log_level);
            }
            Key::UploadMibMax => {
                self.upload_mib_max = value
                    .parse()
                    .ok()
                    .filter(|mib| (1..=UPLOAD_MIB_MAX).contains(mib))
                    .ok_or_else(|| {
                        wrong("应为 1 至 10240 的整数", "must be a whole number from 1 to 10240")
                    })?;
            }
            Key::RequestsPerMinuteMax => {
                self.requests_per_minute_max = value.parse().map_err(|_| {
                    wrong("应为整数，0 表示不限", "must be a whole number; 0 sets no limit")
                })?;
            }
            Key::Certificate => self.tls_certificate = Some(value.into()),
            Key::CertificateSecret => self.tls_key = Some(value.into()),
            Key::LedgerName => {
                self.ledger_name = Some(value.parse().map_err(|_| wrong(NAME.0, NAME.1))?);
            }
            Key::LedgerSide => {
                self.ledger_side = Some(value.parse().map_err(|_| wrong(NAME.0, NAME.1))?);
            }
            Key::VaultKeyFile => self.vault_key_file = Some(value.into()),
            Key::AttachmentScanner => self.attachment_scanner = Some(value.to_owned()),
            Key::Https => self.https = truth(value).ok_or_else(|| wrong(TRUTH.0, TRUTH.1))?,
            Key::TrustsProxy => {
                self.trusts_proxy = truth(value).ok_or_else(|| wrong(TRUTH.0, TRUTH.1))?;
            }
            Key::Origin => {
                let origin = value.trim_end_matches('/');
                if !is_origin(origin) {
                    return Err(wrong(
                        "应为访问平台的地址，不带路径，如 https://liandong.example",
                        "must be the address people come by, without a path, e.g. https://liandong.example",
                    ));
                }
                self.origin = Some(origin.to_owned());
            }
            Key::OidcIssuer => {
                if !is_safe_address(value) {
                    return Err(wrong(
                        "应以 https:// 开头（仅本机地址可用 http://）",
                        "must begin with https:// (http:// only on this machine)",
                    ));
                }
                self.oidc_issuer = Some(value.to_owned());
            }
            Key::OidcClientId => self.oidc_client_id = Some(value.to_owned()),
            Key::OidcClientSecretFile => self.oidc_client_secret_file = Some(value.into()),
            Key::OidcClaim => value.clone_into(&mut self.oidc_claim),
            Key::OidcName => value.clone_into(&mut self.oidc_name),
            Key::OidcSecondFactor => {
                self.oidc_second_factor = match value {
                    "here" => SecondFactorAt::Here,
                    "provider" => SecondFactorAt::Provider,
                    _ => return Err(wrong("应为 here 或 provider", "must be here or provider")),
                };
            }
        }
        Ok(())
    }
}

/// `https://host` or `http://host:port`, without anything behind.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty() && !host.contains(|one: char| "/?#@".contains(one) || one.is_whitespace())
    })
}

/// Whether what is said there cannot be listened to: by TLS, or without leaving this machine.
fn is_safe_address(text: &str) -> bool {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"].iter().any(|local| {
        text.strip_prefix(local).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
    });
    local || text.strip_prefix("https://").is_some_and(|host| !host.is_empty())
}

/// What a name of the log must be, in both languages.
const NAME: (&str, &str) = (
    "应为不含空格和 + 的名称，例如 liandong.hanzhong.example",
    "must be a name without spaces and +, e.g. liandong.hanzhong.example",
);

/// What a truth must be, in both languages.
const TRUTH: (&str, &str) = ("应为 true 或 false", "must be true or false");

fn truth(text: &str) -> Option<bool> {
    text.parse().ok()
}

/// `postgres://name:secret@host/…` without the secret.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let kept = rest.split_once('?').map_or(rest, |(kept, _)| kept);
    match kept.rsplit_once('@') {
        Some((who, place)) => {
            let name = who.split_once(':').map_or(who, |(name, _)| name);
            format!("{scheme}://{name}@{place}")
        }
        None => format!("{scheme}://{kept}"),
    }
}

/// `info`, or `store=debug,info`. The library would take any single word for a module's name.
fn is_log_level(text: &str) -> bool {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    text.split(',').all(|part| LEVELS.contains(&part.rsplit('=').next().unwrap_or_default()))
        && text.parse::<tracing_subscriber::filter::Targets>().is_ok()
}

fn bad(origin: &Words, key: Key, zh: &str, en: &str) -> Failure {
    let name = key.name();
    Failure::usage(format!("{}：{name} {zh}", origin.zh), format!("{}: {name} {en}", origin.en))
}

fn unknown(origin: &Words, name: &str, spell: impl Fn(Key) -> String) -> Failure {
    let near = KEYS
        .into_iter()
        .map(&spell)
        .map(|known| (strsim::osa_distance(&known, name), known))
        .filter(|(distance, _)| *distance <= NEAR_MAX)
        .min();
    let all = KEYS.into_iter().map(spell).collect::<Vec<_>>().join(" ");
    match near {
        Some((_, near)) => Failure::usage(
            format!("{}：没有名为“{name}”的设置，是否为“{near}”？", origin.zh),
            format!("{}: no setting `{name}`; did you mean `{near}`?", origin.en),
        ),
        None => Failure::usage(
            format!("{}：没有名为“{name}”的设置；可用：{all}", origin.zh),
            format!("{}: no setting `{name}`; there are: {all}", origin.en),
        ),
    }
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_file(text: &str) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("liandong.toml");
        std::fs::write(&path, text).unwrap();
        resolve("data", Some(&path), &[], std::iter::empty()).map_err(|mut failure| {
            let folder = format!("{}/", folder.path().display());
            failure.words.en = failure.words.en.replace(&folder, "");
            failure
        })
    }

    fn variables(list: &[(&str, &str)]) -> Vec<(std::ffi::OsString, std::ffi::OsString)> {
        list.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn flags_go_before_variables_and_variables_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("liandong.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\nlog = \"json\"\ndata = \"file\"\n")
            .unwrap();
        let settings = resolve(
            "usual",
            Some(&path),
            &[(Key::Listen, Some("localhost:3"))],
            variables(&[("LIANDONG_LISTEN", "127.0.0.1:2"), ("LIANDONG_DATA", "variable")])
                .into_iter(),
        )
        .unwrap();
        assert_eq!(settings.listen.port(), 3);
        assert_eq!(settings.data, PathBuf::from("variable"));
        assert_eq!(settings.log, LogForm::Json);
        assert_eq!(settings.database(), "variable/liandong.db");
    }

    #[test]
    fn a_name_nobody_knows_names_file_line_and_the_near_one() {
        let failure = from_file("# ours\nlisen = \"127.0.0.1:1\"\n").unwrap_err();
        assert_eq!(failure.code, 2);
        assert_eq!(failure.words.en, "liandong.toml:2: no setting `lisen`; did you mean `listen`?");
        let failure = from_file("wholly-else = 1\n").unwrap_err();
        assert!(failure.words.en.contains("there are: listen data"), "{}", failure.words.en);
        let odd = variables(&[("LIANDONG_DATABSE", "x"), ("LIANDONG_TEST_POSTGRES", "y")]);
        let failure = resolve("data", None, &[], odd.into_iter()).unwrap_err();
        assert!(failure.words.en.ends_with("did you mean `LIANDONG_DATABASE`?"));
    }

    #[test]
    fn a_value_that_makes_no_sense_says_what_would() {
        for (text, says) in [
            ("listen = \"8800\"", "liandong.toml:1: listen must be ADDRESS:PORT"),
            ("upload-mib-max = 0", "upload-mib-max must be a whole number from 1 to 10240"),
            (
                "requests-per-minute-max = -1",
                "requests-per-minute-max must be a whole number; 0 sets no limit",
            ),
            ("https = \"yes\"", "https must be true or false"),
            ("log = [1]", "log must be a text, a whole number"),
            ("origin = \"https://x.example/y\"", "origin must be the address people come by"),
            ("oidc-issuer = \"http://sso.example\"", "oidc-issuer must begin with https://"),
            (
                "oidc-issuer = \"http://localhost.evil.example\"",
                "oidc-issuer must begin with https://",
            ),
            ("oidc-second-factor = \"yes\"", "oidc-second-factor must be here or provider"),
            ("oidc-claim = \"\"", "oidc-claim must not be empty"),
            ("log-level = \"loud\"", "log-level must be error, warn"),
            ("rules = \"nowhere\"", "rules is not a folder"),
            ("listen = ", "liandong.toml:1: not valid TOML"),
        ] {
            let failure = from_file(text).unwrap_err();
            assert!(failure.words.en.contains(says), "{text}: {}", failure.words.en);
        }
    }

    #[test]
    fn the_journal_learns_what_is_set_and_no_secret() {
        let mut settings = from_file("oidc-issuer = \"https://sso.example\"").unwrap();
        settings.database = Some("postgres://liandong:geheim@db:5432/x?password=geheim".to_owned());
        let facts = settings.facts();
        assert_eq!(facts["database"], "postgres://liandong@db:5432/x");
        assert_eq!(facts["oidc-second-factor"], "here");
        assert!(!facts.contains_key("tls-key"), "what is not set says nothing");
        assert!(!format!("{facts:?}").contains("geheim"));
        assert_eq!(without_password("postgres://db/x"), "postgres://db/x");
        assert_eq!(without_password("data/liandong.db"), "data/liandong.db");
    }

    use proptest::prelude::*;

    fn line() -> impl Strategy<Value = String> {
        let known: Vec<String> = KEYS.iter().map(|key| key.name().to_owned()).collect();
        let name = prop_oneof![proptest::sample::select(known), "\\PC{0,12}"];
        let value = prop_oneof![
            "\\PC{0,20}".prop_map(|text| format!("{text:?}")),
            "-?[0-9]{1,25}",
            "\\PC{0,12}",
            Just("true".to_owned()),
            Just("[[1]]".to_owned()),
            Just("1979-05-27T07:32:00Z".to_owned()),
        ];
        (name, "[=. ]{0,3}", value).prop_map(|(name, sign, value)| format!("{name}{sign}{value}"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_stands_in_the_file_is_taken_or_refused_in_words(
            lines in proptest::collection::vec(line(), 0..6)
        ) {
            if let Err(failure) = from_file(&lines.join("\n")) {
                prop_assert_eq!(failure.code, 2);
                prop_assert!(!failure.words.zh.is_empty() && !failure.words.en.is_empty());
            }
        }
    }
}
