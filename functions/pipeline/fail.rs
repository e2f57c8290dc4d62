//! Last resort: whatever stopped a run, its video ends, and its owner gets back what was reserved.
//!
//! Called by the state machine for what a step could not say itself (crashes, time-outs, used-up retries),
//! and by the rule on the execution's own end for what the state machine cannot catch.

use std::sync::Arc;

use domain::failure::{Failure, FailureCode};
use edge::step::{self, StepError, give_up};
use edge::{App, telemetry};
use serde::Deserialize;
use store::StepInput;

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    /// From the rule: how the execution ended.
    Ended { detail: Ended },
    /// From the state machine: what was caught.
    Caught {
        #[serde(flatten)]
        step: StepInput,
        failure: Caught,
    },
}

#[derive(Deserialize)]
struct Ended {
    input: String,
    status: String,
}

#[derive(Deserialize)]
struct Caught {
    #[serde(rename = "Error")]
    error: String,
}

async fn fail(app: Arc<App>, input: Input) -> Result<(), StepError> {
    let (step, reason) = match input {
        Input::Caught { step, failure } => (step, failure.error),
        Input::Ended { detail } => {
            let step: StepInput = serde_json::from_str(&detail.input).map_err(StepError::transient)?;
            (step, detail.status)
        }
    };
    let Some(video) = app.store.video(step.video_id).await? else { return Ok(()) };
    telemetry::follow(&video);
    tracing::warn!(reason, stage = video.current_stage().name(), "run ended early");
    Ok(give_up(&app, step.video_id, step.attempt, video.current_stage(), failure(&reason)).await?)
}

fn failure(reason: &str) -> Failure {
    match reason {
        "States.Timeout" | "Sandbox.Timedout" | "TIMED_OUT" => {
            Failure::new(FailureCode::TimedOut, "Processing took too long. Retry, or send a shorter video.")
        }
        _ => Failure::new(
            FailureCode::Internal,
            "Something went wrong on our side. This attempt was not billed; please retry.",
        ),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    step::serve(fail).await
}
