//! What an operator does, with the operator's own commands: a package is deployed under two names in one account, by the
//! SAM command line, each is updated in place, a version that is broken is taken back, and both are looked at. The
//! account is the emulator's, which holds every function to its role.
#![expect(clippy::unwrap_used, reason = "a test that cannot read an answer has failed")]

mod operator;
mod package;

use local::{Account, StackFront, StackOptions};
use operator::{Operator, Stage};
use package::Package;
use std::path::{Path, PathBuf};
use tests::{wait::eventually, world};

// The operator's commands hold this thread while the fronts answer on others.
#[tokio::test(flavor = "multi_thread")]
async fn two_stages_are_deployed_updated_taken_back_and_well() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).canonicalize().unwrap();
    let state_dir = world::state_dir(&root);
    let account = Account::start(options(&root, state_dir.clone())).await.unwrap();
    let operator = Operator::new(&root, account.aws_endpoint());
    let package = Package::link(&root, &state_dir.join("packages"));
    let (mut dev, mut prod) =
        (account.front("frameiq-dev").await.unwrap(), account.front("frameiq-prod").await.unwrap());

    // What is missing is said before anything is made.
    let refused = operator.without_credentials().run(Stage::Dev, "deploy", &[]).failed();
    assert!(refused.contains("error: no AWS credentials"), "{refused}");
    let refused =
        operator.run(Stage::Dev, "deploy", &[package.folder_setting(&state_dir.join("none"))]).failed();
    assert!(refused.contains("run `make package ARCH="), "{refused}");
    package.remove_ffmpeg();
    let refused = operator.run(Stage::Dev, "deploy", &[package.setting()]).failed();
    assert!(refused.contains("deploying without ffmpeg is refused: run `make layers"), "{refused}");
    package.link_ffmpeg();
    let refused = operator.run(Stage::Dev, "deploy", &[package.setting()]).failed();
    assert!(refused.contains("ClerkIssuer is not set"), "{refused}");
    let misspelt = ("CLERK_ISUER", "https://clerk.example.com".to_owned());
    let refused = operator.run(Stage::Dev, "deploy", &[package.setting(), misspelt]).failed();
    assert!(refused.contains("CLERK_ISUER is no setting (did you mean ClerkIssuer?)"), "{refused}");
    let refused = operator.run(Stage::Dev, "doctor", &[]).failed();
    assert!(refused.contains("there is no stack frameiq-dev"), "{refused}");

    // Both come up in one account, and neither is asked about.
    let secrets = account.publish_secrets().await.unwrap();
    for (stage, front) in [(Stage::Dev, &mut dev), (Stage::Prod, &mut prod)] {
        let mut settings = vec![
            package.setting(),
            ("CLERK_ISSUER", front.url().to_owned()),
            ("ClerkJwksUrl", format!("{}/.well-known/jwks.json", front.url())),
            ("TOOLS_ROOT", account.tools().display().to_string()),
            ("RAW_COMMANDS", RAW_COMMANDS.to_owned()),
        ];
        settings.extend(secrets.iter().cloned());
        let said = operator.run(stage, "deploy", &settings).succeeded();
        assert!(said.contains(&format!("{} is deployed", stage.stack())), "{said}");
        assert!(!said.contains("[y/N]") && !said.contains("[Y/n]"), "nobody is asked:\n{said}");
        front.serve(&account).await.unwrap();
        assert_eq!(operator.status(stage), "CREATE_COMPLETE");
        assert_eq!(operator.parameter(stage, "RawCommands"), RAW_COMMANDS);
        // Of the account's 1,000, the first one reserves half; Lambda would refuse the second one as much.
        let (width, steps) = match stage {
            Stage::Dev => ("40", "250"),
            Stage::Prod => ("20", "125"),
        };
        assert_eq!(operator.parameter(stage, "MapWidth"), width);
        assert_eq!(operator.parameter(stage, "StepConcurrency"), steps);
        // As CloudFormation does on AWS; the emulator's leaves it out.
        operator.reserve(stage, "PipelineExtract", steps);
        operator.reserve(stage, "PipelineDescribe", steps);
    }
    assert_eq!(operator.sweeps().len(), 2, "each stage has its own: {:?}", operator.sweeps());
    assert_eq!(version(&dev).await, OF_THIS_BUILD);

    // An update in place of each: another build of one function, another value of one parameter. What was said once
    // need not be said again.
    let next = package.with_other_version("meta-health", OF_THIS_BUILD, OF_THE_NEXT);
    operator.run(Stage::Dev, "deploy", &[next.setting()]).succeeded();
    assert_eq!(operator.status(Stage::Dev), "UPDATE_COMPLETE");
    dev.serve(&account).await.unwrap();
    eventually("the next build answers", async || expect(version(&dev).await, OF_THE_NEXT)).await;
    assert_eq!(operator.parameter(Stage::Dev, "ClerkIssuer"), dev.url());

    let parties = ("CLERK_AUTHORIZED_PARTIES", prod.url().to_owned());
    operator.run(Stage::Prod, "deploy", &[package.setting(), parties]).succeeded();
    assert_eq!(operator.variable(Stage::Prod, "VideosList", "CLERK_AUTHORIZED_PARTIES"), prod.url());
    assert_eq!(operator.variable(Stage::Dev, "VideosList", "CLERK_AUTHORIZED_PARTIES"), "");
    prod.serve(&account).await.unwrap();
    assert_eq!(version(&prod).await, OF_THIS_BUILD, "the stages share nothing");

    // A version that does not come up: its new code is taken back with it.
    let broken =
        next.with_other_version("meta-health", OF_THE_NEXT, OF_THE_BROKEN).that_fails_after("MetaHealth");
    let refused = operator.run(Stage::Dev, "deploy", &[broken.setting()]).failed();
    assert!(refused.contains("UPDATE_ROLLBACK_COMPLETE; what was deployed before is in place"), "{refused}");
    assert!(refused.contains("First failure: NeverReady"), "{refused}");
    assert_eq!(operator.status(Stage::Dev), "UPDATE_ROLLBACK_COMPLETE");
    dev.serve(&account).await.unwrap();
    assert_eq!(version(&dev).await, OF_THE_NEXT);

    // Both are well: a clip goes from upload to answer.
    for (stage, front) in [(Stage::Dev, &dev), (Stage::Prod, &prod)] {
        let url = ("API_URL", front.url().to_owned());
        let without_token = operator.run(stage, "doctor", std::slice::from_ref(&url)).failed();
        assert!(without_token.contains("TOKEN=… make doctor"), "{without_token}");
        let token = front.token("doctor").unwrap();
        let said = operator.with(&[("TOKEN", &token)]).run(stage, "doctor", &[url]).succeeded();
        assert!(said.contains(&format!("{} is well.", stage.stack())), "{said}");
        assert!(said.contains("was read and found") && said.contains("the clip is deleted"), "{said}");
        assert!(!said.contains(&token) && !said.contains("fq_live_"), "no secret is printed");
    }

    // One function alone, by cargo-lambda.
    operator.refresh(Stage::Dev, "MetaHealth", "meta-health");
    dev.serve(&account).await.unwrap();
    eventually("the one function answers", async || expect(version(&dev).await, OF_THIS_BUILD)).await;

    // One goes, and the other one goes on.
    let refused = operator.run(Stage::Prod, "destroy", &[]).failed();
    assert!(refused.contains("CONFIRM=frameiq-prod"), "{refused}");
    let said = operator.run(Stage::Dev, "destroy", &[]).succeeded();
    for kept in ["dynamodb delete-table", "s3api delete-bucket", "secretsmanager delete-secret"] {
        assert!(said.contains(kept), "{said}");
    }
    assert_eq!(version(&prod).await, OF_THIS_BUILD);
    drop((dev, prod));
    account.stop().await.unwrap();
}

