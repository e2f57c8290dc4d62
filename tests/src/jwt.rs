//! Session tokens as nobody should make them: any header, any claims, any key. Signed with another library than the
//! one that verifies them, which would refuse to make most of these.

use std::path::Path;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, KeyPair, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::webhook::tag;

/// An RSA key: the issuer's, or an attacker's.
pub struct Rsa(RsaKeyPair);

impl Rsa {
    /// The key in a file of PKCS #1 and PEM, as the local issuer keeps its own.
    pub fn read(file: &Path) -> Self {
        let pem = std::fs::read_to_string(file).expect("the issuer's key");
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        Self(RsaKeyPair::from_der(&STANDARD.decode(base64).expect("PEM")).expect("an RSA key"))
    }

    /// A key that nobody knows.
    pub fn generate() -> Self {
        Self(RsaKeyPair::generate(KeySize::Rsa2048).expect("a key"))
    }

    /// The signature of RS256.
    pub fn rs256(&self, message: &[u8]) -> Vec<u8> {
        self.sign(&signature::RSA_PKCS1_SHA256, message)
    }

    /// The signature by another scheme of RSA.
    pub fn sign(&self, scheme: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(scheme, &SystemRandom::new(), message, &mut signature).expect("a signature");
        signature
    }

    /// The public key as PKCS #1, in DER.
    pub fn pkcs1(&self) -> Vec<u8> {
        self.0.public_key().as_ref().to_owned()
    }

    /// The public key as `SubjectPublicKeyInfo`, in DER.
    pub fn spki(&self) -> Vec<u8> {
        self.0.public_key().as_der().expect("a public key").as_ref().to_owned()
    }

    /// The modulus, which is `n` of a JSON Web Key.
    pub fn modulus(&self) -> Vec<u8> {
        // Of 2048 bits and with the exponent 65537, PKCS #1 is nine bytes of form, the modulus, five of exponent.
        let der = self.pkcs1();
        der[9..der.len() - 5].to_owned()
    }

    /// The public key as a JSON Web Key of this id.
    pub fn jwk(&self, kid: &str) -> Value {
        let n = URL_SAFE_NO_PAD.encode(self.modulus());
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": n, "e": "AQAB" })
    }
}

/// The signature of ES256, by a key that nobody knows.
pub fn es256(message: &[u8]) -> Vec<u8> {
    let key = EcdsaKeyPair::generate(&signature::ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    key.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_owned()
}

/// The signature of HS256.
pub fn hs256(secret: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    move |message| tag(secret, message)
}

/// A DER document in PEM.
pub fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> = base64.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A token of three parts.
pub fn token(header: &Value, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// One part of a token.
pub fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}
