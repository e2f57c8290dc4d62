//! Texts as they are sent to a server, and its vectors put back into their places.

/// The part of a text that is sent, of so many characters at most.
pub(super) fn sent(text: &str, longest: usize) -> &str {
    let text = text.trim();
    text.char_indices().nth(longest).map_or(text, |(end, _)| &text[..end])
}

/// A vector for each text: those of the texts that were sent, in order, and zeros for those with nothing in them, which
/// servers refuse.
pub(super) fn in_order(texts: &[String], vectors: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    let length = vectors.first().map_or(0, Vec::len);
    let mut vectors = vectors.into_iter();
    let of = |text: &String| if text.trim().is_empty() { None } else { vectors.next() };
    texts.iter().map(of).map(|vector| vector.unwrap_or_else(|| vec![0.0; length])).collect()
}
