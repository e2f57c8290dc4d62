use async_trait::async_trait;
use domain::analysis::{Provenance, Transcript, Utterance};
use domain::vectors::RowName;
use proptest::prelude::*;

use super::*;
use crate::ProviderError;
use crate::embed::{Embedder, normalise};
use crate::index::{DecodeError, Findings, VideoIndex};

/// Knows three meanings: each word of one of them is one direction, however it is spelt.
struct Meanings(EmbedderId);

const MEANINGS: [&[&str]; 3] =
    [&["car", "automobile", "vehicle"], &["tree", "oak"], &["volcano", "eruption"]];

impl Meanings {
    fn vector(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0; 100];
        for (n, words) in MEANINGS.iter().enumerate() {
            // Many numbers for each meaning, of both signs, so that sketches can tell them apart.
            let has = words.iter().any(|word| text.contains(word));
            let signs = (0..33u32).map(|at| if (at * 7 + n as u32).is_multiple_of(3) { -1.0 } else { 1.0 });
            vector[n * 33..(n + 1) * 33]
                .iter_mut()
                .zip(signs)
                .for_each(|(x, sign)| *x += f32::from(has) * sign);
        }
        normalise(&mut vector);
        vector
    }
}

#[async_trait]
impl Embedder for Meanings {
    fn id(&self) -> &EmbedderId {
        &self.0
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ProviderError> {
        Ok(texts.iter().map(|text| self.vector(text)).collect())
    }
}

fn meanings() -> Meanings {
    Meanings(EmbedderId::new("meanings"))
}

fn video(n: u128) -> VideoId {
    VideoId(Uuid::from_u128(n))
}

/// A video in which these sentences are said, ten seconds each, by two speakers in turn.
fn indexed(sentences: &[&str]) -> VideoIndex {
    let utterance = |(n, text): (u32, &&str)| Utterance {
        speaker: n % 2,
        start: Seconds::new(f64::from(n) * 10.0),
        end: Seconds::new(f64::from(n) * 10.0 + 9.0),
        text: (*text).to_owned(),
    };
    let provenance = Provenance { provider: "test".into(), model: "test".into(), prompt_version: "1".into() };
    let transcript = Transcript { utterances: (0..).zip(sentences).map(utterance).collect(), provenance };
    let findings = Findings { length: Seconds::new(100.0), scenes: None, transcript: Some(&transcript) };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(VideoIndex::build(&meanings(), &findings)).unwrap()
}

/// Videos as they are stored: each index as bytes.
struct Stored(Vec<(VideoId, VideoIndex, Vec<u8>)>);

impl Stored {
    fn new(videos: &[&[&str]]) -> Self {
        let stored = (1u128..).zip(videos).map(|(n, sentences)| {
            let index = indexed(sentences);
            let bytes = index.encode();
            (video(n), index, bytes)
        });
        Self(stored.collect())
    }

    fn shards(&self) -> Vec<Shard> {
        self.0.iter().map(|(id, index, _)| Shard::of(*id, Generation::FIRST, index)).collect()
    }

    fn search(&self, shards: &[Shard], text: &str, filter: Filter) -> Vec<Moment> {
        let vectors = HashMap::from([(meanings().0, meanings().vector(text))]);
        let query = LibraryQuery::new(text, vectors, filter);
        let shards: Vec<Arc<Shard>> = shards.iter().cloned().map(Arc::new).collect();
        let candidates = query.candidates(&shards, 100);
        query.moments(candidates.into_iter().map(|candidate| self.read(candidate)).collect())
    }

    fn read(&self, candidate: Candidate) -> (Candidate, Record) {
        let (_, _, bytes) = self.0.iter().find(|(id, ..)| *id == candidate.video).unwrap();
        let record = &bytes[candidate.record.start as usize..candidate.record.end as usize];
        let record = Record::decode(record, candidate.dimensions).unwrap();
        (candidate, record)
    }

