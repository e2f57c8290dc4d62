//! What processing costs, as both an estimate and a receipt show it.

use domain::cost::Spent;
use domain::stage::Stage;
use serde::Serialize;

/// The whole and its parts, in micro-dollars of the price list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Cost {
    micro_dollars: u64,
    stages: Vec<StageCost>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StageCost {
    stage: Stage,
    gigabyte_seconds: f64,
    input_tokens: u64,
    output_tokens: u64,
    audio_secs: u64,
    pictures: u64,
    micro_dollars: u64,
}

impl Cost {
    pub(crate) fn new(stages: impl IntoIterator<Item = (Stage, Spent)>) -> Self {
        let used = stages.into_iter().filter(|(_, spent)| !spent.is_nothing());
        let stages: Vec<StageCost> = used.map(StageCost::from).collect();
        Self { micro_dollars: stages.iter().map(|stage| stage.micro_dollars).sum(), stages }
    }
}

impl From<(Stage, Spent)> for StageCost {
    fn from((stage, spent): (Stage, Spent)) -> Self {
        Self {
            stage,
            gigabyte_seconds: spent.shown_gigabyte_seconds(),
            input_tokens: spent.input_tokens,
            output_tokens: spent.output_tokens,
            audio_secs: spent.audio_secs,
            pictures: spent.pictures,
            micro_dollars: spent.micro_dollars(),
        }
    }
}
