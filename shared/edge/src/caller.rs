//! Who calls: how each endpoint lets its callers in.

use domain::api_key::{ApiKey, KeyPrefix, Scope};
use domain::api_version::{ApiVersion, UnknownVersion};
use domain::ids::UserId;
use domain::problem::ProblemKind;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use jiff::Timestamp;

use crate::app::App;
use crate::jwks::invalid as invalid_session;
use crate::limiter::{Allowance, Subject};
use crate::problem::{Contract, Problem};

/// Overrides the version of the key for one request.
const API_VERSION: &str = "X-API-Version";

/// How an endpoint lets callers in. Decides the contract and who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// A session token; Videos & Chat.
    Session,
    /// Anyone; Videos & Chat. For probes, and for webhooks, whose handlers check their signatures.
    Public,
    /// Anyone, of the contract that the gateway's stage names. For paths that do not exist.
    Anywhere,
    /// An API key with that scope; Jobs.
    ApiKey(Scope),
    /// A session token, to manage keys; Jobs.
    KeyManagement,
}

/// Who came through the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// An account, by a session.
    User(UserId),
    /// An account, by one of its keys.
    Key {
        /// Whose.
        user: UserId,
        /// Which of the account's keys.
        prefix: KeyPrefix,
        /// What the contract's words mean to it: the key's version, unless the request names another.
        api_version: ApiVersion,
    },
    /// Nobody in particular.
    Anonymous,
}

/// A request as the door sees it.
pub(crate) struct Knock<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) source_ip: &'a str,
    pub(crate) now: Timestamp,
}

impl Door {
    /// The contract of the endpoint behind it.
    pub(crate) fn contract(self, stage: Option<&str>) -> Contract {
        match self {
            Self::Session | Self::Public => Contract::Videos,
            Self::ApiKey(_) | Self::KeyManagement => Contract::Jobs,
            Self::Anywhere if stage == Some("v1") => Contract::Jobs,
            Self::Anywhere => Contract::Videos,
        }
    }

    /// Whether too many requests are refused, or only counted: a probe must learn the truth, and
    /// what a webhook tells must not be lost.
    pub(crate) fn refuses_many(self) -> bool {
        match self {
            Self::Public => false,
            Self::Session | Self::Anywhere | Self::ApiKey(_) | Self::KeyManagement => true,
        }
    }

    /// Counts the request and finds out who calls, both at once where the one does not need the other.
    pub(crate) async fn open(
        self,
        app: &App,
        contract: Contract,
        knock: &Knock<'_>,
    ) -> (Allowance, Result<Caller, Problem>) {
        let address = || match contract {
            Contract::Videos => Subject::Address(knock.source_ip.to_owned()),
            Contract::Jobs => Subject::KeylessAddress(knock.source_ip.to_owned()),
        };
        match self {
            Self::Public | Self::Anywhere => {
                (Allowance::count(&app.store, address(), knock.now).await, Ok(Caller::Anonymous))
            }
            Self::Session => {
                let counted = Allowance::count(&app.store, address(), knock.now);
                let (allowance, user) = futures::join!(counted, session(app, knock));
                (allowance, user.map(Caller::User))
            }
            Self::KeyManagement => {
                let user = session(app, knock).await;
                let subject =
                    user.as_ref().map_or_else(|_| address(), |user| Subject::KeyManager(user.clone()));
                (Allowance::count(&app.store, subject, knock.now).await, user.map(Caller::User))
            }
            Self::ApiKey(scope) => {
                let Some(key) = presented_key(knock.headers) else {
                    return (Allowance::count(&app.store, address(), knock.now).await, Err(invalid_key()));
                };
                let counted = Allowance::count(&app.store, Subject::Key(key.hash()), knock.now);
                let (allowance, found) = futures::join!(counted, app.store.key(key.hash()));
                let record = match found {
                    Err(error) => return (allowance, Err(error.into())),
                    Ok(record) => record.filter(|record| !record.revoked),
                };
                match record {
                    // A made-up key must not have a minute of its own.
                    None => (Allowance::count(&app.store, address(), knock.now).await, Err(invalid_key())),
                    Some(record) if record.scopes.contains(&scope) => {
                        let version = asked_version(knock.headers, record.api_version);
                        let (user, prefix) = (record.user, record.prefix);
                        (allowance, version.map(|api_version| Caller::Key { user, prefix, api_version }))
                    }
                    Some(_) => (allowance, Err(out_of_scope(scope))),
                }
            }
        }
    }
}

async fn session(app: &App, knock: &Knock<'_>) -> Result<UserId, Problem> {
    app.verify_session(bearer(knock.headers).ok_or_else(invalid_session)?).await
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn presented_key(headers: &HeaderMap) -> Option<ApiKey> {
    let text = match headers.get("x-api-key") {
        Some(value) => value.to_str().ok()?.trim(),
        None => bearer(headers)?,
    };
    text.parse().ok()
}

fn asked_version(headers: &HeaderMap, of_key: ApiVersion) -> Result<ApiVersion, Problem> {
    let Some(named) = headers.get(API_VERSION) else { return Ok(of_key) };
    let named = named.to_str().unwrap_or_default().parse();
    named.map_err(|error: UnknownVersion| Problem::invalid(format!("{API_VERSION}: {error}.")))
}

fn invalid_key() -> Problem {
    Problem::new(
        ProblemKind::Unauthorized,
        "The provided API key is missing, invalid or has been revoked. Send it as X-API-Key: fq_live_…",
    )
}

fn out_of_scope(scope: Scope) -> Problem {
    Problem::new(
        ProblemKind::InsufficientScope,
        format!("This API key lacks the scope {}. Create a key that has it.", scope.name()),
    )
}
