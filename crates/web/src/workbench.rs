//! The workbench (工作台): what we owe, what waits to be signed for, what others owe us, what became of
//! what we sent; for those who supervise, the lights of their units.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use jiff::ToSpan as _;
use jiff::civil::Date;
use procedure::definition::RoleName;
use store::matter::Page as Rows;
use store::obligation::ObligationRow;

use crate::House;
use crate::error::WebError;
use crate::fields::{Fields, Query};
use crate::filters;
use crate::message::{Language, T};
use crate::parts::line::{Line, OwedLine, Reader, Signing};
use crate::parts::mark::minute;
use crate::parts::pager::{PAGE_ROWS, Pager, page_number};
use crate::session::{Account, SignedIn, Visitor};
use crate::shell::{Page, Shell, weekday_short};

mod lights;
mod sign;

pub(crate) use self::lights::looks_at;

pub(crate) fn routes() -> Router<House> {
    Router::new()
        .route("/", get(show))
        .route("/lights", get(lights::show))
        .route("/work/{list}", get(list))
        // Beside the address of its own that takes the signatures.
        .route("/work/acknowledge", get(to_acknowledge).post(sign::sign))
}

/// Rows of each list on the workbench; the whole list is one click away.
const DESK_ROWS: u32 = 6;
/// Days ahead that the side shows.
const AHEAD_DAYS: i64 = 14;

/// The workbench.
#[derive(Debug, Template)]
#[template(path = "workbench/page.html")]
struct WorkbenchPage {
    t: T,
    shell: Shell,
    unit: String,
    openings: Vec<(String, String)>,
    owed: Vec<OwedLine>,
    owed_count: i64,
    has_late: bool,
    signing: Vec<(Line, Signing)>,
    signing_count: i64,
    theirs: Vec<OwedLine>,
    theirs_count: i64,
    theirs_late: bool,
    tracking: Vec<Line>,
    tracking_count: i64,
    approving: Vec<Line>,
    approving_count: i64,
    turn: Vec<Line>,
    turn_count: i64,
    drafts: Vec<DraftLine>,
    days: Vec<Day>,
}

#[derive(Debug)]
struct DraftLine {
    href: String,
    words: String,
    saved: String,
    refusal: Option<String>,
}

/// A day of the fortnight on which something ends, or a holiday.
#[derive(Debug)]
struct Day {
    date: Date,
    words: String,
    rest: Option<String>,
    entries: Vec<OwedLine>,
}

/// `GET /`.
async fn show(
    State(house): State<House>,
    account: Account,
    visitor: Visitor,
    who: Result<SignedIn, WebError>,
) -> Result<Response, WebError> {
    if account.session.platform.is_some() {
        return Ok(Redirect::to("/admin").into_response());
    }
    let who = who?;
    Ok(Page(page(&house, &who, visitor.language).await?).into_response())
}

