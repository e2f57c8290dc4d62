//! The secrets of a local stack: webhook secrets that are made once and kept with its data, and a key of Stripe that
//! opens nothing. They are put where the functions look for them, into the emulator's Secrets Manager.

use crate::aws::Aws;
use crate::error::StackError;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fs;
use std::path::Path;
use uuid::Uuid;

/// Has the form of a key in test mode, and is none.
const STRIPE_API_KEY: &str = "sk_test_local";

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

impl WebhookSecrets {
    /// Stores them in the emulator, and returns the template's parameters that name them there.
    pub(crate) async fn publish(&self, aws: &Aws) -> Result<[(&'static str, String); 3], StackError> {
        Ok([
            ("ClerkWebhookSecretArn", put(aws, "local/clerk-webhook", &self.clerk).await?),
            ("StripeWebhookSecretArn", put(aws, "local/stripe-webhook", &self.stripe).await?),
            ("StripeApiKeyArn", put(aws, "local/stripe-api-key", STRIPE_API_KEY).await?),
        ])
    }
}

/// Makes the secret, or gives it this value when last time's data has it already. Returns its ARN.
pub(crate) async fn put(aws: &Aws, name: &str, value: &str) -> Result<String, StackError> {
    let made =
        aws.json("secretsmanager", "CreateSecret", &json!({ "Name": name, "SecretString": value })).await;
    let secret = match made {
        Err(StackError::Refused { message, .. }) if message.contains("already exists") => {
            let change = json!({ "SecretId": name, "SecretString": value });
            aws.json("secretsmanager", "PutSecretValue", &change).await?
        }
        made => made?,
    };
    let arn = secret["ARN"].as_str().map(str::to_owned);
    arn.ok_or_else(|| StackError::answer("Secrets Manager", format!("no ARN for {name}")))
}

/// 244 random bits.
fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(Uuid::new_v4().as_bytes());
    bytes[16..].copy_from_slice(Uuid::new_v4().as_bytes());
    bytes
}
