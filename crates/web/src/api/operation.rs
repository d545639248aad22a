//! The one table of what the API can do.

use std::sync::Arc;

use ::procedure::Rules;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn;
use axum::routing::{MethodFilter, MethodRouter, on};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

use super::{
    act, attachment, counter, draft, job, ledger, limit, matter, obligation, openapi, problem,
    procedure, query, session, unit,
};
use crate::House;
use crate::message::Language;

/// One thing a program can ask for.
pub(super) struct Operation {
    /// How it is asked.
    pub(super) method: Method,
    /// Where.
    pub(super) path: &'static str,
    /// Its name; `api.operation.NAME` are its words.
    pub(super) id: &'static str,
    /// What it is about.
    pub(super) tag: &'static str,
    /// Whether anybody may ask, without a token.
    pub(super) is_public: bool,
    /// What stands in the address and the headers.
    pub(super) parameters: Vec<Parameter>,
    /// What is sent.
    pub(super) body: Body,
    /// What is answered when all is well.
    pub(super) answer: Answer,
    /// Whether it changes a matter: then it may be refused, and carries a key and a version.
    pub(super) acts: bool,
    route: MethodRouter<House>,
}

/// Something in the address or the headers.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    /// Its name; `api.parameter.NAME` are its words.
    pub(super) name: &'static str,
    /// Where it stands.
    pub(super) place: Place,
    /// Whether it must be there.
    pub(super) needed: bool,
    /// Whether it may come several times.
    pub(super) many: bool,
    /// What it looks like.
    pub(super) looks: Looks,
}

impl Parameter {
    /// The key of its words.
    pub(super) fn key(&self) -> String {
        let name = match self.looks {
            // Elsewhere a limit is one of law.
            Looks::Rows(_) => "rows".to_owned(),
            _ => self.name.to_ascii_lowercase().replace('_', "-"),
        };
        format!("api.parameter.{name}")
    }
}

/// Where a parameter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the path.
    Path,
    /// After the `?`.
    Query,
    /// In a header.
    Header,
}

/// What a parameter looks like.
#[derive(Debug, Clone, Copy)]
pub(super) enum Looks {
    /// Any text.
    Text,
    /// The id of a matter.
    Matter,
    /// A whole number from 1.
    Number,
    /// A whole number from 0.
    Count,
    /// A number of rows, at most so many.
    Rows(u32),
    /// A day.
    Day,
    /// Yes or no.
    Truth,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// SHA-256 in hex.
    Hash,
    /// What a page gave as the beginning of the next.
    Cursor,
    /// A key that makes a request act once.
    Key,
    /// A version as an entity tag.
    Tag,
}

/// What is sent.
#[derive(Clone, Copy)]
pub(super) enum Body {
    /// Nothing.
    None,
    /// JSON that looks so under these rules.
    Json(fn(&Rules, Language) -> Value),
    /// JSON that may also be left out.
    MaybeJson(fn(&Rules, Language) -> Value),
    /// The bytes of a file.
    Bytes,
    /// The bytes of a piece of a file.
    Piece,
    /// A plain text.
    Text,
}

/// What is answered when all is well.
#[derive(Clone, Copy)]
pub(super) enum Answer {
    /// JSON of that kind.
    Json(fn(&mut SchemaGenerator) -> Schema),
    /// JSON of that kind about something new.
    Made(fn(&mut SchemaGenerator) -> Schema),
    /// JSON without a schema of its own: the description itself.
    Any,
    /// Nothing to show.
    Nothing,
    /// A picture.
    Picture,
    /// The bytes of a file.
    Bytes,
    /// A plain text.
    Text,
}

impl Operation {
    fn new<H, T>(
        filter: MethodFilter,
        method: Method,
        path: &'static str,
        id: &'static str,
        handler: H,
    ) -> Self
    where
        H: Handler<T, House>,
        T: 'static,
    {
        Self {
            method,
            path,
            id,
            tag: "",
            is_public: false,
            parameters: Vec::new(),
            body: Body::None,
            answer: Answer::Nothing,
            acts: false,
            route: on(filter, handler),
        }
    }

    /// The way to its handler, past the check of what stands after the `?`.
    pub(super) fn handler(self) -> MethodRouter<House> {
        let parameters: Arc<[Parameter]> = self.parameters.into();
        self.route.layer(from_fn(move |request, next| {
            query::check(Arc::clone(&parameters), request, next)
        }))
    }

