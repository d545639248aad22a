//! `cargo xtask sbom`: what the program is made of (软件物料清单), as CycloneDX 1.5 in JSON.
//!
//! Everything that goes into the binary: crates at any depth with the hash of their package, and the
//! front-end files. What only builds or tests is left out. The same sources give the same bytes.

use crate::cargo::root;
use crate::metadata::{Metadata, Package};
use crate::vendor;
use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What is sold in one piece.
const PRODUCT: &str = "liandong";

/// As far as we read `Cargo.lock`.
#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// None: one of ours.
    checksum: Option<String>,
}

/// Prints the list.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    if !arguments.is_empty() {
        bail!("usage: cargo xtask sbom > liandong.cdx.json");
    }
    println!("{}", serde_json::to_string_pretty(&list()?)?);
    Ok(())
}

fn list() -> anyhow::Result<Value> {
    let metadata = Metadata::read()?;
    let lock: Lock = toml::from_str(&std::fs::read_to_string(root()?.join("Cargo.lock"))?)?;
    let sums: BTreeMap<_, _> = lock
        .package
        .into_iter()
        .filter_map(|locked| Some(((locked.name, locked.version), locked.checksum?)))
        .collect();
    let members = metadata.members();
    let product = members.get(PRODUCT).context("the product is no crate of ours")?;
    let mut components: Vec<Value> = metadata
        .built_on(product)
        .into_iter()
        .map(|package| {
            let key = (package.name.clone(), package.version.clone());
            let license = package.license.as_deref().map(|all| all.replace('/', " OR "));
            component(&purl(package), &key.0, &key.1, license.as_deref(), sums.get(&key))
        })
        .collect();
    for file in vendor::product_files()? {
        let purl = format!("pkg:npm/{}@{}", file.package, file.version);
        components.push(component(
            &purl,
            &file.package,
            &file.version,
            Some(&file.licence),
            Some(&file.sha256),
        ));
    }
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": {
            "type": "application",
            "bom-ref": purl(product),
            "name": product.name,
            "version": product.version,
            "licenses": [{ "expression": product.license }],
        } },
        "components": components,
    }))
}

fn component(
    purl: &str,
    name: &str,
    version: &str,
    license: Option<&str>,
    sha256: Option<&String>,
) -> Value {
    let mut it = json!({
        "type": "library", "bom-ref": purl, "purl": purl, "name": name, "version": version,
    });
    if let Some(it) = it.as_object_mut() {
        let license = license.map(|expression| json!([{ "expression": expression }]));
        it.extend(license.map(|license| ("licenses".to_owned(), license)));
        let hash = sha256.map(|sum| json!([{ "alg": "SHA-256", "content": sum }]));
        it.extend(hash.map(|hash| ("hashes".to_owned(), hash)));
    }
    it
}

fn purl(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn everything_in_the_binary_is_listed_once_with_its_hash() {
        let list = list().unwrap();
        let components = list["components"].as_array().unwrap();
        let refs: BTreeSet<_> =
            components.iter().map(|one| one["bom-ref"].as_str().unwrap()).collect();
        assert_eq!(refs.len(), components.len(), "none twice");
        for part in ["pkg:cargo/sm2@", "pkg:cargo/axum@", "pkg:cargo/web@", "pkg:npm/htmx.org@"] {
            assert!(refs.iter().any(|one| one.starts_with(part)), "{part}");
        }
        for left_out in ["pkg:cargo/insta@", "pkg:cargo/fantoccini@", "pkg:cargo/xtask@"] {
            assert!(!refs.iter().any(|one| one.starts_with(left_out)), "{left_out}");
        }
        let ours = ["web", "store", "ledger", "procedure", "calendar", "documents", "fuzz"];
        for one in components {
            let is_ours = ours.contains(&one["name"].as_str().unwrap());
            assert_eq!(one["hashes"].is_null(), is_ours, "{one}");
            assert!(!one["licenses"].is_null(), "{one}");
        }
    }
}
