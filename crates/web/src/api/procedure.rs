//! Procedures (程序): what they ask for, where they lead, who owes what.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use procedure::definition::{Action, Field, Format, ObligationKind, Tier};
use procedure::graph::graph;
use procedure::{Procedure, Rules};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::body::Json;
use super::caller::Caller;
use super::input::input_schema;
use super::matter::kind_id;
use super::problem::language;
use super::query::Asked;
use super::view::{Basis, Bilingual, Day, Named, basis, role, side};
use crate::House;
use crate::error::WebError;
use crate::fields::Query;
use crate::message::Language;
use crate::rules::chart_language;

/// A procedure in a list.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ProcedureRow {
    /// Its id.
    id: String,
    /// Its newest version, by the day it opens matters from.
    version: Day,
    /// Its name.
    name: Bilingual,
    /// What it is for.
    summary: Bilingual,
    /// Clause of the notice.
    clause: String,
    /// Whether people open it.
    opened_by_people: bool,
    /// Procedures it may hang under; none for a root.
    under: Vec<String>,
}

impl ProcedureRow {
    fn of(procedure: &Procedure) -> Self {
        Self {
            id: procedure.id.clone(),
            version: procedure.version.into(),
            name: (&procedure.name).into(),
            summary: (&procedure.summary).into(),
            clause: procedure.clause.clone(),
            opened_by_people: procedure.opened_by_people,
            under: procedure.under.clone(),
        }
    }
}

/// A procedure.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ProcedureView {
    /// What it is.
    #[serde(flatten)]
    row: ProcedureRow,
    /// Articles it rests on.
    basis: Vec<Basis>,
    /// Capacities.
    parties: Vec<PartyView>,
    /// Fields.
    fields: Vec<FieldView>,
    /// States.
    states: Vec<StateView>,
    /// The act of opening.
    open: ActionView,
    /// Actions.
    actions: Vec<ActionView>,
    /// Kinds of obligations.
    obligations: Vec<ObligationView>,
    /// Kinds of documents.
    documents: Vec<DocumentView>,
}

/// A capacity.
#[derive(Debug, Serialize, JsonSchema)]
struct PartyView {
    /// Its id.
    id: String,
    /// Its name.
    name: Bilingual,
    /// The side it must be on.
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    /// Whether the platform finds the unit by itself.
    found: bool,
    /// Whether it may stay empty.
    optional: bool,
    /// Whether several units may hold it.
    many: bool,
}

/// A field.
#[derive(Debug, Serialize, JsonSchema)]
struct FieldView {
    /// Its id.
    id: String,
    /// What it holds.
    kind: &'static str,
    /// Its label.
    label: Bilingual,
    /// Help.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Bilingual>,
    /// Options of a choice.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    options: Vec<Named>,
    /// Who may read it: `public`, `shared`, `procuratorate`, `criminal` or `sealed`.
    tier: &'static str,
    /// Longest, most or largest.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<i64>,
    /// Smallest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<i64>,
    /// Whether a day may lie in the future.
    future: bool,
    /// The day it may not lie before, or the field that holds that day.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<String>,
    /// The day it may not lie after, or the field that holds that day.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    /// The party, of the matter or else of the nearest above, whose unit it usually is.
    #[serde(skip_serializing_if = "Option::is_none")]
    usually: Option<String>,
    /// How a line of text is written: `uscc`, a unified social credit code.
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    /// For articles: the field with the day whose law decides; without one it is the day of the act.
    #[serde(skip_serializing_if = "Option::is_none")]
    law_on: Option<String>,
    /// For articles: the field with the day the conduct began, whose law may be cited too.
    #[serde(skip_serializing_if = "Option::is_none")]
    conduct_on: Option<String>,
    /// Articles.
    basis: Vec<Basis>,
}

/// A state.
#[derive(Debug, Serialize, JsonSchema)]
struct StateView {
    /// Its id.
    id: String,
    /// Its name.
    name: Bilingual,
    /// The capacity that holds the pen.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
    /// Whether the matter is over.
    end: bool,
    /// Why no limit runs here.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_limit: Option<Bilingual>,
}

