//! What the state machine did with a video, from its own records.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{ExecutionListItem, ExecutionStatus, HistoryEvent};

use crate::world::World;

/// The executions of the pipeline.
pub struct Runs {
    states: Client,
    arn: String,
}

impl Runs {
    /// Those of a world.
    pub async fn of(world: &World) -> Self {
        let arn = world.pipeline_arn.replace(":stateMachine:", ":execution:");
        Self { states: Client::new(&world.aws().await), arn }
    }

    fn execution(&self, video: &str, attempt: u32) -> String {
        format!("{}:{video}-{attempt}", self.arn)
    }

    /// How the run of that attempt fares.
    pub async fn status(&self, video: &str, attempt: u32) -> ExecutionStatus {
        let run = self.states.describe_execution().execution_arn(self.execution(video, attempt));
        run.send().await.expect("an execution").status().clone()
    }

    /// All that happened in the run of that attempt, but for what happened in the items of a map.
    pub async fn history(&self, video: &str, attempt: u32) -> Vec<HistoryEvent> {
        self.history_of(self.execution(video, attempt)).await
    }

    async fn history_of(&self, execution: String) -> Vec<HistoryEvent> {
        let history = self.states.get_execution_history().execution_arn(execution).max_results(1000);
        history.send().await.expect("a history").events().to_vec()
    }

    /// When the run of that attempt began and ended, in seconds of Unix time.
    pub async fn span(&self, video: &str, attempt: u32) -> (f64, f64) {
        let run = self.states.describe_execution().execution_arn(self.execution(video, attempt));
        let run = run.send().await.expect("an execution");
        (run.start_date().as_secs_f64(), run.stop_date().expect("a run that has ended").as_secs_f64())
    }

    /// The errors of the tasks that failed in the run of that attempt, but for those in the items of a map.
    pub async fn errors(&self, video: &str, attempt: u32) -> Vec<String> {
        errors(&self.history(video, attempt).await)
    }

    /// How many maps of that label the run of that attempt started.
    pub async fn maps(&self, video: &str, attempt: u32, label: &str) -> usize {
        let maps = self.started_maps(video, attempt).await;
        maps.iter().filter(|map| map.label == label).count()
    }

    /// The states that the run of that attempt came to, in their order.
    pub async fn entered(&self, video: &str, attempt: u32) -> Vec<String> {
        let history = self.history(video, attempt).await;
        let entered = history.iter().filter_map(HistoryEvent::state_entered_event_details);
        entered.map(|details| details.name().to_owned()).collect()
    }

    /// How long the run of that attempt was in each state, in order of their start.
    pub async fn states(&self, video: &str, attempt: u32) -> Vec<(String, Duration)> {
        let (mut entered, mut states) = (BTreeMap::new(), vec![]);
        for event in &self.history(video, attempt).await {
            let at = event.timestamp().as_secs_f64();
            if let Some(details) = event.state_entered_event_details() {
                entered.insert(details.name().to_owned(), at);
            }
            let Some(details) = event.state_exited_event_details() else { continue };
            let Some(began) = entered.remove(details.name()) else { continue };
            states.push((began, details.name().to_owned(), Duration::from_secs_f64((at - began).max(0.0))));
        }
        states.sort_by(|a, b| a.0.total_cmp(&b.0));
        states.into_iter().map(|(_, name, took)| (name, took)).collect()
    }

    /// The items of the map of that label: how each fared, and the errors of its tasks that failed.
    pub async fn items(&self, video: &str, attempt: u32, label: &str) -> Vec<(ExecutionStatus, Vec<String>)> {
        let maps = self.started_maps(video, attempt).await.into_iter();
        let mut items = vec![];
        for item in maps.filter(|map| map.label == label).flat_map(|map| map.items) {
            let history = self.history_of(item.execution_arn().to_owned()).await;
            items.push((item.status().clone(), errors(&history)));
        }
        items
    }

    /// How long the longest item of each map took, in seconds, by the step that its items call.
    pub async fn longest_items(&self, video: &str, attempt: u32) -> BTreeMap<&'static str, f64> {
        let mut longest = BTreeMap::new();
        for map in self.started_maps(video, attempt).await {
            let step = if map.label == "Segment" { "Extract" } else { "Describe" };
            let took = map
                .items
                .iter()
                .filter_map(|item| Some(item.stop_date()?.as_secs_f64() - item.start_date().as_secs_f64()));
            longest.insert(step, took.fold(0.0, f64::max));
        }
        longest
    }

    /// The maps that the run of that attempt started.
    async fn started_maps(&self, video: &str, attempt: u32) -> Vec<StartedMap> {
        let listed = self.states.list_map_runs().execution_arn(self.execution(video, attempt)).send().await;
        let mut maps = vec![];
        for map in listed.expect("the maps of an execution").map_runs() {
            let arn = map.map_run_arn();
            let items = self.states.list_executions().map_run_arn(arn).into_paginator().items();
            let items = items.send().collect::<Result<Vec<_>, _>>().await.expect("the items of a map");
            // …:mapRun:{machine}/{label}:{id}
            let label = arn.rsplit('/').next().and_then(|rest| rest.split(':').next()).expect("a label");
            maps.push(StartedMap { label: label.to_owned(), items });
        }
        maps
    }
}

/// A map of a run, and the executions of its items.
struct StartedMap {
    label: String,
    items: Vec<ExecutionListItem>,
}

/// The errors of the tasks that failed.
fn errors(history: &[HistoryEvent]) -> Vec<String> {
    let failures = history.iter().filter_map(HistoryEvent::task_failed_event_details);
    failures.filter_map(|details| details.error()).map(str::to_owned).collect()
}
