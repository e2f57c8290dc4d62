//! Vectors without a model: every term is hashed to a place and a sign.
//!
//! The hashing trick of Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (2009). The
//! cosine of two such vectors is near the share of terms that both texts have: search stays lexical.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::{Embedder, EmbedderId, normalise};
use crate::{ProviderError, terms::terms};

const DIMENSIONS: usize = 384;

/// Embeds by hashed terms.
pub struct HashedTerms {
    id: EmbedderId,
}

impl HashedTerms {
    /// The id under which its vectors are stored. The number changes with the rules.
    pub const ID: &str = "builtin/hashed-terms-1";

    /// Needs nothing.
    pub fn new() -> Self {
        Self { id: EmbedderId::new(Self::ID) }
    }
}

impl Default for HashedTerms {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Embedder for HashedTerms {
    fn id(&self) -> &EmbedderId {
        &self.id
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ProviderError> {
        Ok(texts.iter().map(|text| vector(text)).collect())
    }
}

fn vector(text: &str) -> Vec<f32> {
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for term in terms(text) {
        *counts.entry(term).or_default() += 1;
    }
    let mut vector = vec![0.0; DIMENSIONS];
    for (term, count) in counts {
        let hash = fnv1a(term.as_bytes());
        let sign = if hash >> 63 == 0 { 1.0 } else { -1.0 };
        // The tenth mention says little more than the first.
        vector[(hash % DIMENSIONS as u64) as usize] += sign * (1.0 + (count as f32).ln());
    }
    normalise(&mut vector);
    vector
}

/// FNV-1a, 64 bit: stable for ever, unlike the standard library's hasher, because vectors are stored.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::dot;

    #[test]
    fn shared_terms_are_close_and_others_are_not() {
        let line = vector("The slope of a line is rise over run");
        assert!((dot(&line, &line) - 1.0).abs() < 1e-5);
        assert!(dot(&line, &vector("What is the slope of lines?")) > 0.4);
        assert!(dot(&line, &vector("a red car drives by")).abs() < 0.3);
        assert!(vector("the of and").iter().all(|x| *x == 0.0));
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
