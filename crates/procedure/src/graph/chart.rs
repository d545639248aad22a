//! What is drawn: states, the links between them, and the places a link passes through.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Index, IndexMut};

use super::Language;
use super::text::{ems, wrap};
use crate::definition::{Action, Procedure, State};

/// Height of a state's name.
pub(super) const NAME: f64 = 15.0;
/// Height of an action's name on a link.
pub(super) const LABEL: f64 = 12.5;
/// Height of the small print.
pub(super) const SMALL: f64 = 11.0;
/// Distance between lines as a multiple of the height.
pub(super) const LEADING: f64 = 1.35;

/// Longest line of the acts inside a box, in ems.
const STAY: f64 = 20.0;

/// The start, a state, a label or a bend of a link; made by [`Chart::add`] alone, so it never dangles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct NodeId(usize);

/// One line of text.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub text: String,
    pub size: f64,
    pub bold: bool,
}

impl Line {
    pub(super) fn width(&self) -> f64 {
        // Bold letters are a little wider.
        ems(&self.text) * self.size * if self.bold { 1.06 } else { 1.0 }
    }

    pub(super) fn height(&self) -> f64 {
        self.size * LEADING
    }
}

/// What stands at a place.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// The dot from which a matter is opened.
    Start,
    /// A state.
    State(StateBox),
    /// The words on a link.
    Label(Vec<Line>),
    /// Where a link passes a layer.
    Bend,
}

/// A state as it is lettered.
#[derive(Debug, Clone)]
pub(super) struct StateBox {
    pub id: String,
    pub end: bool,
    pub head: Vec<Line>,
    /// The actions after which the matter stays here.
    pub stays: Vec<Line>,
}

/// A node with its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub kind: Kind,
    /// On the straight line down the middle.
    pub spine: bool,
    pub layer: usize,
    /// Which from the left within the layer.
    pub order: usize,
    pub width: f64,
    pub height: f64,
    /// The middle.
    pub x: f64,
    /// The top.
    pub y: f64,
    /// Wires to the layer above, by index into [`Chart::wires`].
    pub above: Vec<WireId>,
    /// Wires to the layer below.
    pub below: Vec<WireId>,
}

impl Node {
    pub(super) fn is_box(&self) -> bool {
        matches!(self.kind, Kind::Start | Kind::State(_))
    }
}

/// A wire: one step of a link from a layer to the next below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WireId(usize);

/// See [`WireId`].
#[derive(Debug, Clone)]
pub(super) struct Wire {
    pub link: LinkId,
    pub upper: NodeId,
    pub lower: NodeId,
    /// Where it leaves the upper node.
    pub upper_x: f64,
    /// Where it meets the lower node.
    pub lower_x: f64,
    /// The height of its level piece, when it has one.
    pub level: Option<f64>,
}

/// A link: actions that lead from the same states to the same state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LinkId(usize);

/// See [`LinkId`].
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub sources: Vec<NodeId>,
    pub target: NodeId,
    pub lines: Vec<Line>,
    /// Nobody does it; it follows by itself.
    pub system: bool,
    /// It leads back up.
    pub upward: bool,
    /// The places it passes, from the top down, its label among them.
    pub trunk: Vec<NodeId>,
}

/// Everything that is drawn.
#[derive(Debug, Clone, Default)]
pub(super) struct Chart {
    nodes: Vec<Node>,
    links: Vec<Link>,
    wires: Vec<Wire>,
    /// The main path, the start before it when it leads there.
    pub main: Vec<NodeId>,
    /// Nodes of each layer from left to right.
    pub layers: Vec<Vec<NodeId>>,
}

macro_rules! indexed {
    ($id:ident, $field:ident, $thing:ty) => {
        impl Index<$id> for Chart {
            type Output = $thing;

            fn index(&self, id: $id) -> &$thing {
                &self.$field[id.0]
            }
        }

        impl IndexMut<$id> for Chart {
            fn index_mut(&mut self, id: $id) -> &mut $thing {
                &mut self.$field[id.0]
            }
        }
    };
}

indexed!(NodeId, nodes, Node);
indexed!(LinkId, links, Link);
indexed!(WireId, wires, Wire);

