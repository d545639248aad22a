//! The program itself: how long until it serves, how much memory it rests in, how large it is.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What is measured of the program.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Program {
    /// From its start to the answer of the login page.
    pub(crate) start: Duration,
    /// Resident memory after that, in KiB.
    pub(crate) memory_kib: u64,
    /// The file, in bytes.
    pub(crate) file_bytes: u64,
}

/// Starts it on the data of a folder.
pub(crate) fn measure(data: &Path) -> Program {
    let file = env!("CARGO_BIN_EXE_liandong");
    let began = Instant::now();
    let mut child = Command::new(file)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    let address = loop {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "liandong ended at its start");
        if let Some((_, address)) = line.split_once("http://") {
            break address.trim().trim_end_matches('/').to_owned();
        }
    };
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    let ask = format!("GET /sign-in HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    std::io::Write::write_all(&mut stream, ask.as_bytes()).unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
    let start = began.elapsed();
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let memory_kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|kib| kib.parse().ok())
        .unwrap_or(0);
    child.kill().unwrap();
    child.wait().unwrap();
    Program { start, memory_kib, file_bytes: std::fs::metadata(file).unwrap().len() }
}
