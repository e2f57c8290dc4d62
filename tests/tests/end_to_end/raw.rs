//! Camera RAW, from the upload to the scenes, or to a sentence that says what to do instead.

use domain::metering::MINIMUM_SECS;
use domain::plan::Plan;
use serde_json::Value;
use tests::client::Client;
use tests::world::World;

async fn client(name: &str) -> Client {
    World::get().client(name, Plan::Starter).await
}

fn scenes(done: &Value) -> &Vec<Value> {
    assert_eq!(done["status"], "COMPLETED", "{done}");
    done["processedData"]["scenes"].as_array().unwrap()
}

#[tokio::test]
async fn cinema_dng_is_developed_and_processed() {
    let client = client("dng").await;
    for archive in ["compressed.zip", "packed.tar"] {
        let job = client.upload(&World::get().clips.cinema_dng(archive)).await;
        let done = client.finished(&job).await;
        let scenes = scenes(&done);
        let starts: Vec<f64> = scenes.iter().map(|scene| scene["startTs"].as_f64().unwrap()).collect();
        assert_eq!(starts, [0.0, 1.0], "{done}");
        // White is white and teal is teal: the sensor's own values would be dark, and green.
        for (scene, wanted) in scenes.iter().zip([[235, 235, 230], [26, 128, 140]]) {
            let color = scene["mainColor"].as_str().unwrap();
            let part = |n: usize| i32::from_str_radix(&color[2 * n + 1..2 * n + 3], 16).unwrap();
            assert!((0..3).all(|n| (part(n) - wanted[n]).abs() <= 12), "{color} instead of {wanted:?}");
        }
        assert_eq!(done["processedData"]["timecode"], "10:15:00:00", "{done}");
        assert_eq!(done["processedData"]["recordedAt"], "2026-02-21T14:30:00Z", "{done}");
        // The archive is kept as it came; the proxy lies beside what was made of it, and goes with it.
        let proxies = World::get().objects(&format!("videos/{job}/proxy/")).await;
        assert_eq!(proxies.len(), 1, "{proxies:?}");
    }
    assert_eq!(World::get().settled_wallet("dng").await.billed, 2 * MINIMUM_SECS);
}

#[tokio::test]
async fn r3d_goes_through_the_configured_command() {
    let client = client("r3d").await;
    let job = client.upload(&World::get().clips.r3d()).await;
    let done = client.finished(&job).await;
    assert_eq!(scenes(&done).len(), 3, "{done}");
    assert_eq!(done["processedData"]["length"], 6.0, "{done}");
}

#[tokio::test]
async fn a_format_without_a_command_is_refused_by_name_and_not_billed() {
    let client = client("braw").await;
    let job = client.upload(&World::get().clips.braw()).await;
    let done = client.finished(&job).await;
    assert_eq!((&done["status"], &done["errorCode"]), (&"FAILED".into(), &"unsupported_format".into()));
    let message = done["errorMessage"].as_str().unwrap();
    assert!(message.contains("Blackmagic RAW (BRAW)") && message.contains("DaVinci Resolve"), "{message}");
    assert_eq!(World::get().settled_wallet("braw").await.billed, 0);
}
