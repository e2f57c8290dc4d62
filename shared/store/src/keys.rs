//! The only place that spells a key, of the table or of the bucket. `README.md` has the access patterns.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::api_key::{KeyHash, KeyPrefix};
use domain::ids::{Attempt, Generation, MessageId, SessionId, UserId, VideoId};
use domain::library::ShardId;
use domain::metering::Month;
use domain::stage::Stage;
use domain::youtube::YoutubeId;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// Partition key attribute.
pub(crate) const PK: &str = "PK";
/// Sort key attribute.
pub(crate) const SK: &str = "SK";
/// Index of an owner's videos, newest last. Projects the state, so that a filter needs no second read.
pub(crate) const BY_OWNER: &str = "by-owner";
/// Sparse index of videos that are not settled and callbacks that are not delivered, by when to look after them.
pub(crate) const OPEN_WORK: &str = "open-work";
/// The one partition of [`OPEN_WORK`].
pub(crate) const OPEN: &str = "open";

/// Attribute of a removed video's tombstone: when it was set, in seconds of Unix time.
pub(crate) const BURIED: &str = "buried_at";

/// Primary key of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pk: String,
    sk: String,
}

impl Key {
    fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    pub(crate) fn account(user: &UserId) -> Self {
        Self::new(owner(user), "PROFILE")
    }

    pub(crate) fn wallet(user: &UserId) -> Self {
        Self::new(owner(user), "WALLET")
    }

    pub(crate) fn ledger(user: &UserId, video: VideoId) -> Self {
        Self::new(owner(user), format!("LEDGER#{video}"))
    }

    pub(crate) fn billing(user: &UserId) -> Self {
        Self::new(owner(user), "BILLING")
    }

    pub(crate) fn purchase(user: &UserId, id: &str) -> Self {
        Self::new(owner(user), format!("PURCHASE#{id}"))
    }

    pub(crate) fn usage(user: &UserId, month: Month) -> Self {
        Self::new(owner(user), format!("USAGE#{month}"))
    }

    pub(crate) fn youtube(user: &UserId, id: &YoutubeId) -> Self {
        Self::new(owner(user), format!("YOUTUBE#{}", id.as_str()))
    }

    pub(crate) fn library(user: &UserId) -> Self {
        Self::new(owner(user), "LIBRARY")
    }

    pub(crate) fn uploads(user: &UserId) -> Self {
        Self::new(owner(user), "UPLOADS")
    }

    pub(crate) fn key_of_owner(user: &UserId, prefix: &KeyPrefix) -> Self {
        Self::new(owner(user), format!("{KEY_ROW}{prefix}"))
    }

    pub(crate) fn api_key(hash: &KeyHash) -> Self {
        Self::new(format!("KEY#{}", hash.0), "META")
    }

    pub(crate) fn video(video: VideoId) -> Self {
        Self::new(video_partition(video), VIDEO_ROW)
    }

    pub(crate) fn stage(video: VideoId, stage: Stage) -> Self {
        Self::new(video_partition(video), format!("{STAGE_ROW}{}#{}", stage as u8, stage.name()))
    }

    pub(crate) fn answers(video: VideoId) -> Self {
        Self::new(video_partition(video), "ANSWERS")
    }

    pub(crate) fn vectors(video: VideoId, generation: Generation) -> Self {
        Self::new(video_partition(video), format!("{VECTORS_ROW}{:010}", generation.0))
    }

    pub(crate) fn callback(video: VideoId) -> Self {
        Self::new(video_partition(video), "CALLBACK")
    }

    pub(crate) fn session_of_video(video: VideoId, session: SessionId) -> Self {
        Self::new(video_partition(video), format!("{SESSION_ROW}{session}"))
    }

    pub(crate) fn chunk(video: VideoId, answer: MessageId, first: u32) -> Self {
        Self::new(video_partition(video), chunk_row(answer, first))
    }

    pub(crate) fn session(session: SessionId) -> Self {
        Self::new(session_partition(session), "META")
    }

    pub(crate) fn message(session: SessionId, message: MessageId) -> Self {
        Self::new(session_partition(session), format!("MSG#{message}"))
    }

    pub(crate) fn named_request(user: &UserId, route: &str, name: &str) -> Self {
        Self::new(format!("REQUEST#{user}#{route}#{name}"), "ATTEMPT")
    }

    /// By the second in which it was queued, in as many digits as sort for some thousand years.
    pub(crate) fn waiting(queued_at: Timestamp, video: VideoId, attempt: Attempt) -> Self {
        let queued_at = queued_at.as_second();
        Self::new(ADMISSION, format!("{WAITING_ROW}{queued_at:011}#{video}#{}", attempt.0))
    }

    pub(crate) fn running(video: VideoId, attempt: Attempt) -> Self {
        Self::new(ADMISSION, format!("{RUNNING_ROW}{video}#{}", attempt.0))
    }

