//! The placed chart as SVG.

use std::fmt::Write as _;

use super::Language;
use super::chart::{Chart, Kind, LEADING, Line, LinkId, NodeId, SMALL, StateBox, WireId};
use super::place::sides;
use super::text::ems;
use crate::definition::Procedure;

/// White round the chart.
const MARGIN: f64 = 16.0;
/// Length of an arrow's head.
const ARROW: f64 = 8.0;
/// Radius of a wire's corner.
const ROUND: f64 = 6.0;
/// Narrowest picture, so that the legend has room.
const NARROWEST: f64 = 560.0;

/// What is said about a chart.
pub(super) struct Captions<'a> {
    pub procedure: &'a Procedure,
    pub language: Language,
    pub marked: Option<&'a str>,
}

impl Captions<'_> {
    fn pick<'t>(&self, chinese: &'t str, english: &'t str) -> &'t str {
        match self.language {
            Language::Chinese => chinese,
            Language::English => english,
        }
    }

    fn title(&self) -> String {
        let name = self.language.of(&self.procedure.name);
        match self.language {
            Language::Chinese => format!("{name}流程图"),
            Language::English => format!("State chart: {name}"),
        }
    }

    /// The chart in words, for those who do not see it.
    fn description(&self) -> String {
        let name = |id: &str| {
            let state = self.procedure.state(id);
            state.map_or(String::new(), |state| self.language.of(&state.name).to_owned())
        };
        let path: Vec<String> = self.procedure.main_path.iter().map(|id| name(id)).collect();
        let ends: Vec<String> = self
            .procedure
            .states
            .iter()
            .filter(|state| state.end)
            .map(|state| self.language.of(&state.name).to_owned())
            .collect();
        let (states, actions) = (self.procedure.states.len(), self.procedure.actions.len());
        let mut text = match self.language {
            Language::Chinese => format!(
                "共{states}个环节、{actions}项操作。主线：{}。终结环节：{}。",
                path.join("→"),
                ends.join("、"),
            ),
            Language::English => format!(
                "{states} states, {actions} actions. Main path: {}. Ends: {}.",
                path.join(" → "),
                ends.join(", "),
            ),
        };
        if let Some(marked) = self.marked.map(name).filter(|name| !name.is_empty()) {
            let _ = match self.language {
                Language::Chinese => write!(text, "当前环节：{marked}。"),
                Language::English => write!(text, " Present state: {marked}."),
            };
        }
        text
    }
}

/// Draws it.
pub(super) fn draw(chart: &Chart, captions: &Captions<'_>) -> String {
    let (left, right) = sides(chart);
    let width = (right - left + 2.0 * MARGIN).max(NARROWEST);
    let shift = (width - (right - left)) / 2.0 - left;
    let bottom = chart.nodes().map(|id| chart[id].y + chart[id].height).fold(0.0, f64::max);
    let (legend, legend_height) = legend(captions, width - 2.0 * MARGIN);
    let legend_top = bottom + 24.0;
    let height = MARGIN + legend_top + legend_height + MARGIN;

    let mut ink = Ink { text: String::new(), chart, captions };
    let id = &captions.procedure.id;
    let (w, h) = (number(width), number(height));
    ink.put(format_args!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" lang="{}" width="{w}" height="{h}" viewBox="0 0 {w} {h}" fill="none" font-family="'Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif" aria-labelledby="chart-{id}-title chart-{id}-desc">"#,
        captions.pick("zh-CN", "en"),
    ));
    ink.put(format_args!(
        r#"<title id="chart-{id}-title">{}</title><desc id="chart-{id}-desc">{}</desc>"#,
        escape(&captions.title()),
        escape(&captions.description()),
    ));
    ink.put(format_args!(r#"<g transform="translate({} {})">"#, number(shift), number(MARGIN)));
    for link in chart.links() {
        ink.link(link);
    }
    for node in chart.nodes() {
        ink.node(node);
    }
    ink.put(format_args!("</g>"));
    ink.put(format_args!(
        r#"<g class="chart-legend" transform="translate({} {})">{legend}</g></svg>"#,
        number(MARGIN),
        number(MARGIN + legend_top),
    ));
    ink.text
}

type Point = (f64, f64);

struct Ink<'a> {
    text: String,
    chart: &'a Chart,
    captions: &'a Captions<'a>,
}

