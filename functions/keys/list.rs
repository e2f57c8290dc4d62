//! `GET /v1/api/keys`: the account's keys, never whole.

use domain::api_key::{KeyPrefix, Scope};
use domain::api_version::ApiVersion;
use edge::{Call, Door, Problem, Reply};
use jiff::Timestamp;
use serde::Serialize;
use store::KeyRecord;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    key_prefix: KeyPrefix,
    name: String,
    scopes: Vec<Scope>,
    api_version: ApiVersion,
    created_at: Timestamp,
    revoked: bool,
}

async fn list_keys(call: Call) -> Result<Reply, Problem> {
    let keys: Vec<Key> = call.app.store.keys(call.user()?).await?.into_iter().map(Key::from).collect();
    Reply::data(&keys)
}

impl From<KeyRecord> for Key {
    fn from(record: KeyRecord) -> Self {
        Self {
            key_prefix: record.prefix,
            name: record.name,
            scopes: record.scopes,
            api_version: record.api_version,
            created_at: record.created_at,
            revoked: record.revoked,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::KeyManagement, list_keys).await
}