/// An action.
#[derive(Debug, Serialize, JsonSchema)]
struct ActionView {
    /// Its id.
    id: String,
    /// Its name.
    name: Bilingual,
    /// Help.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Bilingual>,
    /// States it is possible in.
    from: Vec<String>,
    /// States it may lead to; none when the state stays.
    to: Vec<String>,
    /// Capacities that may do it.
    by: Vec<String>,
    /// The role.
    role: &'static str,
    /// Whether the platform does it, not a person.
    by_system: bool,
    /// Fields that must be given.
    input: Vec<String>,
    /// Fields that may be given.
    optional: Vec<String>,
    /// Fields that must be given on a condition.
    needed_at_times: Vec<String>,
    /// Steps of approval.
    approvals: Vec<ApprovalView>,
    /// Obligations that start.
    starts: Vec<String>,
    /// Documents it makes.
    documents: Vec<String>,
    /// What refuses it.
    refusals: Vec<RefusalView>,
    /// Whether it has consequences one should look at before.
    consequential: bool,
    /// Articles.
    basis: Vec<Basis>,
    /// What is filled in, as JSON Schema in the language asked for; not for what the platform does.
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<Value>,
}

/// One step of approval.
#[derive(Debug, Serialize, JsonSchema)]
struct ApprovalView {
    /// The capacity whose person approves; absent for the acting unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    party: Option<String>,
    /// The role.
    role: &'static str,
}

/// What refuses an action.
#[derive(Debug, Serialize, JsonSchema)]
struct RefusalView {
    /// The refusal in words.
    words: Bilingual,
    /// Articles.
    basis: Vec<Basis>,
}

/// A kind of obligation.
#[derive(Debug, Serialize, JsonSchema)]
struct ObligationView {
    /// Its id.
    id: String,
    /// What is owed.
    name: Bilingual,
    /// `obligation`: an act owed; `period`: time that must pass.
    nature: &'static str,
    /// The capacity that owes it.
    debtor: String,
    /// To which capacity.
    creditor: String,
    /// Limits it may rest on.
    limits: Vec<String>,
    /// The field that states its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Actions that meet it.
    met_by: Vec<String>,
}

/// A kind of document.
#[derive(Debug, Serialize, JsonSchema)]
struct DocumentView {
    /// Its id.
    id: String,
    /// Its name.
    name: Bilingual,
    /// The capacity that issues it.
    issuer: String,
    /// The capacities it is for.
    recipients: Vec<String>,
    /// Fields that are its contents.
    contents: Vec<String>,
    /// Articles.
    basis: Vec<Basis>,
}

/// `GET /procedures`.
pub(super) async fn list(State(house): State<House>, _: Caller) -> Json<Vec<ProcedureRow>> {
    Json(house.store.rules().procedures().map(ProcedureRow::of).collect())
}

/// `GET /procedures/{procedure}`.
pub(super) async fn show(
    State(house): State<House>,
    _: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<ProcedureView>, WebError> {
    let rules = house.store.rules();
    let procedure = rules.procedure(&id).ok_or(WebError::NotFound)?;
    Ok(Json(view(&rules, procedure, language(&headers))))
}

/// `GET /procedures/{procedure}/chart.svg`.
pub(super) async fn chart(
    State(house): State<House>,
    _: Caller,
    Path(id): Path<String>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, WebError> {
    let mut asked = Asked::of(query);
    let told = asked.one_of("lang", &[("zh", Language::Zh), ("en", Language::En)]);
    asked.finish()?;
    let rules = house.store.rules();
    let procedure = rules.procedure(&id).ok_or(WebError::NotFound)?;
    let language = told.unwrap_or_else(|| language(&headers));
    let chart = graph(procedure, chart_language(language), None);
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], chart).into_response())
}

