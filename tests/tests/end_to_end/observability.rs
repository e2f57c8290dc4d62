//! What an operator sees of a video: its lines under one id, and what the template counts of them.

use std::collections::BTreeSet;
use std::path::Path;

use domain::ids::UserId;
use domain::plan::Plan;
use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use store::{Origin, Source};
use tests::client::Client;
use tests::metric_filter::{self, Counted, MetricFilter};
use tests::wait::{at_rest, eventually, when};
use tests::world::World;
use tests::{event, library, yaml};

fn filters() -> Vec<MetricFilter> {
    metric_filter::all(&yaml::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")))
}

/// What the filters count of a video, once nothing more is logged of it: each metric with its counts.
async fn counted(id: &str) -> Vec<(String, Counted)> {
    let lines = at_rest("its log", async || World::get().log_lines(id).await).await;
    let of_it: Vec<&Value> = lines.iter().filter(|line| line["video.id"] == id).collect();
    let filters = filters();
    let counted = filters.iter().flat_map(|filter| {
        let counts = of_it.iter().filter_map(|line| filter.count(line));
        counts.map(|count| (filter.metric.clone(), count))
    });
    counted.collect()
}

fn values(counted: &[(String, Counted)], metric: &str) -> Vec<f64> {
    counted.iter().filter(|(name, _)| name == metric).map(|(_, count)| count.value).collect()
}

fn metrics(counted: &[(String, Counted)]) -> BTreeSet<&str> {
    counted.iter().map(|(name, _)| name.as_str()).collect()
}

/// Makes a job; its id and that of the request.
async fn requested(client: &Client, file: &Path) -> (String, String) {
    let made = client.api(Method::POST, "/v1/api/jobs", Some(json!({ "fileName": "traced.mp4" }))).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.body);
    assert_eq!(client.put(&made.body, file).await, StatusCode::OK);
    let request = made.headers["x-request-id"].to_str().unwrap().to_owned();
    (made.body["data"]["jobId"].as_str().unwrap().to_owned(), request)
}

/// Waits until the line of the end of that many runs is there.
async fn ended(id: &str, runs: usize) {
    eventually("its runs have ended", async || {
        let lines = World::get().log_lines(id).await;
        let ended = lines.iter().filter(|line| line["run"] == "ended").count();
        when(ended >= runs, lines)
    })
    .await;
}

