//! Answers as they are made, chunk by chunk, kept for a day: whoever lost the stream takes it up from here.
//!
//! An answer ends once, with the chunk that says so. It is written together with what becomes of the question, so
//! that neither is there without the other, whoever ends the answer and however often it is tried.

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use domain::answer::Chunk;
use domain::ids::{MessageId, UserId, VideoId};
use jiff::{SignedDuration, Timestamp};

use crate::chats::Exchange;
use crate::keys::{Key, PK, chunk_row, video_partition};
use crate::rows::{Row, from_row, number, text, to_row};
use crate::transact::Outcome;
use crate::{Reply, Store, StoreError};

/// How long an answer can be taken up again.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// Condition of a chunk's row: nobody has ended the answer there.
const NOT_ENDED: &str = "attribute_not_exists(ended) OR ended = :no";

/// Where the chunks of an answer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AnswerId {
    /// What was asked about.
    pub video: VideoId,
    /// The answer, as its session keeps it.
    pub message: MessageId,
}

/// What becomes of a question when its answer ends.
#[derive(Debug, Clone)]
pub enum Ending {
    /// Something was said: both are kept.
    Kept(Box<Exchange>),
    /// Nothing was said: the question does not count.
    GivenBack {
        /// Who asked.
        user: UserId,
        /// When, and so in which month it counted.
        asked_at: Timestamp,
    },
    /// Something was said, by a maker that died with what it knew. The question counts.
    Lost,
}

impl Store {
    /// Writes a chunk of an answer that goes on. False when the answer has been ended there by somebody else.
    pub fn put_chunk<'a>(&'a self, answer: AnswerId, chunk: &'a Chunk) -> Reply<'a, bool> {
        const OPERATION: &str = "storing a part of an answer";
        Box::pin(async move {
            let put = self
                .dynamodb
                .put_item()
                .table_name(&self.names.table)
                .set_item(Some(row_of(OPERATION, answer, chunk)?))
                .condition_expression(NOT_ENDED)
                .expression_attribute_values(":no", AttributeValue::Bool(false));
            let written = put.send().await.map_err(StoreError::sdk(OPERATION));
            Ok(StoreError::none_on_conflict(written)?.is_some())
        })
    }

    /// An answer's chunks from the one that begins with event `from`, in their order. Strongly consistent.
    pub fn chunks(&self, answer: AnswerId, from: u32, now: Timestamp) -> Reply<'_, Vec<Chunk>> {
        const OPERATION: &str = "reading an answer";
        Box::pin(async move {
            let (first, last) = (chunk_row(answer.message, from), chunk_row(answer.message, u32::MAX));
            let rows = self.rows_between(OPERATION, video_partition(answer.video), &first, &last).await?;
            let mut chunks: Vec<Chunk> =
                rows.into_iter().map(|row| from_row(OPERATION, row)).collect::<Result<_, _>>()?;
            // Expired rows stay until the table gets round to them.
            chunks.retain(|chunk| now < chunk.asked_at + KEPT);
            Ok(chunks)
        })
    }

    /// Ends an answer for its maker, with the chunks that are left. False when somebody else has ended it.
    pub fn end_answer(&self, answer: AnswerId, chunks: Vec<Chunk>, ending: Ending) -> Reply<'_, bool> {
        const OPERATION: &str = "ending an answer";
        Box::pin(async move {
            let mut items = Vec::with_capacity(chunks.len() + 4);
            for chunk in &chunks {
                let put = Put::builder()
                    .table_name(&self.names.table)
                    .set_item(Some(row_of(OPERATION, answer, chunk)?))
                    .condition_expression(NOT_ENDED)
                    .expression_attribute_values(":no", AttributeValue::Bool(false))
                    .build()
                    .map_err(StoreError::malformed(OPERATION))?;
                items.push(TransactWriteItem::builder().put(put).build());
            }
            self.end(OPERATION, items, ending).await
        })
    }

    /// Ends an answer whose maker has been silent since it wrote `latest`. False when it has given a sign of life
    /// since, or when somebody else has ended the answer.
    pub fn give_up_answer<'a>(
        &'a self,
        answer: AnswerId,
        latest: &'a Chunk,
        last: &'a Chunk,
        ending: Ending,
    ) -> Reply<'a, bool> {
        const OPERATION: &str = "giving an answer up";
        Box::pin(async move {
            // Whatever the maker writes next, it writes at this key.
            let put = Put::builder()
                .table_name(&self.names.table)
                .set_item(Some(row_of(OPERATION, answer, last)?))
                .condition_expression(format!("attribute_not_exists({PK}) OR written_at = :silent_since"))
                .expression_attribute_values(":silent_since", text(latest.written_at.to_string()))
                .build()
                .map_err(StoreError::malformed(OPERATION))?;
            self.end(OPERATION, vec![TransactWriteItem::builder().put(put).build()], ending).await
        })
    }

    async fn end(
        &self,
        operation: &'static str,
        mut items: Vec<TransactWriteItem>,
        ending: Ending,
    ) -> Result<bool, StoreError> {
        let chunks = items.len();
        match &ending {
            Ending::Kept(exchange) => items.extend(self.kept(operation, exchange)?),
            Ending::GivenBack { user, asked_at } => items.push(self.given_back(operation, user, *asked_at)?),
            Ending::Lost => {}
        }
        match self.transact(operation, items).await? {
            Outcome::Written => Ok(true),
            Outcome::Refused(positions) if positions.iter().any(|position| *position < chunks) => Ok(false),
            // The chunks could have been written, what goes with them could not.
            Outcome::Refused(_) => Err(StoreError::Conflict { operation }),
        }
    }
}

fn row_of(operation: &'static str, answer: AnswerId, chunk: &Chunk) -> Result<Row, StoreError> {
    let mut row = to_row(operation, Key::chunk(answer.video, answer.message, chunk.first), chunk)?;
    // By the question's age, so that no answer is ever there in part.
    row.insert("expires_at".to_owned(), number((chunk.asked_at + KEPT).as_second()));
    Ok(row)
}
