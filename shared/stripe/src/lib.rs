//! The two pages that Stripe shows for us (checkout, where something is bought, and the customer portal, where a
//! subscription, invoices and payment methods are managed), and the end of a customer. Three requests, so there is no
//! SDK.
#![warn(missing_docs)]

use bytes::Bytes;
use domain::billing::{Grant, Product};
use domain::ids::UserId;
use edge::{App, Problem, Secret};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use thiserror::Error;
use url::form_urlencoded::Serializer;

/// The version of the API whose requests and answers are meant here, whatever the account's default is.
const API_VERSION: &str = "2024-06-20";
/// A key whose first request failed inside Stripe answers with that failure for a day; this many keys are tried.
const KEYS: u32 = 3;

/// Stripe, as this service uses it.
pub struct Stripe<'a> {
    app: &'a App,
    api_key: &'a str,
}

/// Something that is about to be bought.
#[derive(Debug, Clone, Copy)]
pub struct Checkout<'a> {
    /// By whom. Comes back in the events that follow.
    pub user: &'a UserId,
    /// What.
    pub product: Product,
    /// Stripe's id of the customer, when one is known: otherwise Stripe makes one.
    pub customer: Option<&'a str>,
}

/// Why there is no page. For the log: callers are told what to do instead.
#[derive(Debug, Error)]
enum Failure {
    #[error("Stripe does not answer: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("Stripe answered {status} ({code}), its request {request}")]
    Refused {
        status: StatusCode,
        code: String,
        request: String,
        /// Whether it is what an earlier request with the same key was answered.
        replayed: bool,
    },
    #[error("Stripe's answer has no url: {0}")]
    NoUrl(#[from] serde_json::Error),
}

/// What is read of a session of either kind.
#[derive(Deserialize)]
struct Session {
    url: String,
}

/// What is read of a refusal. Its message is not: it may repeat what was sent.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    error: RefusalError,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RefusalError {
    #[serde(rename = "type")]
    kind: String,
    code: String,
}

impl<'a> Stripe<'a> {
    /// Stripe, with this process's key.
    ///
    /// # Errors
    /// 503 when the operator has not set the key.
    pub async fn of(app: &'a App) -> Result<Self, Problem> {
        Ok(Self { app, api_key: app.secret(Secret::StripeApiKey).await? })
    }

    /// The address of a page where the product can be paid for. Equal checkouts in the same `scope` are one page,
    /// however often they are asked for.
    ///
    /// # Errors
    /// 503 when the product has no price, or Stripe does not answer; 500 when Stripe does not take what it is sent.
    pub async fn checkout(&self, checkout: Checkout<'_>, scope: &str) -> Result<String, Problem> {
        let sales = &self.app.config.sales;
        let name = checkout.product.name();
        let price = sales.prices.of(checkout.product).ok_or_else(|| {
            let detail =
                "This is not on sale at the moment. Nothing was charged; choose another plan or pack.";
            Problem::unavailable(detail, format!("no price for {name}: add it to the parameter StripePrices"))
        })?;
        self.open(
            "checkout/sessions",
            checkout_form(checkout, price, &sales.success_url, &sales.cancel_url),
            scope,
        )
        .await
    }

    /// The address of a customer's portal. Calls in the same `scope` are one page.
    ///
    /// # Errors
    /// 503 when Stripe does not answer; 500 when it does not take what it is sent.
    pub async fn portal(&self, customer: &str, scope: &str) -> Result<String, Problem> {
        let form = Serializer::new(String::new())
            .append_pair("customer", customer)
            .append_pair("return_url", &self.app.config.sales.return_url)
            .finish();
        self.open("billing_portal/sessions", form, scope).await
    }

