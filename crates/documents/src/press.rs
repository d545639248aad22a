//! The press: templates, kinds and fonts, checked once; then it numbers and prints.

use crate::code::VerificationCode;
use crate::draft::{Draft, Numbered, Sealed};
use crate::error::{Fault, Faults, Missing, PrintError, Refused};
use crate::font::{Roles, Shelf};
use crate::input;
use crate::kind::{self, Kind};
use crate::layout::Layout;
use crate::number::OfficialNumber;
use crate::text::Text;
use crate::title::Lexicon;
use crate::world::{Sheet, fault_of, file_id};
use calendar::Law;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;
use typst::foundations::{Bytes, Smart};
use typst::layout::PagedDocument;
use typst::syntax::{FileId, Source};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt};
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The most characters of a draft, in all its items.
pub const DRAFT_CHARACTERS_MAX: usize = 60_000;
/// The most pages of a document.
pub const PAGES_MAX: usize = 200;
/// The most characters of one part of a head: a name, a title.
const HEAD_CHARACTERS_MAX: usize = 120;
/// The most names in a list of a head: recipients, copies, annexes.
const HEAD_NAMES_MAX: usize = 60;
/// The most bytes of a seal's image.
const SEAL_BYTES_MAX: usize = 1024 * 1024;
/// The most documents printed at once by [`Press::print_within`], those given up included.
const AT_ONCE_MAX: usize = 4;
/// Layouts remembered this many documents long: parts that recur need not be set again.
const REMEMBERED_DOCUMENTS: usize = 8;

/// Templates, kinds and fonts before they are checked.
#[derive(Debug, Clone)]
pub struct Materials {
    templates: BTreeMap<String, Vec<u8>>,
    fonts: Vec<(String, Bytes)>,
    /// Whether a file did not come with the program: then every kind is tried at start.
    foreign: bool,
}

impl Materials {
    /// What comes with the program.
    #[must_use]
    pub fn builtin() -> Self {
        Self {
            templates: TEMPLATES
                .iter()
                .map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec()))
                .collect(),
            fonts: FONTS
                .iter()
                .map(|(name, bytes)| ((*name).to_owned(), Bytes::new(*bytes)))
                .collect(),
            foreign: false,
        }
    }

    /// Adds one template, kind list or word list, or puts it in the place of the one of that name.
    #[must_use]
    pub fn with_template(mut self, name: &str, bytes: Vec<u8>) -> Self {
        self.templates.insert(name.to_owned(), bytes);
        self.foreign = true;
        self
    }

    /// Adds a folder laid out as `documents/`: its files add to ours or take their place.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read.
    pub fn with_templates(mut self, folder: &Path) -> std::io::Result<Self> {
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(next)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(name) = path.strip_prefix(folder)
                    && path
                        .extension()
                        .is_some_and(|end| end == "typ" || end == "toml" || end == "txt")
                {
                    let name = name.to_string_lossy().replace('\\', "/");
                    self = self.with_template(&name, std::fs::read(&path)?);
                }
            }
        }
        Ok(self)
    }

    /// Adds one font.
    #[must_use]
    pub fn with_font(mut self, name: &str, bytes: Vec<u8>) -> Self {
        self.fonts.push((name.to_owned(), Bytes::new(bytes)));
        self
    }

    /// Adds the fonts of a folder: an office's own licensed ones, or FandolFang where it is installed.
    ///
    /// # Errors
    /// When the folder or a font in it cannot be read.
    pub fn with_fonts(mut self, folder: &Path) -> std::io::Result<Self> {
        let mut paths: Vec<_> = std::fs::read_dir(folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()?;
        // The order of a folder is chance; which font answers for a name must not be.
        paths.sort();
        for path in paths {
            let ending = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
            if ending.is_some_and(|end| end == "otf" || end == "ttf" || end == "ttc") {
                let name = path.to_string_lossy().into_owned();
                self = self.with_font(&name, std::fs::read(&path)?);
            }
        }
        Ok(self)
    }
}

/// What is put on a document besides its words.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// Where it can be checked.
    pub code: Option<VerificationCode>,
    /// The seal's image, a PNG with a clear ground.
    pub seal_png: Option<Vec<u8>>,
}

