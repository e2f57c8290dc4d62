//! Signatures of webhooks: that a request was sent by who knows the secret, and only just now.
//!
//! Two schemes, both HMAC-SHA256 over the raw body and a timestamp: [Standard
//! Webhooks](https://www.standardwebhooks.com) (Clerk's, whose sender Svix came up with it, under headers of its own),
//! and Stripe's. Nothing here reads a clock or a request.

use aws_lc_rs::{constant_time, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::api_key::KeyPrefix;
use domain::ids::UserId;
use jiff::Timestamp;
use thiserror::Error;

/// How far a timestamp may be from now, in seconds either way. What both schemes recommend.
pub const TOLERANCE_SECS: u64 = 300;

/// Why a request is not taken. The message says what its sender can check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Unverified {
    /// There is no signature, or none of a form that is understood.
    #[error(
        "The webhook is not signed, or not in the expected form. Check that its sender adds the signature headers."
    )]
    Unsigned,
    /// Not signed with this secret, or changed on the way.
    #[error(
        "The webhook's signature does not match. Check that the signing secret of this endpoint is the one \
         configured here, and that nothing on the way changes the body."
    )]
    Mismatch,
    /// Signed too long ago, or in the future.
    #[error(
        "The webhook's timestamp is more than 5 minutes off. Check the clock of its sender, and send the event \
         anew instead of replaying the request."
    )]
    Stale,
}

/// The text is no secret of Standard Webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a signing secret: one is `whsec_` and base64")]
pub struct NotASecret;

/// What Standard Webhooks puts into headers: `webhook-id` and so on, or Svix's `svix-id`.
#[derive(Debug, Clone, Copy)]
pub struct StandardHeaders<'a> {
    /// The message's id, the same at every attempt.
    pub id: &'a str,
    /// Unix seconds.
    pub timestamp: &'a str,
    /// One or more signatures, `v1,{base64}`, with spaces between them: several while a secret is being replaced.
    pub signature: &'a str,
}

/// A secret of Standard Webhooks.
pub struct StandardSecret(hmac::Key);

impl StandardSecret {
    /// Takes `whsec_{base64}`; the prefix may be missing.
    ///
    /// # Errors
    /// When it is not base64, or empty.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let encoded = text.strip_prefix("whsec_").unwrap_or(text);
        let bytes = STANDARD.decode(encoded).map_err(|_| NotASecret)?;
        if bytes.is_empty() { Err(NotASecret) } else { Ok(Self(key(&bytes))) }
    }

    /// The signature of a message, as it goes into the header: `v1,{base64}`.
    pub fn sign(&self, id: &str, timestamp: Timestamp, body: &[u8]) -> String {
        let timestamp = timestamp.as_second().to_string();
        format!("v1,{}", STANDARD.encode(tag(&self.0, &[id.as_bytes(), timestamp.as_bytes(), body])))
    }

    /// That one of the signatures is of this secret over this very message, made within the tolerance.
    ///
    /// # Errors
    /// As [`Unverified`] says.
    pub fn verify(
        &self,
        headers: StandardHeaders<'_>,
        body: &[u8],
        now: Timestamp,
    ) -> Result<(), Unverified> {
        let expected = tag(&self.0, &[headers.id.as_bytes(), headers.timestamp.as_bytes(), body]);
        let given = headers.signature.split(' ').filter_map(|signature| signature.strip_prefix("v1,"));
        one_matches(given.filter_map(|encoded| STANDARD.decode(encoded).ok()), expected.as_ref())?;
        recent(headers.timestamp, now)
    }
}

/// What callbacks of jobs that were made with this key are signed with, as its owner keeps it: `whsec_{base64}`.
///
/// Derived and not stored, so that there is nothing to steal but `master`; another key has another secret. A prefix is
/// unique in its account for good and always 8 characters long, so no two keys share what is signed here.
pub fn callback_secret(master: &str, user: &UserId, prefix: &KeyPrefix) -> String {
    let derived = hmac::sign(&key(master.as_bytes()), format!("{user}{prefix}").as_bytes());
    format!("whsec_{}", STANDARD.encode(derived))
}

