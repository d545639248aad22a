//! A dossier (卷宗): many documents in one PDF, with cover, catalogue, page numbers, bookmarks and the
//! hash of each.
//!
//! Cover, catalogue and the page numbers are set by the template `dossier.typ`; the documents' own pages are
//! bound in unchanged, with the dossier's number over the upper right corner of each. What is bound in need not be
//! ours: a scanned annex will do. So the whole is a plain PDF, and its parts keep what standard they meet.

use crate::error::PrintError;
use crate::press::{Press, pdf_of, sha256};
use jiff::civil::Date;
use lopdf::{Bookmark, Dictionary, Document, Object, ObjectId, Stream, dictionary};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// The most documents in a dossier.
pub const DOSSIER_DOCUMENTS_MAX: usize = 500;
/// The most pages in a dossier.
pub const DOSSIER_PAGES_MAX: usize = 3000;
/// The deepest a page tree may be that is bound in.
const PAGE_TREE_DEPTH_MAX: usize = 64;

/// What stands on the cover.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cover {
    /// Whose dossier it is.
    pub unit: String,
    /// What it is, such as `公益诉讼检察卷宗`.
    pub name: String,
    /// The matter.
    pub title: String,
    /// The matter's number.
    pub number: Option<String>,
    /// The day it was put together.
    pub made_on: Date,
}

/// A document to be bound in.
#[derive(Debug, Clone)]
pub struct Bound {
    /// Its line in the catalogue.
    pub title: String,
    /// Its official number.
    pub number: Option<String>,
    /// Its day.
    pub issued_on: Option<Date>,
    /// Its bytes.
    pub pdf: Vec<u8>,
}

/// A finished dossier.
#[derive(Debug, Clone)]
pub struct Dossier {
    /// The bytes.
    pub pdf: Vec<u8>,
    /// SHA-256 of them.
    pub sha256: String,
    /// How many pages, cover and catalogue included.
    pub pages: usize,
    /// What is in it, in order.
    pub entries: Vec<Entry>,
}

/// A line of the catalogue and of the list of hashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// The document's title.
    pub title: String,
    /// Its official number.
    pub number: Option<String>,
    /// The dossier's number on its first page.
    pub from: usize,
    /// The dossier's number on its last page.
    pub to: usize,
    /// SHA-256 of its own PDF.
    pub sha256: String,
}

impl Press {
    /// Binds documents in the order given.
    ///
    /// # Errors
    /// [`PrintError::Unbindable`] names the document that is no readable PDF, or is locked.
    pub fn bind(&self, cover: &Cover, documents: Vec<Bound>) -> Result<Dossier, PrintError> {
        let too_much =
            PrintError::DossierSize { documents: DOSSIER_DOCUMENTS_MAX, pages: DOSSIER_PAGES_MAX };
        if documents.is_empty() || documents.len() > DOSSIER_DOCUMENTS_MAX {
            return Err(too_much);
        }
        let mut binding = Binding::new();
        let mut entries = Vec::new();
        let mut lines = Vec::new();
        let mut bound_pages: Vec<Vec<ObjectId>> = Vec::new();
        let mut next = 1;
        for document in documents {
            let hash = sha256(&document.pdf);
            let pages = binding.take_in(&document.title, &document.pdf)?;
            let to = next + pages.len() - 1;
            if to > DOSSIER_PAGES_MAX {
                return Err(too_much);
            }
            lines.push(json!({
                "title": document.title,
                "number": document.number,
                "date": document.issued_on.map(crate::input::in_chinese),
                "from": next,
                "to": to,
                "sha256": hash,
            }));
            entries.push(Entry {
                title: document.title,
                number: document.number,
                from: next,
                to,
                sha256: hash,
            });
            next = to + 1;
            bound_pages.push(pages);
        }
        let input = json!({
            "fonts": self.shelf.roles,
            "unit": cover.unit,
            "name": cover.name,
            "title": cover.title,
            "number": cover.number,
            "made": [cover.made_on.year(), cover.made_on.month(), cover.made_on.day()],
            "date": crate::input::in_chinese(cover.made_on),
            "entries": lines,
            "pages": next - 1,
        });
        // Front matter, then one page a bound page that carries nothing but its number.
        let set = self.compile_dossier(&input)?;
        let front_pages = set.pages.len() - (next - 1);
        let own = pdf_of(&set, "dossier")?;
        let mut own = binding.take_in(&cover.title, &own)?;
        let numbers = own.split_off(front_pages);
        let all: Vec<ObjectId> = bound_pages.iter().flatten().copied().collect();
        for (page, number) in all.iter().zip(numbers) {
            binding.stamp(*page, number)?;
        }
        let sections = front(&own, &cover.name)
            .into_iter()
            .chain(bound_pages.iter().zip(&entries).filter_map(|(pages, entry)| {
                pages.first().map(|page| (entry.title.clone(), *page))
            }))
            .collect();
        own.extend(all);
        let pages = own.len();
        let pdf = binding.finish(own, sections, &cover.title)?;
        Ok(Dossier { sha256: sha256(&pdf), pdf, pages, entries })
    }
}

