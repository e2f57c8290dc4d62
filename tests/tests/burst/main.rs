//! The product from outside, as in `end_to_end`, in an account that lets four functions run at a time, and with room for
//! three videos: more than that account can bear, so that steps are refused again and again.
#![expect(clippy::unwrap_used, reason = "a test that cannot read an answer has failed")]

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::Duration;

use domain::ids::{Attempt, VideoId};
use domain::plan::Plan;
use domain::video::StateKind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::burst::Burst;
use tests::wait::eventually;
use tests::world::{RUNNING, World};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

/// Videos of the burst; `make bench-burst` takes 200.
const VIDEOS: usize = 20;
/// Functions that the account lets run at a time.
const LIMIT: u32 = 4;
/// Videos that run at a time.
const ROOM: u32 = 3;

fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::limited(LIMIT, &[(RUNNING, ROOM), ("MapWidth", 2)]))
}

/// Waits for the end of the other test.
async fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

/// Waits until no video runs or waits, and no slot is counted.
async fn all_slots_are_free() {
    let http = reqwest::Client::new();
    eventually("all slots are free", async || {
        let rows = world().rows(&http, "ADMISSION", "").await;
        let [count] = rows.as_slice() else { return Err(rows) };
        if count["SK"]["S"] == "COUNT" && count["running"]["N"] == "0" { Ok(()) } else { Err(rows) }
    })
    .await;
}

#[tokio::test]
async fn a_burst_waits_in_line_and_every_refused_step_is_done_later() {
    let _turn = alone().await;
    let burst = Burst::of(world(), "burst", VIDEOS).await;
    assert_eq!(burst.ends, BTreeMap::from([("ready", VIDEOS)]));
    assert!(burst.throttled > 0, "nothing was refused, so nothing is proven: lower LIMIT");
    assert!(burst.most_running <= ROOM as usize, "{} ran at a time", burst.most_running);
    // Who has its slot may be passed by while it is started, by those of the other slots.
    assert!(
        burst.out_of_turn < ROOM as usize,
        "{} began before one that was queued earlier",
        burst.out_of_turn
    );
    all_slots_are_free().await;
}

/// Makes a job and puts its file.
async fn uploaded(client: &tests::client::Client) -> VideoId {
    client.upload(&world().clips.short()).await.parse().unwrap()
}

/// Ends are told at least once, and may be lost altogether; who waits may be gone when it is its turn.
#[tokio::test]
async fn a_slot_whose_end_was_lost_is_given_back_and_who_has_left_keeps_nobody_waiting() {
    let _turn = alone().await;
    let client = world().client("waiting", Plan::Pro).await;
    let store = world().store().await;
    // Runs that nobody has ever heard of hold all slots.
    let lost: Vec<VideoId> = (0..ROOM).map(|_| VideoId(Uuid::now_v7())).collect();
    for video in &lost {
        world().put_row(slot(*video)).await;
    }
    let count =
        json!({ "PK": { "S": "ADMISSION" }, "SK": { "S": "COUNT" }, "running": { "N": ROOM.to_string() } });
    world().put_row(count).await;

    let (first, second) = (uploaded(&client).await, uploaded(&client).await);
    eventually("both wait", async || {
        let waiting = world().rows(&reqwest::Client::new(), "ADMISSION", "WAITING#").await;
        if waiting.len() == 2 { Ok(()) } else { Err(waiting) }
    })
    .await;
    let path = format!("/v1/api/jobs/{first}/cancel");
    assert_eq!(client.api(Method::POST, &path, None).await.status, StatusCode::OK);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let kind = async |video| store.video(video).await.unwrap().unwrap().state.kind();
    assert_eq!((kind(first).await, kind(second).await), (StateKind::Cancelled, StateKind::Queued));

    world().invoke("UpkeepSweep", &json!({})).await;
    let done = client.finished(&second.to_string()).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    assert_eq!(kind(first).await, StateKind::Cancelled);
    all_slots_are_free().await;
    // Once more, as a message that comes again: what is given back is not given back twice.
    for video in lost {
        store.release_slot(video, Attempt::FIRST).await.unwrap();
    }
    all_slots_are_free().await;
}

/// A slot since hours ago.
fn slot(video: VideoId) -> Value {
    json!({
        "PK": { "S": "ADMISSION" },
        "SK": { "S": format!("RUNNING#{video}#1") },
        "video": { "S": video.to_string() },
        "attempt": { "N": "1" },
        "since": { "N": "1780826400" },
    })
}