async fn page(
    house: &House,
    who: &SignedIn,
    language: Language,
) -> Result<WorkbenchPage, WebError> {
    let (store, scope) = (&house.store, &who.scope);
    let reader = Reader::new(house, language);
    let counters = store.counters(who.unit).await?;
    let few = Rows::first(DESK_ROWS);
    let owed = store.obligation_list_owed_by_us(scope, few).await?;
    let theirs = store.obligation_list_owed_to_us(scope, few).await?;
    let signing = store.matter_list_to_acknowledge(scope, few).await?;
    let tracking = store.matter_list_tracking(scope, few).await?;
    let turn = store.matter_list_my_turn(scope, few).await?;
    let approving = if who.is(RoleName::Leader) {
        store.matter_list_to_approve(scope, few).await?
    } else {
        Vec::new()
    };
    let today = house.today();
    let until = today.saturating_add(AHEAD_DAYS.days());
    let due = store.obligation_list_due(scope, today, until).await?;
    let lines = |rows: Vec<_>| rows.into_iter().map(|row| reader.line(row)).collect::<Vec<_>>();
    let title = language.say("nav.home");
    let mut shell = house.shell(who, "home", title).await?;
    shell.crumbs.clear();
    let rules = house.store.rules();
    let openings = rules
        .openable(None)
        .filter(|one| who.is(one.open.role))
        .map(|one| (format!("/open/{}", one.id), language.of(&one.open.name).to_owned()));
    Ok(WorkbenchPage {
        t: language.t(),
        unit: who.unit_name.clone(),
        openings: openings.collect(),
        owed: owed.iter().map(|row| reader.owed(row)).collect(),
        owed_count: counters.owing,
        has_late: counters.overdue > 0,
        signing: signing
            .into_iter()
            .map(|row| {
                let act = reader.signing(&row);
                (reader.line(row), act)
            })
            .collect(),
        signing_count: counters.to_acknowledge,
        theirs: theirs.iter().map(|row| reader.owed(row)).collect(),
        theirs_count: counters.owed_to_us,
        theirs_late: counters.owed_to_us_overdue > 0,
        tracking: lines(tracking),
        tracking_count: counters.tracking,
        approving: lines(approving),
        approving_count: counters.to_approve,
        turn: lines(turn),
        turn_count: counters.my_turn,
        drafts: drafts(house, who, language).await?,
        days: days(&reader, house, language, &due),
        shell,
    })
}

async fn drafts(
    house: &House,
    who: &SignedIn,
    language: Language,
) -> Result<Vec<DraftLine>, WebError> {
    let rules = house.store.rules();
    let drafts = house.store.draft_list(who.user).await?;
    let mut lines = Vec::new();
    for draft in drafts.into_iter().filter(|draft| draft.unit == who.unit) {
        let (kind, name) = draft.form.split_once('/').unwrap_or((draft.form.as_str(), ""));
        let sight = match &draft.matter {
            Some(matter) => house.store.matter_fetch(&who.scope, matter).await?,
            None => None,
        };
        let matter = sight.as_ref().map(|sight| &sight.seen.matter);
        let (what, href) = match (kind, matter) {
            ("open", _) => {
                let Some(procedure) = rules.procedure(name) else { continue };
                let parent =
                    draft.matter.as_ref().map_or_else(String::new, |id| format!("?parent={id}"));
                (language.of(&procedure.open.name).to_owned(), format!("/open/{name}{parent}"))
            }
            ("act", Some(matter)) => {
                let action = rules.of(matter).and_then(|procedure| procedure.action(name));
                let Some(action) = action else { continue };
                let href = format!("/matters/{}/actions/{name}", matter.id);
                (language.of(&action.name).to_owned(), href)
            }
            (_, Some(matter)) => {
                (language.say("work.draft-other").to_owned(), format!("/matters/{}", matter.id))
            }
            (_, None) => continue,
        };
        let about = match matter {
            Some(matter) => matter.title.as_str(),
            None if draft.body.title.is_empty() => language.say("work.untitled"),
            None => draft.body.title.as_str(),
        };
        lines.push(DraftLine {
            href,
            words: language.fill("line.owed", &[("what", &what), ("title", &about)]),
            saved: minute(draft.saved_at),
            refusal: draft.refusal.map(|words| language.of(&words).to_owned()),
        });
    }
    Ok(lines)
}

fn days(reader: &Reader, house: &House, language: Language, due: &[ObligationRow]) -> Vec<Day> {
    let rules = house.store.rules();
    let today = house.today();
    let mut days = Vec::new();
    for ahead in 0..=AHEAD_DAYS {
        let date = today.saturating_add(ahead.days());
        let rest = rules.calendar().holiday_name(date).map(str::to_owned);
        let entries: Vec<_> =
            due.iter().filter(|row| row.due.date() == date).map(|row| reader.owed(row)).collect();
        if rest.is_some() || !entries.is_empty() {
            let words =
                format!("{} {}", date.strftime("%m-%d"), weekday_short(language, date.weekday()));
            days.push(Day { date, words, rest, entries });
        }
    }
    days
}