impl Ink<'_> {
    fn put(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.text.write_fmt(arguments);
        self.text.push('\n');
    }

    fn is_marked(&self, id: NodeId) -> bool {
        match &self.chart[id].kind {
            Kind::State(state) => self.captions.marked == Some(state.id.as_str()),
            Kind::Start | Kind::Label(_) | Kind::Bend => false,
        }
    }

    fn link(&mut self, id: LinkId) {
        let link = &self.chart[id];
        let next = link.sources.iter().any(|source| self.is_marked(*source));
        let system = link.system;
        let class = if system { "chart-edge chart-system" } else { "chart-edge" };
        let dash = if system { r#" stroke-dasharray="5 4""# } else { "" };
        let mut paths = String::new();
        let mut marked_paths = String::new();
        for (at, source) in outermost_first(self.chart, id).into_iter().enumerate() {
            for line in course(self.chart, id, source, at == 0) {
                paths.push_str(&rounded(&line));
            }
            if next && self.is_marked(source) {
                for line in course(self.chart, id, source, true) {
                    marked_paths.push_str(&rounded(&line));
                }
            }
        }
        self.put(format_args!(
            r#"<path class="{class}" d="{paths}" stroke="currentColor" stroke-opacity="0.6" stroke-width="1.3"{dash}/>"#
        ));
        if !marked_paths.is_empty() {
            self.put(format_args!(
                r#"<path class="{class} chart-next" d="{marked_paths}" stroke="currentColor" stroke-width="2.2"{dash}/>"#
            ));
        }
        if let Some((x, y)) = head(self.chart, id) {
            let back = if link.upward { ARROW + 1.0 } else { -ARROW - 1.0 };
            let next = if next { " chart-next" } else { "" };
            self.put(format_args!(
                r#"<path class="chart-arrow{next}" d="M{0} {1}L{2} {3}H{4}Z" fill="currentColor"/>"#,
                number(x),
                number(y),
                number(x - 4.5),
                number(y + back),
                number(x + 4.5),
            ));
        }
    }

    fn node(&mut self, id: NodeId) {
        let node = &self.chart[id];
        let (left, top) = (node.x - node.width / 2.0, node.y);
        match &node.kind {
            Kind::Bend => {}
            Kind::Start => self.put(format_args!(
                r#"<circle class="chart-start" cx="{}" cy="{}" r="7" fill="currentColor"/>"#,
                number(node.x),
                number(node.y + 7.0),
            )),
            Kind::Label(lines) => {
                self.put(format_args!(r#"<g class="chart-label">"#));
                self.put(format_args!(
                    r#"<rect x="{}" y="{}" width="{}" height="{}" rx="3" fill="currentColor" fill-opacity="0.06"/>"#,
                    number(left),
                    number(top),
                    number(node.width),
                    number(node.height),
                ));
                self.middle(lines, node.x, top + 3.0);
                self.put(format_args!("</g>"));
            }
            Kind::State(state) => self.state(id, state, (left, top)),
        }
    }

    fn state(&mut self, id: NodeId, state: &StateBox, (left, top): Point) {
        let (width, height, x) = (self.chart[id].width, self.chart[id].height, self.chart[id].x);
        let marked = self.is_marked(id);
        let end = if state.end { " chart-end" } else { "" };
        let here = if marked { " chart-marked" } else { "" };
        self.put(format_args!(
            r#"<g class="chart-state{end}{here}" data-state="{}">"#,
            escape(&state.id)
        ));
        let (stroke, fill) = if marked { (3.0, 0.14) } else { (1.4, 0.03) };
        let round = if state.end { 14 } else { 6 };
        let mut frame = |inset: f64, fill: f64, stroke: f64| {
            self.put(format_args!(
                r#"<rect x="{}" y="{}" width="{}" height="{}" rx="{round}" fill="currentColor" fill-opacity="{fill}" stroke="currentColor" stroke-width="{stroke}"/>"#,
                number(left + inset),
                number(top + inset),
                number(width - 2.0 * inset),
                number(height - 2.0 * inset),
            ));
        };
        frame(0.0, fill, stroke);
        if state.end {
            frame(3.5, 0.0, 1.0);
        }
        let mut y = self.middle(&state.head, x, top + 8.0);
        if marked {
            let (mark_x, mark_y) = (number(left + 7.0), number(top + 24.0));
            self.put(format_args!(
                r#"<text x="{mark_x}" y="{mark_y}" font-size="11" fill="currentColor">▶</text>"#
            ));
        }
        if !state.stays.is_empty() {
            self.put(format_args!(
                r#"<path d="M{} {}H{}" stroke="currentColor" stroke-opacity="0.3"/>"#,
                number(left + 10.0),
                number(y + 4.5),
                number(left + width - 10.0),
            ));
            y += 9.0;
            for line in &state.stays {
                self.line(line, left + 12.0, y, "start");
                y += line.height();
            }
        }
        self.put(format_args!("</g>"));
    }

    /// Lines one below the other; gives where the next would start.
    fn middle(&mut self, lines: &[Line], x: f64, mut y: f64) -> f64 {
        for line in lines {
            self.line(line, x, y, "middle");
            y += line.height();
        }
        y
    }

    fn line(&mut self, line: &Line, x: f64, y: f64, anchor: &str) {
        let weight = if line.bold { r#" font-weight="600""# } else { "" };
        let small = line.size <= SMALL;
        let (class, faint) =
            if small { (r#" class="chart-small""#, r#" fill-opacity="0.8""#) } else { ("", "") };
        self.put(format_args!(
            r#"<text{class} x="{}" y="{}" font-size="{}" text-anchor="{anchor}" fill="currentColor"{faint}{weight}>{}</text>"#,
            number(x),
            number(y + line.size * (LEADING + 0.75) / 2.0),
            number(line.size),
            escape(&line.text),
        ));
    }
}

/// The beginnings of a link, the one whose way is longest first.
fn outermost_first(chart: &Chart, id: LinkId) -> Vec<NodeId> {
    let mut sources = chart[id].sources.clone();
    sources.sort_by_key(|source| chart[*source].layer);
    if chart[id].upward {
        sources.reverse();
    }
    sources
}

/// The way of a link from one beginning, broken at its words: to the end, or to where it joins.
fn course(chart: &Chart, id: LinkId, source: NodeId, whole: bool) -> Vec<Vec<Point>> {
    let link = &chart[id];
    let of_link = |wires: &[WireId]| wires.iter().copied().find(|wire| chart[*wire].link == id);
    // From the beginning on, wire by wire.
    let mut wires = Vec::new();
    let mut at = source;
    loop {
        let wire = of_link(if link.upward { &chart[at].above } else { &chart[at].below });
        let Some(wire) = wire else { break };
        wires.push(wire);
        at = if link.upward { chart[wire].upper } else { chart[wire].lower };
        if at == link.target || !whole {
            break;
        }
    }
    let mut strokes = Vec::new();
    let mut stroke: Vec<Point> = Vec::new();
    for wire in wires {
        let wire = &chart[wire];
        let (upper, lower) = (&wire.upper, &wire.lower);
        let upper_y = chart[*upper].y + chart[*upper].height;
        let lower_y = chart[*lower].y;
        let mut points = vec![(wire.upper_x, upper_y)];
        if let Some(level) = wire.level {
            points.extend([(wire.upper_x, level), (wire.lower_x, level)]);
        }
        points.push((wire.lower_x, lower_y));
        if link.upward {
            points.reverse();
        }
        let onward = if link.upward { *upper } else { *lower };
        if onward == link.target
            && let Some(last) = points.last_mut()
        {
            // The line ends inside the arrow's head.
            last.1 += if link.upward { ARROW } else { -ARROW };
        }
        if !whole && let (Some(level), Some(last)) = (wire.level, points.last_mut()) {
            // Far enough along the common wire for the corner to be round.
            let joined = if link.upward { level - ROUND } else { level + ROUND };
            last.1 = if link.upward { last.1.max(joined) } else { last.1.min(joined) };
        }
        stroke.extend(points);
        if matches!(chart[onward].kind, Kind::Label(_)) {
            strokes.push(std::mem::take(&mut stroke));
        }
    }
    strokes.push(stroke);
    strokes
}

/// Where the arrow's head points.
fn head(chart: &Chart, id: LinkId) -> Option<Point> {
    let link = &chart[id];
    let target = &chart[link.target];
    let of_link = |wires: &[WireId]| wires.iter().copied().find(|wire| chart[*wire].link == id);
    if link.upward {
        of_link(&target.below).map(|wire| (chart[wire].upper_x, target.y + target.height))
    } else {
        of_link(&target.above).map(|wire| (chart[wire].lower_x, target.y))
    }
}

/// A line with round corners.
fn rounded(points: &[Point]) -> String {
    let mut corners: Vec<Point> = Vec::new();
    for point in points {
        if let [.., before, last] = corners.as_slice() {
            let upright = same(before.0, last.0) && same(last.0, point.0);
            let level = same(before.1, last.1) && same(last.1, point.1);
            if upright || level {
                corners.pop();
            }
        }
        if corners.last().is_none_or(|last| !same(last.0, point.0) || !same(last.1, point.1)) {
            corners.push(*point);
        }
    }
    let mut path = String::new();
    let put = |path: &mut String, command: &str, at: Point| {
        let _ = write!(path, "{command}{} {}", number(at.0), number(at.1));
    };
    for (at, corner) in corners.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| corners.get(at));
        match (before, corners.get(at + 1)) {
            (None, _) => put(&mut path, "M", *corner),
            (Some(_), None) => put(&mut path, "L", *corner),
            (Some(before), Some(after)) => {
                let round = ROUND.min(length(*before, *corner) / 2.0);
                let round = round.min(length(*corner, *after) / 2.0);
                put(&mut path, "L", toward(*corner, *before, round));
                put(&mut path, "Q", *corner);
                put(&mut path, " ", toward(*corner, *after, round));
            }
        }
    }
    path
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() < 0.05
}

fn length(a: Point, b: Point) -> f64 {
    (a.0 - b.0).abs() + (a.1 - b.1).abs()
}

fn toward(from: Point, to: Point, by: f64) -> Point {
    let all = length(from, to).max(0.01);
    (from.0 + (to.0 - from.0) * by / all, from.1 + (to.1 - from.1) * by / all)
}

/// The legend within a width, and its height.
fn legend(captions: &Captions<'_>, width: f64) -> (String, f64) {
    let rect = r#"fill="currentColor" stroke="currentColor""#;
    let state = format!(
        r#"<rect x="0" y="3" width="26" height="14" rx="4" {rect} fill-opacity="0.03" stroke-width="1.4"/>"#
    );
    let end = format!(
        r#"<rect x="0" y="2" width="26" height="16" rx="7" {rect} fill-opacity="0.03" stroke-width="1.4"/><rect x="3" y="5" width="20" height="10" rx="4.5" stroke="currentColor"/>"#
    );
    let marked = format!(
        r#"<rect x="1" y="3" width="26" height="14" rx="4" {rect} fill-opacity="0.14" stroke-width="3"/><text x="9" y="14" font-size="10" fill="currentColor">▶</text>"#
    );
    let arrow = r#"<path d="M28 10L20 6.500V13.500Z" fill="currentColor"/>"#;
    let edge = format!(
        r#"<path class="chart-edge" d="M0 10H22" stroke="currentColor" stroke-width="1.3"/>{arrow}"#
    );
    let system = format!(
        r#"<path class="chart-edge chart-system" d="M0 10H22" stroke="currentColor" stroke-width="1.3" stroke-dasharray="5 4"/>{arrow}"#
    );
    let letter = |letter: &str| {
        format!(
            r#"<text x="14" y="14.500" font-size="12" text-anchor="middle" fill="currentColor">{letter}</text>"#
        )
    };
    let mut entries = vec![
        (state, captions.pick("办理环节", "state")),
        (end, captions.pick("终结环节", "end")),
        (edge, captions.pick("由人办理，标注操作与经手单位", "act of a party, with its name")),
        (system, captions.pick("系统自动流转", "follows by itself")),
        (letter("◆"), captions.pick("须经审批，每级一个◆", "needs approval, one ◆ a step")),
        (letter("◇"), captions.pick("去向依条件而定", "conditions decide where it leads")),
        (letter("·"), captions.pick("框内操作：办理后环节不变", "acts in a box: the state stays")),
    ];
    if captions.marked.is_some_and(|marked| captions.procedure.state(marked).is_some()) {
        entries.insert(
            0,
            (marked, captions.pick("当前环节，粗线为可走的下一步", "present state, ways out bold")),
        );
    }
    let mut text = String::new();
    let (mut x, mut y) = (0.0, 0.0);
    for (mark, words) in entries {
        let wide = 34.0 + ems(words) * SMALL + 22.0;
        if x > 0.0 && x + wide > width + 22.0 {
            x = 0.0;
            y += 24.0;
        }
        let _ = write!(
            text,
            r#"<g transform="translate({} {})">{mark}<text x="34" y="14" font-size="{SMALL}" fill="currentColor">{}</text></g>"#,
            number(x),
            number(y),
            escape(words),
        );
        x += wide;
    }
    (text, y + 20.0)
}

/// A length to a tenth, as short as it goes.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text as it may stand in XML.
fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, character| {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
        escaped
    })
}
