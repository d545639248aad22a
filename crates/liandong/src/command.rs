//! What every command has in common: the language it answers in, and how it fails.

use std::io;
use std::process::ExitCode;

use calendar::Words;

/// The language of an answer on the command line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The text in this language.
    #[must_use]
    pub fn of(self, words: &Words) -> &str {
        match self {
            Self::Zh => &words.zh,
            Self::En => &words.en,
        }
    }

    /// One of two texts.
    #[must_use]
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// Why a command ends without its answer.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It was asked something it cannot answer; the message is one line, in the language asked for.
    #[error("{0}")]
    Asked(String),
    /// It looked through files and found mistakes, which it has printed.
    #[error("{0}")]
    Mistakes(String),
    /// The answer could not be written.
    #[error("cannot write the answer")]
    Write(#[from] io::Error),
}

impl CommandError {
    /// 2 for a wrong question, 1 for everything else.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Asked(_) => ExitCode::from(2),
            Self::Mistakes(_) | Self::Write(_) => ExitCode::FAILURE,
        }
    }
}
