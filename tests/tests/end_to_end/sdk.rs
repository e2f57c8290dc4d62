//! The official SDK in the two versions that are in the field: each ends on its own words and finds its own fields.

use std::path::PathBuf;
use std::process::Stdio;

use domain::plan::Plan;
use reqwest::Method;
use serde_json::{Value, json};
use tests::client::Client;
use tests::wait::{eventually, when};
use tests::world::World;

/// Builds the program of that SDK version and runs it with keys of that API version; answers its report.
async fn report(client: &Client, sdk: &str, api_version: &str) -> Value {
    let world = World::get();
    let mut keys = vec![];
    for scopes in [json!(["jobs:read", "jobs:write", "quota:read"]), json!(["jobs:read"])] {
        let new = json!({ "name": "SDK", "apiVersion": api_version, "scopes": scopes });
        let made = client.session(Method::POST, "/v1/api/keys", Some(new)).await.body;
        keys.push(made["data"]["key"].as_str().unwrap().to_owned());
    }
    world.clips.short();
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let mut cargo = tokio::process::Command::new("cargo");
    // It links this machine's TLS library, which needs this machine's C library and not the older one of the functions.
    for (name, _) in std::env::vars().filter(|(name, _)| is_toolchain(name)) {
        cargo.env_remove(name);
    }
    let ran = cargo
        .args(["run", "--quiet", "--locked", "--manifest-path"])
        .arg(root.join(format!("tests/sdk/{sdk}/Cargo.toml")))
        // Most of what the two versions are made of is the same.
        .env("CARGO_TARGET_DIR", root.join("target/tmp/sdk"))
        .env("BASE_URL", format!("{}/v1/api", world.url))
        .env("API_KEY", &keys[0])
        .env("READ_ONLY_KEY", &keys[1])
        .env("FILE", world.clips.lecture())
        .env("NOT_A_VIDEO", world.clips.text())
        .env("URL", format!("http://{}/files/short.mp4", world.web))
        .env("CALLBACK_URL", world.receiver.url(&format!("sdk-{sdk}"), &[]))
        .stderr(Stdio::inherit())
        .output()
        .await
        .unwrap();
    assert!(ran.status.success(), "the SDK's program failed; see above");
    serde_json::from_slice(&ran.stdout).unwrap()
}

/// Variables that make cargo use another compiler or linker than the machine's.
fn is_toolchain(name: &str) -> bool {
    name.ends_with("_LINKER") || ["CC_", "CXX_", "AR_", "RANLIB_"].iter().any(|start| name.starts_with(start))
}

/// What holds for every version, with the words on which that version ends.
async fn works(client: &Client, sdk: &str, api_version: &str, completed: &str) {
    let report = report(client, sdk, api_version).await;
    let uploaded = &report["uploaded"];
    assert_eq!((&uploaded["status"], &uploaded["filename"]), (&completed.into(), &"lecture.mp4".into()));
    assert!((uploaded["duration"].as_f64().unwrap() - 12.0).abs() < 0.1, "{report}");
    assert_eq!(uploaded["descriptions"].as_array().unwrap().len(), 3, "{report}");
    assert!(uploaded["objects"].as_array().unwrap().contains(&"text".into()), "{report}");
    assert!(!uploaded["words"].as_array().unwrap().is_empty(), "{report}");
    assert!(uploaded["createdAt"].as_str().unwrap().ends_with('Z'), "{report}");
    let fetched = &report["fetched"];
    assert_eq!((&fetched["status"], &fetched["filename"]), (&completed.into(), &"short.mp4".into()));
    assert_eq!(report["failed"], json!({ "error": "JobFailed" }), "{report}");

    assert_eq!(report["list"]["ids"].as_array().unwrap().len(), 3, "{report}");
    assert_eq!(report["list"]["statuses"], json!(["FAILED", completed, completed]), "{report}");
    assert_eq!((&report["list"]["terminal"], &report["list"]["more"]), (&json!(true), &json!(false)));
    let quota = &report["quota"];
    assert_eq!((&quota["plan"], &quota["includedHours"]), (&json!("pro"), &json!(50.0)), "{report}");
    assert_eq!(quota["creditsBalanceHours"], json!(0.0), "{report}");
    assert!(quota["resetDate"].is_string(), "{report}");
    let errors = json!(["NotFound", "Authentication", "PermissionDenied", "RateLimit true"]);
    assert_eq!(report["errors"], errors, "{report}");
}

#[tokio::test]
async fn version_0_1_0_with_the_reference_text() {
    let client = World::get().client("sdk-0.1.0", Plan::Pro).await;
    works(&client, "0.1.0", "2026-02", "COMPLETED").await;
}

#[tokio::test]
async fn version_0_1_1_with_the_later_words() {
    let world = World::get();
    let client = world.client("sdk-0.1.1", Plan::Pro).await;
    works(&client, "0.1.1", "2026-04", "VISION_COMPLETED").await;
    // Of the job with every option: its mode, and its end that was told once.
    let listed = client.api(Method::GET, "/v1/api/jobs", None).await.body;
    let fetched =
        listed["data"].as_array().unwrap().iter().find(|job| job["originalFilename"] == "short.mp4");
    let path = format!("/v1/api/jobs/{}", fetched.unwrap()["jobId"].as_str().unwrap());
    let job = client.api(Method::GET, &path, None).await.body["data"].take();
    assert_eq!(job["processingMode"], "transcript", "{job}");
    let told = eventually("its end is told", async || {
        let told = world.receiver.received("sdk-0.1.1");
        when(!told.is_empty(), ()).map(|()| told)
    })
    .await;
    let body: Value = serde_json::from_slice(&told[0].body).unwrap();
    assert_eq!(
        (told.len(), &body["type"], &body["data"]["jobId"]),
        (1, &json!("job.completed"), &job["jobId"])
    );
}