    /// Deletes a customer for good, which ends its subscriptions at once. One that is deleted already stays so.
    ///
    /// # Errors
    /// 503 when Stripe does not answer; 500 when it does not take what it is sent.
    pub async fn delete_customer(&self, customer: &str) -> Result<(), Problem> {
        match self.send(Method::DELETE, &format!("customers/{customer}"), |request| request).await {
            Ok(_) => Ok(()),
            Err(Failure::Refused { status: StatusCode::NOT_FOUND, .. }) => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn open(&self, resource: &str, form: String, scope: &str) -> Result<String, Problem> {
        for key in 0..KEYS {
            let key = idempotency_key(scope, &form, key);
            match self.post(resource, &form, &key).await {
                Ok(Posted::Session(url)) => return Ok(url),
                Ok(Posted::OldFailure) => continue,
                Err(failure) => return Err(failure.into()),
            }
        }
        Err(out_of_order("its last failures are still replayed"))
    }

    async fn post(&self, resource: &str, form: &str, key: &str) -> Result<Posted, Failure> {
        let posted = self.send(Method::POST, resource, |request| {
            request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header("idempotency-key", key)
                .body(form.to_owned())
        });
        match posted.await {
            Ok(body) => Ok(Posted::Session(serde_json::from_slice::<Session>(&body)?.url)),
            Err(Failure::Refused { status, replayed: true, .. }) if status.is_server_error() => {
                Ok(Posted::OldFailure)
            }
            Err(failure) => Err(failure),
        }
    }

    /// Sends a request; returns the body of its answer.
    async fn send(
        &self,
        method: Method,
        resource: &str,
        complete: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Bytes, Failure> {
        let url = format!("{}/v1/{resource}", self.app.config.sales.stripe_api_url);
        let request = self.app.http().await?.request(method, url);
        let request = request
            .header(AUTHORIZATION, format!("Bearer {}", self.api_key))
            .header("stripe-version", API_VERSION);
        let answer = complete(request).send().await.map_err(reqwest::Error::without_url)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let body = answer.bytes().await.map_err(reqwest::Error::without_url)?;
        if status.is_success() {
            return Ok(body);
        }
        let RefusalError { kind, code } = serde_json::from_slice::<Refusal>(&body).unwrap_or_default().error;
        Err(Failure::Refused {
            status,
            code: format!("{kind} {code}"),
            request: header("request-id").to_owned(),
            replayed: header("idempotent-replayed") == "true",
        })
    }
}

/// What a request came to.
enum Posted {
    /// A page, at this address.
    Session(String),
    /// What an earlier request with the same key came to. The next key is free.
    OldFailure,
}

fn checkout_form(checkout: Checkout<'_>, price: &str, success_url: &str, cancel_url: &str) -> String {
    let user = checkout.user.0.as_str();
    let mut form = Serializer::new(String::new());
    form.append_pair("line_items[0][price]", price)
        .append_pair("line_items[0][quantity]", "1")
        .append_pair("client_reference_id", user)
        .append_pair("metadata[user_id]", user)
        .append_pair("success_url", success_url)
        .append_pair("cancel_url", cancel_url);
    match checkout.product.grant() {
        Grant::Plan(_) => {
            // Events about the subscription carry the subscription's metadata, not those of the checkout.
            form.append_pair("mode", "subscription")
                .append_pair("subscription_data[metadata][user_id]", user);
        }
        Grant::CreditHours(hours) => {
            form.append_pair("mode", "payment").append_pair("metadata[credit_hours]", &hours.to_string());
            if checkout.customer.is_none() {
                // Without a customer there would be no portal to see the payment in.
                form.append_pair("customer_creation", "always");
            }
        }
    }
    if let Some(customer) = checkout.customer {
        form.append_pair("customer", customer);
    }
    form.finish()
}

/// The same for the same request in the same scope; Stripe refuses a key that comes with another request.
fn idempotency_key(scope: &str, form: &str, n: u32) -> String {
    hex::encode(Sha256::digest(format!("{n}\n{scope}\n{form}")))
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match &failure {
            // A request of the same kind is under way, or there are too many: either passes.
            Failure::Refused { status, .. }
                if status.is_server_error()
                    || [StatusCode::CONFLICT, StatusCode::TOO_MANY_REQUESTS].contains(status) =>
            {
                out_of_order(failure)
            }
            // A wrong key, price or address: the operator's to mend, and trying again does not help.
            Failure::Refused { .. } | Failure::NoUrl(_) => Self::internal(failure),
            Failure::Unreachable(_) => out_of_order(failure),
        }
    }
}

fn out_of_order(cause: impl ToString) -> Problem {
    let detail =
        "The payment provider does not answer at the moment. Nothing was charged; try again in a minute.";
    Problem::unavailable(detail, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(product: Product, customer: Option<&str>) -> String {
        let user = UserId("user_1".to_owned());
        checkout_form(Checkout { user: &user, product, customer }, "price_1", "https://a.example/?x=1&y", "c")
    }

    fn has(form: &str, name: &str, value: &str) -> bool {
        url::form_urlencoded::parse(form.as_bytes()).any(|(n, v)| n == name && v == value)
    }

    #[test]
    fn a_plan_is_a_subscription_that_knows_its_user() {
        let form = form(Product::Pro, None);
        assert!(
            has(&form, "mode", "subscription") && has(&form, "line_items[0][price]", "price_1"),
            "{form}"
        );
        assert!(has(&form, "client_reference_id", "user_1"), "{form}");
        assert!(has(&form, "subscription_data[metadata][user_id]", "user_1"), "{form}");
        assert!(has(&form, "success_url", "https://a.example/?x=1&y"), "{form}");
        assert!(!form.contains("customer"), "{form}");
    }

    #[test]
    fn a_pack_is_a_payment_that_knows_its_hours() {
        let unknown = form(Product::TwentyHours, None);
        assert!(
            has(&unknown, "mode", "payment") && has(&unknown, "metadata[credit_hours]", "20"),
            "{unknown}"
        );
        assert!(has(&unknown, "customer_creation", "always"), "{unknown}");
        let known = form(Product::FiveHours, Some("cus_1"));
        assert!(has(&known, "customer", "cus_1") && !known.contains("customer_creation"), "{known}");
    }

    #[test]
    fn equal_requests_have_one_key() {
        let key = idempotency_key("0", "a=1", 0);
        assert_eq!(key, idempotency_key("0", "a=1", 0));
        for other in
            [idempotency_key("1", "a=1", 0), idempotency_key("0", "a=2", 0), idempotency_key("0", "a=1", 1)]
        {
            assert_ne!(key, other);
        }
    }
}
