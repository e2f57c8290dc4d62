//! `stack.json`: how a running stack is found, by people and by scripts.

use crate::aws::Aws;
use crate::error::StackError;
use crate::{deploy, plan, wire};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// Where a local stack is and what opens it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StackFile {
    /// The Videos & Chat API's base URL.
    pub url: String,
    /// The Jobs API's base URL, as the SDKs take it.
    pub jobs_url: String,
    /// A session token of the local user `dev`.
    pub session_token: String,
    /// An API key of the same user.
    pub api_key: String,
    /// The process to interrupt.
    pub pid: u32,
    /// The emulator, for the AWS CLI and SDKs (key and secret `test`).
    pub aws_endpoint: String,
    /// What signs Clerk's webhooks here.
    pub clerk_webhook_secret: String,
    /// What signs Stripe's webhooks here.
    pub stripe_webhook_secret: String,
}

impl StackFile {
    /// Reads the file that the last start wrote.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn read(file: &Path) -> Result<Self, StackError> {
        let text = fs::read(file).map_err(StackError::file(file))?;
        serde_json::from_slice(&text).map_err(|error| StackError::file(file)(error.into()))
    }

    /// Puts the local user `name` on the plan called `plan`, in the running stack that this file describes.
    ///
    /// # Errors
    /// When no plan is called so, or the stack does not run.
    pub async fn set_plan(&self, name: &str, plan: &str) -> Result<(), StackError> {
        let plan = plan::named(plan)?;
        let aws = Aws::new(self.aws_endpoint.clone(), wire::client());
        let outputs = deploy::read_outputs(&aws).await?;
        plan::set_plan(&self.aws_endpoint, &outputs, name, plan).await
    }

    /// Writes the file as a whole: a reader sees the old one or the new one.
    ///
    /// # Errors
    /// When the directory cannot be written to.
    pub fn write(&self, file: &Path) -> Result<(), StackError> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| StackError::file(file)(error.into()))?;
        let new = file.with_extension("json.new");
        fs::write(&new, text).map_err(StackError::file(&new))?;
        fs::rename(&new, file).map_err(StackError::file(file))
    }
}
