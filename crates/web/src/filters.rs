//! What templates may do to a value: `{{ "late"|icon }}`, `{{ "app.css"|asset }}`.

#![expect(
    clippy::inline_always,
    clippy::unused_self,
    clippy::unnecessary_wraps,
    unreachable_pub,
    reason = "the shape that askama's filters have"
)]

use std::fmt;

use askama::filters::HtmlSafe;

use crate::asset::address;

/// An icon of the sprite; decoration, so hidden from those who listen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Icon<'a>(pub(crate) &'a str);

impl fmt::Display for Icon<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name) = self;
        // Names come from templates and closed lists; anything else shows no icon.
        let name = if name.bytes().all(|byte| byte.is_ascii_lowercase()) { name } else { "info" };
        let class = if name == "down" { "i chev" } else { "i" };
        let sprite = address("icons.svg");
        write!(f, r#"<svg class="{class}" aria-hidden="true"><use href="{sprite}#{name}"/></svg>"#)
    }
}

impl askama::FastWritable for Icon<'_> {
    fn write_into(&self, to: &mut dyn fmt::Write, _: &dyn askama::Values) -> askama::Result<()> {
        Ok(write!(to, "{self}")?)
    }
}

impl HtmlSafe for Icon<'_> {}

/// `{{ "late"|icon }}`.
#[askama::filter_fn]
pub(crate) fn icon<'a>(name: &'a str, _: &dyn askama::Values) -> askama::Result<Icon<'a>> {
    Ok(Icon(name))
}

/// `{{ "app.css"|asset }}`: the address of a static file with its hash.
#[askama::filter_fn]
pub(crate) fn asset(name: &str, _: &dyn askama::Values) -> askama::Result<String> {
    Ok(address(name))
}
