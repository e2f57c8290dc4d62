//! Videos on their way into the line and out of it, while services refuse what is asked of them.

use std::sync::{Arc, Mutex};

use domain::ids::UserId;
use domain::plan::Plan;
use domain::video::StateKind;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use store::{Origin, Source};
use tests::faults::{Call, Fault};
use tests::library;
use tests::wait::eventually;

use crate::{own, world};

/// Whoever took its event before has died after the first write, or has not learnt that it was written.
#[tokio::test]
async fn an_upload_that_is_told_of_again_is_closed_and_counted_once() {
    let (world, _) = world();
    let (store, faults) = own(world).await;
    let (owner, now) = (UserId("user_told-again".to_owned()), Timestamp::now());
    store.account(owner.clone(), now).await.unwrap();
    let http = reqwest::Client::new();
    let open = async || {
        let rows = world.rows(&http, &format!("USER#{owner}"), "UPLOADS").await;
        rows[0]["pending"]["SS"].as_array().map_or(0, Vec::len)
    };
    let closes = |call: &Call| call.is("UpdateItem") && call.mentions("\"UPLOADS\"");
    let pins = |call: &Call| call.is("UpdateItem") && call.mentions("\"META\"");
    for name in ["died", "lost"] {
        let upload = Origin::Upload { upload_expires_at: now + SignedDuration::from_mins(15) };
        let video = library::made(&store, &owner, upload, now).await;
        let object = |version: &str| Source {
            key: format!("uploads/{}/a.mp4", video.id),
            version_id: version.to_owned(),
            size: 1,
        };
        assert_eq!(open().await, 1, "{name}");
        if name == "died" {
            faults.next("died", 1, closes, |_| Fault::json(400, "AccessDeniedException"));
            store.upload_arrived(video.id, object("1"), now).await.unwrap_err();
            assert_eq!(open().await, 1, "it is queued, and its upload is open still");
        } else {
            faults.next("lost", 1, pins, |_| Fault::Lost);
        }
        let arrived = store.upload_arrived(video.id, object("1"), now).await.unwrap();
        let arrived = arrived.unwrap_or_else(|| panic!("{name}: it is this video's source"));
        assert_eq!((open().await, faults.count(name)), (0, 1), "{name}");
        assert_eq!(store.upload_arrived(video.id, object("2"), now).await.unwrap(), None, "{name}");

        faults.next("claim lost", 1, |call| call.is("TransactWriteItems"), |_| Fault::Lost);
        assert!(store.claim_upload_count(&arrived, now).await.unwrap(), "{name}: nobody has counted it");
        assert!(!store.claim_upload_count(&arrived, now).await.unwrap(), "{name}: counted twice");
    }
    assert_eq!(faults.count("claim lost"), 2);
}

/// Whoever asks in vain is told so by the count, and holds no row that others need.
#[tokio::test]
async fn while_all_slots_are_taken_asking_for_one_is_a_read() {
    let (world, _) = world();
    let (store, faults) = own(world).await;
    let calls = Arc::new(Mutex::new(vec![]));
    let seen = calls.clone();
    faults.rule("calls", move |call| {
        seen.lock().unwrap().push(call.operation.clone());
        None
    });
    store.start_waiting(0, Timestamp::now()).await.unwrap();
    assert_eq!(*calls.lock().unwrap(), ["GetItem"]);
}

/// The message is another video's as often as not. The slot is the next one's, some day.
#[tokio::test]
async fn a_run_that_cannot_be_started_fails_no_message_and_after_an_hour_its_video() {
    let (world, faults) = world();
    let client = world.client("unstarted", Plan::Pro).await;
    let (store, owner) = (world.store().await, UserId("user_unstarted".to_owned()));
    let url = Origin::Url { url: format!("http://{}/files/none.mp4", world.web) };
    let video = library::made(&store, &owner, url, Timestamp::now()).await;
    let (id, refused) = (video.id.to_string(), video.id.to_string());
    faults.first_rule("start refused", move |call| {
        let is_its_start = call.operation == "StartExecution" && call.mentions(&refused);
        is_its_start.then(|| Fault::json(400, "AccessDeniedException"))
    });
    let body = json!({ "videoId": id, "attempt": 1 }).to_string();
    let message = json!({ "Records": [{ "messageId": "m", "body": body, "eventSource": "aws:sqs" }] });
    let answer = world.invoke("PipelineDispatch", &message).await;
    assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    let slot = eventually("it has a slot", async || slot(&id).await.ok_or(())).await;
    told(&id, "run not started; the sweep starts it").await;
    assert!(faults.count("start refused") > 0);

    for (minutes, state) in [(30, StateKind::Queued), (61, StateKind::Failed)] {
        let since = Timestamp::now() - SignedDuration::from_mins(minutes);
        let mut slot = slot.clone();
        slot["since"] = json!({ "N": since.as_second().to_string() });
        world.put_row(slot).await;
        world.invoke("UpkeepSweep", &json!({})).await;
        let video = store.video(video.id).await.unwrap().unwrap();
        assert_eq!(video.state.kind(), state, "after {minutes} minutes");
    }
    let failed = client.finished(&id).await;
    assert_eq!((&failed["status"], &failed["errorCode"]), (&json!("FAILED"), &json!("internal")), "{failed}");
    assert_eq!(self::slot(&id).await, None);
    for message in ["run not started for an hour: its video is given up", "run ended"] {
        told(&id, message).await;
    }
}

/// The row of a video's slot, if it has one.
async fn slot(id: &str) -> Option<Value> {
    let (world, _) = world();
    let http = reqwest::Client::new();
    world.rows(&http, "ADMISSION", &format!("RUNNING#{id}")).await.into_iter().next()
}

/// Waits until that is logged of a video, under the id of the request that asked for it.
async fn told(id: &str, message: &str) {
    let (world, _) = world();
    eventually(message, async || {
        let lines = world.log_lines(id).await;
        let line = lines.iter().find(|line| line["message"] == message && line["video.id"] == id).cloned();
        line.filter(|line| line["trace.id"] == library::no_request().0).ok_or(lines)
    })
    .await;
}
