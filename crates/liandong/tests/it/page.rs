//! A page by itself, served on a free port with our strict policy, to prove the harness.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'";

/// Serves `html` at every path and gives the address; a form's answer is shown in its place.
pub(crate) fn serve(html: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream, html));
        }
    });
    address
}

fn answer(mut stream: TcpStream, html: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    reader.read_line(&mut first).ok();
    let mut line = String::from("-");
    while !line.trim().is_empty() {
        line.clear();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
    }
    let asked = first.split_whitespace().nth(1).unwrap_or("/");
    let body = html.replace("{asked}", &asked.replace('&', "&amp;"));
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Content-Security-Policy: {POLICY}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok();
    stream.write_all(body.as_bytes()).ok();
}