    fn public(mut self) -> Self {
        self.is_public = true;
        self
    }

    fn path(self, name: &'static str, looks: Looks) -> Self {
        self.with(Parameter { name, place: Place::Path, needed: true, many: false, looks })
    }

    fn asks(self, name: &'static str, looks: Looks) -> Self {
        self.with(Parameter { name, place: Place::Query, needed: false, many: false, looks })
    }

    fn needs(self, name: &'static str, looks: Looks) -> Self {
        self.with(Parameter { name, place: Place::Query, needed: true, many: false, looks })
    }

    fn asks_many(self, name: &'static str, looks: Looks) -> Self {
        self.with(Parameter { name, place: Place::Query, needed: false, many: true, looks })
    }

    fn header(self, name: &'static str, needed: bool, looks: Looks) -> Self {
        self.with(Parameter { name, place: Place::Header, needed, many: false, looks })
    }

    fn with(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    fn pages(self) -> Self {
        self.asks("limit", Looks::Rows(super::paging::ROWS_MAX)).asks("cursor", Looks::Cursor)
    }

    fn sends(mut self, schema: fn(&Rules, Language) -> Value) -> Self {
        self.body = Body::Json(schema);
        self
    }

    fn may_send(mut self, schema: fn(&Rules, Language) -> Value) -> Self {
        self.body = Body::MaybeJson(schema);
        self
    }

    fn takes_text(mut self) -> Self {
        self.body = Body::Text;
        self
    }

    fn shows<T: JsonSchema>(mut self) -> Self {
        self.answer = Answer::Json(SchemaGenerator::subschema_for::<T>);
        self
    }

    fn makes<T: JsonSchema>(mut self) -> Self {
        self.answer = Answer::Made(SchemaGenerator::subschema_for::<T>);
        self
    }

    fn answers(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    /// It changes a matter: the key makes it act once.
    fn acts(mut self) -> Self {
        self.acts = true;
        self.header("Idempotency-Key", true, Looks::Key)
    }

    /// The version seen may come in a header.
    fn sees(self) -> Self {
        self.header("If-Match", false, Looks::Tag)
    }
}

fn get<H: Handler<T, House>, T: 'static>(
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Operation {
    Operation::new(MethodFilter::GET, Method::GET, path, id, handler)
}

fn post<H: Handler<T, House>, T: 'static>(
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Operation {
    Operation::new(MethodFilter::POST, Method::POST, path, id, handler)
}

fn put<H: Handler<T, House>, T: 'static>(
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Operation {
    Operation::new(MethodFilter::PUT, Method::PUT, path, id, handler)
}

fn patch<H: Handler<T, House>, T: 'static>(
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Operation {
    Operation::new(MethodFilter::PATCH, Method::PATCH, path, id, handler)
}

fn delete<H: Handler<T, House>, T: 'static>(
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Operation {
    Operation::new(MethodFilter::DELETE, Method::DELETE, path, id, handler)
}

fn about(tag: &'static str, operations: impl IntoIterator<Item = Operation>) -> Vec<Operation> {
    operations.into_iter().map(|one| Operation { tag, ..one }).collect()
}

/// Everything the API can do.
pub(super) fn operations() -> Vec<Operation> {
    [description(), people(), rules(), matters(), acts(), work(), drafts(), attachments(), record()]
        .into_iter()
        .flatten()
        .collect()
}

fn description() -> Vec<Operation> {
    about(
        "description",
        [
            get("/api/openapi.json", "openapi", openapi::show).public().answers(Answer::Any),
            get("/api/v1/problems", "problems", problem::list)
                .public()
                .shows::<Vec<problem::ProblemKind>>(),
            get("/api/v1/problems/{problem}", "problem", problem::show)
                .public()
                .path("problem", Looks::Text)
                .shows::<problem::ProblemKind>(),
        ],
    )
}

fn people() -> Vec<Operation> {
    about(
        "people",
        [
            get("/api/v1/me", "me", unit::me).shows::<unit::Me>(),
            get("/api/v1/sessions", "sessions", session::list)
                .shows::<super::paging::Rows<session::SessionView>>(),
            delete("/api/v1/sessions/{session}", "end-session", session::end)
                .path("session", Looks::Number),
            get("/api/v1/units", "units", unit::list)
                .asks("q", Looks::Text)
                .asks("side", Looks::OneOf(&["government", "procuratorate", "court"]))
                .pages()
                .shows::<super::paging::Rows<unit::UnitRow>>(),
            get("/api/v1/units/{unit}", "unit", unit::show)
                .path("unit", Looks::Text)
                .shows::<unit::UnitView>(),
            get("/api/v1/divisions", "divisions", unit::find_divisions)
                .asks("q", Looks::Text)
                .asks("parent", Looks::Text)
                .asks("limit", Looks::Rows(super::paging::ROWS_MAX))
                .shows::<super::paging::Rows<unit::DivisionView>>(),
        ],
    )
}

fn rules() -> Vec<Operation> {
    about(
        "rules",
        [
            get("/api/v1/procedures", "procedures", procedure::list)
                .shows::<Vec<procedure::ProcedureRow>>(),
            get("/api/v1/procedures/{procedure}", "procedure", procedure::show)
                .path("procedure", Looks::Text)
                .shows::<procedure::ProcedureView>(),
            get("/api/v1/procedures/{procedure}/chart.svg", "chart", procedure::chart)
                .path("procedure", Looks::Text)
                .asks("lang", Looks::OneOf(&["zh", "en"]))
                .answers(Answer::Picture),
            get("/api/v1/limits", "limits", limit::list).shows::<Vec<limit::LimitView>>(),
            get("/api/v1/limits/{limit}", "limit", limit::show)
                .path("limit", Looks::Text)
                .shows::<limit::LimitView>(),
            get("/api/v1/deadlines", "deadline", limit::deadline_asked)
                .needs("limit", Looks::Text)
                .needs("from", Looks::Text)
                .asks_many("exclude", Looks::Text)
                .asks_many("extend", Looks::Number)
                .asks("as_of", Looks::Day)
                .shows::<limit::DeadlineView>(),
            post("/api/v1/deadlines", "count-deadline", limit::deadline_sent)
                .sends(limit::deadline_schema)
                .shows::<limit::DeadlineView>(),
        ],
    )
}

fn matters() -> Vec<Operation> {
    about(
        "matters",
        [
            get("/api/v1/matters", "matters", matter::list::list)
                .asks("procedure", Looks::Text)
                .asks("state", Looks::Text)
                .asks("ended", Looks::Truth)
                .asks("light", Looks::OneOf(matter::list::LIGHT_IDS))
                .asks("division", Looks::Text)
                .asks("category", Looks::Text)
                .asks("holder", Looks::Text)
                .asks("unit", Looks::Text)
                .asks("q", Looks::Text)
                .asks("opened_from", Looks::Day)
                .asks("opened_to", Looks::Day)
                .asks("sort", Looks::OneOf(matter::list::SORT_IDS))
                .pages()
                .shows::<super::paging::Rows<matter::list::MatterRow>>(),
            post("/api/v1/matters", "open", act::open)
                .acts()
                .sends(act::open_schema)
                .makes::<act::DoneView>(),
            get("/api/v1/matters/{matter}", "matter", matter::show)
                .path("matter", Looks::Matter)
                .shows::<matter::MatterView>(),
            get("/api/v1/matters/{matter}/events", "events", matter::event::list)
                .path("matter", Looks::Matter)
                .pages()
                .shows::<super::paging::Rows<matter::event::EventView>>(),
            get("/api/v1/matters/{matter}/access", "access", matter::access::list)
                .path("matter", Looks::Matter)
                .pages()
                .shows::<super::paging::Rows<matter::access::AccessView>>(),
        ],
    )
}

fn acts() -> Vec<Operation> {
    about(
        "acts",
        [
            post("/api/v1/matters/{matter}/actions/{action}", "act", act::act)
                .path("matter", Looks::Matter)
                .path("action", Looks::Text)
                .acts()
                .sees()
                .sends(act::act_schema)
                .shows::<act::DoneView>(),
            post("/api/v1/matters/{matter}/proposal/approve", "approve", act::approve)
                .path("matter", Looks::Matter)
                .acts()
                .sees()
                .may_send(act::seen_schema)
                .shows::<act::DoneView>(),
            post("/api/v1/matters/{matter}/proposal/return", "return", act::send_back)
                .path("matter", Looks::Matter)
                .acts()
                .sees()
                .sends(act::return_schema)
                .shows::<act::DoneView>(),
            post("/api/v1/matters/{matter}/proposal/take-back", "take-back", act::take_back)
                .path("matter", Looks::Matter)
                .acts()
                .sees()
                .may_send(act::seen_schema)
                .shows::<act::DoneView>(),
            post("/api/v1/matters/{matter}/obligations/{number}/urge", "urge", act::urge)
                .path("matter", Looks::Matter)
                .path("number", Looks::Number)
                .acts()
                .sees()
                .sends(act::urge_schema)
                .shows::<act::DoneView>(),
        ],
    )
}

fn work() -> Vec<Operation> {
    about(
        "work",
        [
            get("/api/v1/obligations", "obligations", obligation::list)
                .needs("of", Looks::OneOf(&["us", "them"]))
                .pages()
                .shows::<super::paging::Rows<obligation::ObligationRow>>(),
            get("/api/v1/counters", "counters", counter::show).shows::<counter::CountersView>(),
            post("/api/v1/exports", "export", job::export)
                .sends(job::schema)
                .makes::<job::JobView>(),
            get("/api/v1/jobs", "jobs", job::list).shows::<super::paging::Rows<job::JobView>>(),
            get("/api/v1/jobs/{job}", "job", job::show)
                .path("job", Looks::Number)
                .shows::<job::JobView>(),
            get("/api/v1/jobs/{job}/result", "job-result", job::result)
                .path("job", Looks::Number)
                .answers(Answer::Bytes),
            delete("/api/v1/jobs/{job}", "cancel-job", job::cancel).path("job", Looks::Number),
        ],
    )
}

fn drafts() -> Vec<Operation> {
    about(
        "drafts",
        [
            get("/api/v1/drafts", "drafts", draft::list)
                .shows::<super::paging::Rows<draft::DraftView>>(),
            get("/api/v1/drafts/{draft}", "draft", draft::show)
                .path("draft", Looks::Text)
                .shows::<draft::DraftView>(),
            put("/api/v1/drafts/{draft}", "put-draft", draft::put)
                .path("draft", Looks::Text)
                .sends(draft::schema)
                .shows::<draft::DraftView>(),
            delete("/api/v1/drafts/{draft}", "delete-draft", draft::delete)
                .path("draft", Looks::Text),
        ],
    )
}

fn attachments() -> Vec<Operation> {
    let mut upload = post("/api/v1/attachments", "upload", attachment::take)
        .header("X-File-Name", true, Looks::Text)
        .makes::<attachment::AttachmentView>();
    upload.body = Body::Bytes;
    let mut piece =
        patch("/api/v1/attachments/uploads/{upload}", "upload-piece", attachment::append)
            .path("upload", Looks::Hash)
            .header("Upload-Offset", true, Looks::Number);
    piece.body = Body::Piece;
    about(
        "attachments",
        [
            upload,
            post("/api/v1/attachments/uploads", "begin-upload", attachment::begin)
                .header("Upload-Length", true, Looks::Number)
                .header("Upload-Metadata", true, Looks::Text)
                .makes::<attachment::UploadView>(),
            get("/api/v1/attachments/uploads/{upload}", "upload-state", attachment::look)
                .path("upload", Looks::Hash)
                .shows::<attachment::UploadView>(),
            piece,
            delete("/api/v1/attachments/uploads/{upload}", "drop-upload", attachment::remove)
                .path("upload", Looks::Hash),
            get("/api/v1/attachments/{sha256}", "attachment", attachment::hand_out)
                .path("sha256", Looks::Hash)
                .answers(Answer::Bytes),
        ],
    )
}

fn record() -> Vec<Operation> {
    about(
        "ledger",
        [
            get("/api/v1/matters/{matter}/receipts/{event}", "receipt", ledger::receipt)
                .path("matter", Looks::Matter)
                .path("event", Looks::Number)
                .answers(Answer::Any),
            post("/api/v1/matters/{matter}/export", "export-matter", job::export_matter)
                .path("matter", Looks::Matter)
                .makes::<job::JobView>(),
            get("/api/v1/ledger/keys", "ledger-keys", ledger::keys).public().answers(Answer::Text),
            get("/api/v1/ledger/checkpoint", "ledger-checkpoint", ledger::checkpoint)
                .public()
                .answers(Answer::Text),
            get("/api/v1/ledger/shown", "ledger-shown", ledger::shown)
                .public()
                .asks("size", Looks::Count)
                .answers(Answer::Any),
            post("/api/v1/ledger/cosignatures", "ledger-cosign", ledger::cosign)
                .public()
                .takes_text(),
        ],
    )
}