/// That a `Stripe-Signature` header, `t={unix seconds},v1={hex}[,v1={hex}…]`, is of this secret over this very body,
/// made within the tolerance. The secret is used as it is written, with its `whsec_`.
///
/// # Errors
/// As [`Unverified`] says.
pub fn verify_stripe(secret: &str, header: &str, body: &[u8], now: Timestamp) -> Result<(), Unverified> {
    let fields = || header.split(',').filter_map(|field| field.trim().split_once('='));
    let (_, timestamp) = fields().find(|(name, _)| *name == "t").ok_or(Unverified::Unsigned)?;
    let expected = tag(&key(secret.as_bytes()), &[timestamp.as_bytes(), body]);
    let given = fields().filter(|(name, _)| *name == "v1");
    one_matches(given.filter_map(|(_, encoded)| hex::decode(encoded).ok()), expected.as_ref())?;
    recent(timestamp, now)
}

fn key(secret: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret)
}

/// The tag over the parts with dots between them, without a copy of the body.
fn tag(key: &hmac::Key, parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            context.update(b".");
        }
        context.update(part);
    }
    context.sign()
}

fn one_matches(given: impl Iterator<Item = Vec<u8>>, expected: &[u8]) -> Result<(), Unverified> {
    let mut given = given.peekable();
    given.peek().ok_or(Unverified::Unsigned)?;
    let matches = |tag: Vec<u8>| constant_time::verify_slices_are_equal(&tag, expected).is_ok();
    given.any(matches).then_some(()).ok_or(Unverified::Mismatch)
}

