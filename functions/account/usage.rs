//! `GET /usage`: the plan, and how much of it is used.

use domain::metering::Month;
use domain::plan::Plan;
use edge::{Call, Door, Problem, Reply};
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct Body {
    plan: Plan,
    videos: Videos,
    queries: Queries,
}

#[derive(Serialize)]
struct Videos {
    used: u32,
    limit: Option<u32>,
}

#[derive(Serialize)]
struct Queries {
    used: u32,
    limit: Option<u32>,
    resets_at: Timestamp,
}

async fn get_usage(call: Call) -> Result<Reply, Problem> {
    let queries_used = async { Ok(call.app.store.queries_used(call.user()?, call.now).await?) };
    let (account, queries_used) = futures::try_join!(call.account(), queries_used)?;
    let limits = account.plan.limits();
    let body = Body {
        plan: account.plan,
        videos: Videos { used: account.videos_used, limit: limits.videos },
        queries: Queries {
            used: queries_used,
            limit: limits.queries_per_month,
            resets_at: Month::of(call.now).resets_at(),
        },
    };
    Reply::json(StatusCode::OK, &body)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, get_usage).await
}