    pub(crate) fn running_count() -> Self {
        Self::new(ADMISSION, "COUNT")
    }

    pub(crate) fn stripe_event(id: &str) -> Self {
        Self::new(format!("EVENT#stripe#{id}"), "META")
    }

    /// Scope, subject and minute are all in the partition key: no subject can heat another's partition.
    pub(crate) fn rate(scope: &str, subject: &str, minute: i64) -> Self {
        Self::new(format!("RATE#{scope}#{subject}#{minute}"), "COUNT")
    }

    /// As the SDK takes it.
    pub(crate) fn attributes(self) -> HashMap<String, AttributeValue> {
        HashMap::from([
            (PK.to_owned(), AttributeValue::S(self.pk)),
            (SK.to_owned(), AttributeValue::S(self.sk)),
        ])
    }
}

/// The one partition of which videos run and which wait.
pub(crate) const ADMISSION: &str = "ADMISSION";
/// Start of the sort key of a video's place in line; they sort as they were queued.
pub(crate) const WAITING_ROW: &str = "WAITING#";
/// Start of the sort key of a run that has a slot.
pub(crate) const RUNNING_ROW: &str = "RUNNING#";

/// Sort key of a video's own row.
pub(crate) const VIDEO_ROW: &str = "META";
/// Start of the sort key of a video's stage rows; the stage's ordinal follows, so that they sort as they run.
pub(crate) const STAGE_ROW: &str = "STAGE#";
/// Start of the sort key of the rows that say which vectors a video has.
pub(crate) const VECTORS_ROW: &str = "VECTORS#";
/// Start of the sort key of a video's session rows.
pub(crate) const SESSION_ROW: &str = "CHAT#";
/// Sort key of a chunk of an answer about a video; the chunks of an answer sort by the number of their first event.
pub(crate) fn chunk_row(answer: MessageId, first: u32) -> String {
    format!("ANSWER#{answer}#{first:010}")
}

/// Start of the sort key of an owner's key rows.
pub(crate) const KEY_ROW: &str = "KEY#";

/// Partition of everything an account owns.
pub(crate) fn owner(user: &UserId) -> String {
    format!("USER#{user}")
}

/// Partition of a video, its stages, its vectors, its sessions, its callback, and the answers about it that can be taken up again.
pub(crate) fn video_partition(video: VideoId) -> String {
    format!("VIDEO#{video}")
}

/// Partition of a session and its messages.
pub(crate) fn session_partition(session: SessionId) -> String {
    format!("SESSION#{session}")
}

/// Start of the keys of uploads: the only prefix whose objects notify.
const UPLOADS: &str = "uploads";

/// Where the owner puts the file.
pub fn upload(video: VideoId, file_name: &str) -> String {
    format!("{UPLOADS}/{video}/{file_name}")
}

/// Starts of the keys of everything that belongs to a video.
pub(crate) fn prefixes(video: VideoId) -> [String; 2] {
    [format!("{UPLOADS}/{video}/"), format!("videos/{video}/")]
}

/// Start of the keys of an account's shards. Its own id may have characters that a key should not have.
pub(crate) fn shards(user: &UserId) -> String {
    format!("libraries/{}/", hex::encode(Sha256::digest(user.0.as_bytes())))
}

/// A shard of an account's library.
pub fn shard(user: &UserId, id: ShardId) -> String {
    format!("{}{id}", shards(user))
}

/// The video whose upload this key is.
pub fn video_of_upload(key: &str) -> Option<VideoId> {
    key.strip_prefix(UPLOADS)?.strip_prefix('/')?.split('/').next()?.parse().ok()
}

/// Where the download stage puts what it fetched. An attempt never overwrites another's.
pub fn fetched_source(video: VideoId, attempt: Attempt) -> String {
    format!("videos/{video}/source/{}", attempt.0)
}

/// Where the proxy of camera RAW is put. An attempt never overwrites another's.
pub fn proxy(video: VideoId, attempt: Attempt) -> String {
    format!("videos/{video}/proxy/{}", attempt.0)
}

/// Frame `n` (from 1) of the 30-second grid, as the reference spells it.
pub fn frame(video: VideoId, n: u32) -> String {
    format!("videos/{video}/frames/frame_{n:06}.jpg")
}

/// The keyframe of scene `n` (from 1).
pub fn scene_frame(video: VideoId, n: u32) -> String {
    format!("videos/{video}/scenes/scene_{n:06}.jpg")
}

/// What was extracted of a video, once: every generation of its outputs is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extracted {
    /// Of which.
    pub video: VideoId,
}

impl Extracted {
    /// It lies where the first generation lies, which made it.
    fn at(self, name: &str) -> String {
        Outputs { video: self.video, generation: Generation::FIRST }.at(name)
    }

