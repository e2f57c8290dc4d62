//! Requests that name themselves, so that a repetition gets the first one's answer.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::ids::{UserId, VideoId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::keys::{Key, PK};
use crate::rows::{Row, from_row, number, to_row};
use crate::transact::retry_on_conflict;
use crate::{Reply, Store, StoreError};

/// How long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// An attempt that is under way for longer has died: the gateway's own limit is 29 s.
const ALIVE: SignedDuration = SignedDuration::from_secs(30);

/// A request that names itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedRequest {
    /// Whose; two accounts may use the same name.
    pub user: UserId,
    /// Of which endpoint.
    pub route: String,
    /// The name: the hash of what the caller chose.
    pub name: String,
    /// Hash of the body, to tell a repetition from another request.
    pub fingerprint: String,
}

/// Whether a named request is to be carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is, and what it makes has this id: the same at every attempt.
    Ours(VideoId),
    /// It was; this is its answer.
    Answered {
        /// HTTP status code.
        status: u16,
        /// JSON.
        body: String,
    },
    /// Another attempt is under way.
    UnderWay,
    /// The name belongs to a request with another body.
    OtherBody,
}

/// The answer of a named request that was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedAnswer {
    /// Of which request.
    pub request: NamedRequest,
    /// HTTP status code.
    pub status: u16,
    /// JSON.
    pub body: String,
}

#[derive(Serialize, Deserialize)]
struct Record {
    fingerprint: String,
    makes: VideoId,
    started_at: i64,
    expires_at: i64,
    status: Option<u16>,
    body: Option<String>,
}

impl Record {
    fn begun(request: &NamedRequest, makes: VideoId, now: Timestamp) -> Self {
        Self {
            fingerprint: request.fingerprint.clone(),
            makes,
            started_at: now.as_second(),
            expires_at: (now + KEPT).as_second(),
            status: None,
            body: None,
        }
    }
}

impl NamedRequest {
    fn key(&self) -> Key {
        Key::named_request(&self.user, &self.route, &self.name)
    }
}

impl Store {
    /// Claims a named request. `makes` is the id for what it makes if this is the first attempt.
    pub fn claim_request<'a>(
        &'a self,
        request: &'a NamedRequest,
        makes: VideoId,
        now: Timestamp,
    ) -> Reply<'a, Claim> {
        const OPERATION: &str = "claiming a named request";
        Box::pin(async move {
            let record = Record::begun(request, makes, now);
            let first = self
                .dynamodb
                .put_item()
                .table_name(&self.names.table)
                .set_item(Some(to_row(OPERATION, request.key(), &record)?))
                // Expired rows stay until the table gets round to them.
                .condition_expression(format!("attribute_not_exists({PK}) OR expires_at <= :now"))
                .expression_attribute_values(":now", number(now.as_second()));
            // The answer of an earlier attempt may be being kept.
            let first = || async { first.clone().send().await.map_err(StoreError::sdk(OPERATION)) };
            if StoreError::none_on_conflict(retry_on_conflict(OPERATION, first).await)?.is_some() {
                return Ok(Claim::Ours(makes));
            }
            // Gone between the two reads: its refusal is being given, and the caller asks again.
            let Some(row) = self.row(OPERATION, request.key()).await? else { return Ok(Claim::UnderWay) };
            self.repetition(request, row, makes, now).await
        })
    }

    async fn repetition(
        &self,
        request: &NamedRequest,
        row: Row,
        makes: VideoId,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        const OPERATION: &str = "repeating a named request";
        let record: Record = from_row(OPERATION, row)?;
        if record.fingerprint != request.fingerprint {
            return Ok(Claim::OtherBody);
        }
        if let (Some(status), Some(body)) = (record.status, record.body) {
            return Ok(Claim::Answered { status, body });
        }
        if record.makes == makes {
            // The answer to the claim was lost, and the SDK made it again: it is this very attempt that is under way.
            return Ok(Claim::Ours(makes));
        }
        if now.as_second() - record.started_at < ALIVE.as_secs() {
            return Ok(Claim::UnderWay);
        }
        let take_over = self
            .update_request(request)
            .update_expression("SET started_at = :now")
            .condition_expression("started_at = :died")
            .expression_attribute_values(":now", number(now.as_second()))
            .expression_attribute_values(":died", number(record.started_at));
        let take_over = || async { take_over.clone().send().await.map_err(StoreError::sdk(OPERATION)) };
        match StoreError::none_on_conflict(retry_on_conflict(OPERATION, take_over).await)? {
            Some(_) => Ok(Claim::Ours(record.makes)),
            None => Ok(Claim::UnderWay),
        }
    }

    fn update_request(&self, request: &NamedRequest) -> UpdateItemFluentBuilder {
        let update = self.dynamodb.update_item().table_name(&self.names.table);
        update.set_key(Some(request.key().attributes()))
    }

    /// The write that keeps an answer, for the transaction that carries the request out: what was made is never without
    /// its answer. Whole, so that it stands whatever another attempt has done to the row.
    pub(crate) fn keeping(
        &self,
        operation: &'static str,
        answer: NamedAnswer,
        made: VideoId,
        now: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let NamedAnswer { request, status, body } = answer;
        let record = Record { status: Some(status), body: Some(body), ..Record::begun(&request, made, now) };
        Put::builder()
            .table_name(&self.names.table)
            .set_item(Some(to_row(operation, request.key(), &record)?))
            .build()
            .map(|put| TransactWriteItem::builder().put(put).build())
            .map_err(StoreError::malformed(operation))
    }

    /// The request was refused and made nothing: its name is free again.
    pub fn forget_request<'a>(&'a self, request: &'a NamedRequest) -> Reply<'a, ()> {
        Box::pin(async move {
            let delete = self.dynamodb.delete_item().table_name(&self.names.table);
            let delete = delete.set_key(Some(request.key().attributes()));
            delete.send().await.map(drop).map_err(StoreError::sdk("forgetting a named request"))
        })
    }

    /// The attempt failed: the next one need not wait until it counts as dead.
    pub fn reopen_request<'a>(&'a self, request: &'a NamedRequest) -> Reply<'a, ()> {
        Box::pin(async move {
            let update = self
                .update_request(request)
                .update_expression("SET started_at = :never")
                .expression_attribute_values(":never", number(0));
            update.send().await.map(drop).map_err(StoreError::sdk("reopening a named request"))
        })
    }
}
