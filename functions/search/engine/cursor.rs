//! Where a page of moments ended. The next page begins after that moment, whether or not it is still there.

use std::cmp::Reverse;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::VideoId;
use edge::Problem;
use intelligence::index::Filter;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Where a moment stands among the moments of a search, see [`intelligence::index::Moment::rank`].
pub(crate) type Rank = (Reverse<u32>, Reverse<VideoId>, u64);

/// Tells searches apart: a cursor of one means nothing to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SearchPrint([u8; 4]);

impl SearchPrint {
    pub(crate) fn of(query: &str, filter: &Filter) -> Self {
        let mut videos: Vec<VideoId> = filter.videos.iter().flatten().copied().collect();
        videos.sort_unstable();
        let Filter { videos: _, kinds, speaker, from, to } = filter;
        let search = format!("{:?}", (query, videos, kinds, speaker, from, to));
        let digest: [u8; 32] = Sha256::digest(search).into();
        let [a, b, c, d, ..] = digest;
        Self([a, b, c, d])
    }
}

/// The moment of that rank as text for a URL or a document.
pub(crate) fn text((score, video, record): Rank, search: SearchPrint) -> String {
    let bytes = [&search.0, &score.0.to_be_bytes()[..], video.0.0.as_bytes(), &record.to_be_bytes()].concat();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What [`text`] wrote for the same search; `next` is what the contract calls it.
///
/// # Errors
/// 400 for any other text.
pub(crate) fn read(text: &str, search: SearchPrint, next: &str) -> Result<Rank, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
    let rank = parse(&bytes, search);
    rank.ok_or_else(|| {
        Problem::invalid(format!(
            "cursor is the {next} of an earlier answer to the same search. Leave it out to start anew."
        ))
    })
}

fn parse(bytes: &[u8], search: SearchPrint) -> Option<Rank> {
    let (print, rest) = bytes.split_first_chunk()?;
    let (score, rest) = rest.split_first_chunk()?;
    let (video, record) = rest.split_first_chunk()?;
    let record = u64::from_be_bytes(record.try_into().ok()?);
    let video = VideoId(Uuid::from_bytes(*video));
    (*print == search.0).then_some((Reverse(u32::from_be_bytes(*score)), Reverse(video), record))
}
