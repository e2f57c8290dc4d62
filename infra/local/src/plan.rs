//! Plans of local users. On AWS Stripe's webhooks put an account on a plan; here `make token PLAN=…` does.

use crate::aws::REGION;
use crate::deploy::Outputs;
use crate::error::StackError;
use crate::issuer::user_id;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use domain::ids::UserId;
use domain::plan::Plan;
use jiff::Timestamp;
use store::{Names, Store};

/// Puts the local user `name` on `plan`, making the account when it is new.
pub(crate) async fn set_plan(
    endpoint: &str,
    outputs: &Outputs,
    name: &str,
    plan: Plan,
) -> Result<(), StackError> {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(REGION))
        .credentials_provider(Credentials::new("test", "test", None, None, "local"))
        .load()
        .await;
    let names = Names { table: outputs.table_name()?.to_owned(), ..Names::default() };
    let changed = Store::new(&config, names).set_plan(UserId(user_id(name)), plan, Timestamp::now()).await;
    changed.map_err(|error| StackError::Plan(error.to_string()))
}

/// The plan of this name.
pub(crate) fn named(plan: &str) -> Result<Plan, StackError> {
    let unknown =
        || StackError::Plan(format!("`{plan}` is none; take free, starter, pro, max or enterprise"));
    Plan::from_name(plan).ok_or_else(unknown)
}