/// Checked templates, kinds and fonts. Cheap to share, and used by many at once.
#[derive(Debug)]
pub struct Press {
    pub(crate) library: LazyHash<Library>,
    pub(crate) shelf: Shelf,
    pub(crate) sources: HashMap<FileId, Source>,
    kinds: BTreeMap<String, Kind>,
    lexicon: Lexicon,
    printing: Arc<AtomicUsize>,
}

impl Press {
    /// Checks everything, citing articles by the register of `law`: that each file reads, each kind has its template, each typeface a font, and,
    /// when a file did not come with the program, that each kind prints.
    ///
    /// # Errors
    /// All faults at once, each with file, line and mend.
    pub fn open(materials: Materials, law: &Law) -> Result<Self, Faults> {
        let mut faults = Vec::new();
        let mut sources = HashMap::new();
        let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
        let mut lexicon = Lexicon::default();
        let mut roles: Option<Roles> = None;
        for (name, bytes) in materials.templates {
            let Ok(text) = String::from_utf8(bytes) else {
                faults.push(fault(&name, "is not UTF-8".into(), "save it as UTF-8"));
                continue;
            };
            if Path::new(&name).extension().is_some_and(|ending| ending == "typ") {
                let source = Source::new(file_id(&name), text);
                faults.extend(
                    source
                        .root()
                        .errors()
                        .iter()
                        .map(|error| fault_of(&source, error.span, &error.message, &error.hints)),
                );
                sources.insert(source.id(), source);
            } else if name == "words.txt" {
                lexicon = Lexicon::read(&text);
            } else if name == "fonts.toml" {
                match toml::from_str(&text) {
                    Ok(read) => roles = Some(read),
                    Err(error) => faults.push(fault(&name, error.to_string(), "mend the file")),
                }
            } else if let Some(folder) = name.strip_suffix("/kinds.toml") {
                match kind::read(folder, &text, law) {
                    Ok(read) => kinds.extend(read.into_iter().map(|kind| (kind.id.clone(), kind))),
                    Err(what) => faults.push(fault(&name, what, "mend the entry")),
                }
            }
        }
        for kind in kinds.values() {
            let template = template_of(&kind.id);
            if !sources.contains_key(&file_id(&template)) {
                faults.push(fault(
                    &template,
                    format!("is missing, and the kind “{}” needs it", kind.id),
                    "write the template or take the entry away",
                ));
            }
        }
        let shelf = match roles {
            Some(roles) => Shelf::new(&materials.fonts, roles),
            None => Err(vec![fault("fonts.toml", "is missing or wrong".into(), "put it there")]),
        };
        let shelf = match shelf {
            Ok(shelf) if faults.is_empty() => shelf,
            Ok(_) => return Err(Faults(faults)),
            Err(more) => {
                faults.extend(more);
                return Err(Faults(faults));
            }
        };
        let press = Self {
            library: LazyHash::new(Library::builder().build()),
            shelf,
            sources,
            kinds,
            lexicon,
            printing: Arc::new(AtomicUsize::new(0)),
        };
        if materials.foreign {
            let found = press.try_every_kind();
            if !found.is_empty() {
                return Err(Faults(found));
            }
        }
        Ok(press)
    }

    /// Prints a specimen of every kind: with every item, and with none that may be left out.
    fn try_every_kind(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for kind in self.kinds.values() {
            for full in [true, false] {
                let draft = specimen(kind, full);
                let printed = self.set(&draft, None, None, &Marks::default());
                if let Err(error) = printed {
                    faults.push(match error {
                        PrintError::Template(fault) => fault,
                        other => {
                            fault(&template_of(&kind.id), other.to_string(), "mend the template")
                        }
                    });
                    break;
                }
            }
        }
        faults
    }

