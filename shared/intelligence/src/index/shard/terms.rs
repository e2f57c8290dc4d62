//! The terms of a shard and the rows that have them, packed: of millions of rows, this is the larger part.

use std::collections::BTreeMap;

use unsigned_varint::{decode, encode};

use super::super::input::{DecodeError, Input};
use super::super::lexicon::Posting;

/// Terms in order, each with its postings: distance to the row before, and how often, as variable-length numbers.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Terms {
    text: String,
    /// Where each term ends in `text`.
    ends: Vec<u32>,
    /// How many rows have each.
    found: Vec<u32>,
    postings: Vec<u8>,
    /// Where each term's postings end.
    postings_end: Vec<u32>,
}

impl Terms {
    /// Packs postings, which are in order of their rows.
    pub(super) fn of(terms: &BTreeMap<&str, Vec<Posting>>) -> Self {
        let mut packed = Self::default();
        for (term, postings) in terms {
            packed.text.push_str(term);
            packed.ends.push(packed.text.len() as u32);
            packed.found.push(postings.len() as u32);
            let mut last = 0;
            for posting in postings {
                put(&mut packed.postings, posting.row - last);
                put(&mut packed.postings, u32::from(posting.count));
                last = posting.row;
            }
            packed.postings_end.push(packed.postings.len() as u32);
        }
        packed
    }

    /// In how many rows a term is, and in which.
    pub(super) fn get(&self, term: &str) -> Option<(u32, Postings<'_>)> {
        let at = self.place(term);
        (at < self.ends.len() && self.term(at) == term).then(|| (self.found[at], self.postings(at)))
    }

    /// The terms with this first letter, in order.
    pub(super) fn from(&self, first: char) -> impl Iterator<Item = &str> {
        let terms = (self.place(first.encode_utf8(&mut [0; 4]))..self.ends.len()).map(|at| self.term(at));
        terms.take_while(move |term| term.starts_with(first))
    }

    /// How many terms are less.
    fn place(&self, term: &str) -> usize {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = (low + high) / 2;
            if self.term(middle) < term { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Every term with its postings.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Postings<'_>)> {
        (0..self.ends.len()).map(|at| (self.term(at), self.postings(at)))
    }

    /// Bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.postings.len() + self.ends.len() * 12
    }

    fn term(&self, at: usize) -> &str {
        &self.text[before(&self.ends, at)..self.ends[at] as usize]
    }

    fn postings(&self, at: usize) -> Postings<'_> {
        let bytes = &self.postings[before(&self.postings_end, at)..self.postings_end[at] as usize];
        Postings { bytes, row: 0 }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend((self.ends.len() as u32).to_le_bytes());
        for numbers in [&self.ends, &self.found, &self.postings_end] {
            numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
        }
        out.extend(self.text.as_bytes());
        out.extend(&self.postings);
    }

    /// Reads what [`Self::encode`] wrote, for a shard of `rows` rows.
    pub(super) fn decode(input: &mut Input<'_>, rows: usize) -> Result<Self, DecodeError> {
        let count = input.count(12)?;
        let mut numbers = || input.list(count, u32::from_le_bytes);
        let (ends, found, postings_end) = (numbers()?, numbers()?, numbers()?);
        if !ends.is_sorted() || !postings_end.is_sorted() {
            return Err(DecodeError::Damaged);
        }
        let text = input.take(ends.last().map_or(0, |end| *end as usize))?;
        let text = std::str::from_utf8(text).map_err(|_| DecodeError::Damaged)?.to_owned();
        if ends.iter().any(|end| !text.is_char_boundary(*end as usize)) {
            return Err(DecodeError::Damaged);
        }
        let postings = input.take(postings_end.last().map_or(0, |end| *end as usize))?.to_vec();
        let terms = Self { text, ends, found, postings, postings_end };
        let is_whole = |at| {
            let mut postings = terms.postings(at);
            let read = postings.by_ref().take_while(|posting| (posting.row as usize) < rows).count();
            postings.bytes.is_empty() && read == terms.found[at] as usize
        };
        if (0..count).all(is_whole) { Ok(terms) } else { Err(DecodeError::Damaged) }
    }
}

fn before(ends: &[u32], at: usize) -> usize {
    at.checked_sub(1).map_or(0, |before| ends[before] as usize)
}

fn put(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(encode::u32(number, &mut encode::u32_buffer()));
}

/// The rows that have a term, in order.
pub(super) struct Postings<'a> {
    bytes: &'a [u8],
    row: u32,
}

impl Iterator for Postings<'_> {
    type Item = Posting;

    /// Ends at what is no posting: [`Terms::decode`] lets none of that in.
    fn next(&mut self) -> Option<Posting> {
        let (distance, rest) = decode::u32(self.bytes).ok()?;
        let (count, rest) = decode::u32(rest).ok()?;
        self.bytes = rest;
        self.row = self.row.checked_add(distance)?;
        Some(Posting { row: self.row, count: u16::try_from(count).ok()? })
    }
}
