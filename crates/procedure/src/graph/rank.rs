//! Which layer everything stands in.
//!
//! States stand in even layers, words of links in the odd ones between. A link that passes a layer
//! gets a bend there, so that afterwards every wire joins two neighbouring layers.

use std::collections::{BTreeMap, BTreeSet};

use super::chart::{Chart, Kind, Link, LinkId, NodeId, label_extent};

type Pair = (NodeId, NodeId);

/// Gives every node its layer and lays the links through the layers.
pub(super) fn rank(chart: &mut Chart) {
    let back = back_pairs(chart);
    split(chart, &back);
    for (node, rank) in ranks(chart) {
        chart[node].layer = 2 * rank;
    }
    for node in chart.main.clone() {
        chart[node].spine = true;
    }
    lay(chart);
    let deepest = chart.nodes().map(|node| chart[node].layer).max().unwrap_or(0);
    let mut layers = vec![Vec::new(); deepest + 1];
    for node in chart.nodes() {
        if let Some(layer) = layers.get_mut(chart[node].layer) {
            layer.push(node);
        }
    }
    chart.layers = layers;
}

/// Steps down the main path, whether or not an action takes each.
fn main_pairs(chart: &Chart) -> impl Iterator<Item = Pair> + '_ {
    chart.main.iter().copied().zip(chart.main.iter().copied().skip(1))
}

/// The steps that lead back up: to a state that is still open on the way to this one.
fn back_pairs(chart: &Chart) -> BTreeSet<Pair> {
    struct Walk<'a> {
        next: BTreeMap<NodeId, Vec<NodeId>>,
        open: Vec<NodeId>,
        seen: BTreeSet<NodeId>,
        back: BTreeSet<Pair>,
        chart: &'a Chart,
    }
    impl Walk<'_> {
        fn visit(&mut self, node: NodeId) {
            if !self.seen.insert(node) {
                return;
            }
            self.open.push(node);
            for next in self.next.get(&node).cloned().unwrap_or_default() {
                if self.open.contains(&next) {
                    self.back.insert((node, next));
                } else {
                    self.visit(next);
                }
            }
            self.open.pop();
        }
    }
    let mut next = BTreeMap::<NodeId, Vec<NodeId>>::new();
    // The main path first, so that what leads against it is what counts as leading back.
    let links = chart.links().flat_map(|link| {
        let link = &chart[link];
        link.sources.iter().map(|source| (*source, link.target))
    });
    for (from, to) in main_pairs(chart).chain(links) {
        next.entry(from).or_default().push(to);
    }
    let mut walk =
        Walk { next, open: Vec::new(), seen: BTreeSet::new(), back: BTreeSet::new(), chart };
    for node in walk.chart.nodes() {
        walk.visit(node);
    }
    walk.back
}

/// Parts links of which some beginnings stand above and some below their outcome.
fn split(chart: &mut Chart, back: &BTreeSet<Pair>) {
    for link in chart.take_links() {
        let (up, down): (Vec<NodeId>, Vec<NodeId>) =
            link.sources.iter().copied().partition(|source| back.contains(&(*source, link.target)));
        for (sources, upward) in [(down, false), (up, true)] {
            if !sources.is_empty() {
                chart.link(Link { sources, upward, ..link.clone() });
            }
        }
    }
}

/// The longest way down to each state, then each beside the path as near to its neighbours as it can.
fn ranks(chart: &Chart) -> BTreeMap<NodeId, usize> {
    let mut pairs: BTreeSet<Pair> = main_pairs(chart).collect();
    for link in chart.links() {
        let link = &chart[link];
        for source in &link.sources {
            pairs.insert(if link.upward { (link.target, *source) } else { (*source, link.target) });
        }
    }
    let states: Vec<NodeId> = chart.nodes().collect();
    let mut ranks: BTreeMap<NodeId, usize> = states.iter().map(|state| (*state, 0)).collect();
    let rank_of = |ranks: &BTreeMap<NodeId, usize>, node| ranks.get(&node).copied().unwrap_or(0);
    // No pair leads in a circle any more, so this settles after as many rounds as there are states.
    for _ in &states {
        for (upper, lower) in &pairs {
            let least = rank_of(&ranks, *upper) + 1;
            if rank_of(&ranks, *lower) < least {
                ranks.insert(*lower, least);
            }
        }
    }
    let deepest = ranks.values().copied().max().unwrap_or(0);
    for _ in 0..3 {
        for state in states.iter().filter(|state| !chart.main.contains(state)) {
            let above: Vec<usize> = pairs
                .iter()
                .filter(|pair| pair.1 == *state)
                .map(|pair| rank_of(&ranks, pair.0))
                .collect();
            let below: Vec<usize> = pairs
                .iter()
                .filter(|pair| pair.0 == *state)
                .map(|pair| rank_of(&ranks, pair.1))
                .collect();
            let from = above.iter().max().map_or(0, |rank| rank + 1);
            let to = below.iter().min().map_or(deepest, |rank| rank.saturating_sub(1)).max(from);
            let length = |rank: usize| -> usize {
                above.iter().chain(&below).map(|other| rank.abs_diff(*other)).sum()
            };
            if let Some(best) = (from..=to).min_by_key(|rank| (length(*rank), *rank)) {
                ranks.insert(*state, best);
            }
        }
    }
    ranks
}

