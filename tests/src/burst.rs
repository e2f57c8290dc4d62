//! Many short videos at once, against an account whose functions may run only so many at a time.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::ids::VideoId;
use domain::plan::{CONCURRENT_UPLOADS, Plan};
use domain::video::StateKind;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::client::Client;
use crate::runs::Runs;
use crate::world::World;

/// Lambda's name for "too many at once", as the state machine sees it.
const THROTTLED: &str = "Lambda.TooManyRequestsException";
/// A video that is queued is in line by then, however busy the machine is.
const IN_LINE: f64 = 2.0;
/// Between two looks at the oldest video that has not ended.
const PAUSE: Duration = Duration::from_millis(500);
/// Between two requests beside the burst: fewer than a client's sixty a minute.
const BREATH: Duration = Duration::from_millis(1100);
/// Uploads that an account may have open.
const OPEN: usize = CONCURRENT_UPLOADS as usize;
/// What is asked beside the burst, in turns.
const ASKED: [&str; 4] = ["/usage", "/videos", "/v1/api/jobs", "/v1/api/quota"];

/// The parameters of the template that `infra/deploy/capacity.py` derives from a limit, by name.
pub fn parameters(limit: u32) -> BTreeMap<String, u32> {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut rule = Command::new(root.join(".local/venv/bin/python"));
    let told = rule.arg(root.join("infra/deploy/capacity.py")).arg(limit.to_string()).output();
    let told = told.expect("the local stack's Python (`make setup` installs it)");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told = String::from_utf8(told.stdout).expect("text");
    let value = |line: &str| {
        let (name, value) = line.split_once('=').expect("Name=Value");
        (name.to_owned(), value.parse().expect("a number"))
    };
    told.lines().map(value).collect()
}

/// A request beside the burst.
pub struct Asked {
    /// What was answered.
    pub status: StatusCode,
    /// After how long.
    pub after: Duration,
}

/// What came of a burst.
pub struct Burst {
    /// From the first upload to the last end.
    pub took: Duration,
    /// Of how many videos the end was which.
    pub ends: BTreeMap<&'static str, usize>,
    /// How many runs there were at the same time, at most.
    pub most_running: usize,
    /// How many invocations of steps Lambda refused.
    pub throttled: usize,
    /// How many videos that were queued later began before one that stood in line already, at most.
    pub out_of_turn: usize,
    /// Beside it.
    pub asked: Vec<Asked>,
}

impl Burst {
    /// Uploads so many videos at once and waits until all have ended, asking the API meanwhile.
    pub async fn of(world: &World, name: &str, videos: usize) -> Self {
        let clip = world.clips.short();
        let mut uploads = vec![];
        // All jobs are made before the first file comes: whoever makes one is not part of the burst.
        for account in 0..videos.div_ceil(OPEN) {
            let client = world.client(&format!("{name}-{account}"), Plan::Enterprise).await;
            let mut made = vec![];
            for _ in 0..OPEN.min(videos - account * OPEN) {
                let body = json!({ "fileName": "short.mp4" });
                let job = client.api(Method::POST, "/v1/api/jobs", Some(body)).await;
                assert_eq!(job.status, StatusCode::OK, "{}", job.body);
                made.push(job.body);
            }
            uploads.push((client, made));
        }
        let ids: Vec<VideoId> = uploads
            .iter()
            .flat_map(|(_, made)| made)
            .map(|job| job["data"]["jobId"].as_str().expect("an id").parse().expect("an id"))
            .collect();
        let asking = world.client(&format!("{name}-beside"), Plan::Enterprise).await;
        let began = Instant::now();
        // One after another takes milliseconds each, and tells whose turn is when.
        for (client, made) in &uploads {
            for job in made {
                assert_eq!(client.put(job, &clip).await, StatusCode::OK);
            }
        }
        let over = AtomicBool::new(false);
        let wait = async {
            let ends = ended(world, &ids).await;
            over.store(true, Ordering::Relaxed);
            (ends, began.elapsed())
        };
        let ((ends, took), asked) = futures::join!(wait, ask(&world.url, &asking, &over));
        let (most_running, throttled, out_of_turn) = told(world, &ids).await;
        Self { took, ends, most_running, throttled, out_of_turn, asked }
    }

    /// How many requests beside it were not answered as usual.
    pub fn refused(&self) -> usize {
        self.asked.iter().filter(|asked| asked.status != StatusCode::OK).count()
    }

