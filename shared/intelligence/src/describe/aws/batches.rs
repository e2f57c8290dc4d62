//! Which pictures share a request.

use std::ops::Range;

/// Pictures of one request: what Nova takes inline (Nova 2 user guide, "Using multimodal models", 2026-11). The rules,
/// which are longer than a picture in tokens, are then paid for once.
const MOST_PICTURES: usize = 5;
/// Bytes of the pictures of one request: of 25 MB that it may have, in base64.
const MOST_BYTES: usize = 18_000_000;

/// Pictures of these lengths in bytes, in order, as many to a request as it takes.
pub(super) fn of(lengths: &[usize]) -> Vec<Range<usize>> {
    let mut batches: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (at, length) in lengths.iter().enumerate() {
        match batches.last_mut() {
            Some(last) if last.len() < MOST_PICTURES && bytes + length <= MOST_BYTES => last.end += 1,
            Some(_) | None => {
                batches.push(at..at + 1);
                bytes = 0;
            }
        }
        bytes += length;
    }
    batches
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn batches_hold_all_pictures_in_order_within_the_limits(
            lengths in prop::collection::vec(0usize..8_000_000, 0..40),
        ) {
            let batches = of(&lengths);
            let all: Vec<usize> = batches.iter().cloned().flatten().collect();
            prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
            for batch in batches {
                prop_assert!(batch.len() <= MOST_PICTURES);
                prop_assert!(lengths[batch].iter().sum::<usize>() <= MOST_BYTES);
            }
        }
    }
}
