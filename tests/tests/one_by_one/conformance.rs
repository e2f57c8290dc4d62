//! The OpenAPI documents against the running product: schemathesis reads them, makes up requests of every kind, right
//! and wrong, and holds each answer against what is written there.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use domain::api_key::{ApiKey, Scope};
use domain::api_version::ApiVersion;
use domain::ids::UserId;
use domain::plan::Plan;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{KeyAdded, KeyRecord};
use tests::world::World;

use crate::alone;

/// A minute has 60 requests for an address, 100 for a key, 10 for a user who manages keys.
const ADDRESSES: u8 = 250;
const KEYS: usize = 100;
const MANAGERS: usize = 60;
/// Of all answers, the most that may be refusals of the rate limit: they say nothing about what is behind it.
const MOST_LIMITED: f64 = 0.05;

/// What makes something: what comes after a request that is in order is to be tried as well.
const MADE: [(&str, &str); 4] = [
    ("videos.yaml", "POST /videos 202"),
    ("jobs.yaml", "POST /v1/api/jobs 200"),
    ("jobs.yaml", "POST /v1/api/jobs/from-url 200"),
    ("jobs.yaml", "POST /v1/api/keys 200"),
];

/// How often something was answered: `POST /videos 202`.
type Answers = BTreeMap<String, u64>;

/// What the fuzzer may use: an account with a ready video and a chat about it, its keys, and users for their own keys.
async fn access() -> Value {
    let world = World::get();
    let owner = world.client("conformance", Plan::Enterprise).await;
    let video = owner.upload(&world.clips.short()).await;
    assert_eq!(owner.finished(&video).await["status"], "COMPLETED");
    let chat = owner.ask(&video, json!({ "question": "What is on the board?" })).await.unwrap();
    let store = world.store().await;
    let mut keys = vec![];
    for at in 0..KEYS {
        let key = ApiKey::from_random(*uuid::Uuid::new_v4().as_bytes());
        let record = KeyRecord {
            user: UserId("user_conformance".to_owned()),
            hash: key.hash(),
            prefix: key.prefix(),
            name: format!("fuzzer {at}"),
            scopes: Scope::ALL.to_vec(),
            api_version: ApiVersion::ALL[at % 2],
            created_at: Timestamp::now(),
            revoked: false,
        };
        assert_eq!(store.add_key(record).await.unwrap(), KeyAdded::Yes);
        keys.push(key.reveal());
    }
    let managers =
        stream::iter(0..MANAGERS).then(async |at| world.token(&format!("manager-{at}"), Plan::Free).await);
    json!({
        "token": owner.token,
        "keys": keys,
        "managers": managers.collect::<Vec<_>>().await,
        "addresses": (1..=ADDRESSES).map(|last| format!("127.2.0.{last}")).collect::<Vec<_>>(),
        "ids": { "video_id": video, "jobId": video, "session_id": chat[0].data["value"] },
        "clerk_secret": world.clerk_secret,
        "stripe_secret": world.stripe_secret,
    })
}

/// Runs the fuzzer on a document; answers what the product answered.
async fn fuzz(access: &Path, document: &str, requests_per_operation: u32, seed: &str) -> Answers {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = access.parent().unwrap();
    let answers = folder.join(format!("{document}.answers"));
    let ran = tokio::process::Command::new(root.join("../.local/venv-tests/bin/schemathesis"))
        .arg("--config-file")
        .arg(root.join("schemathesis/schemathesis.toml"))
        .arg("run")
        .arg(root.join("../infra/openapi").join(document))
        .args(["--url", &World::get().url.replace("localhost", "127.0.0.1")])
        .args(["--max-examples", &requests_per_operation.to_string(), "--seed", seed, "--no-color"])
        .env("SCHEMATHESIS_HOOKS", root.join("schemathesis/hooks.py"))
        .env("ACCESS", access)
        .env("ANSWERS", &answers)
        // It keeps notes where it runs.
        .current_dir(folder)
        .stdout(Stdio::piped())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{document}, seed {seed}: what it found is above\n{said}");
    serde_json::from_slice(&std::fs::read(answers).unwrap()).unwrap()
}

/// Both documents at once; answers the number of requests.
async fn conform(requests_per_operation: u32, seed: &str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("access.json");
    std::fs::write(&file, access().await.to_string()).unwrap();
    let run = async |document| (document, fuzz(&file, document, requests_per_operation, seed).await);
    let (videos, jobs) = tokio::join!(run("videos.yaml"), run("jobs.yaml"));
    [videos, jobs].iter().map(|(document, answers)| judge(document, seed, answers)).sum()
}

#[expect(clippy::print_stdout, reason = "how much was tried is what a long run is for")]
fn judge(document: &str, seed: &str, answers: &Answers) -> u64 {
    let with = |status: &str| {
        let fitting = answers.iter().filter(|(answer, _)| answer.contains(status));
        fitting.map(|(_, times)| times).sum::<u64>()
    };
    let (requests, accepted, limited) = (with(" "), with(" 2"), with(" 429"));
    println!("{document}, seed {seed}: {requests} requests, {accepted} accepted, {limited} over a limit");
    let share = limited as f64 / requests as f64;
    assert!(share < MOST_LIMITED, "{document}: {share:.3} of the answers are 429\n{answers:#?}");
    for made in MADE.iter().filter(|(of, _)| *of == document).map(|(_, made)| *made) {
        assert!(answers.contains_key(made), "{document}: nothing went behind {made}\n{answers:#?}");
    }
    requests
}

#[tokio::test]
async fn a_short_run() {
    let _turn = alone().await;
    assert!(conform(4, "20261122").await >= 500);
}

/// `make fuzz`. Another seed each time, which it prints; `SEED` repeats one.
#[tokio::test]
#[ignore = "takes minutes: make fuzz"]
async fn thousands_of_requests() {
    let _turn = alone().await;
    let seed = std::env::var("SEED").unwrap_or_else(|_| Timestamp::now().as_second().to_string());
    let requests = conform(250, &seed).await;
    assert!(requests >= 5_000, "{requests}");
}
