//! What the functions of a world log.

use serde_json::{Value, json};

use super::World;

impl World {
    /// The lines of the functions' log that have this text in them, parsed. Lambda's own are not JSON here, and left out.
    pub async fn log_lines(&self, text: &str) -> Vec<Value> {
        let group = self.deployed("PipelineIndex").await["LoggingConfig"]["LogGroup"].take();
        let found = json!({ "logGroupName": group, "filterPattern": format!("\"{text}\"") });
        let found = self.call("Logs_20140328.FilterLogEvents", found).await;
        let events = found["events"].as_array().unwrap_or_else(|| panic!("no events: {found}"));
        let lines = events.iter().filter_map(|event| event["message"].as_str());
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}
