//! Forms: doing an action of a procedure, opening a matter.
//!
//! Every form comes from the procedure file. What is typed is never lost: it is saved as a draft while
//! it is written, it comes back with its errors, and what the rules refuse is kept.

mod article;
pub(crate) mod confirm;
pub(crate) mod consequence;
mod field;
mod needed;
mod refused;
mod sent;

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request as HttpRequest, State as Given};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use procedure::decide::{
    Command, OpenRequest, Request, World, decide, offers, open, opening_refusal,
};
use procedure::definition::Action;
use procedure::guard::Term;
use procedure::{Decision, Family, FieldError, MatterId, Procedure, Refusal, Why};
use store::answer::Key;
use store::draft::{Draft, DraftBody};
use store::{ActError, Done as Acted};

use self::consequence::{Consequence, consequences};
use self::field::{Control, Filled, Input};
use self::sent::Sent;
use crate::House;
use crate::error::{WebError, unprocessable};
use crate::fields::{Fields, Query};
use crate::filters;
use crate::matter::clock::{Clock, clocks};
use crate::matter::look::Look;
use crate::matter::{People, Room};
use crate::message::T;
use crate::session::{Done, SignedIn};
use crate::shell::{Page, Shell};

pub(crate) use self::refused::act_error;

/// The pages on which something is filled in.
pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/matters/{matter}/actions/{action}", get(show_action).post(do_action))
        .route("/open/{procedure}", get(show_opening).post(do_opening))
        // Files come with the form where there is no script; each has its own limit.
        .layer(DefaultBodyLimit::disable())
}

/// What a form is for.
pub(crate) enum Aim<'a> {
    /// An action on the matter of a room.
    Act { room: &'a Room, procedure: &'a Procedure, action: &'a Action },
    /// Opening a matter, under the matter of a room or as a root.
    Open { room: Option<&'a Room>, procedure: &'a Procedure },
}

impl<'a> Aim<'a> {
    fn room(&self) -> Option<&'a Room> {
        match self {
            Self::Act { room, .. } => Some(room),
            Self::Open { room, .. } => *room,
        }
    }

    fn procedure(&self) -> &'a Procedure {
        match self {
            Self::Act { procedure, .. } | Self::Open { procedure, .. } => procedure,
        }
    }

    fn action(&self) -> &'a Action {
        match self {
            Self::Act { action, .. } => action,
            Self::Open { procedure, .. } => &procedure.open,
        }
    }

    /// The matter its draft belongs to.
    fn draft_matter(&self) -> Option<&'a MatterId> {
        self.room().map(|room| &room.matter().id)
    }

    /// What its draft is filed under.
    fn draft_form(&self) -> String {
        match self {
            Self::Act { action, .. } => format!("act/{}", action.id),
            Self::Open { procedure, .. } => format!("open/{}", procedure.id),
        }
    }

    /// Where the form is, and where it is sent.
    pub(crate) fn href(&self) -> String {
        match self {
            Self::Act { room, action, .. } => {
                format!("/matters/{}/actions/{}", room.matter().id, action.id)
            }
            Self::Open { room: Some(room), procedure } => {
                format!("/open/{}?parent={}", procedure.id, room.matter().id)
            }
            Self::Open { room: None, procedure } => format!("/open/{}", procedure.id),
        }
    }

    /// The page one came from.
    pub(crate) fn back(&self) -> String {
        self.room().map_or_else(|| "/".to_owned(), |room| format!("/matters/{}", room.matter().id))
    }
}

/// Whom and what a form is made for.
pub(crate) struct Desk<'a> {
    pub(crate) house: &'a House,
    pub(crate) who: &'a SignedIn,
    pub(crate) look: Look<'a>,
    pub(crate) aim: Aim<'a>,
}

/// A fault told on top of the form, leading to its field.
struct Fault {
    href: String,
    words: String,
}