impl Chart {
    /// The states of a procedure and the links between them, no place given yet.
    pub(super) fn of(procedure: &Procedure, language: Language) -> Self {
        let lettering = Lettering { procedure, language };
        let mut chart = Self::default();
        let start = chart.add(Kind::Start, 14.0, 14.0);
        let mut by_id = BTreeMap::new();
        for state in &procedure.states {
            let lettered = lettering.state(state);
            let (width, height) = lettered.extent();
            let node = chart.add(Kind::State(lettered), width, height);
            by_id.insert(state.id.as_str(), node);
        }
        chart.main =
            procedure.main_path.iter().filter_map(|id| by_id.get(id.as_str()).copied()).collect();

        // Acts with the same beginnings and the same outcome share a link, in the order written.
        let mut bundles: Vec<(BTreeSet<NodeId>, NodeId, bool, Vec<Line>)> = Vec::new();
        let mut bundle = |sources: BTreeSet<NodeId>, target: NodeId, action: &Action| {
            let lines = lettering.label(action);
            let system = action.by_system();
            let same = bundles
                .iter_mut()
                .find(|(from, to, by, _)| *from == sources && *to == target && *by == system);
            match same {
                Some((.., stacked)) => stacked.extend(lines),
                None => bundles.push((sources, target, system, lines)),
            }
        };
        for outcome in outcomes(&procedure.open) {
            if let Some(&target) = by_id.get(outcome) {
                bundle(BTreeSet::from([start]), target, &procedure.open);
                if chart.main.first() == Some(&target) {
                    chart.main.insert(0, start);
                }
            }
        }
        for action in &procedure.actions {
            for outcome in outcomes(action) {
                let Some(&target) = by_id.get(outcome) else { continue };
                let sources: BTreeSet<NodeId> = action
                    .from
                    .iter()
                    .filter(|from| *from != outcome)
                    .filter_map(|from| by_id.get(from.as_str()).copied())
                    .collect();
                if !sources.is_empty() {
                    bundle(sources, target, action);
                }
            }
        }
        for (sources, target, system, lines) in bundles {
            let sources = sources.into_iter().collect();
            let trunk = Vec::new();
            chart.links.push(Link { sources, target, lines, system, upward: false, trunk });
        }
        chart
    }

    /// Adds a node.
    pub(super) fn add(&mut self, kind: Kind, width: f64, height: f64) -> NodeId {
        let id = NodeId(self.nodes.len());
        self.nodes.push(Node {
            kind,
            spine: false,
            layer: 0,
            order: 0,
            width,
            height,
            x: 0.0,
            y: 0.0,
            above: Vec::new(),
            below: Vec::new(),
        });
        id
    }

    /// Adds a wire and tells both its ends.
    pub(super) fn wire(&mut self, link: LinkId, upper: NodeId, lower: NodeId) {
        let id = WireId(self.wires.len());
        self.wires.push(Wire { link, upper, lower, upper_x: 0.0, lower_x: 0.0, level: None });
        self[upper].below.push(id);
        self[lower].above.push(id);
    }

    /// Takes the links out, to put others in.
    pub(super) fn take_links(&mut self) -> Vec<Link> {
        std::mem::take(&mut self.links)
    }

    /// Adds a link.
    pub(super) fn link(&mut self, link: Link) -> LinkId {
        self.links.push(link);
        LinkId(self.links.len() - 1)
    }

    /// All nodes.
    pub(super) fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId)
    }

    /// All links.
    pub(super) fn links(&self) -> impl Iterator<Item = LinkId> + use<> {
        (0..self.links.len()).map(LinkId)
    }

    /// All wires.
    pub(super) fn wires(&self) -> impl Iterator<Item = WireId> + use<> {
        (0..self.wires.len()).map(WireId)
    }

    /// The nodes a node is wired to above it.
    pub(super) fn above(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self[id].above.iter().map(|wire| self[*wire].upper)
    }

    /// The nodes a node is wired to below it.
    pub(super) fn below(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self[id].below.iter().map(|wire| self[*wire].lower)
    }
}

impl StateBox {
    /// Width and height with the room inside the border.
    fn extent(&self) -> (f64, f64) {
        let widest = self.head.iter().chain(&self.stays).map(Line::width).fold(76.0, f64::max);
        let head: f64 = self.head.iter().map(Line::height).sum();
        let stays: f64 = self.stays.iter().map(Line::height).sum();
        let rule = if self.stays.is_empty() { 0.0 } else { 9.0 };
        (widest + 34.0, head + rule + stays + 16.0)
    }
}

/// Width and height of a label.
pub(super) fn label_extent(lines: &[Line]) -> (f64, f64) {
    let widest = lines.iter().map(Line::width).fold(0.0, f64::max);
    (widest + 12.0, lines.iter().map(Line::height).sum::<f64>() + 6.0)
}

/// The states an action may lead to, each once.
fn outcomes(action: &Action) -> Vec<&str> {
    let mut outcomes: Vec<&str> = Vec::new();
    for when in &action.to {
        if !outcomes.contains(&when.used.as_str()) {
            outcomes.push(&when.used);
        }
    }
    outcomes
}

