//! What cargo knows about our crates and what they stand on.

use crate::cargo::{cargo, output};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The answer of `cargo metadata`, as far as we read it.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    resolve: Resolve,
}

/// A crate.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    pub(crate) license_file: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<NodeDependency>,
}

#[derive(Debug, Deserialize)]
struct NodeDependency {
    pkg: String,
    dep_kinds: Vec<DependencyKind>,
}

#[derive(Debug, Deserialize)]
struct DependencyKind {
    /// Null for an ordinary dependency, else `dev` or `build`.
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo.
    pub(crate) fn read() -> anyhow::Result<Self> {
        let text = output(&mut cargo(&["metadata", "--format-version=1", "--locked"])?)?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Our own crates, by name.
    pub(crate) fn members(&self) -> BTreeMap<&str, &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
            .map(|package| (package.name.as_str(), package))
            .collect()
    }

    /// Every crate that is not ours.
    pub(crate) fn foreign(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| !self.workspace_members.contains(&package.id))
    }

    /// The names of the crates that `package` names itself as ordinary dependencies.
    pub(crate) fn direct(&self, package: &Package) -> BTreeSet<&str> {
        self.ordinary(&package.id).into_iter().filter_map(|id| self.name(id)).collect()
    }

    /// The names of everything that `package` is built on, itself left out.
    pub(crate) fn transitive(&self, package: &Package) -> BTreeSet<&str> {
        self.built_on(package).into_iter().map(|package| package.name.as_str()).collect()
    }

    /// Everything that goes into `package`, at any depth, in the order of names.
    pub(crate) fn built_on(&self, package: &Package) -> Vec<&Package> {
        let mut seen = BTreeSet::new();
        let mut open = self.ordinary(&package.id);
        while let Some(id) = open.pop() {
            if seen.insert(id) {
                open.extend(self.ordinary(id));
            }
        }
        let mut found: Vec<_> =
            self.packages.iter().filter(|package| seen.contains(package.id.as_str())).collect();
        found.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        found
    }

    fn ordinary(&self, id: &str) -> Vec<&str> {
        self.resolve
            .nodes
            .iter()
            .filter(|node| node.id == id)
            .flat_map(|node| &node.deps)
            .filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none()))
            .map(|dependency| dependency.pkg.as_str())
            .collect()
    }

    fn name(&self, id: &str) -> Option<&str> {
        self.packages.iter().find(|package| package.id == id).map(|package| package.name.as_str())
    }
}