/// Lays every link through the layers it passes and finds the layer for its words.
fn lay(chart: &mut Chart) {
    let mut used = BTreeMap::<usize, f64>::new();
    let mut links: Vec<(LinkId, Vec<usize>)> =
        chart.links().map(|link| (link, label_layers(chart, link))).collect();
    // Those without a choice first; the rest spread over what is left.
    links.sort_by_key(|(_, layers)| layers.len());
    for (link, layers) in links {
        let (width, height) = label_extent(&chart[link].lines);
        let spine = is_spine(chart, link);
        let crowding = |(distance, layer): &(usize, usize)| -> f64 {
            let step = f64::from(u16::try_from(*distance).unwrap_or(u16::MAX));
            let taken = used.get(layer).copied().unwrap_or(0.0);
            // The words of the main path follow their state at once.
            step * if spine { 10_000.0 } else { 90.0 } + taken
        };
        let chosen = layers
            .iter()
            .copied()
            .enumerate()
            .min_by(|a, b| crowding(a).total_cmp(&crowding(b)))
            .map_or(1, |(_, layer)| layer);
        *used.entry(chosen).or_default() += width + 16.0;
        let words = chart[link].lines.clone();
        let label = chart.add(Kind::Label(words), width, height);
        chart[label].layer = chosen;
        thread(chart, link, label, spine);
    }
}

/// The layers in which the words of a link may stand: where all its beginnings have come together.
/// The nearest to them first.
fn label_layers(chart: &Chart, link: LinkId) -> Vec<usize> {
    let link = &chart[link];
    let target = chart[link.target].layer;
    let sources = link.sources.iter().map(|source| chart[*source].layer);
    if link.upward {
        let nearest = sources.min().unwrap_or(target);
        (target + 1..nearest).rev().step_by(2).collect()
    } else {
        let nearest = sources.max().unwrap_or(target);
        (nearest + 1..target).step_by(2).collect()
    }
}

/// Whether a link is the one drawn between two states that follow each other on the main path.
fn is_spine(chart: &Chart, link: LinkId) -> bool {
    let takes = |id: LinkId| main_pairs(chart).find(|pair| covers(chart, id, *pair));
    let Some(pair) = takes(link) else { return false };
    // One of several: an act of people before the system's, then the first.
    chart
        .links()
        .filter(|other| covers(chart, *other, pair))
        .min_by_key(|other| (chart[*other].system, *other))
        == Some(link)
}

fn covers(chart: &Chart, link: LinkId, (from, to): Pair) -> bool {
    let link = &chart[link];
    link.target == to && link.sources.contains(&from)
}

/// Adds the bends of a link and wires it up.
fn thread(chart: &mut Chart, id: LinkId, label: NodeId, spine: bool) {
    let link = chart[id].clone();
    let at = |node: NodeId| chart[node].layer;
    let target = at(link.target);
    let sources: Vec<(NodeId, usize)> =
        link.sources.iter().map(|node| (*node, at(*node))).collect();
    let ends = sources.iter().map(|(_, layer)| *layer);
    let (top, bottom) = if link.upward {
        (target + 1, ends.max().unwrap_or(target).saturating_sub(1))
    } else {
        (ends.min().unwrap_or(0) + 1, target.saturating_sub(1))
    };
    // A beginning further up joins the main path's wire; only below the path's own state is it straight.
    let spine_from = link
        .sources
        .iter()
        .filter(|source| chart.main.contains(source))
        .map(|source| at(*source))
        .max()
        .unwrap_or(0);
    let label_layer = at(label);
    let mut trunk = Vec::new();
    for layer in top..=bottom {
        let node = if layer == label_layer {
            label
        } else {
            let bend = chart.add(Kind::Bend, 2.0, 0.0);
            chart[bend].layer = layer;
            bend
        };
        chart[node].spine = spine && layer > spine_from;
        trunk.push(node);
    }
    for (upper, lower) in trunk.iter().zip(trunk.iter().skip(1)) {
        chart.wire(id, *upper, *lower);
    }
    for (source, layer) in sources {
        if link.upward {
            if let Some(joined) = trunk.get(layer - 1 - top) {
                chart.wire(id, *joined, source);
            }
        } else if let Some(joined) = trunk.get(layer + 1 - top) {
            chart.wire(id, source, *joined);
        }
    }
    match (link.upward, trunk.first(), trunk.last()) {
        (true, Some(first), _) => chart.wire(id, link.target, *first),
        (false, _, Some(last)) => chart.wire(id, *last, link.target),
        (true, None, _) | (false, _, None) => {}
    }
    chart[id].trunk = trunk;
}
