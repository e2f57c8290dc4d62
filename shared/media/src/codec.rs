//! Little-endian reading and writing of this crate's own objects. Reading never panics and never allocates more
//! than the bytes it was given could hold.

use thiserror::Error;

/// Stored bytes that are not what this version writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FormatError {
    /// The object ends before its content does.
    #[error("it is cut off")]
    CutOff,
    /// Another kind of object, or another version of this one.
    #[error("it is of another kind or version")]
    OtherVersion,
    /// A number in it contradicts another.
    #[error("its {0} makes no sense")]
    Nonsense(&'static str),
}

/// A cursor over untrusted bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], FormatError> {
        let (head, tail) = self.0.split_at_checked(len).ok_or(FormatError::CutOff)?;
        self.0 = tail;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or(FormatError::CutOff)?;
        self.0 = tail;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, FormatError> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, FormatError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, FormatError> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, FormatError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, FormatError> {
        self.array().map(i64::from_le_bytes)
    }

    /// A count of items of `size` bytes each, refused unless that many bytes are left.
    pub(crate) fn count(&mut self, size: usize) -> Result<usize, FormatError> {
        let count = self.u32()? as usize;
        let bytes = count.checked_mul(size).ok_or(FormatError::CutOff)?;
        if bytes > self.0.len() { Err(FormatError::CutOff) } else { Ok(count) }
    }
}
