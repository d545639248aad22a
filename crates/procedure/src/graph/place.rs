//! Where everything stands from left to right, and which candidate is best.
//!
//! Each layer's nodes are moved as near to their neighbours as the order and the distances allow, the
//! main path fixed at 0. Then the bends of a link become one block that moves as a whole, so that
//! links run straight down.

use super::chart::{Chart, Kind, NodeId, WireId};
use super::order::{crossings, float};
use super::route::{down, ports};

/// Distance of the outermost wire at a box from its corner.
pub(super) const CORNER: f64 = 14.0;
/// What a bend costs, in points of length.
const BEND: f64 = 40.0;

/// Places the candidate that comes out best.
pub(super) fn place(candidates: Vec<Chart>) -> Chart {
    let mut best: Option<(f64, Chart)> = None;
    for mut chart in candidates {
        across(&mut chart);
        straighten(&mut chart);
        ports(&mut chart);
        let cost = cost(&chart);
        if best.as_ref().is_none_or(|(least, _)| cost < *least) {
            best = Some((cost, chart));
        }
    }
    let mut chart = best.map(|(_, chart)| chart).unwrap_or_default();
    down(&mut chart);
    chart
}

/// What makes a chart hard to read, in points of length.
fn cost(chart: &Chart) -> f64 {
    let (left, right) = sides(chart);
    let level: f64 = chart
        .wires()
        .map(|wire| (chart[wire].upper_x - chart[wire].lower_x).abs())
        .map(|length| if length > 0.5 { 12.0 + length * 0.15 } else { 0.0 })
        .sum();
    float(crossings(chart)) * 45.0 + (right - left) * 2.5 + level
}

/// The leftmost and the rightmost place taken.
pub(super) fn sides(chart: &Chart) -> (f64, f64) {
    chart.nodes().map(|id| &chart[id]).fold((0.0, 0.0), |(left, right), node| {
        (f64::min(left, node.x - node.width / 2.0), f64::max(right, node.x + node.width / 2.0))
    })
}

/// How far the middles of two neighbours must be apart.
fn distance(chart: &Chart, left: NodeId, right: NodeId) -> f64 {
    let (left, right) = (&chart[left], &chart[right]);
    let room = match (&left.kind, &right.kind) {
        (Kind::Bend, Kind::Bend) => 12.0,
        (Kind::State(_) | Kind::Start, Kind::State(_) | Kind::Start) => 30.0,
        (Kind::Bend, _) | (_, Kind::Bend) => 14.0,
        (Kind::Label(_), _) | (_, Kind::Label(_)) => 16.0,
    };
    f64::midpoint(left.width, right.width) + room
}

/// Values as near as possible to what is wanted, by weight, each at least its gap after the one
/// before (least squares, by pooling neighbours that push each other).
pub(super) fn spread(wanted: &[(f64, f64)], gaps: &[f64]) -> Vec<f64> {
    let mut offset = 0.0;
    let mut pools: Vec<(f64, f64, usize)> = Vec::new();
    let mut offsets = Vec::new();
    for (at, (want, weight)) in wanted.iter().enumerate() {
        if at > 0 {
            offset += gaps.get(at - 1).copied().unwrap_or(0.0);
        }
        offsets.push(offset);
        pools.push((want - offset, *weight, 1));
        while let [.., before, last] = pools.as_mut_slice() {
            if before.0 <= last.0 {
                break;
            }
            let weight = before.1 + last.1;
            before.0 = (before.0 * before.1 + last.0 * last.1) / weight;
            before.1 = weight;
            before.2 += last.2;
            pools.pop();
        }
    }
    let values = pools.iter().flat_map(|(value, _, count)| std::iter::repeat_n(*value, *count));
    values.zip(offsets).map(|(value, offset)| value + offset).collect()
}

