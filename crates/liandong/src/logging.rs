//! Log lines: a sentence and fields, on stderr; never names, texts or tokens.

use std::io::{IsTerminal as _, Write};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::settings::{LogForm, Settings};

/// Begins to write log lines; a second call changes nothing.
pub(crate) fn start(settings: &Settings) {
    // `Settings` has proved that the level parses.
    let level: Targets = settings.log_level.parse().unwrap_or_default();
    let has_colours = settings.log == LogForm::Plain && std::io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(move || OneLine { to: std::io::stderr(), has_colours });
    let registry = tracing_subscriber::registry().with(level);
    match settings.log {
        LogForm::Plain => {
            let lines = lines.with_ansi(has_colours).with_target(false);
            registry.with(lines).try_init().ok();
        }
        LogForm::Json => {
            registry.with(lines.json().flatten_event(true)).try_init().ok();
        }
    }
}

/// Keeps each event on one line, whatever the words of an error quote: nobody writes lines of their own
/// into the log. The layer hands over an event at a time.
struct OneLine<W> {
    to: W,
    /// Whether our own colours are among the signs.
    has_colours: bool,
}

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        self.to
            .write_all(one_line(&String::from_utf8_lossy(event), self.has_colours).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// An event with the signs spelled out that would break its line or command a terminal.
fn one_line(event: &str, has_colours: bool) -> String {
    let (line, end) = event.strip_suffix('\n').map_or((event, ""), |line| (line, "\n"));
    let breaks = |sign: char| {
        (sign.is_control() && !(has_colours && sign == '\u{1b}'))
            || matches!(sign, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let mut told = String::with_capacity(event.len());
    for sign in line.chars() {
        if breaks(sign) {
            told.extend(sign.escape_default());
        } else {
            told.push(sign);
        }
    }
    told + end
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_writes_lines_of_their_own() {
        let kept = Kept::default();
        let to = kept.clone();
        let lines = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(move || OneLine { to: to.clone(), has_colours: false });
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
            let forged = "no\n2026-01-01T00:00:00Z  INFO signed in\r\u{1b}[2Jx\u{2028}y\u{202E}z";
            tracing::warn!(error = %forged, "a file named {forged} was not taken");
        });
        let told = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        assert_eq!(told.lines().count(), 1, "{told:?}");
        assert!(told.ends_with('\n') && told.contains("signed in"));
        assert!(!told.trim_end().contains(|sign: char| sign.is_control()), "{told:?}");
        assert!(!told.contains('\u{2028}') && !told.contains('\u{202E}'));
    }
}