    /// The probe's findings and the segments laid on them.
    pub fn plan(self) -> String {
        self.at("plan.json")
    }

    /// The list that the extraction's Map reads: a JSON array of segment numbers.
    pub fn segment_list(self) -> String {
        self.at("segments.json")
    }

    /// Per-frame measures of segment `n`.
    pub fn features(self, n: u32) -> String {
        self.at(&format!("segments/{n:06}.features"))
    }

    /// JPEG candidates of segment `n`, in one object.
    pub fn candidates(self, n: u32) -> String {
        self.at(&format!("segments/{n:06}.frames"))
    }

    /// Sound of segment `n`: 16 kHz mono s16le.
    pub fn audio(self, n: u32) -> String {
        self.at(&format!("segments/{n:06}.pcm"))
    }

    /// The scenes of the whole video.
    pub fn scenes(self) -> String {
        self.at("scenes.json")
    }

    /// The keyframes of scenes in one picture; none without scenes.
    pub fn contact_sheet(self) -> String {
        self.at("contact-sheet.jpg")
    }

    /// The list that the description's Map reads: a JSON array of `[first, end)` ranges of the scenes that
    /// are described.
    pub fn batch_list(self) -> String {
        self.at("batches.json")
    }

    /// What a transcriber that works on objects keeps below, without a slash at the end. There is one soundtrack, so
    /// what such a service has written down once is there for every generation.
    pub fn transcription(self) -> String {
        self.at("transcription")
    }
}

/// Outputs of the stages that follow the extraction, of one generation of a video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outputs {
    /// Whose.
    pub video: VideoId,
    /// Which set.
    pub generation: Generation,
}

impl Outputs {
    fn at(self, name: &str) -> String {
        format!("videos/{}/g{}/{name}", self.video, self.generation.0)
    }

    /// The same outputs of every generation before this one, the latest first.
    pub fn earlier(self) -> impl Iterator<Item = Self> {
        let generations = (Generation::FIRST.0..self.generation.0).rev();
        generations.map(move |generation| Self { generation: Generation(generation), ..self })
    }

    /// Descriptions of the batch that begins with number `n` (from 0) of the scenes that are described.
    pub fn descriptions(self, n: u32) -> String {
        self.at(&format!("descriptions/{n:06}.json"))
    }

    /// What was found before a batch was complete: a piece that begins with number `n` (from 0) of the scenes that are
    /// described.
    pub fn description_piece(self, n: u32) -> String {
        self.at(&format!("descriptions/pieces/{n:06}.json"))
    }

    /// The transcript.
    pub fn transcript(self) -> String {
        self.at("transcript.json")
    }

    /// The search index.
    pub fn index(self) -> String {
        self.at("index.bin")
    }

    /// What the Jobs contract publishes as `processedData`.
    pub fn analysis(self) -> String {
        self.at("analysis.json")
    }

    /// Captions as SubRip.
    pub fn captions_srt(self) -> String {
        self.at("captions.srt")
    }

    /// Captions as WebVTT.
    pub fn captions_vtt(self) -> String {
        self.at("captions.vtt")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spells_frames_as_the_reference_does() {
        let video: VideoId = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        assert_eq!(frame(video, 1), format!("videos/{video}/frames/frame_000001.jpg"));
    }

    #[test]
    fn finds_the_video_of_an_upload() {
        let video: VideoId = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        assert_eq!(video_of_upload(&upload(video, "a/b.mp4")), Some(video));
        for other in ["videos/550e8400-e29b-41d4-a716-446655440000/x", "uploads/", "uploads/x/y", "uploadsx"]
        {
            assert_eq!(video_of_upload(other), None, "{other}");
        }
    }

    #[test]
    fn the_line_is_in_order_of_time() {
        let video: VideoId = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        let place = |second, attempt| {
            Key::waiting(Timestamp::from_second(second).unwrap(), video, Attempt(attempt)).sk
        };
        let order = [place(999_999_999, 2), place(1_780_826_400, 1), place(10_000_000_000, 1)];
        assert!(order.is_sorted(), "{order:?}");
        assert!(order.iter().all(|key| key.starts_with(WAITING_ROW)));
    }

    #[test]
    fn a_later_generation_shares_what_was_extracted_and_nothing_else() {
        let video: VideoId = "550e8400-e29b-41d4-a716-446655440000".parse().unwrap();
        let outputs = |generation| Outputs { video, generation: Generation(generation) };
        assert_eq!(Extracted { video }.scenes(), format!("videos/{video}/g1/scenes.json"));
        assert_eq!(outputs(3).index(), format!("videos/{video}/g3/index.bin"));
        assert_eq!(outputs(3).earlier().collect::<Vec<_>>(), [outputs(2), outputs(1)]);
        assert_eq!(outputs(1).earlier().count(), 0);
    }
}
