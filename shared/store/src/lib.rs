//! DynamoDB, S3, SQS, Step Functions and EventBridge Scheduler behind the words of the domain.
//!
//! Functions here are neither generic nor `async fn`: they return boxed futures, so that each is compiled
//! once, here, and not again in every one of the Lambda binaries (measured: a third of a binary's compile).
#![warn(missing_docs)]

mod accounts;
mod admission;
mod answers;
mod api_keys;
mod billing;
mod callbacks;
mod chats;
mod error;
mod health;
mod idempotency;
pub mod keys;
mod ledger;
mod library;
mod limits;
mod objects;
mod reads;
mod removal;
mod rows;
mod settling;
mod spent;
mod stages;
mod transact;
mod vectors;
mod videos;
mod workflow;

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use aws_config::SdkConfig;

pub use accounts::Account;
pub use admission::{Admitted, Line};
pub use answers::{AnswerId, Ending};
pub use api_keys::{KeyAdded, KeyRecord};
pub use billing::{Billing, BillingEvent, Effect};
pub use callbacks::{CallbackAttempt, CallbackMessage, Delivery};
pub use chats::{Exchange, Made, Message, Role, Session};
pub use error::StoreError;
pub use idempotency::{Claim, NamedAnswer, NamedRequest};
pub use ledger::{LedgerEntry, Reservation};
pub use library::{Library, LibraryChange};
pub use limits::{QuerySlot, Window};
pub use objects::{ByteRange, PinnedObject};
pub use removal::{Backfill, LAST_WRITE, MAX_PAGES, Purge, Tombstone};
pub use stages::StageProgress;
pub use videos::{
    Created, Ended, NewVideo, Origin, Retried, RetryFrom, Source, Video, VideoSummary, VideosPage, Wish,
};
pub use workflow::{IngestMessage, Run, StepInput};

/// A call under way.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Where things are. Each function gets the names it may use; an unused one stays empty.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// The table.
    pub table: String,
    /// The bucket.
    pub bucket: String,
    /// URL of the ingest queue.
    pub ingest_queue_url: String,
    /// URL of the purge queue.
    pub purge_queue_url: String,
    /// URL of the callback queue.
    pub callback_queue_url: String,
    /// ARN of the callback queue: what schedules send to.
    pub callback_queue_arn: String,
    /// The group that callbacks' schedules are in.
    pub callback_schedule_group: String,
    /// ARN of the role that schedules send with.
    pub callback_schedule_role_arn: String,
    /// ARN of the state machine.
    pub state_machine_arn: String,
    /// Whether buckets are addressed by path, as emulators want it.
    pub s3_path_style: bool,
}

/// The clients, each built once per process and at its first use: what a function never calls is not linked into it.
#[derive(Debug, Clone)]
pub struct Store {
    dynamodb: aws_sdk_dynamodb::Client,
    s3: Shared<aws_sdk_s3::Client>,
    sqs: Shared<aws_sdk_sqs::Client>,
    sfn: Shared<aws_sdk_sfn::Client>,
    scheduler: Shared<aws_sdk_scheduler::Client>,
    sdk: SdkConfig,
    names: Names,
}

/// One client for all copies of a [`Store`].
type Shared<Client> = Arc<OnceLock<Client>>;

impl Store {
    /// Clients that share one connection pool and one credential cache.
    pub fn new(config: &SdkConfig, names: Names) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            s3: Shared::default(),
            sqs: Shared::default(),
            sfn: Shared::default(),
            scheduler: Shared::default(),
            sdk: config.clone(),
            names,
        }
    }

    fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3.get_or_init(|| {
            let path_style = self.names.s3_path_style;
            let config = aws_sdk_s3::config::Builder::from(&self.sdk).force_path_style(path_style).build();
            aws_sdk_s3::Client::from_conf(config)
        })
    }

    fn sqs(&self) -> &aws_sdk_sqs::Client {
        self.sqs.get_or_init(|| aws_sdk_sqs::Client::new(&self.sdk))
    }

    fn sfn(&self) -> &aws_sdk_sfn::Client {
        self.sfn.get_or_init(|| aws_sdk_sfn::Client::new(&self.sdk))
    }

    fn scheduler(&self) -> &aws_sdk_scheduler::Client {
        self.scheduler.get_or_init(|| aws_sdk_scheduler::Client::new(&self.sdk))
    }
}
