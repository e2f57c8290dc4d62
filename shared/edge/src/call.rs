//! A request, once its caller is through the door.

use std::str::FromStr;
use std::sync::Arc;

use domain::api_version::ApiVersion;
use domain::callback::Callback;
use domain::ids::{TraceId, UserId};
use domain::metering::MINIMUM_SECS;
use domain::problem::ProblemKind;
use http::Method;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use lambda_http::request::RequestContext;
use lambda_http::{Body, Request, RequestExt};
use serde::de::DeserializeOwned;
use store::{Account, Video};

use crate::app::App;
use crate::body;
use crate::caller::Caller;
use crate::fetch;
use crate::problem::{Contract, Problem};
use crate::refusals;
use crate::runs;

/// The largest body that is read.
const MAX_BODY_BYTES: usize = 64 << 10;

/// A request and what is known about it.
pub struct Call {
    /// Clients and settings.
    pub app: Arc<App>,
    /// When it came.
    pub now: Timestamp,
    /// The contract that it was made under.
    pub contract: Contract,
    /// The path as the template has it: `/docs/{asset}`. For functions that serve several.
    pub resource: String,
    /// The id under which everything that comes of it is logged.
    pub trace_id: TraceId,
    pub(crate) caller: Caller,
    pub(crate) request: Request,
}

impl Call {
    /// What the words of the Jobs contract mean to this caller.
    pub fn api_version(&self) -> ApiVersion {
        match &self.caller {
            Caller::Key { api_version, .. } => *api_version,
            Caller::User(_) | Caller::Anonymous => ApiVersion::default(),
        }
    }

    /// Where the end of the job that is being made is to be told, if `url` says so: signed for the key that calls, and
    /// in the version of the contract that this request speaks.
    ///
    /// # Errors
    /// 400 for a URL that would never be posted to.
    pub fn callback(&self, url: Option<&str>) -> Result<Option<Callback>, Problem> {
        let Some(url) = url else { return Ok(None) };
        let Caller::Key { prefix, api_version, .. } = &self.caller else {
            return Err(Problem::internal("a callback was asked for without a key"));
        };
        let url = fetch::check(url, &self.app.config.local.fetch_allow)
            .map_err(|detail| Problem::invalid(format!("callbackUrl: {detail}")))?;
        Ok(Some(Callback { url: url.into(), key: prefix.clone(), api_version: *api_version }))
    }

    /// The host name and the stage at which the gateway took the request, as far as it says so.
    pub fn host_and_stage(&self) -> (Option<&str>, Option<&str>) {
        match self.request.request_context_ref() {
            Some(RequestContext::ApiGatewayV1(context)) => {
                (context.domain_name.as_deref(), context.stage.as_deref())
            }
            _ => (None, None),
        }
    }

    /// The method.
    pub fn method(&self) -> &Method {
        self.request.method()
    }

    /// The account that calls.
    ///
    /// # Errors
    /// Behind a door that lets anyone in there is none.
    pub fn user(&self) -> Result<UserId, Problem> {
        match &self.caller {
            Caller::User(user) | Caller::Key { user, .. } => Ok(user.clone()),
            Caller::Anonymous => Err(Problem::internal("an endpoint for anyone asked who calls")),
        }
    }

    /// The caller's account, made at its first request.
    ///
    /// # Errors
    /// 401 when it was deleted: a token that is still valid must not make it anew.
    pub async fn account(&self) -> Result<Account, Problem> {
        let account = self.app.store.account(self.user()?, self.now).await?;
        match account.deleted_at {
            Some(_) => Err(refusals::account_deleted()),
            None => Ok(account),
        }
    }

    /// The caller's account, and whether it can pay for the shortest video. The true length is reserved once it is
    /// known.
    ///
    /// # Errors
    /// As [`Self::account`].
    pub async fn account_and_means(&self) -> Result<(Account, bool), Problem> {
        let wallet = async { Ok(self.app.store.wallet(self.user()?, self.now).await?) };
        let (account, wallet) = futures::try_join!(self.account(), wallet)?;
        let can_pay = wallet.available(account.plan) >= MINIMUM_SECS;
        Ok((account, can_pay))
    }

    /// The caller's account, if it can pay for the shortest video.
    ///
    /// # Errors
    /// 403 when it cannot; else as [`Self::account`].
    pub async fn paying_account(&self) -> Result<Account, Problem> {
        match self.account_and_means().await? {
            (account, true) => Ok(account),
            (account, false) => Err(refusals::no_credit(self.contract, account.plan)),
        }
    }

    /// Counts the run that this request asked for: not one that an earlier attempt at the same request had asked for.
    pub fn run_begun(&self, video: &Video) {
        if video.trace_id.as_ref() == Some(&self.trace_id) {
            runs::begun(video);
        }
    }

    /// A part of the path.
    ///
    /// # Errors
    /// Text that is no id names nothing: 404, as for an id that is not there.
    pub fn path<T: FromStr>(&self, name: &str, what: &str) -> Result<T, Problem> {
        let parameters = self.request.path_parameters();
        parameters.first(name).and_then(|text| text.parse().ok()).ok_or_else(|| Problem::not_found(what))
    }

    /// A query parameter, if it is given.
    pub fn query(&self, name: &str) -> Option<String> {
        self.request.query_string_parameters().first(name).map(str::to_owned)
    }

    /// A whole number among the query parameters, within `range`.
    ///
    /// # Errors
    /// Anything else.
    pub fn query_number(
        &self,
        name: &str,
        default: u32,
        range: std::ops::RangeInclusive<u32>,
    ) -> Result<u32, Problem> {
        let Some(text) = self.query(name) else { return Ok(default) };
        text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
            Problem::invalid(format!("{name} is a whole number from {} to {}.", range.start(), range.end()))
        })
    }

    /// A header, if it is given and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name)?.to_str().ok()
    }

    /// The body as it was sent, byte for byte: what signatures are over. The gateway's base64 is undone.
    pub fn raw_body(&self) -> &[u8] {
        match self.request.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => b"",
        }
    }

    /// The body, which is JSON.
    ///
    /// # Errors
    /// A body of another type, that is too large, or that does not fit. The message names the field.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let content_type =
            self.request.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default());
        if let Some(other) = content_type.filter(|value| !is_json(value)) {
            let detail = format!("The body is {other}. Send JSON with Content-Type: application/json.");
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail));
        }
        let body = self.raw_body();
        if body.len() > MAX_BODY_BYTES {
            let detail = format!(
                "The body has more than {} KiB. Videos go to the upload URL, not here.",
                MAX_BODY_BYTES >> 10
            );
            return Err(Problem::new(ProblemKind::PayloadTooLarge, detail));
        }
        body::read(body)
    }

    /// A video of the caller.
    ///
    /// # Errors
    /// Somebody else's is not found, like one that does not exist.
    pub fn own_video(&self, video: Option<Video>, what: &str) -> Result<Video, Problem> {
        let user = self.user()?;
        video.filter(|video| video.owner == user).ok_or_else(|| Problem::not_found(what))
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}
