//! The scanner set up by `attachment-scanner`: a program that is given each file on its standard input and
//! says by its exit code what it found: 0 nothing harmful, 1 something harmful, anything else that it
//! could not look, as `clamdscan -` does. The words after its name are its arguments; no shell reads them.

use std::io::{Read, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use store::attachment::{Scanned, Scanner};

/// Longest a scan may take.
const SCAN_MAX: Duration = Duration::from_secs(120);
/// How often it is looked whether the program has ended.
const LOOK: Duration = Duration::from_millis(50);

/// A program that looks at files.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    name: String,
    arguments: Vec<String>,
    longest: Duration,
}

impl Program {
    /// By the words of the setting; none when there are none.
    pub(crate) fn of(words: &str) -> Option<Self> {
        let mut words = words.split_whitespace().map(str::to_owned);
        let name = words.next()?;
        Some(Self { name, arguments: words.collect(), longest: SCAN_MAX })
    }

    fn run(&self, mut content: Box<dyn Read + Send>) -> Result<Scanned, String> {
        let started = Command::new(&self.name)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut child = started.map_err(|error| format!("cannot start {}: {error}", self.name))?;
        let mut into = child.stdin.take().ok_or("it takes no input")?;
        let (through, written) = channel();
        let writer = std::thread::spawn(move || {
            let copied = std::io::copy(&mut content, &mut into).and_then(|_| into.flush());
            drop(into);
            // Whoever waited may have given up.
            drop(through.send(copied));
        });
        let ended = self.wait(&mut child, &written);
        if ended.is_err() {
            // It may have ended by itself meanwhile.
            drop(child.kill());
            drop(child.wait());
        }
        drop(writer.join());
        ended
    }

    fn wait(
        &self,
        child: &mut Child,
        written: &std::sync::mpsc::Receiver<std::io::Result<()>>,
    ) -> Result<Scanned, String> {
        let begun = Instant::now();
        let mut is_whole = false;
        loop {
            if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
                return match status.code() {
                    // Clean is what was looked at from beginning to end.
                    Some(0) if is_whole || matches!(written.recv(), Ok(Ok(()))) => {
                        Ok(Scanned::Clean)
                    }
                    Some(0) => Err("it ended before it had read the whole file".to_owned()),
                    Some(1) => Ok(Scanned::Infected),
                    _ => Err(format!("it ended with {status}")),
                };
            }
            if begun.elapsed() > self.longest {
                return Err(format!("it took longer than {} seconds", self.longest.as_secs()));
            }
            match written.recv_timeout(LOOK) {
                Ok(Ok(())) => is_whole = true,
                // It has closed its input; its exit code says why.
                Ok(Err(_)) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => std::thread::park_timeout(LOOK),
            }
        }
    }
}

impl Scanner for Program {
    fn scan(&self, content: Box<dyn Read + Send>) -> Scanned {
        self.run(content).unwrap_or_else(Scanned::Failed)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn scan(words: &[&str], content: &[u8]) -> Scanned {
        let program = Program {
            name: words.first().unwrap().to_string(),
            arguments: words.iter().skip(1).map(ToString::to_string).collect(),
            longest: Duration::from_secs(1),
        };
        program.scan(Box::new(Cursor::new(content.to_vec())))
    }

    #[test]
    fn the_exit_code_says_what_was_found() {
        let look = "if grep -q EICAR; then exit 1; else exit 0; fi";
        assert_eq!(scan(&["sh", "-c", look], b"a clean file"), Scanned::Clean);
        assert_eq!(scan(&["sh", "-c", look], b"EICAR test"), Scanned::Infected);
        assert!(matches!(scan(&["sh", "-c", "cat >/dev/null; exit 2"], b"x"), Scanned::Failed(_)));
    }

    #[test]
    fn a_scanner_that_is_not_there_or_hangs_found_nothing_clean() {
        assert!(matches!(scan(&["/no/such/scanner"], b"x"), Scanned::Failed(_)));
        let hangs = scan(&["sh", "-c", "cat >/dev/null; exec tail -f /dev/null"], b"x");
        assert!(matches!(hangs, Scanned::Failed(why) if why.contains("longer")));
        let much = vec![0_u8; 1 << 20];
        assert!(matches!(scan(&["true"], &much), Scanned::Failed(_)));
    }

    #[test]
    fn no_words_no_scanner() {
        assert!(Program::of("  ").is_none());
        assert_eq!(Program::of("clamdscan --no-summary -").unwrap().arguments.len(), 2);
    }
}