fn front(pages: &[ObjectId], name: &str) -> Vec<(String, ObjectId)> {
    let names = [name, "目录"];
    names.iter().zip(pages).map(|(name, page)| ((*name).to_owned(), *page)).collect()
}

/// The one PDF that all others are taken into.
struct Binding {
    whole: Document,
}

impl Binding {
    fn new() -> Self {
        Self { whole: Document::with_version("1.7") }
    }

    /// Takes all objects of a PDF in, and returns its pages in order, each complete in itself.
    fn take_in(&mut self, title: &str, pdf: &[u8]) -> Result<Vec<ObjectId>, PrintError> {
        let wrong = |what: &dyn std::fmt::Display| PrintError::Unbindable {
            title: title.to_owned(),
            what: what.to_string(),
        };
        let mut document = Document::load_mem(pdf).map_err(|error| wrong(&error))?;
        if document.is_encrypted() {
            return Err(wrong(&"it is locked with a password"));
        }
        document.renumber_objects_with(self.whole.max_id + 1);
        self.whole.max_id = document.max_id;
        let ids: Vec<ObjectId> = document.get_pages().into_values().collect();
        if ids.is_empty() {
            return Err(wrong(&"it has no pages"));
        }
        let mut pages = BTreeMap::new();
        for id in &ids {
            let mut page = document.get_dictionary(*id).map_err(|error| wrong(&error))?.clone();
            for key in [&b"MediaBox"[..], b"CropBox", b"Resources", b"Rotate"] {
                if let Some(value) = inherited(&document, *id, key) {
                    page.set(key, value);
                }
            }
            // Marks of structure, links and actions mean nothing in the new whole.
            for key in [&b"StructParents"[..], b"Annots", b"AA", b"B", b"Tabs"] {
                page.remove(key);
            }
            pages.insert(*id, page);
        }
        for (id, object) in document.objects {
            let kind = object.as_dict().ok().and_then(|dictionary| dictionary.get_type().ok());
            let tree = kind.is_some_and(|kind| {
                matches!(
                    kind,
                    b"Catalog" | b"Pages" | b"Outlines" | b"StructTreeRoot" | b"StructElem"
                )
            });
            if !tree && !pages.contains_key(&id) {
                self.whole.objects.insert(id, object);
            }
        }
        for (id, page) in pages {
            self.whole.objects.insert(id, Object::Dictionary(page));
        }
        Ok(ids)
    }

