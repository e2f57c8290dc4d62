//! Session tokens: RS256 only, keys by `kid`. They are fetched anew every hour, and at most once a minute for one that
//! is not known; while the issuer does not answer, the known ones hold.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use domain::ids::UserId;
use domain::problem::ProblemKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::app::App;
use crate::config::Issuer;
use crate::problem::Problem;

/// No more often than this are keys fetched anew, whether or not the issuer answers.
const REFETCH_AFTER: Duration = Duration::from_secs(60);
/// No more often than this are keys fetched while there are none: nobody gets in, so it is worth trying soon.
const RETRY_AFTER: Duration = Duration::from_secs(5);
/// This long after a fetch, keys are asked for again: the issuer may have withdrawn one.
const KEPT_FOR: Duration = Duration::from_secs(3600);
/// Clocks may differ by this many seconds.
const LEEWAY_SECS: u64 = 5;
/// A longer token is not looked at.
const MAX_TOKEN_BYTES: usize = 8 << 10;

/// The issuer's public keys, kept for the life of the process.
#[derive(Default)]
pub(crate) struct Jwks {
    cached: Mutex<Cached>,
}

#[derive(Default)]
struct Cached {
    keys: HashMap<String, DecodingKey>,
    fetched_at: Option<Instant>,
    tried_at: Option<Instant>,
}

impl std::fmt::Debug for Jwks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Jwks")
    }
}

/// The claims that are looked at. `sid` is required: tokens made from templates lack it and live long.
#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    #[expect(dead_code, reason = "its presence is what counts")]
    sid: String,
    azp: Option<String>,
}

impl App {
    /// The user whose valid session token this is.
    pub(crate) async fn verify_session(&self, token: &str) -> Result<UserId, Problem> {
        let issuer =
            self.config.issuer.as_ref().ok_or_else(|| Problem::internal("CLERK_ISSUER is not set"))?;
        if token.len() > MAX_TOKEN_BYTES {
            return Err(invalid());
        }
        let header = decode_header(token).map_err(|_| invalid())?;
        // Who does not understand what a token calls critical must refuse it (RFC 7515, section 4.1.11); nothing is
        // understood here, and the library does not look.
        let usable = header.alg == Algorithm::RS256 && header.crit.is_none();
        let kid = header.kid.filter(|_| usable).ok_or_else(invalid)?;
        let key = self.decoding_key(issuer, &kid).await?.ok_or_else(invalid)?;
        let claims = decode::<Claims>(token, &key, &validation(issuer)).map_err(|_| invalid())?.claims;
        let party_ok = match claims.azp {
            Some(azp) => issuer.authorized_parties.is_empty() || issuer.authorized_parties.contains(&azp),
            None => true,
        };
        UserId::new(claims.sub).filter(|_| party_ok).ok_or_else(invalid)
    }

    async fn decoding_key(&self, issuer: &Issuer, kid: &str) -> Result<Option<DecodingKey>, Problem> {
        let mut cached = self.jwks.cached.lock().await;
        let is_past = |at: Option<Instant>, pause| at.is_none_or(|at| at.elapsed() >= pause);
        let known = cached.keys.contains_key(kid);
        let pause = if cached.fetched_at.is_some() { REFETCH_AFTER } else { RETRY_AFTER };
        if (!known || is_past(cached.fetched_at, KEPT_FOR)) && is_past(cached.tried_at, pause) {
            cached.tried_at = Some(Instant::now());
            match self.fetch_keys(issuer).await {
                Ok(keys) => {
                    cached.keys = keys;
                    cached.fetched_at = Some(Instant::now());
                }
                Err(problem) if known => {
                    tracing::warn!(cause = problem.cause(), "keys not fetched anew: the known ones hold");
                }
                Err(problem) => return Err(problem),
            }
        }
        if cached.fetched_at.is_none() {
            // The token may well be valid: to call it invalid would sign its owner out.
            return Err(Problem::internal("keys could not be fetched a moment ago"));
        }
        Ok(cached.keys.get(kid).cloned())
    }

    async fn fetch_keys(&self, issuer: &Issuer) -> Result<HashMap<String, DecodingKey>, Problem> {
        let fetched = async {
            let response = self.http().await?.get(&issuer.jwks_url).send().await?.error_for_status()?;
            response.bytes().await
        };
        let body = fetched.await.map_err(|error| Problem::internal(format!("keys not fetched: {error}")))?;
        let set: JwkSet = serde_json::from_slice(&body).map_err(Problem::internal)?;
        let usable = set.keys.iter().filter_map(|jwk| {
            let kid = jwk.common.key_id.clone()?;
            DecodingKey::from_jwk(jwk).ok().map(|key| (kid, key))
        });
        Ok(usable.collect())
    }
}

fn validation(issuer: &Issuer) -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.leeway = LEEWAY_SECS;
    validation.validate_nbf = true;
    validation.validate_aud = false;
    validation.set_issuer(&[&issuer.url]);
    validation.required_spec_claims = HashSet::from(["exp", "nbf", "iss", "sub"].map(str::to_owned));
    validation
}

pub(crate) fn invalid() -> Problem {
    Problem::new(
        ProblemKind::Unauthorized,
        "The session token is missing, invalid or expired. Sign in again and send it as Authorization: Bearer <token>.",
    )
}