fn view(rules: &Rules, procedure: &Procedure, language: Language) -> ProcedureView {
    let action = |action: &Action| action_view(rules, procedure, action, language);
    let party = |party: &procedure::definition::Party| PartyView {
        id: party.id.clone(),
        name: (&party.name).into(),
        side: party.side.map(side),
        found: party.from.is_some(),
        optional: party.optional,
        many: party.many,
    };
    let state = |state: &procedure::definition::State| StateView {
        id: state.id.clone(),
        name: (&state.name).into(),
        holder: state.holder.clone(),
        end: state.end,
        no_limit: state.no_limit.as_ref().map(Bilingual::from),
    };
    let owed = |owed: &procedure::definition::ObligationKindOf| ObligationView {
        id: owed.id.clone(),
        name: (&owed.name).into(),
        nature: match owed.kind {
            ObligationKind::Obligation => "obligation",
            ObligationKind::Period => "period",
        },
        debtor: owed.debtor.clone(),
        creditor: owed.creditor.clone(),
        limits: owed.limit.iter().map(|choice| choice.used.clone()).collect(),
        until: owed.until.clone(),
        met_by: owed.met_by.clone(),
    };
    let document = |document: &procedure::definition::Document| DocumentView {
        id: document.id.clone(),
        name: (&document.name).into(),
        issuer: document.issuer.clone(),
        recipients: document.recipients.clone(),
        contents: document.contents.clone(),
        basis: basis(rules, &document.basis),
    };
    ProcedureView {
        row: ProcedureRow::of(procedure),
        basis: basis(rules, &procedure.basis),
        parties: procedure.parties.values().map(party).collect(),
        fields: procedure.fields.iter().map(|field| field_view(rules, field)).collect(),
        states: procedure.states.iter().map(state).collect(),
        open: action(&procedure.open),
        actions: procedure.actions.iter().map(action).collect(),
        obligations: procedure.obligations.iter().map(owed).collect(),
        documents: procedure.documents.iter().map(document).collect(),
    }
}

fn field_view(rules: &Rules, field: &Field) -> FieldView {
    let options = field.options.iter();
    FieldView {
        id: field.id.clone(),
        kind: kind_id(field.kind),
        label: (&field.label).into(),
        help: Bilingual::given(&field.help),
        options: options.map(|option| Named::new(&option.id, Some(&option.words))).collect(),
        tier: tier_id(field.tier),
        max: field.max,
        min: field.min,
        future: field.future,
        not_before: field.not_before.as_ref().map(ToString::to_string),
        not_after: field.not_after.as_ref().map(ToString::to_string),
        format: field.format.map(format_id),
        usually: field.usually.clone(),
        law_on: field.law_on.clone(),
        conduct_on: field.conduct_on.clone(),
        basis: basis(rules, &field.basis),
    }
}

fn format_id(format: Format) -> &'static str {
    match format {
        Format::Uscc => "uscc",
    }
}

fn tier_id(tier: Tier) -> &'static str {
    match tier {
        Tier::Public => "public",
        Tier::Shared => "shared",
        Tier::Procuratorate => "procuratorate",
        Tier::Criminal => "criminal",
        Tier::Sealed => "sealed",
    }
}

fn action_view(
    rules: &Rules,
    procedure: &Procedure,
    action: &Action,
    language: Language,
) -> ActionView {
    let approval = |step: &procedure::definition::Approval| ApprovalView {
        party: step.party.clone(),
        role: role(step.role),
    };
    let refusal = |condition: &procedure::definition::Condition| RefusalView {
        words: (&condition.refusal).into(),
        basis: basis(rules, &condition.basis),
    };
    ActionView {
        id: action.id.clone(),
        name: (&action.name).into(),
        help: Bilingual::given(&action.help),
        from: action.from.clone(),
        to: action.to.iter().map(|to| to.used.clone()).collect(),
        by: action.by.clone(),
        role: role(action.role),
        by_system: action.by_system(),
        input: action.input.clone(),
        optional: action.optional.clone(),
        needed_at_times: action.required_when.iter().map(|rule| rule.used.clone()).collect(),
        approvals: action.approvals.iter().map(approval).collect(),
        starts: action.starts.clone(),
        documents: action.documents.clone(),
        refusals: action.guards.iter().map(refusal).collect(),
        consequential: action.consequential,
        basis: basis(rules, &action.basis),
        schema: (!action.by_system()).then(|| input_schema(procedure, action, language)),
    }
}
