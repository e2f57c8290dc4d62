//! `GET /v1/api/quota`: the plan, its hours and the credits left.

use domain::api_key::Scope;
use domain::plan::Plan;
use edge::{Call, Door, Problem, Reply};
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Quota {
    plan: Plan,
    /// The same, as later SDKs read it.
    current_plan: Plan,
    included_hours: u32,
    credits_balance_hours: f64,
    reset_date: Timestamp,
}

async fn get_quota(call: Call) -> Result<Reply, Problem> {
    let wallet = async { Ok(call.app.store.wallet(call.user()?, call.now).await?) };
    let (account, wallet) = futures::try_join!(call.account(), wallet)?;
    let quota = Quota {
        plan: account.plan,
        current_plan: account.plan,
        included_hours: account.plan.limits().included_hours,
        credits_balance_hours: wallet.credits as f64 / 3600.0,
        reset_date: wallet.month.resets_at(),
    };
    Reply::data(&quota)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::ApiKey(Scope::QuotaRead), get_quota).await
}