fn across(chart: &mut Chart) {
    for sweep in 0..60 {
        let count = chart.layers.len();
        for step in 0..count {
            let at = if sweep % 2 == 0 { step } else { count - 1 - step };
            let Some(layer) = chart.layers.get(at).cloned() else { continue };
            let wanted: Vec<(f64, f64)> = layer.iter().map(|node| wish(chart, *node)).collect();
            let gaps: Vec<f64> = layer
                .iter()
                .zip(layer.iter().skip(1))
                .map(|(left, right)| distance(chart, *left, *right))
                .collect();
            for (node, x) in layer.iter().zip(spread(&wanted, &gaps)) {
                chart[*node].x = if chart[*node].spine { 0.0 } else { x };
            }
        }
    }
}

/// Where a node would like to be, and how much.
fn wish(chart: &Chart, id: NodeId) -> (f64, f64) {
    let node = &chart[id];
    if node.spine {
        return (0.0, 1e9);
    }
    let (mut sum, mut weights) = (0.0, 0.0);
    for other in chart.above(id).chain(chart.below(id)) {
        let other = &chart[other];
        // Wires may leave a box anywhere along its edge, so boxes pull less than bends do.
        let (x, weight) = if other.is_box() {
            let reach = (other.width / 2.0 - CORNER).max(0.0);
            (node.x.clamp(other.x - reach, other.x + reach), 1.0)
        } else if node.is_box() {
            (other.x, 1.0)
        } else {
            (other.x, 4.0)
        };
        sum += x * weight;
        weights += weight;
    }
    if weights > 0.0 { (sum / weights, weights) } else { (0.0, 0.1) }
}

/// What moves together: a box, or bends and words of a link that stand in line.
struct Block {
    nodes: Vec<NodeId>,
    x: f64,
    /// Left of the main path, or right.
    left: bool,
}

/// Lines up each link as far as others allow, then moves the blocks where the fewest bends remain.
fn straighten(chart: &mut Chart) {
    let mut blocks = blocks(chart);
    // From the main path outwards each block takes what it wants as far as the one before it allows.
    blocks.sort_by(|a, b| a.x.abs().total_cmp(&b.x.abs()));
    for block in &blocks {
        put(chart, block, block.x);
    }
    // As many rounds as blocks would do; a chain of blocks that push each other is much shorter.
    for _ in 0..blocks.len() {
        let mut moved = false;
        for block in &mut blocks {
            let (low, high) = slack(chart, block);
            let x = if block.left { block.x.min(high) } else { block.x.max(low) };
            moved |= (x - block.x).abs() > 0.01;
            put(chart, block, x);
            block.x = x;
        }
        if !moved {
            break;
        }
    }
    for round in 0..10 {
        if round % 2 == 0 {
            blocks.reverse();
        }
        for block in &mut blocks {
            let (low, high) = slack(chart, block);
            let ways = ways(chart, block);
            let unease = |x: f64| -> f64 {
                let ways = ways.iter().map(|(left, right)| (left - x).max(x - right).max(0.0));
                ways.map(|far| if far > 0.5 { far + BEND } else { 0.0 }).sum::<f64>()
                    + x.abs() * 0.02
            };
            let best = ways
                .iter()
                .flat_map(|(left, right)| [*left, *right, f64::midpoint(*left, *right)])
                .chain([block.x])
                .filter(|x| low <= high && (low..=high).contains(x))
                .chain([low, high].into_iter().filter(|x| low <= high && x.abs() < 1e5))
                .min_by(|a, b| unease(*a).total_cmp(&unease(*b)));
            if let Some(x) = best {
                put(chart, block, x);
                block.x = x;
            }
        }
    }
}

fn put(chart: &mut Chart, block: &Block, x: f64) {
    for node in &block.nodes {
        chart[*node].x = x;
    }
}

