//! A shard as bytes. The layout is in this crate's README; all numbers are little-endian.

use std::ops::Range;

use domain::ids::{Generation, VideoId};

use super::super::input::{DecodeError, Input, put_text};
use super::super::sketch;
use super::terms::Terms;
use super::{Brief, Shard, ShardVideo};
use crate::answer::EvidenceKind;
use crate::embed::EmbedderId;

const MAGIC: &[u8; 4] = b"FQSH";
const VERSION: u16 = 1;
/// Stands for "nobody speaks".
const NOBODY: u16 = u16::MAX;
/// Bytes of a row beside its sketch.
const ROW: usize = 4 * 4 + 2 + 1 + 1;
/// Bytes of a video.
const VIDEO: usize = 16 + 4 + 4;

impl Shard {
    /// The shard as bytes, for [`Self::decode`].
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes() + 1024);
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        put_text(&mut out, self.embedder.as_str());
        out.extend((self.dimensions as u32).to_le_bytes());
        out.extend((self.videos.len() as u32).to_le_bytes());
        for video in &self.videos {
            out.extend(video.video.0.as_bytes());
            out.extend(video.generation.0.to_le_bytes());
            out.extend(video.rows.to_le_bytes());
        }
        out.extend((self.rows.len() as u32).to_le_bytes());
        for row in &self.rows {
            for number in [row.start, row.end, row.record, row.length] {
                out.extend(number.to_le_bytes());
            }
            out.extend(row.speaker.unwrap_or(NOBODY).to_le_bytes());
            out.extend([row.kind.code(), row.terms]);
        }
        self.sketches.iter().for_each(|word| out.extend(word.to_le_bytes()));
        self.terms.encode(&mut out);
        out
    }

    /// The videos in a shard, from the first bytes of what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// For any other bytes, and for too few of them.
    pub fn decode_videos(bytes: &[u8]) -> Result<Vec<ShardVideo>, DecodeError> {
        Input(bytes).head().map(|(_, _, videos)| videos)
    }

    /// Where in what [`Self::encode`] wrote the sketches lie, from its first bytes.
    ///
    /// # Errors
    /// For any other bytes, and for too few of them.
    pub fn decode_sketches_place(bytes: &[u8]) -> Result<Range<u64>, DecodeError> {
        let mut input = Input(bytes);
        let (_, dimensions, _) = input.head()?;
        let rows = u64::from(input.u32()?);
        let start = (bytes.len() - input.0.len()) as u64 + rows * ROW as u64;
        let length = sketch::words(dimensions) as u64 * 8;
        Ok(start
            ..length.checked_mul(rows).and_then(|all| start.checked_add(all)).ok_or(DecodeError::Damaged)?)
    }

    /// Reads what [`Self::encode`] wrote, without the sketches: the bytes before them, and those after them.
    ///
    /// # Errors
    /// As [`Self::decode`].
    pub fn decode_without_sketches(before: &[u8], after: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Input(before);
        let (embedder, dimensions, videos) = input.head()?;
        let rows = input.briefs(&videos)?;
        let is_whole = input.0.is_empty();
        let mut input = Input(after);
        let terms = Terms::decode(&mut input, rows.len())?;
        if !is_whole || !input.0.is_empty() {
            return Err(DecodeError::Damaged);
        }
        Ok(Self::new(embedder, dimensions, videos, rows, vec![], terms))
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// For any other bytes; never panics, and never allocates more than a few times their length.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Input(bytes);
        let (embedder, dimensions, videos) = input.head()?;
        let rows = input.briefs(&videos)?;
        let count = rows.len();
        let words = sketch::words(dimensions).checked_mul(count).ok_or(DecodeError::Damaged)?;
        let sketches = input.list(words, u64::from_le_bytes)?;
        let terms = Terms::decode(&mut input, count)?;
        if !input.0.is_empty() {
            return Err(DecodeError::Damaged);
        }
        Ok(Self::new(embedder, dimensions, videos, rows, sketches, terms))
    }
}

impl Input<'_> {
    fn head(&mut self) -> Result<(EmbedderId, usize, Vec<ShardVideo>), DecodeError> {
        self.0 = self.0.strip_prefix(MAGIC).ok_or(DecodeError::NotAnIndex)?;
        let version = self.u16()?;
        if version != VERSION {
            return Err(DecodeError::Version(version));
        }
        let embedder = EmbedderId::new(self.text()?);
        let dimensions = self.u32()? as usize;
        let videos = (0..self.count(VIDEO)?).map(|_| self.video()).collect::<Result<_, _>>()?;
        Ok((embedder, dimensions, videos))
    }

    fn video(&mut self) -> Result<ShardVideo, DecodeError> {
        let video = VideoId(uuid::Uuid::from_bytes(self.array()?));
        Ok(ShardVideo { video, generation: Generation(self.u32()?), rows: self.u32()? })
    }

    /// The rows of these videos.
    fn briefs(&mut self, videos: &[ShardVideo]) -> Result<Vec<Brief>, DecodeError> {
        let count = self.count(ROW)?;
        if videos.iter().map(|video| u64::from(video.rows)).sum::<u64>() != count as u64 {
            return Err(DecodeError::Damaged);
        }
        (0..count).map(|_| self.brief()).collect()
    }

    fn brief(&mut self) -> Result<Brief, DecodeError> {
        let (start, end, record, length) = (self.u32()?, self.u32()?, self.u32()?, self.u32()?);
        let speaker = Some(self.u16()?).filter(|speaker| *speaker != NOBODY);
        let [kind, terms] = self.array()?;
        Ok(Brief { start, end, record, length, speaker, kind: EvidenceKind::of_code(kind)?, terms })
    }
}
