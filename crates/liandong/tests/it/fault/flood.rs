//! Connections that do nothing, or too much: the built program over plain sockets.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::http::Http;
use crate::program::{Program, data};

/// Sends some bytes and reads until the other side has had enough.
fn answer(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // Whoever is refused early may find the door shut while still speaking.
    let _ = stream.write_all(bytes);
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

fn status(said: &str) -> &str {
    said.split(' ').nth(1).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_without_end_are_refused_and_slow_ones_are_given_up() {
    let (_folder, path) = data();
    let program = Program::start(&["serve"], &path);
    let address = program.url.trim_start_matches("http://").to_owned();
    let http = Http::new(&program.url);
    let tried = tokio::task::spawn_blocking(move || {
        let get = |head: &str| {
            answer(
                &address,
                format!("GET /sign-in HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{head}\r\n")
                    .as_bytes(),
            )
        };
        assert_eq!(status(&get("")), "200");
        assert_eq!(status(&get(&format!("x: {}\r\n", "a".repeat(300_000)))), "431");
        assert_eq!(status(&get(&"x: a\r\n".repeat(200))), "431");
        let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(300_000));
        assert!(["414", "431"].contains(&status(&answer(&address, long.as_bytes()))));
        for odd in [
            "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
            "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
            "GET / HTTP/1.1\r\nhost: x\r\nx : y\r\n\r\n",
            "GET / HTTP/9.9\r\n\r\n",
            "\x16\x03\x01\x02\x00\x01\x00",
            "POST /sign-in HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: \
             application/x-www-form-urlencoded\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        ] {
            let said = answer(&address, odd.as_bytes());
            let refused = said.is_empty() || status(&said).starts_with('4');
            // Two lengths for one body are read as one request at most.
            let alone = said.matches("HTTP/1.1 ").count() <= 1;
            assert!((refused || odd.contains("chunked")) && alone, "{odd:?}: {said:.200}");
        }
        // A length that is announced and never comes close.
        let huge = "POST /sign-in HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: \
                    application/x-www-form-urlencoded\r\ncontent-length: 99999999999\r\n\r\n";
        let body = format!("{huge}{}", "a".repeat(3 << 20));
        assert_eq!(status(&answer(&address, body.as_bytes())), "413");

        // Half a head, and nothing more: the connection is given up, whoever else waits.
        let begun = Instant::now();
        let slow: Vec<TcpStream> = (0..200)
            .map(|_| {
                let mut stream = TcpStream::connect(&address).unwrap();
                stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx: ").unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
                stream
            })
            .collect();
        assert_eq!(status(&get("")), "200", "others are answered meanwhile");
        for mut stream in slow {
            let mut said = Vec::new();
            let _ = stream.read_to_end(&mut said);
        }
        begun.elapsed()
    });
    let waited = tried.await.unwrap();
    assert!(waited < Duration::from_secs(59), "they are never given up: {waited:?}");
    assert!(http.get("/healthz").await.unwrap().status.is_success());
    assert!(!program.log().contains("panicked"), "{}", program.log());
    assert!(program.stop().success());
}