    /// The same, where an index of the vectors was asked for what is near, and no sketches were read.
    fn search_among(&self, shards: &[Shard], text: &str, filter: Filter) -> Vec<Moment> {
        let vector = meanings().vector(text);
        let mut near = vec![];
        for (id, index, _) in &self.0 {
            for (row, (number, _)) in (0..).zip(index.findable()) {
                let name = RowName { video: *id, generation: Generation::FIRST, row };
                near.push((name, dot(&vector, index.vector(number))));
            }
        }
        near.sort_by(|a, b| b.1.total_cmp(&a.1));
        near.truncate(Nearest::MOST);
        let near = HashMap::from([(meanings().0, Nearest::of(near))]);
        let query = LibraryQuery::new(text, HashMap::from([(meanings().0, vector)]), filter);
        let shards: Vec<Arc<Shard>> = shards.iter().map(without_sketches).map(Arc::new).collect();
        let candidates = query.candidates_among(&shards, &near, 100);
        query.moments(candidates.into_iter().map(|candidate| self.read(candidate)).collect())
    }

    fn everything(&self) -> HashSet<(VideoId, Generation)> {
        self.0.iter().map(|(id, ..)| (*id, Generation::FIRST)).collect()
    }
}

/// The shard as it is read where no sketches are needed.
fn without_sketches(shard: &Shard) -> Shard {
    let bytes = shard.encode();
    // From its first bytes alone: the place is known before the rest is read.
    let head = &bytes[..bytes.len().min(200 + shard.videos().len() * 24)];
    let place = Shard::decode_sketches_place(head).unwrap();
    let (before, after) = (&bytes[..place.start as usize], &bytes[place.end as usize..]);
    Shard::decode_without_sketches(before, after).unwrap()
}

fn texts(moments: &[Moment]) -> Vec<&str> {
    moments.iter().map(|moment| moment.row.text.as_str()).collect()
}

fn library() -> Stored {
    Stored::new(&[
        &["an automobile comes round the corner", "the weather was fine"],
        &["we planted an oak", "nothing much", "my car is red"],
        &["the slope of the line"],
    ])
}

#[test]
fn finds_by_words_and_by_meaning_over_all_videos() {
    let library = library();
    let found = library.search(&library.shards(), "car", Filter::default());
    assert_eq!(texts(&found), ["my car is red", "an automobile comes round the corner"]);
    assert_eq!((found[0].video, found[1].video), (video(2), video(1)));
    let found = library.search(&library.shards(), "slope", Filter::default());
    assert_eq!(texts(&found), ["the slope of the line"]);
}

#[test]
fn finds_nothing_where_there_is_nothing() {
    let library = library();
    assert_eq!(library.search(&library.shards(), "eruption of a volcano", Filter::default()), []);
    assert_eq!(library.search(&library.shards(), "", Filter::default()), []);
    assert_eq!(library.search(&[], "car", Filter::default()), []);
}

/// As without an embedder.
fn by_words(library: &Stored, text: &str) -> Vec<Moment> {
    let query = LibraryQuery::new(text, HashMap::new(), Filter::default());
    let shards: Vec<Arc<Shard>> = library.shards().into_iter().map(Arc::new).collect();
    query.moments(
        query.candidates(&shards, 100).into_iter().map(|candidate| library.read(candidate)).collect(),
    )
}

#[test]
fn a_word_of_several_in_common_is_not_enough() {
    let others = vec!["nothing of note"; 30];
    let library = Stored::new(&[&["fine weather"], &others]);
    let found = |text| texts(&by_words(&library, text)).len();
    assert_eq!((found("weather"), found("fine weather"), found("weather forecast")), (1, 1, 1));
    assert_eq!(found("weather forecast Lisbon"), 0);
    assert_eq!(found("fine weather forecast Lisbon"), 1, "half of it");
    let found = |text| texts(&library.search(&library.shards(), text, Filter::default())).len();
    assert_eq!((found("weather forecast Lisbon"), found("fine weather in Lisbon")), (0, 1));
}

#[test]
fn how_it_is_asked_for_does_not_count() {
    let library = library();
    for text in
        ["what do they say about the weather", "find the part where someone mentions weather", "weather"]
    {
        assert_eq!(texts(&by_words(&library, text)), ["the weather was fine"], "{text}");
        let found = library.search(&library.shards(), text, Filter::default());
        assert_eq!(texts(&found), ["the weather was fine"], "{text}");
    }
    let said = Stored::new(&[&["they say it", "he could say more about volcanoes"]]);
    assert_eq!(by_words(&said, "what do they say about pyramids"), [], "nobody speaks of them");
    assert_eq!(by_words(&said, "say").len(), 2, "nothing else is asked for");
}

#[test]
fn a_long_row_is_found_by_one_word() {
    let long = (0..40).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ") + " slope";
    let others = vec!["four words of others"; 20];
    let library = Stored::new(&[&[&long], &others]);
    assert_eq!(texts(&library.search(&library.shards(), "slope", Filter::default())), [&long]);
}

#[test]
fn one_slip_in_a_word_that_is_nowhere_is_forgiven() {
    let library = library();
    for text in ["weahter", "wether", "the wearther"] {
        assert_eq!(texts(&by_words(&library, text)), ["the weather was fine"], "{text}");
    }
    let only = Filter { videos: Some(HashSet::from([video(1)])), ..Filter::default() };
    let two = Stored::new(&[&["the weather was fine"], &["a former teacher"]]);
    assert_eq!(texts(&two.search(&two.shards(), "weahter", only)), ["the weather was fine"]);
    // Too short; another word, and one that is there.
    let library = Stored::new(&[&["the paint is dry", "a former teacher"], &["he is a farmer"]]);
    assert_eq!(by_words(&library, "point"), []);
    assert_eq!(texts(&by_words(&library, "farmer")), ["he is a farmer"]);
}

#[test]
fn what_the_filter_leaves_out_is_not_found() {
    let library = library();
    let search = |filter| library.search(&library.shards(), "car", filter).len();
    let only = |videos: &[u128]| Filter {
        videos: Some(videos.iter().map(|n| video(*n)).collect()),
        ..Filter::default()
    };
    assert_eq!(
        (search(only(&[1])), search(only(&[1, 2])), search(only(&[3])), search(only(&[]))),
        (1, 2, 0, 0)
    );
    let kinds = |kinds: &[EvidenceKind]| Filter { kinds: Some(kinds.to_vec()), ..Filter::default() };
    assert_eq!((search(kinds(&[EvidenceKind::Speech])), search(kinds(&[EvidenceKind::Object]))), (2, 0));
    let from = |from| Filter { from: Some(Seconds::new(from)), ..Filter::default() };
    assert_eq!((search(from(0.0)), search(from(10.0)), search(from(29.0))), (2, 1, 0));
    let to = |to| Filter { to: Some(Seconds::new(to)), ..Filter::default() };
    assert_eq!((search(to(0.0)), search(to(10.0)), search(to(20.1))), (0, 1, 2));
    let speaker = |id| Filter { speaker: Some(id), ..Filter::default() };
    assert_eq!(search(speaker(video(2).speaker_id(0))), 1);
    assert_eq!((search(speaker(video(2).speaker_id(1))), search(speaker(Uuid::nil()))), (0, 0));
}

#[test]
fn a_merge_leaves_out_what_is_gone_and_what_is_there_twice() {
    let library = library();
    let mut shards = library.shards();
    shards.extend(library.shards());
    let mut kept = library.everything();
    kept.remove(&(video(2), Generation::FIRST));
    let merged = Shard::merge(&shards, &kept).unwrap();
    let videos: Vec<VideoId> = merged.videos().iter().map(|video| video.video).collect();
    assert_eq!((videos, merged.row_count()), (vec![video(3), video(1)], 3));
    let found = library.search(&[merged], "car", Filter::default());
    assert_eq!(texts(&found), ["an automobile comes round the corner"]);
    assert_eq!(Shard::merge(&shards, &HashSet::new()), None);
}

#[test]
fn a_shard_without_its_sketches_has_everything_else() {
    let shard = Shard::merge(&library().shards(), &library().everything()).unwrap();
    let bare = without_sketches(&shard);
    assert_eq!((bare.videos(), bare.row_count()), (shard.videos(), shard.row_count()));
    assert!(bare.bytes() < shard.bytes() && bare.sketch(0).is_none());
    assert_eq!(texts(&library().search(&[bare], "automobile", Filter::default())).len(), 1, "words alone");
}

#[test]
fn rows_that_nobody_knows_of_are_no_candidates() {
    let library = library();
    let stranger = RowName { video: video(9), generation: Generation::FIRST, row: 0 };
    let gone = RowName { video: video(1), generation: Generation(2), row: 0 };
    let beyond = RowName { video: video(1), generation: Generation::FIRST, row: 2 };
    let near = Nearest::of([stranger, gone, beyond].map(|name| (name, 1.0)));
    let vectors = HashMap::from([(meanings().0, meanings().vector("car"))]);
    let query = LibraryQuery::new("car", vectors, Filter::default());
    let shards: Vec<Arc<Shard>> = library.shards().into_iter().map(Arc::new).collect();
    let found = query.candidates_among(&shards, &HashMap::from([(meanings().0, near)]), 100);
    let found: Vec<VideoId> = found.into_iter().map(|candidate| candidate.video).collect();
    assert_eq!(found, [video(2)], "the one that has the word");
}

#[test]
fn damaged_shards_are_refused() {
    let bytes = Shard::merge(&library().shards(), &library().everything()).unwrap().encode();
    for length in 0..bytes.len() {
        assert!(Shard::decode(&bytes[..length]).is_err(), "{length}");
    }
    assert_eq!(Shard::decode(&[&bytes[..], b"x"].concat()), Err(DecodeError::Damaged));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x55;
        if let Ok(place) = Shard::decode_sketches_place(&damaged) {
            let length = damaged.len();
            let (start, end) = ((place.start as usize).min(length), (place.end as usize).min(length));
            // Whatever it is, it does not panic.
            drop(Shard::decode_without_sketches(&damaged[..start], &damaged[end..]));
        }
        // Whatever it is, it can be searched, or is refused.
        if let Ok(shard) = Shard::decode(&damaged) {
            let query = LibraryQuery::new("car slope", HashMap::new(), Filter::default());
            query.candidates(&[Arc::new(shard)], 50);
        }
    }
}

