//! Which terms of a library somebody may have meant who typed one that is nowhere in it.

use std::collections::BTreeSet;

use super::super::shard::Shard;

/// Letters of the shortest term that is taken for another one. Shorter words have too many neighbours that are words
/// themselves: of five letters "paint" is as near to "point" as "piont" is.
const SHORTEST: usize = 6;

/// The terms that are one slip away. People seldom miss the first letter, so that is the same, and few terms have to be
/// looked at.
pub(super) fn meant(term: &str, shards: &[&Shard]) -> BTreeSet<String> {
    let typed: Vec<char> = term.chars().collect();
    let Some(first) = typed.first().filter(|_| typed.len() >= SHORTEST && is_word(&typed)) else {
        return BTreeSet::new();
    };
    let known = shards.iter().flat_map(|shard| shard.terms_from(*first));
    let near = known.filter(|known| {
        // A million terms in a large library, nearly all of which are bytes that can be compared as they are.
        if term.is_ascii() && known.is_ascii() {
            is_one_slip(term.as_bytes(), known.as_bytes())
        } else {
            is_one_slip(&typed, &known.chars().collect::<Vec<_>>())
        }
    });
    near.map(str::to_owned).collect()
}

/// Numbers are not misspelt words of other numbers.
fn is_word(typed: &[char]) -> bool {
    typed.iter().all(|letter| letter.is_alphabetic())
}

/// Whether two terms differ by one letter that is missing, too many or another one, or by two that changed places.
fn is_one_slip<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let (short, long) = (&short[same..], &long[same..]);
    match (short, long) {
        ([x, y, short @ ..], [v, w, long @ ..]) if (x, y) == (w, v) && short == long => true,
        ([_, short @ ..], [_, long @ ..]) if short.len() == long.len() => short == long,
        (short, [_, long @ ..]) => short == long,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slip_is_one() {
        let slip = |a: &str, b: &str| {
            let (a, b) = (a.chars().collect::<Vec<_>>(), b.chars().collect::<Vec<_>>());
            assert_eq!(is_one_slip(&a, &b), is_one_slip(&b, &a), "{a:?} {b:?}");
            is_one_slip(&a, &b)
        };
        for typed in ["volcno", "volcanno", "vulcano", "vlocano", "volcaon", "volcan", "volcanos"] {
            assert!(slip(typed, "volcano"), "{typed}");
        }
        for typed in ["volcano", "volcn", "vulcanos", "vloacno", "ovclano", "balcony", ""] {
            assert!(!slip(typed, "volcano"), "{typed}");
        }
        assert!(slip("zähler", "zahler"));
    }
}
