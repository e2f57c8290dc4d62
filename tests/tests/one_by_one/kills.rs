//! Steps that die half-way, as they do when memory runs out. Whoever runs the same step meanwhile dies too.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use aws_sdk_sfn::types::ExecutionStatus;
use domain::metering::MINIMUM_SECS;
use domain::plan::Plan;
use domain::stage::Stage;
use domain::video::VideoState;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::runs::Runs;
use tests::wait::{caught, eventually, when};
use tests::world::World;

use crate::alone;

#[tokio::test]
async fn a_step_that_is_killed_is_done_again() {
    let _turn = alone().await;
    let world = World::get();
    let client = world.client("killer", Plan::Pro).await;
    let runs = Runs::of(world).await;
    let clip = world.clips.lecture();
    // Processes of earlier tests wait for work and would die unmissed.
    world.kill("PipelineExtract");
    let id = client.upload(&clip).await;
    // The function and its ffmpeg: by then it is past its start.
    caught("a process extracts", async || when(world.processes("PipelineExtract").len() > 1, ())).await;
    let folders = folders(world, "PipelineExtract");
    assert!(!folders.is_empty(), "each process holds a folder of its own");
    assert!(world.kill("PipelineExtract") > 0, "the extraction was over before it could be killed");
    let failures = async || {
        let items = runs.items(&id, 1, "Segment").await;
        items.into_iter().flat_map(|(_, errors)| errors).collect::<Vec<_>>()
    };
    eventually("its death is noticed", async || {
        let failures = failures().await;
        when(!failures.is_empty(), failures)
    })
    .await;
    let done = client.finished(&id).await;
    let items = runs.items(&id, 1, "Segment").await;
    assert_eq!(done["status"], "COMPLETED", "{done} {items:?}");
    assert_eq!(done["processedData"]["scenes"].as_array().unwrap().len(), 3, "{done}");
    assert_eq!(failures().await.len(), 1, "{items:?}");
    assert!(items.iter().all(|(status, _)| *status == ExecutionStatus::Succeeded), "{items:?}");
    assert_eq!(world.settled_wallet("killer").await.billed, MINIMUM_SECS);
    // Whoever took its place has cleared what it left.
    assert!(folders.iter().all(|folder| !folder.exists()), "{folders:?}");
}

/// The folders for temporary files that a function's processes hold.
fn folders(world: &World, function: &str) -> Vec<PathBuf> {
    let open = |id: OsString| std::fs::read_dir(Path::new("/proc").join(id).join("fd"));
    let files = world.processes(function).into_iter().filter_map(|id| open(id).ok()).flatten().flatten();
    let files = files.filter_map(|file| std::fs::read_link(file.path()).ok());
    files
        .filter(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("frameiq-")))
        .collect()
}

/// Outputs are written once whoever makes them, so that their number proves nothing. What proves it is that the file
/// is gone: who wants to extract again cannot.
#[tokio::test]
async fn a_retry_does_not_do_again_what_is_done() {
    let _turn = alone().await;
    resumes("resumer", None).await;
}

/// It failed before it was billed: other than one that was ready, it is.
#[tokio::test]
async fn nor_does_one_from_the_descriptions_on() {
    let _turn = alone().await;
    resumes("redescribing-resumer", Some(json!({ "from": "describe" }))).await;
}

async fn resumes(name: &str, body: Option<Value>) {
    let world = World::get();
    let client = world.client(name, Plan::Pro).await;
    let (store, runs) = (world.store().await, Runs::of(world).await);
    let id = client.upload(&world.clips.lecture()).await;
    let failed = caught("the description fails", async || {
        world.kill("PipelineDescribe");
        let video = store.video(id.parse().unwrap()).await.unwrap().unwrap();
        if matches!(video.state, VideoState::Failed { .. }) { Ok(video) } else { Err(video) }
    })
    .await;
    assert_eq!(failed.current_stage(), Stage::Describe, "{failed:?}");
    let shown = client.session(Method::GET, &format!("/videos/{id}"), None).await.body;
    assert_eq!(shown["status"], "failed", "{shown}");
    assert_eq!(world.settled_wallet(name).await.billed, 0);
    let extracted = async || world.objects(&format!("videos/{id}/g1/segments/")).await;
    let before = extracted().await;
    for output in [".features", ".pcm", ".frames"] {
        assert_eq!(before.iter().filter(|key| key.ends_with(output)).count(), 1, "{before:?}");
    }
    let source = failed.source.unwrap();
    world.remove_object(&source.key, &source.version_id).await;
    assert_eq!(world.objects(&source.key).await, Vec::<String>::new());

    let retried = client.session(Method::POST, &format!("/videos/{id}/retry"), body).await;
    assert_eq!(retried.status, StatusCode::ACCEPTED, "{}", retried.body);
    let done = client.finished(&id).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    assert_eq!(done["processedData"]["scenes"].as_array().unwrap().len(), 3, "{done}");
    assert_eq!(extracted().await, before);
    let entered = runs.entered(&id, 2).await;
    assert!(!entered.contains(&"Download".to_owned()), "{entered:?}");
    assert_eq!(world.settled_wallet(name).await.billed, MINIMUM_SECS);
}