proptest! {
    #[test]
    fn whoever_tells_what_is_near_the_same_is_found(
        videos in proptest::collection::vec(proptest::collection::vec(0usize..6, 1..6), 1..12),
        query in 0usize..6,
        speaker in proptest::option::of(0u32..2),
        from in proptest::option::of(0u32..40),
        named in proptest::option::of(0u128..6),
    ) {
        const WORDS: [&str; 6] = ["car", "a vehicle", "the oak", "line one", "line two", "eruption"];
        let sentences: Vec<Vec<&str>> =
            videos.iter().map(|video| video.iter().map(|n| WORDS[*n]).collect()).collect();
        let sentences: Vec<&[&str]> = sentences.iter().map(Vec::as_slice).collect();
        let library = Stored::new(&sentences);
        let filter = Filter {
            videos: named.map(|n| HashSet::from([video(n), video(n + 1)])),
            speaker: speaker.map(|n| video(1).speaker_id(n)),
            from: from.map(|secs| Seconds::new(f64::from(secs))),
            ..Filter::default()
        };
        let by_sketches = library.search(&library.shards(), WORDS[query], filter.clone());
        let by_vectors = library.search_among(&library.shards(), WORDS[query], filter);
        prop_assert_eq!(by_sketches, by_vectors);
    }

    #[test]
    fn how_videos_are_spread_over_shards_changes_nothing(
        videos in proptest::collection::vec(proptest::collection::vec(0usize..6, 1..6), 1..12),
        spread in proptest::collection::vec(0usize..4, 12),
        query in 0usize..6,
    ) {
        const WORDS: [&str; 6] = ["car", "a vehicle", "the oak", "line one", "line two", "eruption"];
        let sentences: Vec<Vec<&str>> =
            videos.iter().map(|video| video.iter().map(|n| WORDS[*n]).collect()).collect();
        let sentences: Vec<&[&str]> = sentences.iter().map(Vec::as_slice).collect();
        let library = Stored::new(&sentences);
        let apart = library.shards();
        let merged: Vec<Shard> = (0..4)
            .filter_map(|group| {
                let group: Vec<Shard> =
                    apart.iter().zip(&spread).filter(|(_, of)| **of == group).map(|(shard, _)| shard.clone()).collect();
                let merged = Shard::merge(&group, &library.everything())?;
                Some(Shard::decode(&merged.encode()).unwrap())
            })
            .collect();
        let expected = library.search(&apart, WORDS[query], Filter::default());
        let found = library.search(&merged, WORDS[query], Filter::default());
        prop_assert_eq!(texts(&expected), texts(&found));
        let near = expected.iter().zip(&found).all(|(a, b)| (a.score - b.score).abs() < 1e-5 && a.rank().1 == b.rank().1);
        prop_assert!(near && expected.len() == found.len());
        prop_assert!(found.is_sorted_by_key(Moment::rank));
    }
}