#[derive(Template)]
#[template(path = "form/page.html")]
struct FormPage {
    t: T,
    shell: Shell,
    title: String,
    about: String,
    about_href: String,
    help: String,
    cite: String,
    href: String,
    back: String,
    draft: String,
    has_files: bool,
    has_place: bool,
    key: String,
    version: String,
    asks_title: bool,
    title_value: String,
    title_error: String,
    title_help: String,
    title_max: usize,
    parties: Vec<Input>,
    fields: Vec<Input>,
    faults: Vec<Fault>,
    faults_words: String,
    /// Something to know before writing: that a draft was taken up, why it was refused.
    notice: String,
    next_words: String,
    waits_words: String,
    clocks: Vec<Clock>,
    /// What an act that asks for nothing will bring about, told where it is done.
    consequences: Vec<Consequence>,
    upload_max: u64,
    upload_max_words: String,
}

/// `GET /matters/{matter}/actions/{action}`.
async fn show_action(
    Given(house): Given<House>,
    who: SignedIn,
    Path((id, action)): Path<(String, String)>,
) -> Result<Response, WebError> {
    let room = Room::enter(&house, &who, &id).await?;
    let desk = Desk::for_action(&house, &who, &room, &action)?;
    desk.show().await
}

/// `POST /matters/{matter}/actions/{action}`.
async fn do_action(
    Given(house): Given<House>,
    who: SignedIn,
    Path((id, action)): Path<(String, String)>,
    request: HttpRequest,
) -> Result<Response, WebError> {
    let room = Room::enter(&house, &who, &id).await?;
    let desk = Desk::for_action(&house, &who, &room, &action)?;
    let sent = sent::read(&house, &who, request).await?;
    desk.answer(sent).await
}

/// `GET /open/{procedure}?parent={matter}`.
async fn show_opening(
    Given(house): Given<House>,
    who: SignedIn,
    Path(procedure): Path<String>,
    Query(query): Query,
) -> Result<Response, WebError> {
    let room = parent(&house, &who, &query).await?;
    let (rules, directory) = (house.store.rules(), house.store.directory());
    let desk = Desk::for_opening(&house, &who, room.as_ref(), (&rules, &directory), &procedure)?;
    desk.show().await
}

/// `POST /open/{procedure}?parent={matter}`.
async fn do_opening(
    Given(house): Given<House>,
    who: SignedIn,
    Path(procedure): Path<String>,
    Query(query): Query,
    request: HttpRequest,
) -> Result<Response, WebError> {
    let room = parent(&house, &who, &query).await?;
    let (rules, directory) = (house.store.rules(), house.store.directory());
    let desk = Desk::for_opening(&house, &who, room.as_ref(), (&rules, &directory), &procedure)?;
    let sent = sent::read(&house, &who, request).await?;
    desk.answer(sent).await
}

async fn parent(house: &House, who: &SignedIn, query: &Fields) -> Result<Option<Room>, WebError> {
    match query.given("parent") {
        Some(id) => Room::enter(house, who, id).await.map(Some),
        None => Ok(None),
    }
}

impl<'a> Desk<'a> {
    fn for_action(
        house: &'a House,
        who: &'a SignedIn,
        room: &'a Room,
        action: &str,
    ) -> Result<Self, WebError> {
        let procedure = room.procedure()?;
        let action = procedure.action(action).filter(|action| !action.by_system());
        let action = action.ok_or(WebError::NotFound)?;
        Ok(Self { house, who, look: room.look(who), aim: Aim::Act { room, procedure, action } })
    }

    fn for_opening(
        house: &'a House,
        who: &'a SignedIn,
        room: Option<&'a Room>,
        (rules, directory): (&'a procedure::Rules, &'a store::directory::Directory),
        procedure: &str,
    ) -> Result<Self, WebError> {
        let now = house.now();
        let (scope, language) = (&who.scope, who.language);
        let look = Look { rules, directory, scope, now, language };
        let procedure = rules.opening(procedure, look.today()).ok_or(WebError::NotFound)?;
        Ok(Self { house, who, look, aim: Aim::Open { room, procedure } })
    }

