//! How long a search over a library of many hours takes: `library_hours HOURS QUERIES FOLDER`.
//!
//! Videos of an hour, 4,000 rows each, with words as frequent as the law of Zipf and Mandelbrot has it and vectors that lie in bundles, as
//! those of sentences do; the seed is fixed. Indexes are files in the folder, as they are objects of a bucket otherwise,
//! and are read by range. Shards are merged as the library merges them. Prints `name value` lines.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a benchmark whose input is its own"
)]

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use domain::analysis::{Provenance, Transcript, Utterance};
use domain::ids::{Generation, VideoId};
use domain::library::{ShardEntry, ShardId, due_merge};
use domain::time::Seconds;
use intelligence::ProviderError;
use intelligence::embed::{Embedder, EmbedderId};
use intelligence::index::{CANDIDATES, Filter, Findings, LibraryQuery, Record, Shard, VideoIndex};
use uuid::Uuid;

const ROWS: usize = 4_000;
const DIMENSIONS: usize = 384;
const WORDS: usize = 30_000;
const BUNDLES: usize = 500;

/// SplitMix64 (Steele, Lea and Flood, 2014): every place in the library has numbers of its own.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// About normal, with variance 1.
    fn normal(&mut self) -> f32 {
        ((0..4).map(|_| self.unit()).sum::<f64>() - 2.0) as f32 * 3f32.sqrt()
    }

    /// The n-th most frequent word comes as often as 1 / (n + 50) says (Mandelbrot, 1953): a word in forty sentences at
    /// most, because those that are more frequent are not indexed.
    fn word(&mut self) -> String {
        const SHIFT: f64 = 50.0;
        let most = 1.0 + WORDS as f64 / SHIFT;
        format!("word{}", (SHIFT * (most.powf(self.unit()) - 1.0)) as usize)
    }

    fn sentence(&mut self, words: usize) -> String {
        (0..words).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }
}

/// A bundle's direction, and away from it by chance: cosines of about 0.5 within a bundle, and about 0 between two.
fn vector(text: &str) -> Vec<f32> {
    let seed = text.bytes().fold(7u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    let mut own = Random(seed);
    let mut bundle = Random(own.next() % BUNDLES as u64);
    let mut vector: Vec<f32> = (0..DIMENSIONS).map(|_| bundle.normal() + own.normal()).collect();
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|x| *x /= length);
    vector
}

struct Synthetic(EmbedderId);

#[async_trait]
impl Embedder for Synthetic {
    fn id(&self) -> &EmbedderId {
        &self.0
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ProviderError> {
        Ok(texts.iter().map(|text| vector(text)).collect())
    }
}

fn video(n: usize) -> VideoId {
    VideoId(Uuid::from_u128(n as u128 + 1))
}

fn index_file(folder: &Path, video: VideoId) -> PathBuf {
    folder.join(format!("{video}.index"))
}

/// An hour in which somebody says a sentence every 0.9 s.
async fn hour(embedder: &Synthetic, n: usize) -> VideoIndex {
    let mut random = Random(n as u64);
    let utterance = |row: usize| Utterance {
        speaker: (row % 2) as u32,
        start: Seconds::new(row as f64 * 0.9),
        end: Seconds::new(row as f64 * 0.9 + 0.8),
        text: random.sentence(8),
    };
    let provenance =
        Provenance { provider: "synthetic".into(), model: "zipf".into(), prompt_version: "1".into() };
    let transcript = Transcript { utterances: (0..ROWS).map(utterance).collect(), provenance };
    let findings = Findings { length: Seconds::new(3600.0), scenes: None, transcript: Some(&transcript) };
    VideoIndex::build(embedder, &findings).await.unwrap()
}

/// Writes the videos' indexes, and their shards as a library ends up with.
async fn write(embedder: &Synthetic, hours: usize, folder: &Path) -> Vec<PathBuf> {
    let mut shards: Vec<(ShardEntry, Shard)> = vec![];
    let kept: HashSet<_> = (0..hours).map(|n| (video(n), Generation::FIRST)).collect();
    let entry = |shard: &Shard, n: usize| ShardEntry {
        id: ShardId(Uuid::from_u128(n as u128)),
        embedder: shard.embedder().to_string(),
        rows: shard.row_count() as u64,
    };
    let mut next = 0;
    for n in 0..hours {
        let index = hour(embedder, n).await;
        std::fs::write(index_file(folder, video(n)), index.encode()).unwrap();
        let mut fresh = Shard::of(video(n), Generation::FIRST, &index);
        loop {
            next += 1;
            shards.push((entry(&fresh, next), fresh));
            let entries: Vec<ShardEntry> = shards.iter().map(|(entry, _)| entry.clone()).collect();
            let Some(due) = due_merge(&entries) else { break };
            let (merged, rest): (Vec<_>, Vec<_>) =
                shards.into_iter().partition(|(entry, _)| due.contains(&entry.id));
            shards = rest;
            let merged: Vec<Shard> = merged.into_iter().map(|(_, shard)| shard).collect();
            fresh = Shard::merge(&merged, &kept).unwrap();
        }
    }
    let file = |(entry, shard): (ShardEntry, Shard)| {
        let path = folder.join(format!("{}.shard", entry.id));
        std::fs::write(&path, shard.encode()).unwrap();
        path
    };
    shards.into_iter().map(file).collect()
}

/// Bytes of memory of the same shards where something else tells which rows are near in meaning.
fn without_sketches(files: &[PathBuf]) -> usize {
    let bytes = files.iter().map(|file| {
        let stored = std::fs::read(file).unwrap();
        let sketches = Shard::decode_sketches_place(&stored).unwrap();
        let (before, after) = (&stored[..sketches.start as usize], &stored[sketches.end as usize..]);
        Shard::decode_without_sketches(before, after).unwrap().bytes()
    });
    bytes.sum()
}

struct Library {
    folder: PathBuf,
    shards: Vec<Arc<Shard>>,
}

impl Library {
    fn search(&self, query: &LibraryQuery) -> usize {
        let read = |candidate: intelligence::index::Candidate| {
            let file = File::open(index_file(&self.folder, candidate.video)).unwrap();
            let mut record = vec![0; (candidate.record.end - candidate.record.start) as usize];
            file.read_exact_at(&mut record, candidate.record.start).unwrap();
            let record = Record::decode(&record, candidate.dimensions).unwrap();
            (candidate, record)
        };
        query.moments(query.candidates(&self.shards, CANDIDATES).into_iter().map(read).collect()).len()
    }

