//! The tree a matter stands in: the problem, and everything under it the reader may see.

use procedure::MatterId;
use store::visibility::SeenMatter;

use super::clock::next_light;
use super::look::{Look, day};
use crate::parts::mark::{Light, State};

/// One piece of the tree as it is written: a node, down a level, up again, its end.
#[derive(Debug, Clone)]
pub(crate) enum Branch {
    Node(Node),
    Down,
    Up,
    End,
}

/// A matter in the tree.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) href: String,
    pub(crate) kind: String,
    pub(crate) number: String,
    pub(crate) title: String,
    pub(crate) state: State,
    pub(crate) light: Option<Light>,
    pub(crate) opened: String,
    pub(crate) is_here: bool,
}

/// The tree of the matters the reader may see, with `here` marked.
pub(crate) fn tree(look: &Look<'_>, family: &[SeenMatter], here: &MatterId) -> Vec<Branch> {
    let sees = |id: &MatterId| family.iter().any(|seen| seen.matter.id == *id);
    let mut branches = Vec::new();
    for seen in family {
        let matter = &seen.matter;
        // One may see a matter and not the one above it; it then stands at the top.
        if matter.parent.as_ref().is_none_or(|parent| !sees(parent)) {
            grow(look, family, seen, here, DEPTH_MAX, &mut branches);
        }
    }
    branches
}

/// Deepest tree that is drawn.
const DEPTH_MAX: u8 = 12;

fn grow(
    look: &Look<'_>,
    family: &[SeenMatter],
    seen: &SeenMatter,
    here: &MatterId,
    depth: u8,
    into: &mut Vec<Branch>,
) {
    let matter = &seen.matter;
    let above = family.iter().find(|seen| Some(&seen.matter.id) == matter.parent.as_ref());
    let same_above = above.is_some_and(|above| above.matter.title == matter.title);
    into.push(Branch::Node(node(look, seen, here, same_above)));
    let is_below = |seen: &&SeenMatter| seen.matter.parent.as_ref() == Some(&matter.id);
    let mut below = family.iter().filter(is_below).peekable();
    if below.peek().is_some() && depth > 0 {
        into.push(Branch::Down);
        for child in below {
            grow(look, family, child, here, depth - 1, into);
        }
        into.push(Branch::Up);
    }
    into.push(Branch::End);
}

fn node(look: &Look<'_>, seen: &SeenMatter, here: &MatterId, same_above: bool) -> Node {
    let matter = &seen.matter;
    Node {
        href: format!("/matters/{}", matter.id),
        kind: look.kind(matter),
        number: matter.number.clone(),
        // Most take the title of the problem; it is told once.
        title: match super::repair::about(look, seen) {
            Some(what) => what,
            None if same_above => String::new(),
            None => matter.title.clone(),
        },
        state: State { word: look.state(matter), ended: matter.ended },
        light: next_light(look, matter),
        opened: day(matter.opened_at),
        is_here: matter.id == *here,
    }
}