/// Whether an action leaves a matter in a state where it is.
fn stays_in(action: &Action, state: &State) -> bool {
    action.from.contains(&state.id)
        && (action.to.is_empty() || outcomes(action).contains(&state.id.as_str()))
}

/// A full lozenge for every step of approval, an empty one where conditions decide the way; the legend
/// explains both.
fn marks(action: &Action) -> String {
    let way = if outcomes(action).len() > 1 { "◇" } else { "" };
    match (action.approvals.len(), way) {
        (0, "") => String::new(),
        (steps, way) => format!("\u{a0}{}{way}", "◆".repeat(steps)),
    }
}

struct Lettering<'a> {
    procedure: &'a Procedure,
    language: Language,
}

impl Lettering<'_> {
    fn party(&self, id: &str) -> String {
        match (self.procedure.parties.get(id), self.language) {
            (Some(party), language) => language.of(&party.name).to_owned(),
            (None, Language::Chinese) => "系统自动".to_owned(),
            (None, Language::English) => "automatic".to_owned(),
        }
    }

    fn parties(&self, action: &Action) -> String {
        let names: Vec<String> = action.by.iter().map(|party| self.party(party)).collect();
        names.join(match self.language {
            Language::Chinese => "、",
            Language::English => ", ",
        })
    }

    fn state(&self, state: &State) -> StateBox {
        let mut head = self.lines(self.language.of(&state.name), 12.0, NAME, true);
        if let Some(holder) = &state.holder {
            let holder = self.party(holder);
            let words = match self.language {
                Language::Chinese => format!("经手：{holder}"),
                Language::English => format!("with: {holder}"),
            };
            head.extend(self.lines(&words, 15.0, SMALL, false));
        }
        let stays = self.stays(state);
        StateBox { id: state.id.clone(), end: state.end, head, stays }
    }

    /// The acts after which a matter stays in a state, gathered by who may do them.
    fn stays(&self, state: &State) -> Vec<Line> {
        let mut by_parties: Vec<(String, Vec<String>)> = Vec::new();
        for action in self.procedure.actions.iter().filter(|action| stays_in(action, state)) {
            let parties = self.parties(action);
            let act = format!("{}{}", self.language.of(&action.name), marks(action));
            match by_parties.iter_mut().find(|(known, _)| *known == parties) {
                Some((_, acts)) => acts.push(act),
                None => by_parties.push((parties, vec![act])),
            }
        }
        // What the holder of the pen may do comes first.
        let holder = state.holder.as_ref().map(|holder| self.party(holder));
        by_parties.sort_by_key(|(parties, _)| Some(parties) != holder.as_ref());
        by_parties.iter().flat_map(|(parties, acts)| self.acts(parties, acts)).collect()
    }

    /// `party: act, act`, broken between acts, never within one that fits a line.
    fn acts(&self, parties: &str, acts: &[String]) -> Vec<Line> {
        let (colon, comma) = match self.language {
            Language::Chinese => ("：", "、"),
            Language::English => (": ", ", "),
        };
        let most = self.most(STAY);
        let mut lines = vec![format!("· {parties}{colon}")];
        for (at, act) in acts.iter().enumerate() {
            let act = if at + 1 < acts.len() { format!("{act}{comma}") } else { act.clone() };
            for piece in wrap(&act, most) {
                match lines.last_mut() {
                    Some(line) if ems(line) + ems(piece.trim_end()) <= most + 1.0 => {
                        line.push_str(&piece);
                    }
                    // Hangs under the text, not under the dot.
                    Some(_) | None => lines.push(format!("\u{2003}{piece}")),
                }
            }
        }
        lines
            .into_iter()
            .map(|line| Line { text: line.trim_end().to_owned(), size: SMALL, bold: false })
            .collect()
    }

    fn label(&self, action: &Action) -> Vec<Line> {
        let mut lines = self.lines(self.language.of(&action.name), 11.0, LABEL, false);
        let by = format!("{}{}", self.parties(action), marks(action));
        lines.extend(self.lines(&by, 15.0, SMALL, false));
        lines
    }

    fn lines(&self, text: &str, most: f64, size: f64, bold: bool) -> Vec<Line> {
        let lines = wrap(text, self.most(most)).into_iter();
        lines.map(|text| Line { text, size, bold }).collect()
    }

    /// English needs more room for the same thing.
    fn most(&self, ems: f64) -> f64 {
        match self.language {
            Language::Chinese => ems,
            Language::English => ems * 1.1,
        }
    }
}
