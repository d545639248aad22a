//! The real program, running on a free port with data of its own.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

/// A running `liandong serve` or `liandong demo`.
pub(crate) struct Program {
    child: Child,
    /// Where it listens, `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    said: Arc<Mutex<String>>,
}

impl Program {
    /// Starts `liandong COMMAND` on the data in `data` and waits until it serves.
    pub(crate) fn start(command: &[&str], data: &Path) -> Self {
        Self::start_with(command, data, &[])
    }

    /// The same with some variables of the environment.
    pub(crate) fn start_with(command: &[&str], data: &Path, variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_liandong"))
            .args(command)
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .env("LC_ALL", "C.UTF-8")
            // Tests click faster than people, and a power cut comes among hundreds of requests.
            .env("LIANDONG_REQUESTS_PER_MINUTE_MAX", "0")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                heard.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        let url = loop {
            line.clear();
            if stdout.read_line(&mut line).unwrap() == 0 {
                let status = child.wait().unwrap();
                panic!("liandong {command:?} ended ({status}):\n{}", said.lock().unwrap());
            }
            let address = ["http://127.0.0.1:", "https://127.0.0.1:"];
            if let Some(at) = address.into_iter().find_map(|begin| line.find(begin)) {
                let rest = &line[at..];
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                break rest[..end].trim_end_matches('/').to_owned();
            }
        };
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        Self { child, url, said }
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as the system does, and waits until it has.
    pub(crate) fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        self.child.wait().unwrap()
    }

    /// Its log lines so far.
    pub(crate) fn log(&self) -> String {
        self.said.lock().unwrap().clone()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A folder for data that goes when dropped, and the path of it.
pub(crate) fn data() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::Builder::new().prefix("liandong-data-").tempdir().unwrap();
    let path = folder.path().to_path_buf();
    (folder, path)
}