    fn world(&self) -> World<'a> {
        World { rules: self.look.rules, directory: self.look.directory, now: self.look.now }
    }

    fn family(&self) -> Family {
        self.aim.room().map(|room| room.sight.whole.clone()).unwrap_or_default()
    }

    /// Why this cannot be done now, before anything is filled in.
    fn refusal(&self) -> Option<Refusal> {
        let actor = self.who.actor();
        match &self.aim {
            Aim::Act { room, action, .. } => {
                let whole = &room.sight.whole;
                let matter = whole.get(&room.matter().id).unwrap_or(room.matter());
                let offers = offers(self.world(), whole, matter, &actor);
                offers.into_iter().find(|offer| offer.action.id == action.id)?.refusal
            }
            Aim::Open { room, procedure } => {
                opening_refusal(self.world(), procedure, room.map(Room::matter), &actor)
            }
        }
    }

    async fn draft(&self) -> Result<Option<Draft>, WebError> {
        let form = self.aim.draft_form();
        Ok(self.house.store.draft_fetch(self.who.user, &form, self.aim.draft_matter()).await?)
    }

    /// Keeps what was filled in; an empty form leaves no draft behind.
    async fn keep(&self, filled: &Filled) -> Result<(), WebError> {
        let (form, matter) = (self.aim.draft_form(), self.aim.draft_matter().cloned());
        let body = filled.body(self.look.directory);
        crate::draft::keep(self.house, self.who, &form, matter, body).await
    }

    /// Keeps what was filled in and what the rules said to it.
    async fn keep_answered(
        &self,
        filled: &Filled,
        refusal: Option<&Refusal>,
    ) -> Result<(), WebError> {
        let (form, matter) = (self.aim.draft_form(), self.aim.draft_matter().cloned());
        let body = filled.body(self.look.directory);
        let words = refusal.map(Refusal::in_full);
        crate::draft::keep_answered(self.house, self.who, &form, matter, body, words).await
    }

    /// The form as it is opened: with the draft, else with what is known already.
    async fn show(&self) -> Result<Response, WebError> {
        let draft = self.draft().await?;
        if let Some(refusal) = self.refusal() {
            if refusal.why == Why::Unknown {
                return Err(WebError::NotFound);
            }
            return self.refused(refusal, draft.is_some()).await;
        }
        let (filled, notice) = match draft {
            Some(draft) => {
                let saved = crate::parts::mark::minute(draft.saved_at);
                let mut notice = self.look.fill("form.draft-taken-up", &[("time", &saved)]);
                if let Some(words) = &draft.refusal {
                    notice = self.look.fill("form.draft-refused", &[("why", &self.look.of(words))]);
                }
                (Filled::from_draft(draft.body), notice)
            }
            None => (self.known(), String::new()),
        };
        Ok(Page(self.page(&filled, &[], notice, None).await?).into_response())
    }

    /// What can be filled in without asking: the letter in the making, what the parent says already.
    fn known(&self) -> Filled {
        match &self.aim {
            Aim::Act { room, procedure, action } => {
                let mut known = field::in_the_making(room, procedure, action);
                field::usual(&mut known, &self.look, room, procedure, action);
                known
            }
            Aim::Open { room: Some(room), procedure } => field::from_parent(room, procedure),
            Aim::Open { room: None, .. } => Filled::default(),
        }
    }

    /// The form was sent.
    async fn answer(&self, sent: Sent) -> Result<Response, WebError> {
        let filled = Filled::from_fields(&sent.fields);
        let version = sent.fields.get("version").to_owned();
        match sent.fields.get("step") {
            "edit" => {
                let page = self.page(&filled, &[], String::new(), Some(version)).await?;
                return Ok(Page(page).into_response());
            }
            "save" => {
                self.keep(&filled).await?;
                return Ok(Done::to(self.aim.back(), "form.saved").into_response());
            }
            _ => {}
        }
        if !sent.faults.is_empty() {
            self.keep(&filled).await?;
            return self.again(&filled, &sent.faults, version).await;
        }
        let is_checked = sent.fields.get("step") == "confirm";
        if self.aim.action().consequential && !is_checked {
            return match self.foresee(&filled, &version) {
                Ok(decision) => {
                    // Kept already: whoever reads the confirm page for an hour loses nothing.
                    self.keep_answered(&filled, None).await?;
                    confirm::page(self, &filled, &version, &decision).await
                }
                Err(refusal) => {
                    self.keep_answered(&filled, Some(&refusal)).await?;
                    self.sorry(refusal, &filled, version).await
                }
            };
        }
        match self.act(&filled, &sent.fields).await {
            Ok(acted) => Ok(self.done(&acted)),
            Err(ActError::Refused(refused)) => self.sorry(refused.refusal, &filled, version).await,
            Err(error) => {
                // Whatever broke, what was typed is not lost with it; the first failure is the one told.
                let _ = self.keep(&filled).await;
                Err(act_failure(error))
            }
        }
    }

    /// What the rules would answer and bring about.
    fn foresee(&self, filled: &Filled, version: &str) -> Result<Decision, Refusal> {
        let (actor, directory) = (self.who.actor(), self.look.directory);
        let mut new_id = no_new_id();
        match &self.aim {
            Aim::Act { room, .. } => {
                let request = self.act_request(room, filled, version.parse().ok());
                decide(self.world(), self.family(), &actor, &request, &mut new_id)
            }
            Aim::Open { .. } => {
                let request = self.open_request(filled, directory);
                open(self.world(), self.family(), &actor, &request, &mut new_id)
            }
        }
    }

    fn act_request(&self, room: &Room, filled: &Filled, seen: Option<u32>) -> Request {
        let input = filled.body(self.look.directory).input;
        let command = Command::Act { action: self.aim.action().id.clone(), input };
        Request { matter: room.matter().id.clone(), seen, command }
    }

    fn open_request(
        &self,
        filled: &Filled,
        directory: &store::directory::Directory,
    ) -> OpenRequest {
        let DraftBody { title, parties, input } = filled.body(directory);
        OpenRequest {
            procedure: self.aim.procedure().id.clone(),
            parent: self.aim.draft_matter().cloned(),
            title,
            parties,
            input,
        }
    }

    async fn act(&self, filled: &Filled, fields: &Fields) -> Result<Acted, ActError> {
        let (store, actor, key) = (&self.house.store, self.who.actor(), key_of(fields));
        match &self.aim {
            Aim::Act { room, .. } => {
                let request = self.act_request(room, filled, fields.parsed("version"));
                store.act(&actor, request, key).await
            }
            Aim::Open { .. } => {
                let request = self.open_request(filled, self.look.directory);
                store.open_matter(&actor, request, key).await
            }
        }
    }

    fn done(&self, acted: &Acted) -> Response {
        let action = self.aim.action();
        let key = match &self.aim {
            Aim::Open { .. } => "form.opened",
            Aim::Act { .. } if action.approvals.is_empty() => "form.done",
            Aim::Act { .. } => "form.proposed",
        };
        let about = match &self.aim {
            Aim::Open { .. } => acted.number.clone(),
            Aim::Act { .. } => self.look.of(&action.name),
        };
        Done::about(format!("/matters/{}", acted.matter), key, about).into_response()
    }

    /// The rules said no: to single fields, so the form comes again; or to the act as it stands.
    async fn sorry(
        &self,
        refusal: Refusal,
        filled: &Filled,
        version: String,
    ) -> Result<Response, WebError> {
        match refusal.why {
            Why::Fields => self.again(filled, &refusal.fields, version).await,
            Why::Condition => {
                let fault = self.condition_fault(refusal);
                self.again(filled, &[fault], version).await
            }
            Why::Unknown => Err(WebError::NotFound),
            Why::Stale => self.stale(refusal, &version).await,
            Why::Ended
            | Why::State
            | Why::Party
            | Why::Role
            | Why::Turn
            | Why::Awaiting
            | Why::NothingDrafted
            | Why::FourEyes => self.refused(refusal, true).await,
        }
    }

    /// A condition that does not hold, told at the field it speaks of, with its article.
    fn condition_fault(&self, refusal: Refusal) -> FieldError {
        let action = self.aim.action();
        let mut field = String::new();
        let broken = action.guards.iter().find(|condition| condition.refusal == refusal.words);
        if let Some(condition) = broken {
            condition.must.terms(&mut |term| {
                if let Term::Field(id) = term
                    && field.is_empty()
                    && action.fields().any(|asked| asked == id)
                {
                    field.clone_from(id);
                }
            });
        }
        let mut words = refusal.words;
        let cite = self.look.cite(&refusal.basis);
        if !cite.is_empty() {
            words.zh = format!("{}（{cite}）", words.zh.trim_end_matches('。'));
            words.en = format!("{} ({cite})", words.en);
        }
        FieldError { field, words }
    }

    async fn again(
        &self,
        filled: &Filled,
        faults: &[FieldError],
        version: String,
    ) -> Result<Response, WebError> {
        let page = self.page(filled, faults, String::new(), Some(version)).await?;
        Ok(unprocessable(Page(page)))
    }

    async fn page(
        &self,
        filled: &Filled,
        faults: &[FieldError],
        notice: String,
        version: Option<String>,
    ) -> Result<FormPage, WebError> {
        let (look, action, procedure) = (&self.look, self.aim.action(), self.aim.procedure());
        let title = match &self.aim {
            Aim::Act { .. } | Aim::Open { .. } => look.of(&action.name),
        };
        let room = self.aim.room();
        let (about, about_href) = room.map_or_else(Default::default, |room| {
            let matter = room.matter();
            (format!("{} {}", matter.number, matter.title), format!("/matters/{}", matter.id))
        });
        let fields = field::inputs(look, room, procedure, action, filled, faults);
        let parties = match &self.aim {
            Aim::Open { procedure, .. } => field::parties(look, procedure, filled, faults),
            Aim::Act { .. } => Vec::new(),
        };
        let max = self.house.settings.upload_bytes_max;
        let version = version
            .or_else(|| room.map(|room| room.matter().events.to_string()))
            .unwrap_or_default();
        let is_opening = matches!(self.aim, Aim::Open { .. });
        let consequences = self.foreseen(filled).await?;
        Ok(FormPage {
            t: self.who.language.t(),
            shell: self.shell(&title).await?.crumb_here(&title),
            about,
            about_href,
            help: look.of(&action.help),
            cite: look.cite(&action.basis),
            href: self.aim.href(),
            back: self.aim.back(),
            draft: crate::draft::address(&self.aim.draft_form(), self.aim.draft_matter()),
            has_files: fields.iter().any(Input::is_files),
            has_place: fields.iter().any(Input::is_place),
            key: self.house.secret()?,
            version,
            asks_title: is_opening,
            title_value: filled.title.clone(),
            title_error: field::fault(look, faults, "title"),
            title_help: look.say(if room.is_some() {
                "form.title-help-child"
            } else {
                "form.title-help"
            }),
            title_max: procedure::decide::TITLE_CHARS_MAX,
            faults: summary(look, faults, &parties, &fields),
            faults_words: look.fill("form.faults", &[("number", &faults.len())]),
            parties,
            fields,
            notice,
            next_words: self.next_words(!consequences.is_empty()),
            waits_words: self.waits_words(),
            consequences,
            clocks: room.map(|room| clocks(look, room.matter())).unwrap_or_default(),
            upload_max: max,
            upload_max_words: crate::matter::value::size_words(max),
            title,
        })
    }

    /// What an act that asks for nothing would bring about: it is done from this page, so this page says
    /// what it starts. Acts with a confirm page say it there.
    async fn foreseen(&self, filled: &Filled) -> Result<Vec<Consequence>, WebError> {
        let Aim::Act { room, action, .. } = &self.aim else { return Ok(Vec::new()) };
        if action.consequential || action.fields().next().is_some() {
            return Ok(Vec::new());
        }
        let Ok(decision) = self.foresee(filled, "") else { return Ok(Vec::new()) };
        let (people, matter) = (self.people().await?, &room.matter().id);
        let mut all = consequences(&self.look, &self.family(), &decision, matter, &people);
        all.retain(|one| !one.is_final);
        Ok(all)
    }

    /// The words of the button. Where the page says already what will happen, that is the act itself.
    fn next_words(&self, is_told: bool) -> String {
        let action = self.aim.action();
        if is_told && action.approvals.is_empty() {
            self.look.of(&action.name)
        } else {
            self.look.say(self.next_key())
        }
    }

    fn next_key(&self) -> &'static str {
        let action = self.aim.action();
        match (action.consequential, action.approvals.is_empty(), &self.aim) {
            (true, _, _) => "form.next-check",
            (false, false, _) => "form.next-propose",
            (false, true, Aim::Open { .. }) => "form.next-open",
            (false, true, Aim::Act { .. }) => "form.next-do",
        }
    }

    /// Who must approve before it takes effect; empty when nobody must.
    fn waits_words(&self) -> String {
        let steps: Vec<_> = self
            .aim
            .action()
            .approvals
            .iter()
            .map(|step| {
                let role = self.look.role(step.role);
                let units = step.party.as_ref().zip(self.aim.room());
                let unit = units.map(|(party, room)| self.look.units(room.matter().party(party)));
                unit.map_or_else(|| role.clone(), |unit| format!("{unit} {role}"))
            })
            .collect();
        if steps.is_empty() {
            return String::new();
        }
        self.look.fill("form.needs-approval", &[("who", &steps.join(" → "))])
    }

    pub(crate) async fn shell(&self, title: &str) -> Result<Shell, WebError> {
        if let Some(room) = self.aim.room() {
            let shell = room.shell(self.house, self.who, title).await?;
            return Ok(shell.crumb(self.aim.back(), &room.matter().number));
        }
        let mechanism = crate::mechanism::of_clause(&self.aim.procedure().clause);
        let place = mechanism.map_or("register", |mechanism| mechanism.id);
        let shell = self.house.shell(self.who, place, title).await?;
        Ok(shell.crumb(format!("/{place}"), self.look.say(&format!("nav.{place}"))))
    }

    /// The people a page about the matter names.
    pub(crate) async fn people(&self) -> Result<People, WebError> {
        match self.aim.room() {
            Some(room) => People::of(self.house, room.matter(), &[]).await,
            None => Ok(People::nobody()),
        }
    }
}

