//! Inputs of a form: label, help, value and error in one place, so that nothing entered is lost.

use askama::Template;
use askama::filters::HtmlSafe;
use procedure::FieldError;

use crate::fields::Fields;
use crate::filters;
use crate::message::{Language, T};
use crate::shell::Shell;

/// One input of a form.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/input.html")]
pub struct Input {
    t: T,
    name: &'static str,
    kind: Kind,
    label: String,
    help: String,
    value: String,
    error: String,
    required: bool,
    complete: &'static str,
}

impl HtmlSafe for Input {}

/// What an input takes.
#[derive(Debug, Clone)]
enum Kind {
    Line(&'static str),
    Area,
    Choice(Vec<Choice>),
    Check,
    Pick(&'static str),
    File(&'static str),
}

/// One option of a choice.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Its id.
    pub id: String,
    /// Its words.
    pub words: String,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

impl Choice {
    /// The options of a select, the one whose id is `chosen` being chosen.
    pub fn all(options: impl IntoIterator<Item = (String, String)>, chosen: &str) -> Vec<Self> {
        options.into_iter().map(|(id, words)| Self { is_chosen: id == chosen, id, words }).collect()
    }
}

impl Input {
    fn new(language: Language, name: &'static str, kind: Kind, label: &str) -> Self {
        Self {
            t: language.t(),
            name,
            kind,
            label: language.say(label).to_owned(),
            help: String::new(),
            value: String::new(),
            error: String::new(),
            required: false,
            complete: "",
        }
    }

    /// A line of text; `label` is a message key.
    #[must_use]
    pub fn line(language: Language, name: &'static str, label: &str) -> Self {
        Self::new(language, name, Kind::Line("text"), label)
    }

    /// A line of another kind: `date`, `number`, `tel`.
    #[must_use]
    pub fn of_type(
        language: Language,
        name: &'static str,
        label: &str,
        kind: &'static str,
    ) -> Self {
        Self::new(language, name, Kind::Line(kind), label)
    }

    /// A password; its value is never sent back. `complete` tells password managers which.
    #[must_use]
    pub fn password(
        language: Language,
        name: &'static str,
        label: &str,
        complete: &'static str,
    ) -> Self {
        Self { complete, ..Self::new(language, name, Kind::Line("password"), label) }.required()
    }

    /// Several lines of text.
    #[must_use]
    pub fn area(language: Language, name: &'static str, label: &str) -> Self {
        Self::new(language, name, Kind::Area, label)
    }

    /// One of several.
    #[must_use]
    pub fn choice(
        language: Language,
        name: &'static str,
        label: &str,
        options: Vec<Choice>,
    ) -> Self {
        Self::new(language, name, Kind::Choice(options), label)
    }

    /// Yes or no.
    #[must_use]
    pub fn check(language: Language, name: &'static str, label: &str) -> Self {
        Self::new(language, name, Kind::Check, label)
    }

    /// Something found by typing, from that address.
    #[must_use]
    pub fn pick(language: Language, name: &'static str, label: &str, url: &'static str) -> Self {
        Self::new(language, name, Kind::Pick(url), label)
    }

    /// A file of these kinds.
    #[must_use]
    pub fn file(language: Language, name: &'static str, label: &str, kinds: &'static str) -> Self {
        Self::new(language, name, Kind::File(kinds), label).required()
    }

    /// With another label, as it is.
    #[must_use]
    pub fn label(mut self, words: impl Into<String>) -> Self {
        self.label = words.into();
        self
    }

    /// With help in the words of a message key.
    #[must_use]
    pub fn help(mut self, language: Language, key: &str) -> Self {
        language.say(key).clone_into(&mut self.help);
        self
    }

    /// With help as it is.
    #[must_use]
    pub fn help_words(mut self, words: impl Into<String>) -> Self {
        self.help = words.into();
        self
    }

    /// With what browsers and password managers may fill in (`autocomplete`).
    #[must_use]
    pub fn complete(self, what: &'static str) -> Self {
        Self { complete: what, ..self }
    }

    /// It must be filled in.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// With a value.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        if let Kind::Choice(options) = &mut self.kind {
            for option in options {
                option.is_chosen = option.id == self.value;
            }
        }
        self
    }

    fn is_secret(&self) -> bool {
        matches!(self.kind, Kind::Line("password") | Kind::File(_))
    }

    fn id(&self) -> String {
        format!("f-{}", self.name)
    }
}

/// The inputs of a form with what is wrong in them.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/inputs.html")]
pub struct Inputs {
    t: T,
    errors: Vec<(String, String)>,
    all: Vec<Input>,
}

impl HtmlSafe for Inputs {}

impl Inputs {
    /// Inputs to be filled in.
    #[must_use]
    pub fn new(language: Language, inputs: Vec<Input>) -> Self {
        Self { t: language.t(), errors: Vec::new(), all: inputs }
    }

    /// The same inputs with what was sent in them.
    #[must_use]
    pub fn filled(mut self, form: &Fields) -> Self {
        self.all = self
            .all
            .into_iter()
            .map(|input| {
                let sent = form.exact(input.name).to_owned();
                if input.is_secret() { input } else { input.value(sent) }
            })
            .collect();
        self
    }

    /// The same inputs with the errors beside them; those that belong to none stand on top.
    #[must_use]
    pub fn wrong(mut self, language: Language, errors: &[FieldError]) -> Self {
        for error in errors {
            let words = language.of(&error.words);
            let input = self.all.iter_mut().find(|input| input.name == error.field);
            let place = input.map_or_else(String::new, |input| {
                words.clone_into(&mut input.error);
                format!("#{}", input.id())
            });
            self.errors.push((place, words.to_owned()));
        }
        self
    }
}

/// A page that is one form.
#[derive(Debug, Template)]
#[template(path = "parts/form_page.html")]
pub(crate) struct FormPage {
    pub(crate) t: T,
    pub(crate) shell: Shell,
    /// What stands above the form.
    pub(crate) intro: Vec<String>,
    /// Where it is sent.
    pub(crate) action: String,
    /// Fields that are not shown.
    pub(crate) hidden: Vec<(&'static str, String)>,
    pub(crate) inputs: Inputs,
    /// The words of the button.
    pub(crate) button: &'static str,
    /// Where one goes who does not send it.
    pub(crate) cancel: String,
    /// Whether files come with it.
    pub(crate) has_files: bool,
}

impl FormPage {
    /// A form with one button, sent to `action`.
    pub(crate) fn new(shell: Shell, action: &str, button: &'static str, inputs: Inputs) -> Self {
        let language = shell.language;
        Self {
            t: language.t(),
            shell,
            intro: Vec::new(),
            action: action.to_owned(),
            hidden: Vec::new(),
            inputs,
            button: language.t()(button),
            cancel: String::new(),
            has_files: false,
        }
    }

    pub(crate) fn intro(mut self, words: impl Into<String>) -> Self {
        self.intro.push(words.into());
        self
    }

    pub(crate) fn hidden(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.hidden.push((name, value.to_string()));
        self
    }

    pub(crate) fn cancel(mut self, page: impl Into<String>) -> Self {
        self.cancel = page.into();
        self
    }

    pub(crate) fn with_files(mut self) -> Self {
        self.has_files = true;
        self
    }
}
