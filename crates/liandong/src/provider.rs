//! Asking an identity provider by OpenID Connect: the authorization code flow with PKCE, state and
//! nonce, over the `openidconnect` library, which checks what the provider signs.
//!
//! What the provider says of itself is fetched when somebody first goes there and again every hour, or
//! when a signature is by a key nobody knows yet; a provider that is down hinders nothing else.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreIdTokenVerifier, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthorizationCode, ClaimsVerificationError, ClientId,
    ClientSecret, CsrfToken, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, SubjectIdentifier, TokenResponse as _,
};
use serde_json::Value;
use store::Clock;
use store::provider::Visit;
use store::randomness::{SystemRandomness, secret};
use tokio::sync::Mutex;
use web::provider::{Asks, Later, Provider, ProviderError, RETURN_PATH};

use crate::clock::SystemClock;
use crate::output::Failure;
use crate::settings::{SecondFactorAt, Settings};
use crate::tls::{roots_of_the_machine, tls_of_client};

/// How long an answer of the provider may take.
const WAIT_MAX: Duration = Duration::from_secs(10);
/// Largest answer of the provider that is read.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;
/// How long what the provider says of itself is believed.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(1);

/// The provider these settings name; none without one.
pub(crate) fn open(settings: &Settings) -> Result<Option<Provider>, Failure> {
    let Some(issuer) = &settings.oidc_issuer else {
        return match &settings.oidc_client_id {
            None => Ok(None),
            Some(_) => Err(missing("oidc-issuer")),
        };
    };
    let client_id = settings.oidc_client_id.as_ref().ok_or_else(|| missing("oidc-client-id"))?;
    let origin = settings.origin.as_ref().ok_or_else(|| missing("origin"))?;
    let secret = match &settings.oidc_client_secret_file {
        None => None,
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                let shown = path.display();
                Failure::usage(
                    format!("读不到 oidc-client-secret-file {shown}：{error}"),
                    format!("cannot read oidc-client-secret-file {shown}: {error}"),
                )
            })?;
            Some(ClientSecret::new(text.trim().to_owned()))
        }
    };
    let wrong = |what: &str, error: openidconnect::url::ParseError| {
        Failure::usage(format!("{what} 不是有效的地址：{error}"), format!("{what}: {error}"))
    };
    let asks = OpenId {
        issuer: IssuerUrl::new(issuer.clone()).map_err(|error| wrong("oidc-issuer", error))?,
        client_id: ClientId::new(client_id.clone()),
        secret,
        return_to: RedirectUrl::new(format!("{origin}{RETURN_PATH}"))
            .map_err(|error| wrong("origin", error))?,
        claim: settings.oidc_claim.clone(),
        agent: agent(),
        clock: Arc::new(SystemClock),
        known: Mutex::default(),
    };
    Ok(Some(Provider {
        name: settings.oidc_name.clone(),
        vouches: settings.oidc_second_factor == SecondFactorAt::Provider,
        asks: Arc::new(asks),
    }))
}

/// The client that asks: it follows nobody elsewhere and does not wait for ever.
fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .tls_config(tls_of_client(roots_of_the_machine()))
        .timeout_global(Some(WAIT_MAX))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("liandong/", env!("CARGO_PKG_VERSION")))
        .build()
        .into()
}

fn missing(name: &str) -> Failure {
    Failure::usage(
        format!("统一身份认证须同时设置 oidc-issuer、oidc-client-id 和 origin，缺少 {name}"),
        format!("oidc-issuer, oidc-client-id and origin go together; {name} is not set"),
    )
}

/// A client that knows where the provider is.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

struct OpenId {
    issuer: IssuerUrl,
    client_id: ClientId,
    secret: Option<ClientSecret>,
    return_to: RedirectUrl,
    claim: String,
    agent: ureq::Agent,
    clock: Arc<dyn Clock>,
    /// What the provider said of itself, and when.
    known: Mutex<Option<(Timestamp, CoreProviderMetadata)>>,
}

impl Asks for OpenId {
    fn begin(&self, next: String) -> Later<'_, Result<(String, Visit), ProviderError>> {
        Box::pin(async move {
            let client = self.client(false).await?;
            let draw = || {
                secret(&SystemRandomness)
                    .map_err(|error| ProviderError::Unreachable(error.to_string()))
            };
            let (state, nonce, verifier) = (draw()?, draw()?, draw()?);
            let pkce = PkceCodeVerifier::new(verifier.clone());
            let (sent_state, sent_nonce) = (state.clone(), nonce.clone());
            let (to, _, _) = client
                .authorize_url(
                    CoreAuthenticationFlow::AuthorizationCode,
                    move || CsrfToken::new(sent_state),
                    move || Nonce::new(sent_nonce),
                )
                .add_scope(Scope::new("profile".to_owned()))
                .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&pkce))
                .url();
            Ok((to.into(), Visit { state, nonce, verifier, next }))
        })
    }

    fn finish<'a>(
        &'a self,
        code: &'a str,
        visit: &'a Visit,
    ) -> Later<'a, Result<String, ProviderError>> {
        Box::pin(async move {
            let client = self.client(false).await?;
            let http = self.http();
            let response = client
                .exchange_code(AuthorizationCode::new(code.to_owned()))
                .map_err(|error| ProviderError::Unreachable(error.to_string()))?
                .set_pkce_verifier(PkceCodeVerifier::new(visit.verifier.clone()))
                .request_async(&http)
                .await
                .map_err(|error| match &error {
                    RequestTokenError::Request(_) => ProviderError::Unreachable(told(&error)),
                    _ => ProviderError::Untrue(told(&error)),
                })?;
            let token = response
                .id_token()
                .ok_or_else(|| ProviderError::Untrue("it sent no id token".to_owned()))?;
            let access = response.access_token();
            let subject = match self.subject(&client, token, access, visit) {
                // Its keys may have changed since they were fetched.
                Err(ClaimsVerificationError::SignatureVerification(_)) => {
                    self.subject(&self.client(true).await?, token, access, visit)
                }
                other => other,
            };
            let subject = subject.map_err(|error| ProviderError::Untrue(told(&error)))?;
            if let Some(name) = named(&claims_of(token)?, &self.claim) {
                return Ok(name);
            }
            self.name_told(&client, access.clone(), subject).await
        })
    }
}

