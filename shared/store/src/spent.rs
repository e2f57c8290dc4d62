//! What work on a video has used: counters that only grow.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use domain::cost::Spent;
use domain::ids::VideoId;
use domain::stage::Stage;

use crate::keys::Key;
use crate::rows::{from_row, number};
use crate::{Reply, Store, StoreError};

impl Store {
    /// A stage used this much more.
    pub fn spent(&self, id: VideoId, stage: Stage, spent: Spent) -> Reply<'_, ()> {
        const OPERATION: &str = "recording what a stage used";
        Box::pin(async move {
            let Some(update) = self.more(Key::stage(id, stage), spent) else { return Ok(()) };
            let update = update.condition_expression("attribute_exists(PK)");
            let written = update.send().await.map_err(StoreError::sdk(OPERATION));
            StoreError::none_on_conflict(written).map(drop)
        })
    }

    /// Answers about a video used this much more. Of a video that is being deleted meanwhile this is removed with the rest.
    pub fn answers_spent(&self, id: VideoId, spent: Spent) -> Reply<'_, ()> {
        const OPERATION: &str = "recording what an answer used";
        Box::pin(async move {
            let Some(update) = self.more(Key::answers(id), spent) else { return Ok(()) };
            update.send().await.map_err(StoreError::sdk(OPERATION)).map(drop)
        })
    }

    /// What answers about a video have used so far.
    pub fn spent_on_answers(&self, id: VideoId) -> Reply<'_, Spent> {
        const OPERATION: &str = "reading what answers used";
        Box::pin(async move {
            let get = self.dynamodb.get_item().table_name(&self.names.table);
            let read = get.set_key(Some(Key::answers(id).attributes())).send().await;
            let row = read.map_err(StoreError::sdk(OPERATION))?.item;
            row.map_or(Ok(Spent::default()), |row| from_row(OPERATION, row))
        })
    }

    /// `None` when there is nothing to add.
    fn more(&self, key: Key, spent: Spent) -> Option<UpdateItemFluentBuilder> {
        let counters = [
            ("megabyte_ms", spent.megabyte_ms),
            ("input_tokens", spent.input_tokens),
            ("output_tokens", spent.output_tokens),
            ("audio_secs", spent.audio_secs),
            ("pictures", spent.pictures),
            ("service_micro_dollars", spent.service_micro_dollars),
        ];
        let used = counters.iter().filter(|(_, more)| *more > 0);
        let sums: Vec<String> = used.clone().map(|(name, _)| format!("{name} :{name}")).collect();
        let values = used.map(|(name, more)| (format!(":{name}"), number(more))).collect();
        let update = self.dynamodb.update_item().table_name(&self.names.table);
        let update = update.set_key(Some(key.attributes())).set_expression_attribute_values(Some(values));
        (!sums.is_empty()).then(|| update.update_expression(format!("ADD {}", sums.join(", "))))
    }
}