/// A whole list of the workbench.
#[derive(Debug, Template)]
#[template(path = "workbench/list.html")]
struct ListPage {
    t: T,
    shell: Shell,
    about: &'static str,
    empty: &'static str,
    owed: Vec<OwedLine>,
    lines: Vec<(Line, Signing, Vec<sign::Started>)>,
    drafts: Vec<DraftLine>,
    can_urge: bool,
    can_sign: bool,
    pager: Option<Pager>,
}

/// `GET /work/acknowledge`.
async fn to_acknowledge(
    State(house): State<House>,
    who: SignedIn,
    Query(query): Query,
) -> Result<Page<ListPage>, WebError> {
    list_page(&house, &who, "acknowledge", &query).await
}

/// `GET /work/{list}`.
async fn list(
    State(house): State<House>,
    who: SignedIn,
    Path(list): Path<String>,
    Query(query): Query,
) -> Result<Page<ListPage>, WebError> {
    list_page(&house, &who, &list, &query).await
}

async fn list_page(
    house: &House,
    who: &SignedIn,
    list: &str,
    query: &Fields,
) -> Result<Page<ListPage>, WebError> {
    let language = who.language;
    let t = language.t();
    let reader = Reader::new(house, language);
    let (store, scope) = (&house.store, &who.scope);
    let counters = store.counters(who.unit).await?;
    let number = page_number(query);
    let rows = Rows { number, rows: PAGE_ROWS };
    let (mut owed, mut matters, mut own_drafts) = (Vec::new(), Vec::new(), Vec::new());
    let (title, about, empty, total) = match list {
        "owed" => {
            owed = store.obligation_list_owed_by_us(scope, rows).await?;
            (t("work.owed"), t("work.owed-about"), t("work.owed-none"), counters.owing)
        }
        "theirs" => {
            owed = store.obligation_list_owed_to_us(scope, rows).await?;
            (t("work.theirs"), t("work.theirs-about"), t("work.theirs-none"), counters.owed_to_us)
        }
        "acknowledge" => {
            matters = store.matter_list_to_acknowledge(scope, rows).await?;
            let total = counters.to_acknowledge;
            (t("work.signing"), t("work.signing-about"), t("work.signing-none"), total)
        }
        "tracking" => {
            matters = store.matter_list_tracking(scope, rows).await?;
            let total = counters.tracking;
            (t("work.tracking"), t("work.tracking-about"), t("work.tracking-none"), total)
        }
        "approve" => {
            matters = store.matter_list_to_approve(scope, rows).await?;
            let total = counters.to_approve;
            (t("work.approving"), t("work.approving-about"), t("work.approving-none"), total)
        }
        "turn" => {
            matters = store.matter_list_my_turn(scope, rows).await?;
            (t("work.turn"), t("work.turn-about"), t("work.turn-none"), counters.my_turn)
        }
        "drafts" => {
            own_drafts = drafts(house, who, language).await?;
            (t("work.drafts"), t("work.drafts-about"), t("work.drafts-none"), 0)
        }
        _ => return Err(WebError::NotFound),
    };
    let shown = owed.len() + matters.len();
    let pager = (shown > 0 || (number > 1 && list != "drafts")).then(|| {
        let total = crate::parts::pager::Rows::Exactly(total);
        Pager::new(language, query, number, PAGE_ROWS, shown, total)
    });
    let can_sign = list == "acknowledge" && who.is(RoleName::Liaison);
    let mut lines = Vec::new();
    for row in matters {
        // Whoever signs for several at once sees what each of them starts.
        let starting =
            if can_sign { sign::starting(house, who, &reader, &row).await? } else { Vec::new() };
        let act = reader.signing(&row);
        lines.push((reader.line(row), act, starting));
    }
    let shell = house.shell(who, "home", title).await?.crumb_here(title);
    Ok(Page(ListPage {
        t,
        shell,
        about,
        empty,
        owed: owed.iter().map(|row| reader.owed(row)).collect(),
        lines,
        drafts: own_drafts,
        can_urge: list == "theirs" && scope.works(),
        can_sign,
        pager,
    }))
}
