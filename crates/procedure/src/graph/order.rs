//! What stands beside what within a layer, so that few wires cross.
//!
//! Sweeps down and up by the middle of each node's neighbours, then swaps of neighbours, from several
//! fixed beginnings; [`super::place`] takes the best of what comes out.

use super::chart::{Chart, NodeId};

const BEGINNINGS: u32 = 64;
/// How many of the best orders are then placed and compared.
const KEPT: usize = 16;
const SWEEPS: usize = 10;
/// A wire of the main path is crossed only when that spares this many other crossings.
const SPINE_WEIGHT: usize = 3;

/// The chart with its layers ordered, in several ways, the best by crossings.
pub(super) fn candidates(chart: &Chart) -> Vec<Chart> {
    let mut chart = chart.clone();
    let mut found: Vec<(usize, Vec<Vec<NodeId>>)> = Vec::new();
    let written = chart.layers.clone();
    for beginning in 0..BEGINNINGS {
        chart.layers.clone_from(&written);
        let order = ordered(&mut chart, beginning);
        if !found.contains(&order) {
            found.push(order);
        }
    }
    found.sort_by_key(|(crossings, _)| *crossings);
    found.truncate(KEPT);
    let with_order = |(_, layers)| {
        let mut chart = chart.clone();
        chart.layers = layers;
        number(&mut chart);
        chart
    };
    found.into_iter().map(with_order).collect()
}

fn ordered(chart: &mut Chart, beginning: u32) -> (usize, Vec<Vec<NodeId>>) {
    shuffle(chart, beginning);
    let mut best = (crossings(chart), chart.layers.clone());
    for sweep in 0..SWEEPS {
        align(chart, sweep % 2 == 0);
        swap(chart);
        let now = crossings(chart);
        if now < best.0 {
            best = (now, chart.layers.clone());
        }
    }
    best
}

/// A beginning: the main path in the middle, the others on sides drawn by a fixed sequence.
fn shuffle(chart: &mut Chart, beginning: u32) {
    // A linear congruence is random enough to vary, and the same on every machine.
    let mut state = beginning.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut draw = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        i64::from(state >> 16)
    };
    let mut layers = std::mem::take(&mut chart.layers);
    for layer in &mut layers {
        let mut keyed: Vec<(i64, NodeId)> = layer
            .iter()
            .map(|node| (if chart[*node].spine { 0 } else { draw() - 0x7fff }, *node))
            .collect();
        keyed.sort_unstable();
        *layer = keyed.into_iter().map(|(_, node)| node).collect();
    }
    chart.layers = layers;
    number(chart);
}

fn number(chart: &mut Chart) {
    let layers = std::mem::take(&mut chart.layers);
    for layer in &layers {
        for (order, node) in layer.iter().enumerate() {
            chart[*node].order = order;
        }
    }
    chart.layers = layers;
}

/// One sweep: each layer sorted by where its neighbours in the layer before are.
fn align(chart: &mut Chart, down: bool) {
    let count = chart.layers.len();
    for step in 1..count {
        let at = if down { step } else { count - 1 - step };
        let Some(layer) = chart.layers.get(at).cloned() else { continue };
        let mut keyed: Vec<(f64, usize, NodeId)> = layer
            .iter()
            .map(|node| {
                let own = chart[*node].order;
                let (mut sum, mut count) = (0, 0);
                let mut add = |other: NodeId| {
                    sum += chart[other].order;
                    count += 1;
                };
                if down {
                    chart.above(*node).for_each(&mut add);
                } else {
                    chart.below(*node).for_each(&mut add);
                }
                let middle = if count == 0 { float(own) } else { float(sum) / float(count) };
                (middle, own, *node)
            })
            .collect();
        keyed.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let sorted: Vec<NodeId> = keyed.into_iter().map(|(.., node)| node).collect();
        for (order, node) in sorted.iter().enumerate() {
            chart[*node].order = order;
        }
        if let Some(layer) = chart.layers.get_mut(at) {
            *layer = sorted;
        }
    }
}

/// Swaps neighbours for as long as that takes crossings away.
fn swap(chart: &mut Chart) {
    let mut layers = std::mem::take(&mut chart.layers);
    for _ in 0..8 {
        let mut better = false;
        for layer in &mut layers {
            for at in 1..layer.len() {
                let Some([left, right]) =
                    layer.get(at - 1..=at).and_then(|pair| pair.first_chunk())
                else {
                    continue;
                };
                let (left, right) = (*left, *right);
                if pair_crossings(chart, right, left) < pair_crossings(chart, left, right) {
                    layer.swap(at - 1, at);
                    chart[left].order = at;
                    chart[right].order = at - 1;
                    better = true;
                }
            }
        }
        if !better {
            break;
        }
    }
    chart.layers = layers;
}

/// How often the wires of two nodes cross, the first standing left of the second.
fn pair_crossings(chart: &Chart, left: NodeId, right: NodeId) -> usize {
    let mut sum = 0;
    for a in chart.above(left) {
        sum += chart.above(right).map(|b| crossing(chart, (left, a), (right, b))).sum::<usize>();
    }
    sum + below_crossings(chart, left, right)
}

fn below_crossings(chart: &Chart, left: NodeId, right: NodeId) -> usize {
    let mut sum = 0;
    for a in chart.below(left) {
        sum += chart.below(right).map(|b| crossing(chart, (left, a), (right, b))).sum::<usize>();
    }
    sum
}

fn crossing(chart: &Chart, left: (NodeId, NodeId), right: (NodeId, NodeId)) -> usize {
    let spine = |(near, far): (NodeId, NodeId)| chart[near].spine && chart[far].spine;
    if chart[left.1].order <= chart[right.1].order {
        0
    } else if spine(left) || spine(right) {
        SPINE_WEIGHT
    } else {
        1
    }
}

/// All crossings of a chart in its present order, those of the main path counted by weight.
pub(super) fn crossings(chart: &Chart) -> usize {
    let mut sum = 0;
    for layer in &chart.layers {
        for (at, left) in layer.iter().enumerate() {
            for right in layer.iter().skip(at + 1) {
                sum += below_crossings(chart, *left, *right);
            }
        }
    }
    sum
}

/// A small count as a number to reckon with.
pub(super) fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