/// Every node off the main path in its block.
fn blocks(chart: &Chart) -> Vec<Block> {
    let mut runs: Vec<Vec<NodeId>> =
        chart.nodes().filter(|node| chart[*node].is_box()).map(|node| vec![node]).collect();
    let cut = cuts(chart);
    for link in chart.links() {
        let mut run: Vec<NodeId> = Vec::new();
        for node in &chart[link].trunk {
            let joined = run.last().is_some_and(|last| {
                chart[*node]
                    .above
                    .iter()
                    .any(|wire| chart[*wire].upper == *last && !cut.contains(wire))
            });
            if !joined && !run.is_empty() {
                runs.push(std::mem::take(&mut run));
            }
            run.push(*node);
        }
        if !run.is_empty() {
            runs.push(run);
        }
    }
    runs.retain(|run| !run.iter().any(|node| chart[*node].spine));
    let block = |nodes: Vec<NodeId>| {
        let x = nodes.iter().map(|node| chart[*node].x).sum::<f64>() / float(nodes.len());
        let left = nodes.first().is_some_and(|node| is_left(chart, *node));
        Block { nodes, x, left }
    };
    runs.into_iter().map(block).collect()
}

fn is_left(chart: &Chart, id: NodeId) -> bool {
    let spine = chart
        .layers
        .get(chart[id].layer)
        .and_then(|layer| layer.iter().find(|node| chart[**node].spine));
    spine.map_or(chart[id].x < 0.0, |spine| chart[id].order < chart[*spine].order)
}

/// The wires of links at which these cannot run straight: where two cross, the shorter gives way, and
/// where one changes sides of the main path.
fn cuts(chart: &Chart) -> Vec<WireId> {
    let inner: Vec<WireId> = chart
        .wires()
        .filter(|wire| !chart[chart[*wire].upper].is_box() && !chart[chart[*wire].lower].is_box())
        .collect();
    let length = |wire: WireId| chart[chart[wire].link].trunk.len();
    let mut cut = Vec::new();
    for wire in &inner {
        let (upper, lower) = (&chart[chart[*wire].upper], &chart[chart[*wire].lower]);
        let strays = upper.spine != lower.spine
            || (!upper.spine
                && is_left(chart, chart[*wire].upper) != is_left(chart, chart[*wire].lower));
        let crossed = inner.iter().any(|other| {
            let (above, below) = (&chart[chart[*other].upper], &chart[chart[*other].lower]);
            above.layer == upper.layer
                && (above.order < upper.order) != (below.order < lower.order)
                && above.order != upper.order
                && (length(*other), *other) > (length(*wire), *wire)
        });
        if strays || crossed {
            cut.push(*wire);
        }
    }
    cut
}

/// Where the wires of a block may come from without a bend: from and to.
fn ways(chart: &Chart, block: &Block) -> Vec<(f64, f64)> {
    let mut ways = Vec::new();
    for node in &block.nodes {
        let own = reach(chart, *node);
        for other in chart.above(*node).chain(chart.below(*node)) {
            if !block.nodes.contains(&other) {
                let reach = own + reach(chart, other);
                ways.push((chart[other].x - reach, chart[other].x + reach));
            }
        }
    }
    ways
}

/// How far from its middle a wire may meet a node.
fn reach(chart: &Chart, id: NodeId) -> f64 {
    let node = &chart[id];
    match node.kind {
        Kind::State(_) => (node.width / 2.0 - CORNER).max(0.0),
        Kind::Start | Kind::Label(_) | Kind::Bend => 0.0,
    }
}

/// How far a block can move without touching its neighbours.
fn slack(chart: &Chart, block: &Block) -> (f64, f64) {
    block.nodes.iter().fold((-1e6, 1e6), |(low, high), id| {
        let layer = chart.layers.get(chart[*id].layer);
        let beside = |order: Option<usize>| order.and_then(|order| layer?.get(order).copied());
        let left = beside(chart[*id].order.checked_sub(1));
        let right = beside(chart[*id].order.checked_add(1));
        let least = left.map_or(-1e6, |left| chart[left].x + distance(chart, left, *id));
        let most = right.map_or(1e6, |right| chart[right].x - distance(chart, *id, right));
        (f64::max(low, least), f64::min(high, most))
    })
}
