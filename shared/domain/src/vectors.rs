//! Vectors of videos in an index of vectors: what a row is called there, and which rows of a video are there.
//!
//! A name follows from the video alone, so putting a row again replaces it, and what was put can be removed without
//! being listed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ids::{Generation, NotAnId, UserId, VideoId};

/// What a row is called in an index of vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowName {
    /// Whose row.
    pub video: VideoId,
    /// Of which set of outputs.
    pub generation: Generation,
    /// Its number among the rows of the video that can be found, from 0.
    pub row: u32,
}

impl fmt::Display for RowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.video, self.generation.0, self.row)
    }
}

impl FromStr for RowName {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let mut parts = text.split('/');
        let (Some(video), Some(generation), Some(row), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(NotAnId);
        };
        Ok(Self {
            video: video.parse()?,
            generation: Generation(generation.parse().map_err(|_| NotAnId)?),
            row: row.parse().map_err(|_| NotAnId)?,
        })
    }
}

/// The vectors of one generation of a video. It is written down before the first of them is put, so that whatever was
/// put can be removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VectorSet {
    /// Of which set of outputs.
    pub generation: Generation,
    /// ARN of the bucket of their index.
    pub bucket: String,
    /// The name of their index.
    pub index: String,
    /// Rows that the video has; those without a meaning have no vector.
    pub rows: u32,
    /// Whether all of them were put.
    pub is_whole: bool,
}

impl VectorSet {
    /// The names of the rows.
    pub fn names(&self, video: VideoId) -> impl Iterator<Item = RowName> {
        let generation = self.generation;
        (0..self.rows).map(move |row| RowName { video, generation, row })
    }
}

/// The name of the index that has an account's vectors of that embedder and length: vectors of others cannot be
/// compared with them. All accounts together have 256 of them for each embedder: a bucket has room for 10,000, and
/// each for 2,000,000,000 rows.
pub fn index_name(owner: &UserId, embedder: &str, dimensions: usize) -> String {
    let of = |text: &str| Uuid::new_v5(&Uuid::NAMESPACE_OID, text.as_bytes());
    let partition = of(&owner.0).as_bytes()[0];
    format!("{partition:02x}-{dimensions}-{}", of(embedder).simple())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn other_embedders_and_lengths_have_other_indexes() {
        let name =
            |owner: &str, embedder, dimensions| index_name(&UserId(owner.to_owned()), embedder, dimensions);
        let names = [name("a", "minilm", 384), name("a", "minilm", 512), name("a", "titan", 384)];
        assert_eq!(name("a", "minilm", 384), names[0]);
        assert!(names[0] != names[1] && names[0] != names[2] && names[1] != names[2], "{names:?}");
    }

    #[test]
    fn what_is_no_name_is_none() {
        let video = "550e8400-e29b-41d4-a716-446655440000";
        assert!(format!("{video}/1/0").parse::<RowName>().is_ok());
        for text in ["", "a/1/0", "550e8400-e29b-41d4-a716-446655440000/1", &format!("{video}/1/0/2")] {
            assert_eq!(text.parse::<RowName>(), Err(NotAnId), "{text}");
        }
        assert_eq!(format!("{video}/1/-1").parse::<RowName>(), Err(NotAnId));
    }

    proptest! {
        #[test]
        fn names_are_read_back_and_no_two_rows_share_one(
            id in any::<u128>(), generation in any::<u32>(), rows in 0u32..2_000,
        ) {
            let video = VideoId(Uuid::from_u128(id));
            let (bucket, index) = (String::new(), String::new());
            let set = VectorSet { generation: Generation(generation), bucket, index, rows, is_whole: true };
            let names: Vec<RowName> = set.names(video).collect();
            let texts: std::collections::HashSet<String> = names.iter().map(RowName::to_string).collect();
            prop_assert_eq!(texts.len(), rows as usize);
            for name in names {
                prop_assert_eq!(name.to_string().parse::<RowName>(), Ok(name));
            }
        }

        /// As S3 Vectors takes them: 3 to 63 small letters, digits and hyphens.
        #[test]
        fn names_of_indexes_are_names(owner in ".*", embedder in ".{0,200}", dimensions in 1usize..=4096) {
            let name = index_name(&UserId(owner), &embedder, dimensions);
            let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            prop_assert!((3..=63).contains(&name.len()) && name.bytes().all(is_letter), "{}", name);
        }
    }
}