    /// Milliseconds of each search for what is in the library and `also`, in order of length, the mean of processor time,
    /// and how many found something.
    fn measure(
        &self,
        embedder: &EmbedderId,
        queries: usize,
        also: &str,
        filter: &Filter,
    ) -> (Vec<f64>, f64, usize) {
        let mut random = Random(42);
        let (mut times, mut found) = (vec![], 0);
        let before = cpu_ms();
        for n in 0..queries {
            let text = random.sentence(2 + n % 4) + also;
            let vectors = HashMap::from([(embedder.clone(), vector(&text))]);
            let query = LibraryQuery::new(&text, vectors, filter.clone());
            let began = Instant::now();
            found += usize::from(self.search(&query) > 0);
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        times.sort_by(f64::total_cmp);
        (times, (cpu_ms() - before) / queries as f64, found)
    }
}

/// Processor time of this process, user and system, in milliseconds (proc(5), which counts in hundredths of a second).
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks.map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() * 10.0
}

fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [hours, queries, folder] = arguments.as_slice() else { panic!("library_hours HOURS QUERIES FOLDER") };
    let (hours, queries): (usize, usize) = (hours.parse().unwrap(), queries.parse().unwrap());
    let embedder = Synthetic(EmbedderId::new("synthetic"));
    let folder = Path::new(folder).to_owned();
    let files = write(&embedder, hours, &folder).await;
    let before = resident_mib();
    let began = Instant::now();
    let shards: Vec<Arc<Shard>> =
        files.iter().map(|file| Arc::new(Shard::decode(&std::fs::read(file).unwrap()).unwrap())).collect();
    println!("cold_ms {:.0}", began.elapsed().as_secs_f64() * 1e3);
    println!("shards {}", shards.len());
    println!("rows {}", shards.iter().map(|shard| shard.row_count()).sum::<usize>());
    println!(
        "shard_mib {:.0}",
        shards.iter().map(|shard| shard.bytes()).sum::<usize>() as f64 / (1 << 20) as f64
    );
    println!("shard_mib_without_sketches {:.0}", without_sketches(&files) as f64 / (1 << 20) as f64);
    println!("resident_mib {:.0}", resident_mib().max(before));
    let library = Library { folder, shards };
    let one = Filter { videos: Some(HashSet::from([video(hours / 2)])), ..Filter::default() };
    // A word that is nowhere is compared with all that begin with its letter, which here are all there are.
    for (name, also, filter) in [
        ("all", "", Filter::default()),
        ("misspelt", " wrodswrod", Filter::default()),
        ("one_video", "", one),
    ] {
        let (times, cpu, found) = library.measure(&embedder.0, queries, also, &filter);
        println!("{name}_p50_ms {:.2}", times[times.len() / 2]);
        println!("{name}_p95_ms {:.2}", times[times.len() * 95 / 100]);
        println!("{name}_cpu_ms {cpu:.2}");
        println!("{name}_found {found}");
    }
}