impl OpenId {
    /// The client, with what the provider says of itself, from there again when asked so or too old.
    async fn client(&self, anew: bool) -> Result<Client, ProviderError> {
        let mut known = self.known.lock().await;
        let now = self.clock.now();
        let fresh = known
            .as_ref()
            .filter(|(at, _)| !anew && now.duration_since(*at).abs() < KNOWN_FOR)
            .map(|(_, metadata)| metadata.clone());
        let metadata = if let Some(metadata) = fresh {
            metadata
        } else {
            let http = self.http();
            let metadata = CoreProviderMetadata::discover_async(self.issuer.clone(), &http)
                .await
                .map_err(|error| ProviderError::Unreachable(told(&error)))?;
            *known = Some((now, metadata.clone()));
            metadata
        };
        drop(known);
        let (id, secret) = (self.client_id.clone(), self.secret.clone());
        Ok(CoreClient::from_provider_metadata(metadata, id, secret)
            .set_redirect_uri(self.return_to.clone()))
    }

    /// Whom the provider's token is about, once everything about it holds: signature, issuer, audience,
    /// time, nonce, and that the access token belongs to it.
    fn subject(
        &self,
        client: &Client,
        token: &CoreIdToken,
        access: &AccessToken,
        visit: &Visit,
    ) -> Result<SubjectIdentifier, ClaimsVerificationError> {
        let now = self.clock.now().as_second();
        let verifier: CoreIdTokenVerifier<'_> = client
            .id_token_verifier()
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                CoreJwsSigningAlgorithm::RsaSsaPssSha256,
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                CoreJwsSigningAlgorithm::EcdsaP384Sha384,
                CoreJwsSigningAlgorithm::EdDsa,
            ])
            .set_time_fn(move || chrono::DateTime::from_timestamp(now, 0).unwrap_or_default());
        let claims = token.claims(&verifier, &Nonce::new(visit.nonce.clone()))?;
        if let Some(expected) = claims.access_token_hash() {
            let of = |error| ClaimsVerificationError::SignatureVerification(error);
            let (alg, key) =
                (token.signing_alg().map_err(of)?, token.signing_key(&verifier).map_err(of)?);
            let hash = AccessTokenHash::from_token(access, alg, key)
                .map_err(|error| ClaimsVerificationError::Other(error.to_string()))?;
            if hash != *expected {
                let words = "the access token is not the one of the id token".to_owned();
                return Err(ClaimsVerificationError::Other(words));
            }
        }
        Ok(claims.subject().clone())
    }

    /// The name from where the provider tells more of a person than in its token.
    async fn name_told(
        &self,
        client: &Client,
        access: AccessToken,
        subject: SubjectIdentifier,
    ) -> Result<String, ProviderError> {
        let unnamed = || ProviderError::Unnamed { claim: self.claim.clone() };
        let request = client.user_info(access, Some(subject)).map_err(|_| unnamed())?;
        let http = self.http();
        let claims: CoreUserInfoClaims = request
            .request_async(&http)
            .await
            .map_err(|error| ProviderError::Unreachable(told(&error)))?;
        let claims = serde_json::to_value(&claims).map_err(|_| unnamed())?;
        named(&claims, &self.claim).ok_or_else(unnamed)
    }

    /// Sends the library's requests, each on a thread that may wait.
    fn http(
        &self,
    ) -> impl Fn(HttpRequest) -> Later<'static, Result<HttpResponse, std::io::Error>> + 'static
    {
        let agent = self.agent.clone();
        move |request| {
            let agent = agent.clone();
            Box::pin(async move {
                tokio::task::spawn_blocking(move || sent(&agent, request))
                    .await
                    .map_err(std::io::Error::other)?
            })
        }
    }
}

fn sent(agent: &ureq::Agent, request: HttpRequest) -> Result<HttpResponse, std::io::Error> {
    let answer = agent.run(request).map_err(ureq::Error::into_io)?;
    let (parts, mut body) = answer.into_parts();
    let bytes =
        body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(ureq::Error::into_io)?;
    Ok(HttpResponse::from_parts(parts, bytes))
}

/// What a token says, whose signature was checked before.
fn claims_of(token: &CoreIdToken) -> Result<Value, ProviderError> {
    let text = token.to_string();
    let part = text.split('.').nth(1).unwrap_or_default();
    let wrong = |error: &dyn std::fmt::Display| ProviderError::Untrue(error.to_string());
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|error| wrong(&error))?;
    serde_json::from_slice(&bytes).map_err(|error| wrong(&error))
}

fn named(claims: &Value, claim: &str) -> Option<String> {
    let name = claims.get(claim)?.as_str()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// An error with everything under it.
fn told(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut under = error.source();
    while let Some(error) = under {
        words = format!("{words}: {error}");
        under = error.source();
    }
    words
}
