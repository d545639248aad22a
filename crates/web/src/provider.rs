//! Signing in by word of an identity provider (统一身份认证): there and back.
//!
//! Who somebody is the provider says; what they may do is known here alone. No account and no role
//! comes from there.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use store::people::PeopleError;
use store::provider::Visit;

use crate::House;
use crate::error::{WebError, unprocessable};
use crate::fields::Query;
use crate::session::{Address, Errand, Visitor, own_page};
use crate::shell::Page;
use crate::sign_in::{agent, entered, page};

/// Where the provider sends people back to.
pub const RETURN_PATH: &str = "/sign-in/provider/return";

/// The identity provider, as the pages know it.
#[derive(Clone)]
pub struct Provider {
    /// The words of its button.
    pub name: String,
    /// Whether its word counts for both factors.
    pub vouches: bool,
    /// Asks it.
    pub asks: Arc<dyn Asks>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("name", &self.name).finish_non_exhaustive()
    }
}

/// An answer that takes its time.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Asks an identity provider; made by the program, which alone talks to other machines.
pub trait Asks: Send + Sync {
    /// Where to send somebody, and what to remember until they are back. `next` is only kept.
    fn begin(&self, next: String) -> Later<'_, Result<(String, Visit), ProviderError>>;

    /// Who came back with that code: the name by which their account is found.
    fn finish<'a>(
        &'a self,
        code: &'a str,
        visit: &'a Visit,
    ) -> Later<'a, Result<String, ProviderError>>;
}

/// Why the provider's word cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It does not answer, or with nothing that makes sense.
    #[error("the identity provider cannot be asked: {0}")]
    Unreachable(String),
    /// What it says does not hold: a wrong signature, audience, issuer, time or nonce.
    #[error("the identity provider's word does not hold: {0}")]
    Untrue(String),
    /// It does not say by which name the person is known.
    #[error("the identity provider does not say `{claim}`")]
    Unnamed {
        /// What it should say.
        claim: String,
    },
}

impl ProviderError {
    fn key(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "sign-in.provider-unreachable",
            Self::Untrue(_) => "sign-in.provider-untrue",
            Self::Unnamed { .. } => "sign-in.provider-unnamed",
        }
    }
}

pub(crate) fn routes() -> Router<House> {
    Router::new().route("/sign-in/provider", get(leave)).route(RETURN_PATH, get(come_back))
}

/// Without a provider its addresses do not exist.
fn provider(house: &House) -> Result<&Provider, WebError> {
    house.settings.provider.as_ref().ok_or(WebError::NotFound)
}

/// `GET /sign-in/provider`: to the provider. A link and no form: our pages let no form lead elsewhere.
async fn leave(
    State(house): State<House>,
    visitor: Visitor,
    Query(query): Query,
) -> Result<Response, WebError> {
    let next = own_page(query.get("next"));
    match provider(&house)?.asks.begin(next.clone()).await {
        Ok((to, visit)) => {
            let token = house.people.visit_begin(&visit).await?;
            Ok(Errand::Provider.given(&house, &token, Redirect::to(&to).into_response()))
        }
        Err(error) => refused(&house, &visitor, next, &error).await,
    }
}

/// `GET /sign-in/provider/return`: back from there, with a code or with a refusal.
async fn come_back(
    State(house): State<House>,
    visitor: Visitor,
    address: Address,
    headers: HeaderMap,
    Query(query): Query,
) -> Result<Response, WebError> {
    let provider = provider(&house)?;
    let visit = match Errand::Provider.brought(&house, &headers) {
        Some(token) => house.people.visit_take(&token, query.get("state")).await?,
        None => None,
    };
    let language = visitor.language;
    let Some(visit) = visit else {
        let error = language.say("sign-in.provider-stale").to_owned();
        return told(&house, &visitor, "/".to_owned(), error).await;
    };
    let Some(code) = query.given("code") else {
        let error = language.say("sign-in.provider-refused").to_owned();
        return told(&house, &visitor, visit.next, error).await;
    };
    let name = match provider.asks.finish(code, &visit).await {
        Ok(name) => name,
        Err(error) => return refused(&house, &visitor, visit.next, &error).await,
    };
    let agent = agent(&headers);
    let entry = house.people.sign_in_by_provider(&name, provider.vouches, &address.0, &agent).await;
    match entry {
        Ok(entry) => {
            let answer = entered(&house, &visitor, entry, &visit.next).await?;
            Ok(Errand::Provider.over(&house, answer))
        }
        Err(PeopleError::Refused(refusal)) => {
            let error = language.of(&refusal.words()).to_owned();
            told(&house, &visitor, visit.next, error).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn refused(
    house: &House,
    visitor: &Visitor,
    next: String,
    error: &ProviderError,
) -> Result<Response, WebError> {
    tracing::error!(%error, "signing in by the identity provider failed");
    let words = visitor.language.say(error.key()).to_owned();
    told(house, visitor, next, words).await
}

/// The page of signing in, with what went wrong.
async fn told(
    house: &House,
    visitor: &Visitor,
    next: String,
    error: String,
) -> Result<Response, WebError> {
    let page = page(house, visitor, next, "", Some(error)).await?;
    Ok(Errand::Provider.over(house, unprocessable(Page(page))))
}
