//! Bytes that were written by this program, perhaps, as they are read: nothing about them is trusted.

use domain::time::Seconds;
use thiserror::Error;

/// Stands for "none" in a scene or speaker field.
pub(super) const NONE: u32 = u32::MAX;

/// Why bytes are not an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// It is something else.
    #[error("this is not a search index")]
    NotAnIndex,
    /// It was written by other rules; index the video again.
    #[error("the search index has version {0}, which this program does not read; index the video again")]
    Version(u16),
    /// It is cut off, or has bytes too many or out of range.
    #[error("the search index is damaged; index the video again")]
    Damaged,
}

/// A text with its length before it.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.as_bytes());
}

/// What is left to read.
pub(super) struct Input<'a>(pub(super) &'a [u8]);

impl<'a> Input<'a> {
    pub(super) fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(DecodeError::Damaged)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::Damaged)
    }

    /// A number of things that take at least `least` bytes each.
    pub(super) fn count(&mut self, least: usize) -> Result<usize, DecodeError> {
        let count = u32::from_le_bytes(self.array()?) as usize;
        if count > self.0.len() / least { Err(DecodeError::Damaged) } else { Ok(count) }
    }

    pub(super) fn text(&mut self) -> Result<&'a str, DecodeError> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::Damaged)
    }

    pub(super) fn seconds(&mut self) -> Result<Seconds, DecodeError> {
        let seconds = f64::from_le_bytes(self.array()?);
        if seconds.is_finite() && seconds >= 0.0 {
            Ok(Seconds::new(seconds))
        } else {
            Err(DecodeError::Damaged)
        }
    }

    pub(super) fn optional(&mut self) -> Result<Option<u32>, DecodeError> {
        let number = u32::from_le_bytes(self.array()?);
        Ok((number != NONE).then_some(number))
    }

    pub(super) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    /// That many numbers, one after another.
    pub(super) fn list<T, const N: usize>(
        &mut self,
        count: usize,
        number: impl Fn([u8; N]) -> T,
    ) -> Result<Vec<T>, DecodeError> {
        let bytes = self.take(count.checked_mul(N).ok_or(DecodeError::Damaged)?)?;
        let (numbers, _) = bytes.as_chunks();
        Ok(numbers.iter().map(|bytes| number(*bytes)).collect())
    }
}
