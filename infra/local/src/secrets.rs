//! The webhook secrets of a local stack, made once and kept with its data.

use crate::error::StackError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;
use uuid::Uuid;

/// What Clerk and Stripe would sign their webhooks with.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookSecrets {
    /// `whsec_` and base64, as Svix spells them.
    pub clerk: String,
    /// `whsec_` and hex, as Stripe spells them.
    pub stripe: String,
}

impl WebhookSecrets {
    /// Reads the secrets in `file`, or makes them there.
    pub(crate) fn open(file: &Path) -> Result<Self, StackError> {
        if let Ok(text) = fs::read(file) {
            return serde_json::from_slice(&text).map_err(|error| StackError::file(file)(error.into()));
        }
        let secrets = Self {
            clerk: format!("whsec_{}", STANDARD.encode(random())),
            stripe: format!("whsec_{}", hex::encode(random())),
        };
        let text = serde_json::to_vec(&secrets).map_err(|error| StackError::file(file)(error.into()))?;
        fs::write(file, text).map_err(StackError::file(file))?;
        Ok(secrets)
    }
}

/// 244 random bits.
fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(Uuid::new_v4().as_bytes());
    bytes[16..].copy_from_slice(Uuid::new_v4().as_bytes());
    bytes
}
