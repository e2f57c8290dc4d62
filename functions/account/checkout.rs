//! `POST /billing/checkout`: the page where a plan or a credit pack can be paid for.

use domain::billing::{Grant, Product};
use domain::plan::Plan;
use domain::problem::ProblemKind;
use edge::{Call, Door, Problem, Reply};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use store::{Account, Billing};
use stripe::{Checkout, Stripe};

#[derive(Deserialize)]
struct Body {
    plan: Option<Plan>,
    credit_hours: Option<u32>,
}

#[derive(Serialize)]
struct Page {
    checkout_url: String,
}

async fn open_checkout(call: Call) -> Result<Reply, Problem> {
    let body: Body = call.json()?;
    let product = wanted(&body)?;
    let billing = async { Ok(call.app.store.billing(call.user()?).await?) };
    let (account, billing) = futures::try_join!(call.account(), billing)?;
    if let Grant::Plan(plan) = product.grant() {
        refuse_second_subscription(&account, &billing, plan)?;
    }
    let checkout = Checkout { user: &account.user, product, customer: billing.customer.as_deref() };
    // A page stays open for a day, so that within one UTC day a repeated call can be shown the same page. Once
    // something was bought the books have a new version, and the next purchase is another page.
    let scope = format!("{} {}", call.now.strftime("%F"), billing.version);
    let checkout_url = Stripe::of(&call.app).await?.checkout(checkout, &scope).await?;
    Reply::json(StatusCode::OK, &Page { checkout_url })
}

fn wanted(body: &Body) -> Result<Product, Problem> {
    match (body.plan, body.credit_hours) {
        (Some(plan), None) => Product::granting(Grant::Plan(plan)).ok_or_else(|| {
            Problem::invalid(match plan {
                Plan::Free => "The free plan cannot be bought. To return to it, cancel the subscription in the portal (POST /billing/portal).",
                Plan::Enterprise => "The enterprise plan is agreed on with us and cannot be bought here. Choose starter, pro or max.",
                Plan::Starter | Plan::Pro | Plan::Max => "This plan cannot be bought. Choose starter, pro or max.",
            })
        }),
        (None, Some(hours)) => Product::granting(Grant::CreditHours(hours))
            .ok_or_else(|| Problem::invalid("credit_hours is 5 or 20.")),
        (None, None) | (Some(_), Some(_)) => {
            Err(Problem::invalid("Send exactly one of plan (starter, pro or max) and credit_hours (5 or 20)."))
        }
    }
}

/// Stripe would charge a second subscription on top of the first. Plans are changed in the portal.
fn refuse_second_subscription(account: &Account, billing: &Billing, wanted: Plan) -> Result<(), Problem> {
    let detail = match (account.plan, billing.plan()) {
        (Plan::Enterprise, _) => {
            "Your enterprise plan includes everything. Credit packs can be bought.".to_owned()
        }
        (_, Plan::Free) => return Ok(()),
        (_, subscribed) => format!(
            "You subscribe to the {} plan already. Change to {} in the portal: POST /billing/portal.",
            subscribed.name(),
            wanted.name()
        ),
    };
    Err(Problem::new(ProblemKind::AlreadySubscribed, detail))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, open_checkout).await
}
