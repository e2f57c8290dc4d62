//! Versions of the Jobs contract. Fixed on a key when it is made, so that a client in the field never sees a change.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What the words of the contract mean to a client. Fields that do not clash are the same in all versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum ApiVersion {
    /// The published reference, and SDKs up to 0.1.0.
    #[default]
    #[serde(rename = "2026-02")]
    V2026_02,
    /// SDKs from 0.1.1: they end on other words, and on any word with `FAILED` in it.
    #[serde(rename = "2026-04")]
    V2026_04,
}

/// The text names no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an API version is 2026-02 or 2026-04")]
pub struct UnknownVersion;

impl ApiVersion {
    /// Every version, oldest first.
    pub const ALL: [Self; 2] = [Self::V2026_02, Self::V2026_04];

    /// The word that is published and stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::V2026_02 => "2026-02",
            Self::V2026_04 => "2026-04",
        }
    }
}

impl FromStr for ApiVersion {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, UnknownVersion> {
        Self::ALL.into_iter().find(|version| version.name() == text).ok_or(UnknownVersion)
    }
}