    /// All kinds, by id.
    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.values()
    }

    /// A kind by its id.
    #[must_use]
    pub fn kind(&self, id: &str) -> Option<&Kind> {
        self.kinds.get(id)
    }

    /// The lines a title is broken into, as it will be printed.
    #[must_use]
    pub fn title_lines(&self, draft: &Draft) -> Vec<String> {
        let title = match (&draft.title, self.kind(&draft.kind)) {
            (Some(title), _) => title.as_str(),
            (None, Some(kind)) => kind.name.zh.as_str(),
            (None, None) => "",
        };
        let names: Vec<&str> = std::iter::once(draft.issuer.as_str())
            .chain(draft.to.iter().map(String::as_str))
            .chain(draft.copies.iter().map(String::as_str))
            .collect();
        self.lexicon.lines(title, &names)
    }

    /// What the law asks for and the draft does not say, in the order of the document.
    #[must_use]
    pub fn missing(&self, draft: &Draft) -> Vec<Missing> {
        self.kind(&draft.kind).map_or_else(Vec::new, |kind| input::missing(kind, draft))
    }

    /// Gives a draft its number and day.
    ///
    /// # Errors
    /// [`Refused`]: above all [`Refused::Missing`], with every item and its article.
    pub fn number(
        &self,
        draft: Draft,
        number: Option<OfficialNumber>,
        issued_on: Date,
    ) -> Result<Numbered, Refused> {
        let kind = self.printable(&draft)?;
        let mut missing = input::missing(kind, &draft);
        match (&number, kind.numbered) {
            (None, true) => missing.insert(0, input::number_missing()),
            (Some(_), false) => return Err(Refused::NotNumbered),
            _ => {}
        }
        if missing.is_empty() {
            Ok(Numbered { draft, number, issued_on })
        } else {
            Err(Refused::Missing(missing))
        }
    }

    /// Whether a draft, complete or not, can be set: within the limits and of known characters.
    fn printable(&self, draft: &Draft) -> Result<&Kind, Refused> {
        let kind = self.kind(&draft.kind).ok_or_else(|| Refused::NoKind(draft.kind.clone()))?;
        if let Some(unknown) =
            draft.items.keys().find(|id| !kind.items.iter().any(|item| item.id == **id))
        {
            return Err(Refused::NoItem(unknown.clone()));
        }
        input::check_head(draft, HEAD_CHARACTERS_MAX, HEAD_NAMES_MAX)?;
        let characters = draft.items.values().map(Text::characters).sum();
        if characters > DRAFT_CHARACTERS_MAX {
            return Err(Refused::TooLong { characters, most: DRAFT_CHARACTERS_MAX });
        }
        let unknown = self.shelf.without_glyph(&input::all_words(draft));
        if unknown.is_empty() {
            Ok(kind)
        } else {
            Err(Refused::NoGlyph(unknown.into_iter().collect()))
        }
    }

    /// Prints the document. The same document and marks give the same bytes.
    ///
    /// This takes the processor for a while; call it where that blocks nobody, or use [`Press::print_within`].
    ///
    /// # Errors
    /// [`PrintError`].
    pub fn print(&self, numbered: &Numbered, marks: &Marks) -> Result<Sealed, PrintError> {
        let number = numbered.number.as_ref();
        let document = self.set(&numbered.draft, number, Some(numbered.issued_on), marks)?;
        Self::export(&document, &format!("{}\n{:?}", numbered.draft.kind, number))
    }

    /// Prints a draft as it stands, with `草稿` across the page and no number.
    ///
    /// # Errors
    /// [`PrintError`]; a missing item is none.
    pub fn preview(&self, draft: &Draft) -> Result<Sealed, PrintError> {
        let document = self.set(draft, None, None, &Marks::default())?;
        Self::export(&document, &draft.kind)
    }

    /// As [`Press::print`], on a thread of its own, waited for at most `budget`.
    ///
    /// Setting cannot be interrupted: a document given up goes on to its end, which the limits on
    /// drafts bound, and counts among the few that are printed at once.
    ///
    /// # Errors
    /// [`PrintError::TimedOut`], [`PrintError::Busy`] and those of [`Press::print`].
    pub fn print_within(
        self: &Arc<Self>,
        numbered: Numbered,
        marks: Marks,
        budget: Duration,
    ) -> Result<Sealed, PrintError> {
        let slot = Slot::take(&self.printing).ok_or(PrintError::Busy)?;
        let press = Arc::clone(self);
        let (done, wait) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let sealed = press.print(&numbered, &marks);
            drop(slot);
            // Nobody may be waiting any more.
            let _ = done.send(sealed);
        });
        wait.recv_timeout(budget)
            .unwrap_or(Err(PrintError::TimedOut { wait_ms: budget.as_millis() }))
    }

    /// The pages of a draft.
    pub(crate) fn set(
        &self,
        draft: &Draft,
        number: Option<&OfficialNumber>,
        issued_on: Option<Date>,
        marks: &Marks,
    ) -> Result<PagedDocument, PrintError> {
        let kind = self.printable(draft)?;
        let seal = marks.seal_png.as_deref();
        if seal.is_some_and(|png| png.len() > SEAL_BYTES_MAX || !png.starts_with(b"\x89PNG\r\n")) {
            return Err(PrintError::Seal { most: SEAL_BYTES_MAX });
        }
        let code = marks.code.as_ref().map(VerificationCode::drawn).transpose()?;
        let input = input::for_template(&input::Page {
            kind,
            draft,
            number,
            issued_on,
            title: self.title_lines(draft),
            code,
            seal: seal.is_some(),
            roles: &self.shelf.roles,
        });
        self.compile(&template_of(&kind.id), &input, seal)
    }

    /// Sets one template with its input.
    pub(crate) fn compile(
        &self,
        template: &str,
        input: &serde_json::Value,
        seal: Option<&[u8]>,
    ) -> Result<PagedDocument, PrintError> {
        let document = self.compile_unbounded(template, input, seal)?;
        let pages = document.pages.len();
        if pages > PAGES_MAX {
            return Err(PrintError::TooManyPages { pages, most: PAGES_MAX });
        }
        Ok(document)
    }

    /// The pages of a dossier that are its own; how many is bounded by what is bound.
    pub(crate) fn compile_dossier(
        &self,
        input: &serde_json::Value,
    ) -> Result<PagedDocument, PrintError> {
        self.compile_unbounded("dossier.typ", input, None)
    }

    fn compile_unbounded(
        &self,
        template: &str,
        input: &serde_json::Value,
        seal: Option<&[u8]>,
    ) -> Result<PagedDocument, PrintError> {
        let sheet = Sheet::new(self, template, input, seal);
        let set = typst::compile::<PagedDocument>(&sheet).output;
        comemo::evict(REMEMBERED_DOCUMENTS);
        set.map_err(|errors| PrintError::Template(sheet.fault(&errors)))
    }

    fn export(document: &PagedDocument, ident: &str) -> Result<Sealed, PrintError> {
        let pdf = pdf_of(document, ident)?;
        let sha256 = sha256(&pdf);
        Ok(Sealed { pdf, sha256, layout: Layout::of(document) })
    }
}

