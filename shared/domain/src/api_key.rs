//! API keys of the Jobs contract. Only a key's hash and its prefix are ever stored.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

const PREFIX: &str = "fq_live_";

/// A whole key: `fq_live_` and 32 hex digits. Its `Debug` form hides the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey([u8; 16]);

/// The first 8 hex digits after `fq_live_`: what people see of a key. Unique in an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyPrefix(String);

/// SHA-256 of a key in hex. A key has 128 random bits, so no salt is needed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyHash(pub String);

/// The text is not a key, or not a prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an API key: a key is fq_live_ and 32 hex digits, its prefix the first 8 of them")]
pub struct NotAKey;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Read jobs and their results.
    #[serde(rename = "jobs:read")]
    JobsRead,
    /// Create and cancel jobs.
    #[serde(rename = "jobs:write")]
    JobsWrite,
    /// Read the quota.
    #[serde(rename = "quota:read")]
    QuotaRead,
}

impl Scope {
    /// All of them: what a key gets unless it asks for less.
    pub const ALL: [Self; 3] = [Self::JobsRead, Self::JobsWrite, Self::QuotaRead];

    /// The word that is published and stored.
    pub fn name(self) -> &'static str {
        match self {
            Self::JobsRead => "jobs:read",
            Self::JobsWrite => "jobs:write",
            Self::QuotaRead => "quota:read",
        }
    }
}

impl ApiKey {
    /// A key from 16 bytes of the system's random source.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The form that its owner keeps; shown once.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}{}", hex::encode(self.0))
    }

    /// What people see of it.
    pub fn prefix(&self) -> KeyPrefix {
        KeyPrefix(hex::encode(&self.0[..4]))
    }

    /// What is stored of it.
    pub fn hash(&self) -> KeyHash {
        KeyHash(hex::encode(Sha256::digest(self.reveal())))
    }
}

impl FromStr for ApiKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let digits = text.strip_prefix(PREFIX).ok_or(NotAKey)?;
        let mut bytes = [0; 16];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| NotAKey)?;
        // One spelling per key: upper-case digits would be a second name for the same secret.
        if digits.bytes().any(|b| b.is_ascii_uppercase()) { Err(NotAKey) } else { Ok(Self(bytes)) }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}…", self.prefix().0)
    }
}

impl fmt::Display for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KeyPrefix {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let fits = text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if fits { Ok(Self(text.to_owned())) } else { Err(NotAKey) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_the_form_of_the_reference() {
        let text = "fq_live_a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6";
        let key: ApiKey = text.parse().unwrap();
        assert_eq!(key.reveal(), text);
        assert_eq!(key.prefix().to_string(), "a1b2c3d4");
        assert_eq!(key.hash().0.len(), 64);
    }

    #[test]
    fn never_prints_its_secret() {
        let key: ApiKey = "fq_live_a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6".parse().unwrap();
        assert_eq!(format!("{key:?}"), "fq_live_a1b2c3d4…");
    }

    #[test]
    fn refuses_other_spellings() {
        for bad in [
            "",
            "fq_live_",
            "fq_test_a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
            "fq_live_A1B2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
            "fq_live_a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d",
            "fq_live_a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6 ",
        ] {
            assert_eq!(bad.parse::<ApiKey>(), Err(NotAKey), "{bad}");
        }
        assert!("a1b2c3dg".parse::<KeyPrefix>().is_err());
    }
}