#[tokio::test]
async fn one_id_leads_from_the_request_to_the_last_step_and_each_run_counts_once() {
    let world = World::get();
    let client = world.client("traced", Plan::Pro).await;
    let (id, request) = requested(&client, &world.clips.lecture()).await;
    let done = client.finished(&id).await;
    assert_eq!(done["status"], "COMPLETED", "{done}");
    ended(&id, 1).await;

    // By the id that the caller was told, everything is found.
    let by_request = world.log_lines(&request).await;
    assert!(by_request.iter().all(|line| line["trace.id"] == *request), "{by_request:?}");
    let answered = by_request.iter().find(|line| line["message"] == "answered");
    assert_eq!(answered.expect("the request's own line")["resource"], "/api/jobs");
    let steps = by_request.iter().filter(|line| line["message"] == "step done" && line["video.id"] == *id);
    let invocations: BTreeSet<&str> = steps.filter_map(|line| line["requestId"].as_str()).collect();
    assert!(invocations.len() >= 6, "plan, extract, join, describe, transcribe, index: {by_request:?}");
    let by_video = world.log_lines(&id).await;
    let lost: Vec<&Value> =
        by_video.iter().filter(|line| line["video.id"] == *id && line["trace.id"] != *request).collect();
    assert!(lost.is_empty(), "lines of the video under no id, or another: {lost:?}");

    let once = counted(&id).await;
    let of_success = ["VideosIn", "VideosDone", "VideoSeconds", "ProcessingSeconds", "CostMicroDollars"];
    assert_eq!(metrics(&once), BTreeSet::from(of_success), "{once:?}");
    assert_eq!(once.len(), of_success.len(), "each once: {once:?}");
    assert!((values(&once, "VideoSeconds")[0] - 12.0).abs() < 0.1, "{once:?}");
    assert!(values(&once, "CostMicroDollars")[0] > 0.0, "{once:?}");

    // A step that comes again, long after.
    world.invoke("PipelineIndex", &json!({ "videoId": id, "attempt": 1, "generation": 1 })).await;
    assert_eq!(counted(&id).await, once);

    // Described anew: another run of another request, whose seconds and cost are counted already.
    let anew = Some(json!({ "from": "describe" }));
    let again = client.session(Method::POST, &format!("/videos/{id}/retry"), anew).await;
    assert_eq!(again.status, StatusCode::ACCEPTED, "{}", again.body);
    let request = again.headers["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!(client.finished(&id).await["status"], "COMPLETED");
    ended(&id, 2).await;
    let twice = counted(&id).await;
    assert_eq!((values(&twice, "VideosIn").len(), values(&twice, "VideosDone").len()), (2, 2), "{twice:?}");
    for metric in ["VideoSeconds", "ProcessingSeconds", "CostMicroDollars"] {
        assert_eq!(values(&twice, metric), values(&once, metric), "{metric}");
    }
    let by_request = world.log_lines(&request).await;
    let end = by_request.iter().find(|line| line["run"] == "ended").expect("the end under the retry's id");
    assert_eq!((&end["attempt"], &end["video.id"]), (&json!(2), &json!(id)), "{end}");
}

/// Who took the event first died right after the write that queued the video; who took it next, before its message was
/// done with.
#[tokio::test]
async fn a_run_counts_once_however_often_its_upload_is_told_of() {
    let (world, now) = (World::get(), Timestamp::now());
    let client = world.client("told-again", Plan::Pro).await;
    let (store, owner) = (world.store().await, UserId("user_told-again".to_owned()));
    let upload_expires_at = now + jiff::SignedDuration::from_mins(15);
    let id = library::made(&store, &owner, Origin::Upload { upload_expires_at }, now).await.id;
    let source = Source { key: format!("uploads/{id}/a.mp4"), version_id: "1".to_owned(), size: 1 };
    let queued = store.upload_arrived(id, source.clone(), now).await.unwrap();
    assert!(queued.is_some_and(|video| video.source.as_ref() == Some(&source)));
    for _ in 0..2 {
        let answer = world.invoke("PipelineDispatch", &event::upload(&source)).await;
        assert_eq!(answer["batchItemFailures"], json!([]), "{answer}");
    }
    // There is no such object: it is not to be looked for.
    let cancelled = client.api(Method::POST, &format!("/v1/api/jobs/{id}/cancel"), None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.body);
    ended(&id.to_string(), 1).await;
    let counted = counted(&id.to_string()).await;
    assert_eq!(values(&counted, "VideosIn"), [1.0], "{counted:?}");
}

#[tokio::test]
async fn what_fails_is_counted_by_its_code_and_wakes_somebody_only_for_our_faults() {
    let world = World::get();
    let client = world.client("counted", Plan::Pro).await;
    let (id, _) = requested(&client, &world.clips.text()).await;
    let failed = client.finished(&id).await;
    assert_eq!(failed["status"], "FAILED", "{failed}");
    ended(&id, 1).await;
    let of_owner = counted(&id).await;
    assert_eq!(metrics(&of_owner), BTreeSet::from(["VideosIn", "VideosFailed", "FailuresByCode"]));
    assert_eq!(of_owner.len(), 3, "each once: {of_owner:?}");
    let by_code = of_owner.iter().find(|(metric, _)| metric == "FailuresByCode").unwrap();
    let code = failed["errorCode"].as_str().unwrap().to_owned();
    assert_eq!(by_code.1.dimensions, [("Code".to_owned(), code)]);

    // A run that breaks off, told twice as queues and rules do.
    let (store, user) = (world.store().await, UserId("user_counted".to_owned()));
    let broken = library::processing(&store, &user, Origin::Url { url: "https://example.com/a".to_owned() });
    let id = broken.await.id.to_string();
    let caught = json!({ "Error": "States.Timeout", "Cause": "too long" });
    let told = json!({ "videoId": id, "attempt": 1, "generation": 1, "failure": caught });
    for _ in 0..2 {
        world.invoke("PipelineFail", &told).await;
    }
    let of_ours = counted(&id).await;
    assert_eq!(metrics(&of_ours), BTreeSet::from(["VideosFailed", "FailuresByCode", "ServiceFaults"]));
    assert_eq!(of_ours.len(), 3, "each once: {of_ours:?}");
}

#[tokio::test]
async fn an_upload_that_never_comes_is_no_run_that_failed() {
    let (world, hours_ago) = (World::get(), Timestamp::now() - jiff::SignedDuration::from_hours(3));
    let client = world.client("no-show", Plan::Pro).await;
    let (store, owner) = (world.store().await, UserId("user_no-show".to_owned()));
    let awaited = |since: Timestamp| Origin::Upload { upload_expires_at: since };
    let never = library::made(&store, &owner, awaited(hours_ago), hours_ago).await.id.to_string();
    let called_off = library::made(&store, &owner, awaited(Timestamp::now()), Timestamp::now()).await.id;
    let cancelled = client.api(Method::POST, &format!("/v1/api/jobs/{called_off}/cancel"), None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.body);
    world.invoke("UpkeepSweep", &json!({})).await;
    ended(&never, 1).await;
    assert_eq!(metrics(&counted(&never).await), BTreeSet::from(["FailuresByCode"]));
    assert_eq!(counted(&called_off.to_string()).await, []);
}

/// As CloudFormation has made it, every reference resolved.
#[tokio::test]
async fn the_dashboard_shows_the_alarms_that_there_are() {
    let world = World::get();
    let granite =
        async |action: &str, body| world.call(&format!("GraniteServiceVersion20100801.{action}"), body).await;
    let listed = granite("ListDashboards", json!({})).await;
    let name = listed["DashboardEntries"][0]["DashboardName"].clone();
    let body = granite("GetDashboard", json!({ "DashboardName": name })).await;
    let body = body["DashboardBody"].as_str().expect("a body").to_owned();
    assert!(!body.contains("${"), "{body}");
    let dashboard: Value = serde_json::from_str(&body).unwrap();
    let alarms = granite("DescribeAlarms", json!({})).await;
    let known: BTreeSet<&str> = alarms["MetricAlarms"]
        .as_array()
        .expect("alarms")
        .iter()
        .filter_map(|a| a["AlarmArn"].as_str())
        .collect();
    let shown = dashboard["widgets"][0]["properties"]["alarms"].as_array().unwrap();
    assert_eq!(shown.iter().filter_map(Value::as_str).collect::<BTreeSet<_>>(), known);
    assert_eq!(known.len(), 11);
}
