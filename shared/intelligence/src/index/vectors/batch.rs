//! How many vectors a request takes.

/// The most that a request takes of vectors, or of names.
pub(super) const MOST: usize = 500;
/// Bytes of a request that are used of the 20 MiB that it may have.
const MOST_BYTES: usize = 16 << 20;
/// The most bytes that a number takes as JSON, such as `-0.00012345678901234567,`: numbers of half the precision are
/// written with all digits of the double.
const NUMBER: usize = 28;
/// Bytes of a vector beside its numbers: its name, and what it is filtered by.
const REST: usize = 1 << 10;

/// Vectors of that length that a request takes.
pub(super) fn size(dimensions: usize) -> usize {
    (MOST_BYTES / (dimensions * NUMBER + REST)).clamp(1, MOST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_request_is_too_large(dimensions in 1usize..=4096) {
            let size = size(dimensions);
            prop_assert!((1..=MOST).contains(&size));
            prop_assert!(size * (dimensions * NUMBER + REST) <= 20 << 20);
        }

        #[test]
        fn no_number_is_longer_than_was_reckoned_with(bits in any::<u16>()) {
            let number = half::f16::from_bits(bits).to_f32();
            let written = serde_json::to_string(&f64::from(number)).unwrap();
            prop_assert!(written.len() < NUMBER, "{}", written);
        }
    }

    #[test]
    fn usual_vectors_go_five_hundred_at_a_time() {
        assert_eq!((size(384), size(512), size(1024)), (500, 500, 500));
        assert_eq!((size(1536), size(3072)), (381, 192));
    }
}
