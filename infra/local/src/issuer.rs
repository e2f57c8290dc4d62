//! The local stand-in for Clerk: one RSA key, its JWKS on the front, session tokens in Clerk's form.

use crate::error::StackError;
use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{EncodeRsaPrivateKey, LineEnding};
use rsa::rand_core::OsRng;
use serde_json::json;
use std::fs;
use std::path::Path;

const KEY_BITS: usize = 2048;
const KEY_ID: &str = "local";
/// Clerk's own tokens live a minute; these last, so that a banner's curl line still works tomorrow.
const LIFETIME_SECONDS: i64 = 30 * 24 * 3600;

/// Signs session tokens for users who exist only on this machine.
pub struct Issuer {
    url: String,
    key: EncodingKey,
}

impl Issuer {
    /// The issuer with the key in `file`, which is made when absent. `url` is its `iss`.
    ///
    /// # Errors
    /// When the key can neither be read nor written.
    pub fn open(file: &Path, url: &str) -> Result<Self, StackError> {
        if !file.exists() {
            create_key(file)?;
        }
        let pem = fs::read(file).map_err(StackError::file(file))?;
        let key = EncodingKey::from_rsa_pem(&pem).map_err(failed)?;
        Ok(Self { url: url.to_owned(), key })
    }

    /// A session token of the local user `name`, whose subject is `user_{name}`. Lasts 30 days.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn token(&self, name: &str) -> Result<String, StackError> {
        let now = Timestamp::now().as_second();
        let claims = json!({
            "iss": self.url,
            "sub": user_id(name),
            "sid": format!("sess_{name}"),
            "iat": now,
            "nbf": now - 10,
            "exp": now + LIFETIME_SECONDS,
        });
        let header = Header { kid: Some(KEY_ID.to_owned()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(failed)
    }

    /// The public key as a JSON Web Key Set.
    pub(crate) fn jwks(&self) -> Result<String, StackError> {
        let mut key = Jwk::from_encoding_key(&self.key, Algorithm::RS256).map_err(failed)?;
        key.common.key_id = Some(KEY_ID.to_owned());
        key.common.public_key_use = Some(PublicKeyUse::Signature);
        serde_json::to_string(&JwkSet { keys: vec![key] }).map_err(failed)
    }
}

/// The id of a local user, as Clerk spells ids.
pub(crate) fn user_id(name: &str) -> String {
    format!("user_{name}")
}

fn create_key(file: &Path) -> Result<(), StackError> {
    let key = RsaPrivateKey::new(&mut OsRng, KEY_BITS).map_err(failed)?;
    key.write_pkcs1_pem_file(file, LineEnding::LF).map_err(failed)
}

fn failed(error: impl ToString) -> StackError {
    StackError::Issuer(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jsonwebtoken::{DecodingKey, Validation, decode};

    #[test]
    fn a_token_verifies_with_the_published_key() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("issuer.pem");
        let issuer = Issuer::open(&file, "http://localhost:8000").unwrap();
        let keys: JwkSet = serde_json::from_str(&issuer.jwks().unwrap()).unwrap();
        let key = DecodingKey::from_jwk(keys.find(KEY_ID).unwrap()).unwrap();
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&["http://localhost:8000"]);

        // A second opening reads the same key.
        let token = Issuer::open(&file, "http://localhost:8000").unwrap().token("alice").unwrap();
        let claims = decode::<serde_json::Value>(&token, &key, &validation).unwrap().claims;
        assert_eq!(claims["sub"], "user_alice");
        assert!(claims["sid"].is_string());
    }
}
