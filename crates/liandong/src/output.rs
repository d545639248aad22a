//! The only place that writes on the terminal, in the reader's language.
#![expect(clippy::print_stderr, reason = "this is the program's voice")]

use calendar::Words;
use std::io::Write as _;
use std::process::ExitCode;

/// The language of what a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// 中文
    Zh,
    /// English
    En,
}

impl Language {
    /// What `LC_ALL`, `LC_MESSAGES` and `LANG` ask for: Chinese when the first that is set says so.
    pub(crate) fn of_machine() -> Self {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .filter_map(|name| std::env::var(name).ok())
            .find(|value| !value.is_empty())
            .filter(|value| value.to_ascii_lowercase().starts_with("zh"))
            .map_or(Self::En, |_| Self::Zh)
    }

    /// The text of the two that is in this language.
    pub(crate) fn pick(self, words: &Words) -> &str {
        match self {
            Self::Zh => &words.zh,
            Self::En => &words.en,
        }
    }
}

/// The terminal, and the language spoken on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    /// The language.
    pub(crate) language: Language,
}

impl Terminal {
    /// Says a sentence.
    pub(crate) fn say(self, words: &Words) {
        Self::line(self.language.pick(words));
    }

    /// Prints a line that is the same in both languages.
    ///
    /// A reader that has gone (`liandong law list | head`) is no failure.
    pub(crate) fn line(text: &str) {
        writeln!(std::io::stdout().lock(), "{text}").ok();
    }

    /// Prints text as it is, without a line break of our own.
    pub(crate) fn text(text: &str) {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
    }

    /// Asks for an answer on the next line; the question goes to stderr, so that stdout can be kept.
    pub(crate) fn ask(self, words: &Words) {
        eprint!("{}", self.language.pick(words));
        std::io::stderr().flush().ok();
    }

    /// Says on stderr what must not be overlooked, and goes on.
    pub(crate) fn warn(self, words: &Words) {
        eprintln!("{}", self.language.pick(words));
    }

    /// Says on stderr what went wrong and gives the exit code.
    pub(crate) fn fail(self, failure: &Failure) -> ExitCode {
        eprintln!("{}", self.language.pick(&failure.words));
        ExitCode::from(failure.code)
    }
}

/// Why a command did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What happened and what to do next.
    pub(crate) words: Words,
    /// 2 when what was asked makes no sense, 1 when it could not be done.
    pub(crate) code: u8,
}

impl Failure {
    /// What was asked makes no sense: exit code 2.
    pub(crate) fn usage(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { words: Words::new(zh, en), code: 2 }
    }

    /// It could not be done: exit code 1.
    pub(crate) fn failed(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { words: Words::new(zh, en), code: 1 }
    }

    /// It could not be done, and the machine's own words say why.
    pub(crate) fn because(
        zh: &str,
        en: &str,
        error: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        let why = format!("{:#}", anyhow::Error::new(error));
        Self::failed(format!("{zh}：{why}"), format!("{en}: {why}"))
    }
}