/// What `/health` says of the build; the others are of the same length, and are written over it.
const OF_THIS_BUILD: &str = env!("CARGO_PKG_VERSION");
const OF_THE_NEXT: &str = "9.9.1";
const OF_THE_BROKEN: &str = "9.9.2";
/// A value with everything that a shell, make or SAM could take for its own.
const RAW_COMMANDS: &str = "r3d=REDline --i {input} --o {folder} 'a \"b\"';braw=x {input} {folder} & y $z";

fn options(root: &Path, state_dir: PathBuf) -> StackOptions {
    // As AWS has it; the emulator would allow as many at once as it thinks that the machine can bear.
    let env = vec![("LAMBDA_ACCOUNT_CONCURRENCY".to_owned(), "1000".to_owned())];
    StackOptions {
        root: root.to_owned(),
        state_dir,
        port: 0,
        parameters: Vec::new(),
        secrets: Vec::new(),
        env,
        quiet: true,
    }
}

async fn version(front: &StackFront) -> String {
    let answer = reqwest::get(format!("{}/health", front.url())).await.unwrap();
    let health: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert!(health["version"].is_string(), "{health}");
    health["version"].as_str().unwrap().to_owned()
}

fn expect(seen: String, wanted: &str) -> Result<(), String> {
    if seen == wanted { Ok(()) } else { Err(seen) }
}
