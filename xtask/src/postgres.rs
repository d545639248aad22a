//! A throw-away PostgreSQL: its own cluster in a temporary folder, on a free port of 127.0.0.1,
//! gone when the value is dropped.
//!
//! Nothing of it is durable (`fsync = off`): it serves tests and measures nothing.

use crate::cargo::must;
use crate::machine::{is_root, on_path};
use anyhow::{Context, bail};
use std::fs::Permissions;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The operating system's user that runs the server when we are root: PostgreSQL refuses to.
const SERVER_USER: &str = "postgres";
const START_SECONDS_MAX: u64 = 60;
const START_TRIES_MAX: usize = 5;
/// What is written for speed alone; a benchmark leaves it out.
const CARELESS: [&str; 3] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"];

/// A running cluster.
pub(crate) struct Cluster {
    server: Child,
    port: u16,
    authority: PathBuf,
    /// Held for its `Drop`: the folder goes after the server.
    _folder: tempfile::TempDir,
}

impl Cluster {
    /// A cluster for tests: quick, and without any promise of durability.
    pub(crate) fn start_careless(programs: &Path) -> anyhow::Result<Self> {
        Self::start(programs, &CARELESS)
    }

    /// A cluster that keeps what it has acknowledged, as one in service does.
    pub(crate) fn start_durable(programs: &Path) -> anyhow::Result<Self> {
        Self::start(programs, &["shared_buffers=1GB", "max_wal_size=4GB"])
    }

    fn start(programs: &Path, settings: &[&str]) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("liandong-postgres-").tempdir()?;
        if is_root() {
            must(Command::new("chown").arg(SERVER_USER).arg(folder.path()))?;
        }
        let data = folder.path().join("data");
        must(
            as_server_user(&programs.join("initdb"))?
                .arg("-D")
                .arg(&data)
                .args(["--username=liandong", "--auth=trust", "--encoding=UTF8"])
                .args(["--locale=C.UTF-8", "--no-sync"])
                .stdout(Stdio::null())
                .current_dir("/"),
        )?;
        let authority = folder.path().join("authority.pem");
        let (certificate, key) = certificate(folder.path(), &authority)?;
        // Between finding a free port and taking it, another may take it: try again then.
        let mut said = String::new();
        for _ in 0..START_TRIES_MAX {
            let port = free_port()?;
            let mut command = as_server_user(&programs.join("postgres"))?;
            command.arg("-D").arg(&data).current_dir("/");
            let socket = format!("unix_socket_directories={}", folder.path().display());
            let port_is = format!("port={port}");
            let certificate = format!("ssl_cert_file={}", certificate.display());
            let key = format!("ssl_key_file={}", key.display());
            let fixed = [
                "listen_addresses=127.0.0.1",
                "max_connections=400",
                "lc_messages=C",
                "ssl=on",
                &certificate,
                &key,
                &socket,
            ];
            for setting in fixed.iter().chain(&[port_is.as_str()]).chain(settings) {
                command.args(["-c", setting]);
            }
            let mut server = command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .context("cannot start postgres")?;
            match until_ready(&mut server) {
                Ok(()) => return Ok(Self { server, port, authority, _folder: folder }),
                Err(error) => {
                    said = error.to_string();
                    server.kill().ok();
                    server.wait().ok();
                }
            }
        }
        bail!("PostgreSQL did not start: {said}")
    }

    /// The address of the cluster's first database, as `postgres://…`.
    pub(crate) fn url(&self) -> String {
        format!("postgres://liandong@127.0.0.1:{}/postgres", self.port)
    }

    /// The certificate by which its TLS is to be trusted (PEM).
    pub(crate) fn authority(&self) -> &Path {
        &self.authority
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // SIGQUIT: stop at once, the data is thrown away.
        let pid = self.server.id().to_string();
        Command::new("kill").args(["-QUIT", &pid]).status().ok();
        self.server.wait().ok();
    }
}

/// A certificate of its own for `127.0.0.1`, also written where those who connect find it, and its
/// key, which only the server reads.
fn certificate(folder: &Path, authority: &Path) -> anyhow::Result<(PathBuf, PathBuf)> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    let (certificate, key) = (folder.join("server.crt"), folder.join("server.key"));
    std::fs::write(authority, made.cert.pem())?;
    std::fs::write(&certificate, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    std::fs::set_permissions(&key, Permissions::from_mode(0o600))?;
    if is_root() {
        must(Command::new("chown").arg(SERVER_USER).args([&certificate, &key]))?;
        // The folder belongs to the server's user; whoever runs the tests reads this one file.
        std::fs::set_permissions(folder, Permissions::from_mode(0o755))?;
    }
    Ok((certificate, key))
}

/// A command that runs as one who may run PostgreSQL, and ends when we do.
fn as_server_user(program: &Path) -> anyhow::Result<Command> {
    let setpriv = on_path("setpriv").context("setpriv (package util-linux) is missing")?;
    let mut command = Command::new(setpriv);
    command.args(["--pdeathsig", "INT"]);
    if is_root() {
        command.args(["--reuid", SERVER_USER, "--regid", SERVER_USER, "--init-groups"]);
    }
    command.arg("--").arg(program);
    Ok(command)
}

/// Reads what the server says until it says that it is ready; what follows is read and dropped,
/// or the full pipe would stop the server.
fn until_ready(server: &mut Child) -> anyhow::Result<()> {
    let stderr = server.stderr.take().context("the server's messages are not piped")?;
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut last = String::new();
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if line.contains("ready to accept connections") {
                tell.send(Ok(())).ok();
            }
            last = line;
        }
        tell.send(Err(last)).ok();
    });
    match told.recv_timeout(Duration::from_secs(START_SECONDS_MAX)) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(last)) => bail!("{last}"),
        Err(_) => bail!("nothing heard from it for {START_SECONDS_MAX} s"),
    }
}

/// A port of 127.0.0.1 that is free now.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