pub(crate) fn pdf_of(document: &PagedDocument, ident: &str) -> Result<Vec<u8>, PrintError> {
    let standards = PdfStandards::new(&[PdfStandard::A_2b])
        .map_err(|error| PrintError::Export(error.to_string()))?;
    let options = PdfOptions { ident: Smart::Custom(ident), standards, ..PdfOptions::default() };
    typst_pdf::pdf(document, &options).map_err(|errors| {
        PrintError::Export(
            errors.iter().map(|error| error.message.to_string()).collect::<Vec<_>>().join("; "),
        )
    })
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// One of the few places at the press.
struct Slot(Arc<AtomicUsize>);

impl Slot {
    fn take(printing: &Arc<AtomicUsize>) -> Option<Self> {
        printing
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
                (now < AT_ONCE_MAX).then_some(now + 1)
            })
            .ok()
            .map(|_| Self(Arc::clone(printing)))
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn template_of(kind: &str) -> String {
    format!("{kind}.typ")
}

fn fault(file: &str, what: String, mend: &str) -> Fault {
    Fault { file: file.to_owned(), line: None, what, mend: mend.to_owned() }
}

/// A draft of a kind for trying its template.
fn specimen(kind: &Kind, full: bool) -> Draft {
    let mut draft = Draft::new(&kind.id, "某某市人民检察院");
    draft.to.push("某某市生态环境局".into());
    draft.signer = kind.upward.then(|| "某某".into());
    if full {
        draft.copies.push("某某市人民政府".into());
        draft.annexes.push("清单".into());
    }
    for item in kind.items.iter().filter(|item| full || !item.optional) {
        if let Ok(text) = Text::parse(&item.name.zh) {
            draft.items.insert(item.id.clone(), text);
        }
    }
    draft
}
