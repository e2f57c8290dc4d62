//! The only reader of the environment.

use std::collections::HashSet;
use std::path::PathBuf;

use store::Names;
use thiserror::Error;

use crate::fetch::Exceptions;

/// A setting is missing or does not parse. The message names the variable.
#[derive(Debug, Error)]
#[error("{variable} {problem}")]
pub struct ConfigError {
    variable: &'static str,
    problem: String,
}

/// Everything that a function may be told from outside. What a function does not use stays empty: the
/// template gives each only what it needs.
#[derive(Debug, Clone)]
pub struct Config {
    /// Names of the resources.
    pub names: Names,
    /// Whose session tokens hold.
    pub issuer: Option<Issuer>,
    /// Where the tools are: `{root}/bin/ffmpeg`, `{root}/models/minilm`, …
    pub tools_root: PathBuf,
    /// Settings of the local stack. On AWS they are absent, and the template cannot set them.
    pub local: Local,
}

/// The identity provider whose session tokens are taken.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// The `iss` of its tokens.
    pub url: String,
    /// Where its public keys are.
    pub jwks_url: String,
    /// The `azp` values that are taken; empty takes all.
    pub authorized_parties: HashSet<String>,
}

/// What only the local stack sets, through the environment that its functions inherit.
#[derive(Debug, Clone, Default)]
pub struct Local {
    /// Hosts and ports that may be fetched although they are not public.
    pub fetch_allow: Exceptions,
    /// Stands in for `https://www.youtube.com`.
    pub youtube_url: Option<String>,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// When a variable is there but does not parse.
    pub fn from_env() -> Result<Self, ConfigError> {
        let var = |name: &'static str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let issuer = match (var("CLERK_ISSUER"), var("CLERK_JWKS_URL")) {
            (None, _) => None,
            (Some(url), jwks_url) => Some(Issuer {
                jwks_url: jwks_url
                    .unwrap_or_else(|| format!("{}/.well-known/jwks.json", url.trim_end_matches('/'))),
                url,
                authorized_parties: items(&var("CLERK_AUTHORIZED_PARTIES").unwrap_or_default()),
            }),
        };
        let fetch_allow = var("LOCAL_FETCH_ALLOW").unwrap_or_default();
        let fetch_allow =
            fetch_allow.parse().map_err(|problem| ConfigError { variable: "LOCAL_FETCH_ALLOW", problem })?;
        Ok(Self {
            names: Names {
                table: var("TABLE").unwrap_or_default(),
                bucket: var("BUCKET").unwrap_or_default(),
                ingest_queue_url: var("INGEST_QUEUE_URL").unwrap_or_default(),
                purge_queue_url: var("PURGE_QUEUE_URL").unwrap_or_default(),
                state_machine_arn: var("STATE_MACHINE_ARN").unwrap_or_default(),
                // Emulators do not resolve a host name per bucket; AWS wants nothing else.
                s3_path_style: var("AWS_ENDPOINT_URL").is_some(),
            },
            issuer,
            tools_root: var("TOOLS_ROOT").map_or_else(|| PathBuf::from("/opt"), PathBuf::from),
            local: Local { fetch_allow, youtube_url: var("LOCAL_YOUTUBE_URL") },
        })
    }

    /// The path of a program among the tools.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.tools_root.join("bin").join(name)
    }
}

/// The items of a comma-separated list.
fn items(list: &str) -> HashSet<String> {
    list.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
}
