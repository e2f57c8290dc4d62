//! What may be asked of a search.

use std::collections::HashSet;

use domain::ids::VideoId;
use domain::time::Seconds;
use edge::Problem;
use intelligence::answer::EvidenceKind;
use intelligence::index::Filter;
use uuid::Uuid;

use super::cursor::{self, Rank, SearchPrint};

/// The longest query, in characters.
const MAX_QUERY_CHARS: usize = 500;
/// Most videos that a search names.
const MAX_VIDEOS: usize = 100;
/// The most moments of a page.
const MAX_LIMIT: usize = 50;
/// The moments of a page, where nothing else is asked for.
const DEFAULT_LIMIT: usize = 10;

/// What the body of a request says, in either contract.
#[derive(Debug, Clone)]
pub(crate) struct Parameters {
    pub(crate) query: String,
    pub(crate) limit: Option<u32>,
    pub(crate) cursor: Option<String>,
    pub(crate) videos: Option<Vec<String>>,
    pub(crate) kinds: Option<Vec<EvidenceKind>>,
    pub(crate) speaker: Option<String>,
    pub(crate) from: Option<f64>,
    pub(crate) to: Option<f64>,
}

/// How a contract spells what a message speaks of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names {
    /// The field that names videos.
    pub(crate) videos: &'static str,
    /// The field of an answer that goes into `cursor`.
    pub(crate) next: &'static str,
}

/// The same, once it makes sense.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) query: String,
    pub(crate) limit: usize,
    pub(crate) after: Option<Rank>,
    pub(crate) filter: Filter,
    /// What the pages of one search have in common.
    pub(crate) search: SearchPrint,
}

impl Parameters {
    /// What is wanted.
    ///
    /// # Errors
    /// 400 with the name of the first field that does not make sense.
    pub(crate) fn check(self, names: Names) -> Result<Wanted, Problem> {
        let query = self.query.trim().to_owned();
        if query.is_empty() || query.chars().count() > MAX_QUERY_CHARS {
            return Err(Problem::invalid(format!("query is a text of 1 to {MAX_QUERY_CHARS} characters.")));
        }
        let limit = self.limit.map_or(DEFAULT_LIMIT, |limit| limit as usize);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Problem::invalid(format!("limit is a whole number from 1 to {MAX_LIMIT}.")));
        }
        let videos = self.videos.map(|ids| videos(&ids, names.videos)).transpose()?;
        if self.kinds.as_ref().is_some_and(Vec::is_empty) {
            let detail = "kinds lists at least one of speech, screen_text, description, object. Leave it out to \
                          search all of them.";
            return Err(Problem::invalid(detail));
        }
        let speaker = self.speaker.map(|id| speaker(&id)).transpose()?;
        let from = self.from.map(|secs| seconds("from", secs)).transpose()?;
        let to = self.to.map(|secs| seconds("to", secs)).transpose()?;
        if let (Some(from), Some(to)) = (from, to)
            && from >= to
        {
            return Err(Problem::invalid(
                "from is a time before to, both in seconds from the start of a video.",
            ));
        }
        let filter = Filter { videos, kinds: self.kinds, speaker, from, to };
        let search = SearchPrint::of(&query, &filter);
        let after = self.cursor.map(|text| cursor::read(&text, search, names.next)).transpose()?;
        Ok(Wanted { query, limit, after, filter, search })
    }
}

fn videos(ids: &[String], name: &str) -> Result<HashSet<VideoId>, Problem> {
    if ids.is_empty() || ids.len() > MAX_VIDEOS {
        let detail =
            format!("{name} lists 1 to {MAX_VIDEOS} ids. Leave it out to search everything you have.");
        return Err(Problem::invalid(detail));
    }
    let id = |text: &String| {
        text.parse().map_err(|_| Problem::invalid(format!("{name} lists ids, which are UUIDs.")))
    };
    ids.iter().map(id).collect()
}

fn speaker(id: &str) -> Result<Uuid, Problem> {
    id.parse().map_err(|_| {
        Problem::invalid(
            "speaker is the id of a speaker, as a transcript has it: a UUID. Leave it out to search all.",
        )
    })
}

fn seconds(name: &str, secs: f64) -> Result<Seconds, Problem> {
    if secs.is_finite() && secs >= 0.0 {
        Ok(Seconds::new(secs))
    } else {
        Err(Problem::invalid(format!("{name} is a time in seconds from the start of a video.")))
    }
}