/// What is told on top of the form: every fault, leading to its field where there is one.
fn summary(
    look: &Look<'_>,
    faults: &[FieldError],
    parties: &[Input],
    fields: &[Input],
) -> Vec<Fault> {
    let known = |name: &str| parties.iter().chain(fields).find(|input| input.is_of(name));
    faults
        .iter()
        .map(|fault| {
            let words = look.of(&fault.words);
            match known(&fault.field) {
                Some(input) if words.contains(&input.label) => {
                    Fault { href: format!("#{}", input.id), words }
                }
                Some(input) => Fault {
                    href: format!("#{}", input.id),
                    words: format!("{}{}{words}", input.label, look.say("matter.colon")),
                },
                None if fault.field == "title" => Fault { href: "#f-title".to_owned(), words },
                None => Fault { href: String::new(), words },
            }
        })
        .collect()
}

/// The key a form carries so that sending it twice acts once.
pub(crate) fn key_of(fields: &Fields) -> Option<Key> {
    Key::parse(fields.get("key"))
}

/// Why an act failed that no rule refused.
pub(crate) fn act_failure(error: ActError) -> WebError {
    match error {
        ActError::Refused(refused) => refused.refusal.into(),
        ActError::NotFound => WebError::NotFound,
        ActError::KeyReused => WebError::Conflict(crate::message::words("form.key-reused")),
        ActError::Store(error) => error.into(),
    }
}

/// Ids for matters that are only foreseen; they are thrown away with the decision.
pub(crate) fn no_new_id() -> impl FnMut() -> MatterId {
    let mut number = 0_u64;
    move || {
        number += 1;
        let text = format!("00000000-0000-7000-8000-{number:012x}");
        #[expect(clippy::expect_used, reason = "the text is well formed by construction")]
        text.parse().expect("a matter id")
    }
}

/// What a form's fields hold, as a draft keeps it.
pub(crate) fn draft_body(fields: &Fields, directory: &store::directory::Directory) -> DraftBody {
    Filled::from_fields(fields).body(directory)
}
