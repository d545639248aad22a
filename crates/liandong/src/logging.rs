//! Log lines: a sentence and fields, on stderr; never names, texts or tokens.

use std::io::IsTerminal as _;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::settings::{LogForm, Settings};

/// Begins to write log lines; a second call changes nothing.
pub(crate) fn start(settings: &Settings) {
    // `Settings` has proved that the level parses.
    let level: Targets = settings.log_level.parse().unwrap_or_default();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(level);
    match settings.log {
        LogForm::Plain => {
            let lines = lines.with_ansi(std::io::stderr().is_terminal()).with_target(false);
            registry.with(lines).try_init().ok();
        }
        LogForm::Json => {
            registry.with(lines.json().flatten_event(true)).try_init().ok();
        }
    }
}