    /// Within which time that share of the requests beside it was answered.
    pub fn answered_within(&self, share: f64) -> Duration {
        let mut times: Vec<Duration> = self.asked.iter().map(|asked| asked.after).collect();
        times.sort_unstable();
        let at = (times.len() as f64 * share).ceil() as usize;
        times.get(at.saturating_sub(1)).copied().unwrap_or_default()
    }
}

/// How the videos ended. Asks the table and not the API, whose clients may ask only so often.
async fn ended(world: &World, ids: &[VideoId]) -> BTreeMap<&'static str, usize> {
    let store = world.store().await;
    let mut ends = BTreeMap::<&'static str, usize>::new();
    for id in ids {
        loop {
            let video = store.video(*id).await.expect("a table").expect("a video");
            if video.is_terminal() {
                *ends.entry(video.state.kind().name()).or_default() += 1;
                if video.state.kind() != StateKind::Ready {
                    eprintln!("  {id} ended: {:?} {:?}", video.state, video.failure_detail);
                }
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    ends
}

/// Asks the API until the burst is over. Not by [`Client`], which takes a refusal of the gateway for a fault.
async fn ask(url: &str, client: &Client, over: &AtomicBool) -> Vec<Asked> {
    let http = reqwest::Client::new();
    let mut asked = vec![];
    for path in ASKED.iter().cycle() {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let request = http.get(format!("{url}{path}"));
        let request = if path.starts_with("/v1") {
            request.header("x-api-key", &client.key)
        } else {
            request.bearer_auth(&client.token)
        };
        let began = Instant::now();
        let answer = request.send().await.expect("an answer");
        let status = answer.status();
        answer.bytes().await.expect("a body");
        asked.push(Asked { status, after: began.elapsed() });
        tokio::time::sleep(BREATH).await;
    }
    asked
}

/// What the executions tell: how many ran at once, how many invocations were refused, and how many were let pass by
/// one that stood in line, at most. The turns are those of the line: by the second of the queue, then by id.
async fn told(world: &World, ids: &[VideoId]) -> (usize, usize, usize) {
    let (runs, store) = (Runs::of(world).await, world.store().await);
    let (mut moments, mut turns, mut throttled) = (vec![], vec![], 0);
    for video in ids {
        let id = video.to_string();
        let (began, ended) = runs.span(&id, 1).await;
        let row = store.video(*video).await.expect("a table").expect("a video");
        let queued_at = row.queued_at.expect("a video that was queued").as_second();
        turns.push(Turn { place: (queued_at, *video), began });
        // An end comes before a start at the same moment.
        moments.extend([(began, 1_i64), (ended, -1)]);
        throttled += runs.errors(&id, 1).await.iter().filter(|error| *error == THROTTLED).count();
        for label in ["Segment", "Batch"] {
            let items = runs.items(&id, 1, label).await;
            throttled +=
                items.iter().flat_map(|(_, errors)| errors).filter(|error| *error == THROTTLED).count();
        }
    }
    moments.sort_by(|(at, step), (other, other_step)| at.total_cmp(other).then(step.cmp(other_step)));
    let (mut running, mut most) = (0, 0);
    for (_, step) in moments {
        running += step;
        most = most.max(running);
    }
    (usize::try_from(most).expect("a number"), throttled, out_of_turn(&turns))
}

/// A video's place in line, and when its run began, in seconds of Unix time.
struct Turn {
    place: (i64, VideoId),
    began: f64,
}

fn out_of_turn(turns: &[Turn]) -> usize {
    let passed_by = |waiting: &Turn| {
        let in_line = waiting.place.0 as f64 + IN_LINE;
        let passes =
            |other: &&Turn| other.place > waiting.place && (in_line..waiting.began).contains(&other.began);
        turns.iter().filter(passes).count()
    };
    turns.iter().map(passed_by).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    /// Videos that were queued at these seconds, in the order in which they began: the first after ten seconds, and
    /// then one a second.
    fn begun(queued_at: &[i64]) -> usize {
        let turns = queued_at.iter().zip(10..).map(|(second, began)| Turn {
            place: (*second, VideoId(Uuid::from_u128(1))),
            began: f64::from(began),
        });
        out_of_turn(&turns.collect::<Vec<_>>())
    }

    #[test]
    fn only_who_stood_in_line_can_be_passed_by() {
        assert_eq!(begun(&[1, 2, 3, 4]), 0);
        assert_eq!(begun(&[1, 3, 4, 2]), 2);
        assert_eq!(begun(&[4, 3, 2, 1]), 3);
        // The one that was queued first may not have been in line when the other began.
        assert_eq!(begun(&[10, 9]), 0);
    }
}