/// Looked at last: of a request that nobody signed, the time says nothing.
fn recent(timestamp: &str, now: Timestamp) -> Result<(), Unverified> {
    let signed_at: i64 = timestamp.parse().map_err(|_| Unverified::Unsigned)?;
    let off = now.as_second().abs_diff(signed_at);
    (off <= TOLERANCE_SECS).then_some(()).ok_or(Unverified::Stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SIGNED_AT: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    const STRIPE_SECRET: &str = "whsec_test_secret";
    const STRIPE_BODY: &[u8] = br#"{"id": "evt_1"}"#;
    /// `printf '1614265330.{"id": "evt_1"}' | openssl dgst -sha256 -hmac whsec_test_secret`
    const STRIPE_TAG: &str = "db3b6658c903ae6ff08ff22c30341a882da5b4f7c8cf5cc245daf619d7007f07";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn standard(secret: &str, signature: &str, body: &[u8], now: i64) -> Result<(), Unverified> {
        let headers = StandardHeaders { id: ID, timestamp: &SIGNED_AT.to_string(), signature };
        StandardSecret::parse(secret).unwrap().verify(headers, body, at(now))
    }

    fn stripe(header: &str, body: &[u8], now: i64) -> Result<(), Unverified> {
        verify_stripe(STRIPE_SECRET, header, body, at(now))
    }

    #[test]
    fn signs_and_verifies_the_published_example() {
        let secret = StandardSecret::parse(SECRET).unwrap();
        assert_eq!(secret.sign(ID, at(SIGNED_AT), BODY), SIGNATURE);
        assert_eq!(standard(SECRET, SIGNATURE, BODY, SIGNED_AT), Ok(()));
        assert_eq!(standard(SECRET.trim_start_matches("whsec_"), SIGNATURE, BODY, SIGNED_AT), Ok(()));
    }

    #[test]
    fn one_of_several_signatures_is_enough() {
        for several in [
            format!("v1,AAAA v1a,{SIGNATURE} {SIGNATURE}"),
            format!("{SIGNATURE} v1,bm90IGl0 nonsense"),
            format!("v1,§§ {SIGNATURE}"),
        ] {
            assert_eq!(standard(SECRET, &several, BODY, SIGNED_AT), Ok(()), "{several}");
        }
    }

    #[test]
    fn anything_else_is_no_match() {
        assert_eq!(
            standard(SECRET, SIGNATURE, b"{\"test\":2432232314}", SIGNED_AT),
            Err(Unverified::Mismatch)
        );
        let other = format!("whsec_{}", STANDARD.encode([7; 24]));
        assert_eq!(standard(&other, SIGNATURE, BODY, SIGNED_AT), Err(Unverified::Mismatch));
        assert_eq!(standard(SECRET, "v1,bm90IGl0", BODY, SIGNED_AT), Err(Unverified::Mismatch));
        for unsigned in ["", "v1", "v1,", "v2,bm90IGl0", "bm90IGl0"] {
            let refused = standard(SECRET, unsigned, BODY, SIGNED_AT);
            assert!(refused.is_err(), "{unsigned:?}");
        }
        assert_eq!(standard(SECRET, "v2,bm90IGl0", BODY, SIGNED_AT), Err(Unverified::Unsigned));
        // The id and the time are signed too.
        let secret = StandardSecret::parse(SECRET).unwrap();
        for (id, timestamp) in [("msg_other", SIGNED_AT), (ID, SIGNED_AT + 1)] {
            let timestamp = timestamp.to_string();
            let headers = StandardHeaders { id, timestamp: &timestamp, signature: SIGNATURE };
            assert_eq!(secret.verify(headers, BODY, at(SIGNED_AT)), Err(Unverified::Mismatch), "{id}");
        }
    }

    #[test]
    fn five_minutes_either_way_and_no_more() {
        for (off, outcome) in [
            (300, Ok(())),
            (-300, Ok(())),
            (301, Err(Unverified::Stale)),
            (-301, Err(Unverified::Stale)),
            (86_400, Err(Unverified::Stale)),
        ] {
            assert_eq!(standard(SECRET, SIGNATURE, BODY, SIGNED_AT + off), outcome, "{off} s");
            let header = format!("t={SIGNED_AT},v1={STRIPE_TAG}");
            assert_eq!(stripe(&header, STRIPE_BODY, SIGNED_AT + off), outcome, "{off} s");
        }
    }

    #[test]
    fn every_key_has_a_callback_secret_of_its_own() {
        let prefix = |text: &str| text.parse::<KeyPrefix>().unwrap();
        let (user, other) = (UserId("user_1".to_owned()), UserId("user_2".to_owned()));
        let secret = callback_secret("master", &user, &prefix("a1b2c3d4"));
        // printf user_1a1b2c3d4 | openssl dgst -sha256 -hmac master -binary | base64
        assert_eq!(secret, "whsec_rMmcIkspbRfg7eaJXfu4ORKDraE1xFMdrje9Jbw63Sk=");
        assert!(StandardSecret::parse(&secret).is_ok());
        assert_eq!(callback_secret("master", &user, &prefix("a1b2c3d4")), secret);
        assert_ne!(callback_secret("master", &user, &prefix("a1b2c3d5")), secret);
        assert_ne!(callback_secret("master", &other, &prefix("a1b2c3d4")), secret);
        assert_ne!(callback_secret("another", &user, &prefix("a1b2c3d4")), secret);
    }

    #[test]
    fn secrets_are_base64() {
        for bad in ["", "whsec_", "whsec_%%%", "whsec_abc"] {
            assert!(StandardSecret::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn verifies_what_stripe_signs() {
        for header in [
            format!("t={SIGNED_AT},v1={STRIPE_TAG}"),
            format!("t={SIGNED_AT},v1={},v1={STRIPE_TAG},v0=00", "00".repeat(32)),
            format!("v1={STRIPE_TAG}, t={SIGNED_AT}"),
        ] {
            assert_eq!(stripe(&header, STRIPE_BODY, SIGNED_AT), Ok(()), "{header}");
        }
    }

    #[test]
    fn refuses_what_stripe_did_not_sign() {
        let header = format!("t={SIGNED_AT},v1={STRIPE_TAG}");
        assert_eq!(stripe(&header, b"{\"id\": \"evt_2\"}", SIGNED_AT), Err(Unverified::Mismatch));
        let later = format!("t={},v1={STRIPE_TAG}", SIGNED_AT + 1);
        assert_eq!(stripe(&later, STRIPE_BODY, SIGNED_AT), Err(Unverified::Mismatch));
        let wrong = verify_stripe("whsec_other", &header, STRIPE_BODY, at(SIGNED_AT));
        assert_eq!(wrong, Err(Unverified::Mismatch));
        for unsigned in ["", "t=1", "v1=00", "t=1,v0=00", "t=1,v1=zz"] {
            assert_eq!(stripe(unsigned, STRIPE_BODY, SIGNED_AT), Err(Unverified::Unsigned), "{unsigned:?}");
        }
    }
}
