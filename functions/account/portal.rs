//! `POST /billing/portal`: the page where a subscription, invoices and payment methods are managed.

use domain::problem::ProblemKind;
use edge::{Call, Door, Problem, Reply};
use http::StatusCode;
use serde::Serialize;
use stripe::Stripe;

#[derive(Serialize)]
struct Page {
    portal_url: String,
}

async fn open_portal(call: Call) -> Result<Reply, Problem> {
    let billing = async { Ok(call.app.store.billing(call.user()?).await?) };
    let (_, billing) = futures::try_join!(call.account(), billing)?;
    let customer = billing.customer.ok_or_else(|| {
        let detail = "Your account has bought nothing yet, so there is nothing to manage. Begin with POST /billing/checkout.";
        Problem::new(ProblemKind::NotFound, detail)
    })?;
    // A page that nobody opens ends after five minutes, so a repeated call is shown the same page for one.
    let scope = call.now.strftime("%FT%H:%M").to_string();
    let portal_url = Stripe::of(&call.app).await?.portal(&customer, &scope).await?;
    Reply::json(StatusCode::OK, &Page { portal_url })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), edge::Error> {
    edge::serve(Door::Session, open_portal).await
}
