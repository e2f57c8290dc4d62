//! `DELETE /v1/api/keys/{keyPrefix}`: ends a key for good, from the very next request.

use edge::{Call, Door, Problem, Reply};
use serde::Serialize;

#[derive(Serialize)]
struct Revoked {
    revoked: bool,
}

async fn revoke_key(call: Call) -> Result<Reply, Problem> {
    let prefix = call.path("keyPrefix", "API key")?;
    if !call.app.store.revoke_key(call.user()?, prefix).await? {
        return Err(Problem::not_found("API key"));
    }
    Reply::data(&Revoked { revoked: true })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::KeyManagement, revoke_key).await
}
