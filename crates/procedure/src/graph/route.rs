//! How the wires run between the layers.
//!
//! Between two layers every wire runs level at most once, in a row of its own, so that wires cross
//! but never lie upon each other.

use std::collections::BTreeMap;

use super::chart::{Chart, Kind, LinkId, NodeId, WireId};
use super::order::float;
use super::place::{CORNER, spread};

/// Distance of two level pieces.
const ROW: f64 = 9.0;
/// Room above the first level piece and below the last, which holds the arrow.
const ROOM: f64 = 14.0;
/// Distance of two wires at a box.
const PORT: f64 = 15.0;
/// Wires nearer than this would look like one.
const NEAR: f64 = 7.0;
/// Two level pieces nearer than this do not share a row.
const APART: f64 = 12.0;

/// Where the wires leave and meet the boxes.
pub(super) fn ports(chart: &mut Chart) {
    for id in chart.nodes() {
        for below in [false, true] {
            let node = chart[id].clone();
            let mut wires = if below { node.below } else { node.above };
            let far = |chart: &Chart, wire: WireId| {
                let wire = &chart[wire];
                chart[if below { wire.lower } else { wire.upper }].x
            };
            wires.sort_by(|a, b| far(chart, *a).total_cmp(&far(chart, *b)).then(a.cmp(b)));
            let reach = (node.width / 2.0 - CORNER).max(0.0);
            let boxed = matches!(node.kind, Kind::State(_));
            let wanted: Vec<(f64, f64)> = wires
                .iter()
                .map(|wire| {
                    let x = far(chart, *wire).clamp(node.x - reach, node.x + reach);
                    let wire = &chart[*wire];
                    let straight = chart[if below { wire.lower } else { wire.upper }].spine;
                    (x, if straight && node.spine { 1e6 } else { 1.0 })
                })
                .collect();
            // The wire of the main path keeps its place; its neighbours share what is beside it.
            let most = wires.len().saturating_sub(1);
            let straight = wanted.iter().position(|(_, weight)| *weight > 1.0);
            let beside = straight.map_or(float(most) / 2.0, |at| float(at.max(most - at)));
            let step = PORT.min(reach / beside.max(0.5));
            let gaps = vec![step; wires.len().saturating_sub(1)];
            let room = 2.0 * reach - gaps.iter().sum::<f64>();
            let mut before = 0.0;
            for (wire, x) in wires.iter().zip(spread(&wanted, &gaps)) {
                let first = node.x - reach + before;
                before += step;
                let x = if boxed { x.clamp(first, first + room.max(0.0)) } else { node.x };
                if below {
                    chart[*wire].upper_x = x;
                } else {
                    chart[*wire].lower_x = x;
                }
            }
        }
    }
}

/// The wires of one link between two layers: they share their level piece.
struct Net {
    link: LinkId,
    uppers: Vec<f64>,
    lowers: Vec<f64>,
    low: f64,
    high: f64,
    row: usize,
    wires: Vec<WireId>,
}

/// Gives layers and level pieces their height.
pub(super) fn down(chart: &mut Chart) {
    let mut top = 0.0;
    for at in 0..chart.layers.len() {
        let layer = chart.layers.get(at).cloned().unwrap_or_default();
        let tall = layer.iter().map(|node| chart[*node].height).fold(0.0, f64::max);
        for node in &layer {
            let free = tall - chart[*node].height;
            // Words stand in the middle of their layer, boxes hang from its top.
            chart[*node].y = if chart[*node].is_box() { top } else { top + free / 2.0 };
        }
        let bottom = top + tall;
        let nets = rows(nets(chart, &layer));
        let rows = nets.iter().map(|net| net.row + 1).max().unwrap_or(0);
        for net in nets {
            for wire in net.wires {
                chart[wire].level = Some(bottom + ROOM + ROW * float(net.row));
            }
        }
        top = bottom + 2.0 * ROOM + ROW * float(rows.saturating_sub(1));
    }
}

fn nets(chart: &Chart, layer: &[NodeId]) -> Vec<Net> {
    let mut by_link = BTreeMap::<LinkId, Net>::new();
    for wire in layer.iter().flat_map(|node| chart[*node].below.clone()) {
        let (link, upper, lower) = (chart[wire].link, chart[wire].upper_x, chart[wire].lower_x);
        let net = by_link.entry(link).or_insert_with(|| Net {
            link,
            uppers: Vec::new(),
            lowers: Vec::new(),
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            row: 0,
            wires: Vec::new(),
        });
        net.uppers.push(upper);
        net.lowers.push(lower);
        net.low = net.low.min(upper).min(lower);
        net.high = net.high.max(upper).max(lower);
        net.wires.push(wire);
    }
    by_link.into_values().filter(|net| net.high - net.low > 0.5).collect()
}

/// Gives each net a row: none upon another, few crossings, few rows.
fn rows(mut left: Vec<Net>) -> Vec<Net> {
    let mut placed: Vec<Net> = Vec::new();
    while !left.is_empty() {
        // The next from the top is the one that the others would rather have above them.
        let gain = |net: &Net| -> f64 {
            left.iter()
                .filter(|other| other.link != net.link)
                .map(|other| above_cost(net, other) - above_cost(other, net))
                .sum()
        };
        let first = left
            .iter()
            .enumerate()
            .min_by(|(_, a), (_, b)| gain(a).total_cmp(&gain(b)).then(a.low.total_cmp(&b.low)))
            .map_or(0, |(at, _)| at);
        let mut net = left.remove(first);
        net.row = placed
            .iter()
            .filter(|other| {
                let meet = net.low < other.high + APART && other.low < net.high + APART;
                meet || above_cost(&net, other) > 0.0
            })
            .map(|other| other.row + 1)
            .max()
            .unwrap_or(0);
        placed.push(net);
    }
    placed
}

/// What it costs to lead one net above another: crossings, and dearly where they would touch.
fn above_cost(upper: &Net, lower: &Net) -> f64 {
    let within = |x: f64, net: &Net| x > net.low - 1.0 && x < net.high + 1.0;
    let crossed = lower.uppers.iter().filter(|x| within(**x, upper)).count()
        + upper.lowers.iter().filter(|x| within(**x, lower)).count();
    let touched = lower
        .uppers
        .iter()
        .flat_map(|a| upper.lowers.iter().map(move |b| (a - b).abs()))
        .filter(|near| *near < NEAR)
        .count();
    float(crossed) + 1_000.0 * float(touched)
}