    /// Puts one page's content over another's, and takes the first out.
    fn stamp(&mut self, page: ObjectId, number: ObjectId) -> Result<(), PrintError> {
        let wrong = |error: lopdf::Error| PrintError::Export(error.to_string());
        let content = self.whole.get_page_content(number);
        let resources = self
            .whole
            .get_dictionary(number)
            .and_then(|dictionary| dictionary.get(b"Resources"))
            .cloned()
            .unwrap_or_else(|_| Object::Dictionary(Dictionary::new()));
        self.whole.objects.remove(&number);
        let boxed = self.whole.get_dictionary(page).map_err(wrong)?.get(b"MediaBox").cloned();
        let (right, top) = upper_right(&self.whole, boxed.ok().as_ref());
        let form = self.whole.add_object(Stream::new(
            dictionary! {
                "Type" => "XObject",
                "Subtype" => "Form",
                "BBox" => vec![0.into(), 0.into(), Object::Real(595.3), Object::Real(841.9)],
                "Resources" => resources,
            },
            content,
        ));
        // The old content is fenced in, so that what it leaves behind does not move the number. The number's page is
        // A4: on another size its upper right corner goes to the page's.
        let before = self.whole.add_object(Stream::new(Dictionary::new(), b"q\n".to_vec()));
        let over = format!(
            "\nQ\nq 1 0 0 1 {:.2} {:.2} cm /LiandongNumber Do Q\n",
            right - 595.28,
            top - 841.89
        );
        let after = self.whole.add_object(Stream::new(Dictionary::new(), over.into_bytes()));
        let mut contents = vec![Object::Reference(before)];
        contents.extend(self.whole.get_page_contents(page).into_iter().map(Object::Reference));
        contents.push(Object::Reference(after));
        self.whole.add_xobject(page, "LiandongNumber", form).map_err(wrong)?;
        self.whole.get_dictionary_mut(page).map_err(wrong)?.set("Contents", contents);
        Ok(())
    }

    /// Writes it: pages in order, a bookmark a section.
    fn finish(
        mut self,
        pages: Vec<ObjectId>,
        sections: Vec<(String, ObjectId)>,
        title: &str,
    ) -> Result<Vec<u8>, PrintError> {
        let wrong = |error: lopdf::Error| PrintError::Export(error.to_string());
        let tree = self.whole.new_object_id();
        for page in &pages {
            self.whole.get_dictionary_mut(*page).map_err(wrong)?.set("Parent", tree);
        }
        let count = i64::try_from(pages.len()).unwrap_or(i64::MAX);
        let kids: Vec<Object> = pages.into_iter().map(Object::Reference).collect();
        self.whole.objects.insert(
            tree,
            dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count }.into(),
        );
        for (name, page) in sections {
            self.whole.add_bookmark(Bookmark::new(name, [0.0, 0.0, 0.0], 0, page), None);
        }
        let mut catalog = dictionary! {
            "Type" => "Catalog",
            "Pages" => tree,
            "Lang" => Object::string_literal("zh-CN"),
            "PageMode" => "UseOutlines",
        };
        if let Some(outline) = self.whole.build_outline() {
            catalog.set("Outlines", outline);
        }
        let catalog = self.whole.add_object(catalog);
        self.whole.trailer.set("Root", catalog);
        let mut utf16 = vec![0xfe, 0xff];
        utf16.extend(title.encode_utf16().flat_map(u16::to_be_bytes));
        let about = self.whole.add_object(dictionary! {
            "Title" => Object::String(utf16, lopdf::StringFormat::Hexadecimal),
        });
        self.whole.trailer.set("Info", about);
        // What nothing leads to any more: the parts' own catalogues, outlines, marks.
        self.whole.prune_objects();
        self.whole.renumber_objects();
        self.whole.compress();
        let mut bytes = Vec::new();
        self.whole.save_to(&mut bytes).map_err(|error| PrintError::Export(error.to_string()))?;
        Ok(bytes)
    }
}

/// A property of a page or of what it hangs under.
fn inherited(document: &Document, page: ObjectId, key: &[u8]) -> Option<Object> {
    let mut node = document.get_dictionary(page).ok()?;
    for _ in 0..PAGE_TREE_DEPTH_MAX {
        if let Ok(value) = node.get(key) {
            return Some(value.clone());
        }
        let parent = node.get(b"Parent").ok()?.as_reference().ok()?;
        node = document.get_dictionary(parent).ok()?;
    }
    None
}

/// The upper right corner of a page's box; of A4 when it has none that reads.
fn upper_right(document: &Document, boxed: Option<&Object>) -> (f32, f32) {
    let numbers: Option<Vec<f32>> = boxed
        .and_then(|boxed| document.dereference(boxed).ok())
        .and_then(|(_, boxed)| boxed.as_array().ok())
        .map(|sides| sides.iter().filter_map(|side| side.as_float().ok()).collect());
    match numbers.as_deref() {
        Some([_, _, right, top]) => (*right, *top),
        _ => (595.28, 841.89),
    }
}
