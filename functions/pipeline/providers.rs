//! The providers that the settings choose.

use edge::config::Config;
use edge::step::StepError;
use intelligence::{BuiltinConfig, ProviderError, Providers};

/// Built once per process; loads nothing yet.
pub fn from_env() -> Result<Providers, edge::Error> {
    let config = Config::from_env()?;
    Ok(Providers::builtin(&BuiltinConfig::under(&config.tools_root)))
}

/// No provider's failure is the video's fault.
pub fn provider_error(error: ProviderError) -> StepError {
    StepError::transient(error)
}
