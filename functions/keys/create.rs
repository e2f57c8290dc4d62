//! `POST /v1/api/keys`: a new API key, shown whole this once.

use domain::api_key::{ApiKey, KeyPrefix, Scope};
use domain::api_version::ApiVersion;
use edge::signature::callback_secret;
use edge::{Call, Door, Problem, Reply, Secret};
use serde::{Deserialize, Serialize};
use store::{KeyAdded, KeyRecord};

/// Draws of a key whose prefix the account does not have; a second one is needed once in 500 million.
const DRAWS: usize = 4;
/// The longest label.
const MAX_NAME_CHARS: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    name: String,
    #[serde(default = "all_scopes")]
    scopes: Vec<Scope>,
    #[serde(default)]
    api_version: ApiVersion,
}

fn all_scopes() -> Vec<Scope> {
    Scope::ALL.to_vec()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewKey {
    key: String,
    key_prefix: KeyPrefix,
    name: String,
    api_version: ApiVersion,
    /// What callbacks of jobs made with this key are signed with.
    webhook_secret: String,
}

async fn create_key(call: Call) -> Result<Reply, Problem> {
    let body: Body = call.json()?;
    let name = body.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS {
        return Err(Problem::invalid(format!("name is a label of 1 to {MAX_NAME_CHARS} characters.")));
    }
    if body.scopes.is_empty() {
        return Err(Problem::invalid("scopes lists at least one of jobs:read, jobs:write, quota:read."));
    }
    // Makes the account at its first request, and refuses one that was deleted.
    let account = call.account().await?;
    // Before the key is stored: one whose answer fails would be in the list, and its owner would not have it.
    let master = call.app.secret(Secret::Callback).await?;
    for _ in 0..DRAWS {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(Problem::internal)?;
        let key = ApiKey::from_random(random);
        let record = KeyRecord {
            user: account.user.clone(),
            hash: key.hash(),
            prefix: key.prefix(),
            name: name.clone(),
            scopes: body.scopes.clone(),
            api_version: body.api_version,
            created_at: call.now,
            revoked: false,
        };
        match call.app.store.add_key(record).await? {
            KeyAdded::Yes => {}
            KeyAdded::PrefixTaken => continue,
            KeyAdded::AccountDeleted => return Err(edge::refusals::account_deleted()),
        }
        let webhook_secret = callback_secret(master, &account.user, &key.prefix());
        let (key, key_prefix, api_version) = (key.reveal(), key.prefix(), body.api_version);
        return Reply::data(&NewKey { key, key_prefix, name, api_version, webhook_secret });
    }
    Err(Problem::internal("no free key prefix found"))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::KeyManagement, create_key).await
}
